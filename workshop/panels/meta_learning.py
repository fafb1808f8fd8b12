"""The panels of lesson 05: a step size and two valleys; a wave to adapt to by hand; a meta-training under way."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import ipywidgets as widgets

from workshop.figures import meta_learning as figures
from workshop.figures.meta_learning.tasks import SUPPORT_SEED, WAVE
from workshop.panels.picture import Picture
from workshop.panels.quiet import Quiet
from workshop.panels.slider import SliderPanel
from workshop.panels.training import TrainingPanel
from workshop.studies.meta_learning import TRAININGS, MetaLearningStudy, Outcome
from workshop.studies.meta_learning.outcome import STEPS
from workshop.studies.meta_learning.recipes import FAMILY, ITERATIONS
from workshop.studies.meta_learning.trial import Trial, draw_inputs
from workshop.studies.meta_learning.valleys import STEEPEST

END = -1  #: instead of an iteration: each start as its own training left it
_STYLE = {"description_width": "9em"}
_WIDE = widgets.Layout(width="28em", max_width="100%")
_WIDEST = widgets.Layout(width="36em", max_width="100%")
_WRAP = widgets.Layout(flex_flow="row wrap")


class ValleysPanel(SliderPanel):
    """Move the step size; see which start is then best after one step."""

    def __init__(self) -> None:
        self.rate = widgets.FloatSlider(
            value=0.0, min=0.0, max=STEEPEST, step=STEEPEST / 10, description="Step size:",
            readout_format=".3f", style=_STYLE, layout=_WIDE,
        )  # fmt: skip
        super().__init__(self.rate, figures.two_valleys, words_from="At step size")


class WavePanel(widgets.VBox):
    """Draw a wave, take gradient steps on a few of its points, from MAML's start and from the baseline's.

    Args:
        pairs: by the name to show: outcomes by training. May be added to from another thread.
    """

    def __init__(self, pairs: Mapping[str, Mapping[str, Outcome]]) -> None:
        self._pairs, self._quiet, self._draws = dict(pairs), Quiet(), 0
        low, high = FAMILY.amplitude
        self.start = widgets.Dropdown(
            options=list(self._pairs), description="Starts:", style=_STYLE, layout=_WIDEST
        )
        self.amplitude = widgets.FloatSlider(
            value=WAVE["amplitude"], min=low, max=high, step=0.1, description="Amplitude:",
            readout_format=".1f", style=_STYLE, layout=_WIDE,
        )  # fmt: skip
        self.phase = widgets.FloatSlider(
            value=WAVE["phase"], min=FAMILY.phase[0], max=FAMILY.phase[1], step=0.1, description="Phase:",
            readout_format=".1f", style=_STYLE, layout=_WIDE,
        )  # fmt: skip
        self.steps = widgets.IntSlider(
            value=1, min=0, max=STEPS, description="Gradient steps:", style=_STYLE, layout=_WIDE
        )
        self.moment = widgets.SelectionSlider(
            options=[("end", END)], description="Iterations so far:", style=_STYLE, layout=_WIDE
        )
        self.points = widgets.Button(
            description="Other points", icon="refresh", tooltip="Draw another support set"
        )
        self.one_side = widgets.Checkbox(description="All points on the right half", indent=False)
        self.picture, self.words = Picture(), widgets.HTML()
        self._pictures: dict[tuple[str, ...], figures.TrialPicture] = {}
        self.start.observe(self._choose, "value")
        self.steps.observe(self._redraw, "value")
        for control in (self.amplitude, self.phase, self.moment, self.one_side):
            control.observe(self._adapt, "value")
        self.points.on_click(self._other_points)
        sliders = widgets.VBox([self.amplitude, self.phase, self.steps])
        choices = widgets.VBox(
            [self.start, self.moment, widgets.HBox([self.points, self.one_side], layout=_WRAP)]
        )
        self._choose()
        super().__init__([widgets.HBox([sliders, choices], layout=_WRAP), self.words, self.picture])

    def add(self, name: str, pair: Mapping[str, Outcome]) -> None:
        """Offer another pair of starts, and show it."""
        with self._quiet.lock:
            self._pairs[name] = pair
            with self._quiet.kept():
                self.start.options = list(self._pairs)
                self.start.value = name
            self._choose()

    def rivals(self, outcome: Outcome) -> dict[str, Outcome]:
        """Of the first pair with its K, what stands beside an outcome: the baseline, or MAML beside a baseline."""
        rival = "maml" if TRAININGS[outcome.training].variant == "joint" else "joint"
        for pair in self._pairs.values():
            found = {key: other for key, other in pair.items() if TRAININGS[key].variant == rival}
            if any(other.shots == outcome.shots for other in found.values()):
                return found
        return {}

    def _choose(self, _: object = None) -> None:
        """Another pair of starts: other moments of training, those that all of them were kept at."""
        with self._quiet.lock:
            if self._quiet.on:
                return
            first, *others = (set(one.frames.step.tolist()) for one in self._pairs[self.start.value].values())
            kept = sorted(first.intersection(*others))
            with self._quiet.kept():
                self.moment.options = [*((f"{step:,}", step) for step in kept), ("end", END)]
                self.moment.index = len(kept)
            self._adapt()

    def _other_points(self, _: object) -> None:
        with self._quiet.lock:
            self._draws += 1
            self._adapt()

    def _adapt(self, _: object = None) -> None:
        """Another task or another theta: take all gradient steps anew."""
        with self._quiet.lock:
            if self._quiet.on:
                return
            pair = self._pairs[self.start.value]
            shots = next(iter(pair.values())).shots
            x = draw_inputs(shots, SUPPORT_SEED + self._draws, self.one_side.value)
            moment = None if self.moment.value == END else self.moment.value
            self._trial = Trial(pair, self.amplitude.value, self.phase.value, x, moment)
            self._redraw()

    def _redraw(self, _: object = None) -> None:
        """Show the trial after the chosen number of steps."""
        with self._quiet.lock:
            trial, trainings, step = self._trial, self._trial.trainings, self.steps.value
            if trainings not in self._pictures:
                self._pictures[trainings] = figures.TrialPicture(trainings)
            told = "; ".join(
                f"{TRAININGS[t].title}: error {trial.error(t, 0):.2f} at first, {trial.error(t, step):.2f} now"
                for t in trainings
            )
            words = f"After {step} gradient step{'' if step == 1 else 's'} on {len(trial.x)} points. {told}."
            picture = self._pictures[trainings].draw(trial, step)
            self.picture.show(picture, f"The wave and the answers. {words}")
            self.words.value = f"<span role='status'>{escape(words)}</span>"


class MetaLearningPanel(widgets.VBox):
    """Try waves by hand; meta-train anew, watch, stop; then try the new start."""

    def __init__(self, study: MetaLearningStudy) -> None:
        self._study = study
        status = {"run": "live", "stored": "stored"}
        pairs = {}
        for shots in (10, 5):
            pair = study.outcomes(f"maml_k{shots}", f"joint_k{shots}")
            if pair:
                one = next(iter(pair))
                pairs[f"K = {shots} ({status[study.status(one)]}, {pair[one].iterations:,} iterations)"] = (
                    pair
                )
        self.wave = WavePanel(pairs)
        trainable = {f"{training.title}, K = {training.shots}": key for key, training in TRAININGS.items()}
        self.training_choice = widgets.Dropdown(
            options=trainable, value="maml_k10", description="Train:", style=_STYLE, layout=_WIDE
        )
        self._budget = "smoke" if study.budget == "smoke" else "ci"
        short = ITERATIONS[self._budget]
        self.iterations = widgets.Dropdown(
            options=[(f"{n:,}", n) for n in sorted({short, 300, 1000, 10_000, 70_000})],
            value=short, description="Iterations:", style=_STYLE,
        )  # fmt: skip
        self.training = TrainingPanel(
            self._train, figures.draw_progress,
            controls=(self.training_choice, self.iterations), on_result=self._finished,
        )  # fmt: skip
        super().__init__([self.wave, widgets.HTML("<hr>"), self.training])

    def _train(self, on_step) -> Outcome:
        return self._study.train(
            self.training_choice.value, budget=self._budget, iterations=self.iterations.value, on_step=on_step
        )

    def _finished(self, outcome: Outcome) -> None:
        training = TRAININGS[outcome.training]
        name = f"K = {outcome.shots} (just trained: {training.title}, {outcome.iterations:,} iterations)"
        self.wave.add(name, {outcome.training: outcome, **self.wave.rivals(outcome)})
        ended = "stopped at" if outcome.stopped else "finished after"
        self.training.say(
            f"{training.title}, K = {outcome.shots}, {ended} iteration {outcome.iterations:,} "
            f"({outcome.seconds:.1f} s, engine {outcome.engine}): error {outcome.error[1, 0]:.2f} after one step, "
            f"{outcome.error[STEPS, 0]:.2f} after ten. It is in the panel above."
        )
