"""JupyterLab in a real browser, used as a reader uses it: by keys and buttons, and by what can be seen."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
from playwright.sync_api import Browser, Locator, Page

TOKEN = "reader"
#: Every cell is attached at once (else a cell below the window is not there), no prompt asks anything, and the
#: kernel hears one message at a time (as older ones do): a training in a widget's callback would deafen it.
USER_SETTINGS = {
    "apputils-extension/kernels-settings": '{"commsOverSubshells": "disabled"}',
    "notebook-extension/tracker": '{"windowingMode": "none", "autoStartDefaultKernel": true}',
    "apputils-extension/notification": '{"fetchNews": "false", "checkForUpdates": false}',
}
#: Roles of what a hand can move, by the names of the accessibility tree.
CONTROLS = {"button", "checkbox", "combobox", "radio", "slider", "spinbutton", "textbox"}


@contextmanager
def jupyterlab(folder: Path, home: Path, log: Path) -> Iterator[str]:
    """Serve ``folder``; yields the address. Nothing is read from or left in the user's own Jupyter folders.

    Args:
        home: the workbook that the lessons' kernels use.
        log: where the server's words go.
    """
    private = folder / ".jupyter"
    for name, text in USER_SETTINGS.items():
        file = private / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    places = {
        "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime",
        "IPYTHONDIR": "ipython",
    }  # fmt: skip
    environment = os.environ | {name: str(private / place) for name, place in places.items()}
    environment |= {"WORKSHOP_HOME": str(home), "WORKSHOP_THREADS": "1", "WORKSHOP_PROGRESS": "on"}
    port = _free_port()
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
        f"--ServerApp.root_dir={folder}", f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={TOKEN}", "--LabApp.expose_app_in_browser=True",
    ]  # fmt: skip
    with log.open("w", encoding="utf-8") as words:
        server = subprocess.Popen(command, env=environment, stdout=words, stderr=words)
    try:
        _wait_for(f"http://127.0.0.1:{port}/api/status?token={TOKEN}", server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()  # it takes its kernels along
        server.wait(30)


class OpenNotebook:
    """A notebook open in JupyterLab.

    Attributes:
        page: the browser's page.
        strangers: addresses outside this machine that the page asked for.
        complaints: errors in the browser's console.
    """

    def __init__(self, browser: Browser, address: str, path: Path, pictures: Path, **context: object):
        self.strangers: list[str] = []
        self.complaints: list[str] = []
        self._pictures = pictures
        self._cells = nbformat.read(path, as_version=4).cells
        self.page: Page = browser.new_page(**{"viewport": {"width": 1280, "height": 800}, **context})
        self.page.on("request", lambda request: self._asked(request.url))
        self.page.on("websocket", lambda connection: self._asked(connection.url))
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(f"{address}/lab/tree/{path.name}?token={TOKEN}&reset")
        # Before the kernel is idle, a command to run waits for ever behind a dialog.
        self.page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'",
            timeout=60_000,
        )
        self.page.evaluate(
            "() => { for (const cell of window.jupyterapp.shell.currentWidget.content.widgets)"
            " cell.node.dataset.cell = cell.model.id }"
        )

    def run_all(self, seconds: float) -> None:
        """Run every cell; returns when the last has ended, or the first has failed."""
        # Not awaited in one breath: the browser must go on answering meanwhile.
        self.page.evaluate(
            "() => { window.ended = false; window.jupyterapp.commands.execute('notebook:run-all-cells')"
            ".finally(() => { window.ended = true }) }"
        )
        self.page.wait_for_function("() => window.ended", timeout=1000 * seconds)

    def cell(self, text: str) -> Locator:
        """The one code cell whose source holds ``text``, however the lines are broken."""
        code = {cell.id: "".join(cell.source.split()) for cell in self._cells if cell.cell_type == "code"}
        (found,) = [name for name, source in code.items() if "".join(text.split()) in source]
        return self.page.locator(f"[data-cell='{found}']")

    def start(self, cell: Locator) -> None:
        """Click beside the cell and press shift-enter, as a reader does."""
        cell.locator(".jp-InputPrompt").click()
        self.page.keyboard.press("Shift+Enter")

    def run(self, cell: Locator) -> None:
        """Start the cell; returns when it has ended."""
        prompt = cell.locator(".jp-InputPrompt")
        before = prompt.inner_text()
        self.start(cell)
        self.page.wait_for_function(
            "([prompt, before]) => prompt.innerText !== before && /\\d/.test(prompt.innerText)",
            arg=[prompt.element_handle(), before],
        )

    def code_cells(self) -> list[dict]:
        """Of every code cell its ``source``, ``count`` (of its execution) and the types of its ``outputs``."""
        return self.page.evaluate(
            """() => window.jupyterapp.shell.currentWidget.content.widgets
                .filter(cell => cell.model.type === 'code' && cell.model.sharedModel.getSource().trim())
                .map(cell => ({
                    source: cell.model.sharedModel.getSource(),
                    count: cell.model.executionCount,
                    outputs: cell.model.outputs.toJSON().map(out => out.name ?? out.output_type),
                }))"""
        )

    def names(self, part: Locator) -> list[str]:
        """The name of every control in a part of the page, as a screen reader is told it; "" where there is none.

        ipywidgets' sliders have none: a label stands beside them, which only the eye connects. Here it counts.
        """
        found = []
        for role in CONTROLS:
            for control in part.get_by_role(role).all():
                named = re.match(r"""- '?\w+ "\W*(\w[^"]*)""", control.aria_snapshot())
                beside = control.locator("xpath=ancestor::*[contains(@class, 'widget-slider')]/label")
                label = beside.inner_text() if role == "slider" else ""
                found.append(named[1] if named else label)
        return found

    def focused(self) -> str:
        """The control that the keyboard is at, as a screen reader is told it."""
        return self.page.locator(":focus").first.aria_snapshot()

    def theme(self, name: str) -> None:
        """Change JupyterLab's theme: ``JupyterLab Light`` or ``JupyterLab Dark``."""
        self.page.evaluate(
            "name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})", name
        )
        self.page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=name)

    def picture(self, name: str, part: Locator | None = None) -> None:
        """Keep a picture of the window, or of a part of the page however tall, to be looked at."""
        self._pictures.mkdir(parents=True, exist_ok=True)
        window = self.page.viewport_size
        if part:
            self.page.set_viewport_size({**window, "height": 1400})
        (part or self.page).screenshot(path=self._pictures / f"{name}.png")
        if part:
            self.page.set_viewport_size(window)

    def slices(self, name: str) -> None:
        """Keep pictures of the whole notebook, a window-full each."""
        scroller = self.page.locator(".jp-WindowedPanel-outer").first
        height, total = scroller.evaluate("panel => [panel.clientHeight, panel.scrollHeight]")
        for number, top in enumerate(range(0, total, height - 40)):
            scroller.evaluate("(panel, top) => { panel.scrollTop = top }", top)
            self.picture(f"{name}-{number:02}")

    def close(self) -> None:
        self.page.close()

    def _asked(self, url: str) -> None:
        if urlsplit(url).hostname not in (None, "127.0.0.1"):  # None: a picture within the page
            self.strangers.append(url)

    def _said(self, message) -> None:
        if message.type == "error":
            self.complaints.append(message.text)


def _free_port() -> int:
    with socket.socket() as any_port:
        any_port.bind(("127.0.0.1", 0))
        return any_port.getsockname()[1]


def _wait_for(url: str, server: subprocess.Popen, log: Path, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except urllib.error.URLError:
            if server.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8')}") from None
            time.sleep(0.1)
