"""The journeys of the support desk: why somebody cannot sign in, and what helps."""

from __future__ import annotations

from chalicelib.facts import Kind
from chalicelib.support import help_requests
from tests.browsing import Seen
from tests.factories import HELP, make_help_request, newest_code
from tests.faults.journey import Journey, Repeatable
from tests.offices import make_office, make_office_user, with_app

_AT = "/api/v1/portals/{portal}/support"


class Diagnoses(Journey):
    """Why somebody cannot sign in: it reads, and writes nothing."""

    route = ("POST", f"{_AT}/diagnose")

    def prepare(self) -> None:
        self.client = self.make_client()

    def act(self) -> Seen:
        told = {"client_number": self.client.number, "last_name": "Garcia", "destination": self.client.email}
        return self.ask("POST", "support/diagnose", told)

    def check(self) -> None:
        assert self.act().json["first_failed"] == "name-matches"


class FindsPeople(Journey):
    """Contacts and users by what they say of themselves."""

    route = ("GET", f"{_AT}/people")

    def prepare(self) -> None:
        self.client = self.make_client()

    def act(self) -> Seen:
        return self.ask("GET", f"support/people?q={self.client.number}")

    def check(self) -> None:
        assert [each["id"] for each in self.act().json["items"]] == [self.client.contact.id]


class UnlocksAContact(Repeatable):
    """Wrong codes are forgotten; the contact hears of it once."""

    route = ("POST", f"{_AT}/contacts/{{contact}}/unlock")
    sample = 6

    def prepare(self) -> None:
        self.client = self.make_client()
        self.about = f"contact:{self.client.contact.id}"

    def act(self) -> Seen:
        return self.ask("POST", f"support/contacts/{self.client.contact.id}/unlock", **self.key())

    def check(self) -> None:
        self.world.tick()
        self.world.drain()
        assert (
            self.facts_about(self.about, Kind.CONTACT_UNLOCKED) == self.sent_about(self.about, "sign-in-unlocked") == 1
        )


class HelpsAUser(Repeatable):
    """Something is done for a user of an office: once, noted once, told once."""

    sample = 6
    kind: Kind
    template = "credential-changed"

    def prepare(self) -> None:
        self.user = with_app(make_office_user(self.portal, make_office(self.portal)))
        self.about = f"user:{self.user.id}"

    def act(self) -> Seen:
        return self.ask("POST", f"support/users/{self.user.id}/{self.route[1].rpartition('/')[2]}", **self.key())

    def check(self) -> None:
        self.world.tick()
        self.world.drain()
        assert self.facts_about(self.about, self.kind) == self.sent_about(self.about, self.template) == 1


class UnlocksAUser(HelpsAUser):
    """After wrong passwords."""

    route = ("POST", f"{_AT}/users/{{user}}/unlock")
    kind = Kind.OFFICE_USER_UNLOCKED


class ResetsFactors(HelpsAUser):
    """After a lost phone."""

    route = ("POST", f"{_AT}/users/{{user}}/reset-factors")
    kind = Kind.USER_FACTOR_RESET


class SendsALink(HelpsAUser):
    """After a lost password."""

    route = ("POST", f"{_AT}/users/{{user}}/send-link")
    kind, template = Kind.OFFICE_USER_PASSWORD_SENT, "temporary-password"


class LogsAHelpRequest(Repeatable):
    """Staff write down what a caller asks for: one request, with one number."""

    route = ("POST", "/api/v1/portals/{portal}/help-requests")
    good = (201,)
    sample = 6

    def prepare(self) -> None:
        self.number = self.make_client().number

    def act(self) -> Seen:
        return self.ask("POST", "help-requests", {**HELP, "signs_in_as": self.number}, **self.key())

    def check(self) -> None:
        held = help_requests.listed(self.slug, limit=100).items
        (made,) = [each for each in held if each.signs_in_as == self.number]
        assert help_requests.listed(self.slug, reference=made.reference).items == [made]
        assert self.facts_about(f"help:{made.id}", Kind.HELP_LOGGED) == 1


class AnswersAHelpRequest(Repeatable):
    """One answer, one mail, one fact."""

    route = ("POST", "/api/v1/portals/{portal}/help-requests/{request}/answer")
    sample = 6

    def prepare(self) -> None:
        client = self.make_client()
        self.request = make_help_request(self.portal, reached_by=client.email).id

    def act(self) -> Seen:
        return self.ask("POST", f"help-requests/{self.request}/answer", {"text": "Try again."}, **self.key())

    def check(self) -> None:
        self.world.tick()
        self.world.drain()
        about = f"help:{self.request}"
        assert len(help_requests.get(self.slug, self.request).answers) == 1
        assert self.facts_about(about, Kind.HELP_ANSWERED) == self.sent_about(about, "help-answer") == 1


class VerifiesACaller(Repeatable):
    """A code to the contact on file: one, however often it is asked for."""

    route = ("POST", f"{_AT}/verifications")
    good = (201,)
    sample = 6

    def prepare(self) -> None:
        self.client = self.make_client()
        self.about = f"contact:{self.client.contact.id}"

    def act(self) -> Seen:
        wanted = {"kind": "contact", "id": self.client.contact.id, "channel": "email"}
        return self.ask("POST", "support/verifications", wanted, **self.key())

    def check(self) -> None:
        self.world.tick()
        self.world.drain()
        assert self.sent_about(self.about, "caller-code") == 1
        assert self.facts_about(self.about, Kind.CALLER_CODE_SENT) == 1


class OfAVerification(Repeatable):
    """Something about a verification of a user of an office."""

    sample = 6

    def prepare(self) -> None:
        self.user = make_office_user(self.portal, make_office(self.portal))
        self.about = f"user:{self.user.id}"
        self.begin()

    def begin(self) -> None:
        wanted = {"kind": "user", "id": self.user.id, "channel": "email"}
        self.verification = self.machine.post("support/verifications", wanted)["id"]
        self.world.drain()
        self.code = newest_code(self.world, self.user.email)

    def path(self, rest: str = "") -> str:
        return f"support/verifications/{self.verification}{rest}"


class ReadsAVerification(OfAVerification):
    """How it stands."""

    route = ("GET", f"{_AT}/verifications/{{verification}}")

    def act(self) -> Seen:
        return self.ask("GET", self.path())

    def check(self) -> None:
        assert self.act().json["state"] == "waiting"


class ListsWays(Journey):
    """Where a code can go to."""

    route = ("GET", f"{_AT}/verifications")

    def prepare(self) -> None:
        self.client = self.make_client()

    def act(self) -> Seen:
        return self.ask("GET", f"support/verifications?kind=contact&id={self.client.contact.id}")

    def check(self) -> None:
        assert [each["channel"] for each in self.act().json["items"]] == ["email", "sms"]


class EntersACallersCode(OfAVerification):
    """The right code. Tries are counted before they are compared: one whose answer was lost too often is over, and the
    caller is sent another code."""

    route = ("POST", f"{_AT}/verifications/{{verification}}/code")

    def act(self) -> Seen:
        return self.ask("POST", self.path("/code"), {"code": self.code}, **self.key())

    def again(self) -> Seen:
        seen = self.act()
        if seen.status == 409:
            del self._key
            self.begin()
            seen = self.act()
        return seen

    def check(self) -> None:
        assert self.ask("GET", self.path()).json["state"] == "verified"
        assert self.facts_about(self.about, Kind.CALLER_VERIFIED) == 1


class TellsAUsername(OfAVerification):
    """Once, noted once, and its owner hears of it once."""

    route = ("POST", f"{_AT}/verifications/{{verification}}/username")

    def prepare(self) -> None:
        super().prepare()
        self.machine.post(self.path("/code"), {"code": self.code})

    def act(self) -> Seen:
        return self.ask("POST", self.path("/username"), **self.key())

    def check(self) -> None:
        self.world.tick()
        self.world.drain()
        assert self.act().json["username"] == self.user.username
        assert self.facts_about(self.about, Kind.USERNAME_TOLD) == 1
        assert self.sent_about(self.about, "credential-changed") == 1


JOURNEYS: list[type[Journey]] = [
    LogsAHelpRequest, AnswersAHelpRequest,
    Diagnoses, FindsPeople, UnlocksAContact, UnlocksAUser, ResetsFactors, SendsALink,
    ListsWays, VerifiesACaller, ReadsAVerification, EntersACallersCode, TellsAUsername,
]  # fmt: skip
