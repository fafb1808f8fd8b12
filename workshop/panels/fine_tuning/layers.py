"""The frozen-layers panel: choose what to thaw, see at once what that costs, train, and compare all tries."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import ipywidgets as widgets

from workshop.figures.fine_tuning.live import BEFORE, CurvePicture
from workshop.kernels.block_net import Share, counts, frozen_prefix, share
from workshop.kernels.descent import OnStep
from workshop.panels.fine_tuning.choice import Choice, blocks_as_html, in_percent, megabytes
from workshop.panels.fine_tuning.tries import STORED, TASKS, Tries
from workshop.panels.quiet import Quiet
from workshop.panels.training import TrainingPanel
from workshop.studies.fine_tuning import FineTuningStudy, Run
from workshop.studies.fine_tuning.recipes import EVERYTHING, SCRATCH, SOME, SOURCES

LABELS = (20, 50, 100, 200, 500, 1000, 2000)
CLASSES = {"digits": 10, "tiles": 6, "renders": 10}
RATES = {"all blocks alike": 1.0, "x 0.8 a block": 0.8, "x 0.5 a block": 0.5}
_STYLE = {"description_width": "6.5em"}
_WIDE = widgets.Layout(width="24em", max_width="100%")
_WRAP = widgets.Layout(flex_flow="row wrap")
_BEGINNINGS = {"pre-trained": True, "from scratch (random)": False}
_NONE_TO_KEEP = (
    "From scratch there are no batch statistics to keep: kept as they are, they would switch batch normalisation off. "
    "So they are learnt."
)
_STATISTICS = {"learnt anew (thawed)": False, "kept everywhere": True}


class FrozenLayersPanel(widgets.VBox):
    """Freeze and thaw blocks; see weights and memory at once; train while watching; compare all tries.

    Args:
        study: its stored results answer at once; it trains.
    """

    def __init__(self, study: FineTuningStudy) -> None:
        self._study, self._quiet, self._artist = study, Quiet(), CurvePicture()
        self._stored = study.runs()
        self._curves: list[
            tuple[tuple[str, int], list[float]]
        ] = []  #: trained here: (pictures, labels), scores
        self._weights: dict[str, dict[str, int]] = {}
        self._live = self._begun = None  #: what is being trained, and its total of steps
        self.tries = Tries()
        for run in self._stored:
            self.tries.add(run, run.depth, STORED)
        self._make_controls()
        self.training = TrainingPanel(self._train, self._draw, on_result=self._finished, redraw_every=0.3)
        self.training.train_button.tooltip = "Train the thawed blocks on the labels chosen above"
        self._other_source()
        super().__init__(
            [
                widgets.HBox(
                    [self.source, self.task, self.labels, self.rates, self.statistics], layout=_WRAP
                ),
                self.begin,
                self.closed,
                widgets.HTML("<b>Presets along the spectrum</b>"),
                self.presets,
                widgets.HTML(
                    "<b>Blocks, from the pixels to the head</b>: ticked is thawed, so it is trained"
                ),
                self.boxes,
                self.picture,
                self.words,
                self.answer,
                self.training,
                self.tries,
            ]
        )

    def preset(self, depth: str) -> None:
        """Thaw what a depth of the spectrum thaws."""
        frozen = SOURCES[self.source.value].frozen(depth)
        with self._quiet.lock:
            with self._quiet.kept():
                for box in self.boxes.children:
                    box.value = box.description not in frozen
            self._changed()

    @property
    def choice(self) -> Choice:
        """What the controls say now."""
        thawed = tuple(box.description for box in self.boxes.children if box.value)
        return Choice(SOURCES[self.source.value], self.task.value, self.labels.value, thawed, self.begin.value,
                      self.rates.value, self.statistics.value)  # fmt: skip

    @property
    def share(self) -> Share:
        """What the choice leaves to be trained."""
        return share(self._weights_of(self.choice), self.choice.frozen)

    def _make_controls(self) -> None:
        style = {"style": _STYLE, "layout": _WIDE}
        networks = [(source.title, key) for key, source in SOURCES.items()]
        self.source = widgets.Dropdown(
            options=networks,
            description="Network:",
            style=_STYLE,
            layout=widgets.Layout(width="32em", max_width="100%"),
        )
        self.task = widgets.Dropdown(options=list(TASKS.items()), description="Pictures:", **style)
        self.labels = widgets.SelectionSlider(
            options=[(f"{count:,}", count) for count in LABELS], value=SOME, description="Labels:", **style
        )
        self.rates = widgets.Dropdown(options=list(RATES.items()), description="Step sizes:", **style)
        self.statistics = widgets.Dropdown(
            options=list(_STATISTICS.items()), description="Batch stats:", **style
        )
        self.begin = widgets.RadioButtons(
            options=list(_BEGINNINGS.items()), description="Weights:", style=_STYLE
        )
        self.presets, self.boxes = widgets.HBox(layout=_WRAP), widgets.HBox(layout=_WRAP)
        self.picture, self.words, self.answer = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.closed = widgets.HTML()  #: why a control is closed
        self.source.observe(self._other_source, "value")
        for control in (self.task, self.labels, self.rates, self.statistics, self.begin):
            control.observe(self._changed, "value")

    def _other_source(self, _: object = None) -> None:
        """Another network has other blocks and other presets."""
        with self._quiet.lock, self._quiet.kept():
            source = SOURCES[self.source.value]
            for old in (*self.presets.children, *self.boxes.children):
                old.close()
            buttons = [
                widgets.Button(description=depth, tooltip=f"Thaw {', '.join(source.blocks[-count:])}",
                               layout=widgets.Layout(width="9em"))
                for depth, count in source.depths.items()
            ]  # fmt: skip
            for button in buttons:
                button.on_click(lambda pressed: self.preset(pressed.description))
            boxes = [
                widgets.Checkbox(description=name, indent=False, value=name == source.blocks[-1],
                                 tooltip=f"Train the block {name}", layout=widgets.Layout(width="5.6em"))
                for name in source.blocks
            ]  # fmt: skip
            for box in boxes:
                box.observe(self._changed, "value")
            self.presets.children, self.boxes.children = buttons, boxes
        self._changed()

    def _weights_of(self, choice: Choice) -> Mapping[str, int]:
        """Weights by block, with a head for the classes of the task."""
        key = choice.source.key
        if key not in self._weights:
            network = self._study.network(key)
            self._weights[key] = counts(network) | {"head": network.head.in_features + 1}
        weights = self._weights[key]
        return weights | {"head": weights["head"] * CLASSES[choice.task]}

    # ---- what is seen at once ----------------------------------------------------------------------

    def _changed(self, _: object = None) -> None:
        with self._quiet.lock:
            if self._quiet.on:
                return
            self._without_statistics()
            choice = self.choice
            weights = self._weights_of(choice)
            self.picture.value = blocks_as_html(choice, weights)
            self.training.train_button.disabled = not choice.thawed or self._live is not None
            self._say(self.words, self._costs(choice, share(weights, choice.frozen)))
            self._answer(choice)
            self.tries.about(choice.task, choice.labels)

    def _without_statistics(self) -> None:
        """Random weights come with no statistics to keep: the choice is closed then, and a sentence says why."""
        scratch = not self.begin.value
        if scratch and self.statistics.value:
            with self._quiet.kept():
                self.statistics.value = False
        self.statistics.disabled = scratch
        self._say(self.closed, _NONE_TO_KEEP if scratch else "")

    @staticmethod
    def _costs(choice: Choice, left: Share) -> str:
        if not choice.thawed:
            return "Every block is frozen: nothing is left to train. Thaw at least one block."
        cut = frozen_prefix(choice.source.blocks, choice.frozen)
        kept = (
            f"The lowest {cut} of {len(choice.source.blocks)} blocks are frozen: what they make of a picture is "
            "computed once."
            if cut
            else "The lowest block is trained, so every picture goes through every block in every pass."
        )
        return (
            f"Trained: <b>{left.trainable:,}</b> of {left.total:,} weights, <b>{in_percent(left)}</b>. "
            f"Gradients take {megabytes(left.gradient_bytes)}, Adam's two running means "
            f"{megabytes(left.optimiser_bytes)} more. {kept}"
        )

    def _answer(self, choice: Choice) -> None:
        """The stored result of this choice, or a guess of what training it takes."""
        run = self._find(choice)
        if not choice.thawed:
            words = ""
        elif run:
            words = (
                f"Stored answer: <b>{run.percent:.1f} %</b> of {len(run.right):,} other pictures right, "
                f"trained in about {run.seconds:.1f} s. Train does it again."
            )
            if self._live is None:
                self._show(run, choice.pretrained, "Accuracy during the stored training")
        else:
            takes = "about a second or less" if choice.seconds < 1.5 else f"some {choice.seconds:.0f} s"
            words = f"No stored answer for this choice. Training takes {takes} on one core."
        self._say(self.answer, words)

    def _find(self, choice: Choice) -> Run | None:
        wanted = (choice.source.key, choice.task, choice.depth, choice.labels)
        found = (run for run in self._stored if (run.source, run.task, run.depth, run.labels) == wanted)
        return next(found, None)

    def _show(self, run: Run, pretrained: bool, what: str) -> None:
        picture = self._artist.draw(run.score.tolist(), pretrained, self._before(run.task, run.labels))
        self.training.picture.show(picture, f"{what}, at the end {run.percent:.1f} % right.")

    def _before(self, task: str, labels: int) -> list[list[float]]:
        """The curves of earlier tries with the same pictures and labels, the newest first."""
        return [curve for about, curve in reversed(self._curves) if about == (task, labels)][:BEFORE]

    @staticmethod
    def _say(where: widgets.HTML, words: str) -> None:
        where.value = f"<span role='status'>{words}</span>" if words else ""

    # ---- training, in the job's thread ---------------------------------------------------------------

    def _train(self, on_step: OnStep) -> tuple[Choice, Run, bool]:
        self._live = choice = self.choice
        self.training.say("Training … Frozen blocks look at every picture first, unless they have before.")

        def watched(step: int, total: int, metrics: Mapping[str, float]) -> bool:
            self._begun = total
            return on_step(step, total, metrics)

        try:
            run, done = self._study.train(
                choice.source.key, choice.task, self._known(choice), choice.labels, keep=choice.keep,
                frozen=choice.frozen, how=choice.recipe, budget="class", on_step=watched,
            )  # fmt: skip
        finally:
            self._live = None
        return choice, run, done.stopped

    @staticmethod
    def _known(choice: Choice) -> str:
        """Which trainings are examined often: those of everything, and those from scratch."""
        every = EVERYTHING if not choice.frozen else choice.depth
        return every if choice.pretrained else SCRATCH

    def _draw(self, history: list[Mapping[str, float]]) -> bytes:
        """The scores of the looks so far, each once."""
        scores = [now["score"] for now in history if "score" in now]
        curve = [score for place, score in enumerate(scores) if place == 0 or score != scores[place - 1]]
        choice = self._live or self.choice
        part = history[-1]["step"] / self._begun if history and self._begun else 1.0
        with self._quiet.lock:
            before = self._before(choice.task, choice.labels)
            return self._artist.draw(curve, choice.pretrained, before, part)

    def _finished(self, result: tuple[Choice, Run, bool]) -> None:
        choice, run, stopped = result
        with self._quiet.lock:
            self.tries.add(run, choice.depth, "stopped early" if stopped else "trained here")
            self._show(run, choice.pretrained, "Accuracy during this training")
            self._curves.append(((run.task, run.labels), run.score.tolist()))
            self.training.say(
                f"{'Stopped' if stopped else 'Trained'}: {escape(choice.depth)}, {choice.labels:,} labels, "
                f"{run.seconds:.1f} s. <b>{run.percent:.1f} %</b> of {len(run.right):,} other pictures are named right."
            )
            self.tries.about(self.task.value, self.labels.value)
