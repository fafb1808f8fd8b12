"""Meta-training: it learns, repeats to the bit with every engine, shows itself when asked, and says what it cannot."""

import copy
import re
import time
import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from workshop.datasets.sines import SineFamily
from workshop.errors import WorkshopError
from workshop.kernels.chance import Chance
from workshop.kernels.digit_net import initialised
from workshop.kernels.engines.compiled import compiler
from workshop.kernels.meta_learning import VARIANTS, learning_curve, weights_of
from workshop.kernels.meta_training import WORTH_COMPILING, MetaRecipe, meta_train, sine_net

FAMILY = SineFamily()
needs_compiler = pytest.mark.skipif(compiler() is None, reason="no g++ or clang++ is installed")
FAST = ("by_hand", pytest.param("native", marks=needs_compiler))
ENGINES = ("autograd", *FAST)


def train(iterations=60, *, tasks=10, inner_rate=0.01, variant="maml", **options):
    recipe = MetaRecipe(iterations=iterations, tasks=tasks, inner_rate=inner_rate, variant=variant)
    return meta_train(FAMILY, recipe, **options)


def same(one, other):
    pairs = zip(one.network.parameters(), other.network.parameters(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def tanh_net():
    return nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))


def stop(*_):
    return False


# ---- it learns ---------------------------------------------------------------------------------------


def error_after_a_step(network):
    generator = torch.Generator().manual_seed(9)
    tasks = FAMILY.tasks(500, generator)
    support, query = FAMILY.points(tasks, 10, generator), FAMILY.points(tasks, 10, generator)
    return learning_curve(network, weights_of(network), support, query, rate=0.01, steps=1)[:, 1].mean()


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_hundred_iterations_help_with_tasks_never_seen(variant):
    start = initialised(sine_net, Chance(0))
    assert error_after_a_step(train(100, variant=variant).network) < 0.95 * error_after_a_step(start)


def test_three_hundred_iterations_lower_the_loss():
    trained = train(300)
    assert trained.history["step"].tolist() == [100, 200, 300]
    assert trained.history["loss"][-1] < 0.85 * trained.history["loss"][0]
    assert trained.seconds > 0 and trained.device == "cpu" and trained.seed == 0
    assert trained.iterations == 300 and not trained.stopped


@pytest.mark.gpu
@pytest.mark.parametrize("engine", ["autograd", "by_hand"])
def test_it_learns_on_a_gpu(engine):
    if not torch.cuda.is_available():
        pytest.skip("this machine has no GPU")
    trained = train(300, engine=engine, device="cuda")
    assert trained.device.startswith("cuda") and next(trained.network.parameters()).is_cuda
    assert trained.history["loss"][-1] < 0.95 * trained.history["loss"][0]


@pytest.mark.parametrize("engine", ENGINES)
def test_joint_training_is_ordinary_training(engine):
    """The same network, on the points that the family was asked for, by torch alone."""
    seen = []

    class Remembered(SineFamily):
        def batches(self, *args):
            seen.append(super().batches(*args))
            return seen[-1]

    recipe = MetaRecipe(iterations=150, tasks=5, shots=5, variant="joint")
    trained = meta_train(Remembered(), recipe, seed=3, engine=engine)
    network = initialised(sine_net, Chance(3))
    optimiser = torch.optim.Adam(network.parameters(), recipe.outer_rate)
    support_x, support_y, query_x, query_y = (torch.cat(parts) for parts in zip(*seen, strict=True))
    losses = []
    for i in range(150):
        loss = F.mse_loss(
            network(torch.cat([support_x[i], query_x[i]])), torch.cat([support_y[i], query_y[i]])
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert trained.history["loss"] == pytest.approx([np.mean(losses[:100]), np.mean(losses[100:])], rel=1e-4)
    for ours, theirs in zip(trained.network.parameters(), network.parameters(), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-4)


# ---- it repeats --------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_same_seed_same_bits_and_the_global_generator_is_left_alone(engine):
    before = torch.get_rng_state()
    first = train(20, engine=engine, seed=5)
    assert torch.equal(before, torch.get_rng_state())
    torch.rand(7)  # whatever else goes on
    second, other = train(20, engine=engine, seed=5), train(20, engine=engine, seed=6)
    assert same(first, second) and np.array_equal(first.history["loss"], second.history["loss"])
    assert not same(first, other) and not np.array_equal(first.history["loss"], other.history["loss"])


def test_every_engine_sees_the_same_batches_and_gives_the_same_training():
    names = ("autograd", "by_hand", "native") if compiler() else ("autograd", "by_hand")
    first, *others = (train(200, engine=name, seed=2) for name in names)
    assert [trained.engine for trained in (first, *others)] == list(names)
    for other in others:
        assert other.history["loss"] == pytest.approx(first.history["loss"], rel=1e-4)
        for ours, theirs in zip(other.network.parameters(), first.network.parameters(), strict=True):
            assert torch.allclose(ours, theirs, atol=1e-4)


@pytest.mark.parametrize(
    ("engine", "variant"), [("autograd", v) for v in VARIANTS] + [("by_hand", "maml"), ("by_hand", "joint")]
)
def test_it_runs_on_meta(engine, variant):
    """No stray CPU tensor, no look at a value: on ``meta`` there are none. So a step never waits for the host."""
    trained = train(3, engine=engine, variant=variant, device="meta")
    assert trained.engine == engine and trained.device == "meta"
    assert all(p.device.type == "meta" for p in trained.network.parameters())


# ---- looking and stopping ----------------------------------------------------------------------------


def watched(iterations, look_at, **options):
    """A training, and what was shown on the way: copies of the weights by moment."""
    seen = []
    trained = train(
        iterations,
        look=lambda moment, network: seen.append((moment, weights_of(network))),
        look_at=look_at,
        **options,
    )
    return trained, seen


def test_it_is_shown_at_the_moments_asked_for_and_at_the_end():
    _, seen = watched(260, (200, 0, 37, 38, 100, 37, 999))
    assert [moment for moment, _ in seen] == [0, 37, 38, 100, 200, 260]
    assert [moment for moment, _ in watched(50, ())[1]] == [50]
    assert [moment for moment, _ in watched(50, (50,))[1]] == [50]


@pytest.mark.parametrize("engine", FAST)
def test_it_is_shown_as_it_is_at_that_moment(engine):
    """Shown at the start, it is the network of that seed; shown at a hundred, one that was trained for a hundred."""
    trained, seen = watched(150, (0, 100), engine=engine)
    start, hundred = initialised(sine_net, Chance(0)), train(100, engine=engine).network
    for (_, shown), network in zip(seen, (start, hundred, trained.network), strict=True):
        assert all(torch.equal(shown[name], weight) for name, weight in network.named_parameters())


@pytest.mark.parametrize("look_at", [(100, 200), (37, 150)])
def test_looking_changes_nothing(look_at):
    trained, _ = watched(250, look_at)
    assert same(trained, train(250))


@pytest.mark.parametrize("moment", [0, 100])
def test_what_is_done_to_the_network_while_looking_changes_nothing(moment):
    def spoil(now, network):
        if now == moment:
            for weight in network.parameters():
                nn.init.zeros_(weight)

    assert same(train(200, look=spoil, look_at=(moment,)), train(200))


def test_time_spent_looking_is_not_counted():
    started = time.perf_counter()
    trained = train(120, look=lambda *_: time.sleep(0.1), look_at=(0, 100))
    assert time.perf_counter() - started - trained.seconds >= 0.3


def test_it_stops_when_asked_and_says_so():
    reports = []

    def on_step(step, total, metrics):
        reports.append((step, total, metrics["loss"]))
        return step < 200

    looked = []
    trained = train(450, on_step=on_step, look=lambda moment, network: looked.append(moment))
    assert trained.stopped and trained.iterations == 200
    assert [report[:2] for report in reports] == [(100, 450), (200, 450)]
    assert looked == [200]  # the last look is at the network as it was when it stopped
    assert trained.history["step"].tolist() == [100, 200]
    assert trained.history["loss"].tolist() == pytest.approx([loss for *_, loss in reports])
    assert same(trained, train(200))


def test_a_watcher_that_returns_nothing_does_not_stop_it():
    trained = train(150, on_step=lambda *_: None)
    assert not trained.stopped and trained.iterations == 150


# ---- the engine --------------------------------------------------------------------------------------


@needs_compiler
def test_a_long_training_is_worth_compiling_and_a_short_one_is_not():
    assert train(WORTH_COMPILING, on_step=stop).engine == "native"
    assert train(WORTH_COMPILING - 1, on_step=stop).engine == "by_hand"


@pytest.mark.parametrize("options", [{"network": tanh_net()}, {"variant": "anil"}, {"variant": "reptile"}])
def test_what_the_fast_engines_do_not_know_is_left_to_autograd(options):
    assert train(3, **options).engine == "autograd"


class Scaled(nn.Module):
    """A forward of its own, a bare parameter, a buffer, a layer normalisation."""

    def __init__(self):
        super().__init__()
        self.body, self.norm, self.shift = nn.Linear(1, 6), nn.LayerNorm(6), nn.Parameter(torch.ones(1))
        self.head = nn.Linear(6, 1)
        self.register_buffer("scale", torch.tensor(3.0))

    def forward(self, x):
        return self.scale * self.head(torch.tanh(self.norm(self.body(x)))) + self.shift


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_any_network_is_begun_from_as_it_is_and_left_so(dtype):
    network = Scaled().to(dtype)
    before = copy.deepcopy(network.state_dict())
    seen = []
    trained = train(
        120,
        network=network,
        look=lambda step, net: seen.append(copy.deepcopy(net.state_dict())),
        look_at=(0,),
    )
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert all(torch.equal(before[name], value) for name, value in seen[0].items())
    assert trained.engine == "autograd" and trained.network.scale == 3.0
    assert not torch.equal(trained.network.head.weight, network.head.weight)


def test_the_native_engine_is_not_for_other_devices():
    assert train(3, device="meta").engine == "by_hand"
    with pytest.raises(WorkshopError, match="computes on the cpu in float32 or float64, not on meta"):
        train(3, device="meta", engine="native")


def test_without_a_compiler_it_goes_on_by_hand_and_says_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert train(WORTH_COMPILING, on_step=stop).engine == "by_hand"


def test_a_compiler_that_fails_is_reported_once_and_it_goes_on_by_hand(tmp_path, monkeypatch):
    program = tmp_path / "g++"
    program.write_text("#!/bin/sh\necho 'error: out of luck' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.warns(UserWarning) as told:
        trained = train(
            WORTH_COMPILING,
            on_step=stop,
            network=nn.Sequential(nn.Linear(1, 3), nn.ReLU(), nn.Linear(3, 1)),  # not compiled before
        )
    assert trained.engine == "by_hand" and trained.iterations == 100
    assert [str(warning.message) for warning in told] == [
        f"{program} could not compile the native engine: error: out of luck "
        "Going on without it, at about half the speed."
    ]
    assert told[0].filename == __file__  # where the training was called


@pytest.mark.parametrize("engine", ["by_hand", "native"])
def test_a_fast_engine_that_does_not_apply_is_refused(engine):
    with pytest.raises(WorkshopError, match="For any other network choose engine='autograd'"):
        train(engine=engine, network=tanh_net())
    with pytest.raises(WorkshopError, match=r"not 'anil'\. Choose engine='autograd'"):
        train(engine=engine, variant="anil")


def test_an_unknown_engine_is_refused():
    with pytest.raises(WorkshopError) as error:
        train(engine="steam")
    assert str(error.value) == ("There is no engine 'steam'. Choose one of: auto, autograd, by_hand, native.")


# ---- what cannot work --------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", FAST)
@pytest.mark.parametrize("rate", [1e4, 1e9])  # to a huge number, and to none
def test_a_training_that_diverges_says_so(engine, rate):
    with pytest.raises(WorkshopError) as error:
        train(250, inner_rate=rate, engine=engine)
    assert re.fullmatch(
        r"The meta-training diverged: after 100 iterations the loss is (nan|inf|[\d.e+]+)\. "
        r"Take an inner step below (10000|1e\+09), or an outer one below 0\.001\.",
        str(error.value),
    )


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        ({"iterations": 0}, "0 iterations train nothing. Take at least 1."),
        ({"tasks": 0}, "The batch holds no task. Draw at least one."),
        ({"shots": 0}, "Each task has 0 points. It needs at least 1 (K is 5 or 10 in the lesson)."),
        (
            {"inner_steps": 0},
            "0 inner steps adapt nothing. Take at least 1, or the variant 'joint', which has no inner loop.",
        ),
        (
            {"inner_rate": 0},
            "The step sizes are 0 (inner) and 0.001 (outer); both must be finite and above 0.",
        ),
        (
            {"inner_rate": float("nan")},
            "The step sizes are nan (inner) and 0.001 (outer); both must be finite and above 0.",
        ),
        (
            {"outer_rate": -0.1},
            "The step sizes are 0.01 (inner) and -0.1 (outer); both must be finite and above 0.",
        ),
        (
            {"variant": "mamal"},
            "There is no variant 'mamal'. Choose one of: maml, first_order, anil, reptile, joint.",
        ),
    ],
)
def test_a_recipe_that_no_training_can_work_with_is_refused(numbers, sentence):
    with pytest.raises(WorkshopError) as error:
        MetaRecipe(**numbers)
    assert str(error.value) == sentence


def test_joint_training_needs_no_inner_step():
    assert MetaRecipe(inner_steps=0, variant="joint").inner_steps == 0


def test_the_default_recipe_is_the_papers():
    recipe = MetaRecipe()
    assert (recipe.tasks, recipe.shots, recipe.inner_rate, recipe.inner_steps) == (25, 10, 0.01, 1)
    assert (recipe.iterations, recipe.outer_rate, recipe.variant) == (70_000, 0.001, "maml")


def test_the_network_of_the_paper_has_1761_weights():
    assert sum(weight.numel() for weight in sine_net().parameters()) == 1761
