"""Every heading of the lecture's second part has a place in a lesson, and every table of it belongs to a heading.

``notebooks/lecture_map.json`` lists headings in the lecture's order: how the line opens (all of it, or what stands
before ``…``), what we call it, the lesson and its cell, and the tables of ``data/lecture/`` that belong there.
``captions`` are lines that look like headings, and are words in a picture or part of the heading above them.
"""

import json
import re

import nbformat
import pytest

from workshop import settings
from workshop.datasets import lecture

pytestmark = pytest.mark.fast

HERE, LATER = "06_label_quality", "07_labeling_pipeline"
NOTEBOOKS = settings.home() / "notebooks"
LECTURE = settings.home().parent / "shared" / "lecture.txt"
MAP = json.loads((NOTEBOOKS / "lecture_map.json").read_text(encoding="utf-8"))
HEADINGS = MAP["headings"]

#: Sentences end with a stop; the others lead in facts or are buttons, dates and goodbyes.
NO_HEADING = re.compile(
    r".*[.;,]|(pros:|cons:|source:|started |final |return |thanks,|monday,|overview |for this |an |ambiguous |annual |"
    r"longest-|may \d).*",
    re.IGNORECASE,
)


def part_two() -> list[str]:
    """Lines from the second part's title on."""
    if not LECTURE.is_file():
        pytest.skip(f"there is no {LECTURE.name} beside this checkout: the lecture itself does not ship")
    text = LECTURE.read_text(encoding="utf-8")
    return text[text.index("Session 2.2") :].splitlines()


def candidates(lines: list[str]) -> list[str]:
    """What stands alone between blank lines, is short and begins like a title."""
    padded = ["", *(line.strip() for line in lines), ""]
    return [
        line
        for before, line, after in zip(padded, padded[1:], padded[2:], strict=False)
        if line and not before and not after and len(line) <= 70 and re.match(r"[A-Z]|5 ", line)
        and not NO_HEADING.fullmatch(line)
    ]  # fmt: skip


def opens(line: str, opening: str) -> bool:
    line = line.casefold()
    return line.startswith(opening[:-1]) if opening.endswith("…") else line == opening


def test_every_heading_of_the_lecture_is_mapped():
    known = [heading["opens"] for heading in HEADINGS] + MAP["captions"]
    found = candidates(part_two())
    assert len(found) > 60
    assert [line for line in found if not any(opens(line, opening) for opening in known)] == []


def test_a_heading_that_is_not_mapped_would_be_noticed():
    found = candidates(
        ["What is here?", "", "Consideration 6: Luck", "", "- an item", "", "A sentence ends here."]
    )
    assert found == ["What is here?", "Consideration 6: Luck"]
    assert opens("Consideration 6: Luck", "consideration…") and not opens("Labelbox dashboard", "labelbox")


def test_every_entry_is_in_the_lecture_and_the_headings_in_its_order():
    lines = [line.strip() for line in part_two()]
    assert [c for c in MAP["captions"] if not any(opens(line, c) for line in lines)] == []
    place = 0
    for heading in HEADINGS:
        later = [i for i, line in enumerate(lines) if i >= place and opens(line, heading["opens"])]
        assert later, f"{heading['opens']} does not come after the heading before it"
        place = later[0]


def test_entries_are_whole_and_ours():
    assert len({heading["opens"] for heading in HEADINGS}) == len(HEADINGS)
    for heading in HEADINGS:
        assert heading["heading"] and heading["lesson"] in (HERE, LATER)
        assert heading["opens"] == heading["opens"].casefold()
        assert set(heading) <= {"opens", "heading", "lesson", "cell", "tables"}
    assert all(caption == caption.casefold() for caption in MAP["captions"])


def test_every_table_belongs_to_one_heading():
    placed = [table for heading in HEADINGS for table in heading.get("tables", [])]
    assert sorted(placed) == sorted(lecture.tables())


@pytest.mark.parametrize("lesson", [HERE, LATER])
def test_every_heading_has_a_cell_in_its_lesson(lesson):
    path = NOTEBOOKS / f"{lesson}.ipynb"
    if not path.is_file():
        pytest.skip(f"lesson {lesson} is not written yet")
    cells = {cell.id for cell in nbformat.read(path, as_version=4).cells}
    mapped = {heading["heading"]: heading.get("cell") for heading in HEADINGS if heading["lesson"] == lesson}
    assert mapped and {name: cell for name, cell in mapped.items() if cell not in cells} == {}
