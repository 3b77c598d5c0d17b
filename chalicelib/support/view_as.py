"""Staff look at a client's pages as the client sees them: to read, for half an hour, with a reason, all of it on record.

They ask and get a link for one minute; its button, pressed in their own session, opens a view. With every page it is asked
anew whether their session, their permission, the account and the contact are still there. Nothing of the client is touched.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from .. import clock, facts, fields
from ..errors import Conflict, Forbidden, Invalid, NotFound, Refusal
from ..facts import Act, Kind
from ..people import accounts, cards, contacts, matching, record_users, users
from ..people.cards import Card
from ..people.shapes import Account
from ..people.users import User
from ..portals import Portal
from ..portals.permissions import ROLES, allows
from ..security import limits, links, sessions, view_sessions
from ..security.links import LinkOver
from ..security.sessions import STAFF, Session
from ..security.view_sessions import ViewSession
from ..signin import standing
from ..storage import Transaction, beside

PERMISSION: Final = "clients:view-as"
LINK_SECONDS: Final = 60
MOST_SHOWN: Final = 20  # views that a client is told of
_FEWEST_LETTERS = 5  # of a reason
_NOT_ASSIGNED = "Agents look at the pages of accounts that are assigned to them. This one is not assigned to you."
_CLOSED = "This portal is closed, so its clients see no pages."
_ACCOUNT_CLOSED = "This account is closed, so its clients see no pages."
_OF_OFFICE = "People of offices and providers each see pages of their own: say which contact."
_NO_BATCH = "This batch is not open to them."
_WHY: Final = {
    "time": "The half hour of this view is over. Ask for another one if you need it.",
    "staff": "Your own session is over, or your account may not look at these pages any more.",
    "client": "The account was closed, or the contact was removed or changed. There is nothing to see any more.",
    "left": "You have left this view.",
}


class ViewOver(Refusal):
    """The view has ended."""

    code = "view-over"
    status = 410


class Wanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose pages, and why: a contact's, or those of an account as its own user sees them."""

    contact_id: fields.Identifier | None = None
    account_id: fields.Identifier | None = None
    batch_id: Annotated[fields.Identifier | None, Meta(description="Begin at this batch, not at the welcome page.")] = (
        None
    )
    reason: Annotated[fields.Required, Meta(description="Kept on record with every page that is seen.")]


class ViewLink(Struct, frozen=True, kw_only=True):
    """The way into a view: opens once, within a minute, in the browser of whoever asked."""

    url: str
    valid_until: str
    minutes: Annotated[int, Meta(description="How long the view lasts at most, once it is opened.")]


class Shown(Struct, frozen=True):
    """Whose pages these are. `user` is the user they belong to, where there is one."""

    account: Account
    cards: str
    card: Card
    user: User | None


class Viewing(Struct, frozen=True):
    """A view as of now: who looks, and at whose pages."""

    view: ViewSession
    staff: User
    card: Card
    user: User | None


class Looked(Struct, frozen=True):
    """That staff looked at a client's pages, as the client is told."""

    at: str
    name: str


def ask(act: Act, portal: Portal, staff: User, wanted: Wanted, link_id: str) -> ViewLink:
    """A link into a view. Raises Invalid, NotFound, Forbidden, Conflict where nobody is let in, TooMany."""
    if (wanted.contact_id is None) == (wanted.account_id is None):
        raise Invalid(fields={"contact_id": "Name a contact or an account: one of the two."})
    if len(wanted.reason.strip()) < _FEWEST_LETTERS:
        raise Invalid(fields={"reason": "Say in a few words why."})
    detail = {"reason": " ".join(wanted.reason.split())}
    named = {"contact": wanted.contact_id, "account": wanted.account_id, "batch": wanted.batch_id}
    detail |= {name: value for name, value in named.items() if value}
    shown = _shown(portal, staff, detail)
    tx = act.transaction()
    limits.take_in(tx, portal.slug, "views", staff.id, limits.VIEWS_AN_HOUR)
    link = links.issue(
        tx, portal.slug, "view-as", staff.id, seconds=LINK_SECONDS, detail=detail, link_id=link_id
    )  # fmt: skip
    told = {"view": link.id, "contact": wanted.contact_id, "batch": wanted.batch_id, "reason": detail["reason"]}
    facts.record(tx, act, Kind.VIEW_ASKED_FOR, _about(shown.account.id), told)
    tx.commit()
    return _link(portal, link)


def asked_before(portal: Portal, staff: User, link_id: str) -> ViewLink:
    """The link that this call made, as long as there is none newer. Raises Conflict."""
    link = links.newest(portal.slug, "view-as", staff.id)
    if link is None or link.id != link_id:
        raise Conflict("You have asked for another view since then. Use that link.")
    return _link(portal, link)


def look(portal: Portal, staff: User, token: str) -> tuple[Shown, str]:
    """Whose pages a link leads to, and the reason. Raises LinkOver, and what `ask` raises."""
    link = _own_link(portal, staff, token)
    return _shown(portal, staff, link.detail), link.detail["reason"]


def enter(
    act: Act, portal: Portal, staff: User, session: Session, token: str, *, former: str | None
) -> tuple[str, str]:
    """Open the view of a link, in place of the `former` one of this browser: the cookie's secret, and where it begins.

    Raises LinkOver, Forbidden without a second factor shown, and what `ask` raises.
    """
    if not session.proved_at:
        raise Forbidden("Sign in with a second factor to look at a client's pages.")
    link = _own_link(portal, staff, token)
    shown = _shown(portal, staff, link.detail)
    view = ViewSession(
        id=link.id,
        staff_session=session.id,
        cards=shown.cards,
        account_id=shown.account.id,
        contact_id=link.detail.get("contact"),
        username_key=shown.user.username_key if shown.user else None,
        reason=link.detail["reason"],
        until=clock.timestamp() + view_sessions.SECONDS,
    )
    tx = act.transaction()
    links.spend(tx, portal.slug, link)
    cards.note_view(tx, shown.cards, view.contact_id)
    secret = view_sessions.begin(tx, portal.slug, view)
    _record(tx, act, Kind.VIEW_STARTED, view, reason=view.reason, until=clock.text(view.until))
    if former and (left := view_sessions.find(portal.slug, former)):
        view_sessions.end(tx, portal.slug, former)
        _record(tx, act, Kind.VIEW_ENDED, left, why="left")
    tx.commit()
    batch = link.detail.get("batch")
    return secret, f"/batches/{batch}" if batch else "/"


def read(act: Act, portal: Portal, secret: str, staff_secret: str, *, is_use: bool) -> Viewing:
    """The view of a cookie, if the staff session beside it, the staff user and the client's pages are all there still.

    What is over is ended for good, on record. Raises ViewOver. `is_use` notes that the staff session is in use.
    """
    view = view_sessions.find(portal.slug, secret)
    if view is None:
        raise ViewOver(_WHY["left"])
    if view.is_over:
        raise _over(act, secret, view, "time")
    staff, found = beside(
        lambda: _staff(portal.slug, view, staff_secret, is_use=is_use), lambda: _pages(portal.slug, view)
    )
    if staff is None:
        raise _over(act, secret, view, "staff")
    if found is None:
        raise _over(act.by(f"user:{staff.id}"), secret, view, "client")
    if not _may(staff, found[0].agent):
        raise _over(act.by(f"user:{staff.id}"), secret, view, "staff")
    return Viewing(view, staff, *found)


def seen(act: Act, secret: str, viewing: Viewing, path: str) -> None:
    """Note that a page is about to be shown: none is without. Raises ViewOver if the view was ended this moment."""
    tx = act.transaction()
    view_sessions.still(tx, act.portal, secret)
    _record(tx, act, Kind.VIEW_SEEN, viewing.view, page=path or "/")
    try:
        tx.commit()
    except NotFound:
        raise ViewOver(_WHY["left"]) from None


def leave(act: Act, secret: str) -> None:
    """End a view, on record; nothing where it has ended."""
    if view := view_sessions.find(act.portal, secret):
        _end(act, secret, view, "left")


def told(portal: str, card: Card) -> list[Looked]:
    """When staff looked at the pages of whoever holds this card, and who: the newest first."""
    found = facts.about(portal, _about(card.account_id), kind=Kind.VIEW_STARTED, limit=100).items
    own = [each for each in found if not card.contact_id or each.changes.get("contact") in (None, card.contact_id)]
    staff = users.of_ids(portal, (each.actor.removeprefix("user:") for each in own[:MOST_SHOWN]))
    names = {f"user:{user_id}": user.name for user_id, user in staff.items()}
    return [Looked(each.at, names.get(each.actor, "")) for each in own[:MOST_SHOWN]]


def _own_link(portal: Portal, staff: User, token: str) -> links.Link:
    link = links.peek(portal.slug, "view-as", token)
    if link.holder != staff.id:
        raise LinkOver("wrong")
    return link


def _link(portal: Portal, link: links.Link) -> ViewLink:
    url = links.url(portal.slug, link.purpose, link.holder, link.id, link.version, link.place)
    return ViewLink(url=url, valid_until=clock.text(link.valid_until) or "", minutes=view_sessions.SECONDS // 60)


def _shown(portal: Portal, staff: User, wanted: Any) -> Shown:
    """Whose pages are wanted, if this staff user may look at them and there is anything to see."""
    contact_id, account_id, user_id = wanted.get("contact"), wanted.get("account", ""), None
    if contact_id:
        contact, user_id = contacts.with_user(portal.slug, contact_id)
        account_id = contact.account_id
    account = accounts.get(portal.slug, account_id)
    if not _may(staff, account.assigned_agent or ""):
        raise Forbidden(_NOT_ASSIGNED if staff.role == "agent" else None)
    if portal.status != "open":
        raise Conflict(_CLOSED)
    if account.status != "open":
        raise Conflict(_ACCOUNT_CLOSED)
    if not contact_id and account.record_type not in record_users.RECORD_TYPES:
        raise Conflict(_OF_OFFICE)
    partition = accounts.cards_of(portal.slug, account)
    card = cards.of_user(partition, contact_id)
    if card is None:
        raise NotFound
    if (batch := wanted.get("batch")) and batch not in card.batches:
        raise Invalid(fields={"batch_id": _NO_BATCH})
    return Shown(account, partition, card, _user(portal.slug, user_id) if contact_id else _own_user(portal, account))


def _user(portal: str, user_id: str | None) -> User | None:
    return users.by_id(portal, user_id) if user_id else None


def _own_user(portal: Portal, account: Account) -> User | None:
    """The account's own user: by credentials of its own, or by self-service. There may be none yet."""
    return users.by_id(portal.slug, account.id) or record_users.of_account(portal.slug, account.id)


def _may(staff: User, agent: str) -> bool:
    """Whether this staff user may look at the pages of an account with this agent, by their role of this moment."""
    if not allows(ROLES.get(staff.role, frozenset()), PERMISSION):
        return False
    own = matching.email_key(staff.details.email or "")
    return staff.role != "agent" or (own != "" and matching.email_key(agent) == own)


def _staff(portal: str, view: ViewSession, staff_secret: str, *, is_use: bool) -> User | None:
    session = sessions.read(portal, staff_secret, STAFF, is_use=is_use) if staff_secret else None
    return standing.of_staff(portal, session) if session and session.id == view.staff_session else None


def _pages(portal: str, view: ViewSession) -> tuple[Card, User | None] | None:
    """What is shown now; None where its holder would be let in no more. A user who is another by now is nobody."""
    card = cards.of_user(view.cards, view.contact_id)
    user = users.find(portal, view.username_key) if view.username_key else None
    if card is None or not card.is_open or card.account_id != view.account_id:
        return None
    is_theirs = user is not None and (user.cards, user.contact_id) == (view.cards, view.contact_id)
    return card, user if is_theirs else None


def _over(act: Act, secret: str, view: ViewSession, why: str) -> ViewOver:
    _end(act, secret, view, why)
    return ViewOver(_WHY[why])


def _end(act: Act, secret: str, view: ViewSession, why: str) -> None:
    tx = act.transaction()
    view_sessions.end(tx, act.portal, secret)
    _record(tx, act, Kind.VIEW_ENDED, view, why=why)
    try:
        tx.commit()
    except NotFound:
        return  # it was ended this moment, which is on record


def _record(tx: Transaction, act: Act, kind: Kind, view: ViewSession, **told: str | None) -> None:
    facts.record(tx, act, kind, _about(view.account_id), {"view": view.id, "contact": view.contact_id, **told})


def _about(account_id: str) -> str:
    return facts.subject("account", account_id)
