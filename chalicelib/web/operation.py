"""What an operation of the JSON API is, what its handler is called with, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Generic, Literal, TypeVar
from urllib.parse import urlencode

import msgspec
from msgspec import Meta, Struct, field

from ..config import settings
from ..facts import Act
from ..people.authority import Authority
from ..portals import Portal
from ..storage import Page
from .callers import Caller
from .once import Ticket

Q = TypeVar("Q")
B = TypeVar("B")
Body = Literal["whole", "patch", "rows"]


Limit = Annotated[int, Meta(ge=1, le=100, description="How many at most, 1 to 100.")]
Cursor = Annotated[
    str,
    Meta(max_length=2000, description="Where to go on: the cursor of the page before. Leave all else as it was."),
]


class Paging(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Query parameters of every list."""

    limit: Limit = 50
    cursor: Cursor = ""


class Call(Struct, Generic[Q, B], frozen=True):
    """One request, authenticated, permitted and parsed."""

    act: Act
    query: Q
    body: B
    new_id: str
    ids: Mapping[str, str] = field(default_factory=dict)
    who: Caller | None = None
    at: Portal | None = None
    version: int | None = None
    ticket: Ticket | None = None

    @property
    def portal(self) -> Portal:
        """The portal of the path. Only for routes below one."""
        if self.at is None:
            raise LookupError("this route has no portal")
        return self.at

    @property
    def slug(self) -> str:
        """The slug of the path's portal."""
        return self.portal.slug

    @property
    def caller(self) -> Caller:
        """Whoever calls. Only for routes that ask who that is."""
        if self.who is None:
            raise LookupError("this route asks nobody who they are")
        return self.who

    @property
    def authority(self) -> Authority:
        """How far the caller's word reaches among the users of offices. Only for routes that ask who that is."""
        return self.caller.authority

    @property
    def country(self) -> str:
        """The country from which phone numbers without a country code are read."""
        return self.portal.country


class Answer(Struct, frozen=True):
    """What to answer: a status, a value to write as JSON (or a ready text), and headers."""

    value: Any = None
    status: int = 200
    version: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None


Handler = Callable[[Call[Any, Any]], Answer]


class Operation(Struct, frozen=True):
    """A route with all that parsing, guarding and documenting it takes.

    `body` is the struct of the body and `takes` how it is read: whole, as a merge patch over what is stored, or as rows
    that are parsed one by one. `gives` is the struct of the answer, `many` whether it is a page of them. `replay`
    rebuilds the answer of a POST that was carried out before. `later` says that some of the work may be left when it is
    answered, with 202 then. `path` holds {names} as Chalice spells them.
    """

    method: str
    path: str
    group: str
    handler: Handler
    query: type[Struct] | None = None
    body: type[Struct] | None = None
    takes: Body = "whole"
    gives: type[Any] | None = None
    many: bool = False
    status: int = 200
    later: bool = False
    replay: Handler | None = None
    example: Mapping[str, Any] | None = None
    refusals: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The operation's name: its handler's."""
        return self.handler.__name__

    @property
    def summary(self) -> str:
        """The first line of the handler's docstring."""
        return (self.handler.__doc__ or "").strip().splitlines()[0].rstrip(".")

    @property
    def description(self) -> str:
        """The rest of the handler's docstring, as paragraphs."""
        lines = [line.strip() for line in (self.handler.__doc__ or "").strip().splitlines()[1:]]
        return "\n".join(lines).strip()


def one(resource: Any, *, status: int = 200) -> Answer:
    """A single resource, with its version as ETag if it has one."""
    return Answer(resource, status, version=getattr(resource, "version", None))


def created(resource: Any, location: str) -> Answer:
    """A new resource and where it is from now on; `location` is a path."""
    answer = one(resource, status=201)
    return Answer(resource, 201, answer.version, {"Location": f"{settings.public_url}{location}"})


def nothing() -> Answer:
    """Done, and nothing to say."""
    return Answer(status=204)


def page(found: Page[Any], path: str, query: Struct) -> Answer:
    """A page of a list, with a link to the next one. `path` is that of the request."""
    value = {"items": found.items, "cursor": found.cursor}
    if found.cursor is None:
        return Answer(value)
    given = {name: str(at) for name, at in msgspec.to_builtins(query).items() if at not in (None, "")}
    url = f"{settings.public_url}{path}?{urlencode({**given, 'cursor': found.cursor})}"
    return Answer(value, headers={"Link": f'<{url}>; rel="next"'})
