"""What the steps of workflows do: each with the claim of its step in one transaction, so that it happens once.

An action that there is no point in (nobody to send to, self-service that is on already) is skipped with a reason; one that
must wait says until when.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .. import facts
from ..facts import Act
from ..messaging.queue import queue
from ..people import accounts, agent_cards
from ..people.shapes import Account
from ..portals import Portal
from ..security import keys
from ..selfservice import access
from ..selfservice.access import SelfServiceRefused
from ..selfservice.record_shapes import Product
from ..storage import Transaction
from . import calls, moments, recipients, record_context, tasks
from .recipients import Channel, Missed, Reached
from .shapes import CallInput, TaskInput
from .workflow_shapes import (
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
    "tags-as-wanted": "The record's tags are so already.",
}


@dataclass(slots=True)
class Doing:
    """A step that is being done: for which record, in whose name, and what it makes.

    `claim` adds to a transaction that the step is done; `step_key` names the step of this enrolment for good.
    """

    portal: Portal
    account: Account
    product: Product | None
    step: Step
    step_key: str
    moment: int
    claim: Callable[[Transaction], None]
    made: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def act(self) -> Act:
        """The act whose first transaction carries the claim."""
        return Act(self.portal.slug, "system:workflows", rider=self.claim)

    def derived(self, what: str) -> str:
        """An id that is the same however often the step is begun."""
        return keys.fingerprint("workflow-step", self.portal.slug, f"{self.step_key}/{what}")


def do(doing: Doing) -> None:
    """Do it. Raises Skipped, NotYet, or whatever refusal stands in the way."""
    match doing.step.do:
        case SendEmail(message=message, to=to):
            _send(doing, "email", message, to)
        case SendSms(message=message, to=to):
            _send(doing, "sms", message, to)
        case EnableSelfService():
            _switch(access.enable, doing)
        case DisableSelfService():
            _switch(access.disable, doing)
        case CreateTask() as wanted:
            _create_task(doing, wanted)
        case AddToCallQueue(reason=reason):
            _call(doing, reason)
        case AddTags(tags=tags):
            _retag(doing, add=tags)
        case RemoveTags(tags=tags):
            _retag(doing, remove=tags)


def _send(doing: Doing, channel: Channel, message: str, to: Recipients) -> None:
    """To everybody who can be reached; skipped where that is nobody."""
    found = recipients.of_step(doing.portal, doing.account, channel, to)
    missed = [each for each in found if isinstance(each, Missed)]
    reached = [each for each in found if isinstance(each, Reached)]
    if not reached:
        raise Skipped(missed[0].why)
    doing.notes += [f"{each.who}: {REASONS[each.why]}" for each in missed]
    act = doing.act
    tx = act.transaction()
    for each in reached:
        doing.made.append(f"message:{_queue(tx, act, doing, channel, each, message)}")
    tx.commit()


def _queue(tx: Transaction, act: Act, doing: Doing, channel: Channel, reached: Reached, message: str) -> str:
    account = doing.account
    agent = agent_cards.of_email(doing.portal.slug, account.assigned_agent or "")
    return queue(
        tx, act, template=message, channel=channel, to=reached.to, about=facts.subject("account", account.id),
        context=record_context.context_of(doing.portal, account, reached.contact, agent, doing.product),
        once=f"workflow/{doing.step_key}/{reached.who}",
    )  # fmt: skip


def _switch(switch: Callable[[Act, Portal, str], None], doing: Doing) -> None:
    try:
        switch(doing.act, doing.portal, doing.account.id)
    except SelfServiceRefused as refusal:
        raise Skipped(refusal.text) from refusal


def _create_task(doing: Doing, wanted: CreateTask) -> None:
    assignee = wanted.assignee
    if assignee is None and (agent := recipients.agent_of(doing.portal, doing.account)):
        assignee = agent.id
    due = moments.after(doing.moment, wanted.due, doing.portal.time_zone) if wanted.due else None
    task = TaskInput(
        title=wanted.title, note=wanted.note, account_id=doing.account.id, assignee=assignee,
        due=moments.shown(due, doing.portal.time_zone) if due is not None else None,
        reminder_minutes=wanted.reminder_minutes if due is not None else None,
    )  # fmt: skip
    task_id = doing.derived("task")
    doing.made.append(facts.subject("task", task_id))
    tasks.create(doing.act, doing.portal, task, task_id=task_id)


def _call(doing: Doing, reason: str) -> None:
    found = recipients.of_record(doing.portal, doing.account, "sms")
    if isinstance(found, Missed):
        raise Skipped(found.why)
    call_id = doing.derived("call")
    doing.made.append(facts.subject("call", call_id))
    wanted = CallInput(
        account_id=doing.account.id, contact_id=found.contact.id if found.contact else None, number=found.to,
        reason=reason,
    )  # fmt: skip
    calls.enqueue(doing.act, doing.portal, wanted, call_id=call_id)


def _retag(doing: Doing, add: tuple[str, ...] = (), remove: tuple[str, ...] = ()) -> None:
    if not accounts.change_tags(doing.act, doing.account, add=add, remove=remove):
        raise Skipped("tags-as-wanted")
