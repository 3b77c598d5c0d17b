"""Who calls, as the API sees them; how users change their own card, and show a second factor again."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from .. import clock
from ..errors import Conflict
from ..people import own_card, step_up
from ..people.shapes import ProfileCard
from ..portals.roles import OfficePermission
from ..signin.own_security import FRESH_SECONDS
from ..web import cookies
from ..web.callers import CSRF_HEADER
from ..web.operation import Answer, Call, one
from .changing import changed
from .registry import AT, operation

_GROUP = "Who am I"


class Me(Struct, frozen=True, kw_only=True):
    """Who calls. Of an API key the role and all that belongs to a session are null."""

    kind: Literal["user", "api-key"]
    id: str
    name: str
    portal: Annotated[str, Meta(description="The portal of the path. A key may be one of the whole deployment.")]
    role: Annotated[
        str | None, Meta(description="Of staff the level, of an office user the key of a role of the portal.")
    ]
    role_name: Annotated[str | None, Meta(description="The role as people read it.")]
    account_id: Annotated[
        str | None, Meta(description="Of an office user the office or provider that is their scope; else null.")
    ]
    account_name: str | None
    office_id: Annotated[
        str | None, Meta(description="The office that this is, or belongs to. The same id: office level.")
    ]
    opens: Annotated[
        tuple[OfficePermission, ...], Meta(description="What the role of an office user opens in the portal.")
    ]
    title: Annotated[str | None, Meta(description="This and the next three are the card of a user.")]
    phone: str | None
    photo_url: str | None
    about: str | None
    permissions: Annotated[
        tuple[str, ...], Meta(description="What the caller may do through this API; an office's manager within it.")
    ]
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

    With a session's cookie of staff or of an office user, who is signed in, what they may do as of now, and the token that
    changes must carry.
    """
    browser = call.caller.browser
    given = cookies.made("form", call.slug, browser.new_form) if browser and browser.new_form else ""
    version = browser.user.version if browser else None
    return Answer(_me(call), version=version, headers={"Set-Cookie": given} if given else {})


@operation(
    "PATCH", f"{AT}/me", _GROUP, body=ProfileCard, takes="patch", gives=Me, refusals=("conflict", "stale"),
    example={"title": "Benefits adviser", "phone": "+1 415 555 0132"},
)  # fmt: skip
def change_own_card(call: Call[None, Any]) -> Answer:
    """Change your own card.

    The title, phone number, picture and words with which a user is presented. Name, address and role are changed by
    whoever looks after users. An API key has no card.
    """
    browser = call.caller.browser
    if browser is None:
        raise Conflict("An API key has no card: only a user has.")
    user_id = browser.user.id
    answer = changed(
        call,
        ProfileCard,
        read=lambda: own_card.get(call.slug, user_id),
        change=lambda wanted, version: own_card.change(call.act, call.country, user_id, wanted, version=version),
    )
    return Answer(_me(call, card=answer.value), version=answer.version)


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


def _me(call: Call[Any, Any], *, proved_until: int = 0, card: ProfileCard | None = None) -> Me:
    caller, browser, role = call.caller, call.caller.browser, call.caller.office_role
    of_office = browser.user if browser and caller.is_of_office else None
    card = card or (browser.user.details if browser else None)
    proved = max(proved_until, browser.proved_until if browser and browser.session.proved_at else 0)
    return Me(
        kind=caller.kind,
        id=caller.id,
        name=caller.name,
        portal=call.slug,
        role=of_office.role if of_office else caller.role if browser else None,
        role_name=caller.role_name if browser else None,
        account_id=of_office.account_id if of_office else None,
        account_name=browser.account_name if browser and of_office else None,
        office_id=of_office.office_id if of_office else None,
        opens=role.permissions if role else (),
        title=card.title if card else None,
        phone=card.phone if card else None,
        photo_url=card.photo_url if card else None,
        about=card.about if card else None,
        permissions=tuple(sorted(caller.scopes)),
        csrf_token=browser.csrf_token if browser else None,
        session_ends_at=clock.text(browser.session.idle_at) if browser else None,
        proved_until=clock.text(proved or None),
    )
