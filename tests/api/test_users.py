"""Users of offices over the API, as staff and systems call it. Managers of offices: tests/people/test_office_desk.py."""

from __future__ import annotations

import csv
import io
import json
from functools import partial
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib import clock
from chalicelib.errors import Conflict, Stale
from chalicelib.people import contacts, office_desk, user_changes, user_sessions, users
from chalicelib.people.shapes import Account, Noted
from chalicelib.portals import Portal
from chalicelib.security import identities, links, passwords
from chalicelib.security.models import IdentityRow
from chalicelib.storage import Transaction
from chalicelib.web import spreadsheet
from tests import meanwhile
from tests.factories import change_account, facts_of, make_account, make_contact, make_portal
from tests.offices import MANAGER, OfficeUser, make_office, make_office_user, make_provider
from tests.staffing import make_colleague, make_session
from tests.threats.test_32_key_injection import ODD
from tests.world import MovableClock, World

from .client import ApiClient, Reply
from .conftest import at_once, good, make_key

ADA = {"first_name": "Ada", "last_name": "Okafor", "email": "ada@elmstreet.example", "username": "ada.okafor"}
ACTS = ("reset-password", "lock", "unlock", "restore")


class Desk:
    """A portal with an office, and a system that looks after its users."""

    def __init__(self, world: World) -> None:
        self.portal: Portal = make_portal(world)
        self.office: Account = make_office(self.portal)
        self.api = ApiClient(make_key(self.portal.slug))
        self.at = f"/portals/{self.portal.slug}"

    def user(self, role: str = "portal-user", **details: Any) -> OfficeUser:
        return make_office_user(self.portal, self.office, role, **details)

    def act(self, user: OfficeUser, act: str, caller: ApiClient | None = None, **headers: str) -> Reply:
        body = {"reason": "On leave"} if act == "lock" else None
        return (caller or self.api).post(f"{self.at}/users/{user.id}/{act}", body, **headers)

    def add(self, caller: ApiClient | None = None, headers: dict[str, str] | None = None, **fields: Any) -> Reply:
        body = {"account_id": self.office.id, "role": "portal-user", **ADA, **fields}
        return (caller or self.api).post(f"{self.at}/users", body, **(headers or {}))

    def read(self, user: OfficeUser | str) -> Any:
        user_id = user if isinstance(user, str) else user.id
        return good(self.api.get(f"{self.at}/users/{user_id}")).json

    def usernames(self, query: str = "") -> list[str]:
        return [each["username"] for each in good(self.api.get(f"{self.at}/users?limit=100{query}")).items]


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)


# Adding


def test_a_user_is_added_with_a_password_that_is_told_once_and_never_mailed(desk: Desk, world: World) -> None:
    made = desk.add()
    assert made.status == 201
    told = made.json
    assert made.headers["Location"] == f"https://portal.example.com/api/v1{desk.at}/users/{made.id}"
    assert told["sign_in_url"] == f"https://portal.example.com/{desk.portal.slug}/sign-in/password"
    assert told | {"temporary_password": "?", "sign_in_url": "?", "contact_id": "?"} == {
        "id": made.id, "version": 1, "username": "ada.okafor", "first_name": "Ada", "middle_name": "", "last_name": "Okafor",
        "title": "", "email": "ada@elmstreet.example", "phone": None, "role": "portal-user", "role_name": "Portal User",
        "preferences": {"registration_waiting": ["email"]}, "account_id": desk.office.id, "account_name": "Elm Street Clinic",
        "office_id": desk.office.id, "contact_id": "?", "state": "active", "deleted": False, "lock_reason": "",
        "locked_at": None, "locked_out_at": None, "locked_out_until": None,
        "last_sign_in": None, "has_temporary_password": True,
        "temporary_until": clock.text(clock.timestamp() + 86_400), "second_factors": [],
        "created_at": clock.text(clock.timestamp()), "updated_at": clock.text(clock.timestamp()),
        "temporary_password": "?", "sign_in_url": "?",
    }  # fmt: skip
    user = users.get(desk.portal.slug, made.id)
    assert passwords.matches(user.password_hash, told["temporary_password"]) and user.must_change
    world.drain()
    assert world.inbox == []
    assert contacts.get(desk.portal.slug, told["contact_id"]).name == "Ada Okafor"
    (fact,) = facts_of(desk.portal.slug, "staff:office-user:added")
    assert fact.changes == {"account": desk.office.id, "role": "portal-user"}
    kept = json.dumps([list(world.scan(table)) for table in ("people", "facts", "messages", "tokens")])
    assert told["temporary_password"] not in kept


def test_added_again_with_its_key_it_is_the_same_user_and_the_password_is_gone(desk: Desk) -> None:
    first, again = (desk.add(headers={"Idempotency_Key": "k"}) for _ in range(2))
    assert (first.status, again.status, again.headers["Idempotency-Replayed"]) == (201, 201, "true")
    assert first.json["temporary_password"]
    assert again.json == first.json | {"temporary_password": None}


def test_an_employee_who_is_found_becomes_a_user_once(desk: Desk) -> None:
    person = make_contact(desk.portal, desk.office, emails=["maria@elmstreet.example"], title="Nurse")
    wanted = {"account_id": desk.office.id, "role": "clerical-user", "contact_id": person.id}
    made = good(desk.api.post(f"{desk.at}/users", {**wanted, "username": "maria"})).json
    assert (made["contact_id"], made["first_name"], made["email"]) == (person.id, "Maria", "maria@elmstreet.example")
    assert (made["title"], made["phone"]) == ("Nurse", person.mobile)
    second = desk.api.post(f"{desk.at}/users", {**wanted, "username": "maria.two"})
    assert (second.status, second.code) == (409, "conflict") and "has a user already" in second.json["detail"]
    assert users.find(desk.portal.slug, "mariatwo") is None and desk.usernames() == ["maria"]


def test_of_16_who_make_a_user_of_one_person_one_does(desk: Desk) -> None:
    person = make_contact(desk.portal, desk.office)
    body = {"account_id": desk.office.id, "role": "portal-user", "contact_id": person.id}
    calls = [partial(desk.api.post, f"{desk.at}/users", {**body, "username": f"maria.{n}"}) for n in range(16)]
    assert sorted(reply.status for reply in at_once(calls)) == [201] + [409] * 15
    assert len(desk.usernames()) == 1


def test_an_offices_number_does_not_move_while_somebody_is_added(desk: Desk) -> None:
    """Else the new contact's card would stay behind under the old number."""
    with meanwhile.after("dynamodb.Query", lambda: good(desk.add())), pytest.raises(Stale):
        change_account(desk.portal, desk.office.id, number="ELM-NEW")
    assert desk.usernames() == ["ada.okafor"]
    change_account(desk.portal, desk.office.id, number="ELM-NEW")


def test_an_employee_is_added_with_the_user(desk: Desk) -> None:
    employee = {
        "first_name": "Ada", "last_name": "Okafor", "provider_type": "Physician", "employee_number": "4711",
        "telephone": "415 555 0132", "fax": "+1 415 555 0133", "email": "ada@elmstreet.example",
    }  # fmt: skip
    body = {"account_id": desk.office.id, "role": "portal-user", "username": "ada", "employee": employee}
    made = good(desk.api.post(f"{desk.at}/users", body)).json
    person = contacts.get(desk.portal.slug, made["contact_id"])
    assert (person.provider_type, person.employee_number, person.landline) == ("Physician", "4711", "+14155550132")
    assert (made["phone"], made["email"]) == ("+14155550132", "ada@elmstreet.example")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"username": "ab"}, "username"), ({"username": "a b c"}, "username"), ({"role": "god"}, "role"),
        ({"role": "no-such-role"}, "role"), ({"email": "nobody"}, "email"), ({"email": None}, "email"),
        ({"first_name": ""}, "first_name"), ({"last_name": "-"}, "last_name"), ({"phone": "abc"}, "phone"),
        ({"contact_id": "0" * 32}, "contact_id"), ({"account_id": "0" * 32}, "account_id"),
        ({"employee": {"first_name": "A", "last_name": "B", "telephone": "12"}}, "employee.telephone"),
        ({"employee": {"first_name": "A", "last_name": "B"}, "contact_id": "0" * 32}, "contact_id"),
        ({"temporary_password": "x"}, "temporary_password"), ({"state": "active"}, "state"),
        ({"office_id": "0" * 32}, "office_id"), ({"password_hash": "x"}, "password_hash"),
    ],
)  # fmt: skip
def test_what_cannot_be_added_is_refused(desk: Desk, wrong: dict[str, Any], field: str) -> None:
    reply = desk.add(**wrong)
    assert (reply.status, list(reply.errors)) == (400, [field]), reply.text
    assert desk.usernames() == []


def test_a_refusal_names_every_field_at_fault(desk: Desk) -> None:
    wrong = {"username": "a b", "email": "nobody", "last_name": "-", "phone": "abc"}
    assert desk.add(**wrong).errors.keys() == wrong.keys()
    assert desk.add(**wrong, role=1).errors.keys() >= {"username", "email", "phone", "role"}


def test_users_are_of_open_offices_and_providers_and_employees_of_their_own(desk: Desk) -> None:
    client = make_account(desk.portal)
    closed = make_office(desk.portal)
    change_account(desk.portal, closed.id, status="closed")
    stranger = make_contact(desk.portal, make_office(desk.portal))
    for wrong, field in (
        ({"account_id": client.id}, "account_id"),
        ({"account_id": closed.id}, "account_id"),
        ({"contact_id": stranger.id}, "contact_id"),
    ):
        reply = desk.add(**wrong)
        assert (reply.status, list(reply.errors)) == (400, [field])
    provider = make_provider(desk.portal, desk.office)
    made = good(desk.add(account_id=provider.id)).json
    assert (made["account_id"], made["office_id"], made["account_name"]) == (provider.id, desk.office.id, provider.name)


def test_a_username_is_never_given_to_another(desk: Desk) -> None:
    made = good(desk.add())
    good(desk.api.call("DELETE", f"{desk.at}/users/{made.id}"))
    for spelling in ("ada.okafor", "ADA.Okafor", "аda.okafor"):
        reply = desk.add(username=spelling, email="other@elmstreet.example")
        assert reply.code in ("username-taken", "invalid"), reply.text
    assert desk.add(username="Ada.Okafor").code == "username-taken"


# Employees


def test_employees_are_found_by_last_name_and_say_who_is_a_user(desk: Desk) -> None:
    plain = make_contact(desk.portal, desk.office, last_name="Núñez", title="Nurse")
    make_contact(desk.portal, desk.office, last_name="Abel")
    make_contact(desk.portal, make_office(desk.portal), last_name="Nunez")
    user = desk.user(last_name="Nunn", first_name="Ed")
    at = f"{desk.at}/users/employees?account_id={desk.office.id}"
    found = good(desk.api.get(f"{at}&last_name=NUN")).items
    assert [(each["name"], each["has_user"], each["role_name"]) for each in found] == [
        ("Maria Núñez", False, None), ("Ed Nunn", True, "Portal User"),
    ]  # fmt: skip
    assert (found[0]["id"], found[0]["title"], found[0]["telephone"]) == (plain.id, "Nurse", plain.mobile)
    assert (found[1]["user_id"], found[1]["username"]) == (user.id, user.username)
    first = good(desk.api.get(f"{at}&limit=2"))
    rest = good(desk.api.get(f"{at}&limit=2&cursor={first.cursor}"))
    assert [each["last_name"] for each in first.items + rest.items] == ["Abel", "Núñez", "Nunn"]
    assert desk.api.get(f"{desk.at}/users/employees").errors.keys() == {"account_id"}
    assert desk.api.get(f"{desk.at}/users/employees?account_id={'0' * 32}").status == 404


def test_an_employee_is_added_once_and_can_become_a_user(desk: Desk) -> None:
    body = {"account_id": desk.office.id, "first_name": "Ada", "last_name": "Okafor", "email": "ada@elmstreet.example"}
    made, again = (desk.api.post(f"{desk.at}/users/employees", body, Idempotency_Key="k") for _ in range(2))
    assert (made.status, again.json) == (201, made.json)
    assert (made.json["name"], made.json["has_user"]) == ("Ada Okafor", False)
    good(desk.api.post(f"{desk.at}/users", {
        "account_id": desk.office.id, "contact_id": made.id, "role": "portal-user", "username": "ada",
    }))  # fmt: skip
    (found,) = good(desk.api.get(f"{desk.at}/users/employees?account_id={desk.office.id}")).items
    assert (found["has_user"], found["username"]) == (True, "ada")
    for wrong, field in (
        ({"telephone": "1234"}, "telephone"),
        ({"email": "x"}, "email"),
        ({"last_name": "-"}, "last_name"),
    ):
        reply = desk.api.post(f"{desk.at}/users/employees", {**body, **wrong})
        assert (reply.status, list(reply.errors)) == (400, [field])
    assert desk.api.delete(f"{desk.at}/contacts/{made.id}").code == "conflict", "a user belongs to it"


# Lists


def test_lists_are_searched_by_what_the_desk_knows(desk: Desk, moment: MovableClock) -> None:
    provider = make_provider(desk.portal, desk.office)
    elsewhere = make_office(desk.portal, name="Oak Street Clinic")
    desk.user(MANAGER, first_name="Zoë", last_name="de la Cruz", username="zoe", email="zoe@elmstreet.example")
    desk.user("clerical-user", first_name="Mary Ann", last_name="Smith", username="mary.ann")
    moment.advance(1)
    make_office_user(desk.portal, provider, first_name="Bo", last_name="Smithson", username="Bo.99")
    make_office_user(desk.portal, elsewhere, first_name="Al", last_name="Ax", username="al.x")
    make_office_user(desk.portal, elsewhere, first_name="No", last_name="One", username="nobody.yet", state="pending")
    for query, expected in (
        ("", ["al.x", "zoe", "mary.ann", "Bo.99"]),
        ("&sort=-name", ["Bo.99", "mary.ann", "zoe", "al.x"]),
        ("&last_name=smith", ["mary.ann", "Bo.99"]),
        ("&last_name=DE%20LA", ["zoe"]),
        ("&last_name=smith&sort=-created_at", ["Bo.99", "mary.ann"]),
        ("&first_name=zoe", ["zoe"]),
        ("&first_name=mary%20a", ["mary.ann"]),
        ("&first_name=ann", []),
        ("&username=BO.9", ["Bo.99"]),
        ("&role=clerical-user", ["mary.ann"]),
        (f"&account_id={provider.id}", ["Bo.99"]),
        (f"&account_id={desk.office.id}", ["zoe", "mary.ann"]),
        (f"&office_id={desk.office.id}", ["zoe", "mary.ann", "Bo.99"]),
        (f"&office_id={desk.office.id}&last_name=smi&sort=-name", ["Bo.99", "mary.ann"]),
        (f"&office_id={elsewhere.id}&account_id={provider.id}", []),
        (f"&account_id={'0' * 32}", []),
        ("&q=elmstreet%20cruz", ["zoe"]),
        ("&q=Ann", ["mary.ann"]),
        ("&q=bo.99", ["Bo.99"]),
        ("&last_name=!!!", []),
    ):
        assert desk.usernames(query) == expected, query
    assert desk.api.get(f"{desk.at}/users?locked=yes").errors.keys() == {"locked"}
    first = good(desk.api.get(f"{desk.at}/users?limit=3"))
    rest = good(desk.api.get(f"{desk.at}/users?limit=3&cursor={first.cursor}"))
    assert [each["username"] for each in first.items + rest.items] == ["al.x", "zoe", "mary.ann", "Bo.99"]
    assert rest.cursor is None and 'rel="next"' in first.headers["Link"]


def test_locked_and_deleted_ones_are_told_apart(desk: Desk) -> None:
    for name in ("active", "locked", "gone"):
        desk.user(username=f"{name}.user", last_name=name)
    ids = {each["username"]: each["id"] for each in good(desk.api.get(f"{desk.at}/users")).items}
    good(desk.api.post(f"{desk.at}/users/{ids['locked.user']}/lock", {"reason": "On leave"}))
    good(desk.api.delete(f"{desk.at}/users/{ids['gone.user']}"))
    for query, expected in (
        ("", ["active.user", "locked.user"]),
        ("&locked=true", ["locked.user"]),
        ("&locked=false", ["active.user"]),
        ("&deleted=true", ["gone.user"]),
        ("&deleted=any", ["active.user", "gone.user", "locked.user"]),
    ):
        assert desk.usernames(query) == expected, query


def test_who_waits_for_approval_is_no_user_yet(desk: Desk) -> None:
    waiting = desk.user(state="pending")
    assert desk.api.get(f"{desk.at}/users/{waiting.id}").status == 404
    for act in ACTS:
        assert desk.act(waiting, act).status == 404
    assert desk.api.delete(f"{desk.at}/users/{waiting.id}").status == 404
    assert waiting.user.state == "pending"


# Export (threat 28)


def test_the_export_is_harmless_in_a_spreadsheet_and_can_be_read_back(desk: Desk) -> None:
    nasty = ["=1+1", "+44", "-2", "@SUM(A1)", "'=1", "' =x", "'t Hooft", 'a "b", c', "＝1", "é"]
    for place, name in enumerate(nasty):
        desk.user(first_name=name, last_name=f"N{place}", title=f"={place}")
    reply = good(desk.api.get(f"{desk.at}/users/export?last_name=N"))
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert reply.headers["Content-Disposition"].startswith(f'attachment; filename="{desk.portal.slug}-users-2030-')
    assert reply.text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(reply.text.removeprefix("\ufeff"), newline="")))
    assert not [
        cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝"))
    ]
    assert [spreadsheet.read_back(row["first_name"]) for row in rows] == nasty
    assert [spreadsheet.read_back(row["title"]) for row in rows] == [f"={place}" for place in range(len(nasty))]
    (fact,) = facts_of(desk.portal.slug, "staff:office-user:exported")
    assert (fact.subject, fact.changes) == (f"portal:{desk.portal.slug}", {"count": len(nasty)})


def test_an_export_holds_the_whole_list_or_asks_to_narrow_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(105):
        desk.user()
    assert good(desk.api.get(f"{desk.at}/users/export")).text.count("\r\n") == 106
    monkeypatch.setattr(office_desk, "MOST_EXPORTED", 104)
    reply = desk.api.get(f"{desk.at}/users/export")
    assert (reply.status, reply.code) == (400, "invalid") and "Narrow the list" in reply.json["detail"]
    assert good(desk.api.get(f"{desk.at}/users/export?username=none")).text.count("\r\n") == 1


# Acts


def test_a_reset_is_mailed_to_its_owner_alone_and_ends_everything(desk: Desk, world: World) -> None:
    user = desk.user()
    before = user.user
    reply = good(desk.act(user, "reset-password"))
    assert reply.json["has_temporary_password"] and "temporary_password" not in reply.json
    world.drain()
    (mail,) = world.inbox
    assert (mail.to, mail.subject) == (user.email, "Your temporary password - Acme Benefits")
    assert f"/{desk.portal.slug}/sign-in/password" in mail.text and "24 hours" in mail.text
    now = user.user
    assert now.password_hash != before.password_hash and now.temporary_until == clock.timestamp() + 86_400
    word = next(line.strip() for line in mail.text.splitlines() if line.strip().count("-") == 3)
    assert passwords.matches(now.password_hash, word)
    assert word not in reply.text + good(desk.api.get(f"{desk.at}/facts?subject=user:{user.id}")).text


def test_threat_14_resets_without_end_are_few_mails(desk: Desk, world: World, moment: MovableClock) -> None:
    user = desk.user()
    statuses = []
    for _ in range(40):
        moment.advance(minutes=30)
        statuses.append(desk.act(user, "reset-password").status)
    world.drain()
    assert set(statuses) == {200, 429} and len(world.sent_to(user.email)) == statuses.count(200) <= 8


def test_a_lock_ends_sessions_says_why_and_no_new_password_opens_it(desk: Desk) -> None:
    user = desk.user()
    locked = good(desk.act(user, "lock")).json
    assert (locked["state"], locked["lock_reason"]) == ("locked", "On leave")
    assert locked["locked_at"] == clock.text(clock.timestamp())
    held = good(desk.api.post(f"{desk.at}/users/{user.id}/lock", {"reason": users.DISAVOWED})).json
    assert held["lock_reason"] == users.DISAVOWED and not user.user.is_disavowed
    assert desk.act(user, "reset-password").code == "conflict"
    assert desk.api.post(f"{desk.at}/users/{user.id}/lock", {"reason": ""}).errors.keys() == {"reason"}
    opened = good(desk.act(user, "unlock")).json
    assert (opened["state"], opened["lock_reason"], opened["locked_at"]) == ("active", "", None)


@pytest.mark.parametrize(("wrong", "minutes"), [(9, 0), (10, 15), (15, 30), (100, None)])
def test_too_many_wrong_passwords_are_shown_until_they_are_over(
    desk: Desk, moment: MovableClock, wrong: int, minutes: int | None
) -> None:
    user, other = desk.user(), desk.user()
    key, now = users.tried_as("customer", user.user.username_key), moment()
    tx = Transaction()
    for_good = IdentityRow(f"{desk.portal.slug}#identity#{key}", failures=wrong, failed_at=now, expires_at=now + 10**8)
    tx.put(for_good)
    tx.commit()

    def seen(at: int) -> tuple[str | None, str | None]:
        moment.advance(at - moment())
        rows = {each["id"]: each for each in good(desk.api.get(f"{desk.at}/users")).items}
        assert rows[other.id]["locked_out_at"] is None and rows[user.id]["state"] == "active"
        return rows[user.id]["locked_out_at"], rows[user.id]["locked_out_until"]

    until = now + 60 * minutes if minutes else None
    assert seen(now) == ((None, None) if minutes == 0 else (clock.text(now), clock.text(until)))
    if until:
        assert seen(until - 1)[1] == clock.text(until) and seen(until) == (None, None)
    good(desk.act(user, "unlock"))
    assert seen(int(moment())) == (None, None)


def test_unlocking_forgets_wrong_tries_and_tells_the_user(desk: Desk, world: World) -> None:
    user = desk.user()
    key = identities.identity("password/customer", user.user.username_key)
    for _ in range(10):
        identities.count_try(desk.portal.slug, key)
    with pytest.raises(identities.Locked):
        identities.count_try(desk.portal.slug, key)
    good(desk.act(user, "unlock"))
    identities.count_try(desk.portal.slug, key)
    world.drain()
    assert [mail.to for mail in world.inbox] == [user.email]


def test_a_deleted_user_is_shut_out_and_restored_as_it_was(desk: Desk) -> None:
    user = desk.user()
    at = f"{desk.at}/users/{user.id}"
    hash_before = user.user.password_hash
    assert good(desk.api.delete(at)).status == good(desk.api.delete(at)).status == 204
    gone = desk.read(user)
    assert (gone["state"], gone["deleted"], gone["username"]) == ("deleted", True, user.username)
    for act in ("reset-password", "lock", "unlock"):
        assert desk.act(user, act).code == "conflict", act
    assert desk.api.patch(at, {"first_name": "X"}).code == "conflict"
    back = good(desk.act(user, "restore")).json
    assert (back["state"], back["deleted"]) == ("active", False) and user.user.password_hash == hash_before
    assert len(facts_of(desk.portal.slug, "staff:office-user:deleted", "staff:office-user:restored")) == 2


def test_a_lock_outlives_a_deletion(desk: Desk) -> None:
    user = desk.user()
    tx = Transaction()
    user_changes.set_state(tx, user.user, "locked", users.DISAVOWED)
    tx.commit()
    good(desk.api.delete(f"{desk.at}/users/{user.id}"))
    back = good(desk.act(user, "restore")).json
    assert back["state"] == "locked" and "was not them" in back["lock_reason"] and back["locked_at"]


def test_whose_contact_is_gone_cannot_be_restored(desk: Desk) -> None:
    user = desk.user()
    good(desk.api.delete(f"{desk.at}/users/{user.id}"))
    good(desk.api.delete(f"{desk.at}/contacts/{user.user.contact_id}"))
    reply = desk.act(user, "restore")
    assert (reply.status, reply.code) == (409, "conflict") and "Add a new user" in reply.json["detail"]


def test_everything_but_the_username_can_be_changed(desk: Desk, world: World) -> None:
    user = desk.user()
    at = f"{desk.at}/users/{user.id}"
    changed = good(desk.api.patch(at, {
        "first_name": "Ada", "middle_name": "B.", "last_name": "Ünal", "title": "Nurse", "phone": "415 555 0132",
        "role": "clerical-user", "email": "new@elmstreet.example", "preferences": {"registration_waiting": []},
    })).json  # fmt: skip
    assert (changed["phone"], changed["role_name"], changed["version"]) == ("+14155550132", "Clerical User", 2)
    assert changed["preferences"] == {"registration_waiting": []}
    assert desk.usernames("&last_name=una&first_name=ad&q=new@elm") == [user.username]
    world.drain()
    assert [mail.to for mail in world.inbox] == [user.email], "the address of before is told"
    (fact,) = facts_of(desk.portal.slug, "staff:office-user:changed")
    assert fact.changes is not None and fact.changes["role"] == ["portal-user", "clerical-user"]
    assert not {"Ada", "new@elmstreet.example"} & set(map(str, fact.changes.values()))
    again = good(desk.api.patch(at, {"first_name": "Ada"})).json
    assert again["version"] == 2 and len(facts_of(desk.portal.slug, "staff:office-user:changed")) == 1
    for wrong in ({"email": ""}, {"email": None}, {"first_name": ""}, {"role": "none"}, {"phone": "x"},
                  {"state": "locked"},
                  {"preferences": {"registration_waiting": ["pigeon"]}}, {"account_id": "0" * 32},
                  {"password_hash": "x"}):  # fmt: skip
        assert desk.api.patch(at, wrong).status == 400, wrong
    assert desk.api.patch(at, {"title": "X"}, If_Match='"1"').code == "stale"


def test_a_username_that_is_to_change_is_answered_with_what_to_do(desk: Desk) -> None:
    user = desk.user()
    reply = desk.api.patch(f"{desk.at}/users/{user.id}", {"username": "other"})
    assert (reply.status, list(reply.errors)) == (400, ["username"])
    assert "never changes" in reply.errors["username"] and "Add a new user" in reply.errors["username"]


def test_threat_48_a_reset_still_goes_to_the_address_of_before_for_a_day(
    desk: Desk, world: World, moment: MovableClock
) -> None:
    user, new = desk.user(), "thief@elmstreet.example"
    good(desk.api.patch(f"{desk.at}/users/{user.id}", {"email": new}))
    good(desk.act(user, "reset-password"))
    world.drain()
    assert world.sent_to(new) == [] and len(world.sent_to(user.email)) == 2
    moment.advance(hours=24)
    good(desk.act(user, "reset-password"))
    world.drain()
    assert len(world.sent_to(new)) == 1


def test_whoever_becomes_an_administrator_signs_in_anew(desk: Desk) -> None:
    user = desk.user()

    def enter() -> None:
        tx, now = Transaction(), clock.timestamp()
        noted = Noted(at=now, until=now + 100, browser="Firefox, Linux")
        user_sessions.note_session(tx, user.user, "s" * 64, noted, refusal=Conflict())
        tx.commit()

    enter()
    good(desk.api.patch(f"{desk.at}/users/{user.id}", {"role": "clerical-user"}))
    assert user.user.sessions
    good(desk.api.patch(f"{desk.at}/users/{user.id}", {"role": MANAGER}))
    assert not user.user.sessions


@pytest.mark.parametrize("how", ["address", "lock", "delete", "reset"])
def test_what_lies_in_a_mailbox_opens_nothing_any_more(desk: Desk, how: str) -> None:
    user = desk.user()
    at = f"{desk.at}/users/{user.id}"
    tx = Transaction()
    links.issue(tx, desk.portal.slug, "password-reset", user.id, seconds=1800)
    tx.commit()
    good(desk.api.patch(at, {"title": "Nurse"}))
    assert links.standing(desk.portal.slug, "password-reset", user.id)
    if how == "address":
        good(desk.api.patch(at, {"email": "new@elmstreet.example"}))
    else:
        good(desk.api.delete(at) if how == "delete" else desk.act(user, "lock" if how == "lock" else "reset-password"))
    assert links.standing(desk.portal.slug, "password-reset", user.id) is None


# The last manager


@pytest.mark.parametrize("how", ["lock", "delete", "role"])
def test_an_office_keeps_somebody_who_looks_after_it(desk: Desk, how: str) -> None:
    first = desk.user(MANAGER)
    make_office_user(desk.portal, make_provider(desk.portal, desk.office), MANAGER)
    make_office_user(desk.portal, make_office(desk.portal), MANAGER)

    def go(user: OfficeUser) -> Reply:
        at = f"{desk.at}/users/{user.id}"
        if how == "role":
            return desk.api.patch(at, {"role": "portal-user"})
        return desk.api.delete(at) if how == "delete" else desk.act(user, "lock")

    refused = go(first)
    assert (refused.status, refused.code) == (409, "conflict")
    assert "Make somebody else an administrator there first." in refused.json["detail"]
    assert first.user.is_active and first.user.role == MANAGER
    second = desk.user(MANAGER)
    good(go(first))
    assert go(second).code == "conflict"
    change_account(desk.portal, desk.office.id, status="closed")
    good(go(second))


def test_of_two_managers_who_are_deleted_at_once_one_stays(desk: Desk) -> None:
    for _ in range(5):
        both = [desk.user(MANAGER) for _ in range(2)]
        replies = at_once([partial(desk.api.delete, f"{desk.at}/users/{each.id}") for each in both])
        assert sorted(reply.status for reply in replies) in ([204, 409], [204, 412], [409, 409], [409, 412], [412, 412])
        left = [each for each in both if each.user.is_active]
        assert left
        change_account(desk.portal, desk.office.id, status="closed")
        for each in left:
            good(desk.api.delete(f"{desk.at}/users/{each.id}"))
        desk.office = change_account(desk.portal, desk.office.id, status="open")


# Who may


def test_staff_act_by_their_role_and_show_a_second_factor(desk: Desk) -> None:
    user = desk.user()
    support = make_session(desk.portal.slug, "support")
    agent = make_session(desk.portal.slug, "agent")
    stale = make_session(desk.portal.slug, "support", proved=False)
    assert good(agent.get(f"{desk.at}/users/{user.id}")).json["username"] == user.username
    assert desk.act(user, "lock", agent).code == "forbidden"
    assert desk.act(user, "lock", stale).code == "step-up-needed"
    assert good(desk.act(user, "lock", support)).json["state"] == "locked"
    assert desk.add(agent).code == "forbidden" and desk.add(stale).code == "step-up-needed"
    assert good(desk.add(support)).json["temporary_password"]


def test_users_of_other_kinds_are_not_at_this_desk(desk: Desk) -> None:
    colleague = make_colleague(desk.portal.slug)
    assert desk.api.get(f"{desk.at}/users/{colleague.id}").status == 404
    assert desk.api.patch(f"{desk.at}/users/{colleague.id}", {"role": MANAGER}).status == 404
    assert colleague.user.role == "owner" and desk.usernames() == []


def test_threat_32_what_is_looked_for_is_taken_as_it_is(desk: Desk, world: World) -> None:
    desk.user()
    before = len(list(world.scan("people")))
    for odd in ODD:
        for name in ("first_name", "last_name", "username", "q", "role", "account_id", "office_id", "cursor"):
            for sort in ("name", "created_at"):
                reply = desk.api.get(f"{desk.at}/users?sort={sort}&{name}={quote(odd)}")
                assert reply.status in (200, 400), (name, odd, reply.text)
        reply = desk.add(username=odd)
        assert reply.status in (201, 400), reply.text
        if reply.status == 201:
            before = len(list(world.scan("people")))
    assert len(list(world.scan("people"))) == before
