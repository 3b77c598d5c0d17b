"""The welcome page, the end of a session, and the way to keep one."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from chalice import Response

from .. import clock, facts
from ..facts import Kind
from ..people import agent_cards, users
from ..people.agent_cards import AgentCard
from ..people.cards import OpenBatch
from ..portals.roles import PortalRole
from ..security import sessions
from ..selfservice import records
from ..selfservice.statuses import LABELS
from ..signin import own_security
from ..web import headers
from ..web.page import View, page, paragraphs
from . import blueprint, switching

STATUS_KINDS = {
    "client_review": "review",
    "approved": "approved",
    "changes_requested": "changes",
    "complete": "complete",
}


@page(blueprint, "GET", "")
def welcome(view: View) -> Response:
    """The portal's welcome, and a card for each batch open to this contact, newest last-made first."""
    assert view.card is not None  # the client audience guarantees it  # noqa: S101
    shown = sorted(view.card.batches.items(), reverse=True)
    wording = view.portal.wording
    office_role = view.portal.role(view.user.role) if view.user and view.user.kind == "office" else None
    opened = office_role.permissions if office_role else ()
    before = view.user.signed_in_before if view.user else view.card.signed_in_before
    return view.show(
        "welcome.html",
        wording.welcome_heading,
        contact_name=view.card.first_name,
        office=_office(view, office_role),
        welcome_heading=wording.welcome_heading,
        welcome_text=paragraphs(wording.welcome_text),
        agent=_agent(view),
        last_sign_in=moment(view, before) if before else None,
        viewed=_viewed(view),
        batches=[_card(view, batch_id, batch) for batch_id, batch in shown],
        records=_records(view),
        tiles=[
            {"title": tile.title, "text": tile.text, "url": tile.url}
            for tile in view.portal.tiles
            if tile.permission in (None, *opened)
        ],
    )


@page(blueprint, "POST", "/sign-out")
def sign_out(view: View) -> Response:
    """End the session at once, whether it still lived or not, and those of other accounts that wait in this browser."""
    for secret in (view.cookie("session"), *(each.secret for each in switching.held(view))):
        if secret:
            _end(view, secret)
    view.drop("session")
    view.drop("step")
    if view.cookie("others"):
        view.drop("others")
    return view.go(f"{view.door}?notice=signed-out")


def _end(view: View, secret: str) -> None:
    session = sessions.read(view.slug, secret, view.portal.policy)
    if session and session.username_key:
        user = users.find(view.slug, session.username_key)
        own_security.sign_out(view.act, view.slug, user, session, Kind.SIGNED_OUT)
    elif session:
        act = view.act.by(f"contact:{session.holder}")
        tx = act.transaction()
        sessions.end(tx, view.slug, session.id)
        facts.record(tx, act, Kind.SIGNED_OUT, facts.subject("contact", session.holder))
        tx.commit()


@page(blueprint, "POST", "/session/extend")
def extend(view: View) -> Response:
    """Stay signed in."""
    return extend_session(view)


def extend_session(view: View) -> Response:
    """Note that whoever is here still is."""
    assert view.session is not None  # the audience guarantees it  # noqa: S101
    if not sessions.extend(view.slug, view.session):
        return view.go(f"{view.door}?notice=session-over")
    return Response("", status_code=204, headers=dict(headers.page_headers()))


@page(blueprint, "GET", "/{proxy+}")
def lost(view: View) -> Response:
    """Any other address below a portal."""
    return view.tell(
        "There is nothing here",
        "The address may be mistyped, or the page was moved.",
        status=404,
        action=("Go to the start page", f"{view.base}/"),
    )


def day(text: str | None) -> str | None:
    """A date as pages write it: 4 December 2026."""
    if not text:
        return None
    parsed = date.fromisoformat(text[:10])
    return f"{parsed.day} {parsed:%B %Y}"


def moment(view: View, seconds: int) -> str:
    """A moment as pages write it, in the portal's time zone, named."""
    local = datetime.fromtimestamp(seconds, ZoneInfo(view.portal.time_zone))
    return f"{local.day} {local:%B %Y} at {local:%H:%M %Z}"


def local_day(view: View, seconds: int) -> str:
    """The day of a moment in the portal's time zone."""
    return day(datetime.fromtimestamp(seconds, ZoneInfo(view.portal.time_zone)).date().isoformat()) or ""


def stamp(view: View, at: str) -> str:
    """The same for a moment as the API writes it."""
    return moment(view, int(datetime.fromisoformat(at).timestamp()))


def _office(view: View, role: PortalRole | None) -> dict[str, str] | None:
    """Of an office user: the office or provider, and their role there ("" if the portal has it no more)."""
    if view.user is None or view.user.kind != "office":
        return None
    return {"name": view.card.account_name if view.card else "", "role": role.name if role else ""}


def _agent(view: View) -> AgentCard | None:
    """Whom to turn to, where the account has an agent who has said who they are."""
    agent = view.card.agent if view.card else ""
    return agent_cards.of_email(view.slug, agent) if agent else None


def _viewed(view: View) -> dict[str, str] | None:
    """When staff last looked at these pages, and where it says who; None where nobody did, or the portal does not tell."""
    if view.card is None or not view.card.viewed_at or not view.portal.policy.tell_clients_of_views:
        return None
    return {"at": moment(view, view.card.viewed_at), "url": f"{view.base}/views"}


def _records(view: View) -> list[dict[str, str]]:
    """What else there is of the account: the ways to its parts, where there is something or the client may add it."""
    assert view.card is not None  # the client audience guarantees it  # noqa: S101
    modules, at = view.portal.modules, f"{view.base}/records"
    if not (view.card.shared or modules.prescriptions or modules.providers):
        return []
    held = records.standing(view.slug, view.card.account_id)
    files = held.files if view.card.sees_files else 0
    ways = [
        (bool(held.shared), "shared", "Policies and links", f"{held.shared} shared with you"),
        (bool(files), "documents", "Documents", f"{files} shared with you"),
        (modules.prescriptions, "prescriptions", "Prescriptions", f"{held.prescriptions or 'None'} on your record"),
        (modules.providers, "providers", "Care providers", f"{held.providers or 'None'} on your record"),
    ]
    return [
        {"url": f"{at}#{anchor}", "title": title, "text": text} for is_there, anchor, title, text in ways if is_there
    ]


def _card(view: View, batch_id: str, batch: OpenBatch) -> dict[str, object]:
    return {
        "url": f"{view.base}/batches/{batch_id}",
        "title": batch.title,
        "account_name": view.card.account_name if view.card else "",
        "plan_year": batch.plan_year,
        "effective_date": day(batch.effective_date),
        "status_label": LABELS[batch.status],
        "status_kind": STATUS_KINDS.get(batch.status, "progress"),
        "answer_by": day(batch.answer_by),
        "answer_by_note": _until(view, batch.answer_by),
        "needs_answer": batch.status == "client_review",
    }


def _until(view: View, answer_by: str | None) -> str | None:
    if not answer_by:
        return None
    today = clock.now().astimezone(ZoneInfo(view.portal.time_zone)).date()
    left = (date.fromisoformat(answer_by) - today).days
    if left < 0:
        return "this date has passed"
    return {0: "today", 1: "tomorrow"}.get(left, f"in {left} days")
