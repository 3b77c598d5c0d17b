"""Who gets what a workflow or a campaign sends: the record's own contact, its agent, colleagues. Worked out when it is sent."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from ..people import contacts, matching, usernames, users
from ..people.shapes import Account, Contact
from ..people.users import User
from ..portals import Portal
from .shapes import Recipients

Channel = Literal["email", "sms"]
_MOST_CONTACTS = 50  # of a record, among which the first with an address or a number is looked for


class Reached(Struct, frozen=True):
    """Somebody to send to: the address, as whom, and the contact whose it is, if it is one of the record's."""

    who: str
    to: str
    contact: Contact | None = None


class Missed(Struct, frozen=True):
    """Somebody who was meant but cannot be reached, and why: a reason as decisions have it."""

    who: str
    why: str


def of_step(portal: Portal, account: Account, channel: Channel, wanted: Recipients) -> list[Reached | Missed]:
    """Everybody a step names, each once."""
    found: list[Reached | Missed] = []
    if wanted.record:
        found.append(of_record(portal, account, channel))
    if wanted.agent:
        found.append(_of_agent(portal, account, channel))
    found += [
        _of_staff(users.by_id(portal.slug, user_id), f"staff:{user_id}", portal, channel) for user_id in wanted.staff
    ]
    once: dict[str, Reached | Missed] = {}
    for each in found:
        once.setdefault(each.to if isinstance(each, Reached) else each.who, each)
    return list(once.values())


def of_record(portal: Portal, account: Account, channel: Channel) -> Reached | Missed:
    """The record's own: the first primary email, else that of its first contact; the mobile of the first that has one."""
    people = contacts.listed(portal.slug, account_id=account.id, sort="created_at", limit=_MOST_CONTACTS).items
    if channel == "sms":
        for person in people:
            if person.mobile:
                return Reached("record", person.mobile, person)
        return Missed("record", "no-mobile")
    for address in (*account.primary_emails, *(email for person in people for email in person.emails)):
        return Reached("record", address, _whose(address, people))
    return Missed("record", "no-email")


def agent_of(portal: Portal, account: Account) -> User | None:
    """The record's agent, if they are an active staff user."""
    if not account.assigned_agent:
        return None
    user = users.find(portal.slug, usernames.key(matching.email_key(account.assigned_agent)))
    return user if user is not None and user.kind == "staff" and user.is_active else None


def _of_agent(portal: Portal, account: Account, channel: Channel) -> Reached | Missed:
    if not account.assigned_agent:
        return Missed("agent", "no-agent")
    if channel == "email":
        return Reached("agent", account.assigned_agent)
    return _of_staff(agent_of(portal, account), "agent", portal, channel)


def _of_staff(user: User | None, who: str, portal: Portal, channel: Channel) -> Reached | Missed:
    if user is None or user.kind != "staff" or not user.is_active:
        return Missed(who, "no-such-colleague")
    if channel == "email":
        to = user.details.email or next(iter(user.emails), None)
    else:
        to = matching.phone_key(user.details.phone or "", portal.country)
    return Reached(who, to) if to else Missed(who, "no-email" if channel == "email" else "no-mobile")


def _whose(address: str, people: list[Contact]) -> Contact | None:
    wanted = matching.email_key(address)
    for person in people:
        if wanted in {matching.email_key(email) for email in person.emails}:
            return person
    return people[0] if len(people) == 1 else None
