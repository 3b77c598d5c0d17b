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
    "records:read": "Read what accounts hold besides batches: products, documents, prescriptions, care providers, links.",
    "records:write": "Add, change and remove products, documents, prescriptions, care providers and website links.",
    "messages:read": "Read the delivery log.",
    "messages:write": "Lift the suppression of an address, release a message that needs attention.",
    "templates:read": "Read the wording of messages, and see what it looks like.",
    "templates:write": "Change the wording of messages, and restore it; make and delete messages of your own.",
    "facts:read": "Read what happened: the audit trail.",
    "credentials:read": "See what credentials an account has.",
    "credentials:manage": "Send credential and reset links, set and delete usernames, unlock users.",
    "clients:view-as": "Look at a client's pages as the client sees them, to read; agents for accounts assigned to them.",
    "selfservice:read": "See whether an account's self-service is on, and how its links stand.",
    "selfservice:manage": "Switch self-service on and off for leads and clients, send its password link.",
    "registrations:read": "Read registrations and invitations, within one's own scope.",
    "registrations:invite": "Send registration links, within one's own scope and level.",
    "registrations:decide": "Approve, deny and modify registrations, within one's own scope and level.",
    "users:read": "List the users of offices, within one's own scope.",
    "users:manage": "Add, change, lock and delete users of offices, within one's own scope and level.",
    "help:read": "Read help requests.",
    "help:manage": "Log, assign and answer help requests, change their state and the note on them.",
    "support:diagnose": "Find people, and find out why somebody cannot sign in.",
    "support:verify": "Verify a caller by a code to the contact on file, and tell them their username.",
    "tasks:read": "Read tasks and the call queue.",
    "tasks:write": "Create, change and remove tasks; queue calls, claim them and say what came of them.",
    "workflows:read": "Read workflows, campaigns, enrolments and their histories; rehearse them.",
    "workflows:write": "Make and change workflows and campaigns, switch them on and off, stop enrolments.",
    "staff:read": "List the staff users of the portal.",
    "staff:manage": "Invite, change, deactivate and reactivate staff users, up to one's own level.",
}

# What staff may do, from the highest level to the lowest. A role includes nothing that is not listed for it.
_READING = frozenset(name for name in PERMISSIONS if name.endswith(":read"))
_WORKING = _READING | {
    "accounts:write", "contacts:write", "batches:write", "records:write", "selfservice:manage", "tasks:write",
    "clients:view-as", "support:diagnose",
}  # fmt: skip
ROLES: Final[dict[str, frozenset[str]]] = {
    "owner": frozenset(PERMISSIONS),
    "administrator": frozenset(PERMISSIONS),
    "support": _READING
    | {
        "clients:view-as",
        "credentials:manage",
        "messages:write",
        "contacts:write",
        "help:manage",
        "support:diagnose",
        "support:verify",
        "users:manage",
        "selfservice:manage",
        "tasks:write",
    },
    "agent": _WORKING - {"staff:read"},
}
LEVELS: Final = tuple(ROLES)


def may_grant(own: str, role: str) -> bool:
    """Whether a staff user of role `own` may give, change or take away `role`: nobody acts above their own level."""
    return own in LEVELS and role in LEVELS and LEVELS.index(own) <= LEVELS.index(role)


def may_hand_on(scopes: frozenset[str], role: str) -> frozenset[str]:
    """Which of their permissions a caller of this role may give to an API key.

    A key that may manage staff acts on everybody, so only owners give that away: else an administrator could make a key
    that makes the administrator an owner.
    """
    return scopes if role == "owner" else scopes - {"staff:manage"}


def allows(held: frozenset[str], wanted: str) -> bool:
    """Whether the held permissions include the wanted one. There are no wildcards: a key lists what it may do."""
    return wanted in held
