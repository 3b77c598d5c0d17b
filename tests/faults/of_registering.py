"""The journeys of registering by oneself, one page after the other: however a call goes, one request and one user at most."""

from __future__ import annotations

from typing import Any, ClassVar

from chalicelib import facts
from chalicelib.people import users
from chalicelib.registration import entries
from tests.browsing import Seen
from tests.factories import newest_code
from tests.faults.journey import STAFF, Journey
from tests.registering import CLAIM, PASSWORD, make_applicant, make_office


class Registers(Journey):
    """Somebody at an office's page of the way. Whatever gets lost, they come to the end of it."""

    good = (303,)
    settings: ClassVar[dict[str, Any]] = {"registration": {"is_open": True, "auto_approve": True}}
    claim: ClassVar[str] = CLAIM
    role: ClassVar[str] = "portal-user"

    def prepare(self) -> None:
        """An office, and somebody new in front of a browser."""
        self.office = make_office(self.portal)
        self.rosa = make_applicant(self.world, self.portal, self.office)
        self.come()

    def come(self) -> None:
        """Open the page."""
        self.rosa.open()

    def post(self, path: str, **typed: str) -> Seen:
        """Send the open page's form and do not follow."""
        return self.rosa.browser.post(f"/{self.slug}/register{path}", {"csrf": self.rosa.browser.here.csrf, **typed})

    @property
    def said(self) -> dict[str, str]:
        """Who it is."""
        return {"first_name": "Rosa", "last_name": "Quibble", "email": self.rosa.email}

    def check(self) -> None:
        """From where they are to the end, then look at all of it."""
        seen = self.rosa.open("/done")
        for _ in range(9):
            if seen.path.endswith("/register/done"):
                break
            seen = self.go_on()
        assert seen.path.endswith("/register/done"), (seen.path, seen.errors)
        self.check_end(seen)

    def go_on(self) -> Seen:
        """The next page that is not answered."""
        browser = self.rosa.browser
        self.rosa.open()
        here = self.rosa.open("/account")
        match here.path.rpartition("/")[2].partition("?")[0]:
            case "register":
                return browser.fill(identifier=self.office.identifiers[0].value)
            case "checks":
                return browser.fill(claim_number=self.claim)
            case "role":
                return browser.fill(role=self.role)
            case "you":
                return browser.fill(**self.said)
            case "code":
                return self.enter_code()
        return self.rosa.submit()

    def enter_code(self) -> Seen:
        """The newest code, or another one where it is over."""
        self.world.drain()
        browser = self.rosa.browser
        seen = browser.fill(code=newest_code(self.world, self.rosa.email))
        if seen.path.endswith("/code"):
            self.world.clock.advance(31)
            self.rosa.open("/code")
            browser.press("Send another code")
            self.world.drain()
            seen = browser.fill(code=newest_code(self.world, self.rosa.email))
        return seen

    def check_end(self, seen: Seen) -> None:
        """One user, one entry, one of each fact, one mail to each."""
        self.world.drain()
        user = users.find(self.slug, self.rosa.username)
        assert user is not None and user.details.email == self.rosa.email
        entry = entries.found(self.slug, user.id)
        assert entry is not None and entry.due_at is None and entry.username == self.rosa.username
        about, is_approved = f"registration:{user.id}", user.state == "active"
        assert (entry.status == "AUTO-APPROVED") == is_approved == (seen.heading == "You can sign in now")
        for kind in (facts.Kind.REGISTRATION_STARTED, facts.Kind.REGISTRATION_SUBMITTED):
            assert self.facts_about(about, kind) == 1, kind
        assert self.facts_about(about, facts.Kind.REGISTRATION_AUTO_APPROVED) == is_approved
        assert self.sent_about(about, "registration-approved") == is_approved
        assert self.sent_about(about, "registered-by-claim") == is_approved
        assert self.sent_about(about, "registration-received") == (not is_approved)
        assert self.sent_about(about, "registration-waiting") <= (not is_approved)


class OpensTheDoor(Registers):
    """Reads the first page."""

    route = ("GET", "/{portal}/register")
    good = (200,)

    def come(self) -> None:
        self.rosa.open()

    def act(self) -> Seen:
        return self.rosa.browser.ask("GET", f"/{self.slug}/register")


class NamesTheOffice(Registers):
    """Types the identifier."""

    route = ("POST", "/{portal}/register")

    def act(self) -> Seen:
        return self.post("", identifier=self.office.identifiers[0].value)


class LooksAtChecks(Registers):
    """Reads the page of the security questions."""

    route = ("GET", "/{portal}/register/checks")
    good = (200,)

    def come(self) -> None:
        self.rosa.find()

    def act(self) -> Seen:
        return self.rosa.browser.ask("GET", f"/{self.slug}{self.route[1].removeprefix('/{portal}')}")


class AnswersChecks(LooksAtChecks):
    """Names a claim number."""

    route = ("POST", "/{portal}/register/checks")
    good = (303,)

    def act(self) -> Seen:
        return self.post("/checks", claim_number=self.claim)


class LooksAtRoles(LooksAtChecks):
    """Reads what each role opens."""

    route = ("GET", "/{portal}/register/role")

    def come(self) -> None:
        self.rosa.come_to_role(self.claim)


class ChoosesARole(LooksAtRoles):
    """Chooses one."""

    route = ("POST", "/{portal}/register/role")
    good = (303,)

    def act(self) -> Seen:
        return self.post("/role", role=self.role)


class LooksAtYou(LooksAtChecks):
    """Reads what is asked of a person."""

    route = ("GET", "/{portal}/register/you")

    def come(self) -> None:
        self.rosa.come_to_role(self.claim)
        self.rosa.browser.fill(role=self.role)


class Introduces(LooksAtYou):
    """Says who it is, and has a code sent."""

    route = ("POST", "/{portal}/register/you")
    good = (303,)

    def act(self) -> Seen:
        return self.post("/you", **self.said)


class LooksAtTheCode(LooksAtChecks):
    """Reads the page of the code."""

    route = ("GET", "/{portal}/register/code")

    def come(self) -> None:
        self.rosa.come_to_code(self.claim, role=self.role)


class AsksForAnotherCode(LooksAtTheCode):
    """Has a second code sent."""

    route = ("POST", "/{portal}/register/code/resend")
    good = (303,)
    repeated = (429,)  # the first press may have sent it, though its answer was lost: too soon for another

    def come(self) -> None:
        super().come()
        self.world.clock.advance(31)

    def act(self) -> Seen:
        return self.post("/code/resend")


class EntersTheRegistrationCode(LooksAtTheCode):
    """Types the code. Whose answer was lost is told so again: nobody needs a second one."""

    route = ("POST", "/{portal}/register/code")
    good = (303,)

    def come(self) -> None:
        super().come()
        self.world.drain()
        self.code = newest_code(self.world, self.rosa.email)

    def act(self) -> Seen:
        return self.post("/code", code=self.code)


class LooksAtTheAccount(LooksAtChecks):
    """Reads the page of username and password."""

    route = ("GET", "/{portal}/register/account")

    def come(self) -> None:
        self.rosa.come_to_account(self.claim, role=self.role)


class SubmitsWithAClaim(LooksAtTheAccount):
    """Submits, and is let in at once."""

    route = ("POST", "/{portal}/register/account")
    good = (303,)

    def act(self) -> Seen:
        return self.post("/account", username=self.rosa.username, password=PASSWORD)

    def midway(self) -> None:
        user = users.find(self.slug, self.rosa.username)
        entry = entries.found(self.slug, self.rosa.entry.created_key)
        assert entry and (user is None) == (entry.status == "STARTED"), "a user without its request, or the other way"


class SubmitsWithout(SubmitsWithAClaim):
    """Submits, and waits."""

    claim = ""

    def check(self) -> None:
        super().check()
        about = f"registration:{self.rosa.entry.created_key}"
        assert self.sent_about(about, "registration-waiting") == 1 and self.world.sent_to(STAFF)


class ReadsHowItStands(LooksAtChecks):
    """Reads the last page again."""

    route = ("GET", "/{portal}/register/done")

    def come(self) -> None:
        self.rosa.register(self.claim, role=self.role)


JOURNEYS: list[type[Journey]] = [
    OpensTheDoor, NamesTheOffice, LooksAtChecks, AnswersChecks, LooksAtRoles, ChoosesARole, LooksAtYou, Introduces,
    LooksAtTheCode, AsksForAnotherCode, EntersTheRegistrationCode, LooksAtTheAccount, SubmitsWithAClaim, SubmitsWithout,
    ReadsHowItStands,
]  # fmt: skip
