"""The fast engines against the readable one, in float64; their Adam against torch's; what they refuse."""

import copy
import os
import shutil
import sys
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from workshop.errors import WorkshopError
from workshop.kernels.engines import compiled
from workshop.kernels.engines.autograd import AutogradEngine
from workshop.kernels.engines.by_hand import ByHandEngine
from workshop.kernels.engines.compiled import compiler
from workshop.kernels.engines.mlp import linear_layers
from workshop.kernels.engines.native import NativeEngine
from workshop.kernels.meta_learning import meta_gradient, weights_of

needs_compiler = pytest.mark.skipif(compiler() is None, reason="no g++ or clang++ is installed")
FAST = ("by_hand", pytest.param("native", marks=needs_compiler))
ALL = ("autograd", *FAST)
INNER = {"rate": 0.05, "steps": 1, "outer_rate": 0.01}

#: Widths and points a task. Each takes the native engine a second to compile, so they are few and unlike.
#: 7 and the constant beside it fill whole vectors of the processor; one more or less does not.
CASES = [((1, 7, 1), 10), ((2, 5, 8, 1), 1), ((1, 9, 5, 1), 5), ((2, 11, 6, 3, 1), 3)]
VARIANTS = [(variant, steps) for variant in ("maml", "first_order") for steps in (1, 2, 5)] + [("joint", 1)]


def mlp(sizes, seed=0):
    """A lively one: no layer is nearly zero."""
    torch.manual_seed(seed)
    layers = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        nn.init.normal_(layers[-2].weight, std=(2 / inputs) ** 0.5)
        nn.init.normal_(layers[-2].bias, std=0.3)
    return nn.Sequential(*layers[:-1]).double()


def doubled(network):
    """One layer at two places."""
    return nn.Sequential(*list(network)[:2], *network)


class Residual(nn.Sequential):
    """The modules of an MLP, and another way through them."""

    def forward(self, x):
        return x + super().forward(x)


def draw(inputs, shots, batches=3, tasks=4, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return tuple(
        torch.randn(batches, tasks, shots, size, generator=generator, dtype=torch.double)
        for size in (inputs, 1) * 2
    )


def engine(name, network, shots, **inner):
    inner = INNER | inner
    if name == "native":
        return NativeEngine(network, shots=shots, **inner)
    return {"autograd": AutogradEngine, "by_hand": ByHandEngine}[name](network, **inner)


def distance(found, expected):
    """Largest difference, relative to the largest number."""
    assert {name: t.shape for name, t in found.items()} == {name: t.shape for name, t in expected.items()}
    scale = max(t.abs().max() for t in expected.values())
    return float(max((found[name] - t).abs().max() for name, t in expected.items()) / scale)


@cache
def truth(sizes, shots, variant, steps):
    """By autograd and torch's Adam: the outer gradient at the start; losses and weights of three steps."""
    network, batches = mlp(sizes), draw(sizes[0], shots)
    inner = {"rate": INNER["rate"], "steps": steps, "variant": variant}
    gradient, _ = meta_gradient(network, weights_of(network), [t[0] for t in batches], **inner)
    readable = engine("autograd", network, shots, variant=variant, steps=steps)
    return gradient, readable.advance(batches), readable.weights()


@pytest.mark.parametrize(("variant", "steps"), VARIANTS)
@pytest.mark.parametrize(("sizes", "shots"), CASES)
@pytest.mark.parametrize("name", FAST)
def test_a_fast_engine_does_what_autograd_does(name, sizes, shots, variant, steps):
    gradient, losses, weights = truth(sizes, shots, variant, steps)
    fast, batches = engine(name, mlp(sizes), shots, variant=variant, steps=steps), draw(sizes[0], shots)
    first = fast.advance([t[:1] for t in batches])
    assert distance(fast.last_gradient(), gradient) < 1e-12  # Adam would hide a wrong scale
    assert torch.allclose(torch.cat([first, fast.advance([t[1:] for t in batches])]), losses, rtol=1e-12)
    assert distance(fast.weights(), weights) < 1e-10


@pytest.mark.parametrize("shots", [1, 3, 5, 10])
@pytest.mark.parametrize("sizes", [sizes for sizes, _ in CASES])
def test_by_hand_does_so_for_every_number_of_points(sizes, shots):
    gradient, _, _ = truth(sizes, shots, "maml", 2)
    fast = engine("by_hand", mlp(sizes), shots, steps=2)
    fast.advance([t[:1] for t in draw(sizes[0], shots)])
    assert distance(fast.last_gradient(), gradient) < 1e-12


@pytest.mark.parametrize(("sizes", "shots"), CASES)
def test_these_cases_tell_the_variants_apart(sizes, shots):
    """Else a fast engine that forgets the second order, or an inner step, would pass for a right one."""
    found = [truth(sizes, shots, variant, steps)[0] for variant, steps in VARIANTS]
    for i, one in enumerate(found):
        assert all(distance(one, other) > 1e-3 for other in found[i + 1 :])


@needs_compiler
def test_in_float32_the_native_engine_agrees_as_far_as_float32_goes():
    """At the sizes of the lesson, of which the compiler makes other loops."""
    sizes, shots = (1, 40, 40, 1), 10
    gradient, losses, _ = truth(sizes, shots, "maml", 1)
    fast = engine("native", mlp(sizes).float(), shots)
    batches = draw(1, shots)
    assert torch.allclose(fast.advance([t[:1] for t in batches]).double(), losses[:1], rtol=1e-5)
    assert distance({name: t.double() for name, t in fast.last_gradient().items()}, gradient) < 1e-5
    assert all(t.dtype == torch.float32 for t in fast.weights().values())


@pytest.mark.parametrize(("residual", "outer_rate"), [(1.0, 1e-2), (1e-8, 1e-9)])
@pytest.mark.parametrize("name", ALL)
def test_the_outer_step_is_that_of_torchs_adam(name, residual, outer_rate):
    """Joint training is ordinary training. With gradients as small as Adam's epsilon, where it stands matters."""
    network, (_, _, x, y) = mlp((1, 7, 1)), draw(1, 10, batches=30)
    y = network(x).detach() + residual * y
    ours = engine(name, network, 10, variant="joint", outer_rate=outer_rate)
    ours.advance((x, y, x, y))

    plain = copy.deepcopy(network)
    optimiser = torch.optim.Adam(plain.parameters(), outer_rate)
    for inputs, outputs in zip(x.flatten(1, 2), y.flatten(1, 2), strict=True):
        optimiser.zero_grad()
        F.mse_loss(plain(inputs), outputs).backward()
        optimiser.step()
    start, end = weights_of(network), weights_of(plain)
    moved = {name: weight - start[name] for name, weight in ours.weights().items()}
    assert distance(moved, {name: end[name] - start[name] for name in end}) < 1e-5
    assert max(t.abs().max() for t in moved.values()) > 0.1 * outer_rate


@pytest.mark.parametrize("name", ALL)
def test_an_engine_moves_neither_the_network_nor_another_engine(name):
    network, batches = mlp((1, 7, 1)), draw(1, 10)
    start = weights_of(network)
    one, other = engine(name, network, 10), engine(name, network, 10)
    one.advance(batches)
    assert distance(one.weights(), start) > 1e-3
    assert distance(other.weights(), start) == distance(weights_of(network), start) == 0
    assert all(weight.grad is None for weight in network.parameters())


@pytest.mark.parametrize("name", ALL)
def test_the_weights_of_an_engine_are_copies_that_fit_the_network(name):
    network = mlp((2, 5, 8, 1))
    ours = engine(name, network, 1)
    for weight in ours.weights().values():
        assert weight.is_contiguous() and not weight.requires_grad
        weight.zero_()
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(1)
    network.load_state_dict(ours.weights())
    assert distance(weights_of(network), weights_of(mlp((2, 5, 8, 1)))) == 0


@pytest.mark.parametrize("name", ALL)
def test_batches_are_only_read(name):
    batches = draw(1, 10)
    before = [t.clone() for t in batches]
    engine(name, mlp((1, 7, 1)), 10).advance(batches)
    assert all(torch.equal(a, b) for a, b in zip(before, batches, strict=True))


@needs_compiler
def test_the_native_engine_takes_batches_of_any_layout_and_precision():
    batches = draw(2, 1)
    strided = tuple(t.transpose(0, 1).contiguous().transpose(0, 1) for t in batches)
    assert not strided[0].is_contiguous()
    plain, other = (engine("native", mlp((2, 5, 8, 1)), 1) for _ in range(2))
    assert torch.equal(plain.advance(batches), other.advance(strided))
    rounded = tuple(t.float() for t in batches)
    plain, other = (engine("native", mlp((2, 5, 8, 1)), 1) for _ in range(2))
    assert torch.equal(plain.advance(rounded), other.advance(tuple(t.double() for t in rounded)))


@pytest.mark.parametrize("name", ["autograd", "by_hand"])
def test_a_step_runs_on_meta(name):
    """No stray CPU tensor, no look at a value: on ``meta`` there are none. So a step never waits for the host."""
    network, batches = mlp((2, 5, 8, 1)).to("meta"), tuple(t.to("meta") for t in draw(2, 3))
    for variant in ("maml", "first_order", "joint"):
        ours = engine(name, network, 3, variant=variant, steps=2)
        assert ours.advance(batches).device.type == "meta"
        shapes = {name: t.shape for name, t in ours.weights().items()}
        assert shapes == {name: t.shape for name, t in network.named_parameters()}


@needs_compiler
def test_loading_the_library_leaves_the_processors_arithmetic_as_it_is():
    """Code linked with -ffast-math may turn subnormal numbers off, for all that the process computes after."""
    engine("native", mlp((1, 7, 1)), 10)
    assert np.float32(1e-40) * np.float32(1) > 0
    assert torch.tensor(1e-40) * 1 > 0


# ---- refusals ----------------------------------------------------------------------------------------

NOT_AN_MLP = (
    "The fast engines take an nn.Sequential of Linear, ReLU, ..., Linear with biases and one output. "
    "For any other network choose engine='autograd'."
)
OTHERS = {
    "a convolution": lambda: nn.Sequential(nn.Conv1d(1, 3, 1), nn.ReLU(), nn.Flatten(), nn.Linear(3, 1)),
    "no bias": lambda: nn.Sequential(nn.Linear(1, 3, bias=False), nn.ReLU(), nn.Linear(3, 1)),
    "two outputs": lambda: nn.Sequential(nn.Linear(1, 3), nn.ReLU(), nn.Linear(3, 2)),
    "Tanh": lambda: nn.Sequential(nn.Linear(1, 3), nn.Tanh(), nn.Linear(3, 1)),
    "ReLU at the end": lambda: nn.Sequential(nn.Linear(1, 3), nn.ReLU(), nn.Linear(3, 1), nn.ReLU()),
    "no hidden layer": lambda: nn.Sequential(nn.Linear(1, 1)),
    "nothing": nn.Sequential,
    "a bare layer": lambda: nn.Linear(1, 1),
}


@pytest.mark.parametrize("name", ["by_hand", "native"])
@pytest.mark.parametrize("network", OTHERS)
def test_another_network_is_refused(name, network):
    with pytest.raises(WorkshopError) as error:
        engine(name, OTHERS[network](), 3)
    assert str(error.value) == NOT_AN_MLP


@pytest.mark.parametrize("name", ["by_hand", "native"])
@pytest.mark.parametrize("variant", ["anil", "reptile", "mamal"])
def test_another_variant_is_refused(name, variant):
    with pytest.raises(WorkshopError) as error:
        engine(name, mlp((1, 7, 1)), 3, variant=variant)
    assert str(error.value) == (
        f"The fast engines know maml, first_order, joint, not {variant!r}. Choose engine='autograd'."
    )


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda network: network.half(), "not on cpu in torch.float16"),
        (lambda network: network.float().to("meta"), "not on meta in torch.float32"),
    ],
)
def test_the_native_engine_refuses_what_it_cannot_compute_with(change, what):
    with pytest.raises(WorkshopError) as error:
        engine("native", change(mlp((1, 7, 1))), 3)
    assert str(error.value) == (
        f"The native engine computes on the cpu in float32 or float64, {what}. Choose engine='by_hand'."
    )


@needs_compiler
def test_the_native_engine_refuses_another_number_of_points():
    with pytest.raises(WorkshopError) as error:
        engine("native", mlp((1, 7, 1)), 10).advance(draw(1, 5))
    assert str(error.value).startswith(
        "This engine was compiled for 10 points of a task on the cpu: it takes "
    )
    assert " 10, 1) here, not " in str(error.value) and " 5, 1) on cpu." in str(error.value)


@needs_compiler
@pytest.mark.parametrize(
    "spoil",
    [
        lambda x, y, xq, yq: (x, y, xq[:, :, :5], yq[:, :, :5]),  # fewer query than support points
        lambda x, y, xq, yq: (x.expand(-1, -1, -1, 3), y, xq, yq),  # more inputs than the network has
        lambda x, y, xq, yq: (x, y[:, :1], xq, yq),  # outputs of some tasks only
        lambda *batches: tuple(t.to("meta") for t in batches),
    ],
)
def test_the_native_engine_reads_no_memory_but_its_batches(spoil):
    with pytest.raises(WorkshopError, match="it takes batches of shape"):
        engine("native", mlp((1, 7, 1)), 10).advance(spoil(*draw(1, 10)))


@pytest.mark.parametrize("spoil", [lambda network: Residual(*network), doubled])
def test_what_only_looks_like_an_mlp_is_refused(spoil):
    with pytest.raises(WorkshopError, match=r"The fast engines take an nn\.Sequential"):
        linear_layers(spoil(mlp((7, 7, 7, 1))))


@needs_compiler
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps a process to its RLIMIT_AS")
def test_the_native_engine_refuses_more_steps_than_there_is_memory_for():
    ours = engine("native", mlp((1, 7, 1)), 10, steps=2**31 - 3)
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (2**40, hard))  # some machines promise more memory than there is
    try:
        with pytest.raises(WorkshopError) as error:
            ours.advance(draw(1, 10))
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    assert str(error.value) == "The native engine got no memory. Take fewer inner steps."


@pytest.fixture
def a_compiler_that(tmp_path, monkeypatch):
    """Make a shell script the only g++ of this machine."""

    def make(*lines):
        program = tmp_path / "g++"
        program.write_text("\n".join(["#!/bin/sh", *lines, ""]))
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        return program

    return make


#: Sizes that no other test compiles: what is compiled once is kept.
UNSEEN = (1, 3, 1)


def test_without_a_compiler_the_native_engine_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WorkshopError) as error:
        engine("native", mlp(UNSEEN), 3)
    assert str(error.value) == (
        "The native engine needs g++ or clang++ (not on Windows). Install one, or choose engine='by_hand'."
    )


def test_windows_has_no_native_engine(monkeypatch):
    monkeypatch.setattr(compiled.sys, "platform", "win32")
    assert compiler() is None


def test_a_mac_without_its_command_line_tools_has_no_native_engine(monkeypatch):
    monkeypatch.setattr(compiled.sys, "platform", "darwin")
    monkeypatch.setattr(compiled, "_has_command_line_tools", lambda: False)
    assert compiler() is None


def test_a_compiler_that_does_not_know_the_processor_is_asked_again_without(a_compiler_that):
    found, path = shutil.which("g++") or shutil.which("clang++"), os.environ["PATH"]
    if found is None:
        pytest.skip("this machine has no C++ compiler")
    a_compiler_that(
        'case "$*" in *-march=native*) exit 1;; esac',
        f"PATH='{path}'",
        f'exec {found} "$@"',
    )
    ours = engine("native", mlp((1, 2, 1)), 2)
    assert ours.advance(draw(1, 2)).isfinite().all()


def test_a_failure_to_compile_is_found_out_once(a_compiler_that, tmp_path):
    a_compiler_that(f"echo x >> {tmp_path}/calls; exit 1")
    for _ in range(3):
        with pytest.raises(WorkshopError):
            engine("native", mlp((1, 9, 1)), 9)
    assert len((tmp_path / "calls").read_text().split()) == 2  # with -march=native, and without


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (["In file:", "x.cpp:1: error: out of luck", "x.cpp:2: error: again"], "x.cpp:1: error: out of luck"),
        (["out of luck"], "out of luck"),
        ([], ""),
    ],
)
def test_a_compiler_that_fails_is_quoted(a_compiler_that, said, told):
    program = a_compiler_that(*(f"echo '{line}' >&2" for line in said), "exit 1")
    with pytest.raises(WorkshopError) as error:
        engine("native", mlp(UNSEEN), 3)
    assert str(error.value) == f"{program} could not compile the native engine: {told}"


def test_clang_is_taken_where_there_is_no_gcc(tmp_path, monkeypatch):
    (tmp_path / "clang++").symlink_to(shutil.which("true"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert compiler() == str(tmp_path / "clang++")
