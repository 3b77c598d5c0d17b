"""What is worked out for a message as it leaves: codes, links, temporary passwords, and times in words.

They are made here, at the last moment, from the challenge, the link or the nonce that the row names: neither the row nor
the queue ever held them. Links lead to the configured public URL only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Final
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from .. import clock
from ..config import settings
from ..portals import Portal
from ..security import codes, links, passwords
from . import (
    own_messages,
    record_messages,
    wording,
    wording_credentials,
    wording_records,
    wording_registration,
    wording_selfservice,
    wording_support,
    wording_work,
)
from .models import MessageRow

_ON_ITS_WAY = 15  # seconds from asking to sending that do not make ten minutes nine
_LINK_PARTS = ("purpose", "holder", "id", "version", "place")
_HOUR, _DAY = 60, 24 * 60  # minutes

Context = Mapping[str, str]


def values(row: MessageRow, portal: Portal, context: Context) -> dict[str, str]:
    """Every derived value of the row's template. Raises ValueError or LookupError where the row does not name enough."""
    derive = _record_message if own_messages.is_own(row.template) else _DERIVED[row.template]
    return derive(row, portal, context)


def _nothing(_row: MessageRow, _portal: Portal, _context: Context) -> dict[str, str]:
    return {}


def _batch(_row: MessageRow, portal: Portal, context: Context) -> dict[str, str]:
    return {
        "link": f"{settings.public_url}/{portal.slug}/batches/{context['batch_id']}",
        "answer_by_words": _day(context["answer_by"]) if context["answer_by"] else "",
    }


def _code(row: MessageRow, portal: Portal, context: Context) -> dict[str, str]:
    minutes = portal.policy.code_minutes if row.not_after is None else _minutes_left(int(row.not_after))
    return {
        "code": codes.digits(portal.slug, context["challenge"], int(context["counter"]), int(context["version"])),
        "minutes": str(minutes),
        "time_left": _in_words(minutes),
        "host": urlsplit(settings.public_url).hostname or "",
    }


def _answer(_row: MessageRow, _portal: Portal, context: Context) -> dict[str, str]:
    return {"answered": {"approve": "approved", "changes": "asked for changes to"}[context["answer"]]}


def _help(_row: MessageRow, _portal: Portal, context: Context) -> dict[str, str]:
    return {"what": wording.HELP_KINDS[context["kind"]]}


def _record(_row: MessageRow, _portal: Portal, context: Context) -> dict[str, str]:
    return {"day_words": _day(context["day"])}


def _link(row: MessageRow, portal: Portal, context: Context) -> dict[str, str]:
    return {"link": _link_of(portal, context), **_time(row, portal)}


def _credential_create(row: MessageRow, portal: Portal, context: Context) -> dict[str, str]:
    choice = "a password" if context["username"].strip() else "a username and a password"
    return {"choice": choice, **_link(row, portal, context)}


def _username_reminder(_row: MessageRow, portal: Portal, _context: Context) -> dict[str, str]:
    return {"link": _sign_in_page(portal)}


def _new_device(_row: MessageRow, portal: Portal, context: Context) -> dict[str, str]:
    return {"moment": _moment(int(context["at"]), portal), "link": _link_of(portal, context)}


def _credential_changed(_row: MessageRow, portal: Portal, context: Context) -> dict[str, str]:
    said = wording_credentials.CHANGES[context["change"]]
    named = any(context[f"link_{part}"] for part in _LINK_PARTS)
    return {
        "subject": said.subject,
        "what": said.what,
        "link": _link_of(portal, context) if named else "",
        "phone": portal.support.phone or "",
    }


def _contact_changed(_row: MessageRow, portal: Portal, context: Context) -> dict[str, str]:
    what = {"email": "email address", "mobile": "mobile number"}[context["which"]]
    return {
        "subject": f"Your {what} was replaced",
        "what": f"The {what} we had on file for you was replaced.",
        "phone": portal.support.phone or "",
    }


def _temporary_password(row: MessageRow, portal: Portal, context: Context) -> dict[str, str]:
    return {
        "password": passwords.generated(portal.slug, context["holder"], context["nonce"], int(context["version"])),
        "link": _sign_in_page(portal, staff=context["staff"] == "yes"),
        **_time(row, portal),
    }


def _sign_in_unlocked(_row: MessageRow, portal: Portal, _context: Context) -> dict[str, str]:
    return {"phone": portal.support.phone or ""}


def _record_page(_row: MessageRow, portal: Portal, context: Context) -> dict[str, str]:
    return {"link": f"{settings.public_url}/{portal.slug}/my/{quote(context['code'], safe='')}"}


def _task_reminder(_row: MessageRow, portal: Portal, context: Context) -> dict[str, str]:
    return {
        "due_words": _moment(int(context["due"]), portal),
        "link": f"{settings.public_url}/{portal.slug}/staff",
    }


def _record_message(_row: MessageRow, portal: Portal, context: Context) -> dict[str, str]:
    return of_record(portal, context)


def of_record(portal: Portal, context: Context) -> dict[str, str]:
    """What a message about an account's record has besides its context. The link is everybody's: it leads to no record."""
    day = context["product_effective_date"]
    return {
        "portal_link": f"{settings.public_url}/{portal.slug}",
        "phone": portal.support.phone or "",
        "product_effective_date_words": _day(day) if day else "",
    }


def _link_of(portal: Portal, context: Context) -> str:
    """The whole address of the one-time link that the context names. Raises ValueError if it names only half of one."""
    purpose, holder, link_id, version, place = (context[f"link_{part}"] for part in _LINK_PARTS)
    if not (purpose and holder and link_id):
        raise ValueError("a link is named by all of its five values, or by none")
    return links.url(portal.slug, purpose, holder, link_id, int(version), int(place))


def _sign_in_page(portal: Portal, *, staff: bool = False) -> str:
    return f"{settings.public_url}/{portal.slug}/{'staff/sign-in' if staff else 'sign-in/password'}"


def _time(row: MessageRow, portal: Portal) -> dict[str, str]:
    """How long what the message carries still works, and until when. Better unsent than with a time made up."""
    if row.not_after is None:
        raise ValueError(f"{row.template} is queued with not_after, the moment from which it opens nothing")
    return {"time_left": _in_words(_minutes_left(int(row.not_after))), "until": _moment(int(row.not_after), portal)}


def _minutes_left(until: int) -> int:
    """Whole minutes as the message leaves us, which may have waited in the queue."""
    return max(1, (until - clock.timestamp() + _ON_ITS_WAY) // 60)


def _in_words(minutes: int) -> str:
    """Such as 30 minutes, 24 hours, 3 days, 2 days and 23 hours: never more than there is."""
    if minutes < _HOUR:
        return _counted(minutes, "minute")
    if minutes < 2 * _DAY:
        parts = (minutes // _HOUR, "hour"), (minutes % _HOUR, "minute")
    else:
        parts = (minutes // _DAY, "day"), (minutes % _DAY // _HOUR, "hour")
    return " and ".join(_counted(*part) for part in parts if part[0])


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}{'' if count == 1 else 's'}"


def _moment(seconds: int, portal: Portal) -> str:
    """Such as 30 June 2030 at 09:30 EDT, by the portal's clock. A zone without a name of its own is told as UTC-03."""
    local = datetime.fromtimestamp(seconds, ZoneInfo(portal.time_zone))
    zone = f"{local:%Z}"
    return f"{local.day} {local:%B %Y} at {local:%H:%M} {zone if zone.isalpha() else f'UTC{zone}'}"


def _day(iso: str) -> str:
    """2027-01-31 as 31 January 2027, which nobody reads the wrong way round."""
    day = date.fromisoformat(iso)
    return f"{day.day} {day:%B %Y}"


_DERIVED: Final[dict[str, Callable[[MessageRow, Portal, Context], dict[str, str]]]] = {
    wording.BATCH_IN_REVIEW.name: _batch,
    wording.ANSWER_REMINDER.name: _batch,
    wording.VERIFICATION_CODE.name: _code,
    wording.CLIENT_ANSWERED.name: _answer,
    wording.HELP_REQUEST.name: _help,
    wording_credentials.CREDENTIAL_CREATE.name: _credential_create,
    wording_credentials.PASSWORD_RESET.name: _link,
    wording_credentials.USERNAME_REMINDER.name: _username_reminder,
    wording_credentials.NEW_DEVICE.name: _new_device,
    wording_credentials.CREDENTIAL_CHANGED.name: _credential_changed,
    wording_credentials.CONTACT_CONFIRMATION.name: _link,
    wording_credentials.CONTACT_CHANGED.name: _contact_changed,
    wording_credentials.STAFF_INVITATION.name: _link,
    wording_credentials.TEMPORARY_PASSWORD.name: _temporary_password,
    wording_registration.REGISTRATION_INVITATION.name: _link,
    wording_registration.INVITATION_REMINDER.name: _link,
    wording_registration.REGISTRATION_RECEIVED.name: _nothing,
    wording_registration.REGISTRATION_WAITING.name: _nothing,
    wording_registration.REGISTRATION_APPROVED.name: _username_reminder,
    wording_registration.REGISTRATION_DENIED.name: _nothing,
    wording_registration.REGISTERED_BY_CLAIM.name: _nothing,
    wording_selfservice.SELF_SERVICE_LINK.name: _record_page,
    wording_selfservice.SELF_SERVICE_PASSWORD.name: _link,
    wording_records.RECORD_CHANGED.name: _record,
    wording_support.CALLER_CODE.name: _code,
    wording_support.HELP_ANSWER.name: _nothing,
    wording_support.SIGN_IN_UNLOCKED.name: _sign_in_unlocked,
    wording_work.TASK_REMINDER.name: _task_reminder,
    wording_work.CAMPAIGN_STOPPED.name: _nothing,
    **{template.name: _record_message for template in record_messages.MESSAGES_FOR_RECORDS},
}
