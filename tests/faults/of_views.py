"""The journeys of staff who look at a client's pages, and of the client who reads of it."""

from __future__ import annotations

import json

from chalicelib.facts import Kind
from tests.browsing import PUBLIC_URL, Browser, Seen, request
from tests.factories import Client
from tests.faults.journey import ByBrowser, Journey, Repeatable
from tests.staffing import make_colleague, signed_in
from tests.viewing import REASON, Viewer

_AT = "/api/v1/portals/{portal}"


class AsksForAView(Repeatable):
    """One link, however often this very call is repeated; it opens."""

    route = ("POST", f"{_AT}/view-as")
    good = (201,)

    def prepare(self) -> None:
        self.client = self.make_client()
        self.viewer = viewer_of(self.client)

    def act(self) -> Seen:
        held = self.viewer.held
        headers = {"Cookie": held.cookies, "X-CSRF-Token": held.token, "Content-Type": "application/json", **self.key()}
        body = json.dumps({"contact_id": self.client.contact.id, "reason": REASON}).encode()
        self.answer = request("POST", f"/api/v1/portals/{self.slug}/view-as", body, headers=headers)
        return self.answer

    def check(self) -> None:
        assert self.facts_about(f"account:{self.client.account.id}", Kind.VIEW_ASKED_FOR) == 1
        self.viewer.browser.open(self.answer.json["url"].removeprefix(PUBLIC_URL))
        assert self.viewer.browser.press("View as client").status == 200


class ByViewer(ByBrowser):
    """Somebody of the staff at a browser, with a link into a view."""

    def prepare(self) -> None:
        super().prepare()
        self.viewer = viewer_of(self.client, self.browser)
        self.link = self.viewer.ask()

    @property
    def about(self) -> str:
        """What the facts are about."""
        return f"account:{self.client.account.id}"


class LooksAtTheLink(ByViewer):
    """Opens the link: nothing is spent."""

    route = ("GET", "/{portal}/staff/view-as")

    def act(self) -> Seen:
        return self.browser.ask("GET", self.link)

    def check(self) -> None:
        self.browser.open(self.link)
        assert self.browser.press("View as client").status == 200


class Enters(ByViewer):
    """Presses the button: one view, and only on record."""

    route = ("POST", "/{portal}/staff/view-as")
    good = (303,)
    repeated = (410,)  # the first press opened it, and its answer was lost: another link is needed

    def prepare(self) -> None:
        super().prepare()
        self.browser.open(self.link)

    def act(self) -> Seen:
        return self.browser.post(f"/{self.slug}/staff/view-as", {"csrf": self.token, "t": self.link.partition("t=")[2]})

    def midway(self) -> None:
        assert self.facts_about(self.about, Kind.VIEW_STARTED) >= bool(self.browser.cookie("view")), "a view off record"

    def check(self) -> None:
        self.midway()
        assert self.facts_about(self.about, Kind.VIEW_STARTED) == 1
        if not self.browser.cookie("view"):
            self.viewer.enter()
        assert self.browser.open(self.client.batch_path).heading == self.client.batch.title


class Leaves(ByViewer):
    """Leaves."""

    route = ("POST", "/{portal}/staff/view-as/leave")
    good = (303,)

    def prepare(self) -> None:
        super().prepare()
        self.viewer.enter()
        self.browser.open(f"/{self.slug}/staff/security")

    def act(self) -> Seen:
        return self.post("/staff/view-as/leave")

    def check(self) -> None:
        assert not self.browser.cookie("view")
        assert self.facts_about(self.about, Kind.VIEW_ENDED) == 1


class SeesAPage(ByViewer):
    """Reads a page in a view: it is shown only if that is on record."""

    route = ("GET", "/{portal}/batches/{batch}")

    def prepare(self) -> None:
        super().prepare()
        self.viewer.enter()
        self.world.clock.advance(minutes=2)
        self.shown = 0

    def act(self) -> Seen:
        seen = self.browser.ask("GET", self.client.batch_path)
        self.shown += self.client.batch.title in seen.text
        return seen

    def midway(self) -> None:
        assert self.facts_about(self.about, Kind.VIEW_SEEN) - 1 >= self.shown, "seen, and not on record"

    def check(self) -> None:
        self.midway()
        assert self.shown >= 1


class ReadsWhoLooked(ByBrowser):
    """The client's own page about it."""

    route = ("GET", "/{portal}/views")

    def prepare(self) -> None:
        super().prepare()
        viewer_of(self.client).enter()
        self.enter()

    def act(self) -> Seen:
        seen = self.browser.ask("GET", f"/{self.slug}/views")
        assert seen.status != 200 or "Ana Silva" in seen.text
        return seen


def viewer_of(client: Client, browser: Browser | None = None) -> Viewer:
    """Somebody of the staff, signed in."""
    colleague = make_colleague(client.slug, "support")
    return Viewer(client, colleague, signed_in(colleague), browser or Browser("198.51.100.41"))


OF_API: list[type[Journey]] = [AsksForAView]
OF_PAGES: list[type[Journey]] = [LooksAtTheLink, Enters, Leaves, SeesAPage, ReadsWhoLooked]
