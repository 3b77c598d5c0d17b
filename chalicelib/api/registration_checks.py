"""What offices and providers are checked by when somebody registers, over the API: put in, counted, never read back."""

from __future__ import annotations

from typing import Final

from ..registration import checks
from ..registration.shapes import Checks, ChecksInput
from ..web.operation import Answer, Call, one
from .registry import AT, operation

_GROUP = "Accounts"
_AT: Final = f"{AT}/accounts/{{account}}/registration-checks"


@operation("GET", _AT, _GROUP, gives=Checks, refusals=("conflict",))
def read_registration_checks(call: Call[None, None]) -> Answer:
    """Count registration checks.

    How many claim numbers of an office or provider are known, and whether a date of birth is. Which ones nobody is told.
    """
    return one(checks.read(call.slug, call.ids["account"]))


@operation(
    "POST", _AT, _GROUP, body=ChecksInput, gives=Checks, refusals=("conflict",),
    example={"add_claim_numbers": ["2026-004711", "2026-004712"], "birth_date": "1970-01-31"},
)  # fmt: skip
def change_registration_checks(call: Call[None, ChecksInput]) -> Answer:
    """Change registration checks.

    Whoever registers may type a historical claim number of the office or provider, and a date of birth; these are what it
    is compared with. Only a keyed fingerprint of each is kept. Send it again after a lost answer: it ends the same.
    """
    return one(checks.change(call.act, call.ids["account"], call.body))
