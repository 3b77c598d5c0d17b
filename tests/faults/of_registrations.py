"""The journeys of the API that decide about registrations: a decision and all that comes with it, or nothing."""

from __future__ import annotations

from typing import ClassVar

from werkzeug.datastructures import Headers

from chalicelib.facts import Kind
from chalicelib.people import users
from chalicelib.registration.shapes import Registration
from tests.browsing import Seen
from tests.faults.journey import Journey, Repeatable
from tests.registrations import REASON, contacts_of, counts_are_right, make_office, make_request, shown

_AT = "/api/v1/portals/{portal}"
_ONE = f"{_AT}/registrations/{{registration}}"
_APPROVED, _DENIED = "MANUAL-PROV-ADMIN-APPROVED", "DECLINED"


class OfARegistration(Journey):
    """A request that waits for an office's administrators."""

    def prepare(self) -> None:
        self.account = make_office(self.portal)
        self.request = self.another()

    def another(self) -> Registration:
        """One more of them."""
        return make_request(self.portal, self.account)


class Decides(OfARegistration, Repeatable):
    """State, user, contact, fact and mail: all of it or nothing."""

    sample = 10
    becomes: ClassVar[str] = _APPROVED

    def holds(self, request: Registration, becomes: str) -> bool:
        """Whether it is decided; if not, nothing of it may be."""
        status, user = shown(self.portal, request.id).status, users.by_id(self.slug, request.id)
        about = f"registration:{request.id}"
        told = sum(self.facts_about(about, kind) for kind in (Kind.REGISTRATION_APPROVED, Kind.REGISTRATION_DENIED))
        assert status in (request.status, becomes)
        is_decided = status == becomes
        assert told == is_decided, "a decision without its fact, or the other way round"
        expected = "pending" if not is_decided else "active" if becomes == _APPROVED else "none"
        assert (user.state if user else "none") == expected, "half a decision"
        return is_decided

    def midway(self) -> None:
        is_decided = self.holds(self.request, self.becomes)
        assert len(contacts_of(self.portal, self.account)) == (is_decided and self.becomes == _APPROVED)

    def check(self) -> None:
        assert self.holds(self.request, self.becomes)
        self.midway()
        template = "registration-approved" if self.becomes == _APPROVED else "registration-denied"
        assert self.sent_about(f"registration:{self.request.id}", template) == 1
        assert counts_are_right(self.portal)


class ApprovesARegistration(Decides):
    """With another role than was asked for."""

    route = ("POST", f"{_ONE}/approve")

    def act(self) -> Seen:
        return self.ask("POST", f"registrations/{self.request.id}/approve", {"role": "clerical-user"}, **self.key())


class ApprovesWithoutAKey(Decides):
    """A repetition of what was done is told that it was decided: nothing happens twice."""

    route = ("POST", f"{_ONE}/approve")
    repeated = (409,)

    def act(self) -> Seen:
        return self.ask("POST", f"registrations/{self.request.id}/approve", {})


class DeniesARegistration(Decides):
    """And the username is free."""

    route = ("POST", f"{_ONE}/deny")
    becomes = _DENIED

    def act(self) -> Seen:
        return self.ask("POST", f"registrations/{self.request.id}/deny", {"reason": REASON}, **self.key())

    def check(self) -> None:
        super().check()
        assert self.request.username and users.find(self.slug, self.request.username) is None


class DecidesMany(Decides):
    """One approved and one denied, each as if it came alone."""

    route = ("POST", f"{_AT}/registrations/decide")

    def prepare(self) -> None:
        super().prepare()
        self.second = self.another()

    def act(self) -> Seen:
        rows = [
            {"id": self.request.id, "decision": "approve"},
            {"id": self.second.id, "decision": "deny", "reason": REASON},
        ]
        seen = self.ask("POST", "registrations/decide", {"decisions": rows}, **self.key())
        if seen.status == 200 and seen.json["refused"]:
            assert {row["code"] for row in seen.json["decisions"] if row["status"] == "refused"} == {"unavailable"}
            return Seen(503, Headers([("Retry-After", "1")]), seen.body, seen.path)
        return seen

    def check(self) -> None:
        super().check()
        assert self.holds(self.second, _DENIED)
        assert self.sent_about(f"registration:{self.second.id}", "registration-denied") == 1


class ReadsARegistration(OfARegistration):
    """In full."""

    route = ("GET", _ONE)
    rest: ClassVar[str] = "registrations/{registration}"

    def act(self) -> Seen:
        return self.ask("GET", self.rest.format(registration=self.request.id))

    def check(self) -> None:
        assert self.act().status == 200


class ReadsTheNext(ReadsARegistration):
    """The one that waits after it."""

    route = ("GET", f"{_ONE}/next")
    rest = "registrations/{registration}/next"


class ListsRegistrations(ReadsARegistration):
    """A page of them."""

    route = ("GET", f"{_AT}/registrations")
    rest = "registrations?status=PENDING-PROV-ADMIN-REVIEW"


class CountsRegistrations(ReadsARegistration):
    """By status."""

    route = ("GET", f"{_AT}/registrations/counts")
    rest = "registrations/counts"


JOURNEYS: list[type[Journey]] = [
    ApprovesARegistration, ApprovesWithoutAKey, DeniesARegistration, DecidesMany, ReadsARegistration, ReadsTheNext,
    ListsRegistrations, CountsRegistrations,
]  # fmt: skip
