"""Who somebody is, as they type it themselves. Pure rules."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from ..people import matching
from .shapes import Applicant

_MOST = 100  # characters of one field
_TOO_LONG = f"Use at most {_MOST} characters."
_NAMES = ("first_name", "middle_name", "last_name", "title")


def typed(given: Mapping[str, str], email: str, country: str) -> tuple[Applicant, dict[str, str]]:
    """The person of a form, and what is wrong with it by field. First and last name must be there, all else may be."""
    said = {name: _on_one_line(given.get(name, "")) for name in (*_NAMES, "phone")}
    wrong = {name: _TOO_LONG for name, text in said.items() if len(text) > _MOST}
    if not said["first_name"]:
        wrong["first_name"] = "Enter your first name."
    if not matching.name_key(said["last_name"]):
        wrong["last_name"] = matching.NO_LAST_NAME if said["last_name"] else "Enter your last name."
    phone = matching.phone_key(said["phone"], country) if said["phone"] else None
    if said["phone"] and phone is None:
        wrong["phone"] = matching.NO_PHONE
    names = {name: said[name][:_MOST] for name in _NAMES}
    return Applicant(**names, email=email, phone=phone), wrong


def _on_one_line(text: str) -> str:
    """The text without what is not drawn, spaces made single."""
    drawn = "".join(char for char in " ".join(text.split()) if unicodedata.category(char)[0] != "C")
    return drawn.strip()
