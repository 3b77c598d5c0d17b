"""The form on which a password is chosen: the first one, a new one, one's own in place of a temporary one."""

from __future__ import annotations

from typing import Any

from chalice import Response

from ..web.page import View


def password_form(
    view: View, heading: str, *, lead: list[str], action: str, button: str, username: str, **own: Any
) -> Response:
    """The page. `own` is what only some of its places ask: a username, the present password, questions and answers."""
    usual: dict[str, Any] = {
        "ask_username": False,
        "ask_current": False,
        "questions": [],
        "answers_only": False,
        "second_note": None,
        "least": view.portal.policy.password_least,
    }
    return view.show(
        "new_password.html",
        heading,
        heading=heading,
        lead=lead,
        action=f"{view.base}{action}",
        button=button,
        username=username,
        **(usual | own),
    )
