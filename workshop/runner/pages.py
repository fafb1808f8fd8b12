"""One HTML page a lesson, readable where there is no network, and an index.

Jupyter's own pages fetch MathJax, require.js and mermaid from other hosts. These fetch nothing: formulas are
MathML, panels are replaced by a note, and a content security policy has the browser hold the page to it.
"""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import jinja2
import latex2mathml.converter
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from traitlets import default

from workshop.runner import report
from workshop.runner.evidence import Outcome
from workshop.runner.normalise import WIDGET_VIEW

_TEMPLATES = Path(__file__).parent / "templates"
_PANEL_NOTE = '<p class="panel-note">A panel is here to move by hand: open the lesson in JupyterLab.</p>'


def lesson_page(notebook: NotebookNode, path: Path, names: list[str]) -> str:
    """The page of one executed lesson.

    Args:
        notebook: the executed copy, which is left as it is.
        path: the lesson's source; pictures that its text shows are read from beside it.
        names: every lesson of the run, in order, to link to the ones before and after.
    """
    notebook = copy.deepcopy(notebook)
    notebook.metadata.title = title(notebook) or path.stem
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.get("data", {}).pop(WIDGET_VIEW, None):
                output.data.setdefault("text/html", _PANEL_NOTE)
    place = names.index(path.stem)
    neighbours = {"previous": names[:place][-1:], "next": names[place + 1 :][:1]}
    resources = {"metadata": {"name": path.stem, "path": str(path.parent)}, "neighbours": neighbours}
    page, _ = LessonExporter().from_notebook_node(notebook, resources)
    return page


def title(notebook: NotebookNode) -> str | None:
    """The lesson's first heading, without its marks; None when it has none."""
    for cell in notebook.cells:
        found = re.search(r"^# (.+)$", cell.source, re.MULTILINE) if cell.cell_type == "markdown" else None
        if found:
            return re.sub(r"[*_`$]", "", found[1]).strip()
    return None


def index_page(budget: str, outcomes: list[Outcome]) -> str:
    """The page that lists a run's lessons with their seconds and claims, and links to each."""
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True)
    return environment.get_template("index.html.j2").render(
        budget=budget,
        rows=[(outcome, report.claims(outcome), report.reasons(outcome)) for outcome in outcomes],
        seconds=sum(outcome.seconds for outcome in outcomes),
    )


class LessonRenderer(IPythonRenderer):
    """Markdown to HTML with formulas as MathML and links that lead from page to page."""

    def inline_math(self, body: str) -> str:
        """``$...$`` within a line."""
        return mathml(body, "inline") or super().inline_math(body)

    def block_math(self, body: str) -> str:
        """``$$...$$`` on lines of its own."""
        return mathml(body, "block") or super().block_math(body)

    def latex_environment(self, name: str, body: str) -> str:
        """``\\begin{align}...\\end{align}`` and its like."""
        formula = mathml(f"\\begin{{{name}}}{body}\\end{{{name}}}", "block")
        return formula or super().latex_environment(name, body)

    def link(self, text: str, url: str, title: str | None = None) -> str:
        """A link to another lesson leads to its page."""
        return super().link(text, re.sub(r"^(\d\d_\w+)\.ipynb\b", r"\1.html", url), title)


def mathml(formula: str, display: str) -> str | None:
    """A TeX formula as MathML; None when it cannot be translated, so that its source can stand instead.

    Args:
        formula: TeX without dollar signs.
        display: ``inline`` or ``block``.
    """
    try:
        translated = latex2mathml.converter.convert(formula.strip(), display=display)
    except Exception:  # latex2mathml's errors share no other base class
        return None
    # A command it does not know is passed on as if it were the name of a variable.
    return None if "<mi>\\" in translated else translated


class LessonExporter(HTMLExporter):
    """nbconvert's page in JupyterLab's dress, less everything it would fetch."""

    @default("template_name")
    def _template_name_default(self) -> str:
        return "lesson"

    @default("extra_template_basedirs")
    def _extra_template_basedirs_default(self) -> list[str]:
        return [str(_TEMPLATES)]

    @jinja2.pass_context
    def markdown2html(self, context: jinja2.runtime.Context, source: str) -> str:
        """The filter for Markdown cells, with pictures beside the lesson put into the page."""
        resources: dict[str, Any] = context["resources"]
        renderer = LessonRenderer(
            escape=False,
            attachments=context.get("cell", {}).get("attachments", {}),
            embed_images=True,
            path=resources["metadata"]["path"],
            exclude_anchor_links=True,
        )
        return MarkdownWithMath(renderer=renderer).render(source)
