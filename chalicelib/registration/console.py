"""The registration console: one registration in full, whom it may be a double of, what happened to it, what comes next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct

from .. import facts, fields
from ..people import matching, users
from ..people.authority import Authority
from ..people.users import User
from ..portals import Portal
from ..storage import beside
from . import decisions, entries, invitations
from .models import RegistrationRow
from .shapes import Moment, Registration

Why = Literal["email", "name", "phone"]
_MOST_SHOWN = 5
_LOOKED_AT = 500  # the newest registrations of an office, and its users: a hint, not a search
_MOST_FACTS = 100
_FEWEST_DIGITS, _DIGITS_COMPARED = 7, 9  # of a phone number with or without its country code


class Duplicate(Struct, frozen=True, kw_only=True):
    """Another registration, or a user, of the same office that may be the same person."""

    id: str
    kind: Literal["registration", "user"]
    name: str
    why: Annotated[tuple[Why, ...], Meta(description="What both have alike.")]


class Happening(Struct, frozen=True, kw_only=True):
    """Something that happened to a registration: `what` as facts name it, `who` did it."""

    at: Moment
    what: str
    who: str


class Details(Registration, frozen=True, kw_only=True):
    """A registration with all that helps to decide. `why_not` says why you may not."""

    can_decide: bool
    why_not: str
    possible_duplicates: tuple[Duplicate, ...]
    history: Annotated[tuple[Happening, ...], Meta(description="The oldest first.")]


def details(portal: Portal, by: Authority, entry_id: str, *, hindrance: str = "") -> Details:
    """A registration in full; `hindrance` is why they could decide none. Raises NotFound, also where it is out of reach."""
    row = entries.get(portal.slug, entry_id, by)
    hindrance = decisions.why_not(portal, by, row) or hindrance
    return Details(
        **fields.values(shown(portal, [row])[0]),
        can_decide=not hindrance,
        why_not=hindrance,
        possible_duplicates=tuple(_duplicates(portal.slug, by, row))[:_MOST_SHOWN],
        history=_history(portal.slug, row),
    )


def following(portal: Portal, by: Authority, entry_id: str) -> Registration | None:
    """The next one that waits and was submitted after this. Raises NotFound as `details` does."""
    row = entries.following(portal.slug, by, entries.get(portal.slug, entry_id, by))
    return shown(portal, [row])[0] if row else None


def shown(portal: Portal, rows: Sequence[RegistrationRow]) -> list[Registration]:
    """Registrations as the console shows them, an invitation with how far its newest mail has come."""
    come = invitations.deliveries(portal.slug, rows)
    return [entries.shown(portal, row, come[str(row.created_key)]) for row in rows]


def alike(one: tuple[str, str, str], other: tuple[str, str, str]) -> tuple[Why, ...]:
    """What two people have alike, of (address, first and last name, phone): what is empty is like nothing."""
    keys = [(matching.email_key(email), matching.name_key(name), _digits(phone)) for email, name, phone in (one, other)]
    words: tuple[Why, ...] = ("email", "name", "phone")
    return tuple(word for word, mine, theirs in zip(words, *keys, strict=True) if mine and mine == theirs)


def _duplicates(portal: str, by: Authority, row: RegistrationRow) -> Iterator[Duplicate]:
    """Registrations first, users of whom none is known after them. Who waits is known by their registration."""
    held, known = beside(
        lambda: entries.of_office(portal, row.office_id, _LOOKED_AT),
        lambda: users.of_office(portal, row.office_id, limit=_LOOKED_AT).items,
    )
    me, seen = _person(row), {str(row.created_key)}
    for entry in held:
        identifier, why = str(entry.created_key), alike(me, _person(entry))
        if why and identifier not in seen and by.reaches(entry.account_id, entry.office_id):
            seen.add(identifier)
            yield Duplicate(id=identifier, kind="registration", name=_person(entry)[1], why=why)
    for user in known:
        why = alike(me, _user(user))
        if why and user.id not in seen and user.state != "pending" and by.reaches(user.account_id, user.office_id):
            yield Duplicate(id=user.id, kind="user", name=user.name, why=why)


def _history(portal: str, row: RegistrationRow) -> tuple[Happening, ...]:
    """The facts of a registration. Of one moment a change of the role comes before the approval that it belongs to."""
    held = facts.about(portal, facts.subject("registration", str(row.created_key)), limit=_MOST_FACTS).items
    held = sorted(held, key=lambda fact: (fact.id[:12], fact.kind != facts.Kind.REGISTRATION_MODIFIED))
    names = {row.decided_by: row.decided_by_name} if row.decided_by_name else {}
    return tuple(Happening(at=fact.at, what=fact.kind, who=names.get(fact.actor) or fact.actor) for fact in held)


def _person(row: RegistrationRow) -> tuple[str, str, str]:
    said = row.applicant
    return (said.email, f"{said.first_name} {said.last_name}".strip(), said.phone or "")


def _user(user: User) -> tuple[str, str, str]:
    said = user.details
    return (said.email or "", f"{said.first_name} {said.last_name}".strip(), said.phone or "")


def _digits(phone: str) -> str:
    digits = "".join(char for char in phone if char.isdigit())
    return digits[-_DIGITS_COMPARED:] if len(digits) >= _FEWEST_DIGITS else ""
