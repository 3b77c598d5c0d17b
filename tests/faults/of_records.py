"""The journeys of an account's record: over the API, kind by kind, and by the client's own pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from chalicelib.selfservice import documents, record_documents, records
from chalicelib.selfservice.record_documents import OfRecord
from chalicelib.selfservice.records import LINKS, PRESCRIPTIONS, PRODUCTS, PROVIDERS, RecordKind
from tests.browsing import Seen, fetch
from tests.factories import make_account
from tests.faults.journey import ByBrowser, Journey, Repeatable
from tests.records import (
    BODIES,
    MODULES,
    PDF,
    make_care_provider,
    make_document,
    make_prescription,
    make_product,
    make_website_link,
)

_AT = "/api/v1/portals/{portal}/accounts/{account}"
_KINDS: dict[str, tuple[RecordKind[Any, Any], Any]] = {
    "products": (PRODUCTS, make_product),
    "prescriptions": (PRESCRIPTIONS, make_prescription),
    "providers": (PROVIDERS, make_care_provider),
    "links": (LINKS, make_website_link),
}
_CHANGES = {
    "products": {"carrier": "Bright Smile"}, "prescriptions": {"name": "Metformin"}, "providers": {"name": "Dr. Okafor"},
    "links": {"title": "New"},
}  # fmt: skip


class OfARecord(Journey):
    """An account with something of a kind on its record."""

    settings: ClassVar[dict[str, Any]] = {"modules": MODULES}
    kind: ClassVar[str] = ""
    sample = 4

    def prepare(self) -> None:
        self.account = make_account(self.portal)
        self.first = _KINDS[self.kind][1](self.portal, self.account)
        self.at = f"accounts/{self.account.id}/{self.kind}"

    @property
    def held(self) -> list[Any]:
        """All of the kind."""
        return list(records.listed(self.portal, self.account.id, _KINDS[self.kind][0]))

    def facts_of(self, done: str) -> int:
        """How many facts tell so."""
        return self.facts_about(f"account:{self.account.id}", f"staff:record:{done}")


class Adds(OfARecord, Repeatable):
    """One more, once, with its fact."""

    good = (201,)

    def act(self) -> Seen:
        return self.ask("POST", self.at, BODIES[self.kind], **self.key())

    def midway(self) -> None:
        assert len(self.held) == self.facts_of("added")

    def check(self) -> None:
        self.midway()
        assert len(self.held) == 2


class Changes(OfARecord):
    """What is said of it."""

    def act(self) -> Seen:
        return self.ask("PATCH", f"{self.at}/{self.first.id}", _CHANGES[self.kind])

    def midway(self) -> None:
        assert self.held[0].version == 1 + self.facts_of("changed")

    def check(self) -> None:
        self.midway()
        assert self.held[0].version == 2


class Removes(OfARecord):
    """It is gone, and counted no more."""

    good = (204,)
    repeated = (404,)

    def act(self) -> Seen:
        return self.ask("DELETE", f"{self.at}/{self.first.id}")

    def midway(self) -> None:
        assert len(self.held) == 1 - self.facts_of("removed")

    def check(self) -> None:
        self.midway()
        assert self.held == []
        assert records.standing(self.slug, self.account.id) == records.Standing()


class Reads(OfARecord):
    """One of them, or all."""

    one: ClassVar[bool] = False

    def act(self) -> Seen:
        return self.ask("GET", f"{self.at}/{self.first.id}" if self.one else self.at)

    def check(self) -> None:
        assert self.act().status == 200


class OfDocuments(Journey):
    """A client's account with a file on its record."""

    step: ClassVar[str] = "checked"
    at = f"{_AT}/documents"
    sample = 4

    def prepare(self) -> None:
        self.client = self.make_client()
        self.first = make_document(self.portal, self.client.account, step=self.step)
        self.path = f"accounts/{self.client.account.id}/documents/{self.first.id}"

    @property
    def home(self) -> OfRecord:
        """Where the files are."""
        return OfRecord(self.slug, self.client.account.id)

    def facts_of(self, kind: str) -> int:
        """How many facts tell so."""
        return self.facts_about(f"account:{self.client.account.id}", kind)

    def midway(self) -> None:
        """What is counted is what there is, on the record and on the card."""
        shown = len(record_documents.for_client(self.slug, self.card(self.client)))
        assert records.standing(self.slug, self.client.account.id).files == self.card(self.client).shared == shown


class AddsADocument(OfDocuments, Repeatable):
    """A document that waits for its file; its form is shown once."""

    route = ("POST", OfDocuments.at)
    good = (201,)
    repeated = (409,)

    def act(self) -> Seen:
        body = {"name": "Plan.pdf", "content_type": "application/pdf", "allow_client_access": True}
        return self.ask("POST", f"accounts/{self.client.account.id}/documents", body, **self.key())

    def check(self) -> None:
        self.midway()
        assert len(documents.of_home(self.home)) == 2
        assert self.facts_of("staff:record:added") == 2


class ChecksADocument(OfDocuments):
    """What arrived becomes ready, is counted once, and can be had."""

    route = ("POST", f"{OfDocuments.at}/{{document}}/check")
    step = "sent"
    lenient = ("s3.DeleteObject",)

    def act(self) -> Seen:
        return self.ask("POST", f"{self.path}/check")

    def check(self) -> None:
        self.midway()
        assert self.card(self.client).shared == self.facts_of("staff:document:ready") == 1
        assert fetch(documents.download_url(self.home, self.first.id).url).body == PDF


class ChangesADocument(OfDocuments):
    """It is no longer meant for the client, and counted no more."""

    route = ("PATCH", f"{OfDocuments.at}/{{document}}")

    def act(self) -> Seen:
        return self.ask("PATCH", self.path, {"allow_client_access": False})

    def check(self) -> None:
        self.midway()
        assert (self.card(self.client).shared, self.facts_of("staff:record:changed")) == (0, 1)


class RemovesADocument(OfDocuments):
    """The row, the file and the count."""

    route = ("DELETE", f"{OfDocuments.at}/{{document}}")
    good = (204,)
    repeated = (404,)

    def act(self) -> Seen:
        return self.ask("DELETE", self.path)

    def check(self) -> None:
        self.midway()
        assert documents.of_home(self.home) == []
        assert (self.card(self.client).shared, self.facts_of("staff:record:removed")) == (0, 1)


class ReadsDocuments(OfDocuments):
    """One of them, or all; a link to its file is told of."""

    rest: ClassVar[str] = ""

    def act(self) -> Seen:
        return self.ask("GET", f"accounts/{self.client.account.id}/documents{self.rest}".format(document=self.first.id))

    def check(self) -> None:
        assert self.act().status == 200
        assert (self.facts_of("staff:record:downloaded") > 0) == self.rest.endswith("/download")


def _of_documents() -> Iterator[type[Journey]]:
    yield from (AddsADocument, ChecksADocument, ChangesADocument, RemovesADocument)
    for rest in ("", "/{document}", "/{document}/download"):
        yield type(
            f"Reads/documents{rest}", (ReadsDocuments,), {"rest": rest, "route": ("GET", f"{_AT}/documents{rest}")}
        )


def _of_api() -> Iterator[type[Journey]]:
    for kind in _KINDS:
        for base, method, rest in (
            (Adds, "POST", ""), (Reads, "GET", ""), (Reads, "GET", "/{item}"), (Changes, "PATCH", "/{item}"),
            (Removes, "DELETE", "/{item}"),
        ):  # fmt: skip
            given = {"kind": kind, "route": (method, f"{_AT}/{kind}{rest}"), "one": bool(rest)}
            yield type(f"{base.__name__}{'One' if rest and base is Reads else ''}/{kind}", (base,), given)


class OnTheRecord(ByBrowser):
    """A client before their own record."""

    settings: ClassVar[dict[str, Any]] = {"modules": MODULES}
    kind: ClassVar[str] = ""
    rest: ClassVar[str] = ""
    good = (303,)
    sample = 5

    def prepare(self) -> None:
        super().prepare()
        self.enter()
        self.item = _KINDS[self.kind][1](self.portal, self.client.account) if self.kind else None
        self.path = f"/records/{self.kind}{self.rest}".rstrip("/").replace("{item}", self.item.id if self.item else "")
        self.browser.open(f"/{self.slug}{self.path}")

    @property
    def held(self) -> list[Any]:
        """All of the kind."""
        return list(records.listed(self.portal, self.client.account.id, _KINDS[self.kind][0]))

    def sent(self, *names: str, **typed: str) -> Seen:
        """The open page's form."""
        return self.post(self.path, **{**self.browser.here.form_with(*names).fields, **typed})

    def told(self, done: str) -> int:
        """How many facts tell so; of each change staff heard by one mail a day."""
        self.world.drain()
        about = f"account:{self.client.account.id}"
        count = self.facts_about(about, f"client:record:{done}")
        assert self.sent_about(about, "record-changed") == (1 if count else 0)
        return count


class AddsOwn(OnTheRecord):
    """One more: once, however often the form is sent."""

    def act(self) -> Seen:
        return self.sent("draft", name="Somebody new")

    def check(self) -> None:
        assert sorted(each.version for each in self.held) == [1, 1]
        assert self.told("added") == 1


class ChangesOwn(OnTheRecord):
    """What is said of it."""

    def act(self) -> Seen:
        return self.sent("version", name="Somebody else")

    def check(self) -> None:
        assert [(each.name, each.version) for each in self.held] == [("Somebody else", 2)]
        assert self.told("changed") == 1


class RemovesOwn(OnTheRecord):
    """It is gone."""

    repeated = (404,)

    def act(self) -> Seen:
        return self.sent("version")

    def check(self) -> None:
        assert self.held == []
        assert self.told("removed") == 1


class Opens(OnTheRecord):
    """A page."""

    good = (200,)

    def act(self) -> Seen:
        return self.browser.ask("GET", f"/{self.slug}{self.path}")

    def check(self) -> None:
        assert self.act().status == 200


class Downloads(OnTheRecord):
    """A file: there is a link only where a fact tells of it."""

    route = ("GET", "/{portal}/records/documents/{document}")

    def prepare(self) -> None:
        super().prepare()
        self.path = f"/records/documents/{make_document(self.portal, self.client.account).id}"

    def act(self) -> Seen:
        return self.browser.ask("GET", f"/{self.slug}{self.path}")

    def check(self) -> None:
        assert self.facts_about(f"account:{self.client.account.id}", "client:record:downloaded") >= 1
        assert fetch(self.act().location).body == PDF


def _of_pages() -> Iterator[type[Journey]]:
    yield Downloads
    yield type("Opens/records", (Opens,), {"route": ("GET", "/{portal}/records")})
    for kind in ("prescriptions", "providers"):
        for base, rest in ((AddsOwn, "/new"), (ChangesOwn, "/{item}"), (RemovesOwn, "/{item}/remove")):
            at = f"/{{portal}}/records/{kind}{rest}"
            yield type(f"{base.__name__}/{kind}", (base,), {"kind": kind, "rest": rest, "route": ("POST", at)})
            yield type(f"Opens/{kind}{rest}", (Opens,), {"kind": kind, "rest": rest, "route": ("GET", at)})


OF_API: list[type[Journey]] = [*_of_api(), *_of_documents()]
OF_PAGES: list[type[Journey]] = list(_of_pages())
