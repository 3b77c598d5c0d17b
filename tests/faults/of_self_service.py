"""The journeys of a record's self-service: switched on and off by staff, the password shown, in by the record's own link."""

from __future__ import annotations

from itertools import count
from typing import ClassVar

from chalicelib.facts import Act, Kind
from chalicelib.people import record_users, users
from chalicelib.selfservice import access
from tests.browsing import Browser, Seen
from tests.factories import make_account
from tests.faults.journey import ByBrowser, Journey, Repeatable
from tests.self_service import PASSWORD_LINK, Record, enter, password_shown

_AT = "/api/v1/portals/{portal}/accounts/{account}/self-service"
PASSWORD_TEMPLATE = "self-service-password"
_names = count(1)


class OfARecord(Journey):
    """Something done with the record of an account, whose self-service is on unless told otherwise."""

    is_on: ClassVar[bool] = True
    sample = 5

    def prepare(self) -> None:
        number = next(_names)
        emails = [f"record{number}@company.example", f"second{number}@company.example"]
        self.record = Record(self.world, self.portal, make_account(self.portal, primary_emails=emails))
        self.at, self.about = f"accounts/{self.record.account.id}/self-service", f"account:{self.record.account.id}"
        self.of_user = f"user:{self.record.user_id}"
        if self.is_on:
            access.enable(Act(self.slug, "system:tests"), self.portal, self.record.account.id)
            self.world.drain()
            self.page, self.password = self.record.page, record_users.password_of(self.record.user)

    @property
    def state(self) -> str:
        """Whether it is on; user and pointer are there both, or neither."""
        standing = access.of_account(self.portal, self.record.account.id)
        user = users.by_id(self.slug, self.record.user_id)
        assert (user is not None) == (standing.state == "enabled"), "half a switch"
        return standing.state

    def new_browser(self) -> Browser:
        """A browser that nobody knows."""
        number = next(_names)
        return Browser(f"198.19.{number // 250 % 250}.{1 + number % 250}")


class Enables(OfARecord, Repeatable):
    """User, link and both mails to each address: all of it or nothing, once."""

    route = ("POST", f"{_AT}/enable")
    is_on = False

    def act(self) -> Seen:
        return self.ask("POST", f"{self.at}/enable", **self.key())

    def midway(self) -> None:
        assert (self.state == "enabled") == self.facts_about(self.about, Kind.SELF_SERVICE_ENABLED)

    def check(self) -> None:
        self.midway()
        assert self.sent_about(self.about, "self-service-link") == 2
        assert self.sent_about(self.about, PASSWORD_TEMPLATE) == 2
        browser = self.new_browser()
        assert enter(browser, self.record, self.record.password(browser)).status == 200


class Disables(OfARecord, Repeatable):
    """All that was open is over, or nothing of it."""

    route = ("POST", f"{_AT}/disable")

    def act(self) -> Seen:
        return self.ask("POST", f"{self.at}/disable", **self.key())

    def midway(self) -> None:
        assert (self.state == "disabled") == self.facts_about(self.about, Kind.SELF_SERVICE_DISABLED)

    def check(self) -> None:
        self.midway()
        assert self.state == "disabled"
        browser = self.new_browser()
        browser.open(self.page)
        assert browser.fill(password=self.password).status == 400
        assert browser.open(self.record.link).status == 410


class SendsThePassword(OfARecord, Repeatable):
    """A fresh link to the same password, one mail to each address."""

    route = ("POST", f"{_AT}/send-password")

    def act(self) -> Seen:
        return self.ask("POST", f"{self.at}/send-password", **self.key())

    def check(self) -> None:
        sent = (
            self.sent_about(self.about, PASSWORD_TEMPLATE),
            self.facts_about(self.about, Kind.SELF_SERVICE_PASSWORD_SENT),
        )
        assert sent == (4, 2), "half of them when it was enabled"
        assert self.record.password(self.new_browser()) == self.password


class Reads(OfARecord):
    """How it stands."""

    route = ("GET", _AT)

    def act(self) -> Seen:
        return self.ask("GET", self.at)

    def check(self) -> None:
        assert self.act().json["state"] == "enabled"


class AtThePage(OfARecord, ByBrowser):
    """Somebody in front of the record's own page, who has the password."""

    rest: ClassVar[str] = ""

    def prepare(self) -> None:
        OfARecord.prepare(self)
        self.browser = self.new_browser()
        self.path = f"/my/{self.record.user.username}{self.rest}"
        self.browser.open(f"/{self.slug}{self.path}")

    def act(self) -> Seen:
        return self.browser.ask("GET", f"/{self.slug}{self.path}")

    def check(self) -> None:
        assert self.act().status == 200


class LooksAtThePage(AtThePage):
    """Where the password is asked."""

    route = ("GET", "/{portal}/my/{code}")
    sample = 1


class LooksForANewLink(AtThePage):
    """Where a lost password is told of."""

    route = ("GET", "/{portal}/my/{code}/lost")
    rest = "/lost"
    sample = 1


class SignsIn(AtThePage):
    """The right password: a session and its fact, or neither."""

    route = ("POST", "/{portal}/my/{code}")
    good = (303,)
    sample = 9

    def act(self) -> Seen:
        return self.post(self.path, password=self.password)

    def midway(self) -> None:
        assert len(self.record.user.sessions) == self.facts_about(self.of_user, Kind.SIGNED_IN)

    def check(self) -> None:
        self.midway()
        assert self.browser.ask("GET", f"/{self.slug}").status == 200


class AsksForANewLink(AtThePage):
    """A link to the same password, to the addresses on file."""

    route = ("POST", "/{portal}/my/{code}/lost")
    rest = "/lost"

    def prepare(self) -> None:
        super().prepare()
        self.tries = 0

    def act(self) -> Seen:
        self.tries += 1
        return self.post(self.path)

    def check(self) -> None:
        asked = self.facts_about(self.of_user, Kind.SELF_SERVICE_PASSWORD_ASKED_FOR)
        assert 1 <= asked <= self.tries
        assert self.sent_about(self.of_user, PASSWORD_TEMPLATE) == 2 * asked
        assert self.record.password(self.new_browser()) == self.password


class AtALink(AtThePage):
    """Somebody who was mailed a link to the password."""

    def prepare(self) -> None:
        super().prepare()
        self.link = self.record.link
        self.token_of_link = self.link.rpartition("=")[2]
        self.browser.open(self.link)


class LooksAtALink(AtALink):
    """As scanners do: nothing changes."""

    route = ("GET", f"/{{portal}}/{PASSWORD_LINK}")
    sample = 1

    def act(self) -> Seen:
        return self.browser.ask("GET", self.link)

    def check(self) -> None:
        assert not self.facts_about(self.of_user, Kind.SELF_SERVICE_PASSWORD_SHOWN)
        self.browser.open(self.link)
        assert password_shown(self.browser.press("Show my password")) == self.password


class HasThePasswordShown(AtALink):
    """Once. Where its answer was lost, a fresh link shows the same."""

    route = ("POST", f"/{{portal}}/{PASSWORD_LINK}")
    repeated = (410,)

    def act(self) -> Seen:
        return self.post(f"/{PASSWORD_LINK}", t=self.token_of_link)

    def check(self) -> None:
        assert self.facts_about(self.of_user, Kind.SELF_SERVICE_PASSWORD_SHOWN) == 1, "shown twice, or in silence"
        browser = self.new_browser()
        browser.open(f"{self.page}/lost")
        browser.press("Send me a link")
        assert self.record.password(browser) == self.password
        assert enter(browser, self.record, self.password).status == 200


class HasAPasswordLinkSentAgain(AtALink):
    """In place of one that ran out."""

    route = ("POST", "/{portal}/links/again")
    repeated = (410,)

    def prepare(self) -> None:
        super().prepare()
        self.world.clock.advance(hours=73)
        self.browser.open(self.link)

    def act(self) -> Seen:
        return self.post("/links/again", t=self.token_of_link, purpose=PASSWORD_TEMPLATE)

    def check(self) -> None:
        assert self.facts_about(self.of_user, Kind.SELF_SERVICE_PASSWORD_ASKED_FOR) == 1
        assert self.sent_about(self.of_user, PASSWORD_TEMPLATE) == 2
        assert self.record.password(self.new_browser()) == self.password


OF_API: list[type[Journey]] = [Enables, Disables, SendsThePassword, Reads]
OF_PAGES: list[type[Journey]] = [
    LooksAtThePage, LooksForANewLink, SignsIn, AsksForANewLink, LooksAtALink, HasThePasswordShown,
    HasAPasswordLinkSentAgain,
]  # fmt: skip
