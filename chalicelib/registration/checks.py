"""What whoever registers is asked to show: a historical claim number of the office or provider, a date of birth.

Only keyed fingerprints are kept, of each account apart: they tell whether something typed is right, and nothing else. Facts
count, refusals name places, and nobody lists back what was put in.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator
from typing import Final

from .. import clock, facts, fields
from ..errors import Conflict, Invalid
from ..facts import Act, Kind
from ..people import accounts, belonging, matching
from ..people.shapes import Account
from ..security import keys
from ..storage import query
from .models import CheckRow
from .shapes import NO_CLAIM_NUMBER, Checks, ChecksGiven, ChecksInput, Outcome

_CLAIM: Final = "claim#"
_BIRTH_DATE: Final = "birth-date"
_AT_ONCE = 90  # changes in one transaction of a hundred, with room for its fact
_MOST_REMOVED = 5000  # in one call, which must be over within seconds
_AT_A_TIME = 5000  # rows in one read
_IN_THE_PAST = "A date of birth lies in the past."
_NO_CHECKS = "People register at offices and providers only: nobody is checked by this account."


def read(portal: str, account_id: str) -> Checks:
    """How much an office or provider is checked by. Raises NotFound, and Conflict where nobody registers."""
    _must_take_users(portal, account_id)
    return _counted(portal, account_id)


def change(act: Act, account_id: str, wanted: ChecksInput) -> Checks:
    """Add, remove or replace what an office or provider is checked by. Raises Invalid, NotFound and Conflict.

    Hundreds of claim numbers take several transactions, each with its fact. Whoever repeats a call that was cut off ends
    where the whole of it would have ended; what is so already leaves no fact.
    """
    _check(wanted)
    portal = act.portal
    _must_take_users(portal, account_id)
    added = {_claim(portal, account_id, number) for number in wanted.add_claim_numbers}
    named = {_claim(portal, account_id, number) for number in wanted.remove_claim_numbers} - added
    if wanted.remove_other_claim_numbers:
        held = {row.sk for row in _rows(portal, account_id) if row.sk != _BIRTH_DATE}
        gone = sorted(held - added)[:_MOST_REMOVED]
    else:
        held = _present(portal, account_id, added | named)
        gone = sorted(held & named)
    for some in _parts(sorted(added - held)):
        _write(
            act,
            account_id,
            "claim_numbers_added",
            len(some),
            put=[CheckRow(_key(portal, account_id), sk) for sk in some],
        )
    for some in _parts(gone):
        _write(act, account_id, "claim_numbers_removed", len(some), delete=some)
    if wanted.birth_date is None or isinstance(wanted.birth_date, str):
        _change_birth_date(act, account_id, wanted.birth_date)
    return _counted(portal, account_id)


def outcome(portal: str, account: Account, claim_number: str, birth_date: str) -> ChecksGiven:
    """How what somebody typed comes out, in one consistent read whatever it was. A date is written as 1970-01-31."""
    pk, claim, date = _key(portal, account.id), _claim(portal, account.id, claim_number), birth_date.strip()
    rows = CheckRow.find_many([(pk, claim), (pk, _BIRTH_DATE)])
    held = rows.get((pk, _BIRTH_DATE))
    is_born_then = hmac.compare_digest((held and held.fingerprint) or "", _born(portal, account.id, date))
    return ChecksGiven(
        claim_number=_outcome(matching.number_key(claim_number), (pk, claim) in rows),
        birth_date=_outcome(date, is_born_then),
    )


def _outcome(given: str, is_right: bool) -> Outcome:
    if not given:
        return "not-given"
    return "matched" if is_right else "not-matched"


def _change_birth_date(act: Act, account_id: str, date: str | None) -> None:
    row = CheckRow.find(_key(act.portal, account_id), _BIRTH_DATE)
    before = row.fingerprint if row else None
    after = _born(act.portal, account_id, date) if date else None
    if before == after:
        return
    if after is None:
        _write(act, account_id, "birth_date", "removed", delete=[_BIRTH_DATE])
    else:
        made = CheckRow(_key(act.portal, account_id), _BIRTH_DATE, fingerprint=after)
        _write(act, account_id, "birth_date", "set", put=[made])


def _write(
    act: Act, account_id: str, what: str, said: object, *, put: Iterable[CheckRow] = (), delete: Iterable[str] = ()
) -> None:
    tx = act.transaction()
    for row in put:
        tx.put(row)
    for sk in delete:
        tx.delete(CheckRow(_key(act.portal, account_id), sk))
    facts.record(tx, act, Kind.CHECKS_CHANGED, facts.subject("account", account_id), {what: said})
    tx.commit()


def _check(wanted: ChecksInput) -> None:
    wrong = {
        f"{name}.{place}": NO_CLAIM_NUMBER
        for name in ("add_claim_numbers", "remove_claim_numbers")
        for place, number in enumerate(getattr(wanted, name))
        if not matching.number_key(number)
    }
    if isinstance(wanted.birth_date, str):
        if not fields.is_date(wanted.birth_date):
            wrong["birth_date"] = fields.NO_DATE
        elif wanted.birth_date >= clock.now().date().isoformat():
            wrong["birth_date"] = _IN_THE_PAST
    if wrong:
        raise Invalid(fields=wrong)


def _must_take_users(portal: str, account_id: str) -> None:
    if not belonging.takes_users(accounts.get(portal, account_id)):
        raise Conflict(_NO_CHECKS)


def _counted(portal: str, account_id: str) -> Checks:
    kept = [row.sk for row in _rows(portal, account_id)]
    return Checks(claim_numbers=len(kept) - kept.count(_BIRTH_DATE), birth_date=_BIRTH_DATE in kept)


def _rows(portal: str, account_id: str) -> list[CheckRow]:
    rows: list[CheckRow] = []
    cursor = None
    while True:
        page = query(CheckRow, _key(portal, account_id), limit=_AT_A_TIME, cursor=cursor)
        rows, cursor = rows + page.items, page.cursor
        if cursor is None:
            return rows


def _present(portal: str, account_id: str, claims: Iterable[str]) -> set[str]:
    """Which of these claim numbers are kept already."""
    found: set[str] = set()
    for some in _parts(sorted(claims)):
        found |= {sk for _, sk in CheckRow.find_many([(_key(portal, account_id), claim) for claim in some])}
    return found


def _parts(claims: list[str]) -> Iterator[list[str]]:
    return (claims[start : start + _AT_ONCE] for start in range(0, len(claims), _AT_ONCE))


def _claim(portal: str, account_id: str, number: str) -> str:
    """The sort key of a claim number, however it is spelled."""
    return _CLAIM + keys.fingerprint("claim-number", portal, account_id, matching.number_key(number))


def _born(portal: str, account_id: str, date: str) -> str:
    return keys.fingerprint("birth-date", portal, account_id, date)


def _key(portal: str, account_id: str) -> str:
    return f"{portal}#checks#{account_id}"
