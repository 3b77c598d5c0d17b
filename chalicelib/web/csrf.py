"""Forms come from our own pages: a same-origin check and a token bound to the browser and its session."""

from __future__ import annotations

import hmac
import re
import secrets

from ..config import settings
from ..errors import Forbidden
from ..security import keys

_FORM_ID = re.compile(r"[A-Za-z0-9_-]{20,64}")


class FormNotOurs(Forbidden):
    """The form was sent from elsewhere, or from a page of another session."""

    code = "form-not-ours"
    text = "This page was open for too long, or the form did not come from this site. Go back, reload and try again."


def form_id(held: str | None) -> tuple[str, bool]:
    """The browser's form cookie, and whether it is new."""
    if held and _FORM_ID.fullmatch(held):
        return held, False
    return secrets.token_urlsafe(18), True


def token(portal: str, form: str, session: str) -> str:
    """What every form of a page carries. Another browser, portal or session gets another one."""
    return keys.mac("csrf", portal, form, session, version=keys.current()).hex()[:40]


def check(portal: str, form: str | None, session: str, given: str, origin: str | None) -> None:
    """Refuse a form from another origin (`null` is one too), or without the token. Raises FormNotOurs."""
    if origin is not None and origin != settings.public_url:
        raise FormNotOurs
    if not form or not hmac.compare_digest(token(portal, form, session).encode(), given.encode()):
        raise FormNotOurs
