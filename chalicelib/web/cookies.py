"""Cookies, named per kind and portal, so that portals in one browser never overwrite each other's."""

from __future__ import annotations

from typing import Literal

from ..config import settings

# A client's session, a staff user's; sessions of the same person's other accounts; what was said before the code; between
# password and code; what a link opened; a factor being set up; the number of a help request that was sent; a registration
# that is not submitted yet; the form's own; the known browser; the remembered device; the code of the record whose link
# somebody signs in by, so that they find its page again; the view of a client's pages that staff have opened.
Kind = Literal[
    "session", "staff", "others", "step", "pending", "setup", "draft", "help", "register", "form", "browser", "device",
    "record", "view",
]  # fmt: skip


def name(kind: Kind, portal: str) -> str:
    """The cookie's name: with `__Host-` when we are reached by https, plain on loopback so that any client works."""
    return f"{'__Host-' if settings.is_https else ''}{kind}-{portal}"


def parsed(header: str) -> dict[str, str]:
    """The cookies of a request. Of several with one name the first counts, as browsers send the closest one first."""
    found: dict[str, str] = {}
    for part in header.split(";"):
        key, _, value = part.strip().partition("=")
        found.setdefault(key, value)
    return found


def made(kind: Kind, portal: str, value: str, seconds: int | None = None) -> str:
    """A Set-Cookie value: never readable by scripts, never sent along by other sites' forms."""
    parts = [f"{name(kind, portal)}={value}", "Path=/", "HttpOnly", "SameSite=Lax"]
    if settings.is_https:
        parts.append("Secure")
    if seconds is not None:
        parts.append(f"Max-Age={seconds}")
    return "; ".join(parts)


def dropped(kind: Kind, portal: str) -> str:
    """A Set-Cookie value that removes a cookie."""
    return made(kind, portal, "", 0)
