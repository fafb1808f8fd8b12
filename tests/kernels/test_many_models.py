"""Many trainings at once give each model what it would have got alone: torch.optim is the oracle."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from workshop.errors import WorkshopError
from workshop.kernels import many_models
from workshop.kernels.many_models import (
    ManyRecipe,
    cross_entropy,
    squared_error,
    start_weights,
    train_many,
)

MODELS, EXAMPLES, CLASSES = 5, 12, 3
RATES = torch.tensor([0.003, 0.01, 0.02, 0.05, 0.1], dtype=torch.float64)
LABELS = (12, 1, 5, 7, 3)


def mlp():
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, CLASSES))


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(3, 4, 3), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, CLASSES),
    )  # fmt: skip


SHAPES = {mlp: (4,), cnn: (1, 8, 8)}


def data(make, seed=0):
    """Examples for each model, scattered labels, and a mask that leaves each model another number of them."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(MODELS, EXAMPLES, *SHAPES[make], generator=generator, dtype=torch.float64)
    y = torch.randint(CLASSES, (MODELS, EXAMPLES), generator=generator)
    order = torch.stack([torch.randperm(EXAMPLES, generator=generator) for _ in range(MODELS)])
    return x, y, order < torch.tensor(LABELS)[:, None]


def train(make=mlp, recipe=None, **options):
    x, y, mask = data(make)
    given = {"start": range(MODELS), "rates": RATES, "mask": mask, "recipe": recipe or ManyRecipe(steps=30)}
    given |= {"x": x, "y": y, "device": "cpu"} | options
    return train_many(make, given.pop("x"), given.pop("y"), **given)


def alone(make, start, x, y, mask, rates, recipe, rows=None, loss=cross_entropy):
    """The plain loop: a torch optimiser for each model, on the examples that it has; the models' weights, stacked."""
    ends = []
    for i in range(len(x)):
        network = make().to(x.dtype)
        network.load_state_dict({name: w[i] for name, w in start.items()})
        if recipe.optimiser == "adam":
            optimiser = torch.optim.Adam(network.parameters(), rates[i].item())
        else:
            optimiser = torch.optim.SGD(network.parameters(), rates[i].item(), recipe.momentum)
        for step in range(recipe.steps):
            at = torch.arange(x.shape[1]) if rows is None else rows[step, i]
            at = at[mask[i, at]]
            optimiser.zero_grad()
            loss(network(x[i, at]), y[i, at]).mean().backward()
            optimiser.step()
        ends.append(network.state_dict())
    return {name: torch.stack([end[name] for end in ends]) for name in start}


def assert_same(one, other, tolerance=1e-10):
    assert one.keys() == other.keys()
    for name, weight in one.items():
        torch.testing.assert_close(weight, other[name], rtol=0, atol=tolerance)


@pytest.mark.parametrize("recipe", [ManyRecipe(40), ManyRecipe(40, "sgd"), ManyRecipe(40, "sgd", 0.0)])
@pytest.mark.parametrize(("make", "engine"), [(mlp, "vmap"), (mlp, "stacked_mlp"), (cnn, "vmap")])
def test_each_model_ends_where_it_would_alone(make, engine, recipe):
    x, y, mask = data(make)
    start = {name: w.double() for name, w in start_weights(make, range(MODELS)).items()}
    before = {name: w.clone() for name, w in start.items()}
    trained = train(make, recipe, start=start, engine=engine)
    assert trained.engine == engine
    expected = alone(make, start, x, y, mask, RATES, recipe)
    assert_same(trained.weights, expected)
    assert_same(start, before, 0)  # what was given is left as it is
    assert all((expected[name] - start[name]).abs().flatten(1).amax(1).min() > 1e-4 for name in start)


@pytest.mark.parametrize(("make", "engine"), [(mlp, "vmap"), (mlp, "stacked_mlp"), (cnn, "vmap")])
def test_each_model_ends_where_it_would_alone_on_given_batches(make, engine):
    x, y, mask = data(make)
    recipe, generator = ManyRecipe(25), torch.Generator().manual_seed(3)
    has = [m.nonzero()[:, 0] for m in mask]
    rows = torch.randint(EXAMPLES, (25, MODELS, 6), generator=generator)
    rows[:, :, 0] = torch.stack([h[0] for h in has])  # at least one that the mask leaves
    start = {name: w.double() for name, w in start_weights(make, range(MODELS)).items()}
    trained = train(make, recipe, start=start, rows=rows, engine=engine)
    assert_same(trained.weights, alone(make, start, x, y, mask, RATES, recipe, rows))


@pytest.mark.parametrize("batches", [False, True])
@pytest.mark.parametrize("engine", ["vmap", "stacked_mlp"])
def test_how_models_are_grouped_does_not_matter(engine, batches, monkeypatch):
    rows = torch.arange(EXAMPLES).expand(30, MODELS, EXAMPLES).flip(2) if batches else None
    whole = train(engine=engine, rows=rows)
    monkeypatch.setattr(many_models, "GROUP", 2)
    apart = train(engine=engine, rows=rows)
    assert_same(whole.weights, apart.weights, 1e-12)
    np.testing.assert_allclose(apart.losses, whole.losses, rtol=0, atol=1e-12)


def test_another_loss_is_descended_likewise():
    x, _, mask = data(mlp)
    y = torch.randn(
        MODELS, EXAMPLES, CLASSES, dtype=torch.float64, generator=torch.Generator().manual_seed(1)
    )
    start = {name: w.double() for name, w in start_weights(mlp, range(MODELS)).items()}
    recipe = ManyRecipe(20)
    trained = train(recipe=recipe, y=y, start=start, loss=squared_error)
    assert trained.engine == "vmap"  # the fast engine knows cross-entropy alone
    mean = lambda outputs, target: F.mse_loss(outputs, target, reduction="none").mean(1)  # noqa: E731
    assert_same(trained.weights, alone(mlp, start, x, y, mask, RATES, recipe, loss=mean))


def test_losses_are_those_before_the_steps_that_are_named():
    x, y, mask = data(mlp)
    start = {name: w.double() for name, w in start_weights(mlp, range(MODELS)).items()}
    for engine in ("vmap", "stacked_mlp"):
        trained = train(recipe=ManyRecipe(7, report_every=3), start=start, engine=engine)
        assert trained.step.tolist() == [3, 6, 7] and trained.losses.shape == (3, MODELS)
        so_far = alone(mlp, start, x, y, mask, RATES, ManyRecipe(5))
        for i in range(MODELS):
            network = mlp().double()
            network.load_state_dict({name: w[i] for name, w in so_far.items()})
            expected = F.cross_entropy(network(x[i, mask[i]]), y[i, mask[i]]).item()
            assert trained.losses[1, i] == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("engine", ["vmap", "stacked_mlp"])
def test_what_the_mask_hides_is_not_looked_at(engine):
    x, y, mask = data(mlp)
    hidden_x = x.masked_fill(~mask[..., None], torch.nan)
    hidden_y = y.masked_fill(~mask, -1)
    assert_same(
        train(engine=engine).weights, train(x=hidden_x, y=hidden_y, engine=engine).weights, tolerance=0
    )


@pytest.mark.parametrize(("make", "engine"), [(mlp, "vmap"), (mlp, "stacked_mlp"), (cnn, "vmap")])
def test_a_model_that_diverges_spoils_no_other(make, engine):
    rates = RATES.clone()
    x, _, _ = data(make)
    rates[2], x[2] = 1e200, x[2] * 1e200
    seen = []
    recipe = ManyRecipe(30, "sgd")
    spoilt = train(
        make, recipe, x=x, rates=rates, engine=engine, on_step=lambda *report: seen.append(report) or True
    )
    sound = train(make, recipe, engine=engine)
    assert not np.isfinite(spoilt.losses[-1, 2]) and np.isfinite(np.delete(spoilt.losses, 2, axis=1)).all()
    assert seen[-1][2]["diverged"] == 1
    assert seen[-1][2]["loss"] == pytest.approx(np.delete(sound.losses[-1], 2).mean())
    others = [0, 1, 3, 4]
    for name, weight in sound.weights.items():
        torch.testing.assert_close(spoilt.weights[name][others], weight[others], rtol=0, atol=1e-12)
    assert any(not w[2].isfinite().all() for w in spoilt.weights.values())


@pytest.mark.parametrize(("make", "engine"), [(mlp, "vmap"), (mlp, "stacked_mlp"), (cnn, "vmap")])
def test_the_order_of_models_does_not_matter(make, engine):
    order = torch.tensor([3, 0, 4, 2, 1])
    x, y, mask = (t[order] for t in data(make))
    moved = train(make, x=x, y=y, mask=mask, start=order.tolist(), rates=RATES[order], engine=engine)
    still = train(make, engine=engine)
    assert_same(moved.weights, {name: w[order] for name, w in still.weights.items()}, 1e-12)


@pytest.mark.parametrize("engine", ["vmap", "stacked_mlp"])
def test_same_seeds_same_weights_and_the_global_generator_is_left_alone(engine):
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = train(engine=engine)
    assert torch.equal(state, torch.get_rng_state())
    torch.manual_seed(2)
    assert_same(first.weights, train(engine=engine).weights, tolerance=0)
    other = train(engine=engine, start=range(1, MODELS + 1))
    assert not torch.equal(first.weights["0.weight"], other.weights["0.weight"])


@pytest.mark.parametrize(("make", "engine"), [(mlp, "vmap"), (mlp, "stacked_mlp"), (cnn, "vmap")])
@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
def test_it_runs_on_meta(make, engine, optimiser):
    """No look at a value between two reports, so that no step waits for the device."""
    trained = train(make, ManyRecipe(3, optimiser), engine=engine, device="meta")
    assert trained.device == "meta" and trained.steps == 3 and not len(trained.step)
    assert all(w.device.type == "meta" for w in trained.weights.values())


def test_it_can_be_stopped_and_says_so():
    seen = []

    def on_step(step, total, metrics):
        seen.append((step, total))
        return step < 20

    trained = train(recipe=ManyRecipe(50, report_every=10), on_step=on_step)
    assert seen == [(10, 50), (20, 50)]
    assert trained.stopped and trained.steps == 20 and trained.step.tolist() == [10, 20]
    assert_same(trained.weights, train(recipe=ManyRecipe(20)).weights, 0)
    at_the_end = train(recipe=ManyRecipe(10), on_step=lambda *_: False)
    assert not at_the_end.stopped and at_the_end.steps == 10


@pytest.mark.parametrize("make", [mlp, cnn])
def test_the_models_can_be_used(make):
    trained, (x, _, _) = train(make), data(make)
    together = trained.outputs(x[0])
    assert together.shape == (MODELS, EXAMPLES, CLASSES)
    for i in range(MODELS):
        torch.testing.assert_close(trained.model(i)(x[0]).detach(), together[i], rtol=0, atol=1e-12)


def test_auto_takes_the_fast_engine_where_it_applies():
    assert train().engine == "stacked_mlp" and train(cnn).engine == "vmap"

    class Own(nn.Sequential):
        def forward(self, x):
            return super().forward(x) * 2

    x, y, _ = data(mlp)
    doubled = train_many(lambda: Own(*mlp()), x, y, start=range(MODELS), rates=0.1, device="cpu")
    assert doubled.engine == "vmap"


def with_norm():
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, CLASSES))


def with_layer_norm():
    return nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8), nn.Linear(8, CLASSES))


def with_dropout():
    return nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.Linear(8, CLASSES))


X, Y, MASK = data(mlp)
START = start_weights(mlp, range(MODELS))
BATCHES = torch.zeros(30, MODELS, 2, dtype=torch.int64)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"y": Y[:, 1:]}, "x is (5, 12, 4) and y is (5, 11). Both must begin with (models, examples)"),
        ({"x": X[:, :0], "y": Y[:, :0]}, "at least one model and one example"),
        ({"x": X.long()}, "x holds torch.int64; it must be floating point"),
        ({"x": X[..., :3]}, "The network does not take examples of shape (3,)"),
        ({"y": Y.double()}, "y is (5, 12) of torch.float64; cross-entropy needs a class each"),
        ({"y": Y + 1, "mask": None}, "The classes go from 1 to 3; the network has outputs for 0 to 2."),
        ({"mask": MASK[:4]}, "The mask is (4, 12) of torch.bool; it must be (5, 12)"),
        ({"mask": MASK.double()}, "The mask is (5, 12) of torch.float64; it must be (5, 12) of torch.bool"),
        ({"mask": MASK & (torch.arange(5) != 3)[:, None]}, "Model 3 has no example"),
        ({"mask": torch.zeros_like(MASK)}, "Models 0, 1, 2, 3, 4 have no example"),
        ({"rates": RATES[:4]}, "The rates are (4,); give one number, or one for each of 5 models."),
        ({"rates": -RATES}, "Every learning rate must be finite and above 0."),
        ({"rates": torch.nan}, "Every learning rate must be finite and above 0."),
        ({"start": []}, "There is no model to train: give at least one seed."),
        ({"start": [1, 2]}, "The starting weights of 0.weight are (2, 8, 4); for 5 models they must be (5, 8, 4)."),
        ({"start": {"a": X}}, "The starting weights are a; the network has 0.weight, 0.bias, 2.weight"),
        ({"rows": BATCHES[1:]}, "rows is (29, 5, 2) of torch.int64; it must be (30, 5, batch)"),
        ({"rows": BATCHES - 1}, "rows go from -1 to -1; the examples go from 0 to 11."),
        ({"rows": BATCHES, "mask": torch.arange(12).expand(5, 12) > 0}, "have a batch without any example"),
        ({"engine": "fast"}, "There is no engine 'fast'. Choose one of: auto, vmap, stacked_mlp."),
        ({"engine": "stacked_mlp", "loss": squared_error}, "The engine 'stacked_mlp' takes an nn.Sequential"),
        ({"make": with_norm}, "The network has a BatchNorm1d."),
        ({"make": with_dropout}, "The network has a Dropout."),
        ({"make": with_layer_norm}, "this network has a LayerNorm. Give starting weights instead."),
    ],
)  # fmt: skip
def test_bad_input_gets_a_sentence(wrong, message):
    options = {"make": mlp, "x": X, "y": Y, "start": START, "rates": RATES, "mask": MASK, "device": "cpu"}
    if "make" in wrong:
        options["start"] = range(MODELS)
    options |= {"recipe": ManyRecipe(30)} | wrong
    with pytest.raises(WorkshopError, match=re.escape(message)):
        train_many(options.pop("make"), options.pop("x"), options.pop("y"), **options)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"steps": 0}, "0 steps with a report every 20: both must be at least 1."),
        ({"report_every": 0}, "a report every 0"),
        ({"optimiser": "adamw"}, "There is no optimiser 'adamw'. Choose 'adam' or 'sgd'."),
        ({"momentum": 1.0}, "The momentum is 1; it must be at least 0 and below 1."),
    ],
)
def test_a_recipe_that_cannot_work_gets_a_sentence(wrong, message):
    with pytest.raises(WorkshopError, match=re.escape(message)):
        ManyRecipe(**wrong)
