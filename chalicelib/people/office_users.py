"""Users of offices and providers, in the caller's transaction: added, let in, turned away.

Each belongs to a contact at the account that is their scope. One who waits for approval has a username and a password, and
no contact yet; being turned away frees the username. What administrators do with users is in `office_desk`.
"""

from __future__ import annotations

from ..facts import Act
from ..storage import Transaction, query
from . import accounts, authority, contacts, matching, user_changes, users
from .models import UserRow
from .shapes import Account, ContactDetails, QuestionAnswered, UserDetails
from .users import State, User


def add(
    tx: Transaction,
    act: Act,
    account: Account,
    *,
    user_id: str,
    username: str,
    username_key: str,
    role: str,
    details: UserDetails,
    password_hash: str,
    temporary_until: int | None = None,
    state: State = "active",
    contact_id: str | None = None,
    answers: tuple[QuestionAnswered, ...] = (),
    employee: ContactDetails | None = None,
) -> None:
    """Add a user of this account to the transaction; and a contact, unless it has one or waits for approval.

    `employee` is what is said of that contact, where it is more than of the user. Refused with UsernameTaken, and with
    Stale when the account was changed or closed since it was read.
    """
    row = accounts.account_row(act.portal, account.id)
    accounts.receive_user(tx, act.portal, account)
    if contact_id is None and state == "active":
        contact_id = contacts.add_contact(tx, act, row, employee or _contact(details), user_id=user_id).id
    users.add(
        tx,
        act.portal,
        user_id=user_id,
        kind="office",
        username=username,
        username_key=username_key,
        role=role,
        state=state,
        account_id=account.id,
        office_id=authority.office_of(account),
        contact_id=contact_id,
        cards=row.cards,
        details=details,
        emails=(details.email,) if details.email else (),
        password_hash=password_hash,
        temporary_until=temporary_until,
        answers=answers,
    )


def let_in(tx: Transaction, act: Act, user: User, account: Account, role: str) -> None:
    """Add to the transaction that a user who waited may sign in, in this role. Refused with Stale."""
    row = accounts.account_row(act.portal, account.id)
    accounts.receive_user(tx, act.portal, account)
    made = contacts.add_contact(tx, act, row, _contact(user.details), user_id=user.id)
    user_changes.change(
        tx, user, UserRow.state.set("active"), UserRow.role.set(role), UserRow.contact_id.set(made.id),
        UserRow.cards.set(row.cards),
    )  # fmt: skip


def turn_away(tx: Transaction, user: User) -> None:
    """Add to the transaction that a user who waited is gone, and the username free. Refused with Stale."""
    user_changes.remove(tx, user)


def addresses_of(portal: str, account: Account) -> dict[str, State]:
    """The (folded) addresses of those who are users of this very account, locked ones too, and how each stands."""
    found: dict[str, State] = {}
    own = (UserRow.account_id == account.id) & UserRow.state.is_in("active", "locked")
    partition, cursor = users.office_list(portal, authority.office_of(account)), None
    while True:
        page = query(UserRow, partition, index="by_account", only=own, limit=500, cursor=cursor)
        for row in page.items:
            found |= {matching.email_key(email): row.state for email in row.emails}  # type: ignore[misc]
        cursor = page.cursor
        if cursor is None:
            return found


def _contact(details: UserDetails) -> ContactDetails:
    return ContactDetails(
        first_name=details.first_name,
        middle_name=details.middle_name,
        last_name=details.last_name,
        title=details.title,
        emails=(details.email,) if details.email else (),
        landline=details.phone,
    )


__all__ = ["add", "addresses_of", "let_in", "turn_away"]
