"""``python -m workshop``: each command is there, and a request that cannot be met is one sentence and status 2."""

import importlib
import subprocess
import sys

import pytest

from workshop import __main__ as cli

pytestmark = pytest.mark.fast


def test_every_command_leads_somewhere():
    for module, function, what in cli.COMMANDS.values():
        assert callable(getattr(importlib.import_module(module), function)) and what


def test_help_lists_every_command(capsys):
    assert cli.main(["--help"]) == 0
    told = capsys.readouterr().out
    assert all(f"  {name}" in told for name in cli.COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["rum"], "There is no command 'rum'. Choose one of: doctor, data, run"),
        (["run", "--budget", "clas"], "There is no budget 'clas'. Choose one of: smoke, ci, class, full."),
        (["run", "--lesson", "77"], "There is no lesson '77'"),
        (["data", "fetch", "svhm"], "svhm"),
        (["run", "--source", "svhm"], "Did you mean"),
        (["run", "--target", "nowhere/mine.npz"], "There is no file"),
        (["run", "--source", "mnist10k"], "Source and target are both 'mnist10k'."),
        (["measure", "--seeds", "0"], "Measuring needs at least one seed."),
    ],
)
def test_a_request_that_cannot_be_met(arguments, says, capsys):
    assert cli.main(arguments) == 2
    told = capsys.readouterr().err
    assert says in told and "Traceback" not in told and told.count("\n") == 1


def test_a_missing_package_is_named_with_its_remedy(monkeypatch, capsys):
    def gone(name):
        raise ModuleNotFoundError("No module named 'papermill'", name="papermill")

    monkeypatch.setattr(cli.importlib, "import_module", gone)
    assert cli.main(["run"]) == 2
    assert "papermill is not installed, and `run` needs it. Run `make setup-dev`" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("WORKSHOP_DEVICE", "gpu9", "'gpu9' is not a device. Set WORKSHOP_DEVICE to auto, cpu, cuda or mps."),
        ("WORKSHOP_THREADS", "two", "WORKSHOP_THREADS is 'two'; it must be a whole number of at least 1."),
        ("WORKSHOP_THREADS", "0", "WORKSHOP_THREADS is '0'; it must be a whole number of at least 1."),
    ],
)
def test_settings_that_make_no_sense(monkeypatch, variable, value, says):
    from workshop import settings
    from workshop.errors import WorkshopError

    monkeypatch.setenv(variable, value)
    with pytest.raises(WorkshopError) as error:
        settings.device() if variable == "WORKSHOP_DEVICE" else settings.use_threads()
    assert str(error.value) == says


def test_a_device_this_machine_does_not_have(monkeypatch):
    from workshop import settings
    from workshop.errors import WorkshopError

    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(WorkshopError, match=r"This machine has no cuda device\. Set WORKSHOP_DEVICE=auto\."):
        settings.device("cuda")
    assert settings.device("auto").type in ("cpu", "mps")


def test_a_folder_that_cannot_be_made(tmp_path, monkeypatch):
    from workshop import settings
    from workshop.errors import WorkshopError

    (tmp_path / "data").write_text("a file is in the way")
    monkeypatch.setenv("WORKSHOP_HOME", str(tmp_path))
    with pytest.raises(WorkshopError, match=r"cannot be made .* Set WORKSHOP_HOME to a copy"):
        settings.cache_folder()


def test_running_and_listing_lessons_imports_no_torch():
    """Seconds and 200 MB for every process that only watches a kernel."""
    code = "import sys, workshop.runner.commands; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
