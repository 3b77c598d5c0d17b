"""The Portal panel (C2, C3, C6): what each state of a credential offers, what it refuses and why, and what races do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import get_args

import pytest

from chalicelib import clock, facts, portals
from chalicelib.errors import Conflict, Invalid, Stale
from chalicelib.people import (
    accounts,
    credential_links,
    credentials,
    user_changes,
    user_factors,
    user_sessions,
    usernames,
    users,
)
from chalicelib.people.credentials import ACTIONS, Action, ActionRefused, Panel, State
from chalicelib.people.shapes import Noted
from chalicelib.people.users import User, UsernameTaken
from chalicelib.portals import Portal
from chalicelib.security import links
from chalicelib.security.links import Link, LinkOver, Purpose
from tests.browsing import at_once
from tests.factories import change_account, change_portal, facts_of, make_account, make_portal, staff
from tests.meanwhile import after
from tests.world import MovableClock, World

HASH = "$argon2id$ that nobody looks at here"
EMAILS = ["maria@northwind.example", "office@northwind.example", "board@northwind.example"]
SPELLINGS = ["scope", "Scope", "SCOPE", "ѕсоре", "ѕСОРЕ", "ｓcope", "ＳＣＯＰＥ", "scöpe"]  # some not Latin
_names = count(1)


@dataclass(frozen=True)
class Customer:
    """An account in a portal with passwords, its credential in a given state."""

    portal: Portal
    id: str

    @property
    def panel(self) -> Panel:
        return credentials.of_account(self.portal, self.id)

    @property
    def user(self) -> User:
        return users.get(self.portal.slug, self.id)

    def do(self, action: Action, username: str = "") -> None:
        """What staff do, by the name of the action."""
        wanted = username or f"northwind-{next(_names)}"
        calls: dict[Action, Callable[[], None]] = {
            "send-create": partial(credentials.send_create, staff(self.portal), self.portal, self.id),
            "send-reset": partial(credentials.send_reset, staff(self.portal), self.portal, self.id),
            "set-username": partial(credentials.set_username, staff(self.portal), self.portal, self.id, wanted),
            "change-username": partial(credentials.change_username, staff(self.portal), self.portal, self.id, wanted),
            "delete-username": partial(credentials.delete_username, staff(self.portal), self.portal, self.id),
        }
        calls[action]()

    def choose_password(self) -> None:
        tx = staff(self.portal).transaction()
        user_changes.set_password(tx, self.user, HASH)
        tx.commit()

    def lock(self, reason: str) -> None:
        tx = staff(self.portal).transaction()
        user_changes.set_state(tx, self.user, "locked", reason)
        tx.commit()


def make_customer(world: World, state: State = "no-username", *, portal: Portal | None = None) -> Customer:
    portal = portal or make_portal(world, policy={"sign_in_ways": ["code", "password"]})
    made = Customer(portal, make_account(portal, record_type="customer", primary_emails=EMAILS).id)
    if state != "no-username":
        made.do("set-username")
    if state == "complete":
        made.choose_password()
    assert made.panel.state == state
    return made


def mails(world: World) -> list[str]:
    """What was accepted so far, as one word for each mail."""
    world.drain()
    words = {
        "Choose a username and a password": "create", "Choose a password": "create", "Choose a new password": "reset",
        "Your username was changed": "renamed", "Your address was changed": "replaced",
        "Your username was deleted": "deleted",
    }  # fmt: skip
    return [words[sent.subject.removesuffix(" - Acme Benefits")] for sent in world.inbox]


def token(address: str) -> str:
    return address.partition("?t=")[2]


def press(portal: Portal, purpose: Purpose, given: str) -> None:
    """What the button on a link's page does."""
    tx = staff(portal).transaction()
    links.spend(tx, portal.slug, links.peek(portal.slug, purpose, given))
    tx.commit()


def why_over(portal: Portal, purpose: Purpose, given: str) -> str:
    with pytest.raises(LinkOver) as over:
        links.peek(portal.slug, purpose, given)
    return over.value.why


# C6, as PRODUCT.md has it: what a state allows, the state afterwards, and what each primary email is sent.
ALLOWED: dict[tuple[State, Action], tuple[State, str]] = {
    ("no-username", "send-create"): ("no-username", "create"),
    ("no-username", "set-username"): ("username-only", ""),
    ("username-only", "send-create"): ("username-only", "create"),
    ("username-only", "change-username"): ("username-only", ""),
    ("username-only", "delete-username"): ("no-username", ""),
    ("complete", "send-reset"): ("complete", "reset"),
    ("complete", "change-username"): ("complete", "renamed"),
    ("complete", "delete-username"): ("no-username", "deleted"),
}
REFUSED: dict[tuple[State, Action], str] = {
    ("no-username", "send-reset"): "no password to reset",
    ("no-username", "change-username"): "no username yet",
    ("no-username", "delete-username"): "nothing to delete",
    ("username-only", "set-username"): "has a username already. Change it",
    ("username-only", "send-reset"): "No password has been chosen yet",
    ("complete", "send-create"): "Send a password reset instead",
    ("complete", "set-username"): "has a username already. Change it",
}
FACTS: dict[Action, str] = {
    "send-create": "staff:credential:create-sent",
    "send-reset": "staff:credential:reset-sent",
    "set-username": "staff:credential:username-set",
    "change-username": "staff:credential:username-changed",
    "delete-username": "staff:credential:username-deleted",
}


@pytest.mark.parametrize("action", get_args(Action))
@pytest.mark.parametrize("state", get_args(State))
def test_c6_every_state_and_every_action(world: World, state: State, action: Action) -> None:
    customer = make_customer(world, state)
    before, told = customer.panel, len(facts_of(customer.portal.slug))
    assert (action in before.actions) == ((state, action) in ALLOWED) == (action not in before.refused)
    if (state, action) in REFUSED:
        with pytest.raises(ActionRefused) as refused:
            customer.do(action)
        assert refused.value.code == "not-in-this-state" and refused.value.status == 409
        assert refused.value.text == before.refused[action] and REFUSED[state, action] in refused.value.text
        assert (customer.panel, mails(world), len(facts_of(customer.portal.slug))) == (before, [], told)
        return
    customer.do(action, "another-name")
    state_after, sent = ALLOWED[state, action]
    assert customer.panel.state == state_after
    assert mails(world) == [sent] * len(EMAILS) if sent else mails(world) == []
    assert not sent or [each.to for each in world.inbox] == EMAILS
    renamed = action in ("set-username", "change-username")
    assert customer.panel.username == ("another-name" if renamed else before.username if state_after == state else None)
    assert len(facts_of(customer.portal.slug, FACTS[action])) == 1
    assert len(facts_of(customer.portal.slug)) == told + 1
    assert customer.panel.version != before.version


def test_the_table_is_whole() -> None:
    assert set(ACTIONS) == set(get_args(State)) and all(set(row) == set(get_args(Action)) for row in ACTIONS.values())
    assert ALLOWED.keys() & REFUSED.keys() == set() and len(ALLOWED) + len(REFUSED) == 15


def closed(customer: Customer) -> None:
    change_account(customer.portal, customer.id, status="closed")


def without_address(customer: Customer) -> None:
    change_account(customer.portal, customer.id, primary_emails=[])


def without_passwords(customer: Customer) -> None:
    change_portal(customer.portal, policy={"sign_in_ways": ["code"]})


def locked_by_staff(customer: Customer) -> None:
    customer.lock("")


SENDS: set[Action] = {"send-create", "send-reset"}
NAMES: set[Action] = {"set-username", "change-username"}


@pytest.mark.parametrize(
    ("circumstance", "stops", "said"),
    [
        (closed, SENDS | NAMES, "This account is closed. Open it first."),
        (without_address, SENDS, "no primary email"),
        (without_passwords, SENDS | NAMES, "do not sign in by password"),
        (locked_by_staff, SENDS, "is locked"),
    ],
    ids=lambda each: each.__name__ if callable(each) else "",
)
@pytest.mark.parametrize("state", get_args(State))
def test_what_else_may_stand_in_the_way(
    world: World, state: State, circumstance: Callable[[Customer], None], stops: set[Action], said: str
) -> None:
    customer = make_customer(world, state)
    if state == "no-username" and circumstance is locked_by_staff:
        return
    offered = customer.panel.actions
    circumstance(customer)
    customer = Customer(portals.get(customer.portal.slug), customer.id)
    assert set(customer.panel.actions) == set(offered) - stops
    world.drain()
    had = len(world.inbox)
    for action in set(offered) & stops:
        with pytest.raises(ActionRefused) as refused:
            customer.do(action)
        assert said in refused.value.text == customer.panel.refused[action]
    assert len(mails(world)) == had
    if state != "no-username":
        customer.do("delete-username")


def test_a_user_that_the_owners_own_mail_locked_may_be_sent_a_reset(world: World) -> None:
    customer = make_customer(world, "complete")
    customer.lock("disavowed")
    assert "This was not me" in (customer.panel.locked or "")
    customer.do("send-reset")
    assert mails(world) == ["reset"] * 3


def test_c2_switched_off_messages_can_still_be_pushed(world: World) -> None:
    portal = make_portal(
        world,
        policy={"sign_in_ways": ["password"]},
        notifications={"credential_create": False, "password_reset": False},
    )
    make_customer(world, "no-username", portal=portal).do("send-create")
    make_customer(world, "complete", portal=portal).do("send-reset")
    assert mails(world) == ["create"] * 3 + ["reset"] * 3


@pytest.mark.parametrize(
    ("state", "action", "purpose"),
    [
        ("no-username", "send-create", "credential-create"),
        ("username-only", "send-create", "credential-create"),
        ("complete", "send-reset", "password-reset"),
    ],
)
def test_c3_each_address_has_its_own_link_and_the_first_used_ends_the_others(
    world: World, state: State, action: Action, purpose: Purpose
) -> None:
    customer = make_customer(world, state)
    portal = customer.portal
    customer.do(action)
    world.drain()
    tokens = [token(world.newest(address).link) for address in EMAILS]
    assert len(set(tokens)) == 3
    assert [links.peek(portal.slug, purpose, each).place for each in tokens] == [0, 1, 2]
    for address in EMAILS:
        assert (customer.panel.username or "Northwind Traders") in world.newest(address).text
    press(portal, purpose, tokens[1])
    assert [why_over(portal, purpose, each) for each in tokens] == ["used"] * 3
    tx = staff(portal).transaction()
    with pytest.raises(LinkOver):
        links.spend(tx, portal.slug, Link(purpose, customer.id, "0" * 32, 1, clock.timestamp() + 60))
        tx.commit()


def test_sent_again_only_the_newest_links_work(world: World) -> None:
    customer = make_customer(world)
    customer.do("send-create")
    customer.do("send-create")
    world.drain()
    for address in EMAILS:
        older, newer = (token(sent.link) for sent in world.sent_to(address))
        assert why_over(customer.portal, "credential-create", older) == "replaced"
        assert links.peek(customer.portal.slug, "credential-create", newer)


def test_links_last_as_long_as_the_portal_says(world: World, moment: MovableClock) -> None:
    portal = make_portal(
        world, policy={"sign_in_ways": ["password"], "credential_link_hours": 2, "reset_link_minutes": 45}
    )
    new, old = make_customer(world, portal=portal), make_customer(world, "complete", portal=portal)
    new.do("send-create")
    old.do("send-reset")
    world.drain()
    create, reset = (token(sent.link) for sent in (world.inbox[0], world.inbox[3]))
    moment.advance(minutes=44, seconds=59)
    assert links.peek(portal.slug, "password-reset", reset)
    moment.advance(seconds=1)
    assert why_over(portal, "password-reset", reset) == "expired"
    moment.advance(minutes=74, seconds=59)
    assert links.peek(portal.slug, "credential-create", create)
    moment.advance(seconds=1)
    assert why_over(portal, "credential-create", create) == "expired"


def test_the_panel_tells_how_links_stand(world: World, moment: MovableClock) -> None:
    customer = make_customer(world)
    assert customer.panel.create_link is None
    customer.do("send-create")
    sent = customer.panel.create_link
    assert sent and (sent.sent_at, sent.valid_until, sent.state) == (
        "2030-06-03T09:00:00Z", "2030-06-04T09:00:00Z", "live",
    )  # fmt: skip
    world.drain()
    given = token(world.inbox[0].link)
    tx = staff(customer.portal).transaction()
    setup = links.spend(tx, customer.portal.slug, links.peek(customer.portal.slug, "credential-create", given))
    tx.commit()
    assert (customer.panel.create_link or sent).state == "opened"
    tx = staff(customer.portal).transaction()
    links.finish(tx, customer.portal.slug, setup)
    tx.commit()
    assert (customer.panel.create_link or sent).state == "used"
    customer.do("send-create")
    moment.advance(days=1)
    assert (customer.panel.create_link or sent).state == "expired"


def test_the_panel_of_a_whole_credential(world: World, moment: MovableClock) -> None:
    customer = make_customer(world, "complete")
    moment.advance(hours=1)
    tx = staff(customer.portal).transaction()
    user_factors.set_totp(tx, customer.user, seed="JBSWY3DPEHPK3PXP", name="Phone", step=1)
    tx.commit()
    sign_in(customer)
    panel = customer.panel
    assert (panel.password_changed_at, panel.last_sign_in) == ("2030-06-03T09:00:00Z", "2030-06-03T10:00:00Z")
    assert (panel.second_factors, panel.locked, panel.reset_link) == (("totp",), None, None)
    assert HASH not in repr(panel) and "JBSWY3DPEHPK3PXP" not in repr(panel)


def sign_in(customer: Customer) -> str:
    """A session of the user, and a device that is remembered."""
    noted = Noted(at=clock.timestamp(), until=clock.timestamp() + 3600, browser="Firefox, Linux")
    tx = staff(customer.portal).transaction()
    user_sessions.note_session(tx, customer.user, "5" * 64, noted, refusal=Conflict(), device=("d" * 64, noted))
    tx.commit()
    assert customer.user.holds_session("5" * 64) and customer.user.holds_device("d" * 64)
    return "5" * 64


def test_deleting_ends_sessions_and_links_and_frees_the_username(world: World) -> None:
    customer = make_customer(world, "complete")
    name = customer.user.username
    session = sign_in(customer)
    customer.do("send-reset")
    world.drain()
    reset = token(world.inbox[0].link)
    customer.do("delete-username")
    assert users.find(customer.portal.slug, usernames.key(name)) is None
    assert why_over(customer.portal, "password-reset", reset) == "replaced"
    make_customer(world, portal=customer.portal).do("set-username", name)
    customer.do("set-username", "somebody-new")
    assert not customer.user.holds_session(session) and customer.user.password_hash is None


def test_deleting_ends_a_create_link_that_is_on_its_way(world: World) -> None:
    customer = make_customer(world, "username-only")
    customer.do("send-create")
    world.drain()
    customer.do("delete-username")
    assert why_over(customer.portal, "credential-create", token(world.inbox[0].link)) == "replaced"


def test_changing_the_username_ends_sessions_and_frees_the_old_one(world: World) -> None:
    customer = make_customer(world, "complete")
    name = customer.user.username
    session = sign_in(customer)
    customer.do("change-username", "new-name")
    assert not customer.user.holds_session(session) and not customer.user.holds_device("d" * 64)
    assert customer.user.password_hash == HASH
    make_customer(world, portal=customer.portal).do("set-username", name)
    world.drain()
    for address in EMAILS:
        mail = world.newest(address)
        assert "new-name" in mail.text and links.peek(customer.portal.slug, "not-me", token(mail.link))


def test_the_same_username_again_changes_nothing_and_another_spelling_is_a_change(world: World) -> None:
    customer = make_customer(world, "complete")
    customer.do("change-username", "Northwind")
    session = sign_in(customer)
    customer.do("change-username", "Northwind")
    assert customer.user.holds_session(session) and len(mails(world)) == 3
    customer.do("change-username", "NORTHWIND")
    assert customer.panel.username == "NORTHWIND" and len(mails(world)) == 6


@pytest.mark.parametrize("action", ["set-username", "change-username"])
def test_a_username_that_cannot_be_one_or_is_taken(world: World, action: Action) -> None:
    customer = make_customer(world, "no-username" if action == "set-username" else "complete")
    make_customer(world, portal=customer.portal).do("set-username", "Scope")
    before = customer.panel
    for odd in ("ab", "a b c", "x" * 65, "...", "a\nbc", " "):
        with pytest.raises(Invalid) as invalid:
            customer.do(action, odd)
        assert list(invalid.value.fields) == ["username"], odd
    for taken in SPELLINGS:
        with pytest.raises(UsernameTaken):
            customer.do(action, taken)
    assert (customer.panel, mails(world)) == (before, [])


def test_in_another_portal_the_same_username_is_free(world: World) -> None:
    for _ in range(2):
        make_customer(world).do("set-username", "northwind")


def test_threat_33_64_accounts_claim_one_username_in_many_spellings(world: World) -> None:
    first = make_customer(world)
    customers = [first, *(make_customer(world, portal=first.portal) for _ in range(63))]

    def claim(place: int) -> str:
        try:
            customers[place].do("set-username", SPELLINGS[place % len(SPELLINGS)])
        except UsernameTaken:
            return "taken"
        return "set"

    assert sorted(at_once([partial(claim, place) for place in range(64)], threads=64)) == ["set"] + ["taken"] * 63
    states = [customer.panel.state for customer in customers]
    assert sorted(states) == ["no-username"] * 63 + ["username-only"]
    assert len(users.listed(first.portal.slug, "customer").items) == 1
    assert len(facts_of(first.portal.slug, "staff:credential:username-set")) == 1


def outcomes(calls: list[Callable[[], None]]) -> list[str]:
    def told(call: Callable[[], None]) -> str:
        try:
            call()
        except (Conflict, Stale) as refusal:
            return refusal.code
        return "done"

    return at_once([partial(told, call) for call in calls])


@pytest.mark.parametrize(
    ("state", "action"),
    [("no-username", "set-username"), ("complete", "change-username"), ("complete", "delete-username")],
)
def test_of_two_staff_at_once_one_wins_and_nothing_is_half_done(world: World, state: State, action: Action) -> None:
    customer = make_customer(world, state)
    told = outcomes([partial(customer.do, action, f"name-{place}") for place in range(2)])
    won = told.count("done")
    assert won == 1 or (won == 2 and action == "change-username")  # one after the other, after all
    assert set(told) <= {"done", "stale", "conflict", "not-in-this-state"}
    assert len(facts_of(customer.portal.slug, FACTS[action])) == won
    if action == "delete-username":
        assert customer.panel.state == "no-username" and users.listed(customer.portal.slug, "customer").items == []
        return
    assert users.by_id(customer.portal.slug, customer.id) is not None
    assert len(users.listed(customer.portal.slug, "customer").items) == 1
    assert len([n for n in range(2) if users.find(customer.portal.slug, usernames.key(f"name-{n}"))]) == 1


def test_a_change_that_met_another_is_stale(world: World) -> None:
    customer = make_customer(world, "complete")
    with (
        after("dynamodb.GetItem", lambda: customer.do("change-username", "theirs"), nth=3),
        pytest.raises(Stale),
    ):
        customer.do("change-username", "mine")
    assert customer.panel.username == "theirs" and users.find(customer.portal.slug, usernames.key("mine")) is None


READS = 5  # of setting a username: the account, its user by two, two links


@pytest.mark.parametrize("nth", range(1, READS + 1))
def test_the_number_moves_while_a_username_is_set(world: World, nth: int) -> None:
    customer = make_customer(world)
    move = partial(change_account, customer.portal, customer.id, number="MOVED-1", primary_emails=["new@x.example"])
    with after("dynamodb.GetItem", move, nth=nth):
        customer.do("set-username")
    assert_in_step(customer, "moved1", ("new@x.example",))


@pytest.mark.parametrize("nth", range(1, 4))
def test_a_username_is_set_while_the_number_moves(world: World, nth: int) -> None:
    customer = make_customer(world)
    with after("dynamodb.GetItem", lambda: customer.do("set-username"), nth=nth), suppress(Stale):
        change_account(customer.portal, customer.id, number="MOVED-1", primary_emails=["new@x.example"])
    change_account(customer.portal, customer.id, number="MOVED-1", primary_emails=["new@x.example"])
    assert_in_step(customer, "moved1", ("new@x.example",))


def test_a_number_and_emails_that_change_take_the_user_along(world: World) -> None:
    customer = make_customer(world, "complete")
    change_account(customer.portal, customer.id, number="MOVED-2")
    assert_in_step(customer, "moved2", tuple(EMAILS))
    change_account(customer.portal, customer.id, primary_emails=["new@x.example"])
    assert_in_step(customer, "moved2", ("new@x.example",))
    version = customer.user.version
    change_account(customer.portal, customer.id, name="Another name")
    assert customer.user.version == version


def assert_in_step(customer: Customer, number_key: str, emails: tuple[str, ...]) -> None:
    account = accounts.account_row(customer.portal.slug, customer.id)
    assert customer.user.cards == account.cards == f"{customer.portal.slug}#number#{number_key}"
    assert customer.user.emails == account.details.primary_emails == emails


@pytest.mark.parametrize("nth", range(1, READS + 1))
def test_no_username_is_set_for_an_account_that_closes_meanwhile(world: World, nth: int) -> None:
    customer = make_customer(world)
    with after("dynamodb.GetItem", lambda: closed(customer), nth=nth), pytest.raises(ActionRefused, match="not-in"):
        customer.do("set-username")
    assert customer.panel.state == "no-username"


def test_no_user_is_made_for_an_account_that_is_closed(world: World) -> None:
    customer = make_customer(world)
    closed(customer)
    account = accounts.get(customer.portal.slug, customer.id)
    tx = staff(customer.portal).transaction()
    accounts.add_user(tx, customer.portal.slug, account, username="scope", username_key="scope", password_hash=HASH)
    with pytest.raises(Stale):
        tx.commit()
    assert customer.panel.state == "no-username"


def test_links_to_addresses_that_are_on_file_no_more_are_over(world: World) -> None:
    new, old = make_customer(world), make_customer(world, "complete")
    new.do("send-create")
    old.do("send-reset")
    world.drain()
    create, reset = token(world.inbox[0].link), token(world.inbox[3].link)
    change_account(new.portal, new.id, primary_emails=EMAILS[1:])
    change_account(old.portal, old.id, primary_emails=EMAILS[1:])
    assert why_over(new.portal, "credential-create", create) == "replaced"
    assert why_over(old.portal, "password-reset", reset) == "replaced"
    assert mails(world) == ["create"] * 3 + ["reset"] * 3 + ["replaced"]
    assert world.inbox[-1].to == EMAILS[0]


def test_other_changes_leave_links_alone(world: World) -> None:
    customer = make_customer(world)
    customer.do("send-create")
    world.drain()
    change_account(customer.portal, customer.id, name="Another name", number="MOVED-3", status="closed")
    assert links.peek(customer.portal.slug, "credential-create", token(world.inbox[0].link))


@pytest.mark.parametrize("nth", range(1, READS + 1))
def test_no_link_goes_to_an_address_that_goes_meanwhile(world: World, nth: int) -> None:
    customer = make_customer(world)
    move = partial(change_account, customer.portal, customer.id, primary_emails=["new@x.example"])
    with after("dynamodb.GetItem", move, nth=nth):
        customer.do("send-create")
    world.drain()
    assert [sent.to for sent in world.inbox] == ["new@x.example"]


@pytest.mark.parametrize("nth", range(1, READS + 1))
def test_no_reset_is_sent_for_a_user_that_is_deleted_meanwhile(world: World, nth: int) -> None:
    customer = make_customer(world, "complete")
    with (
        after("dynamodb.GetItem", lambda: customer.do("delete-username"), nth=nth),
        pytest.raises(ActionRefused, match="not-in"),
    ):
        customer.do("send-reset")
    assert customer.panel.reset_link is None and set(mails(world)) == {"deleted"}


def test_a_reset_may_be_sent_to_any_user(world: World) -> None:
    portal = make_portal(world)
    tx = staff(portal).transaction()
    users.add(
        tx, portal.slug, user_id="a" * 32, kind="staff", username="ann", username_key="ann", emails=("ann@x.example",)
    )
    tx.commit()
    ann = users.get(portal.slug, "a" * 32)
    tx = staff(portal).transaction()
    credential_links.send_reset(tx, staff(portal), portal, ann)
    tx.commit()
    assert mails(world) == ["reset"]
    assert links.peek(portal.slug, "password-reset", token(world.inbox[0].link)).holder == ann.id
    assert [fact.kind for fact in facts.about(portal.slug, f"user:{ann.id}").items] == ["staff:credential:reset-sent"]
