"""The panels of lesson 03: one angle and a lambda; a training replayed; a training under way."""

from __future__ import annotations

from html import escape

import ipywidgets as widgets

from workshop.figures import adaptation as figures
from workshop.panels.picture import Picture
from workshop.panels.quiet import Quiet
from workshop.panels.slider import SliderPanel
from workshop.panels.training import TrainingPanel
from workshop.studies.adaptation import RUNGS, AdaptationStudy, Outcome
from workshop.studies.adaptation.one_feature import one_feature
from workshop.studies.adaptation.rungs import STRENGTHS

_STYLE = {"description_width": "initial"}
_WIDE, _WIDEST = widgets.Layout(width="30em"), widgets.Layout(width="44em", max_width="100%")


class MinMaxPanel(SliderPanel):
    """Move lambda; see which direction is then best, and for whom."""

    def __init__(self) -> None:
        world = one_feature()
        self.strength = widgets.FloatSlider(
            value=0.0, min=0.0, max=0.6, step=0.05, description="Lambda:", style=_STYLE, layout=_WIDE
        )
        super().__init__(self.strength, lambda value: figures.min_max(world, value), words_from="At lambda")


class ReplayPanel(widgets.VBox):
    """Scrub through the finished trainings of a study."""

    def __init__(self, study: AdaptationStudy) -> None:
        self._outcomes = dict(study.outcomes())
        status = {"run": "live", "stored": "stored"}
        titles = [(f"{RUNGS[rung].title} ({status[study.status(rung)]})", rung) for rung in self._outcomes]
        self.rung = widgets.Dropdown(
            options=titles, value=titles[-1][1], description="Rung:", style=_STYLE, layout=_WIDEST
        )
        self.frame = widgets.IntSlider(min=1, max=1, description="Moment:", style=_STYLE, layout=_WIDE)
        self.play = widgets.Play(min=1, max=1, interval=900, description="Play", show_repeat=False)
        self.picture = Picture()
        self.words = widgets.HTML()
        self._quiet = Quiet()
        widgets.link((self.play, "value"), (self.frame, "value"))
        self.rung.observe(self._choose, "value")
        self.frame.observe(self._redraw, "value")
        with self._quiet.kept():
            self.rung.value = "pseudo_labels" if "pseudo_labels" in self._outcomes else titles[-1][1]
        self._choose()
        super().__init__([self.rung, widgets.HBox([self.frame, self.play]), self.words, self.picture])

    def add(self, outcome: Outcome, how: str = "") -> None:
        """Offer a training that was just finished, and show it.

        Args:
            how: what tells it from other trainings of the same rung.
        """
        name = f"just trained: {RUNGS[outcome.rung].title}{how}, {outcome.steps:,} steps"
        with self._quiet.lock:
            self._outcomes[name] = outcome
            with self._quiet.kept():
                others = [option for option in self.rung.options if option[1] != name]
                self.rung.options = [*others, (name, name)]
                self.rung.value = name
            self._choose()

    def _choose(self, _: object = None) -> None:
        with self._quiet.lock:
            if self._quiet.on:
                return
            moments = len(self._outcomes[self.rung.value].frames.step)
            with self._quiet.kept():
                self.frame.max = self.play.max = moments
                self.frame.value = moments
            self._redraw()

    def _redraw(self, _: object = None) -> None:
        with self._quiet.lock:
            if self._quiet.on:
                return
            outcome, frame = self._outcomes[self.rung.value], self.frame.value - 1
            frames = outcome.frames
            words = (
                f"After step {frames.step[frame]:,}: {outcome.source} {frames.source_accuracy[frame]:.1f} %, "
                f"{outcome.target} {frames.target_accuracy[frame]:.1f} % of the sealed digits, "
                f"information {frames.mutual_information[frame]:.2f} nats."
            )
            self.picture.show(
                figures.draw_replay(outcome, frame), f"Feature map and accuracy curves. {words}"
            )
            self.words.value = f"<span role='status'>{escape(words)}</span>"


class AdaptationPanel(widgets.VBox):
    """Choose a rung and a schedule, train it now at ``ci``, watch, stop; then scrub through what happened."""

    def __init__(self, study: AdaptationStudy, budget: str | None = None) -> None:
        """
        Args:
            study: gives the data, and the finished trainings to replay.
            budget: of a live training; ``ci``, or ``smoke`` in a study of that budget.
        """
        self._study = study
        self._budget = budget or ("smoke" if study.budget == "smoke" else "ci")
        trainable = [(rung.title, rung.key) for rung in RUNGS.values()]
        self.rung = widgets.Dropdown(
            options=trainable, value="adversarial", description="Train rung:", style=_STYLE
        )
        names = {
            "gentle": "gentle: to 0.1, from 30 %",
            "ganin": "Ganin: to 1, from the start",
            "none": "none: 0",
        }
        self.strength = widgets.Dropdown(
            options=[(names[key], key) for key in STRENGTHS], value="ganin",
            description="Lambda (rung 2 only):", style=_STYLE, layout=_WIDE,
        )  # fmt: skip
        self.replay = ReplayPanel(study)
        self.training = TrainingPanel(
            self._train, figures.draw_progress, controls=(self.rung, self.strength), on_result=self._finished
        )
        super().__init__([self.training, widgets.HTML("<hr>"), self.replay])

    def _train(self, on_step) -> Outcome:
        rung, strength = RUNGS[self.rung.value], self.strength.value
        return self._study.train(rung.training, strength=strength, budget=self._budget, on_step=on_step)[
            rung.key
        ]

    def _finished(self, outcome: Outcome) -> None:
        self.replay.add(outcome, f", lambda {self.strength.value}" if outcome.rung == "adversarial" else "")
        ended = "stopped at" if outcome.stopped else "finished after"
        self.training.say(
            f"{RUNGS[outcome.rung].title} {ended} step {outcome.steps:,} ({outcome.seconds:.0f} s): "
            f"{outcome.accuracy:.1f} % of the sealed {escape(outcome.target)} digits. It is in the replay below."
        )
