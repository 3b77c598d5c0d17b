"""Tables for spreadsheets: CSV in which no cell is taken for a formula, and from which every value can be read back.

A cell that a spreadsheet would work out gets an apostrophe in front; so does one that has the apostrophes of such a cell
already, so that taking one away gives back what was there. Threat 28; the signs are OWASP's, with their wide forms.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

_BYTE_ORDER = "\ufeff"  # by which Excel knows that this is UTF-8
_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The CSV (RFC 4180) of a head and its rows."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([harmless(value) for value in row] for row in rows)
    return _BYTE_ORDER + out.getvalue()


def harmless(value: str) -> str:
    """The value as it can stand in a cell."""
    return f"'{value}" if _is_worked_out(value) else value


def read_back(cell: str) -> str:
    """The value that stands in a cell."""
    return cell[1:] if cell.startswith("'") and _is_worked_out(cell) else cell


def _is_worked_out(text: str) -> bool:
    return text.lstrip("' ").startswith(_SIGNS)
