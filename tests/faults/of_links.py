"""The journeys of one-time links: asked for at the door, opened, pressed, and what is chosen behind them."""

from __future__ import annotations

from typing import Any, ClassVar

from chalicelib.facts import Kind
from chalicelib.people import staff, users
from chalicelib.people.staff import By
from chalicelib.security import links
from chalicelib.security.links import Purpose
from tests.browsing import Seen
from tests.customers import newest_link
from tests.faults.journey import Journey
from tests.faults.user import OTHER_PASSWORD, PASSWORD, ByUser, on_both_sides


class ByLink(ByUser):
    """A journey of somebody who was mailed a link. Whatever gets lost, a fresh one leads to the end."""

    purpose: ClassVar[Purpose] = "credential-create"
    has_user = False

    def prepare(self) -> None:
        super().prepare()
        if self.purpose != "credential-create":
            self.make_user(PASSWORD if self.purpose != "staff-invitation" else None)
        self.path = self.issue(self.purpose)
        self.link_token = self.path.rpartition("=")[2]

    @property
    def page(self) -> str:
        """The page that the link opens, below the portal."""
        return f"/{links.PATHS[self.purpose]}"

    @property
    def subject(self) -> str:
        """What the facts of the link are about."""
        return f"{'account' if self.purpose == 'credential-create' else 'user'}:{self.user_id}"

    def ask_anew(self) -> None:
        """Have a fresh link sent, and press its button."""
        self.world.clock.advance(minutes=16)
        if self.purpose == "staff-invitation":
            staff.send_invitation_again(self.act_of_tests(), By("owner"), self.user_id)
        elif self.purpose == "password-reset":
            self.open("/forgot-password")
            self.browser.fill(username=self.username)
        else:
            self.open("/first-time")
            self.browser.fill(client_number=self.client.number)
        self.world.drain()
        self.browser.open(newest_link(self.world, self.email, links.PATHS[self.purpose]))
        self.browser.press("Continue")

    def finish(self) -> None:
        """Choose the password where it is asked, and sign in with it."""
        self.browser.open(f"/{self.slug}/set-password")
        seen = self.browser.fill(**self.chosen())
        assert "Your password is set" in seen.shown, (seen.status, seen.path, seen.errors)
        self.check_chosen()

    def chosen(self) -> dict[str, str]:
        """What is typed."""
        asked = {"username": self.username} if self.purpose == "credential-create" else {}
        return {**asked, "password": OTHER_PASSWORD}

    def check_chosen(self) -> None:
        """The password is the one chosen, once."""
        self.midway()
        assert not self.user.sessions, "a link signs nobody in"
        assert self.type_password(OTHER_PASSWORD, self.new_browser()).status == 200
        if self.purpose == "password-reset":
            assert self.type_password(PASSWORD, self.new_browser()).status == 400


class PressesTheButton(ByLink):
    """Spends the link: once. Where its answer was lost, a fresh one can be asked for."""

    route = ("POST", "/{portal}/create-credential")
    good = (303,)
    repeated = (410,)
    sample = 5

    def prepare(self) -> None:
        super().prepare()
        self.browser.open(self.path)

    def act(self) -> Seen:
        seen = self.post(self.page, t=self.link_token)
        assert (seen.status == 303) == bool(self.browser.cookie("setup"))
        return seen

    def check(self) -> None:
        assert self.facts_about(self.subject, Kind.LINK_OPENED) == 1, "a link was spent twice, or in silence"
        if not self.browser.cookie("setup"):
            self.ask_anew()
        self.finish()


class PressesTheResetButton(PressesTheButton):
    """The same of a link to reset a password."""

    route = ("POST", "/{portal}/reset-password")
    purpose = "password-reset"
    sample = 3


class PressesTheInvitation(PressesTheButton):
    """The same of an invitation to the staff."""

    route = ("POST", "/{portal}/staff/join")
    purpose = "staff-invitation"
    side = "/staff"
    sample = 3


class ChoosesTheFirst(ByLink):
    """Chooses username and password: both or neither."""

    route = ("POST", "/{portal}/set-password")
    good = (303,)
    sample = 6

    def prepare(self) -> None:
        super().prepare()
        self.browser.open(self.path)
        self.browser.press("Continue")

    def act(self) -> Seen:
        return self.post("/set-password", **self.chosen())

    def midway(self) -> None:
        super().midway()
        user = users.by_id(self.slug, self.user_id)
        if self.purpose == "credential-create":
            assert user is None or user.password_hash, "a username without the password that was chosen with it"

    def check(self) -> None:
        self.check_chosen()
        made, reset = Kind.CREDENTIAL_CREATED, Kind.PASSWORD_RESET
        is_reset = self.purpose == "password-reset"
        assert self.facts_about(self.subject, made) == (0 if is_reset else 1)
        assert self.facts_about(self.subject, reset) == (1 if is_reset else 0)
        assert self.sent_about(self.about, "credential-changed") == (1 if is_reset else 0)
        late = self.new_browser().open(self.path)
        assert late.status == 410, "a link that has done its work opens"


class ChoosesAnother(ChoosesTheFirst):
    """Chooses a new password."""

    purpose = "password-reset"


class ChoosesAsStaff(ChoosesTheFirst):
    """Chooses the first password of a staff user."""

    purpose = "staff-invitation"
    side = "/staff"
    sample = 3


class HasItSentAgain(ByLink):
    """Has a fresh link sent in place of one that ran out."""

    route = ("POST", "/{portal}/links/again")
    purpose = "password-reset"
    repeated = (410,)  # the first press sent one: the old link is replaced
    sample = 5

    def prepare(self) -> None:
        super().prepare()
        self.world.clock.advance(minutes=31)
        self.browser.open(self.path)

    def act(self) -> Seen:
        return self.post("/links/again", t=self.link_token, purpose=self.purpose)

    def check(self) -> None:
        assert (
            self.facts_about(self.subject, Kind.RESET_ASKED_FOR) == self.sent_about(self.subject, "password-reset") == 1
        )
        self.browser.open(newest_link(self.world, self.email, "reset-password"))
        self.browser.press("Continue")
        self.finish()


class Disavows(ByUser):
    """Says that it was somebody else: everything is shut, and the way back is mailed."""

    route = ("POST", "/{portal}/not-me")
    sample = 5

    def prepare(self) -> None:
        super().prepare()
        self.enter()
        self.thief = self.browser.copy()
        self.path = self.issue("not-me")
        self.browser.open(self.path)

    def act(self) -> Seen:
        return self.post("/not-me", t=self.path.rpartition("=")[2])

    def midway(self) -> None:
        super().midway()
        user = self.user
        assert user.is_active or not user.sessions

    def check(self) -> None:
        self.midway()
        assert self.user.state == "locked" and not self.is_in(self.thief)
        assert self.facts_about(self.about, Kind.DISAVOWED) == 1
        assert self.sent_about(self.about, "password-reset") == 1
        self.browser.open(newest_link(self.world, self.email, "reset-password"))
        self.browser.press("Continue")
        self.browser.fill(password=OTHER_PASSWORD)
        assert self.user.is_active
        self.get_in(OTHER_PASSWORD)


class ForgotThePassword(ByUser):
    """Has a link to reset the password sent."""

    route = ("POST", "/{portal}/forgot-password")
    sample = 5
    rest: ClassVar[str] = "/forgot-password"
    template: ClassVar[str] = "password-reset"
    kind: ClassVar[Kind] = Kind.RESET_ASKED_FOR

    def prepare(self) -> None:
        super().prepare()
        self.open(self.rest)

    def act(self) -> Seen:
        self.tries += 1
        return self.post(f"{self.side}{self.rest}", **self.typed())

    def typed(self) -> dict[str, str]:
        """What is asked."""
        return {"username": self.username}

    def check(self) -> None:
        self.midway()
        sent = self.sent_about(self.subject, self.template)
        assert 1 <= sent <= self.tries
        assert self.facts_about(self.subject, self.kind) == sent
        self.check_mail()

    @property
    def subject(self) -> str:
        """What the mail is about."""
        return self.about

    def check_mail(self) -> None:
        """What was sent helps."""
        self.browser.open(newest_link(self.world, self.email, "reset-password"))
        assert self.browser.press("Continue").path.endswith("/set-password")


class ForgotTheUsername(ForgotThePassword):
    """Has the username sent."""

    route = ("POST", "/{portal}/forgot-username")
    rest, template, kind = "/forgot-username", "username-reminder", Kind.USERNAME_ASKED_FOR

    def typed(self) -> dict[str, str]:
        return {"client_number": self.client.number}

    def check_mail(self) -> None:
        assert self.username in self.world.newest(self.email).text


class ComesForTheFirstTime(ForgotTheUsername):
    """Has the link to choose a username and a password sent."""

    route = ("POST", "/{portal}/first-time")
    rest, template, kind = "/first-time", "credential-create", Kind.CREDENTIAL_ASKED_FOR
    has_user = False

    @property
    def subject(self) -> str:
        return f"account:{self.user_id}"

    def check_mail(self) -> None:
        self.browser.open(newest_link(self.world, self.email, "create-credential"))
        assert self.browser.press("Continue").path.endswith("/set-password")


class Looks(ByUser):
    """Opens a page that asks for something."""

    sample = 1
    rest: ClassVar[str] = ""

    def act(self) -> Seen:
        return self.browser.ask("GET", f"/{self.slug}{self.side}{self.rest}")

    def check(self) -> None:
        assert self.act().status == 200


class LooksAtALink(ByLink):
    """Opens a link, as any scanner does: nothing changes."""

    sample = 1

    def act(self) -> Seen:
        return self.browser.ask("GET", self.path)

    def check(self) -> None:
        assert self.act().status == 200
        assert self.facts_about(self.subject, Kind.LINK_OPENED) == 0
        self.browser.open(self.path)
        if self.purpose not in ("not-me", "contact-confirmation"):
            assert self.browser.press("Continue").path.endswith("/set-password")


class LooksAtThePassword(ChoosesTheFirst):
    """Opens the page that asks for the password."""

    route = ("GET", "/{portal}/set-password")
    good = (200,)
    sample = 2

    def act(self) -> Seen:
        return self.browser.ask("GET", f"/{self.slug}/set-password")

    def check(self) -> None:
        self.finish()


def looking(rest: str) -> type[ByUser]:
    """A journey that opens a page."""
    return type(f"Opens{rest}", (Looks,), {"route": ("GET", f"/{{portal}}{rest}"), "rest": rest})


def looking_at(purpose: Purpose, side: str = "") -> type[Journey]:
    """A journey that opens a link."""
    made: dict[str, Any] = {"route": ("GET", f"/{{portal}}/{links.PATHS[purpose]}"), "purpose": purpose, "side": side}
    return type(f"OpensALink/{purpose}", (LooksAtALink,), made)


JOURNEYS: list[type[Journey]] = [
    PressesTheButton, PressesTheResetButton, PressesTheInvitation, ChoosesTheFirst, ChoosesAnother, ChoosesAsStaff,
    HasItSentAgain, Disavows, ForgotTheUsername, ComesForTheFirstTime, LooksAtThePassword,
    *on_both_sides(ForgotThePassword, looking("/forgot-password")), looking("/forgot-username"), looking("/first-time"),
    looking_at("credential-create"), looking_at("password-reset"), looking_at("staff-invitation", "/staff"),
    looking_at("not-me"), looking_at("contact-confirmation"),
]  # fmt: skip
