"""Why can somebody not sign in? Every check of their door in order, the first that fails, and the act that fixes it.

It reads what is on file and what really happened, and writes nothing. Codes, links and passwords are in none of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from ..errors import Invalid
from ..people import record_users, usernames, users
from ..portals import Portal
from . import checks_of_codes, checks_of_users, help_requests
from .case import Case
from .checks_of_codes import Look
from .diagnosis_shapes import Check, Diagnosis, Told, Way

_NOTHING: Final = "Nothing to go by. Give a client number, a username, an account or a help request."
_NOT_REACHED: Final = "Not looked at: see to the check that failed first."
_WELL: Final = "Nothing that we know stands in the way. Ask the caller to try once more while you are on the phone."
CHECKS: Final[dict[Way, tuple[tuple[str, str, Look], ...]]] = {
    "code": checks_of_codes.CHECKS,
    "password": checks_of_users.OF_PASSWORDS,
    "self-service": checks_of_users.OF_RECORDS,
}


def diagnose(portal: Portal, told: Told, *, scopes: frozenset[str]) -> Diagnosis:
    """The diagnosis as of now, for whoever has these permissions. Raises Invalid where there is nothing to go by, NotFound."""
    told = _completed(portal, told)
    if not (told.client_number or told.username or told.account_id):
        raise Invalid(_NOTHING, fields={"client_number": _NOTHING})
    way = told.way or _way(told)
    case = Case(portal, replace(told, way=way), scopes)
    checks = tuple(_checked(case, way))
    failed = next((check for check in checks if check.outcome == "failed"), None)
    held = case.code_attempts if way == "code" else case.user_attempts
    user, account = case.user if way != "code" else None, case.account
    return Diagnosis(
        way=way,
        first_failed=failed.name if failed else None,
        summary=failed.text if failed else _WELL,
        checks=checks,
        attempts=held.shown(),
        account_id=account.id if account else user.account_id if user else None,
        contact_id=case.card.contact_id if case.card and way == "code" else None,
        user_id=user.id if user else None,
        help_request_id=told.help_request_id,
    )


def _checked(case: Case, way: Way) -> Iterator[Check]:
    """The checks in order, up to the first that fails; the rest as not reached."""
    is_over = False
    for name, question, look in CHECKS[way]:
        if is_over:
            yield Check(name=name, question=question, outcome="not-reached", text=_NOT_REACHED)
            continue
        found = look(case)
        is_over = found.outcome == "failed"
        yield Check(name=name, question=question, outcome=found.outcome, text=found.text, remedy=found.remedy)


def _way(told: Told) -> Way:
    if not told.username:
        return "code"
    return "self-service" if record_users.is_code(usernames.key(told.username)) else "password"


def _completed(portal: Portal, told: Told) -> Told:
    """What was told, and where it was not, what was typed into the help request. Raises NotFound."""
    if told.help_request_id is None:
        return told
    asked = help_requests.get(portal.slug, told.help_request_id)
    is_username = bool(told.username) or (not told.client_number and _is_username(portal, asked.signs_in_as))
    return replace(
        told,
        client_number=told.client_number or ("" if is_username else asked.signs_in_as),
        username=told.username or (asked.signs_in_as if is_username else ""),
        last_name=told.last_name or (asked.name.split() or [""])[-1],
        destination=told.destination or asked.reached_by,
    )


def _is_username(portal: Portal, typed: str) -> bool:
    """Whether this is rather a username than a client number: somebody has it, or it holds no digit, or an @."""
    if not typed:
        return False
    has_digit = any(char.isdigit() for char in typed)
    return "@" in typed or not has_digit or users.find(portal.slug, usernames.key(typed)) is not None
