"""Every permission there is. Roles and API keys are sets of these names; `web.guard` asks for one at every route."""

from __future__ import annotations

from typing import Final

PERMISSIONS: Final[dict[str, str]] = {
    "portals:read": "Read a portal's settings.",
    "portals:write": "Change a portal's settings. With a key of the whole deployment: create portals.",
    "api-keys:manage": "Create, list and revoke API keys.",
    "accounts:read": "Read accounts.",
    "accounts:write": "Create and change accounts.",
    "contacts:read": "Read contacts.",
    "contacts:write": "Create, change and remove contacts.",
    "batches:read": "Read batches and download their documents.",
    "batches:write": "Create and change batches, place them in review, add and remove documents.",
    "messages:read": "Read the delivery log.",
    "messages:write": "Lift the suppression of an address, release a message that needs attention.",
    "facts:read": "Read what happened: the audit trail.",
}


def allows(held: frozenset[str], wanted: str) -> bool:
    """Whether the held permissions include the wanted one. There are no wildcards: a key lists what it may do."""
    return wanted in held
