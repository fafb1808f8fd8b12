"""What every test run shares, the lessons' own under nbval included."""

import os
from pathlib import Path

import pytest

# No reader is here: kernels that tests start leave no progress file beside the lessons.
os.environ.setdefault("WORKSHOP_PROGRESS", "off")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    # `pytest --nbval-lax notebooks/` shall need no further option: measured numbers are masked, this Python runs.
    if hasattr(config.option, "nbval_sanitize_with") and not config.option.nbval_sanitize_with:
        config.option.nbval_sanitize_with = str(Path(__file__).parent / "tests" / "nbval_sanitize.cfg")
    if hasattr(config.option, "nbval_current_env"):
        config.option.nbval_current_env = True
