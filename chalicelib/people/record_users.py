"""The user of a record: who holds an account's own portal link, and the password that was generated for it.

Its username is the code in that link, its id follows from the account's, so there is one at most beside the account's own
user. The password is worked out from `User.generated` whenever its link is pressed; the row holds its hash alone. Once the
client has chosen another one, `generated` is empty and links lead to choosing anew.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from typing import Final

from .. import facts, ids
from ..facts import Act, Kind
from ..messaging.queue import queue
from ..security import keys, links, passwords
from ..security.links import Link, Purpose
from ..storage import Transaction
from . import matching, user_changes, users
from .models import AccountRow
from .shapes import Account, AccountInput
from .telling import tell_replaced
from .users import User

RECORD_TYPES: Final = frozenset({"lead", "client", "customer"})
LINK_SECONDS: Final = 72 * 3600  # docs/security.md, "Decided numbers"
_PURPOSE: Final = "self-service-password"
_HELD_BY: Final[tuple[Purpose, ...]] = (_PURPOSE, "password-reset", "not-me", "contact-confirmation")
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is read as something else
_LENGTH = 12  # 59 bits: nobody finds a record by trying
_CODE = re.compile(f"rec-[{_LETTERS}]{{{_LENGTH}}}")


def id_of(portal: str, account_id: str) -> str:
    """The id that the user of this account's record has, whether or not there is one."""
    return hashlib.sha256(f"{portal}#{account_id}#record".encode()).hexdigest()[:32]


def is_code(text: str) -> bool:
    """Whether `text` could be the code of a record."""
    return _CODE.fullmatch(text) is not None


def of_account(portal: str, account_id: str) -> User | None:
    """The user of this account's record; None while self-service is off."""
    return users.by_id(portal, id_of(portal, account_id))


def add(tx: Transaction, portal: str, account: Account, cards: str) -> tuple[str, str]:
    """Add a new user with a new code and a new password to the transaction; their id and code. Refused with Conflict."""
    code, user_id = f"rec-{''.join(secrets.choice(_LETTERS) for _ in range(_LENGTH))}", id_of(portal, account.id)
    password, generated = new_password(portal, user_id)
    users.add(
        tx, portal, user_id=user_id, kind="record", username=code, username_key=code, account_id=account.id, cards=cards,
        emails=account.primary_emails, password_hash=passwords.hashed(password), generated=generated,
    )  # fmt: skip
    return user_id, code


def new_password(portal: str, user_id: str) -> tuple[str, str]:
    """A password, and what it is worked out from."""
    nonce, version = ids.new(), keys.current()
    return passwords.generated(portal, user_id, nonce, version), f"{version}.{nonce}"


def password_of(user: User) -> str:
    """The password that was generated. Raises UnknownVersion when the key it was made with is kept no longer."""
    version, nonce = user.generated.split(".")
    return passwords.generated(user.portal, user.id, nonce, int(version))


def has_generated(user: User) -> bool:
    """Whether the generated password lets this user in: not once they chose another, nor while they are locked."""
    return bool(user.generated) and user.is_active


def send_password(
    tx: Transaction, act: Act, user_id: str, emails: Iterable[str], kind: Kind, *, subject: str = ""
) -> Link:
    """Add a link to the generated password to the transaction, over any older one; a mail to each of the addresses.

    `subject` is what the fact is about, if not the user: what staff do is told of the account.
    """
    subject = subject or facts.subject("user", user_id)
    link = links.issue(tx, act.portal, _PURPOSE, user_id, seconds=LINK_SECONDS)
    place = -1
    for place, address in enumerate(emails):
        queue(
            tx, act, template=_PURPOSE, channel="email", to=address, about=subject, context=links.context(link, place),
            urgent=True, not_after=link.valid_until,
        )  # fmt: skip
    facts.record(tx, act, kind, subject, {"addresses": place + 1})
    return link


def remove(tx: Transaction, user: User) -> None:
    """Add to the transaction that link and password are over for good, with every session. Refused with Stale."""
    user_changes.remove(tx, user)
    _cancel(tx, user, _HELD_BY)


def keep_in_step(tx: Transaction, act: Act, row: AccountRow, before: AccountInput, *, has_moved: bool) -> None:
    """Add to the transaction what a change of the account means for the user of its record, if it has one.

    The user follows number and primary emails; where those are others, no link that is on its way opens anything. An
    account that becomes what has no self-service ends it.
    """
    after = row.details
    has_other_emails = before.primary_emails != after.primary_emails
    is_over = after.record_type not in RECORD_TYPES
    if not (has_moved or has_other_emails or is_over):
        return
    user = of_account(act.portal, str(row.created_key))
    if user is None:
        return
    if is_over:
        remove(tx, user)
        facts.record(tx, act, Kind.SELF_SERVICE_ENDED, facts.subject("account", str(row.created_key)))
        return
    user_changes.follow_account(tx, user, cards=row.cards, emails=after.primary_emails)
    if has_other_emails:
        _cancel(tx, user, (_PURPOSE, "password-reset"))
        kept = {matching.email_key(email) for email in after.primary_emails}
        gone = [email for email in before.primary_emails if matching.email_key(email) not in kept]
        if gone and not user.is_untouched:
            tell_replaced(tx, act, user, gone)


def _cancel(tx: Transaction, user: User, purposes: Iterable[Purpose]) -> None:
    for purpose in purposes:
        links.cancel(tx, user.portal, purpose, user.id)
