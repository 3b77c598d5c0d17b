"""A rehearsal: what a workflow would do with the records as they are now, and when. Nothing is written, nothing is sent.

Records are looked at one after the other for as long as a request may take; the answer says where it stopped, and goes on from
there when it is asked again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from msgspec import Struct

from .. import clock
from ..errors import Invalid
from ..people import accounts, filters
from ..people.shapes import Account
from ..portals import Portal
from ..work import moments
from . import definitions, enrolling, enrolments, reaching, triggers
from .foreseeing import Cards, Entering, Event, Message, Play, Record, entered
from .models import LiveRow, StandingRow
from .rehearsal_shapes import LineForeseen, MessageForeseen, RecordForeseen, Rehearsal, Rehearse
from .shapes import WorkflowInput
from .totals import Totals

SECONDS = 5  # of a request, which has 15
_PAGE = 100
_YEARS = 2
_DAY_SECONDS = 24 * 3600
_FOR_EVER = 10**12
_PASSED = "This has passed already. Leave it out to begin now."
_TOO_FAR = f"Rehearse at most {_YEARS} years ahead."
_NO_CURSOR = "This is not a cursor of a rehearsal."
TIME_IS_UP = "There are more records than can be looked at in one request. Go on with the cursor, and add up."
ENOUGH = "As many records were looked at as were asked for."


class _Walk(Struct):
    """A rehearsal that is under way."""

    portal: Portal
    live: LiveRow
    said: WorkflowInput
    wanted: Rehearse
    begins: int
    named: bool
    is_stored: bool
    cards: Cards
    totals: Totals
    records: list[RecordForeseen]


def of_stored(portal: Portal, workflow_id: str, wanted: Rehearse, *, named: bool = False) -> Rehearsal:
    """Rehearse a workflow as it is stored; records that were in it stand where they stand, unless `afresh`.

    `named`: tell the records' names, too. Raises NotFound, Invalid.
    """
    row = definitions.read(portal.slug, workflow_id)
    return _rehearsed(
        portal, definitions.live_of(row, "on"), row.said, wanted, named=named, is_stored=not wanted.afresh
    )


def of_draft(portal: Portal, said: WorkflowInput, wanted: Rehearse, *, named: bool = False) -> Rehearsal:
    """Rehearse a workflow that need not be stored, in which nobody was yet. Raises NotFound, Invalid."""
    definitions.ready(portal, said)
    live = definitions.live_draft(portal.slug, said)
    return _rehearsed(portal, live, said, wanted, named=named, is_stored=False)


def _rehearsed(
    portal: Portal, live: LiveRow, said: WorkflowInput, wanted: Rehearse, *, named: bool, is_stored: bool
) -> Rehearsal:
    begins = _begins(portal, wanted)
    totals = Totals(portal, said)
    walk = _Walk(portal, live, said, wanted, begins, named, is_stored, Cards(portal), totals, [])
    if wanted.account_id is not None:
        _look_at(walk, accounts.get(portal.slug, wanted.account_id), is_asked_for=True)
        return _told(walk, "", None)
    until, page_cursor, offset = clock.timestamp() + SECONDS, *_opened(wanted.cursor)
    while True:
        page = filters.listed(portal.slug, wanted.filter, _PAGE, page_cursor)
        for place, account in enumerate(page.items[offset:], start=offset):
            _look_at(walk, account)
            if place + 1 == len(page.items) and page.cursor is None:
                break
            if totals.looked_at >= wanted.most:
                return _told(walk, ENOUGH, f"{place + 1}.{page_cursor or ''}")
            if clock.timestamp() > until:
                return _told(walk, TIME_IS_UP, f"{place + 1}.{page_cursor or ''}")
        page_cursor, offset = page.cursor, 0
        if page_cursor is None:
            return _told(walk, "", None)


def _begins(portal: Portal, wanted: Rehearse) -> int:
    now = clock.timestamp()
    if wanted.begin is None:
        return now
    begins = moments.at(wanted.begin, portal.time_zone)
    if begins < now - 60:
        raise Invalid(fields={"begin": _PASSED})
    if begins > now + _YEARS * 366 * _DAY_SECONDS:
        raise Invalid(fields={"begin": _TOO_FAR})
    return max(begins, now)


def _opened(cursor: str) -> tuple[str | None, int]:
    """The page of the list, and how many of it were looked at."""
    if not cursor:
        return None, 0
    number, dot, page = cursor.partition(".")
    with suppress(ValueError):
        if dot and 0 <= int(number) <= _PAGE:
            return page or None, int(number)
    raise Invalid(fields={"cursor": _NO_CURSOR})


def _look_at(walk: _Walk, account: Account, *, is_asked_for: bool = False) -> None:
    """Play one record, if it matches."""
    walk.totals.looked_at += 1
    rules = triggers.rules_of_record(walk.said.trigger, account)
    holds = all(rule.holds for rule in rules)
    products = enrolling.products_for(walk.portal, account.id, walk.said.trigger) if holds else []
    matching = triggers.matches(walk.said.trigger, account, products, walk.portal.time_zone, walk.begins)
    if not matching:
        if is_asked_for:
            walk.records.append(_record(walk, account, None))
        return
    standing = _standing(walk, account.id)
    running = frozenset(
        row.enrolment for row in standing.values() if row.enrolment and _is_running(walk.portal, row.enrolment)
    )
    record = Record(walk.portal, account, products, reaching.lately(walk.portal, account.id), walk.cards)
    play = Play(record, _FOR_EVER, entering=Entering(walk.live, walk.said, standing, running))
    play.begin(walk.begins)
    play.go_on()
    walk.totals.add(play.events)
    if is_asked_for or len(walk.records) < walk.wanted.time_lines:
        walk.records.append(_record(walk, account, play))


def _standing(walk: _Walk, account_id: str) -> dict[str, StandingRow]:
    if not walk.is_stored:
        return {}
    found = enrolling.standings(walk.portal.slug, account_id)
    return {key: row for (workflow_id, key), row in found.items() if workflow_id == walk.live.sk}


def _is_running(portal: Portal, enrolment_id: str) -> bool:
    row = enrolments.find(portal.slug, enrolment_id)
    return row is not None and row.state in enrolments.RUNNING


def _record(walk: _Walk, account: Account, play: Play | None) -> RecordForeseen:
    events = play.events if play else []
    enters = entered(events)
    why_not = "" if enters else next((each.reason for each in events), "It does not match.")
    return RecordForeseen(
        account_id=account.id, name=account.name if walk.named else "", enters=enters, why_not=why_not,
        lines=tuple(lines(walk.portal, events)), goes_on=play is not None and not play.is_over,
    )  # fmt: skip


def lines(portal: Portal, events: list[Event]) -> Iterator[LineForeseen]:
    """A time line as the API shows it."""
    for event in events:
        yield LineForeseen(
            at=clock.text(event.at) or "", wall=moments.shown(event.at, portal.time_zone), what=event.what,  # type: ignore[arg-type]
            product_id=event.key or None, step=event.step.id if event.step else None,
            action=event.step.do.__struct_config__.tag if event.step else None,  # type: ignore[arg-type]
            reason=event.reason, until=clock.text(event.until), decided_by=event.rules,
            messages=tuple(message(portal, each) for each in event.messages), assignee=event.assignee, tags=event.tags,
        )  # fmt: skip


def message(portal: Portal, each: Message) -> MessageForeseen:
    """A message as the API shows it."""
    lands = each.lands_at
    return MessageForeseen(
        message=each.message, channel=each.channel, who=each.who, to=each.to, answer=each.answer,  # type: ignore[arg-type]
        reason=each.reason, lands_at=clock.text(lands),
        lands_wall=moments.shown(lands, portal.time_zone) if lands is not None else None, parts=each.parts,
    )  # fmt: skip


def _told(walk: _Walk, stopped: str, cursor: str | None) -> Rehearsal:
    portal = walk.portal
    return Rehearsal(
        begins_at=clock.text(walk.begins) or "", begins_wall=moments.shown(walk.begins, portal.time_zone),
        time_zone=portal.time_zone, records=tuple(walk.records), stopped=stopped, cursor=cursor, **walk.totals.told(),
    )  # fmt: skip
