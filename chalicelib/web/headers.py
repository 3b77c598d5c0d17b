"""Security headers: one place for pages, one for JSON."""

from __future__ import annotations

import base64
import hashlib
from functools import cache

from ..config import settings

_EVERYWHERE = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # With no-referrer, Chromium would post our own forms with `Origin: null`; see docs/decisions.md.
    "Referrer-Policy": "same-origin",
} | ({"Strict-Transport-Security": "max-age=63072000; includeSubDomains"} if settings.is_https else {})


def page_headers(style: str = "", form_target: str = "") -> dict[str, str]:
    """Headers of an HTML answer whose one inline style is `style` and whose forms may also go to `form_target`."""
    return _EVERYWHERE | {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": _policy(style, form_target),
    }


def json_headers() -> dict[str, str]:
    """Headers of a JSON answer."""
    policy = "default-src 'none'; frame-ancestors 'none'"
    return _EVERYWHERE | {"Content-Type": "application/json", "Content-Security-Policy": policy}


@cache
def _policy(style: str, form_target: str) -> str:
    hashed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src 'self'{f' {chr(39)}sha256-{hashed}{chr(39)}' if style else ''}",
            "script-src 'self'",
            "img-src 'self' https: data:",
            "connect-src 'self'",
            f"form-action 'self'{f' {form_target}' if form_target else ''}",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )
