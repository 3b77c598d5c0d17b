"""Self-service of a lead or client over the API."""

from __future__ import annotations

from typing import Final

from ..selfservice import access
from ..selfservice.access import SelfService
from ..web.operation import Answer, Call, one
from .registry import AT, operation

_GROUP = "Self-service"
_AT: Final = f"{AT}/accounts/{{account}}/self-service"
_REFUSED: Final = ("conflict", "not-in-this-state", "stale")


@operation("GET", _AT, _GROUP, gives=SelfService)
def read_self_service(call: Call[None, None]) -> Answer:
    """Read an account's self-service.

    Whether it is on, since when and by whom, the record's own portal link, and how the newest password link stands; what
    can be done about it now, and for everything else why not. Nobody sees a password.
    """
    return _standing(call)


def done_before(call: Call[None, None]) -> Answer:
    """How it stands after a call that was carried out before."""
    return _standing(call)


@operation("POST", f"{_AT}/enable", _GROUP, gives=SelfService, replay=done_before, refusals=_REFUSED)
def enable_self_service(call: Call[None, None]) -> Answer:
    """Enable self-service.

    For an open lead or client with a primary email. The record gets a portal link of its own and a generated password. Two
    mails go to each primary email: the portal link, and a link that shows the password once, within 72 hours. Refused where
    it is on already.
    """
    access.enable(call.act, call.portal, call.ids["account"])
    return _standing(call)


@operation("POST", f"{_AT}/disable", _GROUP, gives=SelfService, replay=done_before, refusals=_REFUSED)
def disable_self_service(call: Call[None, None]) -> Answer:
    """Disable self-service.

    Every session ends at once. The portal link, the password and every link that was mailed never work again; enabling makes
    new ones.
    """
    access.disable(call.act, call.portal, call.ids["account"])
    return _standing(call)


@operation("POST", f"{_AT}/send-password", _GROUP, gives=SelfService, replay=done_before, refusals=_REFUSED)
def send_self_service_password(call: Call[None, None]) -> Answer:
    """Send the password link again.

    A fresh link to the same password, over any older link. Once the client has chosen a password of their own, which nobody
    can show, it is a link to choose another one.
    """
    access.send_password(call.act, call.portal, call.ids["account"])
    return _standing(call)


def _standing(call: Call[None, None]) -> Answer:
    return one(access.of_account(call.portal, call.ids["account"]))
