"""Requests to become a user: what each page takes, one of any number of submissions, who is told."""

from __future__ import annotations

import msgspec
import pytest

from chalicelib import ids
from chalicelib.errors import Invalid, TooMany
from chalicelib.facts import Act
from chalicelib.people import contacts, office_users, usernames, users
from chalicelib.people.shapes import Account, UserDetails
from chalicelib.portals import Portal
from chalicelib.registration import attempts, entries, proving, requests
from chalicelib.registration.approvers import approvers
from chalicelib.registration.attempts import Attempt
from chalicelib.registration.models import RegistrationRow
from chalicelib.registration.proving import AttemptOver
from chalicelib.registration.statuses import Status
from chalicelib.security import codes
from chalicelib.security.codes import CodeOver, CodeWrong
from chalicelib.security.sealed import seal
from tests.browsing import at_once
from tests.factories import change_account, change_portal, facts_of, make_contact, other_than, staff
from tests.registering import (
    CLAIM,
    asked,
    begun,
    make_applicant,
    make_office,
    make_provider,
    open_portal,
    submitted,
)
from tests.threats.conftest import Hashes
from tests.threats.conftest import hashes as hashes
from tests.world import World

HOSTILE = ("a\nb", "a\u2028b", "\u202eb", "x" * 61)


@pytest.fixture
def portal(world: World) -> Portal:
    return open_portal(world)


@pytest.fixture
def office(portal: Portal) -> Account:
    return make_office(portal)


def manager(
    portal: Portal, account: Account, role: str = "provider-administrator", state: users.State = "active"
) -> str:
    """A user of an office, whose address this is."""
    user_id = ids.new()
    email = f"{user_id[-8:]}@elm.example"
    tx = staff(portal).transaction()
    office_users.add(
        tx, staff(portal), account, user_id=user_id, username=f"m{user_id}", username_key=f"m{user_id}", role=role,
        details=UserDetails(first_name="May", last_name="Ng", email=email), password_hash="x", state=state,
    )  # fmt: skip
    tx.commit()
    return email


def test_a_request_is_one_however_often_it_is_submitted_at_once(
    world: World, portal: Portal, office: Account, hashes: Hashes
) -> None:
    attempt = begun(portal, office)
    told = at_once([lambda: submitted(portal, attempt, "rosa.quibble") for _ in range(64)], threads=64)
    assert set(told) == {Status.PENDING_PROV_ADMIN_REVIEW}
    assert submitted(portal, attempt, "rosa.other") is Status.PENDING_PROV_ADMIN_REVIEW, "nor later, by another name"
    user = users.find(portal.slug, "rosa.quibble")
    assert user and user.id == attempt.id and users.find(portal.slug, "rosa.other") is None
    assert len(facts_of(portal.slug, "client:registration:submitted")) == 1
    world.drain()
    assert len(world.sent_to(attempt.email)) == 2, "the code, and one mail that it is received"
    row = entries.found(portal.slug, attempt.id)
    assert row and entries.counts(portal.slug, staff_authority())[Status.PENDING_PROV_ADMIN_REVIEW] == 1


def test_a_twin_that_reads_the_user_but_not_yet_the_request_is_told_of_it_too(
    portal: Portal, office: Account, hashes: Hashes, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt, real, read = begun(portal, office), entries.found, list[str]()

    def found(slug: str, entry_id: str) -> RegistrationRow | None:
        row = real(slug, entry_id)
        read.append(entry_id)
        if len(read) == 1:  # between this read and that of the user, the twin submits
            submitted(portal, attempt, "rosa.quibble")
        return row

    monkeypatch.setattr(entries, "found", found)
    monkeypatch.setattr(requests, "beside", lambda first, second: (first(), second()))
    assert submitted(portal, attempt, "rosa.quibble") is Status.PENDING_PROV_ADMIN_REVIEW
    assert len(facts_of(portal.slug, "client:registration:submitted")) == 1


def staff_authority() -> entries.Authority:
    return entries.Authority(name="tests")


def test_a_username_in_64_spellings_at_once_is_one_user_s(portal: Portal, office: Account, hashes: Hashes) -> None:
    """Threat 33."""
    spelled = ["Rosa.Quibble", "ROSA.QUIBBLE", "rosa.quibble", "ｒｏｓａ.quibble"]
    several = [begun(portal, office, address=f"198.51.100.{n + 1}") for n in range(64)]

    def submit(n: int) -> bool:
        try:
            submitted(portal, several[n], spelled[n % 4], f"198.51.100.{n + 1}")
        except Invalid as refusal:
            assert set(refusal.fields) == {"username"}
            return False
        return True

    assert sum(at_once([lambda n=n: submit(n) for n in range(64)], threads=32)) == 1  # type: ignore[misc]
    owner = users.find(portal.slug, usernames.key("rosa.quibble"))
    standing = [requests.standing(portal.slug, each) for each in several]
    assert owner and [each.id for each in several if requests.standing(portal.slug, each)] == [owner.id]
    assert standing.count(None) == 63


def test_the_same_person_in_two_browsers_makes_two_requests_and_the_first_has_the_username(
    portal: Portal, office: Account, hashes: Hashes
) -> None:
    first, second = (begun(portal, office, email="rosa@elm.example") for _ in range(2))
    submitted(portal, first, "rosa.quibble")
    with pytest.raises(Invalid) as refused:
        submitted(portal, second, "Rosa.Quibble")
    assert refused.value.fields == {"username": "This username is taken. Choose another one."}
    assert submitted(portal, second, "rosa.two") is Status.PENDING_PROV_ADMIN_REVIEW and first.id != second.id


def test_nothing_is_submitted_whose_address_was_not_confirmed(portal: Portal, office: Account) -> None:
    attempt = msgspec.structs.replace(asked(portal, office), is_confirmed=True)
    with pytest.raises(AttemptOver):
        submitted(portal, attempt)
    other = msgspec.structs.replace(begun(portal, office), email="else@elm.example")
    with pytest.raises(AttemptOver):
        submitted(portal, other)


@pytest.mark.parametrize("gone", ["account", "role"])
def test_nothing_is_submitted_for_what_is_gone(portal: Portal, office: Account, gone: str) -> None:
    attempt = begun(portal, office)
    if gone == "account":
        change_account(portal, office.id, status="closed")
    else:
        portal = change_portal(portal, roles=[{"key": "another", "name": "Another"}])
    with pytest.raises(AttemptOver):
        submitted(portal, attempt)


def test_an_account_that_changes_meanwhile_does_not_stop_it(
    portal: Portal, office: Account, hashes: Hashes, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt, real, renamed = begun(portal, office), requests.place, list[str]()

    def place(of: Portal, said: Attempt) -> object:
        found = real(of, said)
        if len(renamed) < 2:
            renamed.append(f"Elm Street Clinic {len(renamed)}")
            change_account(portal, office.id, name=renamed[-1])
        return found

    monkeypatch.setattr(requests, "place", place)
    assert submitted(portal, attempt) is Status.PENDING_PROV_ADMIN_REVIEW
    row = entries.found(portal.slug, attempt.id)
    assert row and row.account_name == renamed[-1]


def test_a_code_that_was_entered_twice_confirms_once_and_is_told_so_both_times(portal: Portal, office: Account) -> None:
    act, attempt = Act(portal.slug, "visitor"), asked(portal, office)
    attempt = proving.send(act, portal, attempt, "192.0.2.1")
    code = codes.digits(portal.slug, attempt.challenge, attempt.counter, attempt.key_version)
    with pytest.raises(CodeWrong):
        proving.enter(act, portal, attempt, "192.0.2.1", other_than(code))
    told = at_once([lambda: proving.enter(act, portal, attempt, "192.0.2.1", code) for _ in range(3)])
    assert all(each.is_confirmed for each in told)
    assert proving.enter(act, portal, attempt, "192.0.2.1", code).is_confirmed
    assert len(facts_of(portal.slug, "client:registration:started")) == 1


def test_a_code_is_tried_five_times_and_opens_no_other_attempt(portal: Portal, office: Account) -> None:
    act = Act(portal.slug, "visitor")
    one, other = (proving.send(act, portal, asked(portal, office), "192.0.2.1") for _ in range(2))
    code = codes.digits(portal.slug, one.challenge, one.counter, one.key_version)
    swapped = msgspec.structs.replace(other, challenge=one.challenge)
    with pytest.raises(CodeOver):
        proving.enter(act, portal, swapped, "192.0.2.1", code)
    for _ in range(4):
        with pytest.raises(CodeWrong):
            proving.enter(act, portal, one, "192.0.2.1", other_than(code))
    with pytest.raises(CodeOver):
        proving.enter(act, portal, one, "192.0.2.1", code)
    assert not proving.is_begun(portal.slug, one)


def test_offices_are_sought_25_times_in_5_minutes_from_one_address(portal: Portal, office: Account) -> None:
    for _ in range(25):
        found = requests.find_offices(portal.slug, "192.0.2.9", office.identifiers[0].value, "")
        assert [each.id for each in found] == [office.id]
    with pytest.raises(TooMany):
        requests.find_offices(portal.slug, "192.0.2.9", "11-0000000", "")
    assert requests.find_offices(portal.slug, "192.0.2.10", office.identifiers[0].value, "NPI") == []


def test_whoever_decides_for_an_office_is_its_active_administrators(portal: Portal, office: Account) -> None:
    assert approvers(portal, office) == ["desk@acme.example"]
    manager(portal, office, role="portal-user")
    manager(portal, office, state="pending")
    manager(portal, make_office(portal))
    provider = make_provider(portal, office)
    manager(portal, provider)
    assert approvers(portal, office) == ["desk@acme.example"], "one of a provider decides for nobody else"
    told = [manager(portal, office) for _ in range(2)]
    assert sorted(approvers(portal, office)) == sorted(told)
    assert approvers(portal, provider) == ["desk@acme.example"]


@pytest.mark.parametrize("on_file", ["primary", "contact", "nothing"])
def test_somebody_always_hears_of_a_user_who_was_let_in_by_a_claim_number(
    world: World, portal: Portal, hashes: Hashes, on_file: str
) -> None:
    office = make_office(portal, **({} if on_file == "primary" else {"primary_emails": []}))
    expected = {"primary": [*office.primary_emails], "nothing": ["desk@acme.example"]}.get(on_file)
    if on_file == "contact":
        expected = [make_contact(portal, office).emails[0]]
    attempt = begun(portal, office, CLAIM)
    assert submitted(portal, attempt) is Status.AUTO_APPROVED
    world.drain()
    told = [sent.to for sent in world.inbox if "has a new user" in sent.subject]
    assert told == expected
    made = [each for each in contacts.listed(portal.slug, account_id=office.id).items if attempt.email in each.emails]
    assert len(made) == 1 and made[0].name == "Rosa Quibble"


def test_what_is_said_of_a_person_is_one_short_line_each(portal: Portal, office: Account) -> None:
    attempt = asked(portal, office)
    right = {"first_name": "Rosa", "last_name": "Quibble", "email": "rosa@elm.example"}
    assert attempts.introduce(attempt, portal, {**right, "first_name": " a\nb "}).first_name == "a b"
    for name in ("first_name", "middle_name", "last_name", "title"):
        for text in HOSTILE[2:]:
            with pytest.raises(Invalid) as refused:
                attempts.introduce(attempt, portal, {**right, name: text})
            assert set(refused.value.fields) == {name}
    for wrong in (
        "",
        "rosa",
        "rosa@",
        "a@b@c.example",
        "rosa@elm.example, x@y.example",
        "rosa@elm.example\nBcc: x@y.example",
    ):
        with pytest.raises(Invalid) as refused:
            attempts.introduce(attempt, portal, {**right, "email": wrong})
        assert set(refused.value.fields) == {"email"}
    with pytest.raises(Invalid) as refused:
        attempts.introduce(attempt, portal, {"phone": "12"})
    assert set(refused.value.fields) == {"first_name", "last_name", "email", "phone"}


@pytest.mark.parametrize(
    "date", ["1970-02-30", "31.1.1970", "19700131", "2031-01-01", "1899-12-31", "１９７０-01-31", "x"]
)
def test_a_birth_date_is_a_day_of_the_past(portal: Portal, office: Account, date: str) -> None:
    attempt = asked(portal, make_provider(portal, office))
    with pytest.raises(Invalid) as refused:
        attempts.give_checks(attempt, "", date)
    assert set(refused.value.fields) == {"birth_date"}


@pytest.mark.parametrize("number", ["--", "x" * 81, "a\nb"])
def test_a_claim_number_is_one_or_left_out(portal: Portal, office: Account, number: str) -> None:
    with pytest.raises(Invalid) as refused:
        attempts.give_checks(asked(portal, office), number, "not asked of an office")
    assert set(refused.value.fields) == {"claim_number"}


def test_the_fullest_attempt_fits_a_cookie(world: World, portal: Portal) -> None:
    most = "𝒳" * 60
    account = make_office(portal, name="𝒳" * 200)
    attempt = attempts.choose(attempts.seek(None, "𝒳" * 80, "TIN"), account)
    attempt = attempts.choose_role(attempts.give_checks(attempt, "𝒳" * 80, ""), portal, "provider-administrator")
    said = dict.fromkeys(("title", "first_name", "middle_name", "last_name"), most)
    email = f"{'a' * 64}@{'.'.join(['b' * 59] * 3)}.example"
    attempt = attempts.introduce(attempt, portal, {**said, "email": email, "phone": "+1 415 555 0188"})
    attempt = proving.send(Act(portal.slug, "visitor"), portal, attempt, "192.0.2.1")
    assert len(f"__Host-register-{portal.slug}=" + seal("register", "x" * 80, attempt, 86400)) < 4096
    assert make_applicant(world, portal, account).account == account
