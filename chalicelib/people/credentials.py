"""The account's Portal panel: what an account's credential is, and what staff may do about it.

An account has one credential at most, in one of three states. ACTIONS says what each state offers; whatever is refused is
refused with a sentence that says why and what to do instead. Staff send links and set usernames; they never see, choose
or learn a password.
"""

from __future__ import annotations

import zlib
from functools import partial
from typing import Annotated, Final, Literal, get_args

import msgspec
from msgspec import Meta, Struct

from .. import clock, facts
from ..errors import Conflict, Stale
from ..facts import Act, Kind
from ..portals import Portal
from ..security import links
from ..security.links import Purpose
from ..storage import afresh, together
from . import accounts, credential_links, user_changes, usernames, users
from .shapes import Account
from .telling import tell, tell_gone
from .users import DISAVOWED, User

State = Literal["no-username", "username-only", "complete"]
Action = Literal["send-create", "set-username", "send-reset", "change-username", "delete-username"]

_SEND_CREATE = "Send the link to create a credential instead."
_HAS_USERNAME = "This account has a username already. Change it, or delete it first."
# What each state offers (None), and why it does not offer the rest.
ACTIONS: Final[dict[State, dict[Action, str | None]]] = {
    "no-username": {
        "send-create": None,
        "set-username": None,
        "send-reset": f"This account has no username, and so no password to reset. {_SEND_CREATE}",
        "change-username": "This account has no username yet. Set one, or send the link to create a credential.",
        "delete-username": "This account has no username, so there is nothing to delete.",
    },
    "username-only": {
        "send-create": None,
        "set-username": _HAS_USERNAME,
        "send-reset": f"No password has been chosen yet, so there is none to reset. {_SEND_CREATE}",
        "change-username": None,
        "delete-username": None,
    },
    "complete": {
        "send-create": "This account has a username and a password already. Send a password reset instead, or delete the "
        "username to start again.",
        "set-username": _HAS_USERNAME,
        "send-reset": None,
        "change-username": None,
        "delete-username": None,
    },
}
_NO_PASSWORDS = "Clients of this portal do not sign in by password. Add password to the portal's sign-in ways first."
_CLOSED = "This account is closed. Open it first."
_NO_EMAIL = "This account has no primary email that a link could go to. Add one first."
_LOCKED = "The user of this account is locked, so a link would not let them in. Unlock them first."
_LOCKED_BECAUSE = {
    DISAVOWED: 'The owner pressed "This was not me" in a mail from us. A password reset opens it again.',
    "": "It was locked by staff.",
}
_HELD_BY: Final[tuple[Purpose, ...]] = ("credential-create", "password-reset", "not-me", "contact-confirmation")

Moment = Annotated[str, Meta(description="ISO 8601, in UTC.")]


class ActionRefused(Conflict):
    """The state of the credential, or of what it belongs to, does not allow this."""

    code = "not-in-this-state"


class LinkSent(Struct, frozen=True, kw_only=True):
    """The newest link that was sent. `opened`: a person pressed its button, and has not finished."""

    sent_at: Moment
    valid_until: Moment
    state: Literal["live", "opened", "used", "expired"]


class Panel(Struct, frozen=True, kw_only=True):
    """The credential of an account. `version` names exactly what is shown here: whatever changes, it changes."""

    account_id: str
    state: State
    username: str | None
    actions: Annotated[tuple[Action, ...], Meta(description="What can be done now.")]
    refused: Annotated[dict[str, str], Meta(description="What cannot be done now, and why not.")]
    create_link: LinkSent | None
    reset_link: LinkSent | None
    password_changed_at: Moment | None
    last_sign_in: Moment | None
    second_factors: tuple[Literal["totp", "sms"], ...]
    locked: Annotated[str | None, Meta(description="Why the user is locked; null if they are not.")]
    version: int = 0


class UsernameInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The username that an account shall have: a name of its own, or an email address."""

    username: Annotated[str, Meta(min_length=1, max_length=200)]


class _Held(Struct, frozen=True):
    account: Account
    user: User | None
    panel: Panel

    @property
    def named(self) -> User:
        """The user; only for what no state without one offers."""
        if self.user is None:
            raise LookupError("this state has no user")
        return self.user


def of_account(portal: Portal, account_id: str) -> Panel:
    """The panel as of now. Raises NotFound."""
    return _read(portal, account_id).panel


def send_create(act: Act, portal: Portal, account_id: str) -> None:
    """Send the link to choose username and password to every primary email. Raises ActionRefused."""
    afresh(partial(_send_create, act, portal, account_id))


def send_reset(act: Act, portal: Portal, account_id: str) -> None:
    """Send the link to choose a new password to every primary email. Raises ActionRefused."""
    afresh(partial(_send_reset, act, portal, account_id))


def set_username(act: Act, portal: Portal, account_id: str, username: str, *, version: int | None = None) -> None:
    """Give the account a username; its password is chosen by whoever gets the create link, sent before or afterwards.

    Raises Invalid, UsernameTaken, ActionRefused, and Stale when `version` is given and no longer the present one.
    """
    afresh(partial(_set_username, act, portal, account_id, usernames.checked(username), version))


def change_username(act: Act, portal: Portal, account_id: str, username: str, *, version: int | None = None) -> None:
    """Give the user another username; the old one is free at once, every session ends, and the owner is told.

    Raises like `set_username`, and Stale when the user changed meanwhile. The same spelling again changes nothing.
    """
    chosen = usernames.checked(username)
    held = _allowed(portal, account_id, "change-username", version)
    user = held.named
    if chosen == user.username:
        return
    tx = act.transaction()
    accounts.still(tx, act.portal, held.account)
    user_changes.rename(tx, user, chosen, usernames.key(chosen))
    facts.record(tx, act, Kind.USERNAME_CHANGED, facts.subject("account", account_id), {"username": "changed"})
    if user.password_hash:
        tell(tx, act, user, "username", username=chosen)
    tx.commit()


def delete_username(act: Act, portal: Portal, account_id: str, *, version: int | None = None) -> None:
    """Back to the first state: the username is free, and sessions, devices, second factors and every link are over.

    Raises ActionRefused, and Stale when the user changed meanwhile.
    """
    user = _allowed(portal, account_id, "delete-username", version).named
    tx = act.transaction()
    user_changes.remove(tx, user)
    for purpose in _HELD_BY:
        links.cancel(tx, act.portal, purpose, account_id)
    if user.password_hash:
        tell_gone(tx, act, user)
    had = {"password": user.password_hash is not None}
    facts.record(tx, act, Kind.USERNAME_DELETED, facts.subject("account", account_id), had)
    tx.commit()


def _send_create(act: Act, portal: Portal, account_id: str) -> None:
    held = _allowed(portal, account_id, "send-create")
    account, user = held.account, held.user
    tx = act.transaction()
    accounts.still(tx, act.portal, account)  # its addresses are those that the mails go to
    if user is None:
        users.id_is_free(tx, act.portal, account_id, refusal=Stale())
    elif user.is_active:
        user_changes.still(tx, user, Stale())
    credential_links.send_create(
        tx, act, portal, account_id, name=account.name, emails=account.primary_emails,
        username=user.username if user else None,
    )  # fmt: skip
    tx.commit()


def _send_reset(act: Act, portal: Portal, account_id: str) -> None:
    held = _allowed(portal, account_id, "send-reset")
    tx = act.transaction()
    accounts.still(tx, act.portal, held.account)
    if held.named.is_active:
        user_changes.still(tx, held.named, Stale())
    credential_links.send_reset(tx, act, portal, held.named)
    tx.commit()


def _set_username(act: Act, portal: Portal, account_id: str, chosen: str, version: int | None) -> None:
    held = _allowed(portal, account_id, "set-username", version)
    tx = act.transaction()
    accounts.add_user(tx, act.portal, held.account, username=chosen, username_key=usernames.key(chosen))
    facts.record(tx, act, Kind.USERNAME_SET, facts.subject("account", account_id))
    tx.commit()


def _allowed(portal: Portal, account_id: str, action: Action, version: int | None = None) -> _Held:
    held = _read(portal, account_id)
    if version is not None and version != held.panel.version:
        raise Stale
    if why := held.panel.refused.get(action):
        raise ActionRefused(why)
    return held


def _read(portal: Portal, account_id: str) -> _Held:
    account = accounts.get(portal.slug, account_id)
    user = users.by_id(portal.slug, account_id)
    create, reset = together(
        [partial(_sent, portal.slug, purpose, account_id) for purpose in ("credential-create", "password-reset")]
    )
    refused = {action: why for action in get_args(Action) if (why := _objection(portal, account, user, action))}
    panel = Panel(
        account_id=account_id,
        state=_state(user),
        username=user.username if user else None,
        actions=tuple(action for action in get_args(Action) if action not in refused),
        refused=refused,
        create_link=create,
        reset_link=reset,
        password_changed_at=clock.text(user.password_at) if user and user.password_hash else None,
        last_sign_in=clock.text(user.signed_in_at) if user else None,
        second_factors=user.factors if user else (),
        locked=None if user is None or user.is_active else _locked_because(user),
    )
    version = 1 + zlib.crc32(msgspec.json.encode(panel)) % 999_999_999
    return _Held(account, user, msgspec.structs.replace(panel, version=version))


def _state(user: User | None) -> State:
    if user is None:
        return "no-username"
    return "username-only" if user.password_hash is None else "complete"


def _objection(portal: Portal, account: Account, user: User | None, action: Action) -> str | None:
    """Why an action cannot be done now, if so. What deletes is never in the way of anything."""
    if (why := ACTIONS[_state(user)][action]) or action == "delete-username":
        return why
    if not portal.policy.asks_password:
        return _NO_PASSWORDS
    if account.status != "open":
        return _CLOSED
    if not action.startswith("send"):
        return None
    if not account.primary_emails:
        return _NO_EMAIL
    return _LOCKED if user and not user.is_active and user.lock_reason != DISAVOWED else None


def _locked_because(user: User) -> str:
    return _LOCKED_BECAUSE.get(user.lock_reason, user.lock_reason)


def _sent(portal: str, purpose: Purpose, account_id: str) -> LinkSent | None:
    found = links.standing(portal, purpose, account_id)
    if found is None:
        return None
    return LinkSent(
        sent_at=clock.text(found.sent_at) or "", valid_until=clock.text(found.valid_until) or "", state=found.state
    )
