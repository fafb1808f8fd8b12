// MAML on an MLP with ReLU and one output, task by task, everything in the processor's cache.
//
// The algorithm is that of by_hand.py, where it is explained; here is what makes it fast. Sizes are known when this is
// compiled (SIZES, SHOTS, REAL), so every product is a loop of fixed length whose sums stay in vector registers. A task's
// weights and activations take a few tens of kilobytes. Each hidden weight matrix is kept twice, as it is and transposed:
// updating both costs less than transposing one. Rows are padded with zeros to whole vectors. Activations carry a
// constant 1 behind the last unit, so that a bias is one more row of the weights.

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>

using real = REAL;
constexpr int sizes[] = {SIZES};  // inputs, hidden layers, 1
constexpr int shots = SHOTS;
constexpr int layers = sizeof(sizes) / sizeof(int) - 1;

#if defined(__AVX512F__)
constexpr int vector_bytes = 64, accumulators = 24;
#elif defined(__AVX__)
constexpr int vector_bytes = 32, accumulators = 12;
#else
constexpr int vector_bytes = 16, accumulators = 12;
#endif
typedef real vec __attribute__((vector_size(vector_bytes), may_alias));
constexpr int lanes = vector_bytes / sizeof(real);

constexpr int padded(int n) { return (n + lanes - 1) / lanes * lanes; }
constexpr int rows(int l) { return sizes[l] + 1; }                                // of layer l's weights: inputs, bias
constexpr int width(int l) { return padded(l == layers ? 1 : rows(l)); }          // of a row of activations
constexpr int columns(int l) { return width(l + 1); }                             // of a row of layer l's weights

struct Offsets { int w[layers], t[layers], a[layers + 1], weights, transposed, activations; };
constexpr Offsets offsets() {
    Offsets o{};
    for (int l = 0; l < layers; l++) {
        o.w[l] = o.weights, o.weights += rows(l) * columns(l);
        o.t[l] = o.transposed, o.transposed += columns(l) * width(l);
    }
    for (int l = 0; l <= layers; l++) o.a[l] = o.activations, o.activations += shots * width(l);
    return o;
}
constexpr Offsets at = offsets();

// The output layer is used transposed only, the first one never.
struct alignas(64) Weights { real w[at.weights], t[at.transposed]; };
// a: activations; d: the gradient that reaches each layer. In the direction of v, the same of their derivatives.
struct alignas(64) Pass { real a[at.activations], d[at.activations]; };

// c (ROWS x COLUMNS) += scale * a b, with a (ROWS x INNER) at any strides: R rows at a time, their sums in registers.
template <int R, int INNER, int COLUMNS>
inline void block(const real* a, int a_row, int a_inner, const real* b, real* c, real scale) {
    constexpr int vectors = COLUMNS / lanes;
    vec sum[R][vectors] = {};
    for (int k = 0; k < INNER; k++) {
        vec row[vectors];
        std::memcpy(row, b + k * COLUMNS, sizeof row);
        #pragma GCC unroll 32
        for (int r = 0; r < R; r++)
            #pragma GCC unroll 32
            for (int j = 0; j < vectors; j++) sum[r][j] += a[r * a_row + k * a_inner] * row[j];
    }
    #pragma GCC unroll 32
    for (int r = 0; r < R; r++)
        #pragma GCC unroll 32
        for (int j = 0; j < vectors; j++) *(vec*)(c + r * COLUMNS + j * lanes) += scale * sum[r][j];
}
template <int ROWS, int INNER, int COLUMNS>
inline void product(const real* a, int a_row, int a_inner, const real* b, real* c, real scale = 1) {
    constexpr int vectors = COLUMNS / lanes, most = accumulators > vectors ? accumulators / vectors : 1;
    constexpr int blocks = (ROWS + most - 1) / most, R = ROWS / blocks, rest = ROWS - R * blocks;
    for (int i = 0; i < blocks; i++) block<R, INNER, COLUMNS>(a + i * R * a_row, a_row, a_inner, b, c + i * R * COLUMNS, scale);
    if constexpr (rest > 0)
        product<rest, INNER, COLUMNS>(a + blocks * R * a_row, a_row, a_inner, b, c + blocks * R * COLUMNS, scale);
}

// One layer: z += a w
template <int l> inline void through(const real* a, const Weights& q, real* z) {
    if constexpr (l == layers - 1) {
        for (int i = 0; i < shots; i++) {
            real sum = 0;
            for (int m = 0; m < rows(l); m++) sum += a[i * width(l) + m] * q.t[at.t[l] + m];
            z[i * width(l + 1)] += sum;
        }
    } else product<shots, rows(l), columns(l)>(a, width(l), 1, q.w + at.w[l], z);
}
// e += d w^T
template <int l> inline void back_through(const real* d, const Weights& q, real* e) {
    product<shots, sizes[l + 1], width(l)>(d, width(l + 1), 1, q.t + at.t[l], e);
}
// w += scale * a^T d, and its transposed
template <int l> inline void add_outer(const real* a, const real* d, Weights& q, real scale) {
    if constexpr (l < layers - 1) product<rows(l), shots, columns(l)>(a, 1, width(l), d, q.w + at.w[l], scale);
    if constexpr (l > 0) product<sizes[l + 1], shots, width(l)>(d, 1, width(l + 1), a, q.t + at.t[l], scale);
}
template <int l> inline real* cleared(real* part) {
    std::memset(part + at.a[l], 0, sizeof(real) * shots * width(l));
    return part + at.a[l];
}
// Keep of d what passes the open ReLUs of a; nothing reaches the constant unit.
template <int l> inline void gate(const real* a, real* d) {
    for (int i = 0; i < shots; i++, a += width(l), d += width(l)) {
        for (int j = 0; j < width(l); j++) d[j] = a[j] > 0 ? d[j] : 0;
        d[sizes[l]] = 0;
    }
}

template <int l = 0> inline void forward(Pass& p, const Weights& q) {
    if constexpr (l < layers) {
        real* z = cleared<l + 1>(p.a);
        through<l>(p.a + at.a[l], q, z);
        if constexpr (l + 1 < layers)
            for (int i = 0; i < shots; i++, z += width(l + 1)) {
                for (int j = 0; j < width(l + 1); j++) z[j] = z[j] > 0 ? z[j] : 0;
                z[sizes[l + 1]] = 1;
            }
        forward<l + 1>(p, q);
    }
}
template <int l = layers - 1> inline void backward(Pass& p, const Weights& q) {
    if constexpr (l > 0) {
        real* e = cleared<l>(p.d);
        back_through<l>(p.d + at.a[l + 1], q, e);
        gate<l>(p.a + at.a[l], e);
        backward<l - 1>(p, q);
    }
}
template <int l = 0> inline void add_gradient(const Pass& p, Weights& q, real scale) {
    if constexpr (l < layers) {
        add_outer<l>(p.a + at.a[l], p.d + at.a[l + 1], q, scale);
        add_gradient<l + 1>(p, q, scale);
    }
}
// The three parts of v += scale * H v: forward, backward and gradient, differentiated in the direction of v.
template <int l = 0> inline void forward_along(Pass& r, const Pass& p, const Weights& q, const Weights& v) {
    if constexpr (l < layers) {
        real* z = cleared<l + 1>(r.a);
        through<l>(p.a + at.a[l], v, z);
        if constexpr (l > 0) through<l>(r.a + at.a[l], q, z);
        if constexpr (l + 1 < layers) gate<l + 1>(p.a + at.a[l + 1], z);
        forward_along<l + 1>(r, p, q, v);
    }
}
template <int l = layers - 1> inline void backward_along(Pass& r, const Pass& p, const Weights& q, const Weights& v) {
    if constexpr (l > 0) {
        real* e = cleared<l>(r.d);
        back_through<l>(r.d + at.a[l + 1], q, e);
        back_through<l>(p.d + at.a[l + 1], v, e);
        gate<l>(p.a + at.a[l], e);
        backward_along<l - 1>(r, p, q, v);
    }
}
template <int l = 0> inline void add_gradient_along(const Pass& r, const Pass& p, Weights& v, real scale) {
    if constexpr (l < layers) {
        if constexpr (l > 0) add_outer<l>(r.a + at.a[l], p.d + at.a[l + 1], v, scale);
        add_outer<l>(p.a + at.a[l], r.d + at.a[l + 1], v, scale);
        add_gradient_along<l + 1>(r, p, v, scale);
    }
}

// Forward and backward on one task's points; the gradient is that of the mean squared error times `share`.
// Returns the sum of the squared errors.
static real see(Pass& p, const Weights& q, const real* x, const real* y, real share) {
    for (int i = 0; i < shots; i++) {
        std::memcpy(p.a + i * width(0), x + i * sizes[0], sizeof(real) * sizes[0]);
        p.a[i * width(0) + sizes[0]] = 1;
    }
    forward(p, q);
    real sum = 0;
    for (int i = 0; i < shots; i++) {
        const int place = at.a[layers] + i * width(layers);
        const real residual = p.a[place] - y[i];
        sum += residual * residual;
        p.d[place] = share * 2 / shots * residual;
    }
    backward(p, q);
    return sum;
}

template <int l = 0> void transpose(Weights& q) {
    if constexpr (l < layers) {
        for (int m = 0; m < rows(l); m++)
            for (int n = 0; n < sizes[l + 1]; n++)
                q.t[at.t[l] + n * width(l) + m] = q.w[at.w[l] + m * columns(l) + n];
        transpose<l + 1>(q);
    }
}

extern "C" {

// theta, m and v hold, for each layer, rows of this length: one for each input, and the bias.
int row_length(int layer) { return columns(layer); }

// Take one Adam step of MAML for each of `batches` meta-batches; inputs (batches, tasks, shots, inputs), outputs likewise.
// `taken` steps were taken before. Writes theta, m, v and the losses before each step, and the last outer gradient.
// Returns 0, or 1 when there is no memory.
int advance(int batches, int tasks, int steps, int second_order, real rate, real outer_rate, int taken,
            real* theta, real* m, real* v, real* gradient, const real* x, const real* y,
            const real* x_query, const real* y_query, real* losses) {
    // phi[0] is theta, phi[s] a task's weights after s steps; passes[s] was made at phi[s].
    Weights* phi = new (std::align_val_t(64), std::nothrow) Weights[steps + 2]();
    Pass* passes = new (std::align_val_t(64), std::nothrow) Pass[steps + 2]();
    if (phi && passes) {
        Weights& direction = phi[steps + 1];
        Pass& along = passes[steps + 1];
        std::memcpy(phi[0].w, theta, sizeof phi[0].w);
        for (int n = 0; n < batches; n++) {
            transpose(phi[0]);
            std::memset(gradient, 0, sizeof(real) * at.weights);
            real loss = 0;
            for (int task = 0; task < tasks; task++) {
                for (int s = 0; s < steps; s++) {
                    see(passes[s], phi[s], x, y, 1);
                    phi[s + 1] = phi[s];
                    add_gradient(passes[s], phi[s + 1], -rate);
                }
                loss += see(passes[steps], phi[steps], x_query, y_query, real(1) / tasks);
                direction = Weights{};
                add_gradient(passes[steps], direction, 1);
                for (int s = second_order ? steps - 1 : -1; s >= 0; s--) {
                    forward_along(along, passes[s], phi[s], direction);
                    for (int i = 0; i < shots; i++)
                        along.d[at.a[layers] + i * width(layers)] = along.a[at.a[layers] + i * width(layers)] * 2 / shots;
                    backward_along(along, passes[s], phi[s], direction);
                    add_gradient_along(along, passes[s], direction, -rate);
                }
                for (int i = 0; i < at.w[layers - 1]; i++) gradient[i] += direction.w[i];
                for (int i = 0; i < rows(layers - 1); i++)
                    gradient[at.w[layers - 1] + i * columns(layers - 1)] += direction.t[at.t[layers - 1] + i];
                x += shots * sizes[0], y += shots, x_query += shots * sizes[0], y_query += shots;
            }
            losses[n] = loss / (tasks * shots);
            const double step = taken + n + 1, second = std::sqrt(1 - std::pow(0.999, step));
            const real length = outer_rate * second / (1 - std::pow(0.9, step)), epsilon = 1e-8 * second;
            for (int i = 0; i < at.weights; i++) {
                m[i] += (gradient[i] - m[i]) * real(0.1);
                v[i] = v[i] * real(0.999) + gradient[i] * gradient[i] * real(0.001);
                phi[0].w[i] -= length * m[i] / (std::sqrt(v[i]) + epsilon);
            }
        }
        std::memcpy(theta, phi[0].w, sizeof phi[0].w);
    }
    const int failed = !(phi && passes);
    ::operator delete[](phi, std::align_val_t(64));
    ::operator delete[](passes, std::align_val_t(64));
    return failed;
}
}
