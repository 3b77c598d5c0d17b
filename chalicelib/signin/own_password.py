"""Choosing a password: the first one, a new one after it was forgotten, one's own in place of a temporary one.

What leads here is a set-up that a link opened (see `by_link`), or a sign-in with a temporary password. Nobody is signed in
by it: the new password, and the second factor, are asked at the door like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from .. import facts
from ..errors import Invalid
from ..facts import Act, Kind
from ..people import accounts, user_changes, usernames, users
from ..people.shapes import Account, QuestionAnswered
from ..people.telling import tell
from ..people.users import User, UsernameTaken
from ..portals import Portal
from ..security import browsers, identities, links, passwords
from ..security.links import LinkOver, Setup
from ..storage import Transaction, beside
from . import questions
from .doors import Pending, StepOver, about


class Asked(msgspec.Struct, frozen=True):
    """What the form must ask: a username (or none: it is `username`), new questions, or the answers to the chosen ones."""

    title: str
    asks_username: bool
    username: str
    new_questions: int
    old_questions: tuple[str, ...]


class Chosen(msgspec.Struct, frozen=True):
    """The username that now has a password, at whose door, and the cookie by which its browser is known."""

    username: str
    kind: users.Kind
    browser: str | None


def asked(portal: Portal, setup: Setup) -> Asked:
    """What to ask whoever pressed a link's button. Raises LinkOver."""
    account, user = _opened(portal.slug, setup)
    has_questions = bool(user and user.answers)
    return Asked(
        title=account.name if account else user.name if user else "",
        asks_username=user is None,
        username=user.username if user else "",
        new_questions=0 if has_questions else portal.policy.security_questions,
        old_questions=tuple(each.question for each in user.answers) if user and _asks_answers(portal, setup) else (),
    )


def choose(
    act: Act,
    portal: Portal,
    setup: Setup,
    *,
    username: str,
    password: str,
    given: Mapping[str, str],
    browser_cookie: str | None,
) -> Chosen:
    """Set the password. Raises Invalid (with the fields), UsernameTaken, LinkOver. `given` holds questions and answers."""
    namesake, (account, user) = beside(
        lambda: users.find(act.portal, usernames.key(username)), lambda: _opened(act.portal, setup)
    )  # fmt: skip
    chosen = user.username if user else _username(username, password, portal, account, is_taken=namesake is not None)
    _check(password, portal, chosen, account, user)
    if user is not None and _asks_answers(portal, setup):
        _check_answers(act, setup, user, given)
    answers = None if user and user.answers else questions.chosen(portal.policy.security_questions, given)
    tx = act.transaction()
    links.finish(tx, act.portal, setup)
    made = passwords.hashed(password)
    if user is None and account is not None:
        _add(tx, act, account, chosen, made, answers or ())
    elif user is not None:
        _set(tx, act, user, made, answers, browser_cookie)
    tx.commit()
    kind, side = (user.kind, user.side) if user else ("customer", "customer")
    days, plain = portal.policy.known_browser_days, users.tried_as(side, usernames.key(chosen))
    return Chosen(chosen, kind, browsers.remember(act.portal, browser_cookie, plain, days=days) if days else None)


def replace_temporary(act: Act, portal: Portal, pending: Pending, password: str) -> Pending:
    """Put a password of one's own in place of the temporary one; the sign-in goes on. Raises Invalid, StepOver."""
    user = users.find(act.portal, pending.username_key)
    if pending.stage != "change" or user is None or user.version != pending.version or not user.is_active:
        raise StepOver
    if (user.factors or user.must_set_up) and not pending.proved:
        raise StepOver
    _check(password, portal, user.username, None, user)
    if passwords.matches(user.password_hash, password):
        raise Invalid(fields={"password": "Choose another password than the temporary one."})
    act = act.by(f"user:{user.id}")
    tx = act.transaction()
    user_changes.set_password(tx, user, passwords.hashed(password))
    facts.record(tx, act, Kind.PASSWORD_CHANGED, about(user), {"instead-of": "temporary"})
    tell(tx, act, user, "password")
    tx.commit()
    return msgspec.structs.replace(pending, version=user.version + 1)


def words(portal: Portal, username: str, account: Account | None, user: User | None) -> Iterable[str]:
    """What an attacker would try first: not to be the password."""
    own = [portal.name, portal.slug, username]
    if account:
        own += [account.name, account.number or "", *account.primary_emails]
    if user:
        own += [user.details.first_name, user.details.last_name, *user.emails]
    return own


def _opened(portal: str, setup: Setup) -> tuple[Account | None, User | None]:
    """Whose set-up it is, if it is still open. Raises LinkOver."""
    return beside(lambda: links.opened(portal, setup), lambda: _whose(portal, setup))[1]


def _whose(portal: str, setup: Setup) -> tuple[Account | None, User | None]:
    """The account of a first credential, and the user where there is one already. Raises LinkOver where nothing fits."""
    if setup.purpose == "credential-create":
        account, user = beside(
            lambda: accounts.get(portal, setup.holder), lambda: users.by_id(portal, setup.holder)
        )  # fmt: skip
        if account.status != "open" or (user is not None and user.password_hash is not None):
            raise LinkOver("used")
        return account, user
    user = users.by_id(portal, setup.holder)
    if user is None or not (user.is_active or user.is_disavowed):
        raise LinkOver("replaced")
    return None, user


def _username(typed: str, password: str, portal: Portal, account: Account | None, *, is_taken: bool) -> str:
    """The username typed. Names the faults of both fields at once."""
    try:
        chosen = usernames.checked(typed)
        if not is_taken:
            return chosen
        wrong = {"username": UsernameTaken.text}
    except Invalid as refusal:
        wrong = refusal.fields
    try:
        _check(password, portal, typed[:100], account, None)
    except Invalid as refusal:
        wrong |= refusal.fields
    raise Invalid(fields=wrong)


def _check(password: str, portal: Portal, username: str, account: Account | None, user: User | None) -> None:
    passwords.check(password, least=portal.policy.password_least, words=words(portal, username, account, user))


def _asks_answers(portal: Portal, setup: Setup) -> bool:
    return setup.purpose == "password-reset" and portal.policy.security_questions > 0


def _check_answers(act: Act, setup: Setup, user: User, given: Mapping[str, str]) -> None:
    """Hold the answers against those on file: counted first, five times a link, and never enough alone."""
    if not user.answers:
        return
    links.count_try(act.portal, setup)
    if not questions.are_right(user.answers, given):
        tx = act.transaction()
        facts.record(tx, act, Kind.ANSWER_WRONG, about(user))
        tx.commit()
        raise Invalid(fields={"answer_1": "These answers are not the ones we have."})


def _add(
    tx: Transaction, act: Act, account: Account, username: str, made: str, answers: tuple[QuestionAnswered, ...]
) -> None:
    accounts.add_user(
        tx, act.portal, account, username=username, username_key=usernames.key(username), password_hash=made,
        answers=answers,
    )  # fmt: skip
    facts.record(tx, act.by(f"user:{account.id}"), Kind.CREDENTIAL_CREATED, facts.subject("account", account.id))


def _set(
    tx: Transaction,
    act: Act,
    user: User,
    made: str,
    answers: tuple[QuestionAnswered, ...] | None,
    browser_cookie: str | None,
) -> None:
    is_first = user.password_hash is None
    act = act.by(f"user:{user.id}")
    user_changes.set_password(tx, user, made, answers=answers, unlocks=user.is_disavowed)
    plain = users.tried_as(user.side, user.username_key)
    if user.kind == "record":
        links.cancel(tx, act.portal, "self-service-password", user.id)
    identities.settle(tx, act.portal, plain)
    if known_as := browsers.known(act.portal, browser_cookie, plain):  # it has a lock of its own
        identities.settle(tx, act.portal, f"{plain}.{known_as}")
    facts.record(tx, act, Kind.CREDENTIAL_CREATED if is_first else Kind.PASSWORD_RESET, about(user))
    if not is_first:
        tell(tx, act, user, "password")
