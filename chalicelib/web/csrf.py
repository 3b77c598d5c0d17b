"""Forms come from our own pages: a same-origin check and a token bound to the browser and its session."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from typing import Final

from ..config import settings
from ..errors import Forbidden
from ..security import keys

_FORM_ID = re.compile(r"[A-Za-z0-9_-]{20,64}")
_VERSION = re.compile(r"\.([0-9]{1,9})\Z")


class FormNotOurs(Forbidden):
    """The form was sent from elsewhere, or from a page of another session."""

    code = "form-not-ours"
    text = "This page was open for too long, or the form did not come from this site. Go back, reload and try again."


# What may be posted without a page of ours, and why no harm comes of it. Mail programs press their own unsubscribe button by
# such a post (RFC 8058), with no cookie and no page before it. It does one thing, for whoever holds the signed link: it
# withdraws the consent of that link's address. Nothing of a session is looked at.
ONE_CLICK: Final = ("/unsubscribe", "List-Unsubscribe", "One-Click")


def is_one_click(path: str, form: Mapping[str, str]) -> bool:
    """Whether this is a mail program's own unsubscribe button: the only post that needs no token."""
    route, name, value = ONE_CLICK
    return path == route and form.get(name) == value


def form_id(held: str | None) -> tuple[str, bool]:
    """The browser's form cookie, and whether it is new."""
    if held and _FORM_ID.fullmatch(held):
        return held, False
    return secrets.token_urlsafe(18), True


def token(portal: str, form: str, session: str) -> str:
    """What every form of a page carries. Another browser, portal or session gets another one."""
    return _token(keys.current(), portal, form, session)


def check(portal: str, form: str | None, session: str, given: str, origin: str | None) -> None:
    """Refuse a form from another origin (`null` is one too), or without the token. Raises FormNotOurs."""
    if origin is not None and origin != settings.public_url:
        raise FormNotOurs
    version = _VERSION.search(given)
    if not form or not version:
        raise FormNotOurs
    try:
        right = _token(int(version[1]), portal, form, session)
    except keys.UnknownVersion:
        raise FormNotOurs from None
    if not hmac.compare_digest(right.encode(), given.encode()):
        raise FormNotOurs


def _token(version: int, portal: str, form: str, session: str) -> str:
    """It names its key, for the page may have been made before a rotation, or by a process that knows of a newer one."""
    return f"{keys.mac('csrf', portal, form, session, version=version).hex()[:40]}.{version}"
