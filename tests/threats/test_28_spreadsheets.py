"""Threat 28. A cell that begins with = + - @, a tab or a line break → no formula; and every value can be read back."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.web import spreadsheet

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_CELLS = st.text(
    st.one_of(st.sampled_from("=+-@\t\r\n＝＋－＠' \",;"), st.characters(exclude_categories=["Cs"])), max_size=8
)


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


@given(st.lists(st.lists(_CELLS, min_size=2, max_size=2), max_size=4))
def test_no_cell_is_a_formula_and_all_come_back(rows: list[list[str]]) -> None:
    text = spreadsheet.table(("one", "two"), rows)
    head, *cells = read(text)
    assert head == ["one", "two"]
    assert not [cell for row in cells for cell in row if cell.lstrip(" ").startswith(DANGEROUS)]
    assert [[spreadsheet.read_back(cell) for cell in row] for row in cells] == rows


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"), ("+1 415", "'+1 415"), ("-1", "'-1"), ("@x", "'@x"), ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"), ("  =1", "'  =1"), ("'=1", "''=1"), ("'t Hooft", "'t Hooft"), ("O'Brien", "O'Brien"), ("", ""),
        ("a=1", "a=1"), ("Jean-Luc", "Jean-Luc"),
    ],
)  # fmt: skip
def test_only_what_would_be_worked_out_is_marked(value: str, cell: str) -> None:
    assert spreadsheet.harmless(value) == cell and spreadsheet.read_back(cell) == value
