"""What becomes of a code once it is asked for: whether it may be sent, was sent, arrived, and was typed rightly and in time."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from .. import clock, facts
from ..facts import Kind
from ..messaging.reading import Message
from ..security.limits import CODE_SENDS, CODE_SENDS_A_DAY
from . import attempts
from .case import Case, Finding, moment, passed, untold

_CODE: Final = "verification-code"


def takes_messages(case: Case) -> Finding:
    """Whether anything is sent to the address."""
    if case.on_file is None:
        return untold("which email address or mobile number they typed")
    return not_suppressed(case, *case.on_file)


def not_locked(case: Case) -> Finding:
    """Whether wrong codes keep this person out."""
    locked = case.lockout(case.tried_as)
    if locked is None:
        return passed("Not locked. A browser that has signed in before has tries of its own.")
    if locked.until is None:
        return case.failed("Locked by too many wrong codes, until staff unlock it.", "unlock-contact")
    return case.failed(f"Locked by too many wrong codes. It opens by itself {moment(locked.until)}.", "unlock-contact")


def code_sent(case: Case) -> Finding:
    """Whether a code was sent the last time one was asked for."""
    held = case.code_attempts
    newest = held.newest(Kind.CODE_REQUESTED, Kind.CODE_NOT_SENT, Kind.SIGNED_IN)
    if newest is None:
        return Finding("not-reached", "No code was asked for in the last seven days. Ask the caller to try now.")
    if newest.kind != Kind.CODE_NOT_SENT:
        return passed("A code was sent.")
    check = str(newest.changes.get("check", ""))
    if check == "sends-used-up":
        return case.failed("As many codes as may be have gone to this address for now.", "wait")
    why = attempts.CHECKS.get(check, "what was typed did not match")
    return case.failed(
        f"The newest try at this account ({_ago(newest.at)}) is not what you were told: {why}.", "try-again"
    )


def codes_left(case: Case) -> Finding:
    """Whether further codes may be sent."""
    held, now = case.code_attempts, clock.timestamp()
    newest = held.newest(Kind.CODE_REQUESTED, Kind.SIGNED_IN)
    for limit, words in ((CODE_SENDS, "quarter of an hour"), (CODE_SENDS_A_DAY, "day")):
        since = clock.text(now - limit.seconds + 1) or ""
        if newest and newest.kind == Kind.CODE_REQUESTED and held.since(since, Kind.CODE_REQUESTED) >= limit.count:
            return case.failed(f"{limit.count} codes were sent within a {words}, so no more are for now.", "wait")
    return passed("Further codes may be sent.")


def code_arrived(case: Case) -> Finding:
    """Whether the newest code arrived."""
    about = facts.subject("contact", case.card.contact_id) if case.card else ""
    message = case.code_attempts.message(_CODE, about=about) if about else None
    if message is None:
        return Finding("not-reached", "No code was sent in the last seven days.")
    newest = case.code_attempts.newest(Kind.SIGNED_IN)
    if newest and newest.at > message.created_at:
        return passed("It was used.")
    return arrived(case, message)


def code_entered(case: Case) -> Finding:
    """Whether the newest code was typed in time, and rightly."""
    held = case.code_attempts
    asked = held.newest(Kind.CODE_REQUESTED, Kind.SIGNED_IN)
    if asked is None:
        return Finding("not-reached", "No code was asked for in the last seven days.")
    if asked.kind == Kind.SIGNED_IN:
        return passed(f"Signed in {_ago(asked.at)}.")
    wrong = held.since(asked.at, Kind.CODE_WRONG)
    if wrong:
        times = "once" if wrong == 1 else f"{wrong} times"
        return case.failed(f"A wrong code was typed {times} since the newest was sent.", "newest-code")
    until = _seconds(asked.at) + case.portal.policy.code_minutes * 60
    if until <= clock.timestamp():
        return case.failed(f"The newest code ran out {moment(until)}, and was not typed.", "newest-code")
    return passed(f"The newest code has not been typed yet. It runs out {moment(until)}.")


def arrived(case: Case, message: Message) -> Finding:
    """What became of a message, and what to do about it."""
    text = message.status_text
    match message.status:
        case "unknown":
            return case.failed(text, "release-message", message=message.id)
        case "bounced" | "complained":
            return case.failed(text, whose_address(case))
        case "suppressed":
            return case.failed(text, "text-start" if message.reason == "opted-out" else "lift-suppression")
        case "expired":
            return case.failed(text, "newest-code")
        case "failed":
            on_policy = message.reason in ("country-not-allowed", "sms-limit-reached", "sms-budget-spent")
            return case.failed(text, "change-policy" if on_policy else whose_address(case))
        case _:
            return passed(text)


def not_suppressed(case: Case, channel: str, address: str) -> Finding:
    """Whether something stands against sending to an address."""
    why = case.suppressed(channel, address)
    if why is None:
        return passed("Messages to this address are sent.")
    if why == "opted-out":
        return case.failed("The owner of this number answered STOP, so no text message is sent to it.", "text-start")
    said = "bounced" if why == "bounced" else "was reported as spam" if why == "complained" else why
    return case.failed(
        f"A message to this address {said}, so nothing more is sent to it. Correct the address if it is wrong; lift the "
        "block once you know that it works.",
        "lift-suppression", body={"channel": channel, "recipient": address},
    )  # fmt: skip


def whose_address(case: Case) -> str:
    """Whose address is to be corrected: the contact's, a user's own, or the account's."""
    if case.told.way == "code":
        return "correct-contact" if case.card else "correct-account"
    kind = case.user.kind if case.user else "customer"
    return {"staff": "correct-staff", "office": "correct-user"}.get(kind, "correct-account")


def _ago(at: str) -> str:
    return moment(_seconds(at))


def _seconds(at: str) -> int:
    return int(datetime.fromisoformat(at).timestamp())
