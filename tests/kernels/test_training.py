"""What all trainings promise: they learn, repeat to the bit, stop when asked, and never wait for the host."""

import math

import numpy as np
import pytest
import torch

from workshop.kernels.augment import Augmentation
from workshop.kernels.descent import Recipe, descend, ganin_rate
from workshop.kernels.domain_adversarial import delayed, train_domain_adversarial
from workshop.kernels.self_training import train_self_training
from workshop.kernels.supervised import probabilities, train_supervised

GENTLE = Augmentation(
    rotation=3, scale=0.05, shear=0, shift=0.02, elastic=0, gain=0, inversion=False, noise=0.05
)
SHORT = Recipe(steps=60, batch=32, warm_up=10)


def stripes(count: int, device="cpu", seed=0, contrast=1.0):
    """Ten easy classes: stripes in ten directions, standardised, with some noise."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(10, (count,), generator=generator)
    line = torch.linspace(-1, 1, 32)
    y, x = torch.meshgrid(line, line, indexing="ij")
    angle = labels.view(-1, 1, 1) * math.pi / 10
    waves = torch.sin(9 * (torch.cos(angle) * x + torch.sin(angle) * y)) * contrast
    images = waves + 0.1 * torch.randn(count, 32, 32, generator=generator)
    return images[:, None].to(device), labels.to(device)


def kernel(name: str, device="cpu", recipe=SHORT, **options):
    images, labels = stripes(600, device)
    target, _ = stripes(600, device, seed=1, contrast=0.7)
    if name == "supervised":
        return train_supervised(images, labels, recipe=recipe, augment=GENTLE, **options)
    both = {"recipe": recipe, "augment_source": GENTLE, "augment_target": GENTLE, **options}
    if name == "domain_adversarial":
        return train_domain_adversarial(images, labels, target, strength=delayed(0.1, 0.3), **both)
    return train_self_training(images, labels, target, **both)


KERNELS = ("supervised", "domain_adversarial", "self_training")


@pytest.mark.parametrize("name", KERNELS)
def test_it_learns_something_easy(name):
    trained = kernel(name, recipe=Recipe(steps=150, batch=32, warm_up=10))
    images, labels = stripes(500, seed=2)
    named = probabilities(trained.network, images, source=True).argmax(1)
    assert (named == labels).float().mean() > 0.95
    assert trained.seconds > 0 and trained.device == "cpu" and not trained.stopped


@pytest.mark.parametrize("name", KERNELS)
def test_same_seed_same_bits_and_the_global_generator_is_left_alone(name):
    before = torch.get_rng_state()
    first = kernel(name, seed=5)
    assert torch.equal(before, torch.get_rng_state())
    torch.rand(7)  # whatever else goes on
    second, other = kernel(name, seed=5), kernel(name, seed=6)
    for one, two in zip(
        first.network.state_dict().values(), second.network.state_dict().values(), strict=True
    ):
        assert torch.equal(one, two)
    assert np.array_equal(first.history["loss"], second.history["loss"])
    assert not np.array_equal(first.history["loss"], other.history["loss"])


@pytest.mark.parametrize("name", KERNELS)
def test_the_step_runs_on_meta(name):
    """No stray CPU tensor, no look at a value: on ``meta`` there are none. So a step never waits for the host."""
    trained = kernel(name, device="meta", recipe=Recipe(steps=6, batch=8, warm_up=2))
    assert all(p.device.type == "meta" for p in trained.network.parameters())


@pytest.mark.gpu
@pytest.mark.parametrize("name", KERNELS)
def test_it_learns_on_a_gpu(name):
    if not torch.cuda.is_available():
        pytest.skip("this machine has no GPU")
    trained = kernel(name, device="cuda", recipe=Recipe(steps=150, batch=32, warm_up=10))
    images, labels = stripes(500, "cuda", seed=2)
    assert (probabilities(trained.network, images, source=True).argmax(1) == labels).float().mean() > 0.95


def test_watching_changes_nothing():
    seen = []
    watched = kernel("self_training", look=lambda step, network: seen.append(step), looks=4)
    alone = kernel("self_training")
    assert seen == [15, 30, 45, 60]
    for one, two in zip(watched.network.parameters(), alone.network.parameters(), strict=True):
        assert torch.equal(one, two)


def test_it_stops_when_asked_and_says_so():
    reports, looked = [], []

    def on_step(step, total, metrics):
        reports.append((step, total, metrics["loss"]))
        return step < 40

    trained = kernel(
        "domain_adversarial", on_step=on_step, look=lambda step, network: looked.append(step), looks=1
    )
    assert trained.stopped
    assert [step for step, _, _ in reports] == [20, 40]
    assert looked == [40]  # the last look is at the network as it was when it stopped


def test_a_watcher_that_returns_nothing_does_not_stop_it():
    assert not kernel("supervised", on_step=lambda *_: None).stopped


def test_history_has_a_value_for_each_report():
    trained = kernel("domain_adversarial")
    assert trained.history["step"].tolist() == [20, 40, 60]
    assert {"loss", "critic_accuracy", "strength"} <= set(trained.history)
    assert trained.history["strength"][0] > 0.0 and trained.history["strength"][-1] < 0.1


def quadratic():
    """A bowl to descend into: a layer, and its loss."""
    layer = torch.nn.Linear(3, 1, bias=False).double()
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, -2.0, 3.0]]))
    return layer, lambda step=0: ((layer.weight**2).sum(), {})


def warm_up_and_cosine(step):
    return min(1, (step + 1) / 10) * (1 + math.cos(math.pi * step / 50)) / 2


@pytest.mark.parametrize(
    ("schedule", "make", "factor"),
    [
        ("cosine", lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=0.01), warm_up_and_cosine),
        ("ganin", lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01),
         lambda step: (1 + 10 * step / 50) ** -0.75),
    ],
)  # fmt: skip
def test_descent_agrees_with_torchs_own_schedulers(schedule, make, factor):
    recipe = Recipe(steps=50, learning_rate=0.1, weight_decay=0.01, warm_up=10, schedule=schedule)
    ours, loss = quadratic()
    descend(ours.parameters(), loss, ours, recipe, seed=0, device=torch.device("cpu"))

    theirs, loss = quadratic()
    optimiser = make(theirs.parameters())
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimiser, factor)
    for _ in range(50):
        optimiser.zero_grad()
        loss()[0].backward()
        optimiser.step()
        scheduler.step()
    assert torch.allclose(ours.weight, theirs.weight, atol=1e-12)


def test_the_rate_of_the_paper():
    assert ganin_rate(0) == 0.01
    assert ganin_rate(1) == pytest.approx(0.01 / 11**0.75)
