"""API keys over the API."""

from __future__ import annotations

from ..portals import api_keys
from ..portals.api_keys import ApiKey, KeyCreated, NewKey
from ..web.operation import Answer, Call, Paging, created, one, page
from ..web.problems import ShownOnce
from .registry import AT, operation, path

_GROUP = "API keys"


@operation("GET", f"{AT}/api-keys", _GROUP, query=Paging, gives=ApiKey, many=True)
def list_api_keys(call: Call[Paging, None]) -> Answer:
    """List API keys.

    Oldest first, revoked ones too. The secrets are not kept, so they cannot be shown.
    """
    found = api_keys.listed(call.slug, limit=call.query.limit, cursor=call.query.cursor or None)
    return page(found, path(call.slug, "api-keys"), call.query)


def api_key_again(_call: Call[None, NewKey]) -> Answer:
    """A key that was made before cannot be shown again: only its hash is kept."""
    raise ShownOnce(
        "This key was made already, and a key is shown only once. Find it in the list, revoke it, make another."
    )


@operation(
    "POST", f"{AT}/api-keys", _GROUP, body=NewKey, gives=KeyCreated, status=201, replay=api_key_again,
    refusals=("shown-once",), example={"name": "Nightly import", "scopes": ["accounts:read", "accounts:write"], "days": 90},
)  # fmt: skip
def create_api_key(call: Call[None, NewKey]) -> Answer:
    """Create an API key.

    The answer holds the key; it is shown this once. A key can be given only permissions that the caller has too, and
    staff:manage only by an owner, since with it a key acts on staff of every role.
    """
    made = api_keys.create(call.act, call.body, maker=call.caller.handed_on)
    return created(made, path(call.slug, "api-keys", made.id))


@operation("DELETE", f"{AT}/api-keys/{{key}}", _GROUP, gives=ApiKey)
def revoke_api_key(call: Call[None, None]) -> Answer:
    """Revoke an API key.

    From the next request on it opens nothing. It stays in the list.
    """
    return one(api_keys.revoke(call.act, call.ids["key"]))
