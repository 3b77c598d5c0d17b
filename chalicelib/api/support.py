"""The support desk over the API: why somebody cannot sign in, and what helps."""

from __future__ import annotations

from ..support import diagnosis
from ..support.diagnosis_shapes import Diagnosis, Told
from ..web.operation import Answer, Call, one
from .registry import AT, operation

_GROUP = "Support desk"
_AT = f"{AT}/support"


@operation(
    "POST", f"{_AT}/diagnose", _GROUP, body=Told, gives=Diagnosis,
    example={"client_number": "NW-1001", "last_name": "Nunez", "destination": "maria@northwind.example"},
)  # fmt: skip
def diagnose(call: Call[None, Told]) -> Answer:
    """Find out why somebody cannot sign in.

    Give what the caller says they typed. Every check is made in order: the first that fails is named, with the act that
    fixes it. Real attempts of the last seven days are told too, never a code. It changes nothing; a POST only so that what
    was typed stands in no address.
    """
    return one(diagnosis.diagnose(call.portal, call.body, scopes=call.caller.scopes))
