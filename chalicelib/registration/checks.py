"""What an office or provider is asked to show: claim numbers of before, a birth date. Kept as keyed fingerprints."""

from __future__ import annotations

from collections.abc import Iterable

from ..people import matching
from ..people.shapes import Account
from ..security.keys import fingerprint
from ..storage import Transaction
from .models import CheckRow
from .shapes import ChecksGiven, Outcome

_NOTHING = "-"


def outcome(portal: str, account: Account, claim_number: str, birth_date: str) -> ChecksGiven:
    """How what was typed compares with what is on file. The same calls are made whatever was typed."""
    claim = CheckRow.find(_key(portal, account.id), f"claim#{_claim(portal, account.id, claim_number)}")
    date = CheckRow.find(_key(portal, account.id), "birth-date")
    right_date = date is not None and date.fingerprint == _date(portal, account.id, birth_date)
    return ChecksGiven(
        claim_number=_told(matching.number_key(claim_number), is_right=claim is not None),
        birth_date=_told(birth_date, is_right=right_date),
    )


def note(tx: Transaction, portal: str, account: Account, claim_numbers: Iterable[str], birth_date: str = "") -> None:
    """Add to the transaction what an account is checked by from now on."""
    for number in claim_numbers:
        tx.put(CheckRow(pk=_key(portal, account.id), sk=f"claim#{_claim(portal, account.id, number)}"))
    if birth_date:
        row = CheckRow(pk=_key(portal, account.id), sk="birth-date", fingerprint=_date(portal, account.id, birth_date))
        tx.put(row)


def _told(given: str, *, is_right: bool) -> Outcome:
    return ("matched" if is_right else "not-matched") if given else "not-given"


def _claim(portal: str, account_id: str, number: str) -> str:
    return fingerprint("check/claim", portal, account_id, matching.number_key(number) or _NOTHING)


def _date(portal: str, account_id: str, date: str) -> str:
    return fingerprint("check/birth-date", portal, account_id, date or _NOTHING)


def _key(portal: str, account_id: str) -> str:
    return f"{portal}#checks#{account_id}"
