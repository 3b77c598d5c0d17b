"""What puts right what a diagnosis finds wrong: every act with its operation of the API, and what it is done to.

One table. A test holds it against the guard table, so that no remedy leads nowhere or names another permission.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from .diagnosis_shapes import Remedy

_AT: Final = "/api/v1/portals/{portal}"


class Act(Struct, frozen=True):
    """An act in plain words; the operation that does it and the permission it takes, if it is one of the API's."""

    text: str
    method: str = ""
    route: str = ""
    permission: str = ""


ACTS: Final[dict[str, Act]] = {
    "open-portal": Act("Open the portal", "PATCH", _AT, "portals:write"),
    "change-policy": Act("Change how clients sign in", "PATCH", _AT, "portals:write"),
    "open-account": Act("Open the account", "PATCH", f"{_AT}/accounts/{{account}}", "accounts:write"),
    "correct-account": Act("Correct the account", "PATCH", f"{_AT}/accounts/{{account}}", "accounts:write"),
    "correct-contact": Act("Correct the contact", "PATCH", f"{_AT}/contacts/{{contact}}", "contacts:write"),
    "correct-user": Act("Correct the user", "PATCH", f"{_AT}/users/{{user}}", "users:manage"),
    "correct-staff": Act("Correct the colleague", "PATCH", f"{_AT}/staff/{{user}}", "staff:manage"),
    "add-contact": Act("Add the contact", "POST", f"{_AT}/contacts", "contacts:write"),
    "open-batch": Act("Open the batch to the portal", "PATCH", f"{_AT}/batches/{{batch}}", "batches:write"),
    "move-batch": Act("Move the batch on", "PATCH", f"{_AT}/batches/{{batch}}", "batches:write"),
    "share-batch": Act("Add the contact to this batch", "PATCH", f"{_AT}/batches/{{batch}}", "batches:write"),
    "make-batch": Act("Create a batch for this contact", "POST", f"{_AT}/batches", "batches:write"),
    "lift-suppression": Act("Lift the block of the address", "POST", f"{_AT}/suppressions/lift", "messages:write"),
    "release-message": Act("Send the message again", "POST", f"{_AT}/messages/{{message}}/release", "messages:write"),
    "find-person": Act("Find the person", "GET", f"{_AT}/support/people", "support:diagnose"),
    "verify-caller": Act("Verify the caller", "POST", f"{_AT}/support/verifications", "support:verify"),
    "unlock-contact": Act(
        "Unlock the contact", "POST", f"{_AT}/support/contacts/{{contact}}/unlock", "credentials:manage"
    ),
    "unlock-user": Act("Unlock the user", "POST", f"{_AT}/support/users/{{user}}/unlock", "credentials:manage"),
    "send-link": Act("Send a fresh link", "POST", f"{_AT}/support/users/{{user}}/send-link", "credentials:manage"),
    "reset-factors": Act(
        "Reset the second factor", "POST", f"{_AT}/support/users/{{user}}/reset-factors", "credentials:manage"
    ),
    "send-create": Act(
        "Send the link to create a credential", "POST", f"{_AT}/accounts/{{account}}/credential/send-create",
        "credentials:manage",
    ),
    "enable-self-service": Act(
        "Enable self-service", "POST", f"{_AT}/accounts/{{account}}/self-service/enable", "selfservice:manage"
    ),
    "restore-user": Act("Restore the user", "POST", f"{_AT}/users/{{user}}/restore", "users:manage"),
    "reactivate-staff": Act("Reactivate the colleague", "POST", f"{_AT}/staff/{{user}}/reactivate", "staff:manage"),
    "decide-registration": Act("Look at what waits for review", "GET", f"{_AT}/registrations", "registrations:read"),
    "try-again": Act("Ask the caller to try again now"),
    "newest-code": Act("Ask the caller to ask for a new code, and type the newest one"),
    "text-start": Act("Ask the caller to text START to our number, or to use their email address"),
    "own-page": Act("Tell the caller where to sign in"),
    "wait": Act("Ask the caller to wait, or to use the newest code"),
}  # fmt: skip


def remedy(
    name: str,
    scopes: frozenset[str],
    ids: Mapping[str, str],
    *,
    detail: str = "",
    body: Mapping[str, Any] | None = None,
) -> Remedy:
    """The act of this name, done to the things of these ids. Its body is told to who may do it."""
    act = ACTS[name]
    may = not act.permission or act.permission in scopes
    return Remedy(
        act=name,
        text=f"{act.text}{f': {detail}' if detail else ''}.",
        method=act.method,
        path=act.route.format(**ids),
        permission=act.permission or None,
        may=may,
        body=dict(body) if body and may else {},
    )
