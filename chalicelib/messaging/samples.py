"""Values made up for a look at a wording. None of them opens anything: a link leads to the portal's first page."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final
from urllib.parse import urlsplit

from ..config import settings
from ..portals import Portal, money
from . import derived
from .placeholders import offered
from .templates import Template

_PREMIUM: Final = Decimal("412.50")
_SAMPLES: Final = {
    "code": "123456",
    "password": "abcd-efgh-jkmn-2345",
    "minutes": "10",
    "time_left": "10 minutes",
    "until": "31 January 2031 at 09:30 UTC",
    "moment": "30 January 2031 at 16:05 UTC",
    "answer_by": "2031-01-31",
    "answer_by_words": "31 January 2031",
    "answered": "approved",
    "subject": "Your password was changed",
    "what": "Your password was changed.",
    "choice": "a username and a password",
    "batch_title": "Renewal 2031",
    "account_name": "Northwind Traders",
    "office": "Elm Street Clinic",
    "contact_first_name": "Maria",
    "first_name": "Maria",
    "last_name": "Nuñez",
    "contact_name": "Maria Nuñez",
    "name": "Maria Nuñez",
    "applicant": "Maria Nuñez",
    "inviter": "Ana Silva",
    "username": "maria.nunez",
    "role": "Portal User",
    "reason": "Not known at this office",
    "browser": "Firefox, Linux",
    "reference": "H-7K4M-9C",
    "reached_by": "+1 415 555 0100",
    "signs_in_as": "NW-1001",
    "comment": "Looks good to us.",
    "agent_name": "Ana Silva",
    "agent_title": "Benefits adviser",
    "agent_phone": "+1 212 555 0100",
    "product_carrier": "Blue Harbor",
    "product_plan": "PPO 1500",
    "product_policy_number": "BH-204417",
    "product_coverage_type": "Medical",
    "product_effective_date": "2031-01-31",
    "product_status": "Quoted",
    "day": "2031-01-31",
    "day_words": "31 January 2031",
    "title": "Call Maria",
    "due_words": "31 January 2031 at 09:30 UTC",
    "message": "No code arrives. I have waited for an hour.",
}


def page(portal: Portal) -> str:
    """Where every link of a sample leads."""
    return f"{settings.public_url}/{portal.slug}"


def values(template: Template, portal: Portal, about: Mapping[str, str] | None = None) -> dict[str, str]:
    """A value for every placeholder of a message; those in `about` are of somebody whom it is looked at for."""
    made = _SAMPLES | {
        "portal_name": portal.name,
        "phone": portal.support.phone or "",
        "host": urlsplit(settings.public_url).hostname or "",
        "link": page(portal),
        "product_premium": money.shown(portal, _PREMIUM),
        "unsubscribe": page(portal),
    }
    names = offered(template, "")  # they are the same on every channel
    found = {name: (about or {}).get(name, made.get(name, each.meaning)) for name, each in names.items()}
    return found | derived.of_record(portal, found) if template.for_records else found
