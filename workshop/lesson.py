"""What a lesson says to its reader and to its runner: ``start``, ``predict``, ``check``, ``verdict``.

Everything said to the runner travels in the notebook: the metadata of an output carries the plain numbers
of a verdict or a check, beside the words and the picture that the reader sees. Outputs' metadata are kept
by papermill and never compared by nbval.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from html import escape
from typing import Any

import ipywidgets as widgets
from IPython import get_ipython
from IPython.display import HTML, display

from workshop import claims, exercises, progress
from workshop.claims import Verdict, short
from workshop.errors import WorkshopError
from workshop.exercises.judging import Report, try_examples
from workshop.studies.stored import StoredStudy

_BOX = "border-left:4px solid {colour};padding:.4em .8em;margin:.4em 0;background:{colour}14"
_COLOURS = {"good": "#1a7f37", "bad": "#b42318", "open": "#6b5b00", "ask": "#0b5cad"}

_study: StoredStudy | None = None
_guesses: dict[str, float | str] = {}


def start(study: StoredStudy) -> None:
    """Begin a lesson: from here on, verdicts are about ``study``. Says what will be trained and what is shown."""
    global _study
    _study = study
    _guesses.clear()
    _say("ask", f"<b>{escape(study.lesson)}</b> · {escape(study.describe())}", f"{study.lesson} begins")


def predict(
    guess_id: str,
    question: str,
    *,
    between: tuple[float, float] | None = None,
    choices: Sequence[str] | None = None,
    unit: str = "",
) -> None:
    """Ask the reader to commit to a guess before the result: a number between two bounds, or one of some choices.

    Runs without a reader go on without a guess. :func:`guess` returns it to the figure that shows the truth.

    Raises:
        WorkshopError: neither or both of ``between`` and ``choices``.
    """
    if (between is None) == (choices is None):
        raise WorkshopError(
            "A prediction is asked for either `between` two numbers or from `choices`; give one."
        )
    style, wide = {"description_width": "initial"}, widgets.Layout(width="28em")
    if choices is not None:
        control = widgets.RadioButtons(
            options=list(choices), value=None, description="My guess:", style=style
        )
    else:
        low, high = between
        control = widgets.FloatSlider(
            value=(low + high) / 2,
            min=low,
            max=high,
            step=(high - low) / 100,
            readout_format=".3",
            description=f"My guess ({unit}):" if unit else "My guess:",
            style=style,
            layout=wide,
        )
    button = widgets.Button(
        description="Commit to it", tooltip="Keep this guess; the next figure shows it", icon="check"
    )
    answer = widgets.HTML()

    def keep(_: object) -> None:
        if control.value is None:
            answer.value = "Choose one first."
            return
        # The press of the button may overtake the last moves, so what is kept follows the control from now on.
        control.observe(keep, "value")
        _guesses[guess_id] = kept = control.value
        if _study is not None:
            progress.guessed(_study.lesson, guess_id)
        shown = kept if choices is not None else f"{kept:.3g} {unit}"
        answer.value = f"Kept: {escape(str(shown))}. Now run the next cell."

    button.on_click(keep)
    form = widgets.VBox(
        [widgets.HTML(f"<b>Predict.</b> {question}"), control, widgets.HBox([button, answer])],
        layout=widgets.Layout(border_left=f"4px solid {_COLOURS['ask']}", padding="0 .8em", margin=".4em 0"),
    )
    # The words stand beside the widget, for readers of a printed page.
    display(
        {
            "text/plain": f"Predict: {question}",
            "text/html": _box("ask", f"<b>Predict.</b> {question}"),
            **_widget_view(form),
        },
        raw=True,
    )


def guess(guess_id: str) -> float | str | None:
    """The reader's committed guess, or None."""
    return _guesses.get(guess_id)


def verdict(claim_id: str) -> None:
    """Judge one of the lesson's claims by what was measured, and tell reader and runner.

    Raises:
        WorkshopError: the lesson has not started, or makes no such claim.
    """
    study = _started()
    if claim_id not in study.claims:
        raise WorkshopError(f"This lesson makes no claim {claim_id!r}. It makes: {', '.join(study.claims)}.")
    judged = claims.judge(study.claims[claim_id], study.measure(claim_id))
    tone = {"holds": "good", "does not hold": "bad"}.get(judged.word, "open")
    _say(tone, _in_words(judged), f"{claim_id}: {judged.word}", {"verdict": asdict(judged)})


def check(exercise_id: str, answer: Any = None) -> None:
    """Try the reader's answer on the exercise's public examples and say, in the reader's terms, how it did.

    Args:
        answer: the function; by default the one of the exercise's name in the notebook.

    Raises:
        WorkshopError: there is no such exercise.
    """
    exercise = exercises.find(exercise_id)
    if answer is None:
        shell = get_ipython()
        answer = shell.user_ns.get(exercise.function) if shell else None
    report: Report = try_examples(exercise, answer)
    if report.passed == report.of:
        progress.passed(exercise_id)
    tone = "good" if report.passed == report.of else "open" if report.unsolved else "bad"
    words = "<br>".join(escape(line) for line in report.lines)
    evidence = {"check": {"id": exercise_id, "passed": report.passed, "of": report.of}}
    _say(tone, words, f"{exercise_id}: {report.passed} of {report.of} examples", evidence)


def announce(text: str):
    """Show a progress bar for a training that runs in this cell; returns the kernel's ``on_step``.

    Interrupting the kernel (the square in the toolbar) stops it.
    """
    handle = display(
        HTML(f"<progress aria-label='{escape(text)}'></progress> {escape(text)}"), display_id=True
    )
    shown_at = started = time.monotonic()

    def on_step(step: int, total: int, metrics) -> bool:
        nonlocal shown_at
        now = time.monotonic()
        if step >= total:
            handle.update(HTML(f"{escape(text)}: trained in {now - started:.0f} s."))
        elif now - shown_at > 1:
            shown_at, left = now, (now - started) / step * (total - step)
            bar = f"<progress aria-label='{escape(text)}' value='{step}' max='{total}'></progress>"
            handle.update(HTML(f"{bar} {escape(text)}: step {step:,} of {total:,}, {left:.0f} s to go."))
        return True

    return on_step


def _in_words(judged: Verdict) -> str:
    sign = {"holds": "✔ holds", "does not hold": "✘ does not hold"}.get(judged.word, f"○ {judged.word}")
    badge = {"run": "trained in this run", "stored": "stored result", "skipped": "not part of this run"}[
        judged.status
    ]
    words = f"<b>{escape(judged.claim)}</b> {sign}."
    if judged.value is None:
        return f"{words} <small>[{badge}]</small>"
    interval = (
        f" (95%: {short(judged.interval[0])} to {short(judged.interval[1])})" if judged.interval else ""
    )
    measured = f"{short(judged.value)} {judged.unit}".rstrip() + interval
    claimed = f"{judged.threshold:g} {judged.unit}".rstrip()
    op = {">=": "at least", "<=": "at most"}[judged.op]
    seeds = ", ".join(str(seed) for seed in judged.seeds)
    return (
        f'{words}<br><span class="measured">Measured {measured}; {op} {claimed} was claimed. '
        f"{escape(judged.data)}; seed {seeds}; budget {judged.budget}; {badge}.</span>"
    )


def _say(tone: str, words: str, plain: str, evidence: dict | None = None) -> None:
    content = {"text/plain": plain, "text/html": _box(tone, words)}
    display(content, raw=True, metadata={"workshop": evidence} if evidence else {})


def _box(tone: str, words: str) -> str:
    return f"<div role='note' style='{_BOX.format(colour=_COLOURS[tone])}'>{words}</div>"


def _widget_view(widget: widgets.Widget) -> dict:
    bundle = widget._repr_mimebundle_()
    return {
        kind: view for kind, view in bundle.items() if kind.startswith("application/vnd.jupyter.widget-view")
    }


def _started() -> StoredStudy:
    if _study is None:
        raise WorkshopError("No lesson has started. Run the cell with `lesson.start(...)` first.")
    return _study
