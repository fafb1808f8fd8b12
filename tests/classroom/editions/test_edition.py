"""What is handed out holds no answer, works on its own, and is there whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path, PurePosixPath

import nbformat
import pytest

from workshop import __main__ as cli
from workshop.classroom.accepting.manual import read_marks
from workshop.classroom.accepting.roster import Roster
from workshop.classroom.editions import edition as editions
from workshop.classroom.editions.edition import SOLUTIONS, STUDENT, make
from workshop.classroom.editions.packing import pack
from workshop.classroom.editions.tree import shipped_files, trimmed
from workshop.classroom.grading.commands import _parser
from workshop.errors import WorkshopError
from workshop.runner import lessons

ROOT = Path(__file__).resolve().parents[3]


def files(folder: Path) -> dict[str, str]:
    """Name to digest, of every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def solution_lines() -> set[str]:
    """The lines of every solution, stripped."""
    return {
        line.strip()
        for path in (ROOT / "notebooks").glob("*.ipynb")
        for cell in nbformat.read(path, as_version=4).cells
        for text in re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", cell.source, re.DOTALL)
        for line in text.splitlines()
    }


def test_nothing_that_only_staff_may_have_is_handed_out(made):
    names = set(files(made("student").folder))
    references = [path.read_bytes() for path in (ROOT / "workshop/exercises/references").glob("*.py")]
    assert references and "workshop/exercises/__init__.py" in names
    for_staff = r"references|classroom|bench|^tests|Makefile|Dockerfile"
    assert not [name for name in names if re.search(for_staff, name)]
    assert not [name for name in names if (made("student").folder / name).read_bytes() in references and name]


#: Lines of solutions that may be read in the package, and why.
PUBLIC = {
    # the schedule that lesson 03 trains with
    "return 2 / (1 + math.exp(-steepness * progress)) - 1": {"workshop/kernels/domain_adversarial.py"},
}
#: Numpy's manners; anybody's code has them.
ANYBODYS = {'with np.errstate(divide="ignore"):'}


def test_no_line_of_a_solution_stands_in_any_file(made):
    """But for what the lessons themselves show, such as a colleague's code with a bug."""
    shown = "\n".join(
        re.sub(r"### BEGIN SOLUTION.*?### END SOLUTION", "", cell.source, flags=re.DOTALL)
        for path in (ROOT / "notebooks").glob("*.ipynb")
        for cell in nbformat.read(path, as_version=4).cells
    )
    secret = {line for line in solution_lines() if len(line) > 15 and line not in shown} - ANYBODYS
    assert len(secret) > 30
    found: dict[str, set[str]] = {}
    for name in files(made("student").folder):
        content = (made("student").folder / name).read_bytes()
        for line in secret:
            # In a notebook's JSON the quotes are escaped.
            if line.encode() in content or json.dumps(line)[1:-1].encode() in content:
                found.setdefault(line, set()).add(name)
    assert found == PUBLIC


#: What checks an answer. Nothing else of the exercises is handed out but data.
CHECKING = {"__init__.py", "calls.py", "judging.py", "public.py", "record.py"}


def test_students_have_no_code_of_usual_mistakes_and_generators(made):
    """It would compose to solutions, though no line of one stands in it."""
    folder = made("student").folder / "workshop/exercises"
    assert set(files(folder)) == CHECKING | {"public.json"}
    lessons_of_staff = [path.read_text() for path in (ROOT / "workshop/exercises/lessons").glob("*.py")]
    functions = set(re.findall(r"^def (\w+)", "\n".join(lessons_of_staff), re.MULTILINE))
    assert len(functions) > 80
    handed_out = "\n".join(path.read_text() for path in folder.iterdir())
    assert not functions & set(re.findall(r"\w+", handed_out))


#: Each usual mistake, as it is and stopping at the second example; the reference; nothing; what is unsolved; exit.
EVERY_CHECK = """
import importlib.util, json, sys
from pathlib import Path
from workshop import exercises, lesson

ROOT = Path(sys.argv[1])
said = []
lesson.display = lambda bundle, **_: said.append(bundle)

def module(path):
    spec = importlib.util.spec_from_file_location(f"of_staff_{path.parent.name}_{path.stem}", path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded

def modules(kind):
    paths = sorted((ROOT / "workshop/exercises" / kind).glob("[!_]*.py"))
    return [module(path) for path in paths]

def stopping(mistake):
    calls = []
    def answer(**inputs):
        calls.append(1)
        return [][0] if len(calls) == 2 else mistake(**inputs)
    return answer

references = {name: one for each in modules("references") for name, one in each.REFERENCES.items()}
for each in modules("lessons"):
    for exercise in (one for one in each.EXERCISES if not one.manual):
        for hint in exercise.hints:
            lesson.check(exercise.id, hint.mistake)
            lesson.check(exercise.id, stopping(hint.mistake))
        for answer in (references[exercise.id], None, lambda **_: sys.exit(), lambda **_: "no"):
            lesson.check(exercise.id, answer)
by_lesson = {name: exercise.lesson for name, exercise in exercises.EXERCISES.items()}
print(json.dumps({"said": said, "by_lesson": by_lesson, "here": exercises.__file__}))
"""


def test_its_checks_say_the_same_as_the_sources(made, tmp_path):
    told = {}
    for folder in (ROOT, made("student").folder):
        done = subprocess.run(
            [sys.executable, "-B", "-W", "ignore", "-c", EVERY_CHECK, str(ROOT)],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1", "WORKSHOP_PROGRESS": "off"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        told[folder] = json.loads(done.stdout)
        assert Path(told[folder].pop("here")).is_relative_to(folder)
    of_source, of_edition = told.values()
    hints = sum("Hint: " in bundle["text/html"] for bundle in of_edition["said"])
    assert hints > 150  # those of about a hundred mistakes, and of most where one example stopped
    assert of_edition == of_source
    assert list(of_edition["by_lesson"]) == list(of_source["by_lesson"])


def test_staff_make_the_same_students_edition_from_theirs(made, monkeypatch, tmp_path):
    monkeypatch.setattr("workshop.settings.home", lambda: made("solutions").folder)
    assert files(make(STUDENT, tmp_path).folder) == files(made("student").folder)


def test_only_what_belongs_to_the_workbook_goes_along(made):
    for kind in ("student", "solutions"):
        for name in set(files(made(kind).folder)) - ({".dockerignore"} if kind == "solutions" else set()):
            parts = PurePosixPath(name).parts
            assert not any(
                part.startswith(".") or part in ("__pycache__", "cache", "build") for part in parts
            )
            assert not name.endswith((".pyc", ".so", ".egg-info"))


def test_what_lies_around_stays_at_home(tmp_path):
    present = [*shipped_files(ROOT, ()), Path("pyproject.toml")]
    for path in present:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    (tmp_path / "data/checksums.json").write_bytes((ROOT / "data/checksums.json").read_bytes())
    clean = shipped_files(tmp_path, ())
    assert clean == present[:-1]
    for stray in (
        "data/svhn.npz",
        "data/bluebirds_welinder2010.csv",
        "data/cache/x.npz",
        "data/results/03_x/.part.npz",
        "notes.md",
        "workshop/__pycache__/a.py",
        "workshop/.ipynb_checkpoints/b.py",
        "workshop/marks.csv",
    ):
        (tmp_path / stray).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / stray).touch()
    (tmp_path / "workshop/linked.py").symlink_to(ROOT / "pyproject.toml")
    assert shipped_files(tmp_path, ()) == clean
    (tmp_path / "data/mnist10k.npz").unlink()
    with pytest.raises(WorkshopError, match=r"mnist10k\.npz is missing; an edition is made from a whole"):
        shipped_files(tmp_path, ())


IN_A_STUDENTS_FOLDER = """
import importlib, json, pkgutil, sys
from pathlib import Path
import nbformat, workshop
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

assert Path(workshop.__file__).is_relative_to(Path.cwd()), workshop.__file__
modules = [module.name for module in pkgutil.walk_packages(workshop.__path__, "workshop.")]
for name in modules:
    importlib.import_module(name)

def run(source):
    with capture_output() as shown:
        done = shell.run_cell(source)
    done.raise_error()
    return [output.data.get("text/html", "") for output in shown.outputs]

shell = InteractiveShell.instance()
said = {}
for cell in nbformat.read("notebooks/05_meta_learning.ipynb", as_version=4).cells:
    if "parameters" in cell.metadata.get("tags", []) or "lesson.start(" in cell.source:
        began = run(cell.source)
    elif cell.metadata.get("nbgrader"):
        words = run(cell.source)
        if cell.metadata.nbgrader.grade:
            said[cell.metadata.nbgrader.grade_id] = words
print(json.dumps({"modules": len(modules), "began": began, "said": said}))
"""


def test_unpacked_it_works_on_its_own(made, tmp_path):
    """Every module can be imported, a lesson begins, and an unsolved exercise says so."""
    with zipfile.ZipFile(made("student").archive) as packed:
        packed.extractall(tmp_path)
    folder = tmp_path / STUDENT.unpacks_to
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WORKSHOP_")}
    done = subprocess.run(
        [sys.executable, "-B", "-c", IN_A_STUDENTS_FOLDER],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["modules"] > 50 and len(told["said"]) == 3
    assert "05_meta_learning" in told["began"][0]
    assert all("Not solved yet" in words[0] and len(words) == 1 for words in told["said"].values())


def test_its_commands_are_those_of_students(made):
    folder = made("student").folder
    command = [sys.executable, "-B", "-m", "workshop"]
    options = {
        "cwd": folder,
        "env": os.environ | {"PYTHONPATH": str(folder)},
        "capture_output": True,
        "text": True,
    }
    helped = subprocess.run([*command, "--help"], **options).stdout
    assert re.findall(r"^  (\w+) ", helped, re.MULTILINE) == ["doctor", "data", "run", "lab", "format"]
    doctor = subprocess.run([*command, "doctor"], **options).stdout
    assert doctor.endswith("Lessons can run.\n") and "Packages" in doctor
    assert not re.search("Classroom|Develop|Peers|Browser|Extra data|make ", doctor)
    refused = subprocess.run([*command, "student"], **options)
    assert refused.returncode == 2 and refused.stderr.startswith("There is no command 'student'.")


@pytest.mark.parametrize(("kind", "extras"), [("student", "core"), ("solutions", "core,classroom")])
def test_a_missing_package_is_installed_without_make(made, monkeypatch, capsys, kind, extras):
    monkeypatch.setattr(cli, "_HERE", made(kind).folder / "workshop")
    monkeypatch.setitem(sys.modules, "papermill", None)
    monkeypatch.delitem(sys.modules, "workshop.runner.commands", raising=False)
    monkeypatch.delitem(sys.modules, "workshop.runner.execute", raising=False)
    assert cli.main(["run"]) == 2
    remedy = f"Run `python -m pip install -c constraints.txt -e '.[{extras}]'`."
    assert capsys.readouterr().err == f"papermill is not installed, and `run` needs it. {remedy}\n"


@pytest.mark.fast
@pytest.mark.parametrize("edition", [STUDENT, SOLUTIONS], ids=lambda edition: edition.name)
def test_pyproject_keeps_what_its_readers_need(edition):
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    whole, left = tomllib.loads(text), tomllib.loads(trimmed(text, edition.extras))
    extras = whole["project"].pop("optional-dependencies")
    kept = left["project"].pop("optional-dependencies")
    assert kept == {name: extras[name] for name in edition.extras}
    assert left["project"] == whole["project"] and set(left["tool"]) == {"setuptools"}
    assert trimmed(trimmed(text, edition.extras), edition.extras) == trimmed(text, edition.extras)


def test_links_in_the_readmes_lead_somewhere(made):
    for kind in ("student", "solutions"):
        readme = (made(kind).folder / "README.md").read_text(encoding="utf-8")
        links = re.findall(r"\]\(([^)]+)\)", readme)
        files_linked = [link for link in links if not link.startswith("https://")]
        assert len(files_linked) == len(made(kind).lessons)
        assert all((made(kind).folder / link).is_file() for link in files_linked)
        named = re.findall(r"`((?:LICENSE|data/)[\w/.-]*)`", readme)
        assert len(named) >= 3 and all((made(kind).folder / name).exists() for name in named)


def test_staff_are_told_how_to_grade_and_students_what_is_graded(made, tmp_path):
    """Every option that the staff's README names is one, and the columns are those that are read."""
    readme = (made("solutions").folder / "README.md").read_text(encoding="utf-8")
    options = set(re.findall(r"(--[a-z][a-z-]+)", readme))
    taken = set(_parser()._option_string_actions)
    assert {"--out", "--seed", "--roster", "--marks", "--resume", "--unsafe-no-sandbox"} <= options <= taken
    assert "nbgrader autograde" in readme and "`Dockerfile`" in readme and "bubblewrap" in readme
    files_of_staff = re.findall(r"^\| `(\w+\.csv)` \| (.*?) \|", readme, re.MULTILINE)
    rows = {
        "roster.csv": "a,a.ipynb,2026-11-25 18:00,2026-11-25 18:01,",
        "marks.csv": "a,labels-bill,1.5,well",
    }
    assert len(files_of_staff) == 2
    for name, columns in files_of_staff:
        header = ",".join(re.findall(r"`(\w+)`", columns))
        (tmp_path / name).write_text(f"{header}\n{rows[name]}\n", encoding="utf-8")
    assert Roster.read(tmp_path / "roster.csv").lines[0].late
    assert read_marks(tmp_path / "marks.csv", {"a"})["a", "labels-bill"].comment == "well"
    assert all((made("solutions").folder / name).is_file() for name in ("Dockerfile", ".dockerignore"))
    of_students = (made("student").folder / "README.md").read_text(encoding="utf-8")
    assert "helper functions too, stands in its cell, or in an answer cell above it" in of_students


def test_the_staffs_lessons_are_the_sources_byte_for_byte(made):
    for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"):
        assert (made("solutions").folder / "notebooks" / path.name).read_bytes() == path.read_bytes()
    assert (made("solutions").folder / "workshop/exercises/references/adaptation.py").is_file()


def test_zip_holds_the_folder_and_is_safe_to_unpack(made, tmp_path):
    for kind, top in (("student", "workbook"), ("solutions", "workbook-solutions")):
        with zipfile.ZipFile(made(kind).archive) as packed:
            assert packed.testzip() is None
            names = packed.namelist()
            assert len(names) == len({name.casefold() for name in names})
            for entry in packed.infolist():
                parts = PurePosixPath(entry.filename).parts
                assert parts[0] == top and ".." not in parts and "\\" not in entry.filename
                assert entry.external_attr >> 16 == 0o100644
            packed.extractall(tmp_path)
        assert files(tmp_path / top) == files(made(kind).folder)
    assert made("student").archive.stat().st_size < 10e6


def test_made_twice_it_is_the_same_to_the_byte(made, build):
    again = make(STUDENT)
    assert again.archive.read_bytes() == made("student").archive.read_bytes()
    for path in again.folder.rglob("*"):
        os.utime(path, (1, 1))
    pack(again.folder, build / "touched.zip", STUDENT.unpacks_to)
    assert (build / "touched.zip").read_bytes() == again.archive.read_bytes()


@pytest.fixture
def older(build: Path) -> Path:
    """A ``build/`` with an older edition in it."""
    (build / "student").mkdir()
    (build / "student" / "old.txt").write_text("old")
    (build / "student.zip").write_text("old")
    return build


def is_old(build: Path) -> bool:
    names = sorted(path.relative_to(build).as_posix() for path in build.rglob("*"))
    return names == ["student", "student.zip", "student/old.txt"] and (
        (build / "student.zip").read_text() == "old"
    )


def test_a_new_edition_replaces_the_older_one(older, made):
    make(STUDENT)
    assert files(older / "student") == files(made("student").folder)
    assert sorted(path.name for path in older.iterdir()) == ["student", "student.zip"]


@pytest.mark.parametrize("step", ["_readme", "pack", "put_in_place"])
@pytest.mark.parametrize("failure", [KeyboardInterrupt(), OSError(28, "No space left on device", "x")])
def test_an_interrupted_build_leaves_the_older_edition(older, monkeypatch, step, failure):
    def stop(*_, **__):
        raise failure

    monkeypatch.setattr(editions, step, stop)
    with pytest.raises((KeyboardInterrupt, WorkshopError)) as stopped:
        make(STUDENT)
    assert is_old(older)
    if isinstance(failure, OSError):
        assert "student cannot be written: No space left on device" in str(stopped.value)


def test_stopped_between_the_two_renames_the_older_edition_comes_back(older, monkeypatch):
    rename = Path.rename

    def stop(self, target):
        if self.name == "fresh":
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", stop)
    with pytest.raises(KeyboardInterrupt):
        make(STUDENT)
    assert is_old(older)


def test_a_lesson_that_cannot_be_handed_out_stops_the_build(older, monkeypatch, capsys):
    read = nbformat.read

    def spoilt(path, as_version):
        notebook = read(path, as_version)
        notebook.cells[0].source += "\n### END SOLUTION"
        return notebook

    monkeypatch.setattr(editions.nbformat, "read", spoilt)
    assert cli.main(["student"]) == 2
    assert f"{lessons.find([])[0].path.name} cannot be handed out." in capsys.readouterr().err
    assert is_old(older)


def test_command_prints_a_line_a_lesson(build, capsys):
    assert cli.main(["solutions"]) == 0
    told = capsys.readouterr().out
    lessons = list((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    assert len(re.findall(r"^\d\d_\w+ +\d+ exercises +\d+ points$", told, re.MULTILINE)) == len(lessons)
    assert str(build / "solutions.zip") in told
