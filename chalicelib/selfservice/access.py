"""Self-service of a lead or client: its own portal link and generated password, switched on and off by staff.

Link and password go out in two mails. Nobody sees the password but whoever presses the button of its link. Switched off,
both are over for good, and every session with them; switched on again, there are new ones.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal, get_args

from msgspec import Meta, Struct

from .. import clock, facts
from ..config import settings
from ..errors import Conflict, Stale
from ..facts import Act, Kind
from ..messaging.queue import queue
from ..people import accounts, agent_cards, credential_links, record_users, user_changes, users
from ..people.shapes import Account
from ..people.users import User
from ..portals import Portal
from ..security import links
from ..security.links import Purpose
from ..storage import Transaction, afresh, beside

Action = Literal["enable", "disable", "send-password"]
Moment = Annotated[str, Meta(description="ISO 8601, in UTC.")]

MESSAGES = ("self-service-link", "self-service-password")  # to each primary email, when it is switched on
_ON = "Self-service is on already. Send the password link again, or disable it first: then there is a new link."
_OFF = "Self-service is off, so there is no password to send. Enable it first."
_OFF_ALREADY = "Self-service is off already."
_CLOSED = "This account is closed. Open it first."
_NO_RECORD = "Only leads and clients have self-service. Users of offices and providers register instead."
_NO_EMAIL = "This account has no primary email that the messages could go to. Add one first."
_LOCKED = "The user of this record is locked, so a password would not let them in."


class SelfServiceRefused(Conflict):
    """The state of the record's self-service, or of the account, does not allow this."""

    code = "not-in-this-state"


class PasswordLink(Struct, frozen=True, kw_only=True):
    """The newest link to the password, or to choosing another one. `used`: its button was pressed."""

    leads_to: Literal["password", "choosing"]
    sent_at: Moment
    valid_until: Moment
    state: Literal["live", "used", "expired"]


class SelfService(Struct, frozen=True, kw_only=True):
    """The self-service of an account. Nobody sees the password here."""

    account_id: str
    state: Literal["enabled", "disabled"]
    since: Annotated[Moment | None, Meta(description="When it was last switched; null if it never was on.")]
    by: Annotated[str | None, Meta(description="Who switched it, as facts name them.")]
    portal_link: Annotated[str | None, Meta(description="The record's own sign-in page; null while it is off.")]
    password: Annotated[
        Literal["generated", "chosen"] | None,
        Meta(description="Whether the client has chosen a password of their own."),
    ]
    password_link: PasswordLink | None
    last_sign_in: Moment | None
    locked: Annotated[bool, Meta(description='Whether the owner has pressed "This was not me".')]
    actions: Annotated[tuple[Action, ...], Meta(description="What can be done now.")]
    refused: Annotated[dict[str, str], Meta(description="What cannot be done now, and why not.")]


class _Held(Struct, frozen=True):
    account: Account
    user: User | None
    since: int | None
    by: str | None

    @property
    def named(self) -> User:
        """The user; only for what is not offered without one."""
        if self.user is None:
            raise LookupError("self-service is off")
        return self.user


def of_account(portal: Portal, account_id: str) -> SelfService:
    """How it stands now. Raises NotFound."""
    held = _read(portal, account_id)
    user = held.user
    refused = {action: why for action in get_args(Action) if (why := _objection(held, action))}
    return SelfService(
        account_id=account_id,
        state="enabled" if user else "disabled",
        since=clock.text(held.since),
        by=held.by,
        portal_link=f"{settings.public_url}/{portal.slug}/my/{user.username}" if user else None,
        password=None if user is None else "generated" if user.generated else "chosen",
        password_link=_newest_link(portal.slug, user) if user else None,
        last_sign_in=clock.text(user.signed_in_at) if user else None,
        locked=user is not None and not user.is_active,
        actions=tuple(action for action in get_args(Action) if action not in refused),
        refused=refused,
    )


def enable(act: Act, portal: Portal, account_id: str) -> None:
    """Make a new link and a new password, and mail each to every primary email. Raises SelfServiceRefused."""
    afresh(partial(_enable, act, portal, account_id))


def disable(act: Act, portal: Portal, account_id: str) -> None:
    """End link, password and every session, for good. Raises SelfServiceRefused."""
    afresh(partial(_disable, act, portal, account_id))


def send_password(act: Act, portal: Portal, account_id: str) -> None:
    """Mail a fresh link to the password; once the client has chosen one of their own, a link to choose another.

    Raises SelfServiceRefused.
    """
    afresh(partial(_send_password, act, portal, account_id))


def _enable(act: Act, portal: Portal, account_id: str) -> None:
    account = _allowed(portal, account_id, "enable").account
    agent = agent_cards.of_email(act.portal, account.assigned_agent or "")
    subject = facts.subject("account", account_id)
    tx = act.transaction()
    accounts.note_access(tx, act, account, is_on=True)
    user_id, code = record_users.add(tx, act.portal, account, accounts.cards_of(act.portal, account))
    facts.record(tx, act, Kind.SELF_SERVICE_ENABLED, subject, {"addresses": len(account.primary_emails)})
    _send_link(tx, act, account, code, agent)
    record_users.send_password(
        tx, act, user_id, account.primary_emails, Kind.SELF_SERVICE_PASSWORD_SENT, subject=subject
    )
    tx.commit()


def _send_link(tx: Transaction, act: Act, account: Account, code: str, agent: agent_cards.AgentCard | None) -> None:
    own = {"code": code, "account_name": account.name}
    if agent:
        own |= {"agent_name": agent.name, "agent_title": agent.title, "agent_phone": agent.phone}
    for address in account.primary_emails:
        queue(
            tx, act, template="self-service-link", channel="email", to=address,
            about=facts.subject("account", account.id), context=own, urgent=True,
        )  # fmt: skip


def _disable(act: Act, portal: Portal, account_id: str) -> None:
    held = _allowed(portal, account_id, "disable")
    tx = act.transaction()
    accounts.note_access(tx, act, held.account, is_on=False)
    record_users.remove(tx, held.named)
    facts.record(tx, act, Kind.SELF_SERVICE_DISABLED, facts.subject("account", account_id))
    tx.commit()


def _send_password(act: Act, portal: Portal, account_id: str) -> None:
    held = _allowed(portal, account_id, "send-password")
    user = held.named
    tx = act.transaction()
    accounts.still(tx, act.portal, held.account)
    user_changes.unchanged(tx, user, Stale())
    if record_users.has_generated(user):
        subject = facts.subject("account", account_id)
        record_users.send_password(
            tx, act, user.id, user.reset_emails, Kind.SELF_SERVICE_PASSWORD_SENT, subject=subject
        )
    else:
        credential_links.send_reset(tx, act, portal, user)
    tx.commit()


def _allowed(portal: Portal, account_id: str, action: Action) -> _Held:
    held = _read(portal, account_id)
    if why := _objection(held, action):
        raise SelfServiceRefused(why)
    return held


def _read(portal: Portal, account_id: str) -> _Held:
    (account, since, by), user = beside(
        lambda: accounts.access_noted(portal.slug, account_id),
        lambda: record_users.of_account(portal.slug, account_id),
    )
    return _Held(account, user, since, by)


def _objection(held: _Held, action: Action) -> str | None:
    """Why an action cannot be done now, if so. What switches off is never in the way of anything."""
    user = held.user
    found = objection(held.account, action, is_on=user is not None)
    if found or action != "send-password" or user is None:
        return found
    return _LOCKED if not user.is_active and user.lock_reason != users.DISAVOWED else None


def objection(account: Account, action: Action, *, is_on: bool) -> str | None:
    """Why an action cannot be done for an account whose self-service is on or off; None: it can, as far as that goes."""
    if is_on and action == "enable":
        return _ON
    if not is_on and action != "enable":
        return _OFF_ALREADY if action == "disable" else _OFF
    if action == "disable":
        return None
    if account.record_type not in record_users.RECORD_TYPES:
        return _NO_RECORD
    if account.status != "open":
        return _CLOSED
    return None if account.primary_emails else _NO_EMAIL


def is_on(portal: str, account_id: str) -> bool:
    """Whether self-service is on."""
    return record_users.of_account(portal, account_id) is not None


def _newest_link(portal: str, user: User) -> PasswordLink | None:
    """The link that was sent last, of both kinds."""
    wanted: tuple[tuple[Purpose, Literal["password", "choosing"]], ...] = (
        ("self-service-password", "password"), ("password-reset", "choosing"),
    )  # fmt: skip
    found = [(links.standing(portal, purpose, user.id), leads_to) for purpose, leads_to in wanted]
    sent = [(standing, leads_to) for standing, leads_to in found if standing]
    if not sent:
        return None
    standing, leads_to = max(sent, key=lambda each: each[0].sent_at)
    return PasswordLink(
        leads_to=leads_to,
        sent_at=clock.text(standing.sent_at) or "",
        valid_until=clock.text(standing.valid_until) or "",
        state="used" if standing.state == "opened" else standing.state,
    )
