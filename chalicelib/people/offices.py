"""Offices and providers: found by an identifier, such as a tax id, however it is typed."""

from __future__ import annotations

from ..storage import Transaction, query
from . import accounts, matching
from .models import AccountRow, IdentifierRow
from .shapes import Account

_MOST = 50  # offices and providers of one identifier that are looked at


def found(portal: str, identifier: str, qualifier: str = "") -> list[Account]:
    """The open offices and providers of an identifier; of this qualifier only, where one is given."""
    folded = matching.number_key(identifier)
    if not folded:
        return []
    rows = query(IdentifierRow, _key(portal, folded), limit=_MOST).items
    wanted = matching.number_key(qualifier)
    ids = [row.sk for row in rows if not wanted or matching.number_key(row.qualifier) == wanted]
    held = [accounts.get(portal, account_id) for account_id in ids]
    return [account for account in held if account.status == "open"]


def note_identifiers(tx: Transaction, portal: str, row: AccountRow) -> None:
    """Add to the transaction that a new office or provider is found by its identifiers."""
    if row.record_type not in ("office", "provider"):
        return
    for each in row.details.identifiers:
        pk = _key(portal, matching.number_key(each.value))
        tx.put(IdentifierRow(pk=pk, sk=str(row.created_key), qualifier=each.qualifier))


def _key(portal: str, folded: str) -> str:
    return f"{portal}#identifier#{folded}"
