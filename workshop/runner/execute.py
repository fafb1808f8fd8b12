"""One lesson in a kernel of its own, with time limits."""

from __future__ import annotations

import logging
import math
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import papermill
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError
from traitlets import default

from workshop import settings

#: Seconds that a lesson may take at each budget; a cell may take what is left of them, where it has no limit of its
#: own. Generous: a limit is there to end what hangs, not to measure.
LIMITS = {"smoke": 120.0, "ci": 600.0, "class": 3600.0, "full": 24 * 3600.0}

# The runner reports each failure once, in its own words.
logging.getLogger("papermill").addHandler(logging.NullHandler())

#: Called as ``on_cell(i, n)`` when the i-th of n code cells starts.
OnCell = Callable[[int, int], None]


class LessonKernel(AsyncKernelManager):
    """A kernel of this very Python, whatever kernels a user has installed under the name ``python3``."""

    retrain = "1"  #: a run shows what it trained itself

    @default("kernel_spec_manager")
    def _ipykernel_only(self) -> KernelSpecManager:
        return KernelSpecManager(kernel_dirs=[])

    async def start_kernel(self, **options: Any) -> None:
        """Start it where the process stands: :func:`execute` has moved it to a scratch folder."""
        environment = os.environ | {
            "WORKSHOP_RETRAIN": self.retrain,
            "WORKSHOP_HOME": str(settings.home().resolve()),
            # Nobody's own start-up files take part in a run.
            "IPYTHONDIR": str(Path.cwd() / ".ipython"),
        }
        # What a cell prints goes another way; this is the kernel's own log.
        await super().start_kernel(**options, env=environment, stderr=subprocess.DEVNULL)


class StoredResultsKernel(LessonKernel):
    """The same, for a lesson that shows its stored results, as a reader first sees it."""

    retrain = "0"


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The cells that can run: an empty one is left out, as Jupyter does."""
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


@dataclass(frozen=True)
class Execution:
    """What became of one lesson.

    Attributes:
        notebook: the executed copy, as far as it got.
        seconds: wall time, the kernel's start included.
        error: why it ended early, in a sentence; None when every cell was sent and answered.
        reached: the source of the last cell that was started.
    """

    notebook: NotebookNode
    seconds: float
    error: str | None
    reached: str


def execute(
    path: Path,
    output: Path,
    parameters: dict[str, str],
    limit: float,
    on_cell: OnCell,
    kernel: type[LessonKernel] = LessonKernel,
    cell_limit: float = math.inf,
) -> Execution:
    """Run one lesson from top to bottom and save the executed copy.

    The kernel works in a scratch folder that is deleted afterwards, so that nothing lands beside the lessons.

    Args:
        path: the lesson, which is only read.
        output: where the executed copy goes.
        parameters: values for names that the lesson declares.
        limit: seconds for the whole lesson.
        on_cell: see :data:`OnCell`.
        kernel: :class:`StoredResultsKernel` to show what is stored.
        cell_limit: seconds for each cell.

    Raises:
        KeyboardInterrupt: after the kernel has been shut down.
    """
    started = time.perf_counter()
    # papermill adds a cell of its own for the parameters.
    total = 1 + len(code_cells(nbformat.read(path, as_version=4)))
    sent: list[str] = []
    error = None
    of_the_cell = False  # the limit that comes first

    def seconds_of(cell: NotebookNode) -> float:
        nonlocal of_the_cell
        left = limit - (time.perf_counter() - started)
        of_the_cell = cell_limit < left
        return cell_limit if of_the_cell else max(1.0, left)  # never 0, which would mean no limit at all

    def on_cell_execute(cell: NotebookNode, cell_index: int) -> None:
        sent.append(cell.source)
        on_cell(len(sent), total)

    # A killed kernel may leave files that are still being written; they are not worth failing for.
    with tempfile.TemporaryDirectory(prefix="workshop-lesson-", ignore_cleanup_errors=True) as scratch:
        try:
            papermill.execute_notebook(
                path.resolve(),
                output.resolve(),
                parameters,
                cwd=scratch,
                kernel_name="python3",
                language="python",
                progress_bar=False,
                kernel_manager_class=kernel,
                on_cell_execute=on_cell_execute,
                iopub_timeout=60,  # the outputs of a finished cell may take that long on a busy machine
                timeout_func=seconds_of,
            )
        except PapermillExecutionError as failure:
            error = f"A cell raised {failure.ename}: {failure.evalue}"
        except CellTimeoutError:
            error = (
                f"A cell was stopped after {cell_limit:.0f} seconds, the limit of a cell: does it ever end?"
                if of_the_cell
                else f"The lesson was stopped after {limit:.0f} seconds, the limit of its budget."
            )
        except DeadKernelError:
            error = "The kernel died: the cell ended the process, or the machine ran out of memory."
        except RuntimeError as failure:
            error = f"The kernel did not start: {failure}"
    seconds = time.perf_counter() - started
    return Execution(nbformat.read(output, as_version=4), seconds, error, sent[-1] if sent else "")
