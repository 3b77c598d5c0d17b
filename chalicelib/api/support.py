"""The support desk over the API: why somebody cannot sign in, and what helps."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from ..storage import Page
from ..support import diagnosis, people
from ..support.diagnosis_shapes import Diagnosis, Told
from ..support.people import Person
from ..web.operation import Answer, Call, one, page
from .registry import AT, operation, path

_GROUP = "Support desk"
_AT = f"{AT}/support"


class PersonQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to find."""

    q: Annotated[
        str,
        Meta(
            min_length=2,
            max_length=200,
            description="A name (as it is written, or the last name first), an email address, a username or a client number.",
        ),
    ]


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


@operation("GET", f"{_AT}/people", _GROUP, query=PersonQuery, gives=Person, many=True)
def find_people(call: Call[PersonQuery, None]) -> Answer:
    """Find people.

    Contacts and users of every kind in one list, at most 50: type more where there are many. What one of your permissions
    does not show is masked.
    """
    found = people.found(call.slug, call.query.q, scopes=call.caller.scopes)
    return page(Page(found), path(call.slug, "support", "people"), call.query)
