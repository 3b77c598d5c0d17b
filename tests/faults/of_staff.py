"""The journeys of the API about users: an account's credential, staff, and a second factor shown again."""

from __future__ import annotations

import json
from itertools import count
from typing import Any, ClassVar

from chalicelib.facts import Kind
from chalicelib.people import credentials, user_changes, usernames, users
from chalicelib.security.models import SessionRow
from chalicelib.security.sessions import id_of
from tests.browsing import Seen, request
from tests.customers import newest_link
from tests.factories import make_account
from tests.faults.journey import Journey, Repeatable
from tests.faults.of_api import Reads
from tests.faults.user import PASSWORD, hash_of
from tests.staffing import Colleague, make_colleague, signed_in

_AT = "/api/v1/portals/{portal}"
_CREDENTIAL = f"{_AT}/accounts/{{account}}/credential"
_names = count(1)
_POLICY: dict[str, Any] = {"sign_in_ways": ["password", "code"]}


class OfACredential(Repeatable):
    """A call about the credential of an account that has this much of it."""

    policy = _POLICY
    sample = 4
    username: ClassVar[str] = ""
    has_password: ClassVar[bool] = False

    def prepare(self) -> None:
        number = next(_names)
        self.email = f"owner{number}@company.example"
        self.account = make_account(self.portal, record_type="customer", primary_emails=[self.email])
        self.wanted = f"wanted.{number}"
        self.held = ""
        if self.username:
            self.held = f"{self.username}.{number}"
            credentials.set_username(self.act_of_tests(), self.portal, self.account.id, self.held)
        if self.has_password:
            tx = self.act_of_tests().transaction()
            user_changes.set_password(tx, users.get(self.slug, self.account.id), hash_of(PASSWORD))
            tx.commit()
        self.at = f"accounts/{self.account.id}/credential"
        self.about = f"account:{self.account.id}"

    def act_of_tests(self) -> Any:
        """Us."""
        from chalicelib.facts import Act

        return Act(self.slug, "system:tests")

    def midway(self) -> None:
        """Pointer and user are there both, or neither."""
        user = users.by_id(self.slug, self.account.id)
        found = [users.find(self.slug, usernames.key(name)) for name in (self.held, self.wanted) if name]
        assert [each.id for each in found if each] == ([user.id] if user else []), "half an account"


class SendsTheCreateLink(OfACredential):
    """One mail, however often this very call is repeated."""

    route = ("POST", f"{_CREDENTIAL}/send-create")

    def act(self) -> Seen:
        return self.ask("POST", f"{self.at}/send-create", **self.key())

    def check(self) -> None:
        self.midway()
        assert self.sent_about(self.about, "credential-create") == 1
        assert self.facts_about(self.about, Kind.CREDENTIAL_INVITED) == 1
        assert newest_link(self.world, self.email, "create-credential")


class SendsTheResetLink(OfACredential):
    """The same of a link to reset the password."""

    route = ("POST", f"{_CREDENTIAL}/send-reset")
    username, has_password = "held", True

    def act(self) -> Seen:
        return self.ask("POST", f"{self.at}/send-reset", **self.key())

    def check(self) -> None:
        self.midway()
        about = f"user:{self.account.id}"
        assert self.sent_about(about, "password-reset") == self.facts_about(about, Kind.RESET_SENT) == 1


class SetsTheUsername(OfACredential):
    """The first one."""

    route = ("PATCH", _CREDENTIAL)
    kind: ClassVar[Kind] = Kind.USERNAME_SET

    def act(self) -> Seen:
        return self.ask("PATCH", self.at, {"username": self.wanted})

    def check(self) -> None:
        self.midway()
        assert users.get(self.slug, self.account.id).username == self.wanted
        assert self.facts_about(self.about, self.kind) == 1


class ChangesTheUsername(SetsTheUsername):
    """Another one: the old one is free in the same moment, and the owner is told once."""

    username, has_password = "held", True
    kind = Kind.USERNAME_CHANGED

    def check(self) -> None:
        super().check()
        assert users.find(self.slug, usernames.key(self.held)) is None
        assert self.sent_about(f"user:{self.account.id}", "credential-changed") == 1


class DeletesTheUsername(OfACredential):
    """Back to none."""

    route = ("DELETE", _CREDENTIAL)
    username, has_password = "held", True
    good = (204,)
    repeated = (409,)

    def act(self) -> Seen:
        return self.ask("DELETE", self.at)

    def check(self) -> None:
        self.midway()
        assert users.by_id(self.slug, self.account.id) is None
        assert self.facts_about(self.about, Kind.USERNAME_DELETED) == 1


class OfStaff(Repeatable):
    """A call about a staff user, by a key that may manage staff."""

    sample = 4
    state: ClassVar[str] = "active"

    def prepare(self) -> None:
        self.colleague = self.make_colleague()
        self.about = f"user:{self.colleague.id}"
        if self.state != "active":
            tx = self.act_of_tests().transaction()
            user_changes.set_state(tx, self.colleague.user, self.state)  # type: ignore[arg-type]
            tx.commit()

    def make_colleague(self) -> Colleague:
        """Whom it is about."""
        return make_colleague(self.slug, "support")

    def act_of_tests(self) -> Any:
        """Us."""
        from chalicelib.facts import Act

        return Act(self.slug, "system:tests")

    def act(self) -> Seen:
        return self.ask("POST", f"staff/{self.colleague.id}/{self.route[1].rpartition('/')[2]}", **self.key())

    def midway(self) -> None:
        """Pointer and user are there both; whoever is not active is in nowhere."""
        user = users.by_id(self.slug, self.colleague.id)
        assert user is not None and users.find(self.slug, usernames.key(self.colleague.email)) == user
        assert user.is_active or not user.sessions
        assert bool(user.factors) == bool(user.recovery)

    def check_once(self, kind: Kind, template: str = "") -> None:
        """It was done, noted and told once."""
        self.midway()
        assert self.facts_about(self.about, kind) == 1
        assert not template or self.sent_about(self.about, template) == 1


class InvitesStaff(Repeatable):
    """A new staff user: all of it, with one mail."""

    route = ("POST", f"{_AT}/staff")
    good = (201,)
    sample = 6

    def prepare(self) -> None:
        self.email = f"new{next(_names)}@company.example"

    def act(self) -> Seen:
        body = {"first_name": "Ana", "last_name": "Silva", "email": self.email, "role": "support"}
        return self.ask("POST", "staff", body, **self.key())

    def midway(self) -> None:
        found = users.find(self.slug, usernames.key(self.email))
        assert found is None or users.by_id(self.slug, found.id) == found, "half an account"

    def check(self) -> None:
        self.midway()
        user = users.find(self.slug, usernames.key(self.email))
        assert user is not None
        about = f"user:{user.id}"
        assert self.facts_about(about, Kind.STAFF_INVITED) == self.sent_about(about, "staff-invitation") == 1
        assert newest_link(self.world, self.email, "staff/join")


class InvitesAgain(OfStaff):
    """One more mail."""

    route = ("POST", f"{_AT}/staff/{{user}}/invite")

    def make_colleague(self) -> Colleague:
        return make_colleague(self.slug, "support", has_password=False)

    def check(self) -> None:
        self.check_once(Kind.STAFF_INVITED, "staff-invitation")


class ChangesStaff(OfStaff):
    """Another role and another address."""

    route = ("PATCH", f"{_AT}/staff/{{user}}")

    def act(self) -> Seen:
        body = {"role": "agent", "email": f"moved.{self.colleague.email}"}
        return self.ask("PATCH", f"staff/{self.colleague.id}", body)

    def check(self) -> None:
        self.check_once(Kind.STAFF_CHANGED)
        user = self.colleague.user
        assert user.role == "agent" and user.emails == (f"moved.{self.colleague.email}",) == (user.details.email,)
        assert sum("moved." not in sent.to for sent in self.world.sent_to(self.colleague.email)) == 1, "told once"


class Deactivates(OfStaff):
    """Shut out in one moment."""

    route = ("POST", f"{_AT}/staff/{{user}}/deactivate")

    def prepare(self) -> None:
        super().prepare()
        self.browser = signed_in(self.colleague)

    def check(self) -> None:
        self.check_once(Kind.STAFF_DEACTIVATED)
        assert self.browser.get(f"/portals/{self.slug}/me").status == 401


class Reactivates(OfStaff):
    """Let in again."""

    route = ("POST", f"{_AT}/staff/{{user}}/reactivate")
    state = "deactivated"

    def check(self) -> None:
        self.check_once(Kind.STAFF_REACTIVATED)
        assert self.colleague.user.is_active


class ResetsFactors(OfStaff):
    """Takes the phone that was lost out of it."""

    route = ("POST", f"{_AT}/staff/{{user}}/reset-factors")

    def check(self) -> None:
        self.check_once(Kind.STAFF_FACTOR_RESET, "credential-changed")
        assert not self.colleague.user.factors


class SendsATemporaryPassword(OfStaff):
    """One password, in one mail."""

    route = ("POST", f"{_AT}/staff/{{user}}/temporary-password")

    def check(self) -> None:
        self.check_once(Kind.STAFF_PASSWORD_SENT, "temporary-password")
        assert self.colleague.user.must_change


class Unlocks(OfStaff):
    """Opens a user that was locked."""

    route = ("POST", f"{_AT}/staff/{{user}}/unlock")
    state = "locked"

    def check(self) -> None:
        self.check_once(Kind.CREDENTIAL_UNLOCKED, "credential-changed")
        assert self.colleague.user.is_active


class StepsUp(Repeatable):
    """Shows a code of the app again: it proves once, and never a second time."""

    route = ("POST", f"{_AT}/me/step-up")
    sample = 6

    def prepare(self) -> None:
        self.colleague = make_colleague(self.slug, "owner")
        self.browser = signed_in(self.colleague, proved=False)
        self.code = self.colleague.code()
        self.held = {
            "Cookie": self.browser.cookies,
            "X-CSRF-Token": self.browser.token,
            "Content-Type": "application/json",
        }

    def act(self) -> Seen:
        return self.show(self.code, **self.key())

    def show(self, code: str, **headers: str) -> Seen:
        """One call from the page."""
        path, body = f"/api/v1/portals/{self.slug}/me/step-up", json.dumps({"code": code}).encode()
        return request("POST", path, body, headers={**self.held, **headers})

    def midway(self) -> None:
        row = SessionRow.find(f"{self.slug}#session#{id_of(self.browser.secret)}")
        assert row is not None and bool(row.proved_at) == (self.colleague.user.totp_step > 0), "half a proof"

    def check(self) -> None:
        self.midway()
        assert self.colleague.user.totp_step > 0
        assert self.facts_about(f"user:{self.colleague.id}", Kind.STAFF_STEPPED_UP) == 1
        assert self.show(self.code).status == 400, "a code proved twice"


class ReadsAUser(Reads):
    """What the API shows of users."""

    policy = _POLICY
    sample = 2

    def prepare(self) -> None:
        account = make_account(self.portal, record_type="customer")
        self.target = self.path.format(account=account.id, user=make_colleague(self.slug).id)


def reading(path: str) -> type[Journey]:
    """A journey that reads what is below a portal."""
    return type(f"Reads/{path}", (ReadsAUser,), {"route": ("GET", f"{_AT}/{path}"), "path": path})


JOURNEYS: list[type[Journey]] = [
    SendsTheCreateLink, SendsTheResetLink, SetsTheUsername, ChangesTheUsername, DeletesTheUsername, InvitesStaff,
    InvitesAgain, ChangesStaff, Deactivates, Reactivates, ResetsFactors, SendsATemporaryPassword, Unlocks, StepsUp,
    *map(reading, ("me", "staff", "staff/{user}", "accounts/{account}/credential")),
]  # fmt: skip
