"""What of a portal's workflows and campaigns uses something, so that it is not taken away under them."""

from __future__ import annotations

from ..workflows import definitions
from ..workflows.shapes import SendEmail, SendSms, WorkflowInput
from . import campaigns


def of_template(portal: str, name: str) -> tuple[str, ...]:
    """The names of the workflows and campaigns that send this message, as staff gave them, in their order. Reads as of now.

    A workflow sends what its present revision does, be it on or off. As long as there is one, the message is not deleted,
    and keeps the channels that it has.
    """
    return tuple(sorted({*_workflows(portal, name), *campaigns.using(portal, name)}))


def _workflows(portal: str, name: str) -> list[str]:
    return [row.said.name for row in definitions.rows(portal) if name in messages_of(row.said)]


def messages_of(said: WorkflowInput) -> set[str]:
    """The messages that a workflow sends."""
    return {step.do.message for step in said.steps if isinstance(step.do, SendEmail | SendSms)}
