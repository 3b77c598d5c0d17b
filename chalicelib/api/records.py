"""What accounts hold besides batches, over the API: the same five operations for each kind of thing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from msgspec import Struct

from .. import ids
from ..errors import Invalid
from ..people import accounts
from ..people.shapes import Account
from ..selfservice import records
from ..selfservice.record_shapes import Details, Editor, Kept
from ..selfservice.records import LINKS, PRESCRIPTIONS, PRODUCTS, PROVIDERS, RecordKind
from ..storage import Page
from ..web.operation import Answer, Call, Handler, Paging, created, nothing, one, page
from .changing import changed, removed
from .registry import AT, operation, path

_GROUP = "Records"
D = TypeVar("D", bound=Details)
R = TypeVar("R", bound=Kept)


class Offer(Struct, frozen=True):
    """A kind of thing as the API names it: one of them in names and in words, many in paths, and what to say of them."""

    one: str
    many: str
    word: str
    about: str

    @property
    def words(self) -> str:
        """Many of them."""
        return f"{self.word}s"


def _offer(kind: RecordKind[D, R], offer: Offer, example: Mapping[str, Any], patch: Mapping[str, Any]) -> None:
    """Register the five operations on a kind. Their names and descriptions are made from it, as the routes are."""
    at = f"{AT}/accounts/{{account}}/{offer.many}"
    refusals = ("conflict",) if kind.module else ()
    item = f"{{{_ITEM}}}"

    def lists(call: Call[Paging, None]) -> Answer:
        account = _account(call)
        found = _part(records.listed(call.portal, account.id, kind), call.query)
        return page(found, path(call.slug, "accounts", account.id, offer.many), call.query)

    def reads(call: Call[None, None]) -> Answer:
        return one(records.get(call.portal, _account(call).id, kind, call.ids[_ITEM]))

    def again(call: Call[None, D]) -> Answer:
        account_id = call.ids["account"]
        made = records.get(call.portal, account_id, kind, call.new_id)
        return created(made, path(call.slug, "accounts", account_id, offer.many, call.new_id))

    def creates(call: Call[None, D]) -> Answer:
        account = _account(call)
        made = records.add(call.act, call.portal, account, kind, call.body, by=editor(call), item_id=call.new_id)
        return created(made, path(call.slug, "accounts", account.id, offer.many, call.new_id))

    def changes(call: Call[None, Any]) -> Answer:
        account, item_id = _account(call), call.ids[_ITEM]
        return changed(
            call,
            kind.takes,
            read=lambda: records.get(call.portal, account.id, kind, item_id),
            change=lambda wanted, version: records.change(
                call.act, call.portal, account, kind, item_id, wanted, by=editor(call), version=version
            ),
        )

    def removes(call: Call[None, None]) -> Answer:
        account, item_id = _account(call), call.ids[_ITEM]
        removed(
            call,
            lambda: records.remove(
                call.act, call.portal, account, kind, item_id, by=editor(call), version=call.version
            ),
        )
        return nothing()

    _named(lists, f"list_{offer.one}s", f"List {offer.words} of an account.", f"Oldest first. {offer.about}")
    _named(reads, f"read_{offer.one}", f"Read a {offer.word}.", "With who wrote it last, and when.")
    _named(creates, f"create_{offer.one}", f"Add a {offer.word} to an account.", offer.about)
    _named(
        changes,
        f"change_{offer.one}",
        f"Change a {offer.word}.",
        "Facts name fields only.",
    )
    _named(removes, f"remove_{offer.one}", f"Remove a {offer.word}.", "For good.")
    operation("GET", at, _GROUP, query=Paging, gives=kind.gives, many=True, refusals=refusals)(lists)
    operation(
        "POST", at, _GROUP, body=kind.takes, gives=kind.gives, status=201, replay=again, example=example,
        refusals=("conflict",),
    )(creates)  # fmt: skip
    operation("GET", f"{at}/{item}", _GROUP, gives=kind.gives, refusals=refusals)(reads)
    operation(
        "PATCH", f"{at}/{item}", _GROUP, body=kind.takes, takes="patch", gives=kind.gives, example=patch,
        refusals=(*refusals, "stale"),
    )(changes)  # fmt: skip
    operation("DELETE", f"{at}/{item}", _GROUP, status=204, refusals=(*refusals, "stale"))(removes)


_ITEM: Final = "item"


def _named(handler: Handler, name: str, summary: str, more: str) -> None:
    handler.__name__, handler.__doc__ = name, f"{summary}\n\n{more}"


def _account(call: Call[Any, Any]) -> Account:
    return accounts.get(call.slug, call.ids["account"])


def editor(call: Call[Any, Any]) -> Editor:
    """Whoever calls, as what they write names them."""
    return Editor(side="staff", id=call.caller.actor, name=call.caller.name)


def _part(found: list[R], query: Paging) -> Page[R]:
    """The part of a list that is asked for; the cursor is the id of the last one of the part before."""
    if query.cursor and not ids.is_id(query.cursor):
        raise Invalid(fields={"cursor": "This is not a cursor of this list."})
    after = [each for each in found if not query.cursor or each.id > query.cursor]
    some = after[: query.limit]
    return Page(some, some[-1].id if len(after) > len(some) else None)


_SHARED = "The client sees what allows it, and changes none of it."
_OWN = "Client and staff both keep them. The module must be on in the portal's settings, else 409."
_offer(
    PRODUCTS,
    Offer("product", "products", "product", f"{_SHARED} The status is one of the portal's product_statuses."),
    {
        "carrier": "Blue Harbor", "plan": "PPO 1500", "policy_number": "BH-204417", "coverage_type": "Medical",
        "premium": "412.50", "effective_date": "2031-01-01", "status": "Active", "allow_client_access": True,
    },
    {"status": "Cancelled"},
)  # fmt: skip
_offer(
    PRESCRIPTIONS,
    Offer("prescription", "prescriptions", "prescription", _OWN),
    {"name": "Lisinopril", "dosage": "10 mg", "form": "tablet", "quantity": "30", "frequency": "once a day"},
    {"dosage": "20 mg"},
)
_offer(
    PROVIDERS,
    Offer("care_provider", "providers", "care provider", _OWN),
    {
        "name": "Dr. Iris Hale", "specialty": "Family medicine", "practice": "Elm Street Clinic",
        "phone": "+1 415 555 0132", "is_primary": True,
    },
    {"is_primary": False},
)  # fmt: skip
_offer(
    LINKS,
    Offer("website_link", "links", "website link", _SHARED),
    {"title": "Blue Harbor member site", "url": "https://members.blueharbor.example", "allow_client_access": True},
    {"allow_client_access": False},
)
