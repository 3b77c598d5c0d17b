"""How far somebody's word reaches who looks after users of offices: the whole portal, one office, or one provider.

Staff and systems reach every office. A manager of an office reaches it and its providers, one of a provider that provider
alone. Nobody gives a role above their own level, acts outside their own scope, or on themselves; whoever tries is on record.
"""

from __future__ import annotations

from typing import NoReturn

from msgspec import Struct

from .. import facts
from ..errors import Forbidden, NotFound
from ..facts import Act, Kind
from ..portals import Portal
from ..portals.roles import PortalRole, may_give
from ..storage import Transaction
from . import accounts
from .shapes import Account
from .users import User

_OUTSIDE = "This office or provider is outside of what you look after."
_SELF = "You cannot do this to yourself. Ask another administrator of your office."


class Authority(Struct, frozen=True):
    """Who acts, and within what. Without an `account_id` the whole portal; `permissions` are those of their own role."""

    name: str = ""
    user_id: str = ""
    account_id: str = ""
    office_id: str = ""
    permissions: frozenset[str] = frozenset()

    @property
    def is_everywhere(self) -> bool:
        """Whether this reaches every office: staff, and systems."""
        return not self.account_id

    @property
    def is_office_level(self) -> bool:
        """Whether this reaches a whole office with its providers, and not a provider alone."""
        return self.account_id == self.office_id

    def reaches(self, account_id: str | None, office_id: str | None) -> bool:
        """Whether users and registrations of this account (of this office, its own or its parent's) are within."""
        if self.is_everywhere:
            return True
        return account_id == self.account_id or (self.is_office_level and office_id == self.office_id)

    def may_give(self, role: PortalRole) -> bool:
        """Whether this may give the role, take it away, or act on who has it."""
        return self.is_everywhere or may_give(self.permissions, role)


def office_of(account: Account) -> str:
    """The office that an account is, or belongs to."""
    return account.parent_id or account.id


def must_reach(act: Act, by: Authority, account: Account) -> None:
    """Raises Forbidden, on record, where the account is outside."""
    if not by.reaches(account.id, office_of(account)):
        refuse(act, f"account:{account.id}", "", _OUTSIDE)


def account_within(act: Act, by: Authority, account_id: str) -> Account:
    """The account of this id. Raises NotFound; Forbidden, on record, where it is outside.

    To whoever does not reach everywhere, one that is not there is outside like any other.
    """
    try:
        account = accounts.get(act.portal, account_id)
    except NotFound:
        if not by.is_everywhere:
            refuse(act, f"account:{account_id}", "", _OUTSIDE)
        raise
    must_reach(act, by, account)
    return account


def must_give(act: Act, by: Authority, portal: Portal, role_key: str, about: str) -> PortalRole | None:
    """The role, which this may give. Raises Forbidden, on record, where it is above; None where the portal has none of it."""
    role = portal.role(role_key)
    if role is not None and not by.may_give(role):
        refuse(act, about, role_key, f"You cannot give the role {role.name}, or act on it: it is above your own level.")
    return role


def must_not_be_self(act: Act, by: Authority, user: User) -> None:
    """Raises Forbidden, on record, where somebody acts on themselves."""
    if by.user_id == user.id:
        refuse(act, facts.subject("user", user.id), user.role, _SELF)


def refuse(act: Act, about: str, role: str, why: str, kind: Kind = Kind.OFFICE_USER_REFUSED) -> NoReturn:
    """Say no, and keep a record of who tried: outside the act's own transaction, which never comes."""
    tx = Transaction()
    facts.record(tx, act, kind, about, {"role": role, "why": why})
    tx.commit()
    raise Forbidden(why)
