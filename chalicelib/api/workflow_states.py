"""Workflows switched on and off, paused and resumed over the API, and those in them taken along to a new revision."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from ..web.operation import Answer, Call, one
from ..workflows import definitions, gone, moving, switching
from ..workflows.shapes import State, WorkflowInFull
from .registry import operation
from .workflows import GROUP, ONE


class SwitchOn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of accounts that match already: they enter, or are left alone. Those that match later enter anyway."""

    existing: Literal["enrol", "leave"]


class SwitchOff(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of those who are in it: they come to the end of it, or are stopped. While paused they are stopped."""

    running: Literal["finish", "stop"]


class Resume(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of what came due in the pause.

    `shift` moves everything by the length of the pause, `send` does it now (some a second), `skip` leaves it out.
    """

    overdue: Literal["shift", "send", "skip"]


class TakeAlong(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of steps that are new and whose time has passed for somebody: they are done now, or left out."""

    overdue: Literal["send", "skip"]


class WorkflowJob(Struct, frozen=True, kw_only=True):
    """How far the job has come that sees to those who are in a workflow; `none`: nothing is at work."""

    id: str | None
    state: Literal["none", "working", "held", "done", "cancelled", "stopped"]
    workflow_state: State
    passed: Annotated[int, Meta(description="How many it has looked at.")]
    changed: Annotated[int, Meta(description="For how many that had a consequence.")]


def as_it_is(call: Call[None, Any]) -> Answer:
    """The workflow, as it now is, of something that was carried out before."""
    return one(gone.in_full(call.portal, definitions.get(call.slug, call.ids["workflow"])))


@operation(
    "POST", f"{ONE}/switch-on", GROUP, body=SwitchOn, gives=WorkflowInFull, replay=as_it_is,
    refusals=("conflict", "stale"), example={"existing": "leave"},
)  # fmt: skip
def switch_on_workflow(call: Call[None, SwitchOn]) -> Answer:
    """Switch a workflow on.

    From now on whoever comes to match enters it. Until those that match already were looked at it is starting.
    """
    enrol = call.body.existing == "enrol"
    switching.switch_on(call.act, call.portal, call.ids["workflow"], enrol_existing=enrol)
    return as_it_is(call)


@operation(
    "POST", f"{ONE}/switch-off", GROUP, body=SwitchOff, gives=WorkflowInFull, replay=as_it_is,
    refusals=("conflict", "stale"), example={"running": "finish"},
)  # fmt: skip
def switch_off_workflow(call: Call[None, SwitchOff]) -> Answer:
    """Switch a workflow off.

    Nobody enters any more.
    """
    switching.switch_off(call.act, call.ids["workflow"], stop_running=call.body.running == "stop")
    return as_it_is(call)


@operation("POST", f"{ONE}/pause", GROUP, gives=WorkflowInFull, replay=as_it_is, refusals=("conflict", "stale"))
def pause_workflow(call: Call[None, None]) -> Answer:
    """Pause a workflow.

    Nobody enters, nothing is done. What comes due waits for what you decide when you resume it.
    """
    switching.pause(call.act, call.ids["workflow"])
    return as_it_is(call)


@operation(
    "POST", f"{ONE}/resume", GROUP, body=Resume, gives=WorkflowInFull, replay=as_it_is, refusals=("conflict", "stale"),
    example={"overdue": "shift"},
)  # fmt: skip
def resume_workflow(call: Call[None, Resume]) -> Answer:
    """Resume a workflow.

    Until everybody in it was seen to it is resuming.
    """
    switching.resume(call.act, call.ids["workflow"], overdue=call.body.overdue)
    return as_it_is(call)


@operation(
    "POST", f"{ONE}/take-along", GROUP, body=TakeAlong, gives=WorkflowInFull, replay=as_it_is,
    refusals=("conflict", "stale"), example={"overdue": "skip"},
)  # fmt: skip
def take_along(call: Call[None, TakeAlong]) -> Answer:
    """Take records along to a new revision.

    All who are in an earlier revision of the workflow. What they have behind them stays so.
    """
    moving.take_along(call.act, call.ids["workflow"], overdue=call.body.overdue)
    return as_it_is(call)


@operation("GET", f"{ONE}/job", GROUP, gives=WorkflowJob)
def read_workflow_job(call: Call[None, None]) -> Answer:
    """Read how far a workflow's job is.

    While the workflow is starting, resuming, moving or stopping.
    """
    workflow, job = switching.at_work(call.slug, call.ids["workflow"])
    if job is None:
        return one(WorkflowJob(id=None, state="none", workflow_state=workflow.state, passed=0, changed=0))
    return one(
        WorkflowJob(
            id=job.id, state=job.state, workflow_state=workflow.state, passed=job.passed, changed=job.changed
        )
    )  # fmt: skip
