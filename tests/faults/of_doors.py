"""The journeys of signing in by password: the door, the second factor, what a first sign-in must set up."""

from __future__ import annotations

from typing import Any, ClassVar

import pyotp

from chalicelib import clock
from chalicelib.facts import Kind
from chalicelib.people import staff, users
from chalicelib.security.models import IdentityRow
from tests.browsing import Seen
from tests.customers import recovery_codes, seed_shown
from tests.factories import newest_code, other_than
from tests.faults.journey import Journey
from tests.faults.user import OTHER_PASSWORD, PASSWORD, TEMPORARY, ByUser, on_both_sides
from tests.offices import make_office, make_office_user

_REQUIRED = {**ByUser.policy, "second_factor": "required"}
_STARTS_AGAIN = 303  # the step is over, since the try before it had done its work: to the door, with a word why


class EntersThePassword(ByUser):
    """Signs in, having no second factor."""

    route = ("POST", "/{portal}/sign-in/password")
    good = (303,)
    sample = 6

    def prepare(self) -> None:
        super().prepare()
        self.browser.open(f"/{self.slug}/sign-in/password")

    def act(self) -> Seen:
        seen = self.post("/sign-in/password", username=self.username, password=PASSWORD)
        assert (seen.status == 303) == bool(self.browser.cookie("session"))
        return seen

    def check(self) -> None:
        self.midway()
        assert self.is_in() and self.client.batch.title in self.open("").shown
        assert len(self.user.sessions) == self.signed_in_facts() == self.sent_about(self.about, "new-device")


class EntersAWrongPassword(ByUser):
    """Mistypes: whatever is looked at has been counted."""

    route = ("POST", "/{portal}/sign-in/password")
    good = (400,)
    sample = 5

    def prepare(self) -> None:
        super().prepare()
        self.browser.open(f"/{self.slug}/sign-in/password")
        self.evaluated = 0

    def act(self) -> Seen:
        seen = self.post("/sign-in/password", username=self.username, password=OTHER_PASSWORD)
        self.evaluated += seen.status == 400
        return seen

    def check(self) -> None:
        key = users.tried_as("customer", self.user.username_key)
        row = IdentityRow.find(f"{self.slug}#identity#{key}")
        assert row is not None and int(row.failures) >= self.evaluated >= 1
        assert self.facts_about(f"sign-in:{key}", Kind.PASSWORD_WRONG) >= self.evaluated
        assert not self.user.sessions and not self.is_in()


class AwaitsReview(ByUser):
    """Types the right password while the registration is undecided: nothing is opened, nor counted against them."""

    route = ("POST", "/{portal}/sign-in/password")
    good = (403,)
    sample = 3

    def prepare(self) -> None:
        super().prepare()
        self.browser.open(f"/{self.slug}/sign-in/password")

    def make_user(self, password: str | None) -> None:
        made = make_office_user(self.portal, make_office(self.portal), username=self.username, state="pending")
        self.user_id = made.id

    def act(self) -> Seen:
        return self.post("/sign-in/password", username=self.username, password=PASSWORD)

    def check(self) -> None:
        assert not self.user.sessions and not self.is_in() and self.user.state == "pending"
        assert self.facts_about(self.about, Kind.PASSWORD_RIGHT) >= 1


class EntersThePasswordAsStaff(ByUser):
    """Comes to the second factor."""

    route = ("POST", "/{portal}/staff/sign-in")
    side = "/staff"
    factors = ("totp",)
    good = (303,)
    sample = 3

    def prepare(self) -> None:
        super().prepare()
        self.open("/sign-in")

    def act(self) -> Seen:
        return self.post("/staff/sign-in", username=self.username, password=PASSWORD)

    def check(self) -> None:
        self.midway()
        assert not self.is_in() and not self.user.sessions
        self.open("/sign-in/factor")
        self.browser.fill(code=self.otp())
        assert self.is_in()


class ShowsAFactor(ByUser):
    """Shows the code of the app, and is in."""

    route = ("POST", "/{portal}/sign-in/factor")
    factors = ("totp",)
    good = (303,)
    repeated = (400, 410)  # the first try was let in, and its answer lost: the code is used up
    sample = 6

    def prepare(self) -> None:
        super().prepare()
        seen = self.type_password()
        assert seen.path.endswith("/sign-in/factor"), seen.path
        self.code = self.code_to_type()

    def code_to_type(self) -> str:
        """What is typed."""
        return self.otp()

    def act(self) -> Seen:
        seen = self.post(f"{self.side}/sign-in/factor", code=self.code)
        is_through = seen.status == 303 and "sign-in" not in seen.location
        assert bool(self.browser.cookie(self.cookie_kind)) == is_through
        return seen

    def check(self) -> None:
        self.midway()
        assert len(self.user.sessions) == self.signed_in_facts() == 1, "one code let in more or less than once"
        self.check_used()
        if not self.is_in():
            self.get_in()

    def check_used(self) -> None:
        """The code is used up."""
        assert self.user.totp_step > 0
        self.check_told(0)

    def check_told(self, times: int) -> None:
        """How often a recovery code was used, and told as such."""
        assert self.facts_about(self.about, Kind.RECOVERY_CODE_USED) == times


class ShowsARecoveryCode(ShowsAFactor):
    """Shows one of the ten."""

    def code_to_type(self) -> str:
        self.browser.press("Use a recovery code")
        return self.recovery[3]

    def check_used(self) -> None:
        assert len(self.user.recovery) == 9
        self.check_told(1)


class ShowsATextedCode(ShowsAFactor):
    """Shows the code of a text."""

    factors = ("sms",)

    def code_to_type(self) -> str:
        self.world.drain()
        return self.world.newest(self.mobile).code

    def check_used(self) -> None:
        self.check_told(0)


class ShowsAMailedCode(ByUser):
    """Shows the code mailed in place of factors that support took away: on to setting up anew, once, and in by nothing less."""

    route = ("POST", "/{portal}/staff/sign-in/factor")
    side = "/staff"
    factors = ("totp",)
    good = (303,)
    repeated = (410,)
    sample = 6

    def prepare(self) -> None:
        super().prepare()
        staff.reset_factors(self.act_of_tests(), staff.By("owner"), self.user_id)
        self.type_password()
        self.world.drain()
        self.code = newest_code(self.world, self.email)

    def act(self) -> Seen:
        return self.post("/staff/sign-in/factor", code=self.code)

    def check(self) -> None:
        self.midway()
        assert not self.is_in() and not self.user.sessions and not self.user.factors
        if not self.open("/sign-in/set-up").path.endswith("/set-up"):
            self.world.clock.advance(minutes=16)
            self.type_password()
            self.world.drain()
            seen = self.browser.fill(code=newest_code(self.world, self.email))
            assert seen.path.endswith("/set-up"), "shut out"
        self.seed = seed_shown(self.open("/sign-in/set-up/app"))
        self.browser.fill(name="Phone", code=self.otp())
        assert self.is_in() and self.user.factors == ("totp",)


class ShowsAWrongFactor(ByUser):
    """Mistypes: no more than five tries are looked at, then the password is asked again."""

    route = ("POST", "/{portal}/sign-in/factor")
    factors = ("totp",)
    good = (400,)
    repeated = (_STARTS_AGAIN,)  # of a call that was repeated below us every time counts: the tries may be over
    sample = 4

    def prepare(self) -> None:
        super().prepare()
        self.type_password()
        self.wrong, self.evaluated = other_than(self.otp(), 500_001), 0

    def act(self) -> Seen:
        seen = self.post(f"{self.side}/sign-in/factor", code=self.wrong)
        self.evaluated += seen.status == 400
        return seen

    def check(self) -> None:
        for _ in range(6):
            self.act()
        assert self.evaluated <= 5
        self.post(f"{self.side}/sign-in/factor", code=self.otp())
        assert not self.is_in() and not self.user.sessions
        self.get_in()


class HasAFactorTexted(ByUser):
    """Goes on by text instead of the app."""

    route = ("POST", "/{portal}/sign-in/factor/use")
    factors = ("totp", "sms")
    good = (303,)
    repeated = (429,)  # the first press may have sent it, though its answer was lost
    sample = 6

    def prepare(self) -> None:
        super().prepare()
        self.type_password()

    def act(self) -> Seen:
        self.tries += 1
        return self.post(f"{self.side}/sign-in/factor/use", method="sms")

    def check(self) -> None:
        self.midway()
        sent = self.sent_about(self.about, "verification-code")
        assert 1 <= sent <= self.tries
        assert self.facts_about(self.about, Kind.FACTOR_SENT) == sent
        seen = self.open("/sign-in/factor")
        if seen.heading == "Enter the code we sent":
            self.browser.fill(code=self.world.newest(self.mobile).code)
            assert self.is_in(), "the newest text does not open"
        self.get_in()


class TakesAnOwnPassword(ByUser):
    """Puts a password of one's own in place of a temporary one."""

    route = ("POST", "/{portal}/sign-in/own-password")
    good = (303,)
    sample = 5

    def prepare(self) -> None:
        super().prepare()
        self.make_temporary()
        seen = self.type_password(TEMPORARY)
        assert seen.path.endswith("/sign-in/own-password"), seen.path

    def act(self) -> Seen:
        return self.post(f"{self.side}/sign-in/own-password", password=OTHER_PASSWORD)

    def check(self) -> None:
        assert not self.user.must_change and not self.user.sessions
        assert self.facts_about(self.about, Kind.PASSWORD_CHANGED) == 1
        assert self.sent_about(self.about, "credential-changed") == 1
        assert self.type_password(TEMPORARY, self.new_browser()).status == 400
        assert self.type_password(OTHER_PASSWORD, self.new_browser()).status == 200


class SettingUp(ByUser):
    """Sets up a second factor, at a first sign-in that must have one."""

    where: ClassVar[str] = "/sign-in/set-up"
    policy = _REQUIRED
    rest: ClassVar[str] = ""

    def prepare(self) -> None:
        super().prepare()
        self.begin()
        self.open(f"{self.where}{self.rest}")

    def begin(self) -> None:
        """Come to where it is set up."""
        seen = self.type_password()
        assert seen.path.endswith("/sign-in/set-up"), seen.path

    def send(self, **typed: str) -> Seen:
        """Post the open page's form."""
        self.tries += 1
        return self.post(f"{self.side}{self.where}{self.rest}", **typed)

    def midway(self) -> None:
        super().midway()
        assert len(self.user.recovery) == (10 if self.user.factors else 0)
        if self.where == "/sign-in/set-up":
            assert len(self.user.sessions) <= len(self.user.factors), "in without the factor that is required"

    def check_added(self, factor: str) -> None:
        """The factor counts, was noted and told once, and opens."""
        self.midway()
        assert self.user.factors == (factor,)
        assert self.facts_about(self.about, Kind.FACTOR_ADDED) == 1, "one code was taken twice"
        anew = self.facts_about(self.about, Kind.RECOVERY_CODES_MADE)  # those of the first try were seen by nobody
        assert anew < self.tries and self.sent_about(self.about, "credential-changed") == 1 + anew
        self.get_in()


class ChoosesAFactor(SettingUp):
    """Chooses the app."""

    route = ("POST", "/{portal}/sign-in/set-up")
    good = (303,)
    sample = 2

    def act(self) -> Seen:
        return self.send(method="totp")

    def check(self) -> None:
        self.midway()
        assert seed_shown(self.open("/sign-in/set-up/app"))


class SetsUpTheApp(SettingUp):
    """Shows that the app has the seed."""

    route = ("POST", "/{portal}/sign-in/set-up/app")
    rest = "/app"
    good = (200,)
    repeated = (_STARTS_AGAIN,)
    sample = 6

    def prepare(self) -> None:
        super().prepare()
        self.seed = seed_shown(self.browser.here)
        self.code = pyotp.TOTP(self.seed).at(clock.timestamp())

    def act(self) -> Seen:
        seen = self.send(name="Phone", code=self.code)
        if seen.status == 200:
            assert len(recovery_codes(seen)) == 10
        return seen

    def check(self) -> None:
        self.check_added("totp")


class GivesAMobile(SettingUp):
    """Has a code sent to a number."""

    route = ("POST", "/{portal}/sign-in/set-up/mobile")
    rest = "/mobile"
    good = (303,)
    sample = 4

    def act(self) -> Seen:
        return self.send(mobile=self.mobile)

    def check(self) -> None:
        self.midway()
        sent = self.sent_about(self.about, "verification-code")
        assert 1 <= sent <= self.tries
        assert self.facts_about(self.about, Kind.FACTOR_SENT) == sent
        assert not self.user.factors
        seen = self.open(f"{self.where}/mobile/code")
        seen = self.browser.fill(code=self.world.newest(self.mobile).code)
        assert len(recovery_codes(seen)) == 10, seen.errors


class ConfirmsTheMobile(SettingUp):
    """Types the code of the text."""

    route = ("POST", "/{portal}/sign-in/set-up/mobile/code")
    rest = "/mobile/code"
    good = (200,)
    repeated = (_STARTS_AGAIN, 410)
    sample = 6

    def begin(self) -> None:
        super().begin()
        self.open(f"{self.where}/mobile")
        self.browser.fill(mobile=self.mobile)
        self.world.drain()
        self.code = self.world.newest(self.mobile).code

    def act(self) -> Seen:
        return self.send(code=self.code)

    def check(self) -> None:
        self.check_added("sms")


class HasAnotherText(ConfirmsTheMobile):
    """Has the code of the set-up sent again: the newest one counts."""

    route = ("POST", "/{portal}/sign-in/set-up/mobile/code/resend")
    good = (303,)
    repeated = (303, 429, 410)
    sample = 4

    def prepare(self) -> None:
        super().prepare()
        self.first, self.tries = self.code, 1
        self.world.clock.advance(31)

    def act(self) -> Seen:
        self.tries += 1
        return self.post(f"{self.side}{self.where}/mobile/code/resend")

    def check(self) -> None:
        self.midway()
        sent = self.sent_about(self.about, "verification-code")
        assert 2 <= sent <= self.tries
        assert self.facts_about(self.about, Kind.FACTOR_SENT) == sent
        newest = self.world.newest(self.mobile).code
        self.open(f"{self.where}/mobile/code")
        if newest != self.first:
            assert self.browser.fill(code=self.first).status == 400, "an older code is taken"
        assert len(recovery_codes(self.browser.fill(code=newest))) == 10


class LooksAtAStep(ByUser):
    """Opens a page of these journeys."""

    good = (200,)
    sample = 1
    rest: ClassVar[str] = ""

    def prepare(self) -> None:
        super().prepare()
        if "own-password" in self.rest:
            self.make_temporary()
            self.type_password(TEMPORARY)
        elif self.rest.startswith("/sign-in/"):
            self.type_password()
        elif self.rest.startswith("/security"):
            self.enter()
        if self.rest.endswith("/mobile/code"):
            self.open(self.rest.removesuffix("/code"))
            self.browser.fill(mobile=self.mobile)

    def act(self) -> Seen:
        return self.browser.ask("GET", f"/{self.slug}{self.side}{self.rest}")

    def check(self) -> None:
        self.midway()
        assert self.act().status == 200


def looking(rest: str, *factors: str, **details: Any) -> type[ByUser]:
    """A journey that opens a page."""
    made = {"route": ("GET", f"/{{portal}}{rest}"), "rest": rest, "factors": factors, **details}
    return type(f"Opens{rest}", (LooksAtAStep,), made)


JOURNEYS: list[type[Journey]] = [
    EntersThePassword, EntersAWrongPassword, AwaitsReview, EntersThePasswordAsStaff, looking("/sign-in/password"),
    looking("/sign-in", route=("GET", "/{portal}/staff/sign-in"), side="/staff"),
    ShowsARecoveryCode, ShowsATextedCode, ShowsAMailedCode, ShowsAWrongFactor,
    *on_both_sides(
        ShowsAFactor, HasAFactorTexted, TakesAnOwnPassword, ChoosesAFactor, SetsUpTheApp, GivesAMobile, ConfirmsTheMobile,
        HasAnotherText,
    ),
    *on_both_sides(looking("/sign-in/factor", "totp"), looking("/sign-in/own-password"), sample=1),
    *on_both_sides(
        *(looking(f"/sign-in/set-up{rest}", policy=_REQUIRED) for rest in ("", "/app", "/mobile", "/mobile/code")), sample=1
    ),
]  # fmt: skip
