"""The search for what to thaw, on networks whose answer is known."""

import numpy as np
import pytest
import torch

from workshop.kernels import freeze_search
from workshop.kernels.chance import Chance
from workshop.kernels.feature_cache import FeatureCache
from workshop.kernels.fine_tuning import FineTuneRecipe
from workshop.kernels.freeze_search import folds, search
from workshop.kernels.shuffle import shuffled
from workshop.kernels.small_net import small_net

pytestmark = pytest.mark.fast
NAMES = ("stem", "block 1", "block 2", "block 3", "head")


@pytest.fixture
def pictures():
    labels = torch.arange(24) % 3
    return torch.randint(0, 256, (24, 3, 32, 32), generator=torch.Generator().manual_seed(0)).byte(), labels


def fake(monkeypatch, value_of):
    """Trainings whose held-out score is known beforehand; returns the choices in the order they were tried."""
    tried = []

    def fine_tune(network, images, labels, *, frozen, exam, **_):
        thawed = frozenset(NAMES) - set(frozen)
        tried.append(thawed)
        assert not {p.numpy().tobytes() for p in images} & {p.numpy().tobytes() for p in exam[0]}
        return type("Done", (), {"score": np.array([value_of(thawed)])})

    monkeypatch.setattr(freeze_search, "fine_tune", fine_tune)
    return tried


def found(pictures, **options):
    return search(
        lambda chance: small_net(3, chance),
        *pictures,
        recipe=FineTuneRecipe(1),
        cache=FeatureCache(),
        **options,
    )


def test_it_thaws_what_helps_and_ends_when_nothing_does(monkeypatch, pictures):
    worth = {"head": 0.5, "stem": 0.2, "block 2": 0.1, "block 1": -0.1, "block 3": -0.1}
    tried = fake(monkeypatch, lambda thawed: sum(worth[name] for name in thawed))
    result = found(pictures, parts=3)
    assert result.proposal == ("stem", "block 2", "head")
    assert len(result.tried) == 1 + 4 + 3 + 2 and len(tried) == 3 * len(result.tried)
    assert result.tried[0].thawed == ("head",) and all(one.scores.shape == (3,) for one in result.tried)


def test_of_equals_it_keeps_the_one_that_thaws_least(monkeypatch, pictures):
    fake(monkeypatch, lambda thawed: 0.5)
    result = found(pictures)
    assert result.proposal == ("head",) and len(result.tried) == 5


def test_it_may_end_with_everything_and_it_stops_when_asked(monkeypatch, pictures):
    fake(monkeypatch, len)
    seen = []
    assert found(pictures, on_step=lambda *now: seen.append(now[:2]) or True).proposal == NAMES
    assert seen[-1] == (11, 11) and [step for step, _ in seen] == sorted(step for step, _ in seen)
    stopped = found(pictures, on_step=lambda step, *_: step < 3)
    assert len(stopped.tried) == 3


def test_folds_hold_every_row_out_once_and_every_class_evenly():
    labels = torch.tensor([0] * 8 + [1] * 4)
    held = torch.cat([rows for _, rows in folds(labels, 4)])
    assert sorted(held.tolist()) == list(range(12))
    assert all(torch.bincount(labels[rows]).tolist() == [2, 1] for _, rows in folds(labels, 4))
    assert all(not set(learn.tolist()) & set(rows.tolist()) for learn, rows in folds(labels, 4))


def test_a_real_search_runs(pictures):
    result = found(pictures, parts=2)
    assert set(result.proposal) <= set(NAMES) and "head" in result.proposal


def test_shuffled_weights_are_the_same_numbers_elsewhere():
    net = small_net(3, Chance(0))
    mixed = shuffled(net, Chance(1))
    for (name, before), after in zip(net.named_parameters(), mixed.parameters(), strict=True):
        assert torch.equal(before.flatten().sort().values, after.flatten().sort().values), name
    assert not torch.equal(net.head.weight, mixed.head.weight)
    again = shuffled(net, Chance(1))
    assert torch.equal(again.head.weight, mixed.head.weight)
