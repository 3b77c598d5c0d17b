"""Self-registration: somebody outside asks to become a user of an office or provider, page by page (see `attempts`).

    find_offices  the offices and providers of an identifier
    submit        one transaction: the user with the chosen password, the request's next state, the messages, the facts

A user who waits for approval has the username reserved, and enters with it only once somebody has approved. Whoever knows a
historical claim number is let in at once where the portal says so, but never as an administrator.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from .. import clock, facts
from ..errors import Conflict, Invalid, Stale, TooMany
from ..facts import Act, Kind
from ..messaging.queue import queue
from ..people import contacts, matching, office_users, offices, usernames, users
from ..people.authority import office_of
from ..people.shapes import Account, QuestionAnswered, UserDetails
from ..people.users import UsernameTaken
from ..portals import Portal
from ..portals.roles import PortalRole
from ..security import limits, passwords
from ..signin import own_password, questions
from ..storage import Action, Transaction, afresh, beside
from . import checks, entries
from .abandoned import is_open
from .approvers import approvers
from .attempts import Attempt
from .models import RegistrationRow
from .proving import AttemptOver, place
from .shapes import ChecksGiven
from .statuses import Event, Status

_MOST_TOLD = 20  # addresses of an office that hear of a user who was let in by a claim number
_OF_PLACE = (
    "level", "account_id", "office_id", "account_name", "account_number", "identifier", "qualifier", "role", "asked_role",
    "applicant", "email_key",
)  # fmt: skip


class _Asked(Struct, frozen=True):
    """What is asked for, checked and decided, before anything is written."""

    username: str
    password_hash: str
    answers: tuple[QuestionAnswered, ...]
    outcome: ChecksGiven
    event: Event
    told: tuple[str, ...]


def find_offices(portal: str, address: str, identifier: str, qualifier: str) -> list[Account]:
    """The open offices and providers of an identifier. Raises TooMany, per client address and per portal."""
    beside(
        lambda: limits.take(portal, "offices-sought", address, limits.OFFICES_SOUGHT_PER_ADDRESS),
        lambda: limits.take(portal, "offices-sought", "all", limits.OFFICES_SOUGHT),
    )
    return offices.found(portal, identifier, qualifier)


def submit(
    act: Act,
    portal: Portal,
    attempt: Attempt,
    address: str,
    *,
    username: str,
    password: str,
    given: Mapping[str, str],
) -> Status:
    """Ask; how it stands then. `given` holds questions and answers. Raises Invalid (with the fields) and AttemptOver.

    Asked twice, by two presses or because the answer was lost, it is one request, and the second is told of the first.
    """
    row, namesake = beside(
        lambda: entries.found(act.portal, attempt.id), lambda: users.find(act.portal, usernames.key(username))
    )
    if row is None:
        raise AttemptOver
    if (already := _already(row, attempt)) is not None:
        return already
    account, role = place(portal, attempt)
    is_taken = namesake is not None and namesake.id != attempt.id  # else a twin of this press was quicker
    chosen = _username(portal, account, attempt, username, password, is_taken=is_taken)
    answers = questions.chosen(portal.policy.security_questions, given) or ()
    made, outcome = passwords.hashed(password), _checked(act.portal, account, attempt, address)
    event: Event = "approve-itself" if _approves_itself(portal, role, outcome) else "submit"
    asked = _Asked(chosen, made, answers, outcome, event, tuple(_told(portal, account, event)))
    try:
        return afresh(lambda: _submitted(act, portal, attempt, row, asked))
    except (Conflict, Stale, UsernameTaken) as refusal:
        already = _already(entries.found(act.portal, attempt.id), attempt)
        if already is not None:
            return already
        if isinstance(refusal, UsernameTaken):
            raise Invalid(fields={"username": refusal.text}) from refusal
        raise


def standing(portal: str, attempt: Attempt) -> Status | None:
    """How a submitted request stands now; None if there is none."""
    row = entries.found(portal, attempt.id) if attempt.id else None
    return Status(row.status) if row and row.status != Status.STARTED.value else None


def _already(row: RegistrationRow | None, attempt: Attempt) -> Status | None:
    """How a request stands that was submitted before; None where it may be submitted now. Raises AttemptOver."""
    if row is None or row.email_key != matching.email_key(attempt.email) or row.status == Status.INVALIDATED.value:
        raise AttemptOver
    if row.status != Status.STARTED.value:
        return Status(row.status)
    if not is_open(row):
        raise AttemptOver
    return None


def _username(portal: Portal, account: Account, attempt: Attempt, typed: str, password: str, *, is_taken: bool) -> str:
    """The username typed. Names the faults of both fields at once."""
    wrong: dict[str, str] = {}
    chosen = ""
    try:
        chosen = usernames.checked(typed)
    except Invalid as refusal:
        wrong |= refusal.fields
    if is_taken and not wrong:
        wrong["username"] = UsernameTaken.text
    said = (attempt.first_name, attempt.middle_name, attempt.last_name, attempt.email)
    try:
        words = (*own_password.words(portal, typed[:100], account, None), *said)
        passwords.check(password, least=portal.policy.password_least, words=words)
    except Invalid as refusal:
        wrong |= refusal.fields
    if wrong:
        raise Invalid(fields=wrong)
    return chosen


def _checked(portal: str, account: Account, attempt: Attempt, address: str) -> ChecksGiven:
    """How the checks came out. Counted first: after five in a day, of a record or from an address, all are wrong."""
    if not (attempt.claim_number or attempt.birth_date):
        return ChecksGiven()
    try:
        beside(
            lambda: limits.take(portal, "checks", account.id, limits.CHECKS_PER_ACCOUNT),
            lambda: limits.take(portal, "checks-from", address, limits.CHECKS_PER_ADDRESS),
        )
    except TooMany:
        return ChecksGiven(
            claim_number="not-matched" if attempt.claim_number else "not-given",
            birth_date="not-matched" if attempt.birth_date else "not-given",
        )
    return checks.outcome(portal, account, attempt.claim_number, attempt.birth_date)


def _approves_itself(portal: Portal, role: PortalRole, outcome: ChecksGiven) -> bool:
    """The one exception to "what somebody knows only finds a record": a claim number, where the portal says so."""
    is_shown = outcome.claim_number == "matched" and outcome.birth_date != "not-matched"
    return portal.registration.auto_approve and is_shown and not role.is_manager


def _told(portal: Portal, account: Account, event: Event) -> list[str]:
    """Who hears of it besides the applicant: whoever decides; or the office, of a user who was let in by a claim number."""
    if event == "submit":
        try:
            limits.take(portal.slug, "waiting-mails", office_of(account), limits.WAITING_MAILS)
        except TooMany:
            return []  # it waits in the console all the same
        return approvers(portal, account)
    if account.primary_emails:
        return list(account.primary_emails)
    people = contacts.listed(portal.slug, account_id=account.id, sort="created_at", limit=_MOST_TOLD).items
    return list(dict.fromkeys(each.emails[0] for each in people if each.emails)) or list(
        portal.notifications.staff_emails
    )


def _submitted(act: Act, portal: Portal, attempt: Attempt, row: RegistrationRow, asked: _Asked) -> Status:
    """One try at it. Raises Stale when the account was changed meanwhile."""
    account, role = place(portal, attempt)
    act = act.by(f"user:{attempt.id}")
    tx = act.transaction()
    actions = _as_of_now(row, entries.new(
        portal, attempt.id, kind="request", status=Status.STARTED, account=account, role=role, applicant=attempt.applicant
    ))  # fmt: skip
    row.username = asked.username
    now = clock.timestamp()
    status = entries.move(
        tx,
        act.portal,
        row,
        asked.event,
        *actions,
        RegistrationRow.checks.set(asked.outcome),
        RegistrationRow.username.set(asked.username),
        RegistrationRow.username_key.set(usernames.key(asked.username)),
        RegistrationRow.user_id.set(attempt.id),
        RegistrationRow.search_text.set(entries.searchable(row)),
        RegistrationRow.submitted_at.set(now),
        *((RegistrationRow.decided_at.set(now),) if asked.event == "approve-itself" else ()),
    )
    office_users.add(
        tx,
        act,
        account,
        user_id=attempt.id,
        username=asked.username,
        username_key=usernames.key(asked.username),
        role=role.key,
        details=_details(attempt),
        password_hash=asked.password_hash,
        state="active" if asked.event == "approve-itself" else "pending",
        answers=asked.answers,
    )
    about = facts.subject("registration", attempt.id)
    facts.record(tx, act, Kind.REGISTRATION_SUBMITTED, about, {"account": account.id, "role": role.key})
    facts.record(tx, act, Kind.CREDENTIAL_CREATED, facts.subject("user", attempt.id))
    if asked.event == "approve-itself":
        facts.record(tx, act.by("system:registrations"), Kind.REGISTRATION_AUTO_APPROVED, about)
    _tell(tx, act, account, role, attempt, asked)
    tx.commit()
    return status


def _as_of_now(row: RegistrationRow, fresh: RegistrationRow) -> list[Action]:
    """Have a registration be about what was answered last: whoever goes back may have changed all but the address."""
    actions = []
    for name in _OF_PLACE:
        value, attribute = getattr(fresh, name), getattr(RegistrationRow, name)
        setattr(row, name, value)
        actions.append(attribute.remove() if value is None else attribute.set(value))
    return actions


def _tell(tx: Transaction, act: Act, account: Account, role: PortalRole, attempt: Attempt, asked: _Asked) -> None:
    """Add the mails to the transaction: to the applicant, and to whoever else must know."""
    applicant = f"{attempt.first_name} {attempt.last_name}"
    own = {"office": account.name, "first_name": attempt.first_name, "username": asked.username}
    if asked.event == "approve-itself":
        _mail(tx, act, "registration-approved", attempt.email, {**own, "role": role.name}, attempt)
        said = {"office": account.name, "role": role.name, "applicant": applicant, "username": asked.username}
        others = "registered-by-claim"
    else:
        _mail(tx, act, "registration-received", attempt.email, own, attempt)
        said, others = {"office": account.name, "role": role.name, "applicant": applicant}, "registration-waiting"
    for address in asked.told:
        _mail(tx, act, others, address, said, attempt)


def _mail(tx: Transaction, act: Act, template: str, to: str, context: dict[str, str], attempt: Attempt) -> None:
    about = facts.subject("registration", attempt.id)
    queue(tx, act, template=template, channel="email", to=to, about=about, context=context, urgent=to == attempt.email)


def _details(attempt: Attempt) -> UserDetails:
    return UserDetails(
        first_name=attempt.first_name,
        middle_name=attempt.middle_name,
        last_name=attempt.last_name,
        title=attempt.title,
        email=attempt.email,
        phone=attempt.phone or None,
    )
