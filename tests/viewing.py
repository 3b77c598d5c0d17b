"""Staff who look at a client's pages: asked for by the API, opened in a browser by the button of the link."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.browsing import Browser, Seen
from tests.factories import Client, make_client
from tests.staffing import Colleague, StaffClient, make_colleague, signed_in
from tests.world import PUBLIC_URL, World

REASON = "They cannot find their renewal."


@dataclass
class Viewer:
    """A staff user at a browser, and the client whose pages they want to see."""

    client: Client
    colleague: Colleague
    held: StaffClient
    browser: Browser = field(default_factory=lambda: Browser("198.51.100.40"))

    def __post_init__(self) -> None:
        self.browser.set_cookie("staff", self.client.slug, self.held.secret)

    def ask(self, **wanted: str) -> str:
        """Ask for a view of the contact's pages, unless told otherwise; the path that the answer names."""
        whose = {} if {"account_id", "contact_id"} & set(wanted) else {"contact_id": self.client.contact.id}
        reply = self.held.post(f"/portals/{self.client.slug}/view-as", {"reason": REASON, **whose, **wanted})
        assert reply.status == 201, reply.text
        url: str = reply.json["url"]
        return url.removeprefix(PUBLIC_URL)

    def enter(self, **wanted: str) -> Seen:
        """Ask, open the link and press its button."""
        self.browser.open(self.ask(**wanted))
        return self.browser.press("View as client")


def make_viewer(world: World, client: Client | None = None, role: str = "support", **details: str) -> Viewer:
    """Somebody of the staff, signed in with a second factor."""
    client = client or make_client(world)
    colleague = make_colleague(client.slug, role, **details)
    return Viewer(client, colleague, signed_in(colleague))


def begin(world: World, client: Client | None = None, **wanted: str) -> Viewer:
    """The same, at the pages already."""
    viewer = make_viewer(world, client)
    seen = viewer.enter(**wanted)
    assert seen.status == 200 and viewer.browser.cookie("view"), seen.shown
    return viewer
