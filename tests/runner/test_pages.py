"""A page reads well where there is no network."""

from __future__ import annotations

import re
from base64 import b64decode

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_markdown_cell, new_notebook, new_output
from small_lessons import tagged

from workshop.claims import Verdict
from workshop.runner.evidence import Fault, Outcome
from workshop.runner.pages import index_page, lesson_page, mathml

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PROSE = r"""# The *min-max* picture

Inline $\hat{y} = f_\theta(x)$, code `$not_math$`, a price of \$5, and what no parser knows: $\nonsense{x}$.

$$\frac{a}{b}$$

\begin{align} a &= b \end{align}

```python
cost = "$$5$$"
```

Next: [the end](01_end.ipynb#top). Here: ![a dot](dot.png)
"""


@pytest.fixture
def page(tmp_path) -> str:
    """The page of a lesson with prose, a panel, a panel with a picture of it, and a figure."""
    tmp_path.joinpath("dot.png").write_bytes(b64decode(PNG))
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "IntSlider(value=3)"}
    figure = {"text/html": f'<img alt="A blue dot" src="data:image/png;base64,{PNG}">', "text/plain": "HTML"}
    cell = tagged("show()", "figure")
    cell.outputs = [
        new_output("display_data", view),
        new_output("display_data", {**view, "text/html": "<p>the panel, drawn</p>"}),
        new_output("display_data", figure),
    ]
    notebook = new_notebook(cells=[new_markdown_cell(PROSE), cell])
    notebook.metadata.widgets = {"application/vnd.jupyter.widget-state+json": {"state": {}}}
    names = ["00_start", "00_this", "01_end"]
    return lesson_page(notebook, tmp_path / "00_this.ipynb", names)


@pytest.fixture
def soup(page: str) -> BeautifulSoup:
    return BeautifulSoup(page, "html.parser")


def test_nothing_is_fetched(page, soup):
    assert not soup.find_all("script")
    assert not soup.find_all("link")
    sources = [tag["src"] for tag in soup.find_all(src=True)]
    assert sources and all(source.startswith("data:") for source in sources)
    assert not re.search(r"(?:url\(|@import)\s*['\"]?http", page)
    assert (
        "default-src 'none'" in soup.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
    )


def test_formulas_are_mathml_and_code_is_left_alone(soup):
    assert [formula["display"] for formula in soup.find_all("math")] == ["inline", "block", "block"]
    assert soup.find("code", string="$not_math$")
    text = soup.get_text()
    assert "a price of $5" in text
    assert r"what no parser knows: $\nonsense{x}$." in text
    assert '"$$5$$"' in text


def test_a_panel_is_replaced_by_what_can_be_read(soup):
    text = soup.get_text()
    assert "widget" not in {str(script.get("type")) for script in soup.find_all("script")}
    assert "IntSlider" not in text
    assert "open the lesson in JupyterLab" in text
    assert "the panel, drawn" in text


def test_language_title_links_and_alt_text(soup):
    assert soup.html["lang"] == "en"
    assert soup.title.string == "The min-max picture"
    links = [link["href"] for link in soup.nav.find_all("a")]
    assert links == ["00_start.html", "index.html", "01_end.html"]
    assert soup.find("a", string="the end")["href"] == "01_end.html#top"
    assert [image["alt"] for image in soup.find_all("img")] == ["a dot", "A blue dot"]


@pytest.mark.fast
@pytest.mark.parametrize("formula", [r"\nonsense{x}", "a_{", r"\left( x", "a_"])
def test_a_formula_that_cannot_be_translated_stays_as_it_is(formula):
    assert mathml(formula, "inline") is None


@pytest.mark.fast
def test_the_index_lists_every_lesson_with_seconds_and_claims():
    broken = Verdict("b/x", "It <works>", 0.5, "", None, ">=", 0.9, False, "renders", (0,), "ci", "run")
    outcomes = [
        Outcome("00_fine", 1.25, (), ()),
        Outcome("01_broken", 2.0, (broken,), ()),
        Outcome("02_failed", 3.0, (), (Fault("A cell raised ValueError: no"),)),
    ]
    soup = BeautifulSoup(index_page("ci", outcomes), "html.parser")
    rows = [
        [" ".join(cell.get_text(" ").split()) for cell in row.find_all("td")]
        for row in soup.tbody.find_all("tr")
    ]
    assert rows == [
        ["00_fine", "1.2", "✓ no claims"],
        [
            "01_broken",
            "2.0",
            "✗ 0 of 1 b/x does not hold: It <works>. Measured 0.5, claimed >= 0.9, on renders.",
        ],
        ["02_failed", "3.0", "✗ failed A cell raised ValueError: no"],
    ]
    assert [link["href"] for link in soup.find_all("a")] == [
        "00_fine.html",
        "01_broken.html",
        "02_failed.html",
    ]
    assert "budget ci: 3 lessons, 6 seconds" in " ".join(soup.get_text().split())


@pytest.mark.browser
def test_a_browser_draws_the_formulas_and_asks_nobody_for_anything(page, tmp_path, chromium):
    file = tmp_path / "page.html"
    file.write_text(page, encoding="utf-8")
    view = chromium.new_page()
    asked, complaints = [], []
    view.on("request", lambda request: asked.append(request.url))
    view.on("console", lambda message: complaints.append(message.text))
    view.goto(file.as_uri())
    assert [url for url in asked if not url.startswith("data:")] == [file.as_uri()]
    assert complaints == []
    fraction = view.locator("mfrac").bounding_box()
    assert fraction["height"] > 1.2 * view.locator("mfrac mi").first.bounding_box()["height"]
    assert view.locator("img").last.evaluate("image => image.naturalWidth") == 1
    view.close()
