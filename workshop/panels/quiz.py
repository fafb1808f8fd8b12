"""A small quiz: a situation, two choices, and the reasons.

Plain widgets. jupyterquiz was looked at: it judges a choice on its click, which arrow keys make at every choice that
they pass, announces nothing to a screen reader, and in a page with an unexpected MathJax fetches one from the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import ipywidgets as widgets

from workshop import progress
from workshop.studies.transfer_scenarios import TransferScenariosStudy
from workshop.studies.transfer_scenarios.quiz import QUESTIONS, SETTINGS, SHIFTS, Question

_STYLE = {"description_width": "8em"}
_WIDE = widgets.Layout(width="24em", max_width="100%")
_OPEN = "choose"
_GOOD, _BAD = "✔", "✘"


class Quiz(widgets.VBox):
    """Name the setting and the object that moved.

    Attributes:
        setting, shift: the two choices.
        answer, onward: the buttons.
        words: what the answer was worth, and why.
        right, answered: of the choices made so far, two a question; a second try counts nothing.
    """

    def __init__(self, questions: Sequence[Question] = QUESTIONS) -> None:
        self._questions, self._number = tuple(questions), 0
        self._tried: set[int] = set()
        self.right = self.answered = 0
        self.story, self.words = widgets.HTML(), widgets.HTML()
        self.setting = _choice("Setting:", SETTINGS)
        self.shift = _choice("What moved:", SHIFTS)
        self.answer = widgets.Button(description="Answer", icon="check", tooltip="See whether both are right")
        self.onward = widgets.Button(
            description="Next one", icon="arrow-right", tooltip="Go on to the next situation"
        )
        self.answer.on_click(self._judge)
        self.onward.on_click(self._next)
        self._ask()
        buttons = widgets.HBox([self.answer, self.onward])
        super().__init__([self.story, self.setting, self.shift, buttons, self.words])

    @property
    def question(self) -> Question:
        """The one that is asked now."""
        return self._questions[self._number]

    def _ask(self) -> None:
        self.story.value = (
            f"<b>Situation {self._number + 1} of {len(self._questions)}.</b> {escape(self.question.story)}"
        )
        self.setting.value = self.shift.value = _OPEN
        self._say("")

    def _judge(self, _: object) -> None:
        if _OPEN in (self.setting.value, self.shift.value):
            self._say("Choose both first.")
            return
        asked = self.question
        pairs = (
            (self.setting.value, asked.setting, asked.why_setting),
            (self.shift.value, asked.shift, asked.why_shift),
        )
        if self._number not in self._tried:
            self._tried.add(self._number)
            if len(self._tried) == len(self._questions):
                progress.guessed(TransferScenariosStudy.lesson, "quiz")
            self.answered += 2
            self.right += sum(given == wanted for given, wanted, _ in pairs)
        lines = [
            f"{_GOOD} {wanted}. {why}" if given == wanted else f"{_BAD} Not {given}: it is {wanted}. {why}"
            for given, wanted, why in pairs
        ]
        self._say(*lines, f"So far {self.right} of {self.answered} choices right at the first try.")

    def _next(self, _: object) -> None:
        self._number = (self._number + 1) % len(self._questions)
        self._ask()

    def _say(self, *lines: str) -> None:
        self.words.value = f"<span role='status'>{'<br>'.join(escape(line) for line in lines)}</span>"


def _choice(description: str, options: Sequence[str]) -> widgets.Dropdown:
    return widgets.Dropdown(options=[_OPEN, *options], description=description, style=_STYLE, layout=_WIDE)
