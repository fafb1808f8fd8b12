"""``python -m workshop run`` and ``python -m workshop format``."""

from __future__ import annotations

import argparse
from pathlib import Path

from workshop import settings
from workshop.errors import WorkshopError
from workshop.files import write_whole
from workshop.runner import lessons, normalise, pages, report
from workshop.runner.evidence import Outcome, judge
from workshop.runner.execute import LIMITS, execute


def main(arguments: list[str]) -> int:
    """Run lessons and write what they showed.

    The executed copies and pages of lessons that are not in this run stay where a former run left them;
    ``results.json`` and ``index.html`` speak of this run only, and do so after each lesson.

    Returns:
        0: every lesson passed; 1: a lesson failed or a claim does not hold; 130: stopped by Ctrl-C.

    Raises:
        WorkshopError: the request cannot be met; nothing has run then.
    """
    asked = _parser().parse_args(arguments)
    budget = settings.check_budget(asked.budget)
    chosen = lessons.find(asked.lesson)
    data = lessons.check_data(chosen, source=asked.source, target=asked.target)
    folder = _output_folder(asked.out)

    outcomes: list[Outcome] = []
    _save(folder, budget, outcomes)
    try:
        for lesson in chosen:
            outcomes.append(_run(lesson, chosen, folder, lessons.bind(lesson, budget, **data)))
            _save(folder, budget, outcomes)
            print(report.ended(outcomes[-1]), flush=True)
    except KeyboardInterrupt:
        print(f"Stopped. {len(outcomes)} of {len(chosen)} lessons had finished; see {folder / 'index.html'}.")
        return 130
    print("\n" + report.table(outcomes))
    failures = [outcome for outcome in outcomes if not outcome.passed]
    for outcome in failures:
        print("\n" + report.explain(outcome))
    print(f"\nThe pages: {folder / 'index.html'}")
    return 1 if failures else 0


def format_main(arguments: list[str]) -> int:
    """Normalise every lesson's source; with ``--check`` only list those that would change.

    Returns:
        0: done, or nothing to do; 1: ``--check`` found lessons that would change.
    """
    parser = argparse.ArgumentParser("python -m workshop format", description="Tidy the saved lessons.")
    parser.add_argument("--check", action="store_true", help="change nothing, list what would change")
    check = parser.parse_args(arguments).check
    changed = [path for path in sorted(lessons.lessons_folder().glob("*.ipynb")) if normalise.is_untidy(path)]
    for path in changed:
        if not check:
            normalise.tidy(path)
        print(f"{'would change' if check else 'changed'}: {path.name}")
    return 1 if check and changed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m workshop run", description="Run the lessons, strictly.")
    parser.add_argument("--budget", default="ci", help=f"{', '.join(settings.BUDGETS)} (default: ci)")
    parser.add_argument(
        "--lesson", nargs="+", action="extend", default=[], help="numbers or names (default: every lesson)"
    )
    parser.add_argument("--source", help="a data set's name, or an .npz with images and labels")
    parser.add_argument("--target", help="likewise")
    parser.add_argument("--out", type=Path, help="where the executed lessons go (default: build/run)")
    return parser


def _output_folder(asked: Path | None) -> Path:
    """The folder for what a run writes, made if need be; never the lessons' own."""
    folder = (asked or settings.build_folder() / "run").resolve()
    if folder.is_relative_to(lessons.lessons_folder()):
        raise WorkshopError(f"{folder} holds the lessons' sources; give --out another folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as failure:
        raise WorkshopError(
            f"{folder} cannot be made ({failure.strerror}); give --out another folder."
        ) from None
    return folder


def _run(
    lesson: lessons.Lesson, chosen: list[lessons.Lesson], folder: Path, parameters: dict[str, str]
) -> Outcome:
    """One lesson: executed, judged, and made a page."""
    budget = parameters["budget"]
    output = folder / lesson.path.name
    with report.progress(lesson.name) as on_cell:
        execution = execute(lesson.path, output, parameters, LIMITS[budget], on_cell)
    page = pages.lesson_page(execution.notebook, lesson.path, [other.name for other in chosen])
    write_whole(output.with_suffix(".html"), page)
    return judge(lesson.name, execution, budget)


def _save(folder: Path, budget: str, outcomes: list[Outcome]) -> None:
    report.write_results(folder, budget, outcomes)
    write_whole(folder / "index.html", pages.index_page(budget, outcomes))
