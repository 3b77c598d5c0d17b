"""The journeys of invitations: sent over the API, opened, accepted on the pages."""

from __future__ import annotations

from itertools import count
from typing import Any, ClassVar

from chalicelib.facts import Kind
from chalicelib.people import users
from chalicelib.registration import entries, sending
from chalicelib.registration.models import RegistrationRow
from chalicelib.registration.sending import LinksWanted
from tests.browsing import Browser, Seen
from tests.customers import newest_link
from tests.factories import staff
from tests.faults.journey import Journey, Repeatable
from tests.invitees import PERSON, STAFF, again, entry_of, make_office

_AT = "/api/v1/portals/{portal}"
_people = count(1)


class OfAnInvitation(Journey):
    """A journey about one invitation, of an address of its own."""

    def prepare(self) -> None:
        number = next(_people)
        self.email, self.username = f"guest{number}@elm.example", f"guest.{number}"
        self.office = make_office(self.portal)
        self.row = self.invite()
        self.entry_id = str(self.row.created_key)

    def invite(self) -> RegistrationRow:
        """The invitation, as staff send it."""
        wanted = LinksWanted(emails=self.email, role="portal-user", account_id=self.office.id)
        identifier = f"{next(_people):032x}"
        sending.take(staff(self.portal), STAFF, self.portal, wanted, sending_id=identifier)
        sending.work(self.slug, identifier, 1)
        return entry_of(self.portal, sending.get(self.slug, STAFF, identifier).answers[0])

    @property
    def about(self) -> str:
        """The invitation as facts name it."""
        return f"registration:{self.entry_id}"

    def resend(self) -> Seen:
        """Over the API."""
        return self.ask("POST", f"registrations/{self.entry_id}/resend")

    def link(self) -> str:
        """The newest link that was mailed."""
        self.world.drain()
        return newest_link(self.world, self.email, "join")


class SendsLinks(Repeatable):
    """Sends links to three addresses: once each."""

    route = ("POST", f"{_AT}/registration-links")
    good = (201, 202)

    def prepare(self) -> None:
        number = next(_people)
        self.emails = [f"{name}{number}@elm.example" for name in ("a", "b", "c")]
        self.office = make_office(self.portal)

    def act(self) -> Seen:
        body = {"emails": self.emails, "role": "portal-user", "account_id": self.office.id}
        return self.ask("POST", "registration-links", body, **self.key())

    def check(self) -> None:
        found = self.act()
        for _ in range(2):
            self.world.clock.advance(minutes=1, seconds=1)
            self.world.tick()
        self.world.drain()
        done = sending.get(self.slug, STAFF, found.json["id"])
        assert (done.state, [each.answer for each in done.answers]) == ("done", ["sent"] * 3)
        assert [len(self.world.sent_to(email)) for email in self.emails] == [1, 1, 1]
        for each in done.answers:
            assert self.facts_about(f"registration:{each.registration_id}", Kind.INVITATION_SENT) == 1


class ResendsAnInvitation(OfAnInvitation, Repeatable):
    """Sends one again: its newest link opens."""

    route = ("POST", f"{_AT}/registrations/{{registration}}/resend")

    def act(self) -> Seen:
        return self.ask("POST", f"registrations/{self.entry_id}/resend", **self.key())

    def check(self) -> None:
        assert self.facts_about(self.about, Kind.INVITATION_RESENT) == 1
        assert self.sent_about(self.about, "registration-invitation") == 2
        assert Browser().open(self.link()).status == 200


class RevokesAnInvitation(OfAnInvitation, Repeatable):
    """Takes one back: its link opens nothing."""

    route = ("POST", f"{_AT}/registrations/{{registration}}/revoke")

    def act(self) -> Seen:
        return self.ask("POST", f"registrations/{self.entry_id}/revoke", **self.key())

    def check(self) -> None:
        assert self.facts_about(self.about, Kind.INVITATION_REVOKED) == 1
        assert Browser().open(self.link()).status == 410


class ReadsASending(OfAnInvitation):
    """Looks how far a sending has come."""

    route = ("GET", f"{_AT}/registration-links/{{sending}}")

    def prepare(self) -> None:
        super().prepare()
        self.sending_id = f"{next(_people):032x}"
        wanted = LinksWanted(emails=self.email, role="portal-user", account_id=self.office.id)
        sending.take(staff(self.portal), STAFF, self.portal, wanted, sending_id=self.sending_id)

    def act(self) -> Seen:
        return self.ask("GET", f"registration-links/{self.sending_id}")


class ReadsOffices(OfAnInvitation):
    """Looks what links can be sent for."""

    route = ("GET", f"{_AT}/registration-offices")

    def act(self) -> Seen:
        return self.ask("GET", f"registration-offices?office_id={self.office.id}")


class ByGuest(OfAnInvitation):
    """A journey of somebody who was invited."""

    policy: ClassVar[dict[str, Any]] = {"sign_in_ways": ["password", "code"]}
    has_pressed: ClassVar[bool] = False

    def prepare(self) -> None:
        super().prepare()
        number = next(_people)
        self.browser = Browser(f"198.19.{number // 250}.{1 + number % 250}")
        self.path = self.link()
        self.link_token = self.path.rpartition("=")[2]
        self.browser.open(self.path)
        if self.has_pressed:
            self.browser.press("Continue")

    def post(self, path: str, **typed: str) -> Seen:
        """Post the open page's form and do not follow."""
        return self.browser.post(f"/{self.slug}{path}", {"csrf": self.browser.here.csrf, **typed})

    def midway(self) -> None:
        user, row = users.find(self.slug, self.username), again(self.portal, self.row)
        assert (user is not None) == (row.status == "EMAIL-SUCCESS"), "half a user"
        assert user is None or (user.id, user.contact_id is not None) == (self.entry_id, True)

    def finish(self) -> None:
        """Become a user, whatever was lost before."""
        if again(self.portal, self.row).status != "EMAIL-SUCCESS":
            seen = self.browser.open(f"/{self.slug}/join/account")
            if not seen.path.endswith("/join/account"):
                self.world.clock.advance(minutes=16)
                assert self.resend().status == 200
                self.browser.open(self.link())
                self.browser.press("Continue")
            assert "Your password is set" in self.browser.fill(**self.typed()).shown
        self.midway()
        assert users.find(self.slug, self.username) is not None
        assert self.facts_about(self.about, Kind.INVITATION_ACCEPTED) == 1
        assert self.facts_about(f"user:{self.entry_id}", Kind.CREDENTIAL_CREATED) == 1

    def typed(self) -> dict[str, str]:
        """What is typed into the form."""
        return {**PERSON, "username": self.username}


class LooksAtTheInvitation(ByGuest):
    """Opens the link, as any scanner does: nothing changes."""

    route = ("GET", "/{portal}/join")
    sample = 2

    def act(self) -> Seen:
        return self.browser.ask("GET", self.path)

    def check(self) -> None:
        assert self.facts_about(self.about, Kind.LINK_OPENED) == 0
        self.browser.press("Continue")
        self.finish()


class PressesTheInvitationsButton(ByGuest):
    """Spends the link: once."""

    route = ("POST", "/{portal}/join")
    good = (303,)
    repeated = (410,)
    sample = 5

    def act(self) -> Seen:
        return self.post("/join", t=self.link_token)

    def check(self) -> None:
        assert self.facts_about(self.about, Kind.LINK_OPENED) == 1, "a link was spent twice, or in silence"
        self.finish()


class LooksAtTheForm(ByGuest):
    """Opens the form."""

    route = ("GET", "/{portal}/join/account")
    sample = 2
    has_pressed = True

    def act(self) -> Seen:
        return self.browser.ask("GET", f"/{self.slug}/join/account")

    def check(self) -> None:
        self.finish()


class AcceptsTheInvitation(ByGuest):
    """Becomes a user, with a contact and a registration that say so: all or nothing, once."""

    route = ("POST", "/{portal}/join/account")
    good = (303,)
    sample = 7
    has_pressed = True

    def act(self) -> Seen:
        return self.post("/join/account", **self.typed())

    def check(self) -> None:
        self.finish()
        assert entries.counts(self.slug, STAFF)


class HasTheInvitationSentAgain(ByGuest):
    """Has a fresh link sent in place of one that ran out."""

    route = ("POST", "/{portal}/links/again")
    repeated = (410,)
    sample = 5

    def prepare(self) -> None:
        super().prepare()
        self.world.clock.advance(hours=25)
        self.browser.open(self.path)

    def act(self) -> Seen:
        return self.post("/links/again", t=self.link_token, purpose="invitation")

    def check(self) -> None:
        assert self.facts_about(self.about, Kind.INVITATION_ASKED_FOR) == 1
        self.browser.open(self.link())
        self.browser.press("Continue")
        self.finish()


OF_API: list[type[Journey]] = [SendsLinks, ResendsAnInvitation, RevokesAnInvitation, ReadsASending, ReadsOffices]
OF_PAGES: list[type[Journey]] = [
    LooksAtTheInvitation, PressesTheInvitationsButton, LooksAtTheForm, AcceptsTheInvitation, HasTheInvitationSentAgain,
]  # fmt: skip
