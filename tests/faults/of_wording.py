"""The journeys of staff who write what messages say."""

from __future__ import annotations

from itertools import count
from typing import Any

from chalicelib.facts import Kind
from chalicelib.messaging import overrides, own_messages, reading
from tests.browsing import Seen, request
from tests.faults.journey import Journey, Repeatable
from tests.staffing import make_colleague, signed_in

_AT = "/api/v1/portals/{portal}"
_ABOUT = "template:batch-in-review"
_numbers = count(1)


def wording(subject: str) -> dict[str, Any]:
    """A mail with all that it must have."""
    return {"subject": subject, "blocks": [{"kind": "button", "text": "Open it", "link": "link"}]}


class OfWording(Journey):
    """A portal may be played on again and again: what counts is how many versions more there are."""

    def prepare(self) -> None:
        """One saved wording, which no journey before has saved."""
        self.before = self.save()

    def save(self) -> int:
        """Save one as the API would, and give its version."""
        body = {"name": "batch-in-review", "email": wording(f"Subject {next(_numbers)}")}
        return int(self.machine.post("templates/wording", body)["version"])

    @property
    def versions(self) -> list[overrides.Saved]:
        """All there are, the newest first."""
        return overrides.versions(self.slug, "batch-in-review", "email", limit=100).items

    def check_whole(self) -> None:
        """The version in use is the newest, and no number is left out."""
        found = self.versions
        newest = overrides.newest(self.slug, "batch-in-review", "email")
        assert newest == found[0]
        assert [each.version for each in found] == list(range(found[0].version, found[0].version - len(found), -1))


class SavesAWording(OfWording, Repeatable):
    """One version more, however often it was tried."""

    route = ("POST", f"{_AT}/templates/wording")

    def prepare(self) -> None:
        super().prepare()
        self.subject = f"Subject {next(_numbers)}"

    def act(self) -> Seen:
        body = {"name": "batch-in-review", "email": wording(self.subject)}
        return self.ask("POST", "templates/wording", body, **self.key())

    def midway(self) -> None:
        self.check_whole()

    def check(self) -> None:
        self.check_whole()
        newest = self.versions[0]
        assert newest.version == self.before + 1
        assert newest.own and newest.own.email and newest.own.email.subject == self.subject


class RestoresAWording(OfWording, Repeatable):
    """The default is back, by one version more."""

    route = ("POST", f"{_AT}/templates/restore")

    def act(self) -> Seen:
        return self.ask("POST", "templates/restore", {"all": True}, **self.key())

    def check(self) -> None:
        self.check_whole()
        newest = self.versions[0]
        assert (newest.version, newest.is_default) == (self.before + 1, True)
        assert overrides.current(self.slug, "batch-in-review", "email") is None


class TriesAWording(OfWording, Repeatable):
    """One message to whoever asked, however often the call was repeated."""

    route = ("POST", f"{_AT}/templates/test")

    def prepare(self) -> None:
        super().prepare()
        self.colleague = make_colleague(self.slug)
        browser = signed_in(self.colleague)
        self.held = {
            "Cookie": browser.cookies, "X-CSRF-Token": browser.token, "Content-Type": "application/json",
            "Idempotency-Key": self.key()["Idempotency_Key"],
        }  # fmt: skip

    def act(self) -> Seen:
        body = b'{"name": "batch-in-review", "channel": "email"}'
        return request("POST", f"/api/v1/portals/{self.slug}/templates/test", body, headers=self.held)

    def check(self) -> None:
        assert len(self.world.sent_to(self.colleague.email)) == 1
        (mine,) = [row for row in reading.listed(self.slug, about=_ABOUT, limit=100).items if self.is_mine(row)]
        assert (mine.is_sample, mine.wording_version) == (True, self.before)
        assert self.facts_about(_ABOUT, Kind.TEMPLATE_TRIED) >= 1

    def is_mine(self, row: reading.Message) -> bool:
        """Whether a line of the log is about this journey's message."""
        return row.recipient == self.colleague.email


class OfOwnMessage(Journey):
    """A message of the portal's own, new for each journey."""

    def prepare(self) -> None:
        """The message as it was made."""
        self.slug_of_it = f"note-{next(_numbers)}"
        self.name = f"own-{self.slug_of_it}"
        self.machine.post("templates", self.made)

    @property
    def made(self) -> dict[str, Any]:
        """What it says."""
        email = {"subject": "Ours", "blocks": [{"kind": "paragraph", "text": "Hello."}]}
        return {"name": self.slug_of_it, "title": "First", "email": email}

    def check_versions(self, *titles: str) -> None:
        """What there is of it is as its versions say, the oldest first, each with one fact."""
        found = own_messages.versions(self.slug, self.name, limit=100).items
        assert [each.message.title for each in reversed(found)] == list(titles)
        assert own_messages.find(self.slug, self.name) == found[0]


class CreatesAnOwnMessage(OfOwnMessage, Repeatable):
    """One message, however often it was tried."""

    route, good = ("POST", f"{_AT}/templates"), (201,)

    def prepare(self) -> None:
        self.slug_of_it = f"note-{next(_numbers)}"
        self.name = f"own-{self.slug_of_it}"

    def act(self) -> Seen:
        return self.ask("POST", "templates", self.made, **self.key())

    def check(self) -> None:
        self.check_versions("First")
        assert self.facts_about(f"template:{self.name}", Kind.TEMPLATE_CREATED) == 1


class ChangesAnOwnMessage(OfOwnMessage, Repeatable):
    """One version more."""

    route = ("POST", f"{_AT}/templates/change")

    def act(self) -> Seen:
        return self.ask("POST", "templates/change", {"name": self.name, "title": "Second"}, **self.key())

    def check(self) -> None:
        self.check_versions("First", "Second")
        assert self.facts_about(f"template:{self.name}", Kind.TEMPLATE_CHANGED) == 1


class DeletesAnOwnMessage(OfOwnMessage, Repeatable):
    """It is gone, and what it was is kept."""

    route, good = ("POST", f"{_AT}/templates/delete"), (204,)

    def act(self) -> Seen:
        return self.ask("POST", "templates/delete", {"name": self.name}, **self.key())

    def check(self) -> None:
        self.check_versions("First", "First")
        found = own_messages.find(self.slug, self.name)
        assert found and found.is_deleted
        assert self.facts_about(f"template:{self.name}", Kind.TEMPLATE_DELETED) == 1


class Looks(OfWording):
    """A read."""

    path = ""

    def act(self) -> Seen:
        return self.ask("GET", self.path)

    def check(self) -> None:
        assert self.act().status == 200


class ListsTemplates(Looks):
    """All messages."""

    route, path = ("GET", f"{_AT}/templates"), "templates"


class ReadsAWording(Looks):
    """One of them."""

    route, path = ("GET", f"{_AT}/templates/wording"), "templates/wording?name=batch-in-review&channel=email"


class ListsVersions(Looks):
    """What it said before."""

    route, path = ("GET", f"{_AT}/templates/versions"), "templates/versions?name=batch-in-review&channel=email"


class PreviewsAWording(Looks):
    """How it looks."""

    route = ("POST", f"{_AT}/templates/preview")

    def act(self) -> Seen:
        return self.ask("POST", "templates/preview", {"name": "batch-in-review", "channel": "email"})


JOURNEYS: list[type[Journey]] = [
    SavesAWording, RestoresAWording, TriesAWording, ListsTemplates, ReadsAWording, ListsVersions, PreviewsAWording,
    CreatesAnOwnMessage, ChangesAnOwnMessage, DeletesAnOwnMessage,
]  # fmt: skip
