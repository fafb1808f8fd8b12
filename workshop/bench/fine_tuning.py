"""Bench of lesson 02: training on cached activations beside the same training without, and the panel's own answer."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

from workshop.bench.timing import Row, throughput
from workshop.datasets.tasks import task
from workshop.kernels.block_net import with_new_head
from workshop.kernels.chance import Chance
from workshop.kernels.feature_cache import FeatureCache
from workshop.kernels.fine_tuning import FineTuneRecipe, fine_tune
from workshop.kernels.imagenet_net import SIDE, imagenet_net
from workshop.panels.fine_tuning import FrozenLayersPanel
from workshop.studies.fine_tuning import FineTuningStudy
from workshop.studies.fine_tuning.recipes import HEAD, LITE

LABELS = 200
EPOCHS, PEER_EPOCHS = {HEAD: 40, "from stage 7": 2}, 1
TOGGLES = 20
_PEER = "the same loop without a cache"


def rows() -> list[Row]:
    """Measure all rows; about two minutes."""
    images, labels = task("digits").labelled(LABELS, SIDE)
    return [
        _cached("head_retrain_cached", HEAD, images, labels),
        _cached("last_block_cached", "from stage 7", images, labels),
        *panel_latency(),
    ]


def _cached(name: str, depth: str, images, labels) -> Row:
    """Passes over the labels a second; the cache is filled before, as it is from the second training on."""
    cache, network = FeatureCache(), imagenet_net()

    def train(epochs: float, cache: FeatureCache | None) -> Callable[[], object]:
        recipe = FineTuneRecipe(epochs)
        return lambda: fine_tune(
            with_new_head(network, 10, Chance(0)),
            images,
            labels,
            frozen=LITE.frozen(depth),
            recipe=recipe,
            cache=cache,
        )

    epochs = EPOCHS[depth]
    return throughput(
        name, "pictures/s", LABELS * epochs, train(epochs, cache), train(PEER_EPOCHS, None), _PEER,
        f"ImageNet network, {SIDE} pixels, {LABELS} labels, {depth}", rounds=5,
        peer_work=LABELS * PEER_EPOCHS,
    )  # fmt: skip


def panel_latency(toggles: int = TOGGLES) -> list[Row]:
    """Milliseconds in the panel's own callbacks: from a toggle to new words, and to a retrained head. No peer."""
    panel = FrozenLayersPanel(FineTuningStudy(budget="class"))
    box = next(box for box in panel.boxes.children if box.description == "top")
    toggled, retrained = [], []
    for round_ in range(toggles + 2):
        started = time.perf_counter()
        box.value = not box.value
        toggled.append(time.perf_counter() - started)
        panel.preset(HEAD)
        started = time.perf_counter()
        panel.training.start()
        panel.training.job.wait()
        retrained.append(time.perf_counter() - started)
        if round_ == 1:  # the first two fill caches
            toggled.clear(), retrained.clear()
    return [
        _latency(
            "toggle_latency_ms",
            toggled,
            "freeze or thaw a block: weights, memory, stored answer, picture, table",
        ),
        _latency(
            "toggle_and_retrain_head_ms",
            retrained,
            f"a new head on {LABELS} labels, exam and picture included",
        ),
    ]


def _latency(name: str, seconds: list[float], what: str) -> Row:
    times = 1000 * np.array(seconds)
    p95 = float(np.quantile(times, 0.95))
    note = f"p95 of {len(times)} {what}; median {statistics.median(times):.0f}"
    return Row(name, "ms", "lower", p95, None, None, None, note)
