"""The journeys of the JSON API, as a company's system makes them."""

from __future__ import annotations

from itertools import count
from typing import Any

from werkzeug.datastructures import Headers

from chalicelib import portals
from chalicelib.errors import NotFound
from chalicelib.facts import Act, Kind
from chalicelib.messaging import consent, progress, suppression
from chalicelib.messaging.models import MessageRow, message_key
from chalicelib.people import accounts, cards, contacts, matching, offices, users
from chalicelib.portals import api_keys
from chalicelib.registration import checks
from chalicelib.registration.shapes import Checks
from chalicelib.selfservice import batches, documents
from chalicelib.selfservice.homes import OfBatch
from chalicelib.support import help_requests
from tests.browsing import Seen
from tests.factories import LINES, make_account, make_contact, make_help_request
from tests.faults.journey import PDF, Journey, Repeatable, document_of
from tests.faults.of_pages import check_download
from tests.offices import make_office, make_office_user, make_provider
from tests.world import World

_AT = "/api/v1/portals/{portal}"
_names = count(1)


class CreatesAPortal(Repeatable):
    """A new front door."""

    route = ("POST", "/api/v1/portals")
    good = (201,)
    scope = "deployment"

    def prepare(self) -> None:
        self.made = f"{self.slug}-{next(_names)}"

    def act(self) -> Seen:
        return self.ask("POST", "/portals", {"slug": self.made, "name": "New"}, **self.key())

    def check(self) -> None:
        assert portals.get(self.made).version == 1


class ChangesAPortal(Journey):
    """Its settings."""

    route = ("PATCH", _AT)

    def prepare(self) -> None:
        self.wanted = f"See {next(_names)}"

    def act(self) -> Seen:
        return self.ask("PATCH", "", {"wording": {"welcome_text": self.wanted}})

    def check(self) -> None:
        assert portals.get(self.slug).wording.welcome_text == self.wanted


class CreatesAnApiKey(Repeatable):
    """A key: one, though a lost answer takes its secret with it."""

    route = ("POST", f"{_AT}/api-keys")
    good = (201,)
    repeated = (409,)

    def prepare(self) -> None:
        self.name = f"Key {next(_names)}"

    def act(self) -> Seen:
        return self.ask("POST", "api-keys", {"name": self.name, "scopes": ["facts:read"]}, **self.key())

    def check(self) -> None:
        found: list[Any] = []
        cursor = None
        while True:
            page = api_keys.listed(self.slug, limit=100, cursor=cursor)
            found += [key for key in page.items if key.name == self.name]
            cursor = page.cursor
            if cursor is None:
                break
        assert len(found) == 1


class RevokesAnApiKey(Journey):
    """From then on it opens nothing."""

    route = ("DELETE", f"{_AT}/api-keys/{{key}}")

    def prepare(self) -> None:
        made = self.machine.post("api-keys", {"name": "K", "scopes": ["facts:read"]})
        self.id, self.secret = made["id"], made["key"]

    def act(self) -> Seen:
        return self.ask("DELETE", f"api-keys/{self.id}")

    def check(self) -> None:
        assert type(self.machine)(self.secret, self.slug).ask("GET", "facts").status == 401


class CreatesAnAccount(Repeatable):
    """An account with two contacts: all of it or nothing."""

    route = ("POST", f"{_AT}/accounts")
    good = (201,)

    def prepare(self) -> None:
        self.number = f"CA-{next(_names)}"
        person = {"last_name": "Garcia", "emails": ["garcia@twin.example"]}
        self.body = {
            "name": "Twin Oaks", "number": self.number, "contacts": [{"first_name": name, **person} for name in "AB"],
        }  # fmt: skip

    def act(self) -> Seen:
        return self.ask("POST", "accounts", self.body, **self.key())

    def midway(self) -> None:
        opened = cards.under(self.slug, matching.number_key(self.number))
        listed = accounts.listed(self.slug, number=self.number).items
        assert (opened.account_id is not None) == bool(listed) == bool(opened.cards)
        assert len(opened.cards) in (0, 2), "half an account"
        for card in opened.cards:
            assert contacts.get(self.slug, card.contact_id).account_id == opened.account_id

    def check(self) -> None:
        self.midway()
        (account,) = accounts.listed(self.slug, number=self.number).items
        assert len(contacts.listed(self.slug, account_id=account.id).items) == 2
        assert self.facts_about(f"account:{account.id}", "staff:account:created") == 1


class CreatesAccounts(Repeatable):
    """Two rows, each an account."""

    route = ("POST", f"{_AT}/accounts/bulk")
    repeated = (200,)

    def prepare(self) -> None:
        number = next(_names)
        self.numbers = [f"BA-{number}", f"BB-{number}"]

    def act(self) -> Seen:
        rows = [{"name": number, "number": number} for number in self.numbers]
        seen = self.ask("POST", "accounts/bulk", {"rows": rows}, **self.key())
        if seen.status == 200 and any(row["status"] == "refused" for row in seen.json["rows"]):
            assert {row["code"] for row in seen.json["rows"] if row["status"] == "refused"} == {"unavailable"}
            return Seen(503, Headers([("Retry-After", "1")]), seen.body, seen.path)
        return seen

    def check(self) -> None:
        for number in self.numbers:
            assert len(accounts.listed(self.slug, number=number).items) == 1
            assert cards.under(self.slug, matching.number_key(number)).account_id


class ChangesAnAccount(Journey):
    """A new client number: every card moves with it."""

    route = ("PATCH", f"{_AT}/accounts/{{account}}")

    def prepare(self) -> None:
        self.client = self.make_client()
        self.number = f"MV-{next(_names)}"

    def act(self) -> Seen:
        return self.ask("PATCH", f"accounts/{self.client.account.id}", {"number": self.number})

    def midway(self) -> None:
        old = cards.under(self.slug, matching.number_key(self.client.number))
        new = cards.under(self.slug, matching.number_key(self.number))
        assert sorted((len(old.cards), len(new.cards))) == [0, 1]
        assert sorted((old.account_id or "", new.account_id or "")) == ["", self.client.account.id]

    def check(self) -> None:
        self.midway()
        (card,) = cards.under(self.slug, matching.number_key(self.number)).cards
        assert list(card.batches) == [self.client.batch.id]
        assert accounts.get(self.slug, self.client.account.id).number == self.number


class ChangesRegistrationChecks(Journey):
    """A hundred claim numbers and a date of birth: two transactions and one more, the same again when repeated."""

    route = ("POST", f"{_AT}/accounts/{{account}}/registration-checks")

    def prepare(self) -> None:
        self.office = make_office(self.portal)

    def act(self) -> Seen:
        body = {"add_claim_numbers": [f"C-{number}" for number in range(100)], "birth_date": "1970-01-31"}
        return self.ask("POST", f"accounts/{self.office.id}/registration-checks", body)

    def check(self) -> None:
        assert checks.read(self.slug, self.office.id) == Checks(claim_numbers=100, birth_date=True)
        assert self.facts_about(f"account:{self.office.id}", Kind.CHECKS_CHANGED) == 3


class ReadsRegistrationChecks(Journey):
    """How many there are."""

    route = ("GET", f"{_AT}/accounts/{{account}}/registration-checks")

    def prepare(self) -> None:
        self.office = make_office(self.portal)

    def act(self) -> Seen:
        return self.ask("GET", f"accounts/{self.office.id}/registration-checks")

    def check(self) -> None:
        assert self.act().json == {"claim_numbers": 0, "birth_date": False}


class MovesAProvider(Journey):
    """To another office, under another identifier, and found by the old one no more."""

    route = ("PATCH", f"{_AT}/accounts/{{account}}")

    def prepare(self) -> None:
        self.office, self.other = make_office(self.portal), make_office(self.portal)
        self.moving = make_provider(self.portal, self.office)
        self.staying = make_provider(self.portal, self.office)
        self.number = f"MP-{next(_names)}"

    def act(self) -> Seen:
        identifiers = [{"qualifier": "NPI", "value": self.number}]
        return self.ask("PATCH", f"accounts/{self.moving.id}", {"parent_id": self.other.id, "identifiers": identifiers})

    def midway(self) -> None:
        moved = accounts.get(self.slug, self.moving.id).parent_id == self.other.id
        assert [each.id for each in offices.found(self.slug, self.number)] == ([self.moving.id] if moved else [])
        old = self.moving.identifiers[0].value
        assert [each.id for each in offices.found(self.slug, old)] == ([] if moved else [self.moving.id])
        assert len(offices.providers(self.slug, self.other.id)) == moved

    def check(self) -> None:
        self.midway()
        assert [each.id for each in offices.providers(self.slug, self.office.id)] == [self.staying.id]
        assert self.facts_about(f"account:{self.moving.id}", "staff:account:changed") == 1


class MovesAnOffice(Journey):
    """A new number of an office: its users go with its cards."""

    route = ("PATCH", f"{_AT}/accounts/{{account}}")

    def prepare(self) -> None:
        self.office = make_office(self.portal)
        self.user = make_office_user(self.portal, self.office).user
        self.number = f"MO-{next(_names)}"

    def act(self) -> Seen:
        return self.ask("PATCH", f"accounts/{self.office.id}", {"number": self.number})

    def midway(self) -> None:
        user = users.get(self.slug, self.user.id)
        card = cards.of_user(user.cards or "", user.contact_id)
        assert card and (card.account_id, card.contact_id) == (self.office.id, self.user.contact_id)

    def check(self) -> None:
        self.midway()
        moved = cards.partition(self.slug, matching.number_key(self.number))
        assert users.get(self.slug, self.user.id).cards == moved


class CreatesAContact(Repeatable):
    """A person at an account, with the card that lets her in."""

    route = ("POST", f"{_AT}/contacts")
    good = (201,)

    def prepare(self) -> None:
        self.account = make_account(self.portal)

    def act(self) -> Seen:
        body = {"account_id": self.account.id, "first_name": "A", "last_name": "B", "emails": ["a@b.example"]}
        return self.ask("POST", "contacts", body, **self.key())

    def midway(self) -> None:
        assert self.account.number
        held = {card.contact_id for card in cards.under(self.slug, matching.number_key(self.account.number)).cards}
        assert held == {contact.id for contact in contacts.listed(self.slug, account_id=self.account.id).items}

    def check(self) -> None:
        self.midway()
        assert len(contacts.listed(self.slug, account_id=self.account.id).items) == 1


class CreatesContacts(CreatesAContact):
    """The same, by rows."""

    route = ("POST", f"{_AT}/contacts/bulk")
    good = (200,)

    def act(self) -> Seen:
        row = {"account_id": self.account.id, "first_name": "A", "last_name": "B", "emails": ["a@b.example"]}
        seen = self.ask("POST", "contacts/bulk", {"rows": [row]}, **self.key())
        if seen.status == 200 and seen.json["refused"]:
            assert seen.json["rows"][0]["code"] == "unavailable"
            return Seen(503, Headers([("Retry-After", "1")]), seen.body, seen.path)
        return seen


class ChangesAContact(Journey):
    """Another address: the card follows in the same moment."""

    route = ("PATCH", f"{_AT}/contacts/{{contact}}")

    def prepare(self) -> None:
        self.client = self.make_client()

    def act(self) -> Seen:
        return self.ask("PATCH", f"contacts/{self.client.contact.id}", {"emails": ["new@northwind.example"]})

    def midway(self) -> None:
        assert self.card(self.client).emails == contacts.get(self.slug, self.client.contact.id).emails

    def check(self) -> None:
        self.midway()
        assert self.card(self.client).emails == ("new@northwind.example",)
        assert self.facts_about(f"contact:{self.client.contact.id}", "staff:contact:changed") == 1


class RemovesAContact(Journey):
    """And with her every way in."""

    route = ("DELETE", f"{_AT}/contacts/{{contact}}")
    good = (204,)
    repeated = (404,)

    def prepare(self) -> None:
        self.account = make_account(self.portal)
        self.contact = make_contact(self.portal, self.account)

    def act(self) -> Seen:
        return self.ask("DELETE", f"contacts/{self.contact.id}")

    def check(self) -> None:
        assert self.account.number
        assert cards.under(self.slug, matching.number_key(self.account.number)).cards == ()
        assert self.ask("GET", f"contacts/{self.contact.id}").status == 404
        assert self.facts_about(f"contact:{self.contact.id}", "staff:contact:removed") == 1


class CreatesABatchInReview(Repeatable):
    """A batch that its contact is told of at once, by one mail."""

    route = ("POST", f"{_AT}/batches")
    good = (201,)

    def prepare(self) -> None:
        self.client = self.make_client()

    def act(self) -> Seen:
        body = {
            "account_id": self.client.account.id, "renewal_contact_id": self.client.contact.id, "title": "Another",
            "status": "client_review", "open_to_portal": True, "lines": LINES,
        }  # fmt: skip
        return self.ask("POST", "batches", body, **self.key())

    def check(self) -> None:
        held = batches.listed(self.slug, account_id=self.client.account.id).items
        (made,) = [batch for batch in held if batch.title == "Another"]
        assert self.sent_about(f"batch:{made.id}", "batch-in-review") == 1
        assert made.id in self.card(self.client).batches


class PlacesInReview(Journey):
    """Exactly one mail for a placing."""

    route = ("PATCH", f"{_AT}/batches/{{batch}}")

    def prepare(self) -> None:
        self.client = self.make_client(status="draft")

    def act(self) -> Seen:
        return self.ask("PATCH", f"batches/{self.client.batch.id}", {"status": "client_review"})

    def midway(self) -> None:
        held = batches.get(self.slug, self.client.batch.id)
        is_placed = held.status == "client_review"
        assert held.placed_in_review == is_placed
        assert (held.id in self.card(self.client).batches) == is_placed

    def check(self) -> None:
        self.midway()
        about = f"batch:{self.client.batch.id}"
        assert batches.get(self.slug, self.client.batch.id).placed_in_review == 1
        assert self.facts_about(about, "staff:batch:placed-in-review") == 1
        assert self.sent_about(about, "batch-in-review") == 1


class NotifiesAgain(Repeatable):
    """One more mail, however often this very call is repeated."""

    route = ("POST", f"{_AT}/batches/{{batch}}/notify")

    def prepare(self) -> None:
        self.client = self.make_client()
        self.world.drain()

    def act(self) -> Seen:
        return self.ask("POST", f"batches/{self.client.batch.id}/notify", **self.key())

    def check(self) -> None:
        assert self.sent_about(f"batch:{self.client.batch.id}", "batch-in-review") == 2


class AddsADocument(Repeatable):
    """A document that waits for its file; its form is shown once."""

    route = ("POST", f"{_AT}/batches/{{batch}}/documents")
    good = (201,)
    repeated = (409,)

    def prepare(self) -> None:
        self.client = self.make_client()

    def act(self) -> Seen:
        body = {"name": "Plan.pdf", "content_type": "application/pdf"}
        return self.ask("POST", f"batches/{self.client.batch.id}/documents", body, **self.key())

    def check(self) -> None:
        assert len(documents.of_home(OfBatch(self.slug, self.client.batch.id))) == 1


class ChecksADocument(Journey):
    """What arrived becomes ready, with its content."""

    route = ("POST", f"{_AT}/batches/{{batch}}/documents/{{document}}/check")
    lenient = ("s3.DeleteObject",)

    def prepare(self) -> None:
        self.client = self.make_client()
        self.document = document_of(self.slug, self.machine, self.client.batch.id)

    def act(self) -> Seen:
        return self.ask("POST", f"batches/{self.client.batch.id}/documents/{self.document}/check")

    def check(self) -> None:
        held = documents.get(OfBatch(self.slug, self.client.batch.id), self.document)
        assert (held.status, held.size) == ("ready", len(PDF))
        assert self.facts_about(f"batch:{self.client.batch.id}", "staff:document:ready") == 1
        check_download(self, self.client.batch.id, self.document)


class RemovesADocument(Journey):
    """The row and the file."""

    route = ("DELETE", f"{_AT}/batches/{{batch}}/documents/{{document}}")
    good = (204,)
    repeated = (404,)

    def prepare(self) -> None:
        self.client = self.make_client()
        self.document = document_of(self.slug, self.machine, self.client.batch.id, check=True)

    def act(self) -> Seen:
        return self.ask("DELETE", f"batches/{self.client.batch.id}/documents/{self.document}")

    def check(self) -> None:
        try:
            documents.get(OfBatch(self.slug, self.client.batch.id), self.document)
        except NotFound:
            return
        raise AssertionError("it is still there")


class ChangesAHelpRequest(Journey):
    """Staff take it up, and note what they did."""

    route = ("PATCH", f"{_AT}/help-requests/{{request}}")

    def prepare(self) -> None:
        self.request = make_help_request(self.portal).id

    def act(self) -> Seen:
        return self.ask("PATCH", f"help-requests/{self.request}", {"state": "in-progress", "note": "Called back."})

    def check(self) -> None:
        held = help_requests.get(self.slug, self.request)
        assert (held.state, held.note, held.version) == ("in-progress", "Called back.", 2)
        assert self.facts_about(f"help:{self.request}", Kind.HELP_CHANGED) == 1


class ReleasesAMessage(Repeatable):
    """Staff send what nobody knows the outcome of: it goes out once more, once."""

    route = ("POST", f"{_AT}/messages/{{message}}/release")

    def prepare(self) -> None:
        self.client = self.make_client()
        (self.message,) = self.machine.get("messages", about=f"batch:{self.client.batch.id}")["items"]
        row = MessageRow.find(message_key(self.slug, self.message["id"]))
        assert row and progress.claim(row) and progress.lost_sight(row, "worker-died")

    def act(self) -> Seen:
        return self.ask("POST", f"messages/{self.message['id']}/release", **self.key())

    def check(self) -> None:
        self.world.tick()
        self.world.drain()
        about = f"batch:{self.client.batch.id}"
        assert self.sent_about(about, "batch-in-review") == 1
        assert self.facts_about(about, Kind.MESSAGE_RELEASED) == 1


class LiftsASuppression(Repeatable):
    """Staff let messages to an address through again."""

    route = ("POST", f"{_AT}/suppressions/lift")

    def prepare(self) -> None:
        self.to = f"bounced{next(_names)}@x.example"
        suppression.suppress(Act(self.slug, "system:tests"), "email", self.to, "bounced")

    def act(self) -> Seen:
        return self.ask("POST", "suppressions/lift", {"channel": "email", "recipient": self.to}, **self.key())

    def check(self) -> None:
        assert suppression.is_suppressed(self.slug, "email", self.to) is None


class NotesConsent(Repeatable):
    """Staff note that somebody wants no marketing."""

    route = ("POST", f"{_AT}/consent")

    def prepare(self) -> None:
        self.to = f"asked{next(_names)}@x.example"

    def act(self) -> Seen:
        return self.ask(
            "POST", "consent", {"channel": "email", "recipient": self.to, "state": "withdrawn"}, **self.key()
        )

    def check(self) -> None:
        who = consent.whose(self.slug, "email", self.to)
        assert consent.is_withdrawn(self.slug, who.key)
        assert self.facts_about(f"address:{who.key}", Kind.CONSENT_WITHDRAWN_BY_STAFF) == 1


class Reads(Journey):
    """A read."""

    path = ""

    def prepare(self) -> None:
        self.client = self.make_client()
        self.target = self.path.format(
            account=self.client.account.id,
            contact=self.client.contact.id,
            batch=self.client.batch.id,
            document=document_of(self.slug, self.machine, self.client.batch.id, check=True)
            if "document" in self.path
            else "",
            request=make_help_request(self.portal).id if "request}" in self.path else "",
            message=self.machine.get("messages", about=f"batch:{self.client.batch.id}")["items"][0]["id"]
            if "message" in self.path
            else "",
        )

    def act(self) -> Seen:
        return self.ask("GET", self.target)

    def check(self) -> None:
        assert self.act().status == 200


def reading(path: str) -> type[Journey]:
    """A journey that reads what is below a portal."""

    class Reading(Reads):
        pass

    Reading.route, Reading.path = ("GET", f"{_AT}/{path}".rstrip("/")), path
    Reading.__name__ = f"Reads/{path}"
    return Reading


class ListsPortals(Reads):
    """What the key reaches."""

    route = ("GET", "/api/v1/portals")
    path = "/portals"


class ReadsConsent(Reads):
    """What somebody said of marketing."""

    route = ("GET", f"{_AT}/consent")
    path = "consent?channel=email&recipient=maria%40x.example"


JOURNEYS: list[type[Journey]] = [
    CreatesAPortal, ChangesAPortal, CreatesAnApiKey, RevokesAnApiKey, CreatesAnAccount, CreatesAccounts, ChangesAnAccount,
    MovesAProvider, MovesAnOffice, ChangesRegistrationChecks, ReadsRegistrationChecks,
    CreatesAContact, CreatesContacts, ChangesAContact, RemovesAContact, CreatesABatchInReview, PlacesInReview,
    NotifiesAgain, AddsADocument, ChecksADocument, RemovesADocument, ChangesAHelpRequest, ReleasesAMessage, LiftsASuppression,
    NotesConsent, ReadsConsent, ListsPortals,
    *map(reading, (
        "", "api-keys", "accounts", "accounts/{account}", "accounts/{account}/contacts", "contacts", "contacts/{contact}",
        "batches", "batches/{batch}", "batches/{batch}/documents", "batches/{batch}/documents/{document}",
        "batches/{batch}/documents/{document}/download", "messages", "messages/{message}", "facts",
        "help-requests", "help-requests/{request}",
    )),
]  # fmt: skip

__all__ = ["JOURNEYS", "World"]
