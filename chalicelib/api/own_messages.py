"""A portal's own messages over the API: made, changed, deleted. What each says is read, tried and restored as wordings are."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from .. import fields
from ..campaigns import uses
from ..errors import Conflict
from ..messaging import own_message_changes, own_messages, wordings
from ..messaging.shapes import Channel, OwnEmail, OwnMessage, OwnSms
from ..messaging.templates import Purpose
from ..messaging.wordings import TemplateShown
from ..web.operation import Answer, Call, nothing, one
from .registry import AT, operation

_GROUP = "Wording of messages"
_NAME = Annotated[
    str, Meta(max_length=60, pattern="^own-[a-z][a-z0-9-]*" + fields.END, description="Such as own-spring-note.")
]
_VERSION = Annotated[int, Meta(ge=1, le=999_999)]
_EMAIL = {
    "subject": "A note from ((agent_name|us)) - ((portal_name))",
    "blocks": [
        {"kind": "paragraph", "text": "Hello ((first_name|there)),"},
        {
            "kind": "paragraph",
            "text": "your policy with ((product_carrier)) begins on ((product_effective_date_words)).",
        },
        {"kind": "button", "text": "Open the portal", "link": "portal_link"},
    ],
}


class OwnMessageInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message of your own: a mail, a text message, or both. `name` becomes own-spring-note, and never changes."""

    name: Annotated[fields.Slug, Meta(description="Such as spring-note. It is known as own-spring-note then.")]
    title: fields.Required
    purpose: Purpose = "service"
    email: OwnEmail | None = None
    sms: OwnSms | None = None


class OwnMessageChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change of a message of your own; what is left out stays. `without` takes a channel away from it.

    With `version` only if that is still the newest one.
    """

    name: _NAME
    title: fields.Required | None = None
    purpose: Purpose | None = None
    email: OwnEmail | None = None
    sms: OwnSms | None = None
    without: Channel | None = None
    version: _VERSION | None = None


class OwnMessageName(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which message of your own. With `version` only if that is still the newest one."""

    name: _NAME
    version: _VERSION | None = None


def made_before(call: Call[None, OwnMessageInput]) -> Answer:
    """The message of a creation that was carried out before."""
    name = own_message_changes.named(call.body.name)
    return one(wordings.own_shown(own_messages.get(call.slug, name)), status=201)


@operation(
    "POST", f"{AT}/templates", _GROUP, body=OwnMessageInput, gives=TemplateShown, status=201, replay=made_before,
    refusals=("conflict",), example={"name": "spring-note", "title": "Spring note", "email": _EMAIL},
)  # fmt: skip
def create_own_message(call: Call[None, OwnMessageInput]) -> Answer:
    """Create a message of your own.

    For workflows and campaigns. It tells of an account's record, by the placeholders that messages for_records have, and
    holds nothing secret. Of purpose marketing it goes only to who has not withdrawn consent.
    """
    body = call.body
    message = OwnMessage(title=body.title, purpose=body.purpose, email=body.email, sms=body.sms)
    own_message_changes.create(
        call.act, own_message_changes.named(body.name), message, author=call.caller.name
    )  # fmt: skip
    return made_before(call)


def changed_before(call: Call[None, OwnMessageChange]) -> Answer:
    """The message of a change that was carried out before, as it now is."""
    return one(wordings.own_shown(own_messages.get(call.slug, call.body.name)))


@operation(
    "POST", f"{AT}/templates/change", _GROUP, body=OwnMessageChange, gives=TemplateShown, replay=changed_before,
    refusals=("conflict", "stale"), example={"name": "own-spring-note", "title": "Note in spring", "purpose": "marketing"},
)  # fmt: skip
def change_own_message(call: Call[None, OwnMessageChange]) -> Answer:
    """Change a message of your own.

    Its title, its purpose, its wording: a new version; older ones stay. A channel by which a workflow or campaign sends is
    not taken away.
    """
    body = call.body
    if body.without:
        must_not_be_used(call, body.name, "its channels stay")
    given = {name: getattr(body, name) for name in OwnMessage.__struct_fields__}
    said = {name: value for name, value in given.items() if value is not None}
    if body.without:
        said[body.without] = None
    own_message_changes.change(
        call.act, body.name, lambda message: msgspec.structs.replace(message, **said), author=call.caller.name,
        version=body.version,
    )  # fmt: skip
    return changed_before(call)


def deleted_before(_call: Call[None, OwnMessageName]) -> Answer:
    """Done before."""
    return nothing()


@operation(
    "POST", f"{AT}/templates/delete", _GROUP, body=OwnMessageName, status=204, replay=deleted_before,
    refusals=("conflict", "stale"), example={"name": "own-spring-note"},
)  # fmt: skip
def delete_own_message(call: Call[None, OwnMessageName]) -> Answer:
    """Delete a message of your own.

    It is not sent any more, not even where it waits to be. Its versions are kept, and one of them restored brings it back.
    What a workflow or campaign sends is not deleted.
    """
    must_not_be_used(call, call.body.name, "it stays")
    own_message_changes.delete(call.act, call.body.name, author=call.caller.name, version=call.body.version)
    return nothing()


def must_not_be_used(call: Call[Any, Any], name: str, consequence: str) -> None:
    """Refuse, with Conflict naming them, what would leave workflows or campaigns without their message."""
    users = uses.of_template(call.slug, name)
    if users:
        told = ", ".join(users[:5]) + (", ..." if len(users) > 5 else "")
        raise Conflict(f"This message is sent by {told}: so {consequence}. Choose another one there, then try again.")
