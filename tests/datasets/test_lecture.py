"""The lecture's tables: all readable, whole, consistent within themselves, and errors in words."""

import json
import runpy
import shutil

import pytest

from workshop import settings
from workshop.datasets import commands, lecture, shipped
from workshop.errors import WorkshopError

pytestmark = pytest.mark.fast

DATA = settings.data_folder()
NAMES = list(lecture.tables())


@pytest.mark.parametrize("name", NAMES)
def test_each_table_is_whole(name):
    table = lecture.table(name)
    assert table.title == lecture.tables()[name] and table.source and table.as_of
    assert len(set(table.columns)) == len(table.columns) and table.rows
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert all(cell is None or str(cell).strip() == str(cell) for row in table.rows for cell in row)
    assert len(set(table.rows)) == len(table.rows)


def test_the_folder_holds_the_tables_and_nothing_else():
    files = {file.name for file in (DATA / "lecture").iterdir()}
    assert files == {"index.json", *(f"{name}.csv" for name in NAMES)}


def test_cells_become_numbers_texts_and_gaps():
    tiers = lecture.table("sagemaker_tiers")
    assert tiers.rows == ((1, 49_999, 0.08), (50_000, 1_000_000, 0.04), (1_000_001, None, 0.02))
    assert isinstance(tiers.rows[0][0], int) and isinstance(tiers.rows[0][2], float)
    assert lecture.table("quality_measures").column("measure") == (
        "gold standard",
        "sample review",
        "consensus",
    )


def test_figures_of_the_lecture():
    """What a slide says in numbers."""
    shares = dict(zip(*(lecture.table("time_shares").column(c) for c in ("task", "share (%)")), strict=True))
    assert sum(shares.values()) == 100 and shares["data labeling"] == 25
    errors = lecture.table("hivemind_counts")
    assert [sum(errors.column(arm)) for arm in errors.columns[1:]] == [43, 28, 2]
    assert errors.rows[0] == ("year wrong", 24, 9, 1)
    assert lecture.table("hivemind_ranges").rows == (("crowd", 50, 60, 11), ("managed", 75, 85, 11))
    assert lecture.table("mturk_counts").column("count")[:2] == (100_000, 2000)
    assert lecture.table("crowd_wages").rows == (("median (about)", 2, 2018),)
    projects = lecture.table("citizen_science_projects")
    assert projects.column("count") == (None, 200_000, 1500, 4784, None)
    counts = {name: len(lecture.table(name).rows) for name in NAMES}
    assert counts["workforces"] == 4 and counts["considerations"] == 5 and counts["security_leaks"] == 4
    assert counts["mturk_advice"] == 7 and counts["diy_when"] == 5 and counts["workforce_when"] == 4
    assert counts["kinds_of_labels"] == 9 and counts["citizen_science_when"] == 9
    by_labeler = lecture.table("tool_checklist").column("who labels")
    assert [by_labeler.count(who) for who in dict.fromkeys(by_labeler)] == [5, 4, 3]


def test_the_dashboards_shares_fit_its_counts():
    example = lecture.table("dashboard_example")
    counts = example.column("count")
    assert [round(100 * count / sum(counts)) for count in counts] == list(example.column("share (%)"))


def test_what_cannot_be_read_is_marked_and_said():
    tools = lecture.table("commercial_tools")
    doubtful = {column for row in tools.rows[:-1] for column, cell in zip(tools.columns, row, strict=True)
                if cell == "unknown"}  # fmt: skip
    assert doubtful == {"transcription", "on-premise"} and "damaged" in tools.note
    assert {cell for row in tools.rows for cell in row[1:]} == {"yes", "volumetric", "unknown", None}


def test_an_unknown_table_or_column_lists_what_there_is():
    with pytest.raises(
        WorkshopError, match=r"no table 'hivemind_count'\. Did you mean hivemind_counts\?"
    ) as error:
        lecture.table("hivemind_count")
    assert all(name in str(error.value) for name in NAMES)
    with pytest.raises(
        WorkshopError, match=r"crowd_wages has no column 'wage'\. It has: what, \$ an hour, year"
    ):
        lecture.table("crowd_wages").column("wage")


@pytest.fixture
def copy(home):
    """The tables and their checksums in a workbook of their own."""
    (home / "data").mkdir()
    shutil.copytree(DATA / "lecture", home / "data" / "lecture")
    for name in ("checksums.json", "checksums.py", "fleiss1971.csv", "mnist10k.npz"):
        shutil.copy(DATA / name, home / "data")
    return home / "data"


def test_a_damaged_or_missing_table_is_not_shown(copy, capsys):
    assert commands.main(["verify"]) == 0 and "tables: good" in capsys.readouterr().out
    file = copy / "lecture" / "crowd_wages.csv"
    file.write_text(file.read_text().replace(",2,", ",20,"))
    with pytest.raises(
        WorkshopError, match=r"wrong checksum: restore it with git checkout data/lecture/crowd_wages"
    ):
        lecture.table("crowd_wages")
    file.unlink()
    with pytest.raises(
        WorkshopError, match=r"data/lecture/crowd_wages\.csv is missing: restore it with git checkout"
    ):
        lecture.table("crowd_wages")
    assert commands.main(["verify"]) == 1
    assert "crowd_wages.csv is missing" in capsys.readouterr().out


def test_a_table_that_was_changed_on_purpose_is_recorded_by_the_script(copy):
    before = json.loads((copy / "checksums.json").read_text())
    file = copy / "lecture" / "crowd_wages.csv"
    file.write_text(file.read_text().replace(",2,", ",20,"), newline="\n")
    runpy.run_path(str(copy / "checksums.py"), run_name="__main__")
    assert lecture.table("crowd_wages").rows == (("median (about)", 20, 2018),)
    after = json.loads((copy / "checksums.json").read_text())
    assert {name for name in after if after[name] != before[name]} == {"lecture/crowd_wages.csv"}
    assert list(after) == list(before)


def test_the_recorded_checksums_are_todays_and_complete():
    script = runpy.run_path(str(DATA / "checksums.py"))
    assert script["checksums"]() == json.loads((DATA / "checksums.json").read_text())
    assert [shipped.state(name) for name in shipped.names()] == [shipped.GOOD] * (len(NAMES) + 2)
