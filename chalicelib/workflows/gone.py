"""What a workflow names and that is there no longer: a message, a colleague, a product status. Its steps are skipped then."""

from __future__ import annotations

from .. import fields
from ..portals import Portal
from .definitions import can_send, is_staff
from .shapes import CreateTask, SendEmail, SendSms, Step, Workflow, WorkflowInFull, WorkflowInput


def in_full(portal: Portal, workflow: Workflow) -> WorkflowInFull:
    """A workflow, with what there is to warn of."""
    return WorkflowInFull(**fields.values(workflow), warnings=warnings(portal, workflow))


def warnings(portal: Portal, said: WorkflowInput) -> tuple[str, ...]:
    """A sentence for each, in words."""
    missing = [status for status in said.trigger.product_statuses if status not in portal.product_statuses]
    found = [f"It asks for the product status {status}, which the portal no longer has." for status in missing]
    return tuple(found + [warning for step in said.steps for warning in _of_step(portal.slug, step)])


def _of_step(portal: str, step: Step) -> list[str]:
    match step.do:
        case SendEmail(message=message, to=to) | SendSms(message=message, to=to):
            channel, word = ("email", "mails") if isinstance(step.do, SendEmail) else ("sms", "text messages")
            found = []
            if not can_send(portal, message, channel):  # type: ignore[arg-type]
                found = [f"Step {step.id}: the message {message} is gone, or has no wording for {word} any more."]
            gone = [user_id for user_id in to.staff if not is_staff(portal, user_id)]
            return found + [f"Step {step.id}: it goes to a colleague who is no longer of the staff." for _ in gone[:1]]
        case CreateTask(assignee=assignee) if assignee and not is_staff(portal, assignee):
            return [f"Step {step.id}: its task is for a colleague who is no longer of the staff."]
    return []
