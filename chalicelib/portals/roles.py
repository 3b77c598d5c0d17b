"""Roles of office users: sets of permissions that a portal gives names to. Whoever holds more may give what is less.

The catalogue says what a permission opens in the company's portal; the modules and tiles of the welcome page follow it. One
of them is ours: whoever may manage the users of their office acts on them through the same API as staff do.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from .. import fields

OfficePermission = Literal[
    "claims:read",
    "explanations:read",
    "eligibility:read",
    "roster:read",
    "practice-tools:use",
    "users:manage:own-office",
]
MANAGE: Final = "users:manage:own-office"
CATALOGUE: Final[dict[OfficePermission, str]] = {
    "claims:read": "Claims",
    "explanations:read": "Explanation of benefits",
    "eligibility:read": "Eligibility",
    "roster:read": "Panel roster",
    "practice-tools:use": "Practice tools",
    "users:manage:own-office": "Manage the users of the location",
}
# What whoever manages an office may do through the API, always within their own scope.
OF_MANAGERS: Final = frozenset(
    {"registrations:read", "registrations:invite", "registrations:decide", "users:read", "users:manage"}
)


class PortalRole(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A role of office users: its key (which users keep), the name people read, and what it opens."""

    key: fields.Slug
    name: fields.Required
    permissions: Annotated[
        tuple[OfficePermission, ...],
        Meta(
            max_length=len(CATALOGUE),
            description="What the role opens. `users:manage:own-office` makes it an administrator's: it approves, invites "
            "and looks after users of its own office.",
        ),
    ] = ()

    @property
    def is_manager(self) -> bool:
        """Whether whoever has it looks after the users of their office, and so signs in with a second factor every time."""
        return MANAGE in self.permissions


_WORK: Final[tuple[OfficePermission, ...]] = ("claims:read", "explanations:read", "eligibility:read", "roster:read")
DEFAULT_ROLES: Final = (
    PortalRole(
        key="provider-administrator", name="Provider Administrator", permissions=(*_WORK, "practice-tools:use", MANAGE)
    ),
    PortalRole(key="portal-user", name="Portal User", permissions=(*_WORK, "practice-tools:use")),
    PortalRole(key="clerical-user", name="Clerical User", permissions=_WORK),
)


def may_give(own: frozenset[str], role: PortalRole) -> bool:
    """Whether somebody with these permissions may give this role: nothing in it may be above their own level."""
    return frozenset(role.permissions) <= own


class RegistrationSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How people outside become users of an office."""

    is_open: Annotated[
        bool, Meta(description="Whether people may register by themselves. Invitations work in any case.")
    ] = False
    auto_approve: Annotated[
        bool,
        Meta(
            description="Let whoever knows a historical claim number in at once. Never for an administrator's role; the "
            "office is told."
        ),
    ] = False
    invitation_hours: Annotated[int, Meta(ge=1, le=168, description="How long a registration link works.")] = 24
    reminder_hours: Annotated[
        int, Meta(ge=0, le=72, description="How many hours before it runs out its reader is reminded; 0: never.")
    ] = 0
    denial_reasons: Annotated[tuple[fields.Required, ...], Meta(min_length=1, max_length=20)] = (
        "Not known at this office",
        "Information does not match",
        "Has an account already",
        "Asked for the wrong office or provider",
        "Other",
    )
