"""Tags of many accounts over the API."""

from __future__ import annotations

from ..campaigns import tagging
from ..campaigns.tagging_shapes import Tagging, TaggingJob
from ..config import settings
from ..web.operation import Answer, Call, Paging, one
from .registry import AT, operation, path

_GROUP = "Accounts"
_ONE = f"{AT}/accounts/tags/{{tagging}}"


def tagged_before(call: Call[None, Tagging]) -> Answer:
    """The tagging of a call that was carried out before; it goes on if nobody is at it."""
    tagging.go_on(call.slug, call.new_id)
    return _taken(call)


@operation(
    "POST", f"{AT}/accounts/tags", _GROUP, body=Tagging, gives=TaggingJob, status=201, later=True, replay=tagged_before,
    example={"filter": {"record_type": "customer", "status": "open"}, "add": ["renewal-2028"], "remove": ["renewal-2027"]},
)  # fmt: skip
def tag_accounts(call: Call[None, Tagging]) -> Answer:
    """Tag many accounts.

    Adds tags to, and removes tags from, every account that a filter finds; with dry_run it only counts them. Each account
    is changed once. Of more than 50 the rest is done in the next minutes: read the tagging to see how far it has come, or
    cancel it. With an Idempotency-Key a repeated call begins nothing anew.
    """
    if call.body.dry_run:
        return Answer(tagging.count(call.slug, call.body), 201)
    tagging.take(call.act, call.body, tagging_id=call.new_id)
    tagging.go_on(call.slug, call.new_id)
    return _taken(call)


@operation("GET", _ONE, _GROUP, query=Paging, gives=TaggingJob)
def read_tagging(call: Call[Paging, None]) -> Answer:
    """Read how far a tagging has come.

    With counts, and the accounts that were changed or refused, a page at a time. It is kept for 30 days.
    """
    query = call.query
    return one(tagging.get(call.slug, call.ids["tagging"], limit=query.limit, cursor=query.cursor or None))


def cancelled_before(call: Call[None, None]) -> Answer:
    """What was done, and what was left, of a tagging that was cancelled before."""
    return one(tagging.get(call.slug, call.ids["tagging"]))


@operation("POST", f"{_ONE}/cancel", _GROUP, gives=TaggingJob, replay=cancelled_before, refusals=("conflict",))
def cancel_tagging(call: Call[None, None]) -> Answer:
    """Cancel a tagging.

    What was done stays done; the answer says how much that is, and how much was left. Cancelled twice, it answers alike.
    """
    return one(tagging.cancel(call.act, call.ids["tagging"]))


def _taken(call: Call[None, Tagging]) -> Answer:
    found = tagging.get(call.slug, call.new_id)
    where = {"Location": f"{settings.public_url}{path(call.slug, 'accounts', 'tags', call.new_id)}"}
    return Answer(found, 202 if found.state == "working" else 201, headers=where)
