"""The cost panel: spend a budget on labels, and see what they come to."""

from __future__ import annotations

import time
from html import escape

import ipywidgets as widgets

from workshop.errors import WorkshopError
from workshop.figures import label_quality as figures
from workshop.jobs import Job, Progress
from workshop.kernels.descent import OnStep
from workshop.panels.label_quality.controls import COLUMNS, make_controls
from workshop.panels.label_quality.kept import KeptPlans
from workshop.panels.label_quality.numbers import in_words, mean_outcome, tiles
from workshop.panels.picture import Picture
from workshop.panels.quiet import Quiet
from workshop.studies.label_quality import LabelQualityStudy, Plan, PlanOutcome
from workshop.studies.label_quality.plan import Labelled, carry_out, repeated, with_model

DRAWS = 8  #: of workers and labels, behind the bars
PAUSE = 0.15  #: seconds without a move before the model is trained: a hand that drags is not to wait for it


class CostPanel(widgets.VBox):
    """Spend a budget on labels: at once what they come to, then a model trained on them, then how much is luck.

    Args:
        study: whose stored grid of plans lies behind the plane.
    """

    def __init__(self, study: LabelQualityStudy) -> None:
        self._task, self._quiet = study.task, Quiet()
        self._sketch = figures.PlanPicture(study.experiment("many_plans"))
        self._turn = 0
        self._first: tuple[PlanOutcome, Labelled] | None = None
        self._draws: list[PlanOutcome] = []
        self._problem = ""  #: why the plan at hand cannot be carried out
        self.job: Job | None = None
        self.controls = make_controls()
        self.tiles, self.words, self.picture = widgets.HTML(), widgets.HTML(), Picture()
        self.kept = KeptPlans(self._at_hand, self._redraw)
        for control in self.controls.values():
            control.observe(self._changed, "value")
        columns = [
            widgets.VBox(
                [widgets.HTML(f"<b>{heading}</b>"), *(self.controls[name] for name in names)],
                layout=widgets.Layout(margin="0 2em 0 0"),
            )
            for heading, names in COLUMNS.items()
        ]
        wrap = widgets.HBox(columns, layout=widgets.Layout(flex_flow="row wrap"))
        super().__init__([wrap, self.tiles, self.words, self.picture, self.kept])
        self._changed()

    @property
    def plan(self) -> Plan:
        """As the controls say."""
        return Plan(**{name: control.value for name, control in self.controls.items()})

    def _changed(self, _: object = None) -> None:
        """A control moved: labels at once; the model and the luck in a job that a later move overtakes."""
        with self._quiet.lock:
            self._turn += 1
            turn, plan = self._turn, self.plan
            if self.job is not None:
                self.job.stop()
            self._disable_idle(plan)
            self._draws, self._problem = [], ""
            try:
                self._first = carry_out(plan, self._task)
            except WorkshopError as problem:
                self._first, self._problem = None, str(problem)
            self._show()
            if self._first is None:
                return
            self.job = Job(
                lambda on_step: self._finish(turn, on_step), lambda progress: self._watch(turn, progress)
            )
            self.job.start()

    def _disable_idle(self, plan: Plan) -> None:
        """Controls that change nothing in this plan."""
        idle = {
            "aggregation": plan.redundancy == 1,
            "feedback": plan.gold == 0,
            "partner": plan.crowd == 1,
            "pay": plan.crowd == 0,
            "paid_by": plan.crowd == 0,
            "screening": plan.crowd == 0,
        }
        for name, is_idle in idle.items():
            self.controls[name].disabled = is_idle

    def _finish(self, turn: int, on_step: OnStep) -> None:
        """In the job's thread: the model, then other draws; ends early when a control has moved."""
        time.sleep(PAUSE)
        with self._quiet.lock:
            if turn != self._turn or self._first is None:
                return
            (first, labelled), draws = self._first, list(self._draws)
        if not draws:  # else the plan was kept, and its model was trained then
            draws = [with_model(first, labelled, self._task)]
            self._take(turn, draws)
        for drawn in repeated(first.plan, self._task, range(1, DRAWS)):
            draws.append(drawn)
            if not on_step(len(draws), DRAWS, {}):
                return
        self._take(turn, draws)

    def _watch(self, turn: int, progress: Progress) -> None:
        """A job that fails says so where its model was to appear."""
        if progress.state == "failed":
            with self._quiet.lock:
                if turn == self._turn:
                    self.words.value = _status(escape(f"The model could not be trained: {progress.error}"))

    def _take(self, turn: int, draws: list[PlanOutcome]) -> None:
        """Show what the job found, unless a control has moved since."""
        with self._quiet.lock:
            if turn == self._turn:
                self._draws = list(draws)
                self._show()
                self.kept.renew(self._draws)

    def _at_hand(self) -> list[PlanOutcome]:
        """What a reader keeps: the draws as far as they are there, and at least one with its model."""
        with self._quiet.lock:
            if self._first is not None and not self._draws:
                self._draws = [with_model(*self._first, self._task)]
                self._show()
            return self._draws

    def _redraw(self) -> None:
        with self._quiet.lock:
            self._show()

    def _show(self) -> None:
        """Tiles, words and picture of the plan at hand; or why it cannot be carried out."""
        self.kept.enable(self._first is not None)
        draws = self._draws or ([self._first[0]] if self._first else [])
        if draws:
            notes = " ".join([_luck(self._draws), *_notes(mean_outcome(draws), len(self._task.truth))])
            self.tiles.value, self.words.value = _status(tiles(draws)), _status(escape(notes))
            alt = f"The cost-quality plane, this plan as a diamond. {in_words(draws)} {notes}"
        else:
            self.tiles.value, self.words.value = _status(escape(self._problem)), ""
            alt = f"The cost-quality plane without this plan. {self._problem}"
        self.picture.show(self._sketch.draw(draws, self.kept.outcomes), alt)


def _notes(outcome: PlanOutcome, digits: int) -> list[str]:
    """What the numbers do not tell, in sentences."""
    plan, notes = outcome.plan, []
    if plan.crowd > 0:
        notes.append(f"A careful worker of the crowd earns ${plan.wage:.2f} an hour.")
    if plan.gold > 0:
        notes.append(f"{outcome.failed:.0%} of those tested fail the gold questions.")
    if plan.redundancy == 1:
        notes.append("One label an item: there is no consensus to find.")
    if outcome.items == digits and outcome.dollars < 0.95 * plan.budget:
        notes.append(f"All digits are labeled; ${plan.budget - outcome.dollars:,.0f} are left.")
    return notes


def _luck(draws: list[PlanOutcome]) -> str:
    if not draws:
        return "A model is being trained on these labels …"
    if len(draws) < DRAWS:
        return "Other draws of workers are tried …"
    return f"Means of {len(draws)} draws of workers. Beneath them, and as bars: the lowest and the highest."


def _status(html: str) -> str:
    return f"<div role='status' style='line-height:1.4'>{html}</div>"
