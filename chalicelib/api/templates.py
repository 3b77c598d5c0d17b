"""The wording of messages over the API: read, changed, looked at, tried, restored."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from .. import clock, fields
from ..errors import Forbidden, Invalid
from ..messaging import overrides, own_messages, preview, reading, wordings
from ..messaging.overrides import Saved
from ..messaging.preview import Preview
from ..messaging.reading import Message
from ..messaging.shapes import Channel, Own, OwnEmail, OwnSms
from ..messaging.wordings import TemplateShown, WordingShown
from ..web.operation import Answer, Call, Paging, one, page
from . import preview_values
from .own_messages import must_not_be_used
from .registry import AT, operation, path

_GROUP = "Wording of messages"
_NAME = Annotated[
    str, Meta(max_length=60, pattern="^[a-z][a-z0-9-]*" + fields.END, description="Such as batch-in-review.")
]
_EMAIL = {
    "subject": "((batch_title)) is ready - ((portal_name))",
    "preheader": "Please look at it this week.",
    "blocks": [
        {"kind": "heading", "text": "Your renewal is ready"},
        {"kind": "paragraph", "text": "Hello ((contact_first_name|there)),"},
        {"kind": "button", "text": "Open it", "link": "link"},
    ],
}
_ONE_OF = "Give either email or sms: the wording of one channel."


class TemplateQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which messages."""

    state: Annotated[
        Literal["in-use", "deleted"],
        Meta(description="With deleted: those of your own that were deleted, and only those."),
    ] = "in-use"


class WordingQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which wording."""

    name: _NAME
    channel: Channel


class VersionsQuery(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The versions of which wording."""

    name: _NAME
    channel: Channel


class WordingInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A wording to save: of a mail or of a text message. With `version` only if that is still the newest one."""

    name: _NAME
    email: OwnEmail | None = None
    sms: OwnSms | None = None
    version: Annotated[int, Meta(ge=0, le=999_999)] | None = None


class PreviewInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to look at: the wording in use, or one that is not saved yet; with values made up, or somebody's own."""

    name: _NAME
    channel: Channel
    email: OwnEmail | None = None
    sms: OwnSms | None = None
    account_id: fields.Identifier | None = None
    contact_id: fields.Identifier | None = None
    product_id: fields.Identifier | None = None


class SampleInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which message to send to yourself."""

    name: _NAME
    channel: Channel


class RestoreInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to restore: a message on one channel, there to its default or to an older `version`; or `all` of them.

    A message of your own comes back as a whole, whatever the channel, and needs a version.
    """

    name: _NAME | None = None
    channel: Channel | None = None
    version: Annotated[int, Meta(ge=1, le=999_999)] | None = None
    all: bool = False


@operation("GET", f"{AT}/templates", _GROUP, query=TemplateQuery, gives=TemplateShown, many=True)
def list_templates(call: Call[TemplateQuery, None]) -> Answer:
    """List messages.

    All that the portal sends, with the channels of each, whether its wording was changed, and what may stand in it. Your own
    come last, by their titles.
    """
    found = wordings.deleted(call.slug) if call.query.state == "deleted" else wordings.listed(call.slug)
    return Answer({"items": found, "cursor": None})


@operation("GET", f"{AT}/templates/wording", _GROUP, query=WordingQuery, gives=WordingShown)
def read_wording(call: Call[WordingQuery, None]) -> Answer:
    """Read the wording of a message.

    On one channel: the wording in use, and the default that it can be restored to. A message of your own has none.
    """
    return Answer(wordings.shown(call.slug, call.query.name, call.query.channel))


def saved_before(call: Call[None, WordingInput]) -> Answer:
    """The wording of a save that was carried out before, as it now is."""
    return Answer(wordings.shown(call.slug, call.body.name, _own(call.body).channel))


@operation(
    "POST", f"{AT}/templates/wording", _GROUP, body=WordingInput, gives=WordingShown, replay=saved_before,
    refusals=("stale",), example={"name": "batch-in-review", "email": _EMAIL},
)  # fmt: skip
def save_wording(call: Call[None, WordingInput]) -> Answer:
    """Save the wording of a message.

    A new version; older ones stay. In texts ((name)) stands for a value, and ((name|words)) gives words for where it is
    empty; there is no HTML and nothing else to learn. Links, codes and passwords that a message is sent for must stay.
    Messages go out in it within fifteen seconds. Of a message of your own it is a new version of the whole; that may begin to
    be sent by another channel so.
    """
    body = call.body
    wordings.save(call.act, body.name, _own(body), author=call.caller.name, version=body.version)
    return saved_before(call)


@operation("GET", f"{AT}/templates/versions", _GROUP, query=VersionsQuery, gives=Saved, many=True)
def list_wording_versions(call: Call[VersionsQuery, None]) -> Answer:
    """List the versions of a wording.

    The newest first, each with its author and time. Those of your own message are versions of the whole, and are there though
    it was deleted.
    """
    query = call.query
    found = wordings.versions(call.slug, query.name, query.channel, limit=query.limit, cursor=query.cursor or None)
    return page(found, path(call.slug, "templates", "versions"), query)


@operation(
    "POST", f"{AT}/templates/preview", _GROUP, body=PreviewInput, gives=Preview,
    example={"name": "batch-in-review", "channel": "email", "email": _EMAIL},
)  # fmt: skip
def preview_wording(call: Call[None, PreviewInput]) -> Answer:
    """Look at a message.

    As it would be sent, in the wording in use or in one that is not saved yet, be it of a message of your own that is not
    there yet. The values are made up; but those of an account, a contact or a product are its own if you give one, which takes
    the permission to read it.
    """
    body = call.body
    own = _own(body) if body.email or body.sms else None
    if own and own.channel != body.channel:
        raise Invalid(fields={own.channel: f"This is no wording for {body.channel}."})
    about = preview_values.of(call, body.account_id, body.contact_id, body.product_id)
    return one(preview.preview(call.portal, body.name, body.channel, own=own, about=about))


def tried_before(call: Call[None, SampleInput]) -> Answer:
    """The message of a call that was carried out before."""
    return one(reading.get(call.slug, preview.sample_id(call.slug, call.new_id)))


@operation(
    "POST", f"{AT}/templates/test", _GROUP, body=SampleInput, gives=Message, replay=tried_before,
    refusals=("too-many-requests",), example={"name": "batch-in-review", "channel": "email"},
)  # fmt: skip
def try_wording(call: Call[None, SampleInput]) -> Answer:
    """Send a message to yourself.

    In the wording in use, with values made up, to your own address or mobile number and nowhere else. For staff who are
    signed in; an API key has no address.
    """
    body, browser = call.body, call.caller.browser
    if browser is None:
        raise Forbidden("This needs a signed-in staff user: an API key has no address to send to.")
    to = browser.user.details.email if body.channel == "email" else browser.user.sms_number
    if not to:
        what = "email address" if body.channel == "email" else "mobile number for codes"
        raise Invalid(fields={"channel": f"You have no {what} yet. Add one on your security page."})
    preview.send_sample(
        call.act, body.name, body.channel, to=to, user_id=browser.user.id, occasion=call.new_id
    )  # fmt: skip
    return tried_before(call)


class Restored(Struct, frozen=True, kw_only=True):
    """How many wordings were restored, and when: none if all of them were as wanted."""

    restored: int
    at: str


def restored_before(_call: Call[None, RestoreInput]) -> Answer:
    """Done before: nothing is left to restore."""
    return _restored(0)


@operation(
    "POST", f"{AT}/templates/restore", _GROUP, body=RestoreInput, gives=Restored, replay=restored_before,
    refusals=("conflict", "stale"), example={"name": "batch-in-review", "channel": "email"},
)  # fmt: skip
def restore_wording(call: Call[None, RestoreInput]) -> Answer:
    """Restore the wording of messages.

    One message to its default, or to an older version; or all of them to their defaults. What was there stays among the
    versions. A version of your own message brings it back if it was deleted; all leaves your own as they are.
    """
    body, author = call.body, call.caller.name
    if body.all:
        if body.name or body.channel or body.version:
            raise Invalid(fields={"all": "Restore all, or name one message: not both."})
        return _restored(overrides.restore_all(call.act, author=author))
    wrong = {
        name: "Say which message, or that you mean all." for name in ("name", "channel") if not getattr(body, name)
    }
    if wrong or body.name is None or body.channel is None:
        raise Invalid(fields=wrong)
    if own_messages.is_own(body.name) and body.version:
        _channels_stay(call, body.name, body.version)
    return _restored(int(wordings.restore(call.act, body.name, body.channel, author=author, to=body.version)))


def _channels_stay(call: Call[None, RestoreInput], name: str, version: int) -> None:
    """Raises Conflict where a version lacks a channel by which workflows or campaigns may send now."""
    now, then = own_messages.find(call.slug, name), own_messages.version_of(call.slug, name, version)
    if now and not now.is_deleted and set(now.message.channels) - set(then.message.channels):
        must_not_be_used(call, name, "its channels stay")


def _restored(count: int) -> Answer:
    return one(Restored(restored=count, at=clock.text(clock.timestamp()) or ""))


def _own(body: WordingInput | PreviewInput) -> Own:
    if (body.email is None) == (body.sms is None):
        raise Invalid(fields={"email": _ONE_OF, "sms": _ONE_OF})
    return Own(email=body.email, sms=body.sms)
