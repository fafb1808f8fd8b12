"""Freezing and fine-tuning, against autograd, sklearn and the same training written out."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression

from workshop.errors import WorkshopError
from workshop.kernels.block_net import (
    check_frozen,
    counts,
    freeze,
    from_scratch,
    frozen_prefix,
    share,
    with_new_head,
)
from workshop.kernels.chance import Chance
from workshop.kernels.descent import Recipe
from workshop.kernels.feature_cache import FeatureCache
from workshop.kernels.fine_tuning import (
    Epochs,
    FineTuneRecipe,
    epochs_to,
    examine,
    fine_tune,
    prefix_features,
)
from workshop.kernels.small_net import small_net

BELOW_HEAD = ("stem", "block 1", "block 2", "block 3")


@pytest.fixture
def net():
    return small_net(3, Chance(0)).double()


@pytest.fixture(scope="module")
def pictures():
    generator = torch.Generator().manual_seed(1)
    labels = torch.arange(60) % 3
    images = torch.randint(0, 120, (60, 3, 32, 32), generator=generator)
    images[torch.arange(60), labels] += 100  # a class is a colour
    return images.byte(), labels


def weights(network):
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def moved(before, network):
    """The blocks in which any weight or statistic is another than before."""
    return {
        name.split(".")[1]
        for name, tensor in network.state_dict().items()
        if not torch.equal(before[name], tensor)
    }


@pytest.mark.fast
@pytest.mark.parametrize("frozen", [(), ("stem",), ("stem", "block 2"), BELOW_HEAD, ("head",)])
@pytest.mark.parametrize("with_cache", [True, False])
def test_frozen_blocks_do_not_move_and_thawed_ones_do(net, pictures, frozen, with_cache):
    before = weights(net)
    fine_tune(
        net, *pictures, frozen=frozen, cache=FeatureCache() if with_cache else None, recipe=FineTuneRecipe(2)
    )
    assert moved(before, net) == set(net.names) - set(frozen)


@pytest.mark.fast
def test_without_frozen_statistics_a_frozen_block_drifts_but_its_weights_stay(net, pictures):
    before = weights(net)
    fine_tune(
        net, *pictures, frozen=BELOW_HEAD, statistics=False, recipe=FineTuneRecipe(2), cache=FeatureCache()
    )
    assert moved(before, net) == set(net.names)
    changed = [name for name, tensor in net.state_dict().items() if not torch.equal(before[name], tensor)]
    assert all("running" in name or "num_batches" in name or ".head." in name for name in changed)


@pytest.mark.parametrize("cut", [1, 2, 3, 4])
def test_cached_and_uncached_training_give_the_same_weights(net, pictures, cut):
    twin, frozen = with_new_head(net, 3, Chance(0)), net.names[:cut]
    twin.load_state_dict(net.state_dict())
    cached = fine_tune(net, *pictures, frozen=frozen, cache=FeatureCache(), recipe=FineTuneRecipe(4), seed=3)
    plain = fine_tune(twin, *pictures, frozen=frozen, cache=None, recipe=FineTuneRecipe(4), seed=3)
    assert (cached.cut, plain.cut) == (cut, 0)
    for name, tensor in net.state_dict().items():
        assert torch.allclose(tensor, twin.state_dict()[name], rtol=1e-9, atol=1e-11), name
    other = fine_tune(
        with_new_head(net, 3, Chance(0)), *pictures, frozen=frozen, recipe=FineTuneRecipe(4), seed=4
    )
    assert not torch.allclose(other.network.head.weight, net.head.weight, rtol=1e-3)


def test_it_is_the_training_one_would_write_by_hand(net, pictures):
    """AdamW of torch on the thawed weights, one group a block, the learning rate set by hand."""
    twin, (images, labels) = with_new_head(net, 3, Chance(0)), pictures
    twin.load_state_dict(net.state_dict())
    recipe = FineTuneRecipe(epochs=3, batch=20, learning_rate=2e-3, decay=0.5, weight_decay=1e-2)
    fine_tune(net, images, labels, frozen=("stem", "block 1"), recipe=recipe, cache=FeatureCache(), seed=5)

    scales = {"block 2": 0.25, "block 3": 0.5, "head": 1.0}
    groups = [{"params": list(twin.blocks[name].parameters()), "lr": 0.0} for name in scales]
    optimiser, order = torch.optim.AdamW(groups, weight_decay=1e-2), Epochs(60, 20, Chance(5))
    for name, block in twin.blocks.items():
        block.train(name in scales)
    for step in range(9):
        rate = Recipe(9, 20, 2e-3, warm_up=1).rate(step)
        for group, scale in zip(optimiser.param_groups, scales.values(), strict=True):
            group["lr"] = rate * scale
        rows = order.next()
        loss = F.cross_entropy(twin(images[rows]), labels[rows])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    for name, tensor in net.state_dict().items():
        assert torch.allclose(tensor, twin.state_dict()[name], rtol=1e-8, atol=1e-10), name


def test_a_head_alone_finds_what_logistic_regression_finds(net, pictures):
    images, labels = pictures
    features = prefix_features(net, images).numpy()
    theirs = LogisticRegression(C=1e4, max_iter=5000).fit(features, labels.numpy())
    recipe = FineTuneRecipe(epochs=400, batch=60, learning_rate=2e-2, weight_decay=0)
    done = fine_tune(
        net, images, labels, frozen=BELOW_HEAD, recipe=recipe, cache=FeatureCache(), exam=pictures
    )
    assert done.score[-1] >= theirs.score(features, labels.numpy()) == 1.0
    assert done.history["loss"][-1] < 0.01


@pytest.mark.fast
def test_a_regression_learns_a_number(pictures):
    images, labels = pictures
    net = small_net(1, Chance(0))
    done = fine_tune(
        net, images, labels.float(), recipe=FineTuneRecipe(30), exam=(images, labels.float()), looks=3
    )
    assert done.score[-1] > 0.9 > done.score[0]
    assert done.right.size == 0
    with torch.no_grad():
        answer = net(images)[:, 0].numpy()
    theirs = 1 - np.mean((answer - labels.numpy()) ** 2) / labels.numpy().var()
    assert done.score[-1] == pytest.approx(theirs, abs=1e-5)


@pytest.mark.fast
def test_the_exam_trains_nothing(pictures):
    ends = [
        fine_tune(small_net(3, Chance(0)), *pictures, recipe=FineTuneRecipe(2), exam=exam, looks=looks)
        for exam, looks in ((None, 1), (pictures, 2), (pictures, 5))
    ]
    first, *others = (done.network.head.weight for done in ends)
    assert all(torch.equal(first, other) for other in others)
    assert [len(done.score) for done in ends] == [0, 2, 4]  # four steps: nobody looks five times
    assert ends[1].epochs.tolist() == pytest.approx([2 * 32 / 60, 4 * 32 / 60])


@pytest.mark.fast
def test_fewer_labels_than_a_batch_are_as_many_passes(pictures):
    """A pass over ten labels is one step, not a third of one."""
    images, labels = (part[:10] for part in pictures)
    recipe = FineTuneRecipe(epochs=6)
    done = fine_tune(small_net(3, Chance(0)), images, labels, recipe=recipe, exam=(images, labels), looks=6)
    assert recipe.steps(10) == done.history["step"][-1] == 6
    assert done.epochs.tolist() == [1, 2, 3, 4, 5, 6]


@pytest.mark.fast
def test_it_stops_when_asked_and_says_so(pictures):
    done = fine_tune(
        small_net(3, Chance(0)), *pictures, recipe=FineTuneRecipe(40), exam=pictures, on_step=lambda *_: False
    )
    assert done.stopped and len(done.score) == 1 and done.history["step"][-1] < 75


@pytest.mark.fast
def test_counts_are_those_of_autograd(net):
    total = sum(p.numel() for p in net.parameters())
    for frozen in ((), ("stem",), ("block 3", "head"), BELOW_HEAD):
        freeze(net, frozen)
        left = share(counts(net), frozen)
        assert left.trainable == sum(p.numel() for p in net.parameters() if p.requires_grad)
        assert left.total == total and left.percent == pytest.approx(100 * left.trainable / total)
        assert left.gradient_bytes == 4 * left.trainable and left.optimiser_bytes == 8 * left.trainable


@pytest.mark.fast
def test_a_prefix_ends_at_the_first_thawed_block():
    names = ("a", "b", "c", "d")
    assert [frozen_prefix(names, f) for f in ((), ("a",), ("b",), ("a", "c"), ("a", "b", "c"))] == [
        0,
        1,
        0,
        1,
        3,
    ]


@pytest.mark.fast
def test_a_new_head_keeps_the_rest_and_from_scratch_keeps_nothing(net):
    freeze(net, ("stem",))
    before = weights(net)
    headed, fresh = with_new_head(net, 7, Chance(1)), from_scratch(net, 7, Chance(1))
    assert headed.head.out_features == fresh.head.out_features == 7
    kept = {name: torch.equal(tensor, before[name]) for name, tensor in headed.state_dict().items()
            if ".head." not in name}  # fmt: skip
    assert all(kept.values()) and moved(before, net) == set()
    convolutions = [name for name, t in fresh.state_dict().items() if t.ndim == 4]
    assert len(convolutions) == 4
    assert not any(torch.equal(fresh.state_dict()[name], before[name]) for name in convolutions)
    assert fresh.blocks["block 3"][0].weight.std().item() == pytest.approx((2 / (9 * 128)) ** 0.5, rel=0.02)


@pytest.mark.fast
def test_every_row_comes_once_a_pass():
    order = Epochs(10, 4, Chance(0))
    rows = torch.cat([order.next() for _ in range(5)]).tolist()
    assert sorted(rows[:10]) == sorted(rows[10:]) == list(range(10)) and rows[:10] != rows[10:]


@pytest.mark.fast
def test_epochs_to_95_percent():
    assert epochs_to(np.array([0.2, 0.77, 0.94, 0.8, 0.8]), np.arange(1, 6)) == 2


@pytest.mark.fast
@pytest.mark.parametrize(
    ("frozen", "says"),
    [
        (("blok 1",), "no block 'blok 1'. Did you mean 'block 1'"),
        ((*BELOW_HEAD, "head"), "nothing is left to train. Thaw at least one: 'head'"),
        ("stem", None),
    ],
)
def test_wrong_blocks_are_told(net, frozen, says):
    if says is None:
        assert check_frozen(net.names, frozen) == ("stem",)
        return
    with pytest.raises(WorkshopError, match=says):
        freeze(net, frozen)


def _float(images, labels):
    return images.float(), labels


@pytest.mark.fast
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_float, "of type torch.float32; give whole numbers 0..255 as torch.uint8"),
        (lambda x, y: (x[:, :1], y), r"shape \(60, 1, 32, 32\); this network takes \(N, 3, 32, 32\)"),
        (lambda x, y: (x[..., :28, :28], y), r"takes \(N, 3, 32, 32\). workshop.datasets.tasks.as_pictures"),
        (lambda x, y: (x, y[:-1]), r"60 pictures and targets of shape \(59,\)"),
        (lambda x, y: (x[:2], y[:2]), "2 labels are fewer than the 3 classes"),
        (lambda x, y: (x, y + 1), "labels run from 1 to 3, and the head has 3 outputs: classes 0 to 2"),
        (lambda x, y: (x, y.double()), "The targets are numbers and the head has 3 outputs; give it 1"),
    ],
)
def test_wrong_pictures_and_labels_are_told_before_anything_is_trained(net, pictures, change, says):
    with pytest.raises(WorkshopError, match=says):
        fine_tune(net, *change(*pictures))


def test_a_step_runs_on_the_meta_device():
    """No stray CPU tensor, and no wait for the host inside a step."""
    net = small_net(3, Chance(0, "meta"))
    images = torch.empty(8, 3, 32, 32, dtype=torch.uint8, device="meta")
    labels = torch.empty(8, dtype=torch.int64, device="meta")
    done = fine_tune(net, images, labels, frozen=("stem",), recipe=FineTuneRecipe(2, batch=4))
    assert done.history == {}


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
def test_it_learns_on_a_gpu(pictures):
    images, labels = (t.cuda() for t in pictures)
    done = fine_tune(
        small_net(3, Chance(0, "cuda")), images, labels, frozen=("stem",), cache=FeatureCache(),
        recipe=FineTuneRecipe(20), exam=(images, labels),
    )  # fmt: skip
    assert done.score[-1] > 0.9


@pytest.mark.fast
def test_an_exam_leaves_the_network_in_evaluation_mode(net, pictures):
    net.train()
    score, right = examine(net, *pictures)
    assert right.shape == (60,) and score == right.mean() and not net.training
