"""Every kind of job, by its name."""

from __future__ import annotations

from typing import Any, Final

from . import campaign_runs, moving, switch_jobs, tagging
from .jobs import JobKind

KINDS: Final[dict[str, JobKind[Any, Any]]] = {
    kind.name: kind
    for kind in (tagging.KIND, campaign_runs.KIND, switch_jobs.START, switch_jobs.RESUME, switch_jobs.STOP, moving.MOVE)
}
