"""What happened, over the API: the audit trail."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from .. import facts
from ..facts import Fact, Kind
from ..storage import Page
from ..web.operation import Answer, Call, Paging, page
from .registry import AT, operation, path


class FactQuery(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to filter facts."""

    subject: (
        Annotated[
            str,
            Meta(
                max_length=90,
                pattern="^[a-z-]{1,20}:[0-9a-z-]{1,64}$",
                description="What it happened to: a kind and an id, such as batch:019a9f6f3c7e7d10a2b4c6d8e0f20406.",
            ),
        ]
        | None
    ) = None
    kind: Kind | None = None


@operation("GET", f"{AT}/facts", "Facts", query=FactQuery, gives=Fact, many=True)
def list_facts(call: Call[FactQuery, None]) -> Answer:
    """List what happened, newest first.

    Every change through the API, every sign-in and every answer is here, with who did it. Filtered by subject and kind
    together, a page may hold fewer than limit: go on as long as there is a cursor.
    """
    query = call.query
    if query.subject is None:
        since = call.portal.created
        found = facts.recent(call.slug, since=since, kind=query.kind, limit=query.limit, cursor=query.cursor or None)
    else:
        found = facts.about(call.slug, query.subject, limit=query.limit, cursor=query.cursor or None)
        found = Page([fact for fact in found.items if query.kind in (None, fact.kind)], found.cursor)
    return page(found, path(call.slug, "facts"), query)
