"""A small run for each row of the settings table: the same question answered without transfer and with it.

Each takes a generator and returns two scores, higher is better, of the same pictures or points of the target. What is
drawn anew are the rows to learn from; digits are scored on the sealed side of mnist10k, which nothing is chosen by.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from scipy.linalg import fractional_matrix_power
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.datasets import load_diabetes, load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import adjusted_rand_score, r2_score
from sklearn.preprocessing import PolynomialFeatures

from workshop import datasets
from workshop.datasets.digits import standardised
from workshop.kernels.chance import Chance
from workshop.kernels.descent import Recipe, descend
from workshop.kernels.digit_net import DigitNet, initialised

SHOTS = 5  #: labelled target digits of each class
SOURCE_DIGITS = 1500  #: pictures of the source's digits, 0 to 4; the target's are 5 to 9
RECIPE = Recipe(steps=100, batch=32, warm_up=20)  #: of the shared layers; pictures of each task a step
PATCH, WORDS = 5, 64  #: side of a patch in pixels; how many prototypes of patches
COMPONENTS = 20  #: of a principal component analysis
SIDE = 14  #: pixels, of the pictures whose patches and components are taken

Scores = tuple[float, float]


@dataclass(frozen=True, eq=False)
class DigitWorld:
    """Digits 0 to 4 to learn from elsewhere, 5 to 9 to be told apart.

    Attributes:
        images: (N, H, W) uint8 of the open side, in the order of one draw; ``labels`` (N,).
        exam: (M, H, W) uint8 of the sealed side, digits 5 to 9 only; ``exam_labels`` (M,).
        source: rows of ``images``: :data:`SOURCE_DIGITS` of the digits 0 to 4.
        target: rows of ``images``: all of the digits 5 to 9.
        few: (25,) rows of ``target``: :data:`SHOTS` of each digit.
    """

    images: np.ndarray
    labels: np.ndarray
    exam: np.ndarray
    exam_labels: np.ndarray
    source: np.ndarray
    target: np.ndarray
    few: np.ndarray


def digit_world(rng: np.random.Generator) -> DigitWorld:
    """Draw which digits are there to learn from."""
    opened, sealed = _sides()
    order = rng.permutation(len(opened))
    images, labels = opened.images[order], opened.labels[order]
    target, asked = np.flatnonzero(labels >= 5), sealed.labels >= 5
    few = np.concatenate([target[labels[target] == digit][:SHOTS] for digit in range(5, 10)])
    source = np.flatnonzero(labels < 5)[:SOURCE_DIGITS]
    return DigitWorld(images, labels, sealed.images[asked], sealed.labels[asked], source, target, few)


def multi_task(rng: np.random.Generator) -> Scores:
    """Accuracy on 5 to 9 of a network of 25 labels, alone, and sharing all but its last layer with 0 to 4."""
    world, seed = digit_world(rng), int(rng.integers(2**31))
    return _network(world, False, seed), _network(world, True, seed)


def self_taught(rng: np.random.Generator) -> Scores:
    """Accuracy on 5 to 9 of a logistic regression of 25 labels, on pixels, and on features of patches whose
    prototypes are of unlabelled 0 to 4."""
    world, seed = digit_world(rng), int(rng.integers(2**31))
    model = LogisticRegression(max_iter=500).fit(_flat(world.images[world.few]), world.labels[world.few])
    return float(model.score(_flat(world.exam), world.exam_labels)), _by_patches(world, world.source, seed)


def self_taught_control(rng: np.random.Generator) -> Scores:
    """As :func:`self_taught`, but without transfer the prototypes are of the 25 pictures themselves: what is left
    of the gain is owed to the source, and not to the kind of feature."""
    world, seed = digit_world(rng), int(rng.integers(2**31))
    return _by_patches(world, world.few, seed), _by_patches(world, world.source, seed)


def domain_adaptation(rng: np.random.Generator) -> Scores:
    """Accuracy on mnist10k of a logistic regression of 1,000 labelled digits of scikit-learn's (other writers, another
    scanner), as they are, and aligned to 1,000 unlabelled target pictures."""
    opened, sealed = _sides()
    pictures, digits = load_digits(return_X_y=True)
    rows = rng.permutation(len(digits))[:1000]
    taught, named = pictures[rows] / 16, digits[rows]
    seen = eight_by_eight(opened.images[rng.permutation(len(opened))[:1000]])
    exam = eight_by_eight(sealed.images)

    def accuracy(x: np.ndarray) -> float:
        return float(LogisticRegression(max_iter=500).fit(x, named).score(exam, sealed.labels))

    return accuracy(taught), accuracy(coral(taught, seen))


def selection_bias(rng: np.random.Generator) -> Scores:
    """R² among all patients of a linear regression of a sample that the heavy seldom got into: everybody counts
    alike, or the more, the rarer the selection made their like. Real data: scikit-learn's diabetes."""
    x, y = load_diabetes(return_X_y=True)
    order = rng.permutation(len(y))
    people, exam = order[:300], order[300:]
    weight = x[people, 2] / x[:, 2].std()  # the body mass index
    chosen = people[rng.random(len(people)) < 1 / (1 + np.exp(2 * weight))]
    rare = importance(x[chosen], x[people])
    return tuple(
        float(r2_score(y[exam], LinearRegression().fit(x[chosen], y[chosen], w).predict(x[exam])))
        for w in (None, rare)
    )


def covariate_shift(rng: np.random.Generator) -> Scores:
    """R² in the target of a straight line through a curve, labels where x is large, target where it is small:
    all alike, and weighted. The curve and both distributions are those of Shimodaira (2000), J. Stat. Plan. Inference.
    """

    def points(mean: float, deviation: float, count: int) -> tuple[np.ndarray, np.ndarray]:
        x = rng.normal(mean, deviation, (count, 1))
        return x, x[:, 0] ** 3 - x[:, 0] + rng.normal(0, 0.2, count)

    x, y = points(0.5, 0.5, 200)
    seen, _ = points(0.0, 0.3, 200)  # the target without its labels
    exam, answers = points(0.0, 0.3, 2000)
    square = PolynomialFeatures(2, include_bias=False)
    weights = importance(square.fit_transform(x), square.fit_transform(seen))
    return tuple(
        float(r2_score(answers, LinearRegression().fit(x, y, w).predict(exam))) for w in (None, weights)
    )


def dimensionality_reduction(rng: np.random.Generator) -> Scores:
    """Share of the variance of 5 to 9 that 20 components keep: of 30 pictures of their own, of 1,500 others."""
    world = digit_world(rng)
    flat, exam = _flat(world.images), _flat(world.exam)
    spread = ((exam - exam.mean(0)) ** 2).sum()

    def kept(rows: np.ndarray) -> float:
        reduced = PCA(COMPONENTS, random_state=0).fit(flat[rows])
        return float(1 - ((exam - reduced.inverse_transform(reduced.transform(exam))) ** 2).sum() / spread)

    return kept(world.target[:30]), kept(world.source)


def clustering(rng: np.random.Generator) -> Scores:
    """Adjusted Rand index of 5 clusters of 150 unlabelled pictures of 5 to 9, in 20 components: their own, others'."""
    world, seed = digit_world(rng), int(rng.integers(2**31))
    flat, rows = _flat(world.images), world.target[:150]

    def agreement(learned: np.ndarray) -> float:
        reduced = PCA(COMPONENTS, random_state=0).fit(flat[learned]).transform(flat[rows])
        found = KMeans(5, n_init=10, random_state=seed).fit_predict(reduced)
        return float(adjusted_rand_score(world.labels[rows], found))

    return agreement(rows), agreement(world.source)


def importance(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Weights (N,) of mean 1 for ``source`` (N, F), about P_target(x) / P_source(x), by a domain classifier."""
    both = np.concatenate([source, target])
    scaled = (both - both.mean(0)) / both.std(0)
    domain = np.repeat([0, 1], [len(source), len(target)])
    odds = np.exp(LogisticRegression(max_iter=500).fit(scaled, domain).decision_function(scaled[domain == 0]))
    return odds / odds.mean()


def coral(source: np.ndarray, target: np.ndarray, ridge: float = 0.1) -> np.ndarray:
    """``source`` (N, F) with mean and covariance made those of ``target`` (M, F), up to the ridge.

    Sun et al. (2016), "Return of Frustratingly Easy Domain Adaptation", AAAI.
    """
    own, aim = (np.cov(x.T) + ridge * np.eye(x.shape[1]) for x in (source, target))
    turn = fractional_matrix_power(own, -0.5) @ fractional_matrix_power(aim, 0.5)
    return (source - source.mean(0)) @ np.real(turn) + target.mean(0)


def prototypes(images: np.ndarray, seed: int) -> np.ndarray:
    """(WORDS, 25) what patches of ``images`` (N, 14, 14) look like, by k-means; empty patches do not count.

    Coates & Ng (2012), "Learning Feature Representations with K-means".
    """
    patches = _patches(images).reshape(-1, PATCH**2)
    patches = patches[patches.std(1) > 0.05]
    if len(patches) > 20_000:
        patches = patches[np.random.default_rng(seed).permutation(len(patches))[:20_000]]
    return MiniBatchKMeans(WORDS, n_init=1, random_state=seed).fit(patches).cluster_centers_


def patch_features(images: np.ndarray, words: np.ndarray) -> np.ndarray:
    """(N, 25 * WORDS): how near each prototype is to the patches around each of 5 x 5 places, 0 if not nearer than
    the average prototype."""
    patches = _patches(images)
    squares = (patches**2).sum(2, keepdims=True) - 2 * patches @ words.T + (words**2).sum(1)
    away = np.sqrt(np.maximum(squares, 0))
    near = np.maximum(away.mean(2, keepdims=True) - away, 0)
    half = (SIDE - PATCH + 1) // 2
    return near.reshape(len(images), half, 2, half, 2, -1).mean((2, 4)).reshape(len(images), -1)


def small_pictures(images: np.ndarray) -> np.ndarray:
    """(N, 14, 14) in 0..1, of uint8 (N, H, W)."""
    return _resized(images, SIDE)


def eight_by_eight(images: np.ndarray) -> np.ndarray:
    """(N, 64) in 0..1: the middle 20 x 20 pixels of MNIST's digits, as small as scikit-learn's."""
    return _resized(images[:, 4:24, 4:24], 8).reshape(len(images), -1)


@lru_cache(maxsize=1)
def _sides() -> tuple[datasets.ImageSet, datasets.ImageSet]:
    return datasets.split(datasets.load("mnist10k"))


def _resized(images: np.ndarray, side: int) -> np.ndarray:
    grey = torch.from_numpy(np.ascontiguousarray(images))[:, None].float() / 255
    small = F.interpolate(grey, (side, side), mode="bilinear", antialias=True, align_corners=False)
    return small[:, 0].numpy()


def _flat(images: np.ndarray) -> np.ndarray:
    return small_pictures(images).reshape(len(images), -1)


def _patches(images: np.ndarray) -> np.ndarray:
    """(N, 100, 25), each patch of mean 0."""
    patches = np.lib.stride_tricks.sliding_window_view(images, (PATCH, PATCH), (1, 2))
    patches = patches.reshape(len(images), -1, PATCH**2)
    return patches - patches.mean(2, keepdims=True)


def _by_patches(world: DigitWorld, learned: np.ndarray, seed: int) -> float:
    """Accuracy of 25 labels on features whose prototypes were found, without labels, in the rows ``learned``."""
    words = prototypes(small_pictures(world.images[learned]), seed)
    taught = patch_features(small_pictures(world.images[world.few]), words)
    unit = taught.std()
    model = LogisticRegression(max_iter=500).fit(taught / unit, world.labels[world.few])
    return float(model.score(patch_features(small_pictures(world.exam), words) / unit, world.exam_labels))


def _network(world: DigitWorld, shared: bool, seed: int) -> float:
    """Accuracy of a network taught the few target digits, and, if ``shared``, the source's in the same steps."""
    chance = Chance(seed, torch.device("cpu"))
    network = initialised(DigitNet, chance)

    def rows(which: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        return standardised(world.images[which]), torch.from_numpy(world.labels[which])

    few, few_labels = rows(world.few)
    others, other_labels = rows(world.source)

    def loss_at(step: int):
        here = chance.rows(RECIPE.batch, of=len(few))
        if not shared:
            return F.cross_entropy(network(few[here], len(here))[:, 5:], few_labels[here] - 5), {}
        there = chance.rows(RECIPE.batch, of=len(others))
        logits = network(torch.cat([few[here], others[there]]), 2 * RECIPE.batch)
        own = F.cross_entropy(logits[: RECIPE.batch, 5:], few_labels[here] - 5)
        return own + F.cross_entropy(logits[RECIPE.batch :, :5], other_labels[there]), {}

    descend(network.parameters(), loss_at, network, RECIPE, seed=seed, device=chance.device)
    network.eval()
    exam = standardised(world.exam)
    with torch.no_grad():
        said = network(exam, len(exam))[:, 5:].argmax(1).numpy() + 5
    return float((said == world.exam_labels).mean())
