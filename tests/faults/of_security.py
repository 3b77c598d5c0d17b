"""The journeys of the security page, of clients and of staff, and of the staff's side of a portal."""

from __future__ import annotations

from typing import Any, ClassVar

from chalicelib import clock
from chalicelib.errors import Conflict
from chalicelib.facts import Kind
from chalicelib.people import accounts, contacts, user_sessions
from chalicelib.people.shapes import Noted
from chalicelib.security import sessions
from chalicelib.security.models import SessionRow
from chalicelib.signin import own_address
from tests.browsing import Seen
from tests.customers import newest_link, recovery_codes
from tests.faults.journey import Journey
from tests.faults.of_doors import ConfirmsTheMobile, GivesAMobile, HasAnotherText, SetsUpTheApp, looking
from tests.faults.user import OTHER_PASSWORD, PASSWORD, ByUser, on_both_sides
from tests.offices import make_office, make_office_user


class AtSecurity(ByUser):
    """A journey of somebody who is signed in, from the open page of `rest`."""

    rest: ClassVar[str] = ""
    good = (303,)
    sample = 4

    def prepare(self) -> None:
        super().prepare()
        self.enter()
        self.ready()
        self.open(f"/security{self.rest}")

    def ready(self) -> None:
        """What must be there before."""

    def send(self, rest: str, **typed: str) -> Seen:
        """Post the open page's form."""
        return self.post(f"{self.side}/security{rest}", **typed)


class ConfirmsIt(AtSecurity):
    """Gives the password again, after a while: whoever signed in by it alone."""

    route = ("POST", "/{portal}/security/confirm")
    rest = "/confirm"

    def ready(self) -> None:
        self.world.clock.advance(minutes=11)

    def act(self) -> Seen:
        return self.send("/confirm", password=PASSWORD)

    def check(self) -> None:
        self.midway()
        row = SessionRow.find(f"{self.slug}#session#{self.session}")
        assert row is not None and max(row.proved_at or 0, row.confirmed_at or 0) == clock.timestamp()
        assert self.open("/security/app").path.endswith("/security/app")


class ConfirmsItWrongly(ConfirmsIt):
    """Gives another password."""

    good = (400,)

    def act(self) -> Seen:
        return self.send("/confirm", password=OTHER_PASSWORD)

    def check(self) -> None:
        self.midway()
        assert "/security/confirm" in self.open("/security/app").path, "proved by a wrong password"


class ConfirmsItAsStaff(ConfirmsIt):
    """Shows a code of the app again: it is used up."""

    route = ("POST", "/{portal}/staff/security/confirm")
    side = "/staff"
    factors = ("totp",)
    repeated = (400,)  # the code was taken by the first try, whose answer was lost

    def act(self) -> Seen:
        self.code = getattr(self, "code", "") or self.otp()
        return self.send("/confirm", code=self.code)

    def check(self) -> None:
        super().check()
        assert self.user.totp_step > 0
        assert self.facts_about(self.about, Kind.STAFF_STEPPED_UP) == 1
        self.world.clock.advance(minutes=11)
        self.open("/security/confirm")
        assert self.send("/confirm", code=self.code).status == 400, "a code proved twice"


class AcceptsTheTerms(AtSecurity):
    """Accepts the portal's terms, which every page asks for before."""

    route = ("POST", "/{portal}/terms")
    settings: ClassVar[dict[str, Any]] = {"terms": {"url": "https://acme.example/terms", "version": "2030"}}

    def prepare(self) -> None:
        super().prepare()
        assert self.browser.here.path.startswith(f"/{self.slug}/terms"), self.browser.here.path

    def act(self) -> Seen:
        self.tries += 1
        return self.post("/terms", accept="yes", version="2030", next="")

    def midway(self) -> None:
        super().midway()
        assert self.is_in() == (self.user.terms == "2030"), "in without the terms, or out with them"

    def check(self) -> None:
        self.midway()
        assert self.is_in()
        assert 1 <= self.facts_about(self.about, Kind.TERMS_ACCEPTED) <= self.tries


class OpensTheTerms(AcceptsTheTerms):
    """Reads where they are."""

    route = ("GET", "/{portal}/terms")
    good = (200,)
    sample = 2

    def act(self) -> Seen:
        return self.browser.ask("GET", f"/{self.slug}/terms")

    def check(self) -> None:
        self.midway()
        assert not self.is_in()


class ChangesThePassword(AtSecurity):
    """Changes it: this browser goes on, all others end, and one mail tells."""

    route = ("POST", "/{portal}/security/password")
    rest = "/password"
    repeated = (303,)  # signed out, where the new session got lost with the answer
    sample = 6

    def ready(self) -> None:
        self.elsewhere = self.new_browser()
        self.begin_session(self.elsewhere)

    def act(self) -> Seen:
        return self.send("/password", current_password=PASSWORD, password=OTHER_PASSWORD)

    def check(self) -> None:
        self.midway()
        assert len(self.user.sessions) == 1 and not self.is_in(self.elsewhere)
        assert self.facts_about(self.about, Kind.PASSWORD_CHANGED) == 1
        assert self.sent_about(self.about, "credential-changed") == 1
        assert self.type_password(PASSWORD, self.new_browser()).status == 400
        assert self.type_password(OTHER_PASSWORD, self.new_browser()).status == 200


class AsksForAnAddress(AtSecurity):
    """Has a link sent to the address that shall take the place of the one on file; nothing is changed by it."""

    route = ("POST", "/{portal}/security/address")
    rest = "/address"
    good = (200,)

    def act(self) -> Seen:
        self.tries += 1
        return self.send("/address", email=f"new.{self.email}")

    def check(self) -> None:
        self.midway()
        sent = self.sent_about(self.about, "contact-confirmation")
        assert 1 <= sent <= self.tries
        assert self.facts_about(self.about, Kind.ADDRESS_ASKED_FOR) == sent
        assert self.user.emails == (self.email,)
        browser = self.new_browser()
        browser.open(newest_link(self.world, f"new.{self.email}", "confirm-address"))
        browser.press("Confirm")
        assert self.user.emails == (f"new.{self.email}",)


class ConfirmsAnAddress(AtSecurity):
    """Presses the button of that link: the new address counts, and the old one is told once."""

    route = ("POST", "/{portal}/confirm-address")
    good = (200,)
    repeated = (410,)
    sample = 6

    def ready(self) -> None:
        self.wanted = f"new.{self.email}"
        session = sessions.read(self.slug, self.browser.cookie(self.cookie_kind) or "", sessions.STAFF)
        assert session is not None
        own_address.ask(self.act_of_tests(), self.user, session, self.email, self.wanted)
        self.world.drain()
        self.path = newest_link(self.world, self.wanted, "confirm-address")

    def prepare(self) -> None:
        super().prepare()
        self.browser.open(self.path)

    def act(self) -> Seen:
        return self.post("/confirm-address", t=self.path.rpartition("=")[2])

    def midway(self) -> None:
        super().midway()
        emails = (self.user.details.email,) if self.side else accounts.get(self.slug, self.user_id).primary_emails
        assert self.user.emails == emails, "half an address"

    def check(self) -> None:
        self.midway()
        assert self.user.emails == (self.wanted,)
        assert self.facts_about(self.about, Kind.ADDRESS_CHANGED) == 1
        told = [sent for sent in self.world.sent_to(self.email) if sent.channel == "email"]
        assert len(told) == 1, [sent.subject for sent in told]


class ConfirmsAnAddressOfStaff(ConfirmsAnAddress):
    """The same of a staff user, whose address is their own."""

    side = "/staff"
    sample = 3


class ConfirmsAnAddressOfOffice(ConfirmsAnAddress):
    """The same of an office user, whose contact has it too."""

    sample = 3

    def make_user(self, password: str | None) -> None:
        made = make_office_user(self.portal, make_office(self.portal), username=self.username, email=self.email)
        self.user_id = made.id

    def midway(self) -> None:
        AtSecurity.midway(self)
        contact = contacts.get(self.slug, self.user.contact_id or "")
        assert self.user.emails == (self.user.details.email,) == contact.emails, "half an address"


class RemovesAFactor(AtSecurity):
    """Removes the app; the mobile number stays."""

    route = ("POST", "/{portal}/security/remove")
    factors = ("totp", "sms")
    repeated = (404,)

    def act(self) -> Seen:
        return self.send("/remove", factor="totp")

    def check(self) -> None:
        self.midway()
        assert self.user.factors == ("sms",)
        assert self.facts_about(self.about, Kind.FACTOR_REMOVED) == 1
        assert self.sent_about(self.about, "credential-changed") == 1
        self.get_in()


class MakesNewCodes(AtSecurity):
    """Makes ten new recovery codes: the newest ones that were seen are those that open."""

    route = ("POST", "/{portal}/security/recovery-codes")
    factors = ("totp",)
    good = (200,)

    def act(self) -> Seen:
        seen = self.send("/recovery-codes")
        if seen.status == 200:
            self.recovery = recovery_codes(seen)
        return seen

    def check(self) -> None:
        self.midway()
        made = self.facts_about(self.about, Kind.RECOVERY_CODES_MADE)
        assert 1 <= made <= 2 and self.sent_about(self.about, "credential-changed") == made
        browser = self.new_browser()
        self.type_password(browser=browser)
        browser.press("Use a recovery code")
        browser.fill(code=self.recovery[0])
        assert self.is_in(browser)


class EndsASession(AtSecurity):
    """Signs another browser out."""

    route = ("POST", "/{portal}/security/sessions/end")

    def ready(self) -> None:
        self.elsewhere = self.new_browser()
        self.other = self.begin_session(self.elsewhere)

    def act(self) -> Seen:
        return self.send("/sessions/end", session=self.other)

    def midway(self) -> None:
        super().midway()
        assert self.is_in(self.elsewhere) == (self.other in self.user.sessions)

    def check(self) -> None:
        self.midway()
        assert self.is_in() and list(self.user.sessions) == [self.session]
        assert self.facts_about(self.about, Kind.SESSION_ENDED) == 1


class EndsAllOthers(EndsASession):
    """Signs every other browser out."""

    def act(self) -> Seen:
        return self.send("/sessions/end", session="others")

    def check(self) -> None:
        self.midway()
        assert self.is_in() and list(self.user.sessions) == [self.session]


class ForgetsADevice(AtSecurity):
    """Has a remembered browser forgotten."""

    route = ("POST", "/{portal}/security/devices/forget")

    def ready(self) -> None:
        now, tx, lost = clock.timestamp(), self.act_of_tests().transaction(), "lost phone"
        noted = Noted(at=now, until=now + 86400, browser="Safari")
        self.device = sessions.id_of(lost)
        user_sessions.note_session(
            tx, self.user, self.session, noted, refusal=Conflict(), device=(self.device, noted)
        )  # fmt: skip
        tx.commit()

    def act(self) -> Seen:
        return self.send("/devices/forget", device=self.device)

    def check(self) -> None:
        self.midway()
        assert not self.user.devices and self.is_in()
        assert self.facts_about(self.about, Kind.DEVICE_FORGOTTEN) == 1


class AddsTheApp(SetsUpTheApp):
    """Adds an authenticator app."""

    route = ("POST", "/{portal}/security/app")
    where = "/security"
    repeated = (303,)
    policy = ByUser.policy

    def begin(self) -> None:
        self.enter()


class GivesANewMobile(GivesAMobile):
    """Has a code sent to a number."""

    route = ("POST", "/{portal}/security/mobile")
    where = "/security"
    policy = ByUser.policy

    def begin(self) -> None:
        self.enter()


class AddsTheMobile(ConfirmsTheMobile):
    """Adds the number."""

    route = ("POST", "/{portal}/security/mobile/code")
    where = "/security"
    policy = ByUser.policy

    def begin(self) -> None:
        self.enter()
        self.open("/security/mobile")
        self.browser.fill(mobile=self.mobile)
        self.world.drain()
        self.code = self.world.newest(self.mobile).code


class HasANewText(HasAnotherText):
    """Has the code sent again."""

    route = ("POST", "/{portal}/security/mobile/code/resend")
    where = "/security"
    policy = ByUser.policy

    def begin(self) -> None:
        AddsTheMobile.begin(self)  # type: ignore[arg-type]


class SignsOutAsUser(AtSecurity):
    """Ends the session of a client who has a username."""

    route = ("POST", "/{portal}/sign-out")
    fact: ClassVar[Kind] = Kind.SIGNED_OUT

    def ready(self) -> None:
        self.thief = self.browser.copy()

    def act(self) -> Seen:
        return self.post(f"{self.side}/sign-out")

    def check(self) -> None:
        self.midway()
        assert not self.is_in(self.thief) and not self.user.sessions
        assert self.facts_about(self.about, self.fact) == 1


class SignsOutAsStaff(SignsOutAsUser):
    """Ends a staff user's session."""

    route = ("POST", "/{portal}/staff/sign-out")
    side = "/staff"
    repeated = (303,)
    fact = Kind.STAFF_SIGNED_OUT


class StaysSignedInAsStaff(AtSecurity):
    """Keeps the session."""

    route = ("POST", "/{portal}/staff/session/extend")
    side = "/staff"
    good = (204,)

    def ready(self) -> None:
        self.world.clock.advance(minutes=2)

    def act(self) -> Seen:
        return self.post("/staff/session/extend")

    def check(self) -> None:
        self.world.clock.advance(minutes=29)
        assert self.is_in()


class OpensTheStaffSide(AtSecurity):
    """Arrives."""

    route = ("GET", "/{portal}/staff")
    side = "/staff"
    good = (200,)
    sample = 2

    def act(self) -> Seen:
        return self.browser.ask("GET", f"/{self.slug}/staff")

    def check(self) -> None:
        assert self.act().status == 200


JOURNEYS: list[type[Journey]] = [
    ForgetsADevice, SignsOutAsUser, SignsOutAsStaff, StaysSignedInAsStaff, OpensTheStaffSide, EndsAllOthers,
    ConfirmsItWrongly, ConfirmsIt, ConfirmsItAsStaff, AcceptsTheTerms, OpensTheTerms, ConfirmsAnAddress,
    ConfirmsAnAddressOfStaff,
    ConfirmsAnAddressOfOffice,
    *on_both_sides(
        ChangesThePassword, AsksForAnAddress, RemovesAFactor, MakesNewCodes, EndsASession, AddsTheApp,
        GivesANewMobile, AddsTheMobile, HasANewText,
    ),
    *on_both_sides(
        *map(looking, (
            "/security", "/security/confirm", "/security/password", "/security/address", "/security/app", "/security/mobile",
            "/security/mobile/code",
        )), sample=1,
    ),
]  # fmt: skip
