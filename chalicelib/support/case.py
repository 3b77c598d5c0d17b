"""A case to be diagnosed: what was told, and what is on file about it, each read once and when first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal

from msgspec import Struct

from .. import clock, facts
from ..errors import NotFound
from ..messaging import suppression
from ..people import accounts, cards, matching, record_users, usernames, users
from ..people.cards import Card, Opened
from ..people.shapes import Account
from ..people.users import User
from ..portals import Portal
from ..security import identities, links
from ..security.identities import Lockout
from ..signin.by_client_number import PURPOSE
from . import attempts, remedies
from .attempts import Held
from .diagnosis_shapes import Outcome, Remedy, Told

NOT_TOLD = "Not told. Ask the caller"


class Finding(Struct, frozen=True):
    """What a check found."""

    outcome: Outcome
    text: str
    remedy: Remedy | None = None


def passed(text: str) -> Finding:
    """Nothing stands in the way here."""
    return Finding("passed", text)


def untold(what: str) -> Finding:
    """The caller has not been asked for what this check needs; the others go on without it."""
    return Finding("not-reached", f"{NOT_TOLD} {what}.")


class Case(Struct, frozen=True, dict=True):
    """One caller's case. `scopes` are the permissions of whoever diagnoses it."""

    portal: Portal
    told: Told
    scopes: frozenset[str]

    def failed(
        self, text: str, act: str, *, detail: str = "", body: Mapping[str, Any] | None = None, **ids: str | None
    ) -> Finding:
        """What stands in the way, and the act that fixes it."""
        user = self.user if self.told.way != "code" else None
        known = {
            "account": self.account_id or (user.account_id if user else None),
            "contact": self.card.contact_id if self.card else None,
            "user": user.id if user else None,
            **ids,
        }
        named = {"portal": self.slug, **{name: each for name, each in known.items() if each}}
        return Finding("failed", text, remedies.remedy(act, self.scopes, named, detail=detail, body=body))

    @property
    def slug(self) -> str:
        """The portal's slug."""
        return self.portal.slug

    @cached_property
    def given(self) -> Account | None:
        """The account that staff named. Raises NotFound where there is none of this id."""
        return accounts.get(self.slug, self.told.account_id) if self.told.account_id else None

    @cached_property
    def opened(self) -> Opened:
        """What stands under the number typed, or else under that of the account named."""
        number = self.told.client_number or (self.given.number if self.given and self.given.number else "")
        return cards.under(self.slug, matching.number_key(number))

    @cached_property
    def account(self) -> Account | None:
        """The account named, or else the one under the number typed."""
        if self.given is not None or self.opened.account_id is None:
            return self.given
        return _or_none(self.slug, self.opened.account_id)

    @property
    def account_id(self) -> str | None:
        """Its id."""
        return self.account.id if self.account else None

    @cached_property
    def named(self) -> tuple[Card, ...]:
        """The cards of that last name; all of them where none was told."""
        name = self.told.last_name
        return tuple(card for card in self.opened.cards if not name or card.is_named(name))

    @property
    def method(self) -> Literal["email", "sms"]:
        """By what a code would go to what was typed."""
        return "email" if "@" in self.told.destination else "sms"

    @cached_property
    def destination(self) -> str | None:
        """What was typed as it is compared; None if it can be no address at all."""
        typed = self.told.destination
        if self.method == "email":
            return matching.email_key(typed) if matching.email_checked(typed.strip()) else None
        return matching.phone_key(typed, self.portal.country)

    @cached_property
    def reached(self) -> tuple[Card, ...]:
        """The named cards that have this address on file; all of them where none was told."""
        if not self.told.destination:
            return self.named
        return tuple(card for card in self.named if card.has(self.method, self.destination or ""))

    @cached_property
    def open_to(self) -> tuple[Card, ...]:
        """Those of them to whom something is open."""
        return tuple(card for card in self.reached if card.batches)

    @cached_property
    def card(self) -> Card | None:
        """Whom all this is about, as far as it is one."""
        for some in (self.open_to, self.reached, self.named):
            if len(some) == 1:
                return some[0]
        return None

    @property
    def on_file(self) -> tuple[Literal["email", "sms"], str] | None:
        """The address a code goes to, in the spelling on file."""
        if self.card is None:
            return None
        if self.told.destination:
            address = self.card.has(self.method, self.destination or "")
            return (self.method, address) if address else None
        if self.card.emails:
            return "email", self.card.emails[0]
        return ("sms", self.card.mobile) if self.card.mobile else None

    @cached_property
    def tried_as(self) -> str:
        """The fingerprint under which tries at a code are counted, for what was typed."""
        number = self.told.client_number or (self.account.number if self.account and self.account.number else "")
        name = self.told.last_name or (self.card.last_name if self.card else "")
        return code_identity(number, name)

    @cached_property
    def user(self) -> User | None:
        """The user of the username typed; else that of the account, or of its record."""
        if self.told.username:
            return users.find(self.slug, usernames.key(self.told.username))
        if self.account is None:
            return None
        if self.told.way == "self-service":
            return record_users.of_account(self.slug, self.account.id)
        return users.by_id(self.slug, self.account.id)

    @cached_property
    def users_account(self) -> Account | None:
        """The account that the user is of."""
        return _or_none(self.slug, self.user.account_id) if self.user and self.user.account_id else None

    def lockout(self, key: str) -> Lockout | None:
        """Whether wrong tries keep this identity out."""
        return identities.lockouts(self.slug, [key]).get(key)

    def suppressed(self, channel: str, address: str) -> str | None:
        """Why nothing is sent to an address, if so."""
        return suppression.is_suppressed(self.slug, channel, address)

    def link(self, purpose: links.Purpose, holder: str) -> links.Standing | None:
        """How the newest link of a purpose stands."""
        return links.standing(self.slug, purpose, holder)

    @cached_property
    def code_attempts(self) -> Held:
        """What really happened at the door of codes."""
        subjects = [facts.subject("sign-in", self.tried_as)]
        subjects += [facts.subject("account", self.account_id)] if self.account_id else []
        subjects += [facts.subject("contact", self.card.contact_id)] if self.card else []
        return attempts.read(self.slug, subjects)

    @cached_property
    def user_attempts(self) -> Held:
        """What really happened at the door of passwords."""
        user, typed = self.user, self.told.username
        key = user.username_key if user else usernames.key(typed)
        subjects = [facts.subject("sign-in", users.tried_as(user.side if user else "customer", key))] if key else []
        subjects += [facts.subject("user", user.id)] if user else []
        account_id = (user.account_id if user and user.kind != "office" else None) or (self.account_id or "")
        subjects += [facts.subject("account", account_id)] if account_id else []
        return attempts.read(self.slug, subjects)


def code_identity(number: str, last_name: str) -> str:
    """Under what tries at a code are counted that goes by this client number and last name."""
    return identities.identity(PURPOSE, matching.number_key(number), matching.name_key(last_name))


def moment(seconds: int) -> str:
    """A moment in words that need no look at a calendar: how long from now, or ago."""
    minutes = abs(seconds - clock.timestamp()) // 60
    if minutes < 120:
        amount = f"{max(minutes, 1)} minute{'' if minutes <= 1 else 's'}"
    else:
        amount = f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // 1440} days"
    return f"in {amount}" if seconds > clock.timestamp() else f"{amount} ago"


def _or_none(portal: str, account_id: str) -> Account | None:
    try:
        return accounts.get(portal, account_id)
    except NotFound:
        return None
