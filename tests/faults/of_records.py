"""The journeys of an account's record: over the API, kind by kind, and by the client's own pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from chalicelib.selfservice import records
from chalicelib.selfservice.records import LINKS, PRESCRIPTIONS, PRODUCTS, PROVIDERS, RecordKind
from tests.browsing import Seen
from tests.factories import make_account
from tests.faults.journey import ByBrowser, Journey, Repeatable
from tests.records import BODIES, MODULES, make_care_provider, make_prescription, make_product, make_website_link

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


def _of_pages() -> Iterator[type[Journey]]:
    yield type("Opens/records", (Opens,), {"route": ("GET", "/{portal}/records")})
    for kind in ("prescriptions", "providers"):
        for base, rest in ((AddsOwn, "/new"), (ChangesOwn, "/{item}"), (RemovesOwn, "/{item}/remove")):
            at = f"/{{portal}}/records/{kind}{rest}"
            yield type(f"{base.__name__}/{kind}", (base,), {"kind": kind, "rest": rest, "route": ("POST", at)})
            yield type(f"Opens/{kind}{rest}", (Opens,), {"kind": kind, "rest": rest, "route": ("GET", at)})


OF_API: list[type[Journey]] = list(_of_api())
OF_PAGES: list[type[Journey]] = list(_of_pages())
