"""The journeys of the API about users of offices: found, added, changed, shut out and let in again."""

from __future__ import annotations

from itertools import count
from typing import Any, ClassVar

from chalicelib.facts import Act, Kind
from chalicelib.people import contacts, user_changes, usernames, users
from tests.browsing import Seen
from tests.factories import facts_of
from tests.faults.journey import Journey, Repeatable
from tests.offices import MANAGER, OfficeUser, make_office, make_office_user

_AT = "/api/v1/portals/{portal}/users"
_ONE = f"{_AT}/{{user}}"
_names = count(1)


class OfAUser(Repeatable):
    """A call about a user of an office, by a key."""

    sample = 4
    state: ClassVar[str] = "active"

    def prepare(self) -> None:
        self.office = make_office(self.portal)
        self.user: OfficeUser = make_office_user(self.portal, self.office)
        self.about = f"user:{self.user.id}"
        if self.state != "active":
            tx = Act(self.slug, "system:tests").transaction()
            user_changes.set_state(tx, self.user.user, self.state)  # type: ignore[arg-type]
            tx.commit()

    def act(self) -> Seen:
        return self.ask("POST", f"users/{self.user.id}/{self.route[1].rpartition('/')[2]}", **self.key())

    def midway(self) -> None:
        """Pointer and user are there both."""
        user = users.by_id(self.slug, self.user.id)
        assert user is not None and users.find(self.slug, usernames.key(self.user.username)) == user

    def check_once(self, kind: Kind, template: str = "") -> None:
        """It was done, noted and told once."""
        self.midway()
        assert self.facts_about(self.about, kind) == 1
        assert not template or self.sent_about(self.about, template) == 1


class AddsAUser(Repeatable):
    """A new user with a contact of its own: all of it, and no mail."""

    route = ("POST", _AT)
    good = (201,)
    sample = 6

    def prepare(self) -> None:
        self.office = make_office(self.portal)
        self.username = f"ada.{next(_names)}"

    def act(self) -> Seen:
        body = {"account_id": self.office.id, "role": "portal-user", "username": self.username, "first_name": "Ada",
                "last_name": "Okafor", "email": "ada@elmstreet.example"}  # fmt: skip
        return self.ask("POST", "users", body, **self.key())

    def midway(self) -> None:
        found = users.find(self.slug, usernames.key(self.username))
        people = contacts.at_account(self.slug, self.office.id).items
        assert [user_id for _, user_id in people] == ([found.id] if found else []), "half a user"
        assert found is None or (found.contact_id == people[0][0].id and users.by_id(self.slug, found.id) == found)

    def check(self) -> None:
        self.midway()
        user = users.find(self.slug, usernames.key(self.username))
        assert user is not None and user.must_change
        assert self.facts_about(f"user:{user.id}", Kind.OFFICE_USER_ADDED) == 1


class AddsAnEmployee(Repeatable):
    """One contact."""

    route = ("POST", f"{_AT}/employees")
    good = (201,)
    sample = 4

    def prepare(self) -> None:
        self.office = make_office(self.portal)

    def act(self) -> Seen:
        body = {"account_id": self.office.id, "first_name": "Ada", "last_name": "Okafor"}
        return self.ask("POST", "users/employees", body, **self.key())

    def check(self) -> None:
        assert [person.name for person, _ in contacts.at_account(self.slug, self.office.id).items] == ["Ada Okafor"]


class ChangesAUser(OfAUser):
    """Another role and another address."""

    route = ("PATCH", _ONE)

    def act(self) -> Seen:
        body = {"role": "clerical-user", "email": f"moved.{self.user.email}"}
        return self.ask("PATCH", f"users/{self.user.id}", body)

    def check(self) -> None:
        self.check_once(Kind.OFFICE_USER_CHANGED, "credential-changed")
        held = self.user.user
        assert held.role == "clerical-user" and held.emails == (f"moved.{self.user.email}",) == (held.details.email,)


class Deletes(OfAUser):
    """A manager, beside whom there is another."""

    route = ("DELETE", _ONE)
    good = (204,)

    def prepare(self) -> None:
        super().prepare()
        make_office_user(self.portal, self.office, MANAGER)
        self.user = make_office_user(self.portal, self.office, MANAGER)
        self.about = f"user:{self.user.id}"

    def act(self) -> Seen:
        return self.ask("DELETE", f"users/{self.user.id}")

    def check(self) -> None:
        self.check_once(Kind.OFFICE_USER_DELETED)
        assert self.user.user.state == "deleted"


class ResetsThePassword(OfAUser):
    """One password, in one mail."""

    route = ("POST", f"{_ONE}/reset-password")

    def check(self) -> None:
        self.check_once(Kind.OFFICE_USER_PASSWORD_SENT, "temporary-password")
        assert self.user.user.must_change


class Locks(OfAUser):
    """Shut out in one moment."""

    route = ("POST", f"{_ONE}/lock")

    def act(self) -> Seen:
        return self.ask("POST", f"users/{self.user.id}/lock", {"reason": "On leave"}, **self.key())

    def check(self) -> None:
        self.check_once(Kind.OFFICE_USER_LOCKED)
        assert (self.user.user.state, self.user.user.lock_note) == ("locked", "On leave")


class Unlocks(OfAUser):
    """Opens a user that was locked."""

    route = ("POST", f"{_ONE}/unlock")
    state = "locked"

    def check(self) -> None:
        self.check_once(Kind.OFFICE_USER_UNLOCKED, "credential-changed")
        assert self.user.user.is_active


class Restores(OfAUser):
    """Back from among the deleted."""

    route = ("POST", f"{_ONE}/restore")
    state = "deleted"

    def check(self) -> None:
        self.check_once(Kind.OFFICE_USER_RESTORED)
        assert self.user.user.is_active


class Exports(Journey):
    """A whole list, noted each time that it was given."""

    route = ("GET", f"{_AT}/export")
    sample = 4

    def prepare(self) -> None:
        self.office = make_office(self.portal)
        self.user = make_office_user(self.portal, self.office)
        self.before = self.exports()

    def exports(self) -> int:
        """How often a list was taken away."""
        return len(facts_of(self.slug, Kind.OFFICE_USERS_EXPORTED))

    def act(self) -> Seen:
        self.seen = self.ask("GET", f"users/export?office_id={self.office.id}")
        return self.seen

    def check(self) -> None:
        assert self.user.username in self.seen.text
        assert self.exports() > self.before, "taken away and not noted"


class ReadsUsers(Journey):
    """What the API shows of users of offices."""

    sample = 2
    path = ""

    def prepare(self) -> None:
        office = make_office(self.portal)
        user = make_office_user(self.portal, office)
        self.target = self.path.format(user=user.id, account=office.id)

    def act(self) -> Seen:
        return self.ask("GET", self.target)


def reading(path: str, query: str = "") -> type[Journey]:
    """A journey that reads what is below a portal."""
    made: dict[str, Any] = {"route": ("GET", f"/api/v1/portals/{{portal}}/{path}"), "path": path + query}
    return type(f"Reads/{path}", (ReadsUsers,), made)


JOURNEYS: list[type[Journey]] = [
    AddsAUser, AddsAnEmployee, ChangesAUser, Deletes, ResetsThePassword, Locks, Unlocks, Restores, Exports,
    reading("users"), reading("users/{user}"), reading("users/employees", "?account_id={account}"),
]  # fmt: skip
