"""A table behind a link: what a browser saves is what was put in, and no spreadsheet runs any of it."""

import base64
import csv
import io

import pytest
from bs4 import BeautifulSoup

from workshop.panels.csv_link import csv_link

pytestmark = pytest.mark.fast


def saved(html: str) -> list[list[str]]:
    """The rows that a browser would save."""
    kind, _, data = BeautifulSoup(html, "html.parser").a["href"].partition(";base64,")
    assert kind == "data:text/csv"
    return list(csv.reader(io.StringIO(base64.b64decode(data).decode("utf-8-sig"), newline="")))


def test_what_is_saved_is_what_was_put_in():
    rows = [["name", "share"], ["a, b", 0.25], ['with "quotes"\nand a line', -3], ["größer", None]]
    link = csv_link("plans.csv", "Save it", rows)
    page = BeautifulSoup(link, "html.parser").a
    assert page["download"] == "plans.csv" and page.text == "Save it"
    assert saved(link) == [["" if cell is None else str(cell) for cell in row] for row in rows]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-cmd", "@x"])
def test_text_that_looks_like_a_formula_stays_text_and_numbers_stay_numbers(cell):
    assert saved(csv_link("a.csv", "a", [[cell, -1.5]])) == [[f"'{cell}", "-1.5"]]
