"""The journeys of the hosted pages, one after the other as a client makes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from chalicelib.messaging import consent
from chalicelib.selfservice import batches, documents
from chalicelib.selfservice.homes import OfBatch
from chalicelib.support import help_requests
from tests.browsing import Seen, send_file
from tests.factories import HELP, ask_code, begin, newest_code
from tests.faults.journey import PDF, ByBrowser, Journey, document_of
from tests.world import World

_BATCH = "/{portal}/batches/{batch}"


class Begins(ByBrowser):
    """Types client number and last name."""

    route = ("POST", "/{portal}/sign-in")
    good = (303,)

    def prepare(self) -> None:
        super().prepare()
        self.browser.open(f"/{self.slug}/sign-in")

    def act(self) -> Seen:
        return self.post("/sign-in", client_number=self.client.number, last_name=self.client.last_name)

    def check(self) -> None:
        assert self.browser.open(f"/{self.slug}/sign-in/confirm").form_with("destination")


class AsksForACode(ByBrowser):
    """Has a code sent."""

    route = ("POST", "/{portal}/sign-in/confirm")
    good = (303,)

    def prepare(self) -> None:
        super().prepare()
        begin(self.browser, self.client)

    def act(self) -> Seen:
        self.tries = getattr(self, "tries", 0) + 1
        return self.post("/sign-in/confirm", method="email", destination=self.client.email)

    def check(self) -> None:
        about = f"contact:{self.client.contact.id}"
        sent = self.sent_about(about, "verification-code")
        assert 1 <= sent <= self.tries
        assert self.facts_about(about, "client:sign-in:code-requested") == sent
        self.browser.open(f"/{self.slug}/sign-in/code")
        seen = self.browser.fill(code=newest_code(self.world, self.client.email))
        assert self.browser.cookie("session"), f"the newest code does not open: {seen.shown[:200]}"


class AsksForAnother(AsksForACode):
    """Has a second code sent."""

    route = ("POST", "/{portal}/sign-in/resend")
    repeated = (303, 429)  # the first press may have sent it, though its answer was lost: too soon for another

    def prepare(self) -> None:
        ByBrowser.prepare(self)
        ask_code(self.browser, self.client)
        self.tries = 1
        self.world.drain()
        self.first = newest_code(self.world, self.client.email)
        self.world.clock.advance(31)

    def act(self) -> Seen:
        self.tries += 1
        return self.post("/sign-in/resend")

    def check(self) -> None:
        if self.first != newest_code(self.world, self.client.email):
            self.browser.open(f"/{self.slug}/sign-in/code")
            self.browser.fill(code=self.first)
            assert not self.browser.cookie("session"), "an older code opens"
        super().check()


class EntersTheCode(ByBrowser):
    """Signs in."""

    route = ("POST", "/{portal}/sign-in/code")
    good = (303,)
    repeated = (410,)  # the code was spent by the first try, whose answer was lost: a new one is needed

    def prepare(self) -> None:
        super().prepare()
        ask_code(self.browser, self.client)
        self.world.drain()
        self.code = newest_code(self.world, self.client.email)

    def act(self) -> Seen:
        seen = self.post("/sign-in/code", code=self.code)
        assert (seen.status == 303) == bool(self.browser.cookie("session"))
        return seen

    def check(self) -> None:
        if not self.browser.cookie("session"):
            self.world.clock.advance(31)
            self.browser.open(f"/{self.slug}/sign-in/code")
            self.browser.send(next(form for form in self.browser.here.forms if form.action.endswith("/resend")))
            self.world.drain()
            self.browser.fill(code=newest_code(self.world, self.client.email))
        assert self.browser.cookie("session"), "locked out for good"
        seen = self.browser.open(f"/{self.slug}")
        assert self.client.batch.title in seen.shown

    @classmethod
    def audit(cls, world: World, done: Sequence[Any]) -> None:
        opened: Counter[str] = Counter()
        spent: Counter[str] = Counter()
        for item in world.scan("tokens"):
            kind, holder = item["pk"]["S"].split("#")[1], item.get("holder", {}).get("S", "")
            opened[holder] += kind == "session"
            spent[holder] += kind == "challenge" and "spent_at" in item
        for each in done:
            holder = each.client.contact.id
            assert opened[holder] == spent[holder] >= 1, "a session without a code, or two from one"
            assert each.facts_about(f"contact:{holder}", "client:sign-in:succeeded") == spent[holder]


class EntersAWrongCode(ByBrowser):
    """Mistypes: however the call goes, no more than five tries are ever looked at."""

    route = ("POST", "/{portal}/sign-in/code")
    good = (400,)

    def prepare(self) -> None:
        super().prepare()
        ask_code(self.browser, self.client)
        self.world.drain()
        self.code = newest_code(self.world, self.client.email)
        self.wrong = f"{(int(self.code) + 1) % 1_000_000:06}"
        self.evaluated = 0

    def act(self) -> Seen:
        seen = self.post("/sign-in/code", code=self.wrong)
        self.evaluated += seen.status == 400
        return seen

    def check(self) -> None:
        for _ in range(6):
            self.act()
        assert self.evaluated <= 5
        assert self.post("/sign-in/code", code=self.code).status == 410
        assert not self.browser.cookie("session")


class SignsOut(ByBrowser):
    """Ends the session."""

    route = ("POST", "/{portal}/sign-out")
    good = (303,)

    def prepare(self) -> None:
        super().prepare()
        self.enter()
        self.browser.open(f"/{self.slug}")
        self.thief = self.browser.copy()

    def act(self) -> Seen:
        return self.post("/sign-out")

    def check(self) -> None:
        assert "Sign in" in self.thief.open(f"/{self.slug}").heading
        assert self.facts_about(f"contact:{self.client.contact.id}", "client:sign-in:ended") == 1


class PutsAside(ByBrowser):
    """Goes to sign in to another account."""

    route = ("POST", "/{portal}/switch/add")
    good = (303,)

    def prepare(self) -> None:
        super().prepare()
        self.first = self.client
        self.enter()
        self.browser.open(f"/{self.slug}/switch")

    def act(self) -> Seen:
        return self.post("/switch/add")

    def midway(self) -> None:
        assert bool(self.browser.cookie("session")) != bool(self.browser.cookie("others")), "in twice, or lost"

    def check(self) -> None:
        self.midway()
        self.browser.open(f"/{self.slug}/sign-in")
        assert self.first.batch.title in self.browser.press("Go back").shown


class GoesBack(PutsAside):
    """Thinks better of it."""

    route = ("POST", "/{portal}/switch/back")

    def prepare(self) -> None:
        super().prepare()
        self.browser.press("Sign in to another account")

    def act(self) -> Seen:
        return self.post("/switch/back")

    def check(self) -> None:
        self.midway()
        assert self.first.batch.title in self.browser.open(f"/{self.slug}").shown


class Switches(GoesBack):
    """Goes on in the account of before; the second one waits."""

    route = ("POST", "/{portal}/switch")

    def prepare(self) -> None:
        super().prepare()
        self.client = self.make_client()
        self.enter()
        self.browser.open(f"/{self.slug}/switch")
        self.chosen = self.browser.here.form_with("n").fields["n"]

    def act(self) -> Seen:
        return self.post("/switch", n=self.chosen)

    def midway(self) -> None:
        assert self.browser.cookie("session") and self.browser.cookie("others")


class StaysSignedIn(ByBrowser):
    """Keeps the session."""

    route = ("POST", "/{portal}/session/extend")
    good = (204,)

    def prepare(self) -> None:
        super().prepare()
        self.enter()
        self.browser.open(f"/{self.slug}")
        self.world.clock.advance(minutes=2)

    def act(self) -> Seen:
        return self.post("/session/extend")


class Answers(ByBrowser):
    """Asks for changes."""

    route = ("POST", f"{_BATCH}/answer")
    good = (303,)
    repeated = (409,)

    def prepare(self) -> None:
        super().prepare()
        self.enter()
        self.browser.open(self.client.batch_path)

    def act(self) -> Seen:
        return self.post(f"/batches/{self.client.batch.id}/answer", answer="changes", comment="Less, please.")

    def midway(self) -> None:
        held = batches.get(self.slug, self.client.batch.id)
        assert (len(held.answers) == 1) == (held.status == "changes_requested")
        assert self.card(self.client).batches[held.id].status == held.status

    def check(self) -> None:
        self.midway()
        about = f"batch:{self.client.batch.id}"
        assert [answer.comment for answer in batches.get(self.slug, self.client.batch.id).answers] == ["Less, please."]
        assert self.facts_about(about, "client:batch:changes-requested") == 1
        assert self.sent_about(about, "client-answered") == 1


class NamesAFile(ByBrowser):
    """Says what the file is; a second try leaves at worst a document that waits for a file for ever."""

    route = ("POST", f"{_BATCH}/upload")

    def prepare(self) -> None:
        super().prepare()
        self.enter()
        self.path = f"/batches/{self.client.batch.id}/upload"
        self.browser.open(f"/{self.slug}{self.path}")

    def act(self) -> Seen:
        self.tries = getattr(self, "tries", 0) + 1
        return self.post(self.path, name="Signed form")

    def check(self) -> None:
        held = documents.of_home(OfBatch(self.slug, self.client.batch.id))
        assert 1 <= len(held) <= self.tries
        assert {document.status for document in held} == {"waiting"}


class SharesAFile(ByBrowser):
    """Has the file checked."""

    route = ("POST", f"{_BATCH}/upload/{{document}}")
    good = (303,)
    lenient = ("s3.DeleteObject",)

    def prepare(self) -> None:
        super().prepare()
        self.enter()
        self.browser.open(f"/{self.slug}/batches/{self.client.batch.id}/upload")
        form = self.browser.fill(name="Signed form").form_with("file", "policy")
        assert send_file(form.action, form.fields, PDF, "form.pdf").status == 303
        self.document = documents.of_home(OfBatch(self.slug, self.client.batch.id))[0].id
        self.path = f"/batches/{self.client.batch.id}/upload/{self.document}"
        self.browser.open(f"/{self.slug}{self.path}")

    def act(self) -> Seen:
        return self.post(self.path)

    def check(self) -> None:
        held = documents.get(OfBatch(self.slug, self.client.batch.id), self.document)
        assert (held.status, held.size, held.name) == ("ready", len(PDF), "Signed form.pdf")
        assert self.facts_about(f"batch:{self.client.batch.id}", "client:document:ready") == 1
        check_download(self, self.client.batch.id, self.document)


def check_download(journey: Journey, batch: str, document: str) -> None:
    """What is ready can be had, and is what was sent."""
    from tests.browsing import fetch

    assert fetch(documents.download_url(OfBatch(journey.slug, batch), document).url).body == PDF


class AsksForHelp(ByBrowser):
    """Sends the form for help: one request and one mail, however often it is pressed."""

    route = ("POST", "/{portal}/help")
    good = (303,)

    def prepare(self) -> None:
        super().prepare()
        self.browser.open(f"/{self.slug}/help")
        self.typed = {**self.browser.here.form_with("message").fields, **HELP, "signs_in_as": self.client.number}

    def act(self) -> Seen:
        return self.browser.post(f"/{self.slug}/help", self.typed)

    def check(self) -> None:
        held = [
            each for each in help_requests.listed(self.slug, limit=100).items if each.signs_in_as == self.client.number
        ]
        assert len(held) == 1
        assert held[0].reference in self.browser.open(f"/{self.slug}/help/sent").shown
        about = f"help:{held[0].id}"
        assert self.facts_about(about, "client:help:requested") == self.sent_about(about, "help-request") == 1


class Unsubscribes(ByBrowser):
    """Presses the button of the page that a marketing mail leads to: once said, however often it is pressed."""

    route = ("POST", "/{portal}/unsubscribe")

    def prepare(self) -> None:
        super().prepare()
        self.who = consent.whose(self.slug, "email", self.client.email)
        self.browser.open(f"/{self.slug}/unsubscribe?t={consent.token(self.slug, self.who)}")
        self.form = self.browser.here.form_with("t").fields

    def act(self) -> Seen:
        return self.browser.post(f"/{self.slug}/unsubscribe", self.form)

    def check(self) -> None:
        assert consent.is_withdrawn(self.slug, self.who.key)
        assert self.facts_about(f"address:{self.who.key}", "client:consent:withdrawn") == 1


class Looks(ByBrowser):
    """Opens a page."""

    path = ""

    def prepare(self) -> None:
        super().prepare()
        self.enter()
        self.target = f"/{self.slug}{self.path}".replace("{batch}", self.client.batch.id)
        if "{document}" in self.target:
            found = document_of(self.slug, self.machine, self.client.batch.id, check=True)
            self.target = self.target.replace("{document}", found)

    def act(self) -> Seen:
        return self.browser.ask("GET", self.target)

    def check(self) -> None:
        assert self.act().status in self.good


def looking(path: str, *good: int, step: str = "") -> type[Journey]:
    """A journey that opens a page; at `step` of a sign-in."""

    class Looking(Looks):
        def prepare(self) -> None:
            super().prepare()
            if step == "confirm":
                begin(self.browser, self.client)
            elif step == "code":
                ask_code(self.browser, self.client)
            elif step == "unsubscribe":
                self.target += f"?t={consent.token(self.slug, consent.whose(self.slug, 'email', self.client.email))}"
            elif step == "help":
                self.browser.open(f"/{self.slug}/help")
                assert self.browser.fill(**HELP).status == 200

    Looking.route, Looking.path, Looking.good = ("GET", f"/{{portal}}{path}"), path, good or (200,)
    Looking.__name__ = f"Opens{path}"
    return Looking


JOURNEYS: list[type[Journey]] = [
    Begins, AsksForACode, AsksForAnother, EntersTheCode, EntersAWrongCode, SignsOut, PutsAside, GoesBack, Switches,
    StaysSignedIn, Answers, AsksForHelp, Unsubscribes, NamesAFile,
    SharesAFile,
    looking(""), looking("/sign-in"), looking("/sign-in/confirm", step="confirm"), looking("/sign-in/code", step="code"),
    looking("/help"), looking("/help/sent", step="help"), looking("/unsubscribe", step="unsubscribe"),
    looking("/trouble"), looking("/switch"), looking("/batches/{batch}"), looking("/batches/{batch}/documents/{document}", 303),
    looking("/batches/{batch}/upload"), looking("/batches/{batch}/upload/{document}"),
]  # fmt: skip
