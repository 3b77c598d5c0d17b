"""What the steps of workflows do: each with the claim of its step in one transaction, so that it happens once.

What is to be done is worked out by `plans`, which a rehearsal asks too.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct, field

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
from ..work import calls, tasks
from ..work.shapes import CallInput, TaskInput
from . import plans, reaching, record_context
from .plans import Retagging, Sending, Skipped, Standing, Switching
from .recipients import Reached
from .shapes import Step


class Doing(Struct):
    """A step that is being done: for which record, in whose name, and what it makes.

    `claim` adds to a transaction that the step is done; `step_key` names the step of this enrolment for good. What it sends
    is counted in the `tally`.
    """

    portal: Portal
    account: Account
    product: Product | None
    step: Step
    step_key: str
    tally: str
    begun_at: int
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
    lately = reaching.lately(doing.portal, doing.account.id)
    standing = Standing(doing.portal, doing.account, doing.product, lately)
    match plans.of_step(standing, doing.step, doing.begun_at):
        case Sending() as sending:
            _send(doing, sending)
        case Switching(on=on):
            _switch(access.enable if on else access.disable, doing)
        case TaskInput() as task:
            _create_task(doing, task)
        case CallInput() as call:
            _call(doing, call)
        case Retagging() as wanted:
            _retag(doing, wanted)


def tally_of(workflow_id: str, revision: int, step_id: str) -> str:
    """Under what the messages of a step are counted."""
    return f"workflow/{workflow_id}/{revision}/{step_id}"


def _send(doing: Doing, sending: Sending) -> None:
    """To everybody who can be reached."""
    doing.notes += sending.notes
    act = doing.act
    tx = act.transaction()
    for each in sending.going:
        doing.made.append(f"message:{_queue(tx, act, doing, sending, each.reached)}")
        if each.reached.who == "record":
            reaching.count(tx, doing.portal, doing.account.id, sending.channel)
    tx.commit()


def _queue(tx: Transaction, act: Act, doing: Doing, sending: Sending, reached: Reached) -> str:
    account, is_own = doing.account, reached.who == "record"
    agent = agent_cards.of_email(doing.portal.slug, account.assigned_agent or "")
    return queue(
        tx, act, template=sending.message, channel=sending.channel, to=reached.to,
        about=facts.subject("account", account.id),
        context=record_context.context_of(doing.portal, account, reached.contact, agent, doing.product),
        once=f"workflow/{doing.step_key}/{reached.who}", tally=doing.tally, account=account.id if is_own else None,
        zone=account.time_zone if is_own else None,
    )  # fmt: skip


def _switch(switch: Callable[[Act, Portal, str], None], doing: Doing) -> None:
    try:
        switch(doing.act, doing.portal, doing.account.id)
    except SelfServiceRefused as refusal:
        raise Skipped(refusal.text) from refusal


def _create_task(doing: Doing, wanted: TaskInput) -> None:
    task_id = doing.derived("task")
    doing.made.append(facts.subject("task", task_id))
    tasks.create(doing.act, doing.portal, wanted, task_id=task_id)


def _call(doing: Doing, wanted: CallInput) -> None:
    call_id = doing.derived("call")
    doing.made.append(facts.subject("call", call_id))
    calls.enqueue(doing.act, doing.portal, wanted, call_id=call_id)


def _retag(doing: Doing, wanted: Retagging) -> None:
    accounts.change_tags(doing.act, doing.account, add=wanted.add, remove=wanted.remove)
