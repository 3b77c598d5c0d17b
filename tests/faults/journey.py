"""What a journey is to the fault tests: something prepared, one request, the same again as its caller would repeat it,
and what must be true at the end whatever happened in between.
"""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, ClassVar

from chalicelib import facts, portals
from chalicelib.facts import Act
from chalicelib.messaging import reading
from chalicelib.people import cards, matching
from chalicelib.portals import Portal
from chalicelib.security import sessions
from tests.browsing import Browser, Machine, Seen, send_file
from tests.factories import Client, make_account, make_batch, make_contact
from tests.world import World

PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n"
STAFF = "staff@acme.example"
_addresses = count(1)


class Journey(ABC):
    """One request that somebody makes. Made anew for every mishap, with data of its own.

    `route` is the row of the guard table that it stands for; `good` the answers that mean it was done; `repeated` those
    that a second try may get after all when the first one was done and only its answer lost.
    """

    route: ClassVar[tuple[str, str]]
    good: ClassVar[tuple[int, ...]] = (200,)
    repeated: ClassVar[tuple[int, ...]] = ()
    lenient: ClassVar[tuple[str, ...]] = ()
    """Calls whose failure does not stop the request: what they do is tidying."""
    sample: ClassVar[int] = 0
    """How many mishaps `make test` tries; 0 for what is usual."""
    policy: ClassVar[dict[str, Any]] = {}
    """What the portal asks of whoever signs in."""
    settings: ClassVar[dict[str, Any]] = {}
    """Its other settings."""

    def __init__(self, world: World, portal: Portal, machine: Machine) -> None:
        self.world, self.portal, self.machine = world, portal, machine
        self.slug = portal.slug
        self.prepare()

    def prepare(self) -> None:  # noqa: B027 - not every journey has one
        """Make what the request needs."""

    @abstractmethod
    def act(self) -> Seen:
        """The request."""

    def again(self) -> Seen:
        """The request as its caller repeats it: the same, unless said otherwise."""
        return self.act()

    def midway(self) -> None:  # noqa: B027 - not every journey has one
        """What must be true right after the mishap, before anybody tried again."""

    def check(self) -> None:  # noqa: B027 - not every journey has one
        """What must be true in the end."""

    @classmethod  # noqa: B027 - not every journey has one
    def audit(cls, world: World, done: Sequence[Any]) -> None:
        """What must be true of all runs together, where looking costs more."""

    def make_client(self, status: str = "client_review", **details: Any) -> Client:
        """A client of this journey's portal."""
        account = make_account(self.portal)
        contact = make_contact(self.portal, account, **details)
        return Client(self.portal, account, contact, make_batch(self.portal, contact, status=status))

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Seen:
        """A call of the API below the portal."""
        return self.machine.ask(method, path, body, **headers)

    def facts_about(self, subject: str, kind: str) -> int:
        """How many facts of a kind there are about a subject."""
        return sum(fact.kind == kind for fact in facts.about(self.slug, subject, limit=100).items)

    def sent_about(self, subject: str, template: str) -> int:
        """How many messages of a template about a subject the provider accepted; no message twice."""
        rows = reading.listed(self.slug, about=subject, template=template, limit=100).items
        accepted = [sent.tags["message"] for sent in self.world.inbox]
        counts = [accepted.count(row.id) for row in rows]
        assert all(number <= 1 for number in counts), f"{template} about {subject}: one message was sent twice"
        return sum(counts)

    def card(self, client: Client) -> cards.Card:
        """What a sign-in sees of a client now."""
        found = cards.of_contact(self.slug, matching.number_key(client.number), client.contact.id)
        assert found is not None
        return found


class ByBrowser(Journey):
    """A journey of a client in front of a browser."""

    client: Client
    browser: Browser

    def prepare(self) -> None:
        """A client, and a browser at an address of its own."""
        self.client = self.make_client()
        number = next(_addresses)
        self.browser = Browser(f"198.18.{number // 250}.{1 + number % 250}")

    def enter(self) -> None:
        """Sign in by the shortest way."""
        tx = Act(self.slug, "system:tests").transaction()
        key = matching.number_key(self.client.number)
        secret = sessions.begin(tx, self.slug, self.portal.policy, holder=self.client.contact.id, number_key=key)
        tx.commit()
        self.browser.set_cookie("session", self.slug, secret)

    def post(self, path: str, **typed: str) -> Seen:
        """Post the open page's form (or an empty one) and do not follow."""
        return self.browser.post(f"/{self.slug}{path}", {"csrf": self.token, **typed})

    @property
    def token(self) -> str:
        """The token of the open page."""
        return next(form.fields["csrf"] for form in self.browser.here.forms if "csrf" in form.fields)


class Repeatable(Journey):
    """A call of the API with an Idempotency-Key, which makes any repetition the same call."""

    def key(self) -> dict[str, str]:
        """The header."""
        if not hasattr(self, "_key"):
            self._key = uuid.uuid4().hex
        return {"Idempotency_Key": self._key}


def document_of(slug: str, machine: Machine, batch: str, *, check: bool = False, size: bool = True) -> str:
    """A document whose file has arrived, checked if wanted; its id."""
    body = {"name": "Plan.pdf", "content_type": "application/pdf", **({"size": len(PDF)} if size else {})}
    form = machine.post(f"batches/{batch}/documents", body)
    assert send_file(form["url"], form["fields"], PDF, "Plan.pdf").status < 300
    identifier = str(form["document"]["id"])
    if check:
        machine.post(f"batches/{batch}/documents/{identifier}/check")
    return identifier


def cold() -> None:
    """As in a process that has just started: no keys, no portal at hand."""
    from chalicelib.messaging import wordings
    from chalicelib.security import keys

    keys.forget()
    portals.forget_kept()
    wordings.forget_kept()


Made = Callable[[World, Portal, Machine], Journey]
