"""Finding whoever is on the phone, by any of name, email, username and client number: contacts and users in one list.

What a permission would show elsewhere is masked here for who lacks it: enough to recognise somebody by, no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from .. import clock
from ..messaging import addresses
from ..people import accounts, cards, contacts, matching, record_users, seeking, usernames, users
from ..people.shapes import Account, Contact
from ..people.users import User
from ..storage import together

MOST: Final = 50
_OF_EACH: Final = 20
_SHOWN_BY: Final = {  # what is masked without which permission
    "contact": "contacts:read", "customer": "credentials:read", "record": "selfservice:read", "office": "users:read",
    "staff": "staff:read",
}  # fmt: skip
PersonKind = Literal["contact", "customer", "record", "office", "staff"]
PersonState = Literal["open", "closed", "invited", "active", "locked", "deactivated", "pending", "deleted"]


class Person(Struct, frozen=True, kw_only=True):
    """A contact, who signs in by codes, or a user. `masked`: some of it stands here in part, for want of a permission."""

    kind: PersonKind
    id: str
    name: str
    username: str | None
    email: str | None
    mobile: str | None
    account_id: str | None
    account_name: str | None
    client_number: str | None
    state: Annotated[
        PersonState,
        Meta(description="Of a contact that of the account. `invited`: no password has been chosen yet."),
    ]
    last_sign_in: str | None
    masked: bool


def found(portal: str, typed: str, *, scopes: frozenset[str]) -> list[Person]:
    """Everybody who fits what was typed, at most 50: those whom it names exactly first, then by name."""
    typed = " ".join(typed.split())
    if not matching.name_key(typed):
        return []
    calls: list[Callable[[], Any]] = [
        partial(users.find, portal, usernames.key(typed)),
        partial(cards.under, portal, matching.number_key(typed)),
        partial(_contacts, portal, typed),
        lambda: accounts.listed(portal, name=typed, limit=_OF_EACH).items,
        *(partial(seeking.sought, portal, kind, typed, limit=_OF_EACH) for kind in ("staff", "office", "customer", "record")),
    ]  # fmt: skip
    exact, opened, people, named, *like = together(calls)
    wanted = [account.id for account in named] + ([opened.account_id] if opened.account_id else [])
    ids = [*wanted, *(record_users.id_of(portal, each) for each in wanted)]
    of_accounts = users.of_ids(portal, ids[:100]).values()
    held = _once([*([exact] if exact else []), *of_accounts, *(user for some in like for user in some)])
    at_number = contacts.listed(portal, account_id=opened.account_id, limit=_OF_EACH).items if opened.account_id else []
    persons = list({each.id: each for each in (*at_number, *people)}.values())
    owners = {each.account_id for each in persons} | {user.account_id for user in held if user.account_id}
    known = {account.id: account for account in accounts.of_ids(portal, list(owners)[:100])}
    shown = [_of_user(user, known.get(user.account_id or "")) for user in held]
    shown += [_of_contact(each, known.get(each.account_id)) for each in persons]
    first = usernames.key(typed)
    shown.sort(key=lambda each: (each.username is None or usernames.key(each.username) != first, each.name.casefold()))
    return [_masked(each, scopes) for each in shown[:MOST]]


def _contacts(portal: str, typed: str) -> list[Contact]:
    """By an address, or by the name: the last name alone or first, or as it is written."""
    if "@" in typed:
        return contacts.listed(portal, email=typed, limit=_OF_EACH).items
    words = typed.split()
    orders = dict.fromkeys((typed, " ".join((words[-1], *words[:-1]))))
    return [each for order in orders for each in contacts.listed(portal, name=order, limit=_OF_EACH).items]


def _once(held: Iterable[User]) -> list[User]:
    return list({user.id: user for user in held}.values())


def _of_user(user: User, account: Account | None) -> Person:
    has_name = bool(user.details.first_name or user.details.last_name)
    is_invited = user.password_hash is None and user.is_active
    return Person(
        kind=user.kind,
        id=user.id,
        name=user.name if has_name or account is None else account.name,
        username=user.username,
        email=user.emails[0] if user.emails else None,
        mobile=user.details.phone,
        account_id=user.account_id,
        account_name=account.name if account else None,
        client_number=account.number if account else None,
        state="invited" if is_invited else user.state,
        last_sign_in=clock.text(user.signed_in_at),
        masked=False,
    )


def _of_contact(contact: Contact, account: Account | None) -> Person:
    return Person(
        kind="contact",
        id=contact.id,
        name=contact.name,
        username=None,
        email=contact.emails[0] if contact.emails else None,
        mobile=contact.mobile,
        account_id=contact.account_id,
        account_name=account.name if account else None,
        client_number=account.number if account else None,
        state="open" if account is not None and account.status == "open" else "closed",
        last_sign_in=None,
        masked=False,
    )


def _masked(person: Person, scopes: frozenset[str]) -> Person:
    """The same for whoever has these permissions."""
    is_seen = _SHOWN_BY[person.kind] in scopes
    sees_account = "accounts:read" in scopes or person.account_id is None
    if is_seen and sees_account:
        return person
    told = {name: getattr(person, name) for name in Person.__struct_fields__}
    if not is_seen:
        told |= {
            "name": person.name if person.name == person.account_name else _initials(person.name),
            "username": _hidden(person.username),
            "email": addresses.masked("email", person.email) if person.email else None,
            "mobile": addresses.masked("sms", person.mobile) if person.mobile else None,
        }
    if not sees_account:
        told |= {"account_name": _initials(person.account_name or ""), "client_number": _hidden(person.client_number)}
        if person.name == person.account_name:
            told["name"] = _initials(person.name)
    return Person(**{**told, "masked": True})


def _initials(name: str) -> str:
    return " ".join(f"{word[:1]}•••" for word in name.split()[:4])


def _hidden(text: str | None) -> str | None:
    if not text:
        return text
    return addresses.masked("email", text) if "@" in text else f"{text[:1]}•••"
