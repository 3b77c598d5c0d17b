"""What somebody who registers has said so far: kept, sealed, by their own browser for a day, and nowhere else.

Each function takes one page's answers, refuses what they cannot be, and gives the attempt with them. Nothing is looked up
here. Going back changes an answer and keeps the others, but for what hung on it.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final, Literal

import msgspec
from msgspec import Struct

from .. import clock, fields, ids
from ..errors import Invalid
from ..people import matching
from ..people.shapes import Account
from ..portals import Portal
from ..security import limits
from ..security.codes import Challenge
from .entries import level_of
from .shapes import Applicant
from .statuses import Level

KEPT_SECONDS = 24 * 3600  # how long an attempt may lie, and how long one that was begun may stay unfinished
Step = Literal["office", "checks", "role", "you", "code", "account", "done"]
STEPS: Final[tuple[Step, ...]] = ("office", "checks", "role", "you", "code", "account", "done")
QUALIFIERS: Final = {"TIN": "Tax identification number (TIN)", "NPI": "National provider identifier (NPI)"}
_MOST = 60  # characters of each answer: all of them together must fit a cookie of 4 KB, sealed
_MOST_NUMBER = 80
_EARLIEST = date(1900, 1, 1)
_NAMES = ("title", "first_name", "middle_name", "last_name")
_NO_DATE = "There is no such date. Write year, month and day, such as 1970-01-31; or leave it out."


class Attempt(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A registration that is not submitted yet. `id` will be the request's and the user's; it goes with the address."""

    id: str = ""
    identifier: str = ""
    qualifier: str = ""
    account_id: str = ""
    account_name: str = ""
    level: Level = "office"
    has_checks: bool = False
    claim_number: str = ""
    birth_date: str = ""
    role: str = ""
    title: str = ""
    first_name: str = ""
    middle_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    challenge: str = ""
    counter: int = 0
    key_version: int = 0
    code_until: int = 0
    sent_at: int = 0
    sends: int = 0
    is_decoy: bool = False
    is_confirmed: bool = False
    is_submitted: bool = False

    @property
    def next_step(self) -> Step:
        """The first page that is not answered yet."""
        if self.is_submitted:
            return "done"
        answered = (self.account_id, self.has_checks, self.role, self.challenge, self.is_confirmed)
        return next((step for step, is_done in zip(STEPS, answered, strict=False) if not is_done), "account")

    def reaches(self, step: Step) -> bool:
        """Whether everything is answered that comes before a page."""
        return STEPS.index(step) <= STEPS.index(self.next_step)

    @property
    def applicant(self) -> Applicant:
        """Who registers."""
        return Applicant(
            title=self.title,
            first_name=self.first_name,
            middle_name=self.middle_name,
            last_name=self.last_name,
            email=self.email,
            phone=self.phone or None,
        )

    @property
    def code(self) -> Challenge:
        """The newest code that was sent."""
        return Challenge(self.challenge, self.counter, self.key_version, self.code_until)


def seek(attempt: Attempt | None, identifier: str, qualifier: str) -> Attempt:
    """Take the identifier. Whoever types another one than before has nothing chosen yet. Raises Invalid."""
    typed, folded = identifier.strip(), matching.number_key(identifier[:_MOST_NUMBER])
    if not folded or len(typed) > _MOST_NUMBER or not _is_line(typed):
        raise Invalid(fields={"identifier": "Enter the identifier of your office or provider."})
    kept = Attempt() if attempt is None or attempt.is_submitted else attempt
    qualifier = qualifier if qualifier in QUALIFIERS else ""
    if matching.number_key(kept.identifier) != folded or kept.qualifier != qualifier:
        kept = _without_place(kept)
    return msgspec.structs.replace(kept, identifier=typed, qualifier=qualifier)


def choose(attempt: Attempt, account: Account) -> Attempt:
    """Take the office or provider. What was answered about another one is forgotten."""
    if attempt.account_id != account.id:
        attempt = _without_place(attempt)
    return msgspec.structs.replace(
        attempt, account_id=account.id, account_name=account.name[:_MOST_NUMBER], level=level_of(account)
    )


def give_checks(attempt: Attempt, claim_number: str, birth_date: str) -> Attempt:
    """Take what may be known of the office or provider: all of it may be left out. Raises Invalid."""
    wrong: dict[str, str] = {}
    claim_number, birth_date = claim_number.strip(), birth_date.strip() if attempt.level == "provider" else ""
    if claim_number and (
        len(claim_number) > _MOST_NUMBER or not _is_line(claim_number) or not matching.number_key(claim_number)
    ):
        wrong["claim_number"] = "A claim number has letters or digits. Leave it out if you have none at hand."
    if birth_date and not _is_birth_date(birth_date):
        wrong["birth_date"] = _NO_DATE
    if wrong:
        raise Invalid(fields=wrong)
    return msgspec.structs.replace(attempt, claim_number=claim_number, birth_date=birth_date, has_checks=True)


def choose_role(attempt: Attempt, portal: Portal, role: str) -> Attempt:
    """Take the role. Raises Invalid for what is none of the portal's."""
    if portal.role(role) is None:
        raise Invalid(fields={"role": "Choose a role."})
    return msgspec.structs.replace(attempt, role=role)


def introduce(attempt: Attempt, portal: Portal, typed: dict[str, str]) -> Attempt:
    """Take names, email and phone. Another address than before is to be confirmed anew. Raises Invalid."""
    said = {name: " ".join(typed.get(name, "").split()) for name in _NAMES}
    wrong = {
        name: f"Use at most {_MOST} characters, on one line."
        for name, text in said.items()
        if len(text) > _MOST or not _is_line(text)
    }
    if not matching.name_key(said["first_name"]):
        wrong.setdefault("first_name", "Enter your first name.")
    if not matching.name_key(said["last_name"]):
        wrong.setdefault("last_name", "Enter your last name.")
    email = matching.email_checked(typed.get("email", "").strip()[:300]) or ""
    if not email or not fields.is_one_address(email):
        wrong["email"] = matching.email_fault(typed.get("email", "").strip()[:300])
    given = typed.get("phone", "").strip()[:_MOST]
    phone = matching.phone_key(given, portal.country) if given else ""
    if phone is None:
        wrong["phone"] = matching.NO_PHONE
    if wrong:
        raise Invalid(fields=wrong)
    if matching.email_key(email) != matching.email_key(attempt.email):
        attempt = _unconfirmed(attempt)
    return msgspec.structs.replace(attempt, **said, email=email, phone=phone or "")


def has_open_code(attempt: Attempt) -> bool:
    """Whether the code that was sent to the address still works."""
    return bool(attempt.challenge) and attempt.code_until > clock.timestamp()


def sends_left(attempt: Attempt) -> int:
    """How many more codes may be asked for by this attempt, as far as it knows."""
    is_recent = attempt.sent_at + limits.CODE_SENDS.seconds > clock.timestamp()
    return limits.CODE_SENDS.count - attempt.sends if is_recent else limits.CODE_SENDS.count


def submitted(attempt: Attempt) -> Attempt:
    """What is kept of an attempt that was submitted: what its last page must know."""
    return Attempt(
        id=attempt.id, account_name=attempt.account_name, account_id=attempt.account_id, level=attempt.level,
        is_submitted=True,
    )  # fmt: skip


def _without_place(attempt: Attempt) -> Attempt:
    return msgspec.structs.replace(
        attempt, account_id="", account_name="", has_checks=False, claim_number="", birth_date=""
    )


def _unconfirmed(attempt: Attempt) -> Attempt:
    return msgspec.structs.replace(
        attempt, id=ids.new(), challenge="", counter=0, key_version=0, code_until=0, sent_at=0, sends=0, is_decoy=False,
        is_confirmed=False,
    )  # fmt: skip


def _is_birth_date(text: str) -> bool:
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) is None or not fields.is_date(text):
        return False
    return _EARLIEST <= date.fromisoformat(text) <= clock.now().date()


def _is_line(text: str) -> bool:
    try:
        msgspec.convert(text, fields.Line)
    except msgspec.ValidationError:
        return False
    return True
