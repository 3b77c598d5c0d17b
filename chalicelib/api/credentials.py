"""An account's credential over the API: what its Portal panel shows and does."""

from __future__ import annotations

from typing import Any, Final

from ..people import credentials
from ..people.credentials import Panel, UsernameInput
from ..web import parse
from ..web.operation import Answer, Call, nothing, one
from .registry import AT, operation

_GROUP = "Credentials"
_AT: Final = f"{AT}/accounts/{{account}}/credential"
_REFUSED: Final = ("conflict", "not-in-this-state", "stale")


@operation("GET", _AT, _GROUP, gives=Panel)
def read_credential(call: Call[None, None]) -> Answer:
    """Read an account's credential.

    Whether it has a username and a password, what can be done about it now, and for everything else why not. Times of
    links are those of the newest one. Nobody sees a password.
    """
    return _panel(call)


def sent_before(call: Call[None, None]) -> Answer:
    """The panel after a link that was sent before."""
    return _panel(call)


@operation("POST", f"{_AT}/send-create", _GROUP, gives=Panel, replay=sent_before, refusals=_REFUSED)
def send_create_link(call: Call[None, None]) -> Answer:
    """Send the link to create a credential.

    A mail goes to each primary email, with a link of its own to choose username and password. The first that is used ends
    the others, and so does sending again: with an Idempotency-Key a repeated call sends nothing.
    """
    credentials.send_create(call.act, call.portal, call.ids["account"])
    return _panel(call)


@operation("POST", f"{_AT}/send-reset", _GROUP, gives=Panel, replay=sent_before, refusals=_REFUSED)
def send_reset_link(call: Call[None, None]) -> Answer:
    """Send the link to reset the password.

    As for the link to create a credential. The password stays as it is until somebody chooses a new one.
    """
    credentials.send_reset(call.act, call.portal, call.ids["account"])
    return _panel(call)


@operation(
    "PATCH", _AT, _GROUP, body=UsernameInput, takes="patch", gives=Panel,
    refusals=("not-in-this-state", "username-taken"), example={"username": "northwind"},
)  # fmt: skip
def change_username(call: Call[None, Any]) -> Answer:
    """Set or change the username.

    One owner for all that looks alike: Northwind, northwind and NORTHWIND are one username. Changing it ends the sessions
    of its user, who is told. The same one again changes nothing.
    """
    account_id = call.ids["account"]
    panel = credentials.of_account(call.portal, account_id)
    username = parse.struct(call.body, UsernameInput).username
    name = credentials.set_username if panel.state == "no-username" else credentials.change_username
    name(call.act, call.portal, account_id, username, version=call.version)
    return _panel(call)


@operation("DELETE", _AT, _GROUP, status=204, refusals=_REFUSED)
def delete_username(call: Call[None, None]) -> Answer:
    """Delete the username.

    The account is as if it never had a credential: the username is free, sessions and links are over, and the password
    and second factors are gone.
    """
    credentials.delete_username(call.act, call.portal, call.ids["account"], version=call.version)
    return nothing()


def _panel(call: Call[None, Any]) -> Answer:
    return one(credentials.of_account(call.portal, call.ids["account"]))
