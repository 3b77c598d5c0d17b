"""Why a username and a password, or a record's own link, let nobody in: every check in the order of the door."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .. import clock, facts
from ..facts import Kind
from ..people.users import User, tried_as
from ..security.links import Purpose
from ..signin import doors
from .case import Case, Finding, moment, passed, untold
from .checks_of_codes import portal_open
from .checks_of_sending import arrived, not_suppressed, whose_address

Look = Callable[[Case], Finding]
_CARRIES: Final = (
    "credential-create", "password-reset", "temporary-password", "staff-invitation", "self-service-password",
)  # fmt: skip
_IN: Final = (Kind.SIGNED_IN, Kind.STAFF_SIGNED_IN)
_CHOSEN: Final = (Kind.PASSWORD_RIGHT, Kind.PASSWORD_RESET, Kind.PASSWORD_CHANGED, Kind.CREDENTIAL_CREATED, *_IN)


def username_known(case: Case) -> Finding:
    """Whether somebody has the username, and it is the one of the account."""
    typed, user, given = case.told.username, case.user, case.given
    if user is not None:
        if given is not None and user.account_id != given.id:
            return case.failed(f"This username is not one of {given.name}.", "verify-caller", detail=_TELL)
        return passed("Somebody has this username." if typed else "The account has a user.")
    if typed:
        return case.failed(f'Nobody has the username "{typed}".', "find-person")
    if case.account is None:
        return untold("which username they typed")
    return case.failed(f"{case.account.name} has no username yet.", "send-create")


def account_known(case: Case) -> Finding:
    """Whether we know whose record this is."""
    if case.account is not None:
        return passed(f"The account is {case.account.name}.")
    if case.user is not None:
        return passed("The record is known by its link.")
    return untold("which account they are of")


def right_door(case: Case) -> Finding:
    """Whether this user signs in where they tried."""
    user = case.user
    if user is None:
        return untold("which username they typed")
    at = f"/{case.slug}"
    if user.kind == "staff":
        return passed(f"A colleague: they sign in at {at}/staff/sign-in, and nowhere else.")
    if user.kind == "record":
        return passed(f"A record's own user: they sign in at {at}/my/{user.username}, with a password alone.")
    if user.kind == "customer" and not case.portal.policy.asks_password:
        return case.failed("Clients of this portal sign in by a code, not by username and password.", "change-policy")
    return passed(f"They sign in at {at}/sign-in/password.")


def account_open(case: Case) -> Finding:
    """Whether the account that the user is of is open."""
    account = case.users_account or case.account
    if account is None:
        return passed("The user belongs to no account.")
    if account.status == "open":
        return passed("The account is open.")
    return case.failed(f"{account.name} is closed.", "open-account", account=account.id, body={"status": "open"})


def self_service_on(case: Case) -> Finding:
    """Whether self-service is on for the account."""
    if case.user is not None:
        return passed("Self-service is on.")
    if case.account is None:
        return untold("which account they are of")
    return case.failed(
        "Self-service is off: the old link and password open nothing any more. Enabled again, there are new ones.",
        "enable-self-service",
    )


def user_active(case: Case) -> Finding:
    """Whether the user may sign in at all."""
    user = case.user
    if user is None:
        return untold("which username they typed")
    if user.state == "locked":
        if user.is_disavowed:
            return case.failed(
                'Locked: the owner pressed "This was not me" in a mail from us.', "send-link", user=user.id
            )
        note = f' ("{user.lock_note}")' if user.lock_note else ""
        return case.failed(f"Locked by staff{note}.", "unlock-user", user=user.id)
    if user.state == "deactivated":
        return case.failed("The colleague is deactivated.", "reactivate-staff", user=user.id)
    if user.state == "deleted":
        return case.failed("The user is deleted.", "restore-user", user=user.id)
    if user.state == "pending":
        return case.failed("The registration waits for review.", "decide-registration")
    return passed("The user is active.")


def mail_arrives(case: Case) -> Finding:
    """Whether the newest mail with a link or a temporary password arrived."""
    user, held = case.user, case.user_attempts
    addresses = user.reset_emails if user else case.account.primary_emails if case.account else ()
    if not addresses:
        return case.failed("No email address is on file that a link could go to.", whose_address(case))
    blocked = [not_suppressed(case, "email", address) for address in addresses]
    if all(each.outcome == "failed" for each in blocked):
        return blocked[0]
    message, chosen = held.message(*_CARRIES), held.newest(*_CHOSEN)
    if message is not None and not (chosen and chosen.at > message.created_at):
        found = arrived(case, message)
        if found.outcome == "failed":
            return found
    return passed("Mails to this user arrive, as far as we are told.")


def password_chosen(case: Case) -> Finding:
    """Whether the user has a password at all; else how the link to choose one stands."""
    user = case.user
    if user is None:
        return untold("which username they typed")
    if user.password_hash is not None:
        return passed("A password has been chosen." if not user.generated else "The generated password is in use.")
    purpose: Purpose = "staff-invitation" if user.kind == "staff" else "credential-create"
    return case.failed(
        f"No password has been chosen yet. {_link_words(case, purpose, user)}", "send-link", user=user.id
    )


def password_in_time(case: Case) -> Finding:
    """Whether a temporary password has run out."""
    user = case.user
    if user is None or user.temporary_until is None:
        return passed("The password is no temporary one.")
    if user.temporary_until <= clock.timestamp():
        return case.failed(f"The temporary password ran out {moment(user.temporary_until)}.", "send-link", user=user.id)
    text = f"The password is a temporary one. It runs out {moment(user.temporary_until)}, and is changed at first use."
    return passed(text)


def link_usable(case: Case) -> Finding:
    """Whether the newest link to a new password can still be used, where nobody has signed in since."""
    user = case.user
    if user is None:
        return untold("which username they typed")
    purposes: tuple[Purpose, ...] = (
        ("self-service-password", "password-reset") if user.kind == "record" else ("password-reset",)
    )
    chosen = case.user_attempts.newest(*_CHOSEN)
    for purpose in purposes:
        standing = case.link(purpose, user.id)
        if standing is None or (chosen and chosen.at > (clock.text(standing.sent_at) or "")):
            continue
        if user.signed_in_at and user.signed_in_at > standing.sent_at:
            continue
        if standing.state == "expired":
            text = f"The newest link ran out {moment(standing.valid_until)}, and was not used."
            return case.failed(text, "send-link", user=user.id)
        if standing.state == "opened" and purpose == "password-reset":
            text = "The button of the newest link was pressed, and no password chosen. A link opens once."
            return case.failed(text, "send-link", user=user.id)
        if standing.state == "live":
            return passed(f"A link is on its way. It runs out {moment(standing.valid_until)}.")
    return passed("No link is waited for.")


def not_locked_out(case: Case) -> Finding:
    """Whether wrong tries in a row keep the user out."""
    user = case.user
    if user is None:
        return untold("which username they typed")
    locked = case.lockout(tried_as(user.side, user.username_key))
    if locked is None:
        return passed("Not locked out. A browser that has signed in before has tries of its own.")
    when = "until staff unlock it" if locked.until is None else f"and opens by itself {moment(locked.until)}"
    return case.failed(f"Locked out by too many wrong tries, {when}.", "unlock-user", user=user.id)


def password_right(case: Case) -> Finding:
    """Whether the password typed last was the right one."""
    user, held = case.user, case.user_attempts
    newest = held.newest(Kind.PASSWORD_WRONG, *_CHOSEN)
    if newest is None:
        return Finding("not-reached", "No password was typed in the last seven days. Ask the caller to try now.")
    if newest.kind != Kind.PASSWORD_WRONG or user is None:
        return passed("The right one was typed, or a new one chosen.")
    right = held.newest(*_CHOSEN)
    count = held.since(right.at if right else "", Kind.PASSWORD_WRONG)
    times = "once" if count == 1 else f"{count} times in a row"
    return case.failed(f"A wrong password was typed {times}.", "send-link", user=user.id)


def second_factor(case: Case) -> Finding:
    """Whether the second step can be done."""
    user, portal = case.user, case.portal
    if user is None:
        return untold("which username they typed")
    if user.must_set_up:
        if not user.reset_emails:
            text = "The second factor was reset, and no address is on file for the code that sets up a new one."
            return case.failed(text, whose_address(case))
        return passed("The second factor was reset: a code goes to the address on file, and a new one is set up.")
    needed = user.kind == "staff" or doors.is_manager(portal, user) or portal.policy.second_factor == "required"
    if not user.factors:
        return passed("No second factor yet: it is set up at the sign-in." if needed else "No second factor is asked.")
    wrong = case.user_attempts.newest(Kind.FACTOR_WRONG, Kind.PASSWORD_WRONG, *_IN)
    if wrong and wrong.kind == Kind.FACTOR_WRONG:
        text = "Wrong codes were typed in the second step. Is it another phone, or one whose clock is wrong?"
        return case.failed(text, "reset-factors", detail="once the caller is verified", user=user.id)
    ways = {"totp": "an authenticator app", "sms": "a text message"}
    return passed(f"The second step is asked: {' or '.join(ways[each] for each in user.factors)}.")


def factor_arrived(case: Case) -> Finding:
    """Whether the newest code of the second step arrived."""
    user = case.user
    message = case.user_attempts.message("verification-code", about=facts.subject("user", user.id)) if user else None
    signed_in = case.user_attempts.newest(*_IN)
    if message is None or (signed_in and signed_in.at > message.created_at):
        return passed("No code is on its way.")
    return arrived(case, message)


def signed_in(case: Case) -> Finding:
    """Whether they got in after all."""
    newest = case.user_attempts.newest(*_IN)
    return passed("Signed in lately.") if newest else Finding("not-reached", "Not signed in in the last seven days.")


_TELL: Final = "then tell them their username"
_OF_ALL: Final[tuple[tuple[str, str, Look], ...]] = (
    ("user-active", "May the user sign in at all?", user_active),
    ("mail-arrives", "Do mails with a link arrive?", mail_arrives),
    ("password-chosen", "Has a password been chosen?", password_chosen),
    ("password-in-time", "Is the password still valid?", password_in_time),
    ("link-usable", "Can the newest link be used?", link_usable),
    ("not-locked-out", "Is the sign-in unlocked?", not_locked_out),
    ("password-right", "Was the right password typed?", password_right),
    ("second-factor", "Can the second step be done?", second_factor),
    ("factor-arrived", "Did the code of the second step arrive?", factor_arrived),
    ("signed-in", "Did they get in after all?", signed_in),
)
OF_PASSWORDS: Final[tuple[tuple[str, str, Look], ...]] = (
    ("portal-open", "Is the portal open?", portal_open),
    ("username-known", "Has somebody this username?", username_known),
    ("right-door", "Is it the right page to sign in?", right_door),
    ("account-open", "Is the account open?", account_open),
    *_OF_ALL,
)
OF_RECORDS: Final[tuple[tuple[str, str, Look], ...]] = (
    ("portal-open", "Is the portal open?", portal_open),
    ("account-known", "Is the account known?", account_known),
    ("account-open", "Is the account open?", account_open),
    ("self-service-on", "Is self-service on?", self_service_on),
    *_OF_ALL,
)


def _link_words(case: Case, purpose: Purpose, user: User) -> str:
    standing = case.link(purpose, user.id)
    if standing is None:
        return "No link to choose one was sent."
    if standing.state == "expired":
        return f"The link to choose one ran out {moment(standing.valid_until)}."
    if standing.state == "opened":
        return "The button of the link was pressed, and none chosen. A link opens once."
    if standing.state == "live":
        return (
            f"The link to choose one was sent {moment(standing.sent_at)}, and runs out {moment(standing.valid_until)}."
        )
    return "The link to choose one was used."
