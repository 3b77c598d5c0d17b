"""Accepting an invitation: from the button of the link to a user of the office, straight.

No questions about the office and no choice of a role: both are the invitation's, and the address is proved by the link. The
link, the registration, the contact and the user change in one transaction, so of any number of tries one makes the user.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from .. import facts
from ..errors import Conflict, Invalid, NotFound, Stale, TooMany
from ..facts import Act, Kind
from ..people import office_users, usernames, users
from ..people.shapes import QuestionAnswered, UserDetails
from ..people.users import UsernameTaken
from ..portals import Portal
from ..security import browsers, links, passwords
from ..security.identities import DestinationUsedUp
from ..security.links import Link, LinkOver, Setup
from ..signin import questions
from ..storage import afresh
from . import entries, invitations, person
from .invitations import PURPOSE, Offer
from .models import RegistrationRow
from .shapes import Applicant
from .statuses import Status

_ENOUGH = (
    "We have sent this address as much mail as we may for now. Look in your inbox, and in your spam folder as well."
)


class Withdrawn(Conflict):
    """The invitation stands for something that is no more: the office is closed, or the role gone."""

    text = (
        "What you were invited to is not open any more: the office was closed here, or the role taken away. Ask whoever "
        "invited you."
    )


class Invited(Struct, frozen=True):
    """What somebody is invited to, and what is known of them."""

    office: str
    role: str
    applicant: Applicant
    has_second_factor: bool


class Chosen(Struct, frozen=True):
    """The username of the new user, and the cookie by which its browser is known."""

    username: str
    browser: str | None


def seen(portal: Portal, token: str) -> Invited:
    """What a link leads to, for the page it opens: nothing is changed. Raises LinkOver, Withdrawn."""
    link = links.peek(portal.slug, PURPOSE, token)
    row, offer = _standing(portal, link.holder)
    return _invited(row, offer)


def press(act: Act, portal: Portal, token: str) -> Setup:
    """Spend the link: what it opens, for this browser alone. Raises LinkOver, Withdrawn."""
    link = links.peek(act.portal, PURPOSE, token)
    row, _ = _standing(portal, link.holder)
    tx = act.transaction()
    setup = links.spend(tx, act.portal, link)
    entries.opened(tx, act.portal, row)
    facts.record(tx, act, Kind.LINK_OPENED, invitations.subject(row), {"purpose": PURPOSE, "place": link.place})
    tx.commit()
    return setup


def asked(portal: Portal, setup: Setup) -> Invited:
    """What the form tells and asks, while its set-up is open. Raises LinkOver, Withdrawn."""
    links.opened(portal.slug, setup)
    return _invited(*_standing(portal, setup.holder))


def accept(act: Act, portal: Portal, setup: Setup, given: Mapping[str, str], browser_cookie: str | None) -> Chosen:
    """Make the user. Raises Invalid with every field at fault, LinkOver, Withdrawn.

    The same form sent twice makes one user, and both are told so.
    """
    try:
        username = afresh(lambda: _accept(act, portal, setup, given))
    except (LinkOver, UsernameTaken) as refusal:
        username = _accepted_as(act.portal, setup, given)
        if not username and isinstance(refusal, UsernameTaken):
            raise Invalid(fields={"username": refusal.text}) from None
        if not username:
            raise
    days, plain = portal.policy.known_browser_days, users.tried_as("customer", usernames.key(username))
    return Chosen(username, browsers.remember(act.portal, browser_cookie, plain, days=days) if days else None)


def can_send_again(portal: str, refusal: LinkOver) -> bool:
    """Whether whoever holds this link, which opens nothing any more, may have a fresh one sent to the address invited."""
    if refusal.why not in ("expired", "used") or refusal.link is None:
        return False
    row = entries.found(portal, refusal.link.holder)
    return row is not None and invitations.is_waiting(row)


def send_again(act: Act, portal: Portal, token: str) -> None:
    """Send a fresh link in place of one that ran out, or was opened and led to nothing: to the address invited.

    Raises LinkOver where there is nothing to accept any more, Withdrawn, and TooMany at the limits of that address.
    """
    link = _over(act.portal, token)
    row, offer = _standing(portal, link.holder)
    tx = act.transaction()
    invitations.hold(tx, act.portal, row)
    invitations.renew(tx, act, offer, row, Kind.INVITATION_ASKED_FOR)
    try:
        tx.commit()
    except DestinationUsedUp:
        raise TooMany(_ENOUGH, retry_after=15 * 60) from None
    except (Conflict, Stale):
        raise LinkOver("replaced", link) from None


def _accept(act: Act, portal: Portal, setup: Setup, given: Mapping[str, str]) -> str:
    links.opened(act.portal, setup)
    row, offer = _standing(portal, setup.holder)
    said, username, answers = _checked(portal, row, offer, given)
    entry_id, username_key = str(row.created_key), usernames.key(username)
    act = act.by(f"user:{entry_id}")
    tx = act.transaction()
    links.finish(tx, act.portal, setup)
    row.applicant, row.username = said, username
    entries.move(
        tx,
        act.portal,
        row,
        "accept",
        RegistrationRow.applicant.set(said),
        RegistrationRow.username.set(username),
        RegistrationRow.username_key.set(username_key),
        RegistrationRow.user_id.set(entry_id),
        RegistrationRow.search_text.set(entries.searchable(row)),
        refusal=LinkOver("used"),
    )
    invitations.release(tx, act.portal, row)
    office_users.add(
        tx,
        act,
        offer.account,
        user_id=entry_id,
        username=username,
        username_key=username_key,
        role=offer.role.key,
        details=UserDetails(
            first_name=said.first_name,
            middle_name=said.middle_name,
            last_name=said.last_name,
            title=said.title,
            email=said.email,
            phone=said.phone,
        ),
        password_hash=passwords.hashed(given.get("password", "")),
        answers=answers,
    )
    facts.record(tx, act, Kind.INVITATION_ACCEPTED, invitations.subject(row), {"role": row.role})
    facts.record(tx, act, Kind.CREDENTIAL_CREATED, facts.subject("user", entry_id))
    tx.commit()
    return username


def _checked(
    portal: Portal, row: RegistrationRow, offer: Offer, given: Mapping[str, str]
) -> tuple[Applicant, str, tuple[QuestionAnswered, ...]]:
    """Person, username, questions and answers. Raises Invalid for the faults of all of them at once."""
    said, wrong = person.typed(given, row.applicant.email, portal.country)
    typed, username, answers = given.get("username", ""), "", None
    try:
        username = usernames.checked(typed)
        if users.find(portal.slug, usernames.key(username)) is not None:
            wrong["username"] = UsernameTaken.text
    except Invalid as refusal:
        wrong |= refusal.fields
    own = (said.first_name, said.last_name, said.email, offer.account.name, portal.name, portal.slug, typed[:100])
    try:
        passwords.check(given.get("password", ""), least=portal.policy.password_least, words=own)
    except Invalid as refusal:
        wrong |= refusal.fields
    try:
        answers = questions.chosen(portal.policy.security_questions, given)
    except Invalid as refusal:
        wrong |= refusal.fields
    if wrong:
        raise Invalid(fields=wrong)
    return said, username, answers or ()


def _standing(portal: Portal, entry_id: str) -> tuple[RegistrationRow, Offer]:
    """The invitation and what it stands for now. Raises LinkOver when it is accepted or revoked, and Withdrawn."""
    row = entries.found(portal.slug, entry_id)
    if row is None or not invitations.is_waiting(row):
        raise LinkOver("used" if row is not None and row.status == Status.EMAIL_SUCCESS.value else "replaced")
    try:
        return row, invitations.offer_of(portal, row)
    except (Conflict, NotFound):
        raise Withdrawn from None


def _over(portal: str, token: str) -> Link:
    """The link of a token that opens nothing any more, though what it is for is not done. Raises LinkOver for all others."""
    try:
        links.peek(portal, PURPOSE, token)
    except LinkOver as refusal:
        if refusal.why in ("expired", "used") and refusal.link is not None:
            return refusal.link
        raise
    raise LinkOver("used")


def _accepted_as(portal: str, setup: Setup, given: Mapping[str, str]) -> str:
    """The username under which this very form was accepted already; empty if it was not."""
    row = entries.found(portal, setup.holder)
    if row is None or row.status != Status.EMAIL_SUCCESS.value:
        return ""
    return row.username or "" if row.username_key == usernames.key(given.get("username", "")) else ""


def _invited(row: RegistrationRow, offer: Offer) -> Invited:
    return Invited(
        office=offer.account.name,
        role=offer.role.name,
        applicant=row.applicant,
        has_second_factor=offer.role.is_manager or offer.portal.policy.second_factor == "required",
    )
