"""The real attempts of somebody at the door: facts and messages of the last days, in plain words, newest first.

Facts and the delivery log never hold a code, a link or a password, so nothing here can tell one.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Final

from msgspec import Struct

from .. import clock, facts
from ..facts import Fact, Kind
from ..messaging import addresses, reading
from ..messaging.reading import Message
from ..messaging.statuses import Status
from ..storage import together
from .diagnosis_shapes import Attempt

SECONDS: Final = 7 * 24 * 3600
MOST: Final = 50
_OF_ONE: Final = 50  # facts, and messages, that are read of one subject
CHECKS: Final = {  # the words of `signin.by_client_number.match`
    "number": "nobody has the client number that was typed",
    "last-name": "no contact of the account has the last name that was typed",
    "account-closed": "the account is closed",
    "destination": "what was typed is not the address on file",
    "nothing-open": "nothing was open to the contact",
    "several": "it fits several contacts",
    "sends-used-up": "as many codes as may be had gone to the address",
}
WORDS: Final[dict[str, str]] = {
    Kind.CODE_REQUESTED: "A code was asked for, by {by}.",
    Kind.CODE_NOT_SENT: "A code was asked for, and none was sent: {why}.",
    Kind.CODE_WRONG: "A wrong code was typed.",
    Kind.SIGNED_IN: "Signed in.",
    Kind.STAFF_SIGNED_IN: "Signed in.",
    Kind.PASSWORD_WRONG: "A wrong password was typed.",
    Kind.PASSWORD_RIGHT: "The right password was typed.",
    Kind.FACTOR_SENT: "A code for the second step was sent, by {by}.",
    Kind.FACTOR_WRONG: "A wrong code was typed in the second step.",
    Kind.ANSWER_WRONG: "A security question was answered wrongly.",
    Kind.RESET_ASKED_FOR: "A new password was asked for.",
    Kind.RESET_SENT: "Staff sent a link to reset the password.",
    Kind.USERNAME_ASKED_FOR: "The username was asked for.",
    Kind.CREDENTIAL_ASKED_FOR: "A first link was asked for.",
    Kind.CREDENTIAL_INVITED: "Staff sent the link to create a credential.",
    Kind.CREDENTIAL_INVITED_BY_ITSELF: "The link to create a credential was sent.",
    Kind.LINK_OPENED: "The button of a link was pressed.",
    Kind.CREDENTIAL_CREATED: "Username and password were chosen.",
    Kind.PASSWORD_RESET: "A new password was chosen by a link.",
    Kind.PASSWORD_CHANGED: "The password was changed.",
    Kind.NOTHING_SENT: "A link was asked for, and none was sent: nobody is known by what was typed.",
    Kind.CREDENTIAL_UNLOCKED: "Staff unlocked the sign-in.",
    Kind.CONTACT_UNLOCKED: "Staff unlocked the sign-in.",
    Kind.USER_FACTOR_RESET: "Staff reset the second factor.",
    Kind.STAFF_FACTOR_RESET: "Staff reset the second factor.",
    Kind.DISAVOWED: 'The owner pressed "This was not me".',
    Kind.SELF_SERVICE_ENABLED: "Staff enabled self-service.",
    Kind.SELF_SERVICE_DISABLED: "Staff disabled self-service.",
    Kind.SELF_SERVICE_PASSWORD_SENT: "Staff sent the link to the password.",
    Kind.SELF_SERVICE_PASSWORD_ASKED_FOR: "A link to the password was asked for.",
    Kind.SELF_SERVICE_PASSWORD_SHOWN: "The generated password was looked at.",
    Kind.OFFICE_USER_PASSWORD_SENT: "A temporary password was sent.",
    Kind.STAFF_PASSWORD_SENT: "A temporary password was sent.",
    Kind.CONTACT_CHANGED: "The contact was changed.",
}
TEMPLATES: Final = frozenset(
    {
        "verification-code", "credential-create", "password-reset", "username-reminder", "temporary-password",
        "staff-invitation", "self-service-link", "self-service-password", "registration-invitation", "batch-in-review",
    }
)  # fmt: skip


class Held(Struct, frozen=True):
    """The facts and messages of one person's attempts, each newest first."""

    facts: tuple[Fact, ...] = ()
    messages: tuple[Message, ...] = ()

    def newest(self, *kinds: Kind) -> Fact | None:
        """The newest fact of these kinds."""
        return next((fact for fact in self.facts if fact.kind in kinds), None)

    def since(self, moment: str, *kinds: Kind) -> int:
        """How many facts of these kinds there are since a moment."""
        return sum(fact.kind in kinds and fact.at >= moment for fact in self.facts)

    def message(self, *templates: str, about: str = "") -> Message | None:
        """The newest message of these templates, about one subject if it is named."""
        return next(
            (each for each in self.messages if each.template in templates and about in ("", each.about)), None
        )  # fmt: skip

    def shown(self) -> tuple[Attempt, ...]:
        """All of them, newest first."""
        held = [(fact.id, _of_fact(fact)) for fact in self.facts if fact.kind in WORDS]
        held += [(each.id, _of_message(each)) for each in self.messages]
        held.sort(key=lambda each: (each[1].at, each[0]), reverse=True)
        return tuple(attempt for _, attempt in held[:MOST])


def read(portal: str, subjects: Iterable[str]) -> Held:
    """What happened to these subjects (as facts name them), and what was sent about them, in the last days."""
    wanted = tuple(dict.fromkeys(subjects))
    since = clock.text(clock.timestamp() - SECONDS) or ""
    read_facts = [partial(_facts, portal, subject, since) for subject in wanted]
    read_messages = [partial(_messages, portal, each, since) for each in wanted if not each.startswith("sign-in:")]
    told: list[list[Fact]] = together(read_facts)
    sent: list[list[Message]] = together(read_messages)
    return Held(
        tuple(sorted((each for some in told for each in some), key=lambda fact: fact.id, reverse=True)),
        tuple(sorted((each for some in sent for each in some), key=lambda each: each.created_at, reverse=True)),
    )


def _facts(portal: str, subject: str, since: str) -> list[Fact]:
    found = facts.about(portal, subject, limit=_OF_ONE).items
    return [fact for fact in found if fact.at >= since]


def _messages(portal: str, subject: str, since: str) -> list[Message]:
    found = reading.listed(portal, about=subject, limit=_OF_ONE).items
    return [each for each in found if each.template in TEMPLATES and each.created_at >= since]


def _of_fact(fact: Fact) -> Attempt:
    by = {"sms": "text message"}.get(str(fact.changes.get("by", "")), str(fact.changes.get("by", "")))
    why = CHECKS.get(str(fact.changes.get("check", "")), "what was typed does not match")
    return Attempt(at=fact.at, kind=fact.kind, text=WORDS[fact.kind].format(by=by, why=why))


def _of_message(message: Message) -> Attempt:
    what = "A text message" if message.channel == "sms" else "A mail"
    return Attempt(
        at=message.created_at,
        kind=f"message:{message.template}",
        text=f"{what} ({message.template}), {Status(message.status).value}: {message.status_text}",
        message_id=message.id,
        channel=message.channel,
        recipient=addresses.masked(message.channel, message.recipient),
        status=message.status,
    )
