"""A portal with its callers, and the few things that most stories start from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest

from tests.world import MovableClock, World

from .client import ApiClient, Reply

T = TypeVar("T")


def make_key(portal: str, scopes: Iterable[str] | None = None, *, days: int | None = None) -> str:
    """A new API key for a portal (`*`: for all), with all permissions unless told otherwise."""
    from chalicelib.facts import Act
    from chalicelib.portals import api_keys
    from chalicelib.portals.permissions import PERMISSIONS

    every = frozenset(PERMISSIONS)
    chosen = tuple(every if scopes is None else scopes)
    wanted = api_keys.NewKey(name="Test", scopes=chosen, days=days)
    return api_keys.create(Act(portal, "system:tests"), wanted, maker=every).key


@dataclass
class Office:
    """A portal and a caller with every permission there. `at` is the path that everything of it starts with."""

    slug: str
    clock: MovableClock
    api: ApiClient = field(init=False)

    def __post_init__(self) -> None:
        self.api = ApiClient(make_key(self.slug))

    @property
    def at(self) -> str:
        return f"/portals/{self.slug}"

    def account(self, name: str = "Northwind Traders", **fields: Any) -> Reply:
        return self._made("accounts", {"name": name, **fields})

    def contact(self, account_id: str, **fields: Any) -> Reply:
        body = {"first_name": "Maria", "last_name": "Nuñez", "emails": ["maria@northwind.example"], **fields}
        return self._made("contacts", {"account_id": account_id, **body})

    def batch(self, **fields: Any) -> Reply:
        """A draft batch at an account of its own, with a renewal contact."""
        account_id = fields.pop("account_id", None) or self.account().id
        contact_id = fields.pop("renewal_contact_id", None) or self.contact(account_id).id
        body = {"account_id": account_id, "renewal_contact_id": contact_id, "title": "Benefits renewal 2031", **fields}
        return self._made("batches", body)

    def _made(self, of: str, body: Any) -> Reply:
        """A second after what was made before, so that age orders them."""
        self.clock.advance(1)
        return good(self.api.post(f"{self.at}/{of}", body))

    def names(self, query: str = "", of: str = "accounts") -> list[str]:
        return [item["name"] for item in good(self.api.get(f"{self.at}/{of}{query}")).items]


@pytest.fixture
def office(world: World) -> Office:
    return Office(world.portal().slug, world.clock)


@pytest.fixture
def other(world: World) -> Office:
    return Office(world.portal().slug, world.clock)


@pytest.fixture
def deployment(world: World) -> ApiClient:
    """A caller whose key is one of the whole deployment."""
    return ApiClient(make_key("*"))


def good(reply: Reply) -> Reply:
    assert reply.status < 300, reply.text
    return reply


def at_once(calls: list[Callable[[], T]]) -> list[T]:
    """Make all calls at the same time, each in a thread of its own."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(lambda call: call(), calls))
