"""The forms by which a client keeps prescriptions and care providers up to date: add, edit, remove."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from chalice import Response
from msgspec import Struct

from .. import fields, ids
from ..errors import Conflict, Invalid, NotFound, Stale
from ..people import accounts
from ..people.shapes import Account
from ..selfservice import records
from ..selfservice.record_shapes import Editor
from ..selfservice.records import PRESCRIPTIONS, PROVIDERS, AlreadyThere, RecordKind
from ..web import parse
from ..web.page import View, page
from . import blueprint
from .records import card, written

_TWICE = "You have added this already. Save again to add what stands here as one more."
_MEANWHILE = (
    "This was changed while you were at it: {who}. What you typed is still here. Save again to put it in the place of what is "
    "there now."
)
_REMOVED_MEANWHILE = (
    "This was changed while you were at it: {who}. Look at it again, then remove it if you still want to."
)


class Form(Struct, frozen=True):
    """A form: the kind it is about, one of them in words, what it asks, and what it says where the name is missing."""

    kind: RecordKind[Any, Any]
    one: str
    asks: tuple[dict[str, Any], ...]
    no_name: str

    @property
    def path(self) -> str:
        """Where its pages are, below the portal."""
        return f"/records/{self.kind.module}"


def _ask(name: str, label: str, hint: str = "", kind: str = "text", **attributes: Any) -> dict[str, Any]:
    options = {"autocomplete": "off", "maxlength": 1000 if kind == "area" else 200, **attributes}
    return {
        "name": name, "label": label, "hint": hint, "kind": kind, "optional": name != "name",
        "attributes": options if kind != "check" else {},
    }  # fmt: skip


FORMS: Final = (
    Form(
        PRESCRIPTIONS,
        "prescription",
        (
            _ask("name", "Name of the medicine"),
            _ask("dosage", "Dosage", "Such as 10 mg."),
            _ask("form", "Form", "Such as tablet, capsule or cream."),
            _ask("quantity", "Quantity", "How much you get at a time, such as 30 tablets."),
            _ask("frequency", "How often", "Such as once a day."),
            _ask("pharmacy", "Pharmacy"),
            _ask("notes", "Notes", kind="area"),
        ),
        "Enter the name of the medicine.",
    ),
    Form(
        PROVIDERS,
        "care provider",
        (
            _ask("name", "Name", "Of the doctor, therapist or clinic."),
            _ask("specialty", "Specialty", "Such as family medicine."),
            _ask("practice", "Practice", "Where they work."),
            _ask("address", "Address of the practice", kind="area"),
            _ask("phone", "Phone number of the practice", inputmode="tel"),
            _ask("is_primary", "This is my primary care provider", kind="check"),
        ),
        "Enter the name of the care provider.",
    ),
)
Handler = Callable[..., Response]


def for_both(method: str, rest: str) -> Callable[[Handler], Handler]:
    """Register a handler `(view, form, **ids)` for each of the two forms."""

    def decorate(handler: Handler) -> Handler:
        for form in FORMS:
            page(blueprint, method, f"{form.path}{rest}")(_of(handler, form))
        return handler

    return decorate


def _of(handler: Handler, form: Form) -> Handler:
    def answer(view: View, **found: str) -> Response:
        if not form.kind.is_on(view.portal):
            raise NotFound("There is nothing here, or it is no longer shared with you.")
        return handler(view, form, **found)

    answer.__name__ = f"{handler.__name__}_{form.kind.module}"
    return answer


@for_both("GET", "/new")
def ask_new(view: View, form: Form) -> Response:
    """Ask for one more."""
    return _new_page(view, form, {}, ids.new())


@for_both("POST", "/new")
def add(view: View, form: Form) -> Response:
    """Put it on the record: once, however often the form is sent."""
    typed, draft = _typed(view, form), view.form.get("draft", "")
    draft = draft if ids.is_id(draft) else ids.new()
    try:
        wanted = _wanted(form, typed)
        records.add(view.act, view.portal, _account(view), form.kind, wanted, by=_editor(view), item_id=draft)
    except Invalid as refusal:
        return _new_page(view, form, typed, draft, errors=_in_order(form, refusal.fields), status=400)
    except AlreadyThere:
        if not _stands(view, form, draft, typed):
            return _new_page(view, form, typed, ids.new(), errors={"form": _TWICE}, status=409)
    except Conflict as refusal:
        return _new_page(view, form, typed, draft, errors={"form": refusal.text}, status=409)
    return view.go("/records?notice=added")


@for_both("GET", "/{item}")
def ask_change(view: View, form: Form, item: str) -> Response:
    """Show it as it is, to be changed."""
    held = _held(view, form, item)
    return _edit_page(view, form, held, _shown(form, held))


@for_both("POST", "/{item}")
def save(view: View, form: Form, item: str) -> Response:
    """Take the change. What somebody else changed meanwhile is not lost unseen."""
    typed, held = _typed(view, form), _held(view, form, item)
    try:
        records.change(
            view.act, view.portal, _account(view), form.kind, item, _wanted(form, typed), by=_editor(view),
            version=_version(view),
        )  # fmt: skip
    except Invalid as refusal:
        errors = _in_order(form, refusal.fields)
        return _edit_page(view, form, held, typed, version=_version(view), errors=errors, status=400)
    except Stale:
        held = _held(view, form, item)
        if not _stands(view, form, item, typed):
            told = _MEANWHILE.format(who=written(view, held.updated_by, held.updated_at))
            return _edit_page(view, form, held, typed, errors={"form": told}, status=409)
    return view.go("/records?notice=saved")


@for_both("GET", "/{item}/remove")
def ask_removal(view: View, form: Form, item: str) -> Response:
    """Ask whether it shall go."""
    return _removal_page(view, form, _held(view, form, item))


@for_both("POST", "/{item}/remove")
def remove(view: View, form: Form, item: str) -> Response:
    """Take it off the record for good, if it is still what was seen."""
    _held(view, form, item)
    try:
        records.remove(view.act, view.portal, _account(view), form.kind, item, by=_editor(view), version=_version(view))
    except Stale:
        held = _held(view, form, item)
        told = _REMOVED_MEANWHILE.format(who=written(view, held.updated_by, held.updated_at))
        return _removal_page(view, form, held, errors={"form": told}, status=409)
    return view.go("/records?notice=removed")


def _account(view: View) -> Account:
    return accounts.get(view.slug, card(view).account_id)


def _editor(view: View) -> Editor:
    user = view.user if view.user and view.user.kind == "office" else None  # of a customer nobody reads the username
    name = user.name if user else card(view).name
    return Editor(side="client", id=view.act.actor, name=name)


def _held(view: View, form: Form, item: str) -> Any:
    """What is on the record of this very account. Raises NotFound."""
    return records.get(view.portal, card(view).account_id, form.kind, item)


def _typed(view: View, form: Form) -> dict[str, str]:
    return {ask["name"]: view.form.get(ask["name"], "").replace("\r\n", "\n").strip() for ask in form.asks}


def _wanted(form: Form, typed: dict[str, str]) -> Struct:
    """What was typed, read as the API reads it. Raises Invalid naming every field at fault."""
    given: dict[str, Any] = dict(typed)
    for ask in form.asks:
        if ask["kind"] == "check":
            given[ask["name"]] = bool(typed[ask["name"]])
    if given.get("phone") == "":
        given["phone"] = None
    try:
        wanted = parse.struct(given, form.kind.takes)
    except Invalid as refusal:
        missing = {} if typed["name"] else {"name": form.no_name}
        raise Invalid(fields={**refusal.fields, **missing}) from refusal
    return wanted


def _stands(view: View, form: Form, item: str, typed: dict[str, str]) -> bool:
    """Whether the record says just what was typed: a form that was sent twice has done its work."""
    return _shown(form, _held(view, form, item)) == typed


def _shown(form: Form, held: Any) -> dict[str, str]:
    stands = fields.values(held, form.kind.takes)
    return {name: text if isinstance(text, str) else "yes" if text else "" for name, text in stands.items()}


def _version(view: View) -> int:
    """The version that the page showed; 0, which nothing has, where it named none."""
    seen = view.form.get("version", "")
    return int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else 0


def _in_order(form: Form, wrong: Any) -> dict[str, str]:
    """The faults in the order in which the page asks."""
    names = [ask["name"] for ask in form.asks]
    return {name: wrong[name] for name in names if name in wrong} | dict(wrong)


def _new_page(view: View, form: Form, values: dict[str, str], draft: str, **more: Any) -> Response:
    shown = partial(_form_page, view, form, f"Add a {form.one}", f"{form.path}/new", values, {"draft": draft})
    return shown(button="Add", **more)


def _edit_page(
    view: View, form: Form, held: Any, values: dict[str, str], *, version: int | None = None, **more: Any
) -> Response:
    kept = {"version": str(held.version if version is None else version)}
    return _form_page(view, form, f"Edit a {form.one}", f"{form.path}/{held.id}", values, kept, button="Save", **more)


def _form_page(
    view: View, form: Form, heading: str, action: str, values: dict[str, str], kept: dict[str, str], **more: Any
) -> Response:
    return view.show(
        "record_form.html",
        heading,
        heading=heading,
        action=f"{view.base}{action}",
        back_url=f"{view.base}/records#{form.kind.module}",
        fields=form.asks,
        values=values,
        kept=kept,
        **more,
    )


def _removal_page(view: View, form: Form, held: Any, **more: Any) -> Response:
    return view.show(
        "record_remove.html",
        f"Remove a {form.one}",
        heading=f"Remove this {form.one}?",
        name=held.name,
        changed=written(view, held.updated_by, held.updated_at),
        version=held.version,
        action=f"{view.base}{form.path}/{held.id}/remove",
        back_url=f"{view.base}/records#{form.kind.module}",
        **more,
    )
