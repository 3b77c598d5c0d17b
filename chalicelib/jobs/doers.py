"""Who does what this room only hands on: rooms to the right of it, so by name, and loaded when there is something to do."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

# By what travels through the queue `reactions`.
REACTIONS: Final = {
    "AccountChanged": "workflows.enrolling.changed",
    "ShardDue": "jobs.shard_work.work_shard",
    "JobWaiting": "jobs.jobs.go_on_queued",
}
# By the kind of row that is due. A job is given a turn of its own, so that steps need not wait for it.
DUE: Final = {
    "enrolment": "workflows.acting.work",
    "job": "jobs.jobs.hand_on",
    "campaign": "campaigns.runs.begin_due",
}
# By the name of the kind, as stored jobs have it.
KINDS: Final = {
    "tagging": "campaigns.tagging.KIND",
    "campaign": "campaigns.runs.KIND",
    "workflow-start": "workflows.switch_jobs.START",
    "workflow-resume": "workflows.switch_jobs.RESUME",
    "workflow-stop": "workflows.switch_jobs.STOP",
    "workflow-move": "workflows.moving.MOVE",
}


def named(name: str) -> Any:
    """What a name stands for: room, module, and what is in it."""
    module, _, what = name.rpartition(".")
    return getattr(import_module(f"{__package__.rpartition('.')[0]}.{module}"), what)
