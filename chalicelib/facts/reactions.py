"""Which facts can change what workflows do with an account: decided by a fact's kind and the names of changed fields.

One table, read by the relay, by the filter on the stream (infra/template/functions.py) and by the workflows themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from .kinds import Kind

_OF_ACCOUNTS: Final = frozenset({"tags", "record_type", "status"})
_OF_RECORDS: Final = frozenset({"product"})  # such a fact names the thing with its id: see selfservice/records.py

# By kind: the fields of which one must be among the changes. None: whatever they are.
CONCERNING: Final[dict[str, frozenset[str] | None]] = {
    Kind.ACCOUNT_CREATED: None,
    Kind.ACCOUNT_CLOSED: None,
    Kind.ACCOUNT_OPENED: None,
    Kind.ACCOUNT_CHANGED: _OF_ACCOUNTS,
    Kind.RECORD_ADDED: _OF_RECORDS,
    Kind.RECORD_CHANGED: _OF_RECORDS,
    Kind.RECORD_REMOVED: _OF_RECORDS,
}


def concerns(kind: str, changed: Iterable[str]) -> bool:
    """Whether workflows must look at the account again after a fact of this kind that changed fields of these names."""
    wanted = CONCERNING.get(kind, frozenset())
    return wanted is None or not wanted.isdisjoint(changed)
