"""The journeys of the support desk: why somebody cannot sign in, and what helps."""

from __future__ import annotations

from tests.browsing import Seen
from tests.faults.journey import Journey

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


JOURNEYS: list[type[Journey]] = [Diagnoses, FindsPeople]
