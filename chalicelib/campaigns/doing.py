"""What a campaign does to one account, in one transaction with the note that it was done; and whom it would reach."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Final

from msgspec import Struct

from .. import clock, facts
from ..facts import Act
from ..jobs.jobs import CHANGED, REQUEST_SECONDS, Answer
from ..messaging import addresses, wordings
from ..messaging.queue import queue
from ..messaging.templates import Purpose
from ..people import agent_cards, filters, tag_rules
from ..people.filters import Which
from ..people.shapes import Account
from ..portals import Portal
from ..selfservice import access
from ..storage import afresh
from ..workflows import reaching, recipients, record_context
from ..workflows.plans import REASONS
from ..workflows.reaching import Verdict
from ..workflows.recipients import Channel, Missed, Reached
from ..workflows.shapes import AddTags, EnableSelfService, RemoveTags
from . import tagging
from .shapes import CampaignAction, CampaignCount, MailEach, Outlook, TextEach

_COUNTED_AT_ONCE: Final = 1000
_MOST_LOOKED_AT: Final = 1000
_CLOSED: Final = "The account is closed."


class CampaignRun(Struct, frozen=True, kw_only=True):
    """What the job of a run has to know: what was said of the campaign when it began."""

    campaign_id: str
    moment: int
    name: str
    filter: Which
    do: CampaignAction

    @property
    def tally(self) -> str:
        """What the run's messages are counted with."""
        return tally(self.campaign_id, self.moment)


def tally(campaign_id: str, moment: int) -> str:
    """What the messages of a run are counted with."""
    return f"campaign/{campaign_id}/{moment}"


def channel_of(do: CampaignAction) -> Channel | None:
    """By which channel it sends, if it does."""
    return "email" if isinstance(do, MailEach) else "sms" if isinstance(do, TextEach) else None


def visit(act: Act, portal: Portal, run: CampaignRun, account: Account) -> Answer:
    """Do it to one account. Raises the refusal that stands in the way."""
    match run.do:
        case AddTags(tags=tags):
            return tagging.retag(act, account, add=tags, remove=())
        case RemoveTags(tags=tags):
            return tagging.retag(act, account, add=(), remove=tags)
    if account.status != "open":
        return Answer("refused", _CLOSED)
    match run.do:
        case MailEach(message=message):
            return afresh(partial(_send, act, portal, run, account, "email", message))
        case TextEach(message=message):
            return afresh(partial(_send, act, portal, run, account, "sms", message))
        case EnableSelfService():
            access.enable(act, portal, account.id)
    return CHANGED


def _send(act: Act, portal: Portal, run: CampaignRun, account: Account, channel: Channel, message: str) -> Answer:
    found = recipients.of_record(portal, account, channel)
    if isinstance(found, Missed):
        return Answer("refused", REASONS[found.why])
    purpose = wordings.template(portal.slug, message, channel).purpose
    if objection := _objection(_verdict(portal, account, channel, found.to, purpose, clock.timestamp())):
        return Answer("refused", objection)
    agent = agent_cards.of_email(portal.slug, account.assigned_agent or "")
    tx = act.transaction()
    queue(
        tx, act, template=message, channel=channel, to=found.to, about=facts.subject("account", account.id),
        context=record_context.context_of(portal, account, found.contact, agent, None),
        once=f"{run.tally}/{account.id}", tally=run.tally, purpose=purpose, account=account.id, zone=account.time_zone,
    )  # fmt: skip
    reaching.count(tx, portal, account.id, channel)
    tx.commit()
    return CHANGED


def _verdict(portal: Portal, account: Account, channel: Channel, to: str, purpose: Purpose, at: int) -> Verdict:
    lately = reaching.lately(portal, account.id)
    return reaching.verdict(portal, account, lately, channel=channel, to=to, purpose=purpose, at=at)


def _objection(said: Verdict) -> str:
    """Why a campaign sends somebody nothing; blank if it does. In quiet hours it does: `deliver` puts that off."""
    return REASONS[said.reason] if said.answer == "never" or said.reason in reaching.WAITS else ""


def count(portal: Portal, which: Which, do: CampaignAction) -> CampaignCount:
    """Whom it would reach now: all are counted, and the first ones looked at one by one, as far as a request's time goes."""
    total, first = counted(portal.slug, which, REQUEST_SECONDS)
    until, looked_at, found = clock.timestamp() + REQUEST_SECONDS, 0, Counter[str]()
    for account in first:
        if clock.timestamp() > until:
            break
        found[_sort(outlook(portal, do, account, clock.timestamp()))] += 1
        looked_at += 1
    would, later = found.pop("", 0), found.pop("later", 0)
    return CampaignCount(
        total=total, looked_at=looked_at, would=would + later, later=later, nothing=dict(sorted(found.items()))
    )  # fmt: skip


def counted(portal: str, which: Which, seconds: int) -> tuple[int | None, list[Account]]:
    """How many accounts a filter finds (None: more than can be counted in so long), and the first of them."""
    total, cursor, until, first = 0, None, clock.timestamp() + seconds, list[Account]()
    while total < tagging.MOST_COUNTED and clock.timestamp() <= until:
        page = filters.listed(portal, which, _COUNTED_AT_ONCE, cursor)
        total, cursor = total + len(page.items), page.cursor
        first += page.items[: _MOST_LOOKED_AT - len(first)]
        if cursor is None:
            return total, first
    return None, first


def outlook(portal: Portal, do: CampaignAction, account: Account, at: int) -> Outlook:
    """What a campaign would do for an account at a moment, as it is now: by the same code that does it."""
    channel = channel_of(do)
    found = recipients.of_record(portal, account, channel) if channel else None
    to = found.to if isinstance(found, Reached) else None
    why, until = _in_the_way(portal, do, account, found, at)
    return Outlook(
        account_id=account.id, channel=channel,
        to=addresses.masked(channel, to) if channel and to else None,
        answer="later" if until else "nothing" if why else "would", why=why,
        at=clock.text(until or at) if until or not why else None,
    )  # fmt: skip


def _in_the_way(
    portal: Portal, do: CampaignAction, account: Account, found: Reached | Missed | None, at: int
) -> tuple[str, int | None]:
    """What is in the way, and until when if that passes by itself; blank: nothing."""
    if isinstance(do, AddTags | RemoveTags):
        add, remove = (do.tags, ()) if isinstance(do, AddTags) else ((), do.tags)
        after = tag_rules.retagged(account.tags, add, remove)
        return (REASONS["tags-as-wanted"] if after == account.tags else ""), None
    if account.status != "open":
        return _CLOSED, None
    if isinstance(found, Missed):
        return REASONS[found.why], None
    if not isinstance(do, MailEach | TextEach) or found is None:
        return access.of_account(portal, account.id).refused.get("enable", ""), None
    channel: Channel = "email" if isinstance(do, MailEach) else "sms"
    said = _verdict(portal, account, channel, found.to, wordings.template(portal.slug, do.message, channel).purpose, at)
    if objection := _objection(said):
        return objection, None
    return (REASONS[said.reason], said.until) if said.answer == "later" else ("", None)


def _sort(said: Outlook) -> str:
    """How it is counted: "" if it would be done, "later" if it would have to wait, else why not."""
    return said.why if said.answer == "nothing" else "later" if said.answer == "later" else ""
