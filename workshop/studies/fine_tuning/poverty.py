"""Night lights to poverty: a task with plenty of labels trains the features, a ridge regression does the rest.

After Jean et al. (2016), "Combining satellite imagery and machine learning to predict poverty", Science 353. The
landscape and its rules are those of :mod:`workshop.datasets.landscape`; nothing here is about a real country.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from workshop.datasets.landscape import landscape
from workshop.datasets.tasks import as_pictures
from workshop.kernels.chance import Chance
from workshop.kernels.descent import OnStep
from workshop.kernels.fine_tuning import FineTuneRecipe, fine_tune, prefix_features
from workshop.kernels.small_net import small_net

SIDE = 64
PIXELS = 16  #: a side of the tiles whose raw pixels are regressed on: more pixels do no better
#: Only tiles that people live in: no open fields, no plantations.
LIVED_IN = (0, 1, 1, 1, 1, 0)
#: Tiles with a known light, and tiles of the exam.
PROXY = {"smoke": 200, "ci": 1000, "class": 3000, "full": 3000}
EXAM = {"smoke": 100, "ci": 800, "class": 1000, "full": 1000}
SURVEYED = {"smoke": (60,), "ci": (100,), "class": (50, 100, 200, 400), "full": (50, 100, 200, 400)}
MAIN = 100  #: surveyed tiles that the claim is about
PENALTIES = np.logspace(-2, 6, 17)
FEATURES, RANDOM, RAW, SCRATCH, LIGHT = (
    "night-light features", "random features", "raw pixels", "network from scratch", "the light itself"
)  # fmt: skip
PROBED = {"roofs": "buildings", "paved road": "paved"}


@dataclass(frozen=True, eq=False)
class Poverty:
    """How well the survey is predicted, by way of predicting and number of surveyed tiles.

    Attributes:
        lights: R2 of the network on its own task, the night lights of the exam's tiles.
        surveyed: (S,) numbers of surveyed tiles.
        r2: way -> (S,) R2 on the survey of tiles that nothing was learnt from.
        wealth: (S,) R2 of the night-light features on the latent wealth itself.
        errors: way -> (M,) squared error of each of the exam's tiles, with MAIN (or the most) surveyed tiles.
        spread: (M,) squared distance of each from the mean.
        probe: way -> (2,) R2 of a linear probe for :data:`PROBED`, from all surveyed tiles.
        seconds: of training on the lights.
        tiles: with a known light.
        pictures: (K, 64, 64, 3) uint8, some of the exam's tiles; ``shown``: (K, 3) survey, prediction and light.
    """

    lights: float
    surveyed: np.ndarray
    r2: dict[str, np.ndarray]
    wealth: np.ndarray
    errors: dict[str, np.ndarray] = field(repr=False)
    spread: np.ndarray = field(repr=False)
    probe: dict[str, np.ndarray]
    seconds: float
    tiles: int
    pictures: np.ndarray = field(repr=False)
    shown: np.ndarray = field(repr=False)
    seed: int
    budget: str

    @property
    def main(self) -> int:
        """The number of surveyed tiles that :attr:`errors` are about."""
        counts = self.surveyed.tolist()
        return MAIN if MAIN in counts else counts[-1]


def run_poverty(budget: str, seed: int, device: torch.device | str, on_step: OnStep | None) -> Poverty:
    """Train on lights, freeze, regress on the survey; beside it raw pixels, random features, and from scratch."""
    proxy, exam, counts = PROXY[budget], EXAM[budget], SURVEYED[budget]
    tiles = landscape(proxy + max(counts) + exam, seed=1000 + seed, kinds=LIVED_IN)
    images = as_pictures(tiles.images, SIDE, device)
    place = {
        "proxy": slice(0, proxy),
        "survey": slice(proxy, proxy + max(counts)),
        "exam": slice(-exam, None),
    }
    lights = torch.from_numpy((tiles.lights - tiles.lights[:proxy].mean()) / tiles.lights[:proxy].std()).to(
        device
    )
    recipe = FineTuneRecipe(epochs=1 if budget == "smoke" else 6, batch=64, learning_rate=3e-3)
    trained = fine_tune(
        small_net(1, Chance(seed, device), SIDE), images[place["proxy"]], lights[place["proxy"]], recipe=recipe,
        exam=(images[place["exam"]], lights[place["exam"]]), seed=seed, on_step=on_step,
    )  # fmt: skip
    untrained = small_net(1, Chance(seed, device), SIDE).eval()
    inputs = {
        FEATURES: prefix_features(trained.network, images).cpu().numpy(),
        RANDOM: prefix_features(untrained, images).cpu().numpy(),
        RAW: as_pictures(tiles.images, PIXELS).flatten(1).float().numpy(),
        LIGHT: tiles.lights[:, None],
    }
    truth, survey = tiles[place["exam"]], tiles[place["survey"]]
    guesses: dict[str, list[np.ndarray]] = {}
    for count in counts:
        for way, numbers in inputs.items():
            model = ridge().fit(numbers[place["survey"]][:count], survey.survey[:count])
            guesses.setdefault(way, []).append(model.predict(numbers[place["exam"]]))
        guesses.setdefault(SCRATCH, []).append(
            _from_scratch(images, survey.survey[:count], place, budget, seed)
        )
    probe = {
        way: np.array([
            ridge().fit(inputs[way][place["survey"]], getattr(survey, name)).score(
                inputs[way][place["exam"]], getattr(truth, name)
            ) for name in PROBED.values()
        ]) for way in (FEATURES, RANDOM, RAW)
    }  # fmt: skip
    at = counts.index(MAIN) if MAIN in counts else len(counts) - 1
    order = np.argsort(guesses[FEATURES][at])[np.linspace(2, exam - 3, 6).astype(int)]
    return Poverty(
        lights=float(trained.score[-1]), surveyed=np.array(counts),
        r2={way: np.array([r2(g, truth.survey) for g in each]) for way, each in guesses.items()},
        wealth=np.array([r2(g, truth.wealth) for g in guesses[FEATURES]]),
        errors={way: ((each[at] - truth.survey) ** 2).astype(np.float32) for way, each in guesses.items()},
        spread=((truth.survey - truth.survey.mean()) ** 2).astype(np.float32), probe=probe,
        seconds=trained.seconds, tiles=proxy, pictures=truth.images[order],
        shown=np.stack([truth.survey, guesses[FEATURES][at], truth.lights], axis=1)[order].astype(np.float32),
        seed=seed, budget=budget,
    )  # fmt: skip


def ridge():
    """Ridge regression on standardised inputs; its penalty by leave-one-out on the surveyed tiles alone."""
    return make_pipeline(StandardScaler(), RidgeCV(PENALTIES))


def r2(guess: np.ndarray, truth: np.ndarray) -> float:
    """The share of the variance that is explained."""
    return 1 - float(((guess - truth) ** 2).mean() / truth.var())


def _from_scratch(images, survey, place, budget: str, seed: int) -> np.ndarray:
    """The same network trained on the surveyed tiles alone; its predictions for the exam."""
    targets = torch.from_numpy(survey - survey.mean()).to(images.device)
    epochs = 1 if budget == "smoke" else max(15, 4000 / len(survey))
    done = fine_tune(
        small_net(1, Chance(seed, images.device), SIDE), images[place["survey"]][: len(survey)], targets,
        recipe=FineTuneRecipe(epochs, batch=32, learning_rate=3e-3), seed=seed,
    )  # fmt: skip
    with torch.no_grad():
        answers = torch.cat([done.network(part) for part in images[place["exam"]].split(200)])
    return answers[:, 0].cpu().numpy() + survey.mean()
