"""What a step would do for a record at a moment: worked out by reading alone, for whoever does it and whoever only rehearses.

A step that there is no point in (nobody to send to, self-service that is on already) is skipped with a reason; one that
must wait says until when.
"""

from __future__ import annotations

from msgspec import Struct, field

from ..errors import Refusal
from ..messaging import wordings
from ..messaging.templates import Purpose
from ..people import tag_rules
from ..people.shapes import Account
from ..portals import Portal
from ..selfservice.record_shapes import Product
from ..work import moments
from ..work.shapes import CallInput, TaskInput
from . import reaching, recipients
from .definitions import can_send
from .reaching import Lately, Verdict
from .recipients import Channel, Missed, Reached
from .shapes import (
    AddTags,
    AddToCallQueue,
    CreateTask,
    DisableSelfService,
    EnableSelfService,
    Recipients,
    RemoveTags,
    SendEmail,
    SendSms,
    Step,
)


class Skipped(Exception):
    """There is no point in doing it. `reason` is one of REASONS, or a refusal's own words."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)

    @property
    def words(self) -> str:
        """The reason in words."""
        return REASONS.get(self.reason, self.reason)


class NotYet(Exception):
    """It must wait until this moment (seconds)."""

    def __init__(self, until: int, reason: str) -> None:
        self.until, self.reason = until, reason
        super().__init__(reason)


REASONS = {
    "no-email": "There is no email address to send to.",
    "no-mobile": "There is no mobile number to send to.",
    "no-agent": "The record has no assigned agent.",
    "no-such-colleague": "This colleague is not a staff user here (any more).",
    "no-such-message": "The message is gone, or has no wording for this channel (any more).",
    "tags-as-wanted": "The record's tags are so already.",
    **reaching.REASONS,
}
OTHER = "other"  # how skipped steps are counted whose reason is none of these


class Standing(Struct, frozen=True):
    """A record as it is at the moment of a step, with the product that the enrolment is about."""

    portal: Portal
    account: Account
    product: Product | None
    lately: Lately = field(default_factory=Lately)


class Going(Struct, frozen=True):
    """Somebody whom a message goes to, at once or when quiet hours are over."""

    reached: Reached
    verdict: Verdict


class Sending(Struct, frozen=True):
    """A message to everybody who can be reached; `missed` are those who cannot, and why."""

    channel: Channel
    message: str
    going: tuple[Going, ...]
    missed: tuple[Missed, ...]

    @property
    def notes(self) -> list[str]:
        """What there is to say of those whom it does not reach."""
        return [f"{each.who}: {REASONS.get(each.why, each.why)}" for each in self.missed]


class Switching(Struct, frozen=True):
    """Self-service on or off."""

    on: bool


class Retagging(Struct, frozen=True):
    """Tags to add and to take away."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


Plan = Sending | Switching | Retagging | TaskInput | CallInput


def of_step(standing: Standing, step: Step, now: int) -> Plan:
    """What it does at this moment. Raises Skipped, NotYet, or whatever refusal stands in the way."""
    match step.do:
        case SendEmail(message=message, to=to):
            return _sending(standing, "email", message, to, now)
        case SendSms(message=message, to=to):
            return _sending(standing, "sms", message, to, now)
        case EnableSelfService():
            return Switching(on=True)
        case DisableSelfService():
            return Switching(on=False)
        case CreateTask() as wanted:
            return _task(standing, wanted, now)
        case AddToCallQueue(reason=reason):
            return _call(standing, reason)
        case AddTags(tags=tags):
            return _retagging(standing, Retagging(add=tags))
        case RemoveTags(tags=tags):
            return _retagging(standing, Retagging(remove=tags))


def words(refusal: Refusal) -> str:
    """What a refusal says of a step that it stands in the way of."""
    return next(iter(refusal.fields.values()), refusal.text)


def _sending(standing: Standing, channel: Channel, message: str, to: Recipients, now: int) -> Sending:
    if not can_send(standing.portal.slug, message, channel):
        raise Skipped("no-such-message")
    purpose = wordings.template(standing.portal.slug, message, channel).purpose
    found = recipients.of_step(standing.portal, standing.account, channel, to)
    missed = [each for each in found if isinstance(each, Missed)]
    going: list[Going] = []
    for each in found:
        if isinstance(each, Missed):
            continue
        answer = _verdict(standing, channel, each, purpose, now)
        if answer.answer == "never":
            missed.append(Missed(each.who, answer.reason))
        elif answer.reason in reaching.WAITS and answer.until is not None:
            raise NotYet(answer.until, REASONS[answer.reason])
        else:
            going.append(Going(each, answer))
    if not going:
        raise Skipped(missed[0].why)
    return Sending(channel, message, tuple(going), tuple(missed))


def _verdict(standing: Standing, channel: Channel, each: Reached, purpose: Purpose, now: int) -> Verdict:
    whose = standing.account if each.who == "record" else None
    return reaching.verdict(
        standing.portal, whose, standing.lately, channel=channel, to=each.to, purpose=purpose, at=now
    )  # fmt: skip


def _task(standing: Standing, wanted: CreateTask, now: int) -> TaskInput:
    portal, assignee = standing.portal, wanted.assignee
    if assignee is None and (agent := recipients.agent_of(portal, standing.account)):
        assignee = agent.id
    due = moments.after(now, wanted.due, portal.time_zone) if wanted.due else None
    return TaskInput(
        title=wanted.title, note=wanted.note, account_id=standing.account.id, assignee=assignee,
        due=moments.shown(due, portal.time_zone) if due is not None else None,
        reminder_minutes=wanted.reminder_minutes if due is not None else None,
    )  # fmt: skip


def _call(standing: Standing, reason: str) -> CallInput:
    found = recipients.of_record(standing.portal, standing.account, "sms")
    if isinstance(found, Missed):
        raise Skipped(found.why)
    return CallInput(
        account_id=standing.account.id, contact_id=found.contact.id if found.contact else None, number=found.to,
        reason=reason,
    )  # fmt: skip


def _retagging(standing: Standing, wanted: Retagging) -> Retagging:
    tags = standing.account.tags
    if tag_rules.after(tags, wanted.add, wanted.remove) == tags:
        raise Skipped("tags-as-wanted")
    return wanted
