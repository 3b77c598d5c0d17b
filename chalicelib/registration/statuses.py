"""The states of a registration, and what leads from one to the next."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal

Level = Literal["office", "provider"]


class Status(StrEnum):
    """How a registration stands. STARTED is never listed: it becomes one of the others within a day."""

    AUTO_APPROVED = "AUTO-APPROVED"
    DECLINED = "DECLINED"
    EMAIL_INT = "EMAIL-INT"
    EMAIL_SUCCESS = "EMAIL-SUCCESS"
    INVALIDATED = "INVALIDATED"
    MANUAL_ADMIN_APPROVED = "MANUAL-ADMIN-APPROVED"
    MANUAL_PROV_ADMIN_APPROVED = "MANUAL-PROV-ADMIN-APPROVED"
    PENDING_ADMIN_REVIEW = "PENDING-ADMIN-REVIEW"
    PENDING_PROV_ADMIN_REVIEW = "PENDING-PROV-ADMIN-REVIEW"
    STARTED = "STARTED"


Event = Literal["accept", "approve-itself", "submit", "approve", "deny", "abandon"]
PENDING: Final[dict[Level, Status]] = {
    "office": Status.PENDING_PROV_ADMIN_REVIEW,
    "provider": Status.PENDING_ADMIN_REVIEW,
}
APPROVED: Final[dict[Status, Status]] = {
    Status.PENDING_PROV_ADMIN_REVIEW: Status.MANUAL_PROV_ADMIN_APPROVED,
    Status.PENDING_ADMIN_REVIEW: Status.MANUAL_ADMIN_APPROVED,
}
LISTED: Final = tuple(status for status in Status if status is not Status.STARTED)


def after(status: Status, event: Event, level: Level) -> Status | None:
    """The state that an event leads to; None where it may not happen."""
    if status is Status.EMAIL_INT:
        return Status.EMAIL_SUCCESS if event == "accept" else None
    if status is Status.STARTED:
        return {
            "approve-itself": Status.AUTO_APPROVED,
            "submit": PENDING[level],
            "abandon": Status.INVALIDATED,
        }.get(event)
    if status in APPROVED:
        return {"approve": APPROVED[status], "deny": Status.DECLINED}.get(event)
    return None
