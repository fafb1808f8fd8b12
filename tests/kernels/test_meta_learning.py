"""Meta-gradients against finite differences, plain loops over module copies, and learn2learn."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from workshop.errors import WorkshopError
from workshop.kernels.meta_learning import VARIANTS, adapt, learning_curve, meta_gradient, weights_of
from workshop.studies.meta_learning import beside

pytestmark = pytest.mark.fast
RATE = 0.05


class Shortcut(nn.Module):
    """A forward of its own, two inputs, three outputs, and a weight that is used twice."""

    def __init__(self):
        super().__init__()
        self.inside, self.outside, self.size = nn.Linear(2, 2), nn.Linear(2, 3), nn.Parameter(torch.ones(1))

    def forward(self, x):
        for _ in range(2):
            x = x + self.size * torch.tanh(self.inside(x))
        return self.outside(x)


def make(name: str) -> nn.Module:
    """A smooth network in float64, so that finite differences hold."""
    torch.manual_seed(0)
    if name == "mlp":
        return nn.Sequential(nn.Linear(1, 5), nn.Tanh(), nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 1)).double()
    if name == "convolution":
        return nn.Sequential(nn.Conv2d(1, 2, 3), nn.Tanh(), nn.Flatten(), nn.Linear(8, 2)).double()
    return Shortcut().double()


SHAPES = {"mlp": ((1,), (1,)), "convolution": ((1, 4, 4), (2,)), "shortcut": ((2,), (3,))}
NETWORKS = tuple(SHAPES)


def draw(name="mlp", tasks=3, shots=4, seed=1):
    """Support and query sets: any numbers will do."""
    generator = torch.Generator().manual_seed(seed)
    inputs, outputs = SHAPES[name]
    return tuple(
        torch.randn(tasks, shots, *shape, generator=generator, dtype=torch.double)
        for shape in (inputs, outputs) * 2
    )


def taught(network, x, y, steps, rate=RATE, only=None):
    """A copy of ``network`` after ``steps`` of torch's own gradient descent."""
    learner = copy.deepcopy(network)
    optimiser = torch.optim.SGD((only(learner) if only else learner).parameters(), rate)
    for _ in range(steps):
        learner.zero_grad()
        F.mse_loss(learner(x), y).backward()
        optimiser.step()
    learner.zero_grad()
    return learner


def close(found, expected, tolerance=1e-12):
    """Largest difference, relative to the largest number."""
    assert found.keys() == expected.keys()
    scale = max(t.abs().max() for t in expected.values())
    return max((found[name] - t).abs().max() for name, t in expected.items()) <= tolerance * scale


def mean(dicts):
    return {name: torch.stack([d[name] for d in dicts]).mean(0) for name in dicts[0]}


# ---- the inner loop ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("variant", ["maml", "first_order", "reptile"])
def test_adapting_is_gradient_descent(name, steps, variant):
    network, (x, y, _, _) = make(name), draw(name, tasks=1)
    phi = adapt(network, weights_of(network), x[0], y[0], rate=RATE, steps=steps, variant=variant)
    assert close(phi, weights_of(taught(network, x[0], y[0], steps)))


def test_anil_adapts_the_last_layer_alone():
    network, (x, y, _, _) = make("mlp"), draw(tasks=1)
    phi = adapt(network, weights_of(network), x[0], y[0], rate=RATE, steps=3, variant="anil")
    assert close(phi, weights_of(taught(network, x[0], y[0], 3, only=lambda learner: learner[-1])))
    assert torch.equal(phi["0.weight"], network[0].weight) and not torch.equal(phi["4.bias"], network[4].bias)


def test_joint_training_does_not_adapt():
    network, (x, y, _, _) = make("mlp"), draw(tasks=1)
    phi = adapt(network, weights_of(network), x[0], y[0], rate=RATE, steps=3, variant="joint")
    assert all(torch.equal(phi[name], weight) for name, weight in network.named_parameters())


# ---- the outer gradient ------------------------------------------------------------------------------


def meta_loss(network, batch, steps):
    losses = [
        F.mse_loss(taught(network, x, y, steps)(xq), yq).item() for x, y, xq, yq in zip(*batch, strict=True)
    ]
    return sum(losses) / len(losses)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(("variant", "steps"), [("maml", 1), ("maml", 2), ("joint", 0)])
def test_meta_gradient_against_finite_differences(name, variant, steps):
    network, batch = make(name), draw(name)
    found, loss = meta_gradient(network, weights_of(network), batch, rate=RATE, steps=steps, variant=variant)
    assert loss.item() == pytest.approx(meta_loss(network, batch, steps), rel=1e-12)
    step, expected = 1e-5, {}
    for weight_name, weight in network.named_parameters():
        flat, slopes = weight.detach().view(-1), []
        for i, middle in enumerate(flat.tolist()):
            sides = []
            for side in (middle + step, middle - step):
                flat[i] = side
                sides.append(meta_loss(network, batch, steps))
            flat[i] = middle
            slopes.append((sides[0] - sides[1]) / (2 * step))
        expected[weight_name] = torch.tensor(slopes, dtype=torch.double).view_as(weight)
    assert close(found, expected, 1e-8)


def forward(weights, x):
    """The network ``mlp``, written out."""
    w1, b1, w2, b2, w3, b3 = weights
    return torch.tanh(torch.tanh(x @ w1.T + b1) @ w2.T + b2) @ w3.T + b3


def query_gradients_of_copies(network, batch, steps):
    """At phi, task by task: what first-order MAML averages."""
    gradients = []
    for x, y, xq, yq in zip(*batch, strict=True):
        learner = taught(network, x, y, steps)
        F.mse_loss(learner(xq), yq).backward()
        gradients.append({name: weight.grad for name, weight in learner.named_parameters()})
    return gradients


def expected_gradient(network, batch, steps, variant):
    """Each variant by plain loops, without torch.func."""
    names = [name for name, _ in network.named_parameters()]
    if variant == "first_order":
        return mean(query_gradients_of_copies(network, batch, steps))
    if variant == "reptile":
        phis = [weights_of(taught(network, x, y, steps)) for x, y in zip(*batch[:2], strict=True)]
        theta, phi = weights_of(network), mean(phis)
        return {name: theta[name] - phi[name] for name in names}
    if variant == "joint":
        learner = copy.deepcopy(network)
        learner.zero_grad()
        F.mse_loss(learner(batch[2].flatten(0, 1)), batch[3].flatten(0, 1)).backward()
        return {name: weight.grad for name, weight in learner.named_parameters()}
    theta = [weight.detach().clone().requires_grad_() for weight in network.parameters()]
    first, losses = (4 if variant == "anil" else 0), []
    for x, y, xq, yq in zip(*batch, strict=True):
        phi = theta
        for _ in range(steps):
            loss = ((forward(phi, x) - y) ** 2).mean()
            moved = torch.autograd.grad(loss, phi[first:], create_graph=True)
            phi = phi[:first] + [w - RATE * g for w, g in zip(phi[first:], moved, strict=True)]
        losses.append(((forward(phi, xq) - yq) ** 2).mean())
    return dict(zip(names, torch.autograd.grad(sum(losses) / len(losses), theta), strict=True))


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_against_plain_loops(variant, steps):
    network, batch = make("mlp"), draw()
    found, _ = meta_gradient(network, weights_of(network), batch, rate=RATE, steps=steps, variant=variant)
    assert close(found, expected_gradient(network, batch, steps, variant))


def test_no_variant_is_another_one_in_disguise():
    network, batch = make("mlp"), draw()
    found = [
        meta_gradient(network, weights_of(network), batch, rate=RATE, steps=2, variant=variant)[0]
        for variant in VARIANTS
    ]
    for i, one in enumerate(found):
        assert not any(close(one, other, 1e-3) for other in found[i + 1 :])


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_loss_is_the_mean_query_error_after_adaptation(variant):
    network, batch = make("mlp"), draw()
    _, loss = meta_gradient(network, weights_of(network), batch, rate=RATE, steps=2, variant=variant)
    moving = (lambda learner: learner[-1]) if variant == "anil" else None
    errors = [
        F.mse_loss(taught(network, x, y, 0 if variant == "joint" else 2, only=moving)(xq), yq)
        for x, y, xq, yq in zip(*batch, strict=True)
    ]
    assert loss.item() == pytest.approx(torch.stack(errors).mean().item(), rel=1e-12)


def test_a_batch_of_one_task_with_one_point_is_enough():
    network, batch = make("mlp"), draw(tasks=1, shots=1)
    found, _ = meta_gradient(network, weights_of(network), batch, rate=RATE, steps=1)
    assert close(found, expected_gradient(network, batch, 1, "maml"))


@pytest.fixture(scope="module")
def learn2learn():
    return beside.learn2learn() or pytest.skip("learn2learn is not installed: make peers")


@pytest.mark.peers
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("steps", [1, 5])
@pytest.mark.parametrize("variant", ["maml", "first_order"])
def test_meta_gradient_is_that_of_learn2learn(learn2learn, name, steps, variant):
    network, batch = make(name), draw(name, tasks=6, shots=10)
    found, loss = meta_gradient(network, weights_of(network), batch, rate=RATE, steps=steps, variant=variant)
    maml = learn2learn.algorithms.MAML(copy.deepcopy(network), lr=RATE, first_order=variant == "first_order")
    losses = []
    for x, y, xq, yq in zip(*batch, strict=True):
        learner = maml.clone()
        for _ in range(steps):
            learner.adapt(F.mse_loss(learner(x), y))
        losses.append(F.mse_loss(learner(xq), yq))
    theirs = torch.stack(losses).mean()
    theirs.backward()
    assert close(found, {name: weight.grad for name, weight in maml.module.named_parameters()})
    assert loss.item() == pytest.approx(theirs.item(), rel=1e-12)


# ---- copies ------------------------------------------------------------------------------------------


def test_weights_are_copied_and_the_network_stays_as_it_is():
    network = make("mlp")
    before, theta = copy.deepcopy(network), weights_of(network)
    for name, weight in network.named_parameters():
        assert torch.equal(theta[name], weight) and not theta[name].requires_grad
        assert theta[name].untyped_storage().data_ptr() != weight.untyped_storage().data_ptr()
    for variant in VARIANTS:
        meta_gradient(network, theta, draw(), rate=RATE, steps=2, variant=variant)
    for name, weight in before.named_parameters():
        assert torch.equal(network.get_parameter(name), weight) and torch.equal(theta[name], weight)
    assert all(weight.grad is None for weight in network.parameters())


# ---- test time ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NETWORKS)
def test_learning_curve_against_a_plain_loop(name):
    network, (x, y, xq, yq) = make(name), draw(name, tasks=5)
    curve = learning_curve(network, weights_of(network), (x, y), (xq, yq), rate=RATE, steps=4)
    expected = [
        [F.mse_loss(taught(network, x[i], y[i], steps)(xq[i]), yq[i]).item() for steps in range(5)]
        for i in range(5)
    ]
    assert torch.allclose(curve, torch.tensor(expected, dtype=torch.double), rtol=1e-12)


def test_the_query_set_of_a_curve_may_have_another_size():
    network, (x, y, _, _), (_, _, xq, yq) = make("mlp"), draw(shots=2), draw(shots=9)
    curve = learning_curve(network, weights_of(network), (x, y), (xq, yq), rate=RATE, steps=1)
    expected = [F.mse_loss(taught(network, x[i], y[i], 1)(xq[i]), yq[i]).item() for i in range(3)]
    assert curve[:, 1].tolist() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("chunk", [1, 3, 7])
def test_chunks_change_nothing(chunk):
    network, (x, y, xq, yq) = make("mlp"), draw(tasks=7)
    run = {"rate": RATE, "steps": 3}
    whole = learning_curve(network, weights_of(network), (x, y), (xq, yq), **run)
    parts = learning_curve(network, weights_of(network), (x, y), (xq, yq), **run, chunk=chunk)
    assert whole.shape == (7, 4) and torch.allclose(whole, parts, rtol=1e-12)


def test_a_rate_that_is_too_large_gives_no_number_and_no_exception():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(1, 8), nn.ReLU(), nn.Linear(8, 1))
    x, y, xq, yq = (t.float() for t in draw())
    curve = learning_curve(network, weights_of(network), (x, y), (xq, yq), rate=1e15, steps=5)
    assert curve[:, 0].isfinite().all() and not curve[:, -1].isfinite().any()


# ---- what no inner loop can work with ----------------------------------------------------------------

NO_VARIANT = "There is no variant 'mamal'. Choose one of: maml, first_order, anil, reptile, joint."
NO_TASK = "The batch holds no task. Draw at least one."
NO_POINT = "Each task has 0 points. It needs at least 1 (K is 5 or 10 in the lesson)."
NO_STEP = "0 inner steps adapt nothing. Take at least 1, or the variant 'joint', which has no inner loop."


@pytest.mark.parametrize(
    ("batch", "options", "sentence"),
    [
        ({}, {"variant": "mamal"}, NO_VARIANT),
        ({"tasks": 0}, {}, NO_TASK),
        ({"shots": 0}, {}, NO_POINT),
        ({}, {"steps": 0}, NO_STEP),
        ({"tasks": 0}, {"variant": "joint"}, NO_TASK),
        ({"shots": 0}, {"variant": "joint"}, NO_POINT),
    ],
)
def test_what_cannot_work_is_refused(batch, options, sentence):
    network = make("mlp")
    with pytest.raises(WorkshopError) as error:
        meta_gradient(network, weights_of(network), draw(**batch), **({"rate": RATE, "steps": 1} | options))
    assert str(error.value) == sentence


@pytest.mark.parametrize(
    ("batch", "steps", "sentence"),
    [({"tasks": 0}, 1, NO_TASK), ({"shots": 0}, 1, NO_POINT), ({}, 0, NO_STEP)],
)
def test_a_curve_of_nothing_is_refused(batch, steps, sentence):
    network, (x, y, xq, yq) = make("mlp"), draw(**batch)
    with pytest.raises(WorkshopError) as error:
        learning_curve(network, weights_of(network), (x, y), (xq, yq), rate=RATE, steps=steps)
    assert str(error.value) == sentence


def test_a_misspelt_variant_adapts_nothing():
    network = nn.Linear(1, 1)
    x = torch.ones(3, 1)
    with pytest.raises(WorkshopError, match=r"There is no variant 'anill'\. Choose one of: maml"):
        adapt(network, weights_of(network), x, x, rate=0.1, steps=1, variant="anill")


def test_joint_training_has_no_learning_curve_of_its_own():
    network = nn.Linear(1, 1)
    x = torch.ones(2, 3, 1)
    with pytest.raises(WorkshopError, match="At test time 'joint' adapts by ordinary gradient steps"):
        learning_curve(network, weights_of(network), (x, x), (x, x), rate=0.1, steps=1, variant="joint")
