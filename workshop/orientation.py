"""What lesson 00 shows beside its study: this machine, every lesson's outcomes, the reader's own progress."""

from __future__ import annotations

import json
from html import escape

from IPython.display import HTML

from workshop import doctor, exercises, progress, settings

_SIGNS = {"ok": "✔", "note": "○", "gap": "✘"}


def machine() -> HTML:
    """What the doctor says of this machine, in a table."""
    found = doctor.examine()
    rows = "".join(
        f"<tr><td>{_SIGNS[one.state]} {one.state}</td><td>{escape(one.label)}</td><td style='text-align:left'>"
        f"{escape(one.text)}{f'<br><i>{escape(one.remedy)}</i>' if one.remedy else ''}</td></tr>"
        for one in found
    )
    gaps = sum(one.state == "gap" for one in found)
    words = (
        "Lessons can run here." if not gaps else f"Mend {gaps} of these first; the remedy stands below each."
    )
    head = "<tr><th scope='col'>state</th><th scope='col'>what</th><th scope='col'>found</th></tr>"
    return HTML(f"<p>{words}</p><table><thead>{head}</thead><tbody>{rows}</tbody></table>")


def outcomes() -> HTML:
    """Every lesson's learning outcomes; ticked where all guesses and checks that serve one are done."""
    kept = progress.read()
    parts = []
    for lesson, stated in _stated().items():
        rows = "".join(_outcome(lesson, one, kept) for one in stated)
        parts.append(
            f"<h4>{escape(_spoken(lesson))}</h4><ul style='list-style:none;padding-left:1em'>{rows}</ul>"
        )
    return HTML("".join(parts))


def own_progress() -> HTML:
    """Guesses made and exercises passed, by lesson."""
    kept = progress.read()
    rows = []
    for lesson in _stated():
        mine = [
            exercise.id
            for exercise in exercises.EXERCISES.values()
            if exercise.lesson == lesson and not exercise.manual
        ]
        done = sum(id_ in kept.passed for id_ in mine)
        guesses = len(kept.guesses.get(lesson, []))
        rows.append(
            f"<tr><td style='text-align:left'>{escape(_spoken(lesson))}</td><td>{guesses}</td>"
            f"<td>{done} of {len(mine)}</td></tr>"
        )
    head = "".join(f"<th scope='col'>{word}</th>" for word in ("lesson", "guesses made", "exercises passed"))
    damaged = progress.set_aside()
    note = (
        f"<p>A progress file could not be read and was set aside as {escape(', '.join(damaged))}; "
        "nothing of it was deleted.</p>"
        if damaged
        else ""
    )
    return HTML(f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>{note}")


def _outcome(lesson: str, stated: dict, kept: progress.Progress) -> str:
    """A line of the checklist. Figures and verdicts are seen, not done: they do not count."""
    done = {f"check {id_}" for id_ in kept.passed}
    done |= {f"{kind} {id_}" for kind in ("predict", "quiz") for id_ in kept.guesses.get(lesson, [])}
    wanted = [one for one in stated["evidence"] if one.split()[0] in ("check", "predict", "quiz")]
    sign, word = (
        ("·", "to be seen") if not wanted else ("☑", "done") if done.issuperset(wanted) else ("☐", "open")
    )
    wide = "display:inline-block;width:1.3em"
    box = f"<span role='img' aria-label='{word}' style='{wide}'>{sign}</span>"
    return f"<li>{box} {escape(stated['outcome'])}</li>"


def _stated() -> dict[str, list[dict]]:
    return json.loads((settings.home() / "notebooks" / "outcomes.json").read_text(encoding="utf-8"))


def _spoken(lesson: str) -> str:
    """``05 meta learning`` for ``05_meta_learning``."""
    return lesson.replace("_", " ")
