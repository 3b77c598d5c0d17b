"""Staff users over the API: invited, changed, shut out, let in again; by whom, and what everybody is told."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.facts import Act
from chalicelib.people import staff, user_changes, usernames, users
from chalicelib.people.staff import By
from chalicelib.portals.permissions import LEVELS, may_grant
from chalicelib.security import identities, links, passwords
from chalicelib.storage import Transaction
from tests.staffing import PASSWORD, Colleague, StaffClient, make_colleague, make_session, signed_in
from tests.world import MovableClock, World

from .client import ApiClient, Reply
from .conftest import Office, at_once, good, make_key

ANA = {"first_name": "Ana", "last_name": "Silva", "email": "ana.silva@company.example", "role": "support"}
CARD = {"title": "Adviser", "phone": "+14155550132", "photo_url": "https://acme.example/a.png", "about": "Two\nlines"}
ACTS = ("invite", "deactivate", "reactivate", "reset-factors", "temporary-password", "unlock")


def invite(caller: ApiClient, office: Office, **fields: Any) -> Reply:
    return caller.post(f"{office.at}/staff", {**ANA, **fields})


def one(office: Office, colleague: Colleague | str, act: str = "") -> str:
    user_id = colleague if isinstance(colleague, str) else colleague.id
    return f"{office.at}/staff/{user_id}{'/' if act else ''}{act}"


def kinds(office: Office, user_id: str) -> list[str]:
    return [fact["kind"] for fact in good(office.api.get(f"{office.at}/facts?subject=user:{user_id}&limit=100")).items]


def link_in(world: World, address: str) -> str:
    """The token of the newest invitation."""
    return world.newest(address).text.partition("/staff/join?t=")[2].split()[0]


@pytest.fixture
def boss(office: Office) -> StaffClient:
    return make_session(office.slug, "owner", first_name="Olga", last_name="Owner")


# Inviting


def test_an_invitation_is_mailed_and_opens_the_way_in(office: Office, boss: StaffClient, world: World) -> None:
    made = invite(boss, office, email="Ana.Silva@Company.example")
    assert made.status == 201
    assert made.headers["Location"] == f"https://portal.example.com/api/v1{one(office, made.id)}"
    assert made.json == {
        "id": made.id, "version": 1, "first_name": "Ana", "last_name": "Silva", "email": "Ana.Silva@company.example",
        "title": "", "phone": None, "photo_url": None, "about": "",
        "role": "support", "username": "Ana.Silva@company.example", "state": "invited", "second_factors": [],
        "has_temporary_password": False, "last_sign_in": None, "created_at": clock.text(clock.timestamp()),
        "updated_at": clock.text(clock.timestamp()),
    }  # fmt: skip
    world.drain()
    (sent,) = world.sent_to("Ana.Silva@company.example")
    assert sent.subject == "You are invited to work in Acme Benefits"
    assert "Olga Owner has invited you." in sent.text and "Your role: support." in sent.text
    assert "24 hours" in sent.text
    link = links.peek(office.slug, "staff-invitation", link_in(world, "Ana.Silva@company.example"))
    assert (link.holder, link.valid_until) == (made.id, clock.timestamp() + 86_400)
    (fact,) = good(boss.get(f"{office.at}/facts?subject=user:{made.id}")).items
    assert (fact["kind"], fact["changes"]) == ("staff:user:invited", {"role": "support"})


def test_a_key_invites_in_nobodys_name(office: Office, world: World) -> None:
    good(invite(office.api, office, role="owner"))
    world.drain()
    sent = world.newest(ANA["email"]).text
    assert "has invited you" not in sent and "Your role: owner." in sent


def test_an_invitation_repeated_with_its_key_is_one(office: Office, boss: StaffClient, world: World) -> None:
    first, again = (boss.post(f"{office.at}/staff", ANA, Idempotency_Key="k") for _ in range(2))
    assert (first.status, again.status, again.headers["Idempotency-Replayed"]) == (201, 201, "true")
    assert first.json == again.json
    world.drain()
    assert len(world.sent_to(ANA["email"])) == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"email": ""}, "email"), ({"email": "nobody"}, "email"), ({"email": "a@b.example\nBcc: c@d.example"}, "email"),
        ({"email": "o/brien@b.example"}, "email"), ({"email": "é@b.example"}, "email"),
        ({"email": f"{'a' * 60}@{'b' * 60}.example"}, "email"),
        ({"role": "god"}, "role"), ({"role": ""}, "role"), ({"first_name": "A\nB"}, "first_name"),
        ({"state": "active"}, "state"), ({"password_hash": "x"}, "password_hash"), ({"username": "x"}, "username"),
    ],
)  # fmt: skip
def test_what_cannot_be_invited_is_refused(
    office: Office, boss: StaffClient, wrong: dict[str, str], field: str
) -> None:
    reply = invite(boss, office, **wrong)
    assert (reply.status, list(reply.errors)) == (400, [field])


def test_a_username_is_never_given_to_another(office: Office, boss: StaffClient) -> None:
    made = good(invite(boss, office))
    good(boss.post(one(office, made.id, "deactivate")))
    for spelling in (ANA["email"], "ANA.SILVA@company.example", "аna.silva@company.example".replace("\u0430", "a")):
        reply = invite(boss, office, email=spelling)
        assert (reply.status, reply.code) == (409, "username-taken")
        assert "reactivate" in reply.json["detail"]
    good(boss.patch(one(office, made.id), {"email": "elsewhere@company.example"}))
    assert good(boss.get(one(office, made.id))).json["username"] == ANA["email"]
    assert invite(boss, office).code == "username-taken"
    assert good(invite(boss, office, email="elsewhere@company.example")).json["state"] == "invited"


def test_of_32_parallel_invitations_of_one_address_one_is_made(office: Office, world: World) -> None:
    replies = at_once([partial(invite, office.api, office)] * 32)
    assert sorted(reply.status for reply in replies) == [201] + [409] * 31
    world.drain()
    assert len(world.sent_to(ANA["email"])) == 1


def test_an_invitation_sent_again_ends_the_older(office: Office, boss: StaffClient, world: World) -> None:
    made = good(invite(boss, office))
    world.drain()
    first = link_in(world, ANA["email"])
    world.clock.advance(minutes=1)
    good(boss.post(one(office, made.id, "invite")))
    world.drain()
    with pytest.raises(links.LinkOver):
        links.peek(office.slug, "staff-invitation", first)
    assert links.peek(office.slug, "staff-invitation", link_in(world, ANA["email"])).holder == made.id


def test_invitations_are_sent_again_three_times_in_a_quarter_of_an_hour_and_eight_a_day(
    office: Office, boss: StaffClient, world: World
) -> None:
    """Threat 14: whatever is pressed, at most eight a day reach one address."""
    made = good(invite(boss, office))
    sent = 1
    for quarter in range(8):
        for _ in range(4):
            reply = boss.post(one(office, made.id, "invite"))
            assert reply.status in (200, 429)
            sent += reply.status == 200
        assert (reply.code, int(reply.headers["Retry-After"]) > 0) == ("too-many-requests", True)
        assert sent == min(3 * (quarter + 1), 8)
        world.clock.advance(minutes=15)
        boss = make_session(office.slug)
    world.drain()
    assert len(world.sent_to(ANA["email"])) == 8


def test_who_has_a_password_or_is_deactivated_is_not_invited_again(office: Office, boss: StaffClient) -> None:
    colleague = make_colleague(office.slug, "agent")
    assert boss.post(one(office, colleague, "invite")).code == "conflict"
    waiting = make_colleague(office.slug, "agent", has_password=False)
    good(boss.post(one(office, waiting, "deactivate")))
    assert "Reactivate" in boss.post(one(office, waiting, "invite")).json["detail"]


# Lists and changes


def test_the_list_is_sorted_and_paged(office: Office) -> None:
    for first, last in (("Zoe", "Adams"), ("Ana", "Silva"), ("Bo", "Ångström")):
        office.clock.advance(1)
        good(invite(office.api, office, first_name=first, last_name=last, email=f"{first}@company.example"))

    def names(query: str = "") -> list[str]:
        return [item["first_name"] for item in good(office.api.get(f"{office.at}/staff{query}")).items]

    assert names() == ["Zoe", "Bo", "Ana"]
    assert names("?sort=-name") == ["Ana", "Bo", "Zoe"]
    assert names("?sort=created_at") == ["Zoe", "Ana", "Bo"]
    assert names("?sort=-created_at") == ["Bo", "Ana", "Zoe"]
    first = good(office.api.get(f"{office.at}/staff?limit=2"))
    assert 'rel="next"' in first.headers["Link"]
    rest = good(office.api.get(f"{office.at}/staff?limit=2&cursor={first.cursor}"))
    assert [item["first_name"] for item in first.items + rest.items] == ["Zoe", "Bo", "Ana"]
    assert rest.cursor is None
    assert list(office.api.get(f"{office.at}/staff?sort=role").errors) == ["sort"]


def test_a_customers_user_is_no_staff(office: Office, boss: StaffClient) -> None:
    tx = Transaction()
    users.add(
        tx, office.slug, user_id="1" * 32, kind="customer", username="maria", username_key="maria", account_id="1" * 32
    )
    tx.commit()
    assert boss.get(one(office, "1" * 32)).status == 404
    assert boss.patch(one(office, "1" * 32), {"role": "owner"}).status == 404
    assert {boss.post(one(office, "1" * 32, act)).status for act in ACTS} == {404}
    assert [item["role"] for item in good(boss.get(f"{office.at}/staff")).items] == ["owner"]


def test_a_change_counts_the_version_and_is_merged(office: Office, boss: StaffClient) -> None:
    made = good(invite(boss, office))
    assert good(boss.get(one(office, made.id))).headers["ETag"] == '"1"'
    office.clock.advance(1)
    changed = good(boss.patch(one(office, made.id), {"last_name": "Souza"}, If_Match='"1"'))
    assert changed.json == {**made.json, "last_name": "Souza", "version": 2, "updated_at": changed.json["updated_at"]}
    assert boss.patch(one(office, made.id), {"last_name": "X"}, If_Match='"1"').code == "stale"
    assert good(boss.patch(one(office, made.id), {"last_name": "Souza"})).json["version"] == 2
    (fact, _) = good(boss.get(f"{office.at}/facts?subject=user:{made.id}")).items
    assert (fact["kind"], fact["changes"]) == ("staff:user:changed", {"last_name": "changed"})
    assert good(boss.get(f"{office.at}/staff?sort=-name")).items[0]["last_name"] == "Souza"


def test_a_card_is_optional_and_changed_like_all_else(office: Office, boss: StaffClient) -> None:
    """A phone number is kept in international form; one without a country code is of the portal's country."""
    made = good(invite(boss, office, **{**CARD, "phone": "(415) 555-0132"})).json
    assert {name: made[name] for name in CARD} == CARD
    reply = good(boss.patch(one(office, made["id"]), {"title": "Senior adviser", "phone": None}))
    assert {name: reply.json[name] for name in CARD} == {**CARD, "title": "Senior adviser", "phone": None}
    found = good(boss.get(f"{office.at}/facts?subject=user:{made['id']}")).items
    (changes,) = [fact["changes"] for fact in found if fact["kind"] == "staff:user:changed"]
    assert changes == {"title": "changed", "phone": "changed"}
    for name, wrong in {"phone": "12", "photo_url": "http://a.example", "title": "a\nb", "about": "\x00"}.items():
        for refused in (invite(boss, office, **{name: wrong}), boss.patch(one(office, made["id"]), {name: wrong})):
            assert (refused.status, list(refused.errors)) == (400, [name])


def test_a_replaced_address_is_told_and_its_links_are_over(office: Office, boss: StaffClient, world: World) -> None:
    """Threat 48."""
    made = good(invite(boss, office))
    world.drain()
    token = link_in(world, ANA["email"])
    good(boss.patch(one(office, made.id), {"email": "new@company.example"}))
    world.drain()
    told = world.newest(ANA["email"])
    assert told.subject == "Your email address was replaced - Acme Benefits"
    assert "new@company.example" not in told.text + (told.html or "")
    assert world.sent_to("new@company.example") == []
    with pytest.raises(links.LinkOver):
        links.peek(office.slug, "staff-invitation", token)
    good(boss.post(one(office, made.id, "invite")))
    world.drain()
    assert links.peek(office.slug, "staff-invitation", link_in(world, "new@company.example")).holder == made.id


# Levels (threat 16)


@pytest.mark.parametrize("own", LEVELS)
@pytest.mark.parametrize("role", LEVELS)
def test_nobody_acts_above_their_own_level(office: Office, own: str, role: str) -> None:
    """The rule itself, in every flow: routes let in owners and administrators only, but roles may be added."""
    subject, by, act = make_colleague(office.slug, role), By(own), Act(office.slug, "user:tests")
    make_colleague(office.slug, "owner")
    shown = staff.get(office.slug, subject.id)
    input_ = staff.StaffInput(first_name="New", last_name=shown.last_name, email=shown.email, role=role)  # type: ignore[arg-type]
    acts = [
        lambda: staff.change(act, by, subject.id, input_), lambda: staff.unlock(act, by, subject.id),
        lambda: staff.send_temporary_password(act, by, subject.id), lambda: staff.reset_factors(act, by, subject.id),
        lambda: staff.deactivate(act, by, subject.id), lambda: staff.reactivate(act, by, subject.id),
        lambda: staff.invite(act, by, staff.StaffInput(email=f"new-{subject.email}", role=role)),  # type: ignore[arg-type]
    ]  # fmt: skip
    for place, do in enumerate(acts):
        if may_grant(own, role):
            do()
            continue
        with pytest.raises(staff.Forbidden) as refusal:
            do()
        assert f"As {own}" in refusal.value.text and role in refusal.value.text, place
    assert kinds(office, subject.id).count("staff:user:change-refused") == (0 if may_grant(own, role) else 6)


def test_an_administrator_neither_makes_nor_touches_an_owner(office: Office, boss: StaffClient) -> None:
    administrator = make_session(office.slug, "administrator")
    owner, agent = make_colleague(office.slug, "owner"), make_colleague(office.slug, "agent")
    tries = [
        invite(administrator, office, role="owner"),
        administrator.patch(one(office, agent), {"role": "owner"}),
        administrator.patch(one(office, owner), {"email": "mine@evil.example"}),
        administrator.patch(one(office, owner), {"role": "agent"}),
        *(administrator.post(one(office, owner, act)) for act in ACTS),
    ]
    for reply in tries:
        assert (reply.status, reply.code) == (403, "forbidden")
        assert "above your level" in reply.json["detail"]
    assert owner.user.version == 2 and agent.user.role == "agent"
    assert kinds(office, owner.id) == ["staff:user:change-refused"] * 8
    good(administrator.patch(one(office, agent), {"role": "administrator"}))


def test_nobody_changes_their_own_role_or_shuts_themselves_out(office: Office, boss: StaffClient) -> None:
    for role in ("owner", "administrator"):
        colleague = make_colleague(office.slug, role)
        caller = signed_in(colleague)
        tries = [
            caller.patch(one(office, colleague), {"role": "agent"}),
            *(
                caller.post(one(office, colleague, act))
                for act in ("deactivate", "reset-factors", "temporary-password")
            ),
        ]
        assert {(reply.status, reply.code) for reply in tries} == {(403, "forbidden")}
        assert colleague.user.role == role and colleague.user.is_active
        good(caller.patch(one(office, colleague), {"first_name": "Anna"}))


def test_a_key_acts_as_an_owner_only_with_the_permission(office: Office, boss: StaffClient) -> None:
    owner = make_colleague(office.slug, "owner")
    with_it, without = (
        ApiClient(make_key(office.slug, ["staff:manage"])),
        ApiClient(make_key(office.slug, ["staff:read"])),
    )
    assert without.post(one(office, owner, "deactivate")).code == "forbidden"
    assert with_it.get(f"{office.at}/staff").code == "forbidden"
    assert good(with_it.post(one(office, owner, "deactivate"))).json["state"] == "deactivated"


def test_an_administrator_makes_no_key_that_is_above_them(office: Office, boss: StaffClient) -> None:
    """A key that manages staff acts as an owner does: an administrator with one would be one."""
    body = {"name": "K", "scopes": ["staff:manage", "staff:read"]}
    reply = make_session(office.slug, "administrator").post(f"{office.at}/api-keys", body)
    assert (reply.status, reply.code) == (403, "forbidden")
    good(boss.post(f"{office.at}/api-keys", body))
    body["scopes"].remove("staff:manage")
    good(make_session(office.slug, "administrator").post(f"{office.at}/api-keys", body))


# The last owner


def test_the_last_owner_stays(office: Office) -> None:
    owner = make_colleague(office.slug, "owner")
    make_colleague(office.slug, "owner", has_password=False)  # who has not accepted cannot sign in
    shut_out = make_colleague(office.slug, "owner")
    good(office.api.post(one(office, shut_out, "deactivate")))
    for reply in (
        office.api.post(one(office, owner, "deactivate")),
        office.api.patch(one(office, owner), {"role": "administrator"}),
    ):
        assert (reply.status, reply.code) == (409, "conflict")
        assert "last owner" in reply.json["detail"]
    assert owner.user.is_active and owner.user.role == "owner"
    good(office.api.patch(one(office, owner), {"first_name": "Still"}))
    good(office.api.post(one(office, shut_out, "reactivate")))
    good(office.api.patch(one(office, owner), {"role": "agent"}))
    assert office.api.post(one(office, shut_out, "deactivate")).code == "conflict"


@pytest.mark.parametrize("how", ["deactivate", "demote"])
def test_two_owners_who_remove_each_other_at_the_same_moment_leave_one(office: Office, how: str) -> None:
    for _ in range(5):
        pair = [make_colleague(office.slug, "owner") for _ in range(2)]
        callers = [signed_in(each) for each in pair]

        def remove(place: int, pair: list[Colleague] = pair, callers: list[StaffClient] = callers) -> Reply:
            victim = one(office, pair[1 - place])
            if how == "demote":
                return callers[place].patch(victim, {"role": "agent"})
            return callers[place].post(f"{victim}/deactivate")

        replies = at_once([partial(remove, 0), partial(remove, 1)])
        left = [each for each in pair if each.user.is_active and each.user.role == "owner"]
        assert len(left) == 1, [reply.text for reply in replies]
        tx = Transaction()
        user_changes.set_state(tx, left[0].user, "deactivated")
        tx.commit()


# Shut out and let in


def test_deactivated_and_reactivated(office: Office, boss: StaffClient, world: World) -> None:
    colleague = make_colleague(office.slug, "agent")
    caller = signed_in(colleague)
    gone = good(boss.post(one(office, colleague, "deactivate")))
    assert gone.json["state"] == "deactivated"
    assert caller.get(f"{office.at}/me").status == 401
    assert good(boss.post(one(office, colleague, "deactivate"))).json == gone.json
    assert {boss.post(one(office, colleague, act)).code for act in ("temporary-password", "unlock", "invite")} == {
        "conflict"
    }
    office.clock.advance(1)
    back = good(boss.post(one(office, colleague, "reactivate")))
    assert (back.json["state"], back.json["second_factors"]) == ("active", ["totp"])
    assert good(boss.post(one(office, colleague, "reactivate"))).json == back.json
    assert kinds(office, colleague.id) == ["staff:user:reactivated", "staff:user:deactivated"]


def test_an_invitation_is_over_when_its_user_is_deactivated(office: Office, boss: StaffClient, world: World) -> None:
    made = good(invite(boss, office))
    world.drain()
    good(boss.post(one(office, made.id, "deactivate")))
    good(boss.post(one(office, made.id, "reactivate")))
    with pytest.raises(links.LinkOver):
        links.peek(office.slug, "staff-invitation", link_in(world, ANA["email"]))


def test_a_factor_reset_takes_recovery_codes_too_and_is_told(office: Office, boss: StaffClient, world: World) -> None:
    colleague = make_colleague(office.slug, "support")
    shown = good(boss.post(one(office, colleague, "reset-factors"))).json
    assert shown["second_factors"] == []
    user = colleague.user
    assert (user.factors, user.recovery, dict(user.devices)) == ((), (), {})
    assert user.password_hash
    world.drain()
    assert world.newest(colleague.email).subject.startswith("Your second factor was reset")
    assert kinds(office, colleague.id) == ["staff:user:factor-reset"]
    assert boss.post(one(office, colleague, "reset-factors")).code == "conflict"


def test_a_temporary_password_reaches_its_owner_alone(office: Office, boss: StaffClient, world: World) -> None:
    """Threats 38 and 48: neither the answer, nor the log, nor any table holds it."""
    colleague = make_colleague(office.slug, "agent")
    caller = signed_in(colleague)
    reply = good(boss.post(one(office, colleague, "temporary-password")))
    assert reply.json["has_temporary_password"] is True
    assert caller.get(f"{office.at}/me").status == 401
    world.drain()
    sent = world.newest(colleague.email)
    assert sent.subject == "Your temporary password - Acme Benefits"
    assert f"/{office.slug}/staff/sign-in" in sent.text
    (password,) = [word for word in sent.text.split() if word.count("-") == 3 and len(word) == 19]
    user = colleague.user
    assert passwords.matches(user.password_hash, password) and not passwords.matches(user.password_hash, PASSWORD)
    assert user.temporary_until == clock.timestamp() + 86_400
    assert user.factors == ("totp",)
    assert password not in reply.text
    assert password not in good(boss.get(f"{office.at}/messages")).text
    assert not [
        row for table in ("people", "messages", "facts", "tokens") for row in world.scan(table) if password in str(row)
    ]
    assert "staff:user:temporary-password-sent" in kinds(office, colleague.id)


def test_a_temporary_password_is_not_for_who_cannot_sign_in(office: Office, boss: StaffClient) -> None:
    waiting, locked = make_colleague(office.slug, "agent", has_password=False), make_colleague(office.slug, "agent")
    tx = Transaction()
    user_changes.set_state(tx, locked.user, "locked", "disavowed")
    tx.commit()
    for colleague, word in ((waiting, "invitation"), (locked, "Unlock")):
        reply = boss.post(one(office, colleague, "temporary-password"))
        assert (reply.code, word in reply.json["detail"]) == ("conflict", True)


def test_a_temporary_password_repeated_with_its_key_is_one(office: Office, boss: StaffClient, world: World) -> None:
    colleague = make_colleague(office.slug, "agent")
    path = one(office, colleague, "temporary-password")
    first, again = (good(boss.post(path, Idempotency_Key="k")) for _ in range(2))
    assert again.headers["Idempotency-Replayed"] == "true" and first.json == again.json
    world.drain()
    assert len(world.sent_to(colleague.email)) == 1


def test_unlocking_forgets_wrong_tries_and_opens_who_was_locked(
    office: Office, boss: StaffClient, world: World, moment: MovableClock
) -> None:
    colleague = make_colleague(office.slug, "support")
    key = users.tried_as("staff", colleague.user.username_key)
    for _ in range(10):
        identities.count_try(office.slug, key)
    with pytest.raises(identities.Locked):
        identities.count_try(office.slug, key)
    good(boss.post(one(office, colleague, "unlock")))
    identities.count_try(office.slug, key)
    tx = Transaction()
    user_changes.set_state(tx, colleague.user, "locked", "disavowed")
    tx.commit()
    assert good(boss.get(one(office, colleague))).json["state"] == "locked"
    assert boss.post(one(office, colleague, "reactivate")).code == "conflict"
    assert good(boss.post(one(office, colleague, "unlock"))).json["state"] == "active"
    assert colleague.user.lock_reason == ""
    world.drain()
    assert world.newest(colleague.email).subject.startswith("Your sign-in was unlocked")
    assert kinds(office, colleague.id) == ["staff:credential:unlocked"] * 2


# The first owner of a portal


def test_a_first_owner_is_made_where_there_is_none(office: Office, world: World) -> None:
    act = Act(office.slug, "system:setup")
    typo = staff.first_owner(act, "ona@company.example")
    right = staff.first_owner(act, "ana@company.example")
    again = staff.first_owner(act, "ANA@company.example")
    assert (typo.role, right.state, again.id) == ("owner", "invited", right.id)
    assert staff.get(office.slug, typo.id).state == "deactivated"
    world.drain()
    with pytest.raises(links.LinkOver):
        links.peek(office.slug, "staff-invitation", link_in(world, "ona@company.example"))
    assert links.peek(office.slug, "staff-invitation", link_in(world, "ana@company.example")).holder == right.id
    make_colleague(office.slug, "owner")
    with pytest.raises(staff.Conflict):
        staff.first_owner(act, "ana@company.example")
    assert usernames.key("ANA@company.example") == users.get(office.slug, right.id).username_key
