"""The bench of lesson 05: what it counts, what it refuses to compare, what it says where a peer is missing."""

from __future__ import annotations

import importlib.util

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from workshop.bench import meta_learning as bench
from workshop.bench.timing import throughput
from workshop.errors import WorkshopError
from workshop.kernels.meta_learning import meta_gradient, weights_of


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_the_operations_are_those_that_torch_counts(steps):
    network = bench._network()
    batch = tuple(t[0] for t in bench._batches(1))
    with FlopCounterMode(display=False) as counter:
        meta_gradient(network, weights_of(network), batch, rate=0.01, steps=steps)
    counted = bench.least_operations((1, 40, 40, 1), tasks=25, shots=10, steps=steps)
    assert counted == counter.get_total_flops()


def test_two_ways_that_do_different_work_are_not_compared():
    one, other = bench._ours("by_hand", steps=1), bench._ours("by_hand", steps=2)
    with pytest.raises(
        WorkshopError, match=r"x would compare different work: the losses before iteration 1 are "
    ):
        bench._check_same("x", one, other)
    first = lambda: [torch.tensor(1.0), torch.tensor(2.0)]  # noqa: E731
    second = lambda: [torch.tensor(1.0), torch.tensor(2.001)]  # noqa: E731
    with pytest.raises(WorkshopError, match="before iteration 2"):  # the first loss is before any step
        bench._check_same("x", first, second)
    bench._check_same("x", bench._ours("by_hand", 1), bench._ours("autograd", 1))


@pytest.mark.peers
@pytest.mark.parametrize(
    ("package", "make"),
    [
        ("learn2learn", bench.learn2learn_loop),
        ("jax", bench.jax_jit),
        ("jax", bench.jax_scan),
        ("torchopt", bench.torchopt_vmap),
    ],
)
def test_each_peer_takes_the_same_steps(package, make):
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed: make peers")
    for steps in (1, 5):
        bench._check_same(
            package, bench._ours("by_hand", steps), make(bench._network(), bench._batches(4), steps)
        )


def test_a_peer_that_is_not_there_is_named():
    absent = bench.Peer("no_such_package", "nobody", lambda *_: None, 1)
    row = bench._against(absent, "maml_vs_nobody", "by_hand", 1)
    assert row.peer is None and row.ratio is None and row.ours > 0
    assert row.note == "by_hand; no_such_package is not installed: make peers"


def test_without_a_compiler_the_rows_are_by_hand_and_say_so(monkeypatch):
    monkeypatch.setattr(bench, "library", lambda *_: (_ for _ in ()).throw(WorkshopError("no compiler")))
    assert bench._fastest() == ("by_hand", "by_hand, because: no compiler")


def test_a_ratio_is_per_thing_also_where_the_peer_handles_fewer():
    clock = iter(range(1000))

    def take(seconds):
        return lambda: [next(clock) for _ in range(seconds)]

    from workshop.bench import timing

    original = timing.time.perf_counter
    try:
        timing.time.perf_counter = lambda: float(next(clock))
        row = throughput("x", "things/s", 40, take(3), take(7), "slow", rounds=3, peer_work=2)
    finally:
        timing.time.perf_counter = original
    assert row.ours == 10.0 and row.peer == 0.25 and row.ratio == 40.0
