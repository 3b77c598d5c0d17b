"""Records that change: those that match a workflow now, and did not before, enter it; those that no longer match leave it.

What a record was like when last looked at is kept, its standing. A decision and the new standing are one transaction, and the
standing's turn lets one decide of any number that look at the same moment: so however often and in whatever order the word
of a change comes, a record enters once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from .. import clock, facts, ids
from ..errors import NotFound, Stale
from ..facts import Act, Kind
from ..people import accounts
from ..people.shapes import Account
from ..portals import Portal, known
from ..selfservice import records
from ..selfservice.record_shapes import Product
from ..storage import Transaction, afresh, query
from ..work import moments
from . import decisions, definitions, enrolments, timing, triggers
from .decisions import Of
from .models import EnrolmentRow, LiveRow, StandingRow
from .shapes import Trigger
from .triggers import Match

ACTOR = "system:workflows"
_MOST_STANDINGS = 500
_A_DAY = (
    10  # entries of one record into one workflow: two workflows that undo each other's tags must not go round for ever
)
_DAY_SECONDS = 24 * 3600
_TAKING_IN = ("starting", "on", "resuming", "moving")
NO_LONGER = "It no longer matches."
ONCE = "It was in this workflow before, and may enter once."
DATE_OVER = "The date is over."
ANOTHER_DATE = "Its date has changed."


def changed(slug: str, account_id: str) -> None:
    """Look at a record that has changed. Safe to do twice, late, or in any order. Raises Unavailable."""
    try:
        portal = known(slug)
    except NotFound:
        return
    lives = definitions.live(slug)
    if lives and portal.status == "open":
        afresh(lambda: _look(portal, account_id, lives))


def _look(portal: Portal, account_id: str, lives: Sequence[LiveRow]) -> None:
    try:
        account = accounts.get(portal.slug, account_id)
    except NotFound:
        return
    products = products_of(portal, account_id, lives)
    standing = standings(portal.slug, account_id)
    for live in lives:
        of_this = {key[1]: row for key, row in standing.items() if key[0] == live.sk}
        look_at(portal, account, products, live, of_this)


def look_at(
    portal: Portal, account: Account, products: Sequence[Product], live: LiveRow, standing: Mapping[str, StandingRow]
) -> None:
    """Look at one record for one workflow. Raises Stale where somebody else just did."""
    matching = triggers.matches(live.trigger, account, products, portal.time_zone, clock.timestamp())
    for turn in turns(live, standing, matching, lambda row: _is_running(portal.slug, row)):
        row = standing.get(turn.key)
        if turn.match is not None:
            _arrived(portal, account, live, row, turn.key, turn.match)
        elif row is not None:
            _left(portal, account, live, row, turn.reason)


class Turn(Struct, frozen=True):
    """What a look at a record leads to: it matches anew, or (without a match) no longer, and why."""

    key: str
    match: Match | None
    reason: str = ""


def turns(
    live: LiveRow,
    standing: Mapping[str, StandingRow],
    matching: Mapping[str, Match],
    is_running: Callable[[StandingRow], bool],
) -> list[Turn]:
    """What is new of a record, by where it stood in a workflow and how it matches now.

    One that is in it for this year's date goes on, though by now the next one to come is that of the year after.
    """
    found = []
    for key in dict.fromkeys((*standing, *matching)):
        row, match = standing.get(key), matching.get(key)
        if match is None:
            if row is not None and row.matches:
                found.append(Turn(key, None, NO_LONGER))
        elif _is_new(live, row, match):
            if row is not None and row.enrolment and live.trigger.date and row.occasion != match.occasion:
                if row.matches and _is_anniversary(row.occasion, match) and is_running(row):
                    continue
                found.append(Turn(key, None, ANOTHER_DATE))
            found.append(Turn(key, match))
    return found


def _is_anniversary(day: str | None, match: Match) -> bool:
    """Whether a day is the product's date in another year."""
    date = match.product.effective_date if match.product else None
    return bool(day and date) and moments.anniversary(date or "", int((day or "")[:4]) - int((date or "")[:4])) == day


def products_of(portal: Portal, account_id: str, lives: Sequence[LiveRow]) -> list[Product]:
    """The record's products, if one of the workflows looks at them."""
    for live in lives:
        if live.trigger.is_of_product:
            return products_for(portal, account_id, live.trigger)
    return []


def products_for(portal: Portal, account_id: str, trigger: Trigger) -> list[Product]:
    """The record's products, if the trigger looks at them."""
    return records.listed(portal, account_id, records.PRODUCTS) if trigger.is_of_product else []


def standings(portal: str, account_id: str) -> dict[tuple[str, str], StandingRow]:
    """Where a record stands, by workflow and product (blank: none)."""
    rows = query(StandingRow, standing_key(portal, account_id), limit=_MOST_STANDINGS).items
    return {_places(row.sk): row for row in rows}


def standing_key(portal: str, account_id: str) -> str:
    """The table key of where a record stands."""
    return f"{portal}#standing#{account_id}"


def note_existing(portal: Portal, account: Account, products: Sequence[Product], live: LiveRow, *, enrol: bool) -> bool:
    """Take a record as it was when the workflow was switched on: as one that matches already, enrolled if so wanted.

    True if it matches. One that stands somewhere already has been looked at since, and is left as it is.
    """
    matching = triggers.matches(live.trigger, account, products, portal.time_zone, clock.timestamp())
    standing = standings(portal.slug, account.id) if matching else {}
    for key, match in matching.items():
        row = standing.get((live.sk, key))
        if stands(live, row):
            continue
        if enrol or live.trigger.date:  # a date that is to come has not been missed
            _arrived(portal, account, live, row, key, match)
        else:
            tx = Transaction()
            _stand(tx, portal.slug, account.id, live, row, key, matches=True)
            tx.commit()
    return bool(matching)


def stands(live: LiveRow, row: StandingRow | None) -> bool:
    """Whether a record is known to match. What was known before the workflow was last switched on counts no more."""
    return row is not None and bool(row.matches) and row.since == live.switched_on_at


def _is_new(live: LiveRow, row: StandingRow | None, match: Match) -> bool:
    if row is None or not stands(live, row):
        return True
    return bool(live.trigger.date) and match.starts_at is not None and row.occasion != match.occasion


def _arrived(portal: Portal, account: Account, live: LiveRow, row: StandingRow | None, key: str, match: Match) -> None:
    """A record matches that did not before: it enters, or the reason why not is noted."""
    of = definitions.of(live)
    why_not = objection(live, row, match, clock.timestamp(), lambda: _is_running(portal.slug, row))
    tx = Transaction()
    if why_not:
        _stand(tx, portal.slug, account.id, live, row, key, matches=True, occasion=match.occasion)
        decisions.note(tx, portal.slug, account.id, of, "not-entered", why_not)
    else:
        enrolment = _new(portal, account, of, key, match)
        _stand(
            tx, portal.slug, account.id, live, row, key, matches=True, occasion=match.occasion, enrolment=enrolment.id
        )
        tx.put(enrolment, when=EnrolmentRow.pk.does_not_exist())
        decisions.note(tx, portal.slug, account.id, of, "entered", entered(match), enrolment_id=enrolment.id)
        act = Act(portal.slug, ACTOR)
        told = {"workflow": of.id, "enrolment": enrolment.id}
        facts.record(tx, act, Kind.ENROLMENT_STARTED, facts.subject("account", account.id), told)
    tx.commit()


def objection(live: LiveRow, row: StandingRow | None, match: Match, now: int, is_running: Callable[[], bool]) -> str:
    """Why a record that matches anew does not enter at a moment; blank if nothing is in the way."""
    if live.state not in _TAKING_IN:
        return "The workflow takes nobody in while it is paused or being switched off."
    if live.trigger.date and match.starts_at is None:
        return DATE_OVER
    if row is None or not row.entries:
        return ""
    if live.trigger.date and row.occasion != match.occasion:
        return ""
    if live.again == "never" and (row.season or "") == live.season:
        return ONCE
    if live.again == "after-exit" and is_running():
        return "It is in this workflow still."
    recent = [moment for moment in row.recent or () if moment > now - _DAY_SECONDS]
    return f"It has entered {_A_DAY} times within a day." if len(recent) >= _A_DAY else ""


def _is_running(portal: str, row: StandingRow | None) -> bool:
    found = enrolments.find(portal, row.enrolment) if row is not None and row.enrolment else None
    return found is not None and found.state in enrolments.RUNNING


def _left(portal: Portal, account: Account, live: LiveRow, row: StandingRow, reason: str) -> None:
    """A record no longer matches: it is noted, and what is not yet done is stopped where the workflow says so."""
    tx = Transaction()
    running = enrolments.find(portal.slug, row.enrolment) if row.enrolment else None
    if running is not None and running.state in enrolments.RUNNING and live.stops:
        of = enrolments.named(portal.slug, running)
        enrolments.end(tx, Act(portal.slug, ACTOR), running, of, "stopped", reason)
    _, key = _places(row.sk)
    _stand(tx, portal.slug, account.id, live, row, key, matches=False, occasion=row.occasion, enrolment=row.enrolment)
    tx.commit()
    row.matches, row.turn = 0, int(row.turn) + 1


def _new(portal: Portal, account: Account, of: Of, key: str, match: Match) -> EnrolmentRow:
    now, identifier = clock.timestamp(), ids.new()
    starts_at = now if match.starts_at is None else match.starts_at
    steps = timing.in_order(definitions.revision(portal.slug, of.id, of.revision).steps, starts_at, portal.time_zone)
    return enrolments.made(
        portal.slug, identifier, workflow_id=of.id, revision=of.revision, account_id=account.id, product_id=key or None,
        zone=portal.time_zone, starts_at=starts_at, due_at=steps[0][0] if steps else now,
    )  # fmt: skip


def entered(match: Match) -> str:
    """What is told of a record that enters."""
    if match.starts_at is not None:
        return f"It matches; counted from {clock.text(match.starts_at)}."
    return "It matches."


def _stand(
    tx: Transaction,
    portal: str,
    account_id: str,
    live: LiveRow,
    row: StandingRow | None,
    key: str,
    *,
    matches: bool,
    occasion: str | None = None,
    enrolment: str | None = None,
) -> None:
    """Add the new standing to the transaction. Refused with Stale where somebody else has looked meanwhile."""
    now = clock.timestamp()
    after = stood(
        portal, account_id, live, row, key, now, matches=matches, occasion=occasion, enrolment=enrolment
    )  # fmt: skip
    tx.put(
        after, when=StandingRow.turn == row.turn if row else StandingRow.pk.does_not_exist(), refusal=Stale()
    )  # fmt: skip


def stood(
    portal: str,
    account_id: str,
    live: LiveRow,
    row: StandingRow | None,
    key: str,
    now: int,
    *,
    matches: bool,
    occasion: str | None = None,
    enrolment: str | None = None,
) -> StandingRow:
    """Where a record stands after it was looked at."""
    is_entry = enrolment is not None and (row is None or row.enrolment != enrolment)
    recent = (*(row.recent or () if row else ()), *((now,) if is_entry else ()))[-_A_DAY:]
    return StandingRow(
        pk=standing_key(portal, account_id), sk=f"{live.sk}#{key}", matches=int(matches),
        entries=(int(row.entries) if row else 0) + is_entry,
        season=live.season if is_entry else (row.season if row else None),
        occasion=occasion, enrolment=enrolment or (row.enrolment if row else None), recent=recent or None,
        turn=(int(row.turn) if row else 0) + 1, since=live.switched_on_at, seen_at=now,
    )  # fmt: skip


def _places(sk: str) -> tuple[str, str]:
    workflow_id, _, product_id = sk.partition("#")
    return workflow_id, product_id
