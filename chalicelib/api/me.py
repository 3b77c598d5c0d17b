"""Who calls, as the API sees them; and how a staff user shows a second factor again."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from .. import clock
from ..errors import Conflict
from ..people import step_up
from ..signin.own_security import FRESH_SECONDS
from ..web import cookies
from ..web.callers import CSRF_HEADER
from ..web.operation import Answer, Call, one
from .registry import AT, operation

_GROUP = "Who am I"


class Me(Struct, frozen=True, kw_only=True):
    """Who calls. Of an API key the role and all that belongs to a session are null."""

    kind: Literal["user", "api-key"]
    id: str
    name: str
    portal: Annotated[str, Meta(description="The portal of the path. A key may be one of the whole deployment.")]
    role: str | None
    permissions: tuple[str, ...]
    csrf_token: Annotated[str | None, Meta(description=f"What a browser sends as {CSRF_HEADER} with every change.")]
    session_ends_at: Annotated[str | None, Meta(description="When the session is over unless it is used before then.")]
    proved_until: Annotated[
        str | None, Meta(description="Until when dangerous acts are let through without another step-up.")
    ]


class StepUp(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A second factor, shown again."""

    code: Annotated[
        str,
        Meta(
            min_length=1, max_length=100, description="The present code of your authenticator app, or a recovery code."
        ),
    ]


@operation("GET", f"{AT}/me", _GROUP, gives=Me)
def tell_who_calls(call: Call[None, None]) -> Answer:
    """Tell who calls.

    With a staff session's cookie, who is signed in, what they may do as of now, and the token that changes must carry.
    """
    browser = call.caller.browser
    given = cookies.made("form", call.slug, browser.new_form) if browser and browser.new_form else ""
    return Answer(_me(call), headers={"Set-Cookie": given} if given else {})


def stepped_up_before(call: Call[None, StepUp]) -> Answer:
    """Whoever showed this code before."""
    return one(_me(call))


@operation(
    "POST", f"{AT}/me/step-up", _GROUP, body=StepUp, gives=Me, replay=stepped_up_before,
    refusals=("conflict", "too-many-requests", "locked"), example={"code": "492039"},
)  # fmt: skip
def step_up_session(call: Call[None, StepUp]) -> Answer:
    """Show a second factor again.

    For ten minutes the session may then do what is dangerous. Five wrong codes in a quarter of an hour are the most, and
    a code works once. An API key never needs this.
    """
    browser = call.caller.browser
    if browser is None:
        raise Conflict("An API key has no second factor, and never needs one.")
    step_up.prove(call.act, browser.user, browser.session, call.body.code)
    return one(_me(call, proved_until=clock.timestamp() + FRESH_SECONDS))


def _me(call: Call[Any, Any], proved_until: int = 0) -> Me:
    caller, browser = call.caller, call.caller.browser
    proved = max(proved_until, browser.proved_until if browser and browser.session.proved_at else 0)
    return Me(
        kind=caller.kind,
        id=caller.id,
        name=caller.name,
        portal=call.slug,
        role=caller.role if browser else None,
        permissions=tuple(sorted(caller.scopes)),
        csrf_token=browser.csrf_token if browser else None,
        session_ends_at=clock.text(browser.session.idle_at) if browser else None,
        proved_until=clock.text(proved or None),
    )
