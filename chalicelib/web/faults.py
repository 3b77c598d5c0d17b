"""Every fault of an input at once, per field and in plain words.

msgspec stops at the first fault, in words made for programmers. So what it refuses is walked through again here, along
the struct's own types: the limits stay written in one place. Where the form is right, the contents are looked at too
(`fields.content`), as far as the value alone can tell.
"""

from __future__ import annotations

import enum
import types
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Meta, Struct

_SHOWN = 60  # characters of a name from outside that are repeated
_NEEDED = "This is needed."


def found(value: Any, shape: Any, *, at: str = "", word: str = "field") -> dict[str, str]:
    """What is wrong with `value` as a `shape`: dotted path → sentence. Empty if nothing is. `word` names what it has."""
    kind, metas = bare(shape)
    if get_origin(kind) in (Union, types.UnionType):
        members = get_args(kind)
        if value is None and type(None) in members:
            return {}
        inner = next(member for member in members if member is not type(None))
        return found(value, _with(inner, metas), at=at, word=word)
    if isinstance(kind, type) and issubclass(kind, Struct):
        return _in_struct(value, kind, at, word)
    if get_origin(kind) in (tuple, list):
        return _in_list(value, get_args(kind)[0], metas, at, word)
    return _in_leaf(value, kind, metas, at)


def _in_struct(value: Any, kind: type[Struct], at: str, word: str) -> dict[str, str]:
    if not isinstance(value, Mapping):
        return {at or "body": "This must be an object: names and values in braces."}
    wrong: dict[str, str] = {}
    known = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for name in value.keys() - known.keys():
        wrong[_path(at, name[:_SHOWN])] = f"There is no {word} called {name[:_SHOWN]} here."
    for name, field in known.items():
        if name in value:
            wrong |= found(value[name], field.type, at=_path(at, name), word=word)
        elif field.required:
            wrong[_path(at, name)] = _NEEDED
    return wrong


def _in_list(value: Any, inner: Any, metas: list[Meta], at: str, word: str) -> dict[str, str]:
    if not isinstance(value, list | tuple):
        return {at: "This must be a list: values in square brackets."}
    for meta in metas:
        if meta.max_length is not None and len(value) > meta.max_length:
            return {at: f"Send at most {meta.max_length} of these."}
        if meta.min_length is not None and len(value) < meta.min_length:
            return {at: _NEEDED if meta.min_length == 1 else f"Send at least {meta.min_length} of these."}
    wrong: dict[str, str] = {}
    for place, item in enumerate(value):
        wrong |= found(item, inner, at=_path(at, str(place)), word=word)
    return wrong


def _in_leaf(value: Any, kind: Any, metas: list[Meta], at: str) -> dict[str, str]:
    try:
        msgspec.convert(value, _with(kind, metas))
    except msgspec.ValidationError:
        return {at or "body": _sentence(value, kind, metas)}
    for meta in metas:
        is_right, sentence = (meta.extra or {}).get("content", (bool, ""))
        if sentence and not is_right(value):
            return {at or "body": sentence(value) if callable(sentence) else sentence}
    return {}


def _sentence(value: Any, kind: Any, metas: list[Meta]) -> str:
    choices = _choices(kind)
    if choices:
        return f"Use one of: {', '.join(choices)}."
    if kind is bool:
        return "This must be true or false."
    if kind is int:
        return _number_sentence(metas)
    if not isinstance(value, str):
        return "This must be text."
    return _text_sentence(value, metas)


def _number_sentence(metas: list[Meta]) -> str:
    low = next((meta.ge for meta in metas if meta.ge is not None), None)
    high = next((meta.le for meta in metas if meta.le is not None), None)
    if low is not None and high is not None:
        return f"This must be a whole number from {low} to {high}."
    if low is not None:
        return f"This must be a whole number, {low} or more."
    return "This must be a whole number."


def _text_sentence(value: str, metas: list[Meta]) -> str:
    for meta in metas:
        if meta.min_length is not None and len(value) < meta.min_length:
            return _NEEDED if not value else f"Use at least {meta.min_length} characters."
        if meta.max_length is not None and len(value) > meta.max_length:
            return f"Use at most {meta.max_length:,} characters."
    described = next((meta.description for meta in metas if meta.description), None)
    return (
        f"This does not have the right form. Expected: {described}"
        if described
        else "This does not have the right form."
    )


def _choices(kind: Any) -> list[str]:
    if get_origin(kind) is Literal:
        return [str(choice) for choice in get_args(kind)]
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return [str(member.value) for member in kind]
    return []


def bare(shape: Any) -> tuple[Any, list[Meta]]:
    """An annotated type without its limits, and the limits."""
    if get_origin(shape) is Annotated:
        kind, *extras = get_args(shape)
        return kind, [extra for extra in extras if isinstance(extra, Meta)]
    return shape, []


def _with(kind: Any, metas: list[Meta]) -> Any:
    for meta in metas:
        kind = Annotated[kind, meta]
    return kind


def _path(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name
