// The E step and the count of who said what, in one pass over the items.
//
// It is that of workshop/kernels/expectation.py; here is what makes it fast. No logarithm of the tables, no exponential:
// probabilities are multiplied. An item for which even the most probable class falls below the smallest numbers (hundreds
// of labels) is done again in logarithms. A label looks up one place only: the row of its worker and class holds the
// probabilities P(said | true) for all true classes, and behind them the counts that the next M step wants. Rows are
// padded with zeros to whole vectors. The logarithm of the likelihood is taken of products of many items.

#include <cmath>
#include <cstdint>
#include <cstring>

typedef double vec __attribute__((vector_size(32), aligned(8), may_alias));
constexpr int lanes = sizeof(vec) / sizeof(double);
constexpr double smallest = 1e-250;  // a class so far below the sum that it is lost has a posterior of 1e-58

struct Labels {
    int64_t items;
    int32_t classes, vectors;  // of a row: classes = vectors * lanes - padding
    const int64_t* start;      // (items + 1) where an item's labels are in
    const int32_t* row;        // (labels) worker * classes + label
};

// The sum of many logarithms: of a product, as long as it is not too small.
struct LogSum {
    double product = 1, sum = 0;
    void add(double probability) {
        if (probability < 1e-150) {  // times a product that is small itself, it would be lost
            sum += std::log(probability);
            return;
        }
        product *= probability;
        if (product < 1e-150 || product > 1e150) flush();
    }
    void flush() { sum += std::log(product), product = 1; }
};

// The posterior in logarithms, for any number of labels; returns the logarithm of the likelihood.
static double in_logarithms(const Labels& d, int64_t item, const double* table, const double* marginals, double* v) {
    const int width = d.vectors * lanes;
    double highest = -INFINITY, total = 0;
    for (int k = 0; k < d.classes; k++) {
        v[k] = std::log(marginals[k]);
        for (int64_t m = d.start[item]; m < d.start[item + 1]; m++) v[k] += std::log(table[(int64_t)d.row[m] * 2 * width + k]);
        highest = std::fmax(highest, v[k]);
    }
    for (int k = 0; k < d.classes; k++) total += v[k] = std::exp(v[k] - highest);
    for (int k = 0; k < d.classes; k++) v[k] /= total;
    return highest + std::log(total);
}

// V: vectors of a row where it is known when this is compiled, else 0. Without marginals: vote shares are the posterior.
template <int V>
static double pass(const Labels& d, double* table, const double* marginals, double* totals, double* posterior, vec* room) {
    const int vectors = V ? V : d.vectors, step = 2 * vectors;
    vec fixed[V ? 2 * V : 1], *v = V ? fixed : room, *seen = v + vectors;
    vec* rows = (vec*)table;
    for (int j = 0; j < vectors; j++) seen[j] = vec{};
    LogSum log_likelihood;
    for (int64_t i = 0; i < d.items; i++) {
        const int32_t *first = d.row + d.start[i], *end = d.row + d.start[i + 1];
        double sum = 0;
        if (marginals) {
            for (int j = 0; j < vectors; j++) v[j] = ((const vec*)marginals)[j];
            for (const int32_t* m = first; m < end; m++)
                for (int j = 0; j < vectors; j++) v[j] *= rows[(int64_t)*m * step + j];
        } else {
            for (int j = 0; j < vectors; j++) v[j] = vec{};
            for (const int32_t* m = first; m < end; m++) ((double*)v)[*m % d.classes] += 1;
        }
        vec total = v[0];
        for (int j = 1; j < vectors; j++) total += v[j];
        for (int lane = 0; lane < lanes; lane++) sum += total[lane];
        if (sum > smallest) {
            log_likelihood.add(sum);
            for (int j = 0; j < vectors; j++) v[j] *= 1 / sum;
        } else if (marginals) log_likelihood.sum += in_logarithms(d, i, table, marginals, (double*)v);
        // Rows lie one after another, without padding: what is too much is overwritten by the next.
        for (int j = 0; j < vectors; j++) *(vec*)(posterior + i * d.classes + j * lanes) = v[j];
        if (first == end) continue;
        for (int j = 0; j < vectors; j++) seen[j] += v[j];
        for (const int32_t* m = first; m < end; m++)
            for (int j = 0; j < vectors; j++) rows[(int64_t)*m * step + vectors + j] += v[j];
    }
    std::memcpy(totals, seen, sizeof(vec) * vectors);
    log_likelihood.flush();
    return log_likelihood.sum;
}

extern "C" {
int row_length(int classes) { return (classes + lanes - 1) / lanes * lanes; }

// Group the labels by item, in their order: start (items + 1) and row (labels).
void group(int64_t labels, int64_t items, int32_t classes, const int64_t* item, const int64_t* worker,
           const int64_t* label, int64_t* start, int32_t* row) {
    std::memset(start, 0, sizeof(int64_t) * (items + 1));
    for (int64_t m = 0; m < labels; m++) start[item[m] + 1]++;
    for (int64_t i = 0; i < items; i++) start[i + 1] += start[i];
    for (int64_t m = 0; m < labels; m++) row[start[item[m]]++] = (int32_t)(worker[m] * classes + label[m]);
    for (int64_t i = items; i > 0; i--) start[i] = start[i - 1];
    start[0] = 0;
}

// One pass. table: (workers * classes, 2, row length), its second half zero; marginals, totals: (row length);
// posterior: (items * classes + row length); room: (2, row length). Returns the logarithm of the likelihood.
double expect(int64_t items, int32_t classes, const int64_t* start, const int32_t* row, double* table,
              const double* marginals, double* totals, double* posterior, double* room) {
    const Labels d{items, classes, row_length(classes) / lanes, start, row};
    switch (d.vectors) {
        case 1: return pass<1>(d, table, marginals, totals, posterior, (vec*)room);
        case 2: return pass<2>(d, table, marginals, totals, posterior, (vec*)room);
        case 3: return pass<3>(d, table, marginals, totals, posterior, (vec*)room);
        default: return pass<0>(d, table, marginals, totals, posterior, (vec*)room);
    }
}
}
