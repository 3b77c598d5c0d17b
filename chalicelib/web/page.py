"""Every hosted page passes here: portal, form, token, session, then its own few lines, then headers and one log line."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache, wraps
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote, urlencode
from zoneinfo import ZoneInfo

import msgspec
from chalice import Blueprint, Response
from msgspec import Struct, field

from .. import clock, ids, log, portals
from ..errors import Invalid, NotFound, Refusal
from ..facts import Act
from ..people import cards, record_users
from ..people.cards import Card
from ..people.users import User
from ..portals import Portal, brand_style
from ..security import sessions
from ..security.sealed import seal, unseal
from ..security.sessions import Session
from ..signin import standing
from ..support import view_as
from ..support.view_as import Viewing, ViewOver
from . import address, agents, cookies, csrf, headers
from .guard import GUARDS, Guard, ViewOnly, admit_viewer, is_slug
from .parse import LARGEST_BODY
from .templates import render

FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
_PART = re.compile(rb'form-data; name="([A-Za-z-]{1,40})"\r?\n(?:[^\r\n]+\r?\n)*\r?\n([A-Za-z-]{0,40})\r?\n--')
WARN_SECONDS = 120  # before a session ends, the page asks whether its reader is still there (WCAG 2.2.1: 20 at least)
_ALSO_CLOSED = frozenset({"/unsubscribe"})  # mails that were sent stay in their inboxes, and the portal may open again
_BEFORE_TERMS = frozenset({"/terms", "/session/extend"})  # what a client may do before accepting the portal's terms
_TOKEN_GOES_HERE = "\x00csrf\x00"  # noqa: S105 - a mark that no wording can hold: fields refuse control characters
_MOST_ALIKE = 200  # pages of all portals kept in one process
S = TypeVar("S", bound=Struct)
_alike: dict[tuple[str, int, str, bytes], str] = {}


class View(Struct):
    """One request for a page of a portal, as its handler sees it."""

    portal: Portal
    act: Act
    query: dict[str, str]
    jar: dict[str, str]
    form: dict[str, str]
    form_id: str
    counted_address: str
    here: str = ""
    agent: str = ""
    is_staff_side: bool = False
    session: Session | None = None
    card: Card | None = None
    user: User | None = None
    viewing: Viewing | None = None
    set_cookies: list[str] = field(default_factory=list)

    @property
    def slug(self) -> str:
        """The portal's slug."""
        return self.portal.slug

    @property
    def base(self) -> str:
        """The path all pages of this portal start with."""
        return f"/{self.portal.slug}"

    @property
    def session_kind(self) -> cookies.Kind:
        """Which cookie holds the session on this side of the portal."""
        return "staff" if self.is_staff_side else "session"

    @property
    def door(self) -> str:
        """Where one signs in on this side: whoever did so by a record's own link does it there again."""
        code = self.cookie("record") or ""
        if self.is_staff_side:
            return "/staff/sign-in"
        return f"/my/{code}" if record_users.is_code(code) else "/sign-in"

    @property
    def browser(self) -> str:
        """What the browser calls itself, in a few words."""
        return agents.named(self.agent)

    def bound_to(self) -> str:
        """Portal and browser: what is sealed for one opens nothing in another, should its cookie ever be planted there."""
        return f"{self.slug}#{self.form_id}"

    def cookie(self, kind: cookies.Kind) -> str | None:
        """The value of one of our cookies, if the browser sent it."""
        return self.jar.get(cookies.name(kind, self.slug)) or None

    def keep(self, kind: cookies.Kind, value: str, seconds: int | None = None) -> None:
        """Set one of our cookies with the answer."""
        self.set_cookies.append(cookies.made(kind, self.slug, value, seconds))

    def sealed(self, kind: cookies.Kind, shape: type[S]) -> S | None:
        """What one of our sealed cookies holds; None if there is none, it is over, or another browser's."""
        cookie = self.cookie(kind)
        return unseal(kind, self.bound_to(), cookie, shape) if cookie else None

    def keep_sealed(self, kind: cookies.Kind, value: Struct, seconds: int) -> None:
        """Have the browser hold something, sealed, for so long."""
        self.keep(kind, seal(kind, self.bound_to(), value, seconds), seconds)

    def drop(self, kind: cookies.Kind) -> None:
        """Remove one of our cookies with the answer."""
        self.set_cookies.append(cookies.dropped(kind, self.slug))

    def show(self, template: str, title: str, *, status: int = 200, form_target: str = "", **context: Any) -> Response:
        """The page, with what all pages share."""
        body = self._rendered(template, title, csrf=self._token(), signed_in=self._signed_in(), **context)
        return self._page(body, status, form_target)

    def show_alike(self, template: str, title: str, **context: Any) -> Response:
        """A page that is the same for every visitor but for the form's token: rendered once a process and version.

        What a visitor typed must not be in the context.
        """
        if self.viewing:
            return self.show(template, title, **context)
        key = (self.slug, self.portal.version, template, msgspec.json.encode(context))
        if key not in _alike:
            if len(_alike) >= _MOST_ALIKE:
                _alike.clear()
            _alike[key] = self._rendered(template, title, csrf=_TOKEN_GOES_HERE, signed_in=None, **context)
        return self._page(_alike[key].replace(_TOKEN_GOES_HERE, self._token()), 200, "")

    def _rendered(self, template: str, title: str, **context: Any) -> str:
        shared = {
            "portal": _shown(self.portal), "base": self.base, "brand_style": brand_style(self.portal.branding),
            "page_title": title, "notice": None, "errors": {}, "values": {}, "viewing": self._banner(),
        }  # fmt: skip
        return render(template, **(shared | context))

    def _page(self, body: str, status: int, form_target: str) -> Response:
        style = brand_style(self.portal.branding)
        return Response(body, status_code=status, headers=dict(headers.page_headers(style, form_target)))

    def _token(self) -> str:
        if self.viewing:
            return ""  # no form of such a page is good for anything
        return csrf.token(self.slug, self.form_id, self.cookie(self.session_kind) or "")

    def tell(
        self, heading: str, *paragraphs: str, status: int = 200, action: tuple[str, str] | None = None
    ) -> Response:
        """A page that says one thing, with one way on."""
        label, href = action or ("", "")
        shown = {"label": label, "href": href} if action else None
        return self.show(
            "message.html",
            heading,
            status=status,
            heading=heading,
            paragraphs=list(paragraphs),
            action=shown,
            secondary=None,
        )

    def go(self, path: str) -> Response:
        """Send the browser on to another page of this portal (a GET)."""
        location = f"{self.base}{path}"
        return Response("", status_code=303, headers=dict(headers.page_headers()) | {"Location": location})

    def _signed_in(self) -> dict[str, Any] | None:
        if not (self.session or self.viewing) or not (self.card or self.user):
            return None
        idle_at = self.session.idle_at if self.session else clock.timestamp() + self.lasting.session_idle_minutes * 60
        side = f"{self.base}/staff" if self.is_staff_side else self.base
        back = quote(self.base + self.here, safe="/")
        return {
            "name": self.card.name if self.card else self.user.name if self.user else "",
            "idle_seconds": max(idle_at - clock.timestamp(), 0),
            "idle_minutes": self.lasting.session_idle_minutes,
            "warn_seconds": WARN_SECONDS,
            "extend_url": f"{side}/session/extend",
            "sign_out_url": f"{side}/sign-out",
            "home_url": f"{side}/" if not self.is_staff_side else side,
            "expired_url": f"{self.base}{self.door}?notice=session-over&next={back}",
            "security_url": f"{side}/security" if self.user else None,
            "switch_url": None if self.is_staff_side else f"{side}/switch",
        }

    def _banner(self) -> dict[str, Any] | None:
        """What a page tells staff who look at it as somebody else."""
        if self.viewing is None:
            return None
        shown, view = self.viewing.card, self.viewing.view
        until = datetime.fromtimestamp(view.until, ZoneInfo(self.portal.time_zone))
        return {
            "staff": self.viewing.staff.name,
            "client": shown.name,
            "account": shown.account_name,
            "until": f"{until:%H:%M %Z}",
            "reason": view.reason,
            "leave_url": f"{self.base}/staff/view-as/leave",
            "csrf": csrf.token(self.slug, self.form_id, self.cookie("staff") or ""),
            "files": self.portal.policy.view_as_downloads,
        }

    @property
    def lasting(self) -> sessions.Lasting:
        """How long sessions of this side last."""
        return sessions.STAFF if self.is_staff_side else self.portal.policy


Handler = Callable[..., Response]


def page(blueprint: Blueprint, method: str, path: str) -> Callable[[Handler], Handler]:
    """Register a handler `(view, **ids) -> Response` for a path below `/{portal}`; the guard table says for whom.

    Paths below `/staff` are the staff's side of the portal, with a session of its own.
    """
    guarded = GUARDS[method, f"/{{portal}}{path}"]

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        def answer(portal: str, **parameters: str) -> Response:
            return _answered(blueprint, method, path, guarded, handler, portal, parameters)

        options = (
            {"content_types": [FORM, MULTIPART] if path == csrf.ONE_CLICK[0] else [FORM]} if method == "POST" else {}
        )
        side = "staff_" if _is_staff_side(path) else ""
        name = f"{method.lower()}_{side}{handler.__module__.rpartition('.')[2]}_{handler.__name__}"
        blueprint.route(f"/{{portal}}{path}", methods=[method], name=name, **options)(answer)
        return handler

    return decorate


def _answered(
    blueprint: Blueprint,
    method: str,
    path: str,
    guarded: Guard,
    handler: Handler,
    slug: str,
    parameters: dict[str, str],
) -> Response:
    started, view, code = time.perf_counter(), None, ""
    request = blueprint.current_request
    request_id = str(request.context.get("requestId", ""))
    try:
        view = _opened(request, slug, request_id, even_closed=path in _ALSO_CLOSED)
        view.is_staff_side = _is_staff_side(path)
        view.here = path.format(**parameters) if parameters else path
        if view.cookie("view") and not view.is_staff_side:
            _look_only(view, guarded, method)
        if method == "POST":
            view.form = _form(request.raw_body, request.headers.get("content-type", ""))
            if not csrf.is_one_click(path, view.form):
                _check_form(view, request.headers.get("origin"))
        asks = guarded.audience in ("client", "staff") and view.viewing is None
        response = _signed_in_or_sent(view, path) if asks else None
        if response is None:
            if not all(_is_one(name, value) for name, value in parameters.items()):
                raise NotFound
            response = handler(view, **parameters)
            if view.viewing and response.status_code < 400:
                view_as.seen(view.act, view.cookie("view") or "", view.viewing, view.here)
    except Refusal as refusal:
        code = refusal.code
        response = refused(view, refusal)
    except Exception as error:  # noqa: BLE001 - the last line of defence: a person gets a page, an operator a log line
        code = "error"
        log.failure("page failed", error, route=path, method=method, request_id=request_id)
        response = broken(view, request_id)
    if view and view.set_cookies:
        response.headers["Set-Cookie"] = view.set_cookies
    if method == "POST" or response.status_code >= 400:  # a page that was read is in API Gateway's access log
        log.info(
            "page", route=f"/{{portal}}{path}", method=method, status=response.status_code, refusal=code,
            portal=view.slug if view else "", request_id=request_id, milliseconds=round((time.perf_counter() - started) * 1000),
        )  # fmt: skip
    return response


def _opened(request: Any, slug: str, request_id: str, *, even_closed: bool) -> View:
    """The view of a request. Raises NotFound for a portal that is unknown or closed."""
    try:
        portal = portals.known(slug) if is_slug(slug) else None
    except NotFound:
        portal = None  # said in the same words as of a closed one
    if portal is None or (portal.status != "open" and not even_closed):
        raise NotFound("There is no portal at this address. Check the link in the message you were sent.")
    source = address.client(request.headers, request.context.get("identity", {}).get("sourceIp", ""))
    jar = cookies.parsed(request.headers.get("cookie", ""))
    form_id, is_new = csrf.form_id(jar.get(cookies.name("form", slug)))
    act = Act(portal=slug, actor="visitor", request_id=request_id, ip=source)
    view = View(portal, act, dict(request.query_params or {}), jar, {}, form_id, address.counted(source))
    view.agent = request.headers.get("user-agent", "")
    if is_new:
        view.keep("form", form_id)
    return view


def _check_form(view: View, origin: str | None) -> None:
    given = view.form.pop("csrf", "")
    csrf.check(view.slug, view.cookie("form"), view.cookie(view.session_kind) or "", given, origin)


def _form(body: bytes, kind: str) -> dict[str, str]:
    if len(body) > LARGEST_BODY:
        raise Invalid("This form is too large.")
    if kind.lower().startswith(MULTIPART):
        return _parts(body)
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=50, errors="strict")
    except ValueError as error:
        raise Invalid("This form could not be read.") from error
    return {name: value.replace("\x00", "") for name, value in reversed(pairs)}


def _parts(body: bytes) -> dict[str, str]:
    """The short fields of a form in parts, as some mail programs press their unsubscribe button."""
    return {name.decode(): value.decode() for name, value in _PART.findall(body)[:50]}


def _look_only(view: View, guarded: Guard, method: str) -> None:
    """In a browser in which staff look at a client's pages: note whose, and refuse whatever is not to be read.

    Raises ViewOnly before anything of the route runs. Raises ViewOver once a view has ended, at a page; what is posted
    then goes on as if there had been none.
    """
    is_read = method == "GET"
    try:
        secret, staff_secret = view.cookie("view") or "", view.cookie("staff") or ""
        viewing = view_as.read(view.act, view.portal, secret, staff_secret, is_use=is_read)
    except ViewOver:
        view.drop("view")
        if is_read:
            raise
        return
    view.viewing, view.act = viewing, view.act.by(f"user:{viewing.staff.id}")
    if guarded.audience == "client":
        view.card, view.user = viewing.card, viewing.user
    admit_viewer(guarded, method, may_download=view.portal.policy.view_as_downloads)


def _signed_in_or_sent(view: View, path: str) -> Response | None:
    """None when this browser is signed in and its account open; else the way to the sign-in page, and back."""
    cookie = view.cookie(view.session_kind)
    view.session = sessions.read(view.slug, cookie, view.lasting) if cookie else None
    if view.session and _is_known(view, view.session):
        return _terms_first(view, path)
    notice = "ended" if view.session else "session-over"
    view.session = view.card = view.user = None
    wanted = view.here.removesuffix("/answer") if "/batches/" in view.here else ""
    asked = [f"next={quote(view.base + wanted, safe='/')}"] if wanted else []
    if cookie:
        view.drop(view.session_kind)
        asked.append(f"notice={notice}")
    return view.go(f"{view.door}{'?' if asked else ''}{'&'.join(asked)}")


def _terms_first(view: View, path: str) -> Response | None:
    """The way to the portal's terms, for a client who has not accepted this version of them."""
    terms, holder = view.portal.terms, view.user or view.card
    if terms is None or view.is_staff_side or path in _BEFORE_TERMS or holder is None or holder.terms == terms.version:
        return None
    return view.go(f"/terms?{urlencode({'next': view.base + view.here})}")


def _is_known(view: View, session: Session) -> bool:
    """Whether the session's holder may still be here; notes in the view who that is."""
    if not session.username_key:
        view.card = None if view.is_staff_side else cards.of_contact(view.slug, session.number_key, session.holder)
        view.act = view.act.by(f"contact:{session.holder}")
        return view.card is not None and view.card.is_open
    view.act = view.act.by(f"user:{session.holder}")
    if view.is_staff_side:
        view.user = standing.of_staff(view.slug, session)
        return view.user is not None
    found = standing.of_client(view.portal, session)
    view.user, view.card = (found.user, found.card) if found else (None, None)
    return found is not None


def _is_one(name: str, value: str) -> bool:
    """Whether a part of the path could be what its name says, so that nothing else becomes part of a key."""
    return record_users.is_code(value) if name == "code" else ids.is_id(value)


def _is_staff_side(path: str) -> bool:
    return path == "/staff" or path.startswith("/staff/")


def refused(view: View | None, refusal: Refusal) -> Response:
    """A kind page for a refusal that no form could show beside its field."""
    heading = {403: "This page is not for you", 404: "There is nothing here", 429: "Please wait a little"}.get(
        refusal.status, "That did not work"
    )
    if isinstance(refusal, csrf.FormNotOurs):
        heading = "Please try that again"
    way_on = ("Go to the start page", f"{view.base}/") if view else None
    if view and isinstance(refusal, ViewOver):
        heading, way_on = "This view is over", ("Back to the staff pages", f"{view.base}/staff")
        view.viewing = None
    if isinstance(refusal, ViewOnly):
        heading = "Not while you look at a client's pages"
    if view is None:
        response = bare(heading, [refusal.text], refusal.status)
    else:
        response = view.tell(heading, refusal.text, status=refusal.status, action=way_on)
    if refusal.retry_after:
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def broken(view: View | None, request_id: str) -> Response:
    """A kind page for our own mistake, with what support needs to find it."""
    text = "Something went wrong on our side. Nothing you entered was lost or sent. Please try again in a moment."
    reference = f"If it happens again, tell support this reference: {request_id}"
    if view is None:
        return bare("Sorry, that did not work", [text, reference], 500)
    return view.tell("Sorry, that did not work", text, reference, status=500, action=("Try again", f"{view.base}/"))


def bare(heading: str, paragraphs: list[str], status: int) -> Response:
    """A page without a portal."""
    body = render(
        "message.html", portal=None, base="", brand_style="", csrf="", page_title=heading, signed_in=None, notice=None,
        errors={}, values={}, viewing=None, heading=heading, paragraphs=paragraphs, action=None, secondary=None,
    )  # fmt: skip
    return Response(body, status_code=status, headers=dict(headers.page_headers()))


def _shown(portal: Portal) -> dict[str, Any]:
    return {
        "slug": portal.slug,
        "name": portal.name,
        "logo_url": portal.branding.logo_url,
        "support_email": portal.support.email,
        "support_phone": portal.support.phone,
        "support_hours": portal.support.hours,
        "incident_banner": portal.incident_banner,
        "privacy_url": portal.privacy_url,
    }


@lru_cache(maxsize=256)
def paragraphs(text: str) -> list[str]:
    """A text with empty lines between its paragraphs, as templates take it."""
    return [part.strip() for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n")) if part.strip()]


__all__ = ["View", "page", "paragraphs"]
