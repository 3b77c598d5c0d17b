"""What comes in, made into structs, or refused: bodies, query parameters, the headers of conditional requests."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from ..errors import Invalid
from . import faults
from .problems import Malformed, NotJson, TooLarge

LARGEST_BODY = 64 * 1024
DEEPEST = 20  # levels of nesting; our own inputs have four
_LARGEST_NUMBER = 2**53  # I-JSON (RFC 7493): beyond this, programs disagree on what a number is
_JSON_TYPES = frozenset({"application/json", "application/merge-patch+json"})
_DIGITS = re.compile(r"[0-9]{1,9}", re.ASCII)
_VERSION = re.compile(r'"([1-9][0-9]{0,8})"')
S = TypeVar("S", bound=Struct)


def raw_body(event: Mapping[str, Any]) -> bytes:
    """The body of an API Gateway event. Raises TooLarge before it makes a second copy of a large one."""
    body = event.get("body") or ""
    if len(body) > LARGEST_BODY * 2:
        raise TooLarge
    try:
        raw = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
    except (binascii.Error, ValueError) as error:
        raise Malformed from error
    if len(raw) > LARGEST_BODY:
        raise TooLarge
    return raw


def json_body(raw: bytes, content_type: str | None) -> Any:
    """The JSON value of a body, strictly: no name twice, no NaN, no huge numbers, no deep nesting."""
    kind, _, charset = (content_type or "application/json").partition(";")
    if kind.strip().lower() not in _JSON_TYPES or charset.strip().lower() not in (
        "",
        "charset=utf-8",
        'charset="utf-8"',
    ):
        raise NotJson
    try:
        msgspec.json.decode(raw)  # the stricter grammar: NaN, lone surrogates, numbers out of range
        value = json.loads(raw, object_pairs_hook=_object, parse_int=_integer)  # what only this one can tell
    except RecursionError as error:
        raise Malformed(f"The JSON is nested too deeply: {DEEPEST} levels at most.") from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise Malformed from error
    _check_depth(value)
    return value


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Malformed("The JSON gives a name twice in one object. Which of the values counts would be a guess.")
    return found


def _integer(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > _LARGEST_NUMBER:
        raise Malformed("The JSON holds a number that is too large.")
    return int(text)


def _check_depth(value: Any) -> None:
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return
    raise Malformed(f"The JSON is nested too deeply: {DEEPEST} levels at most.")


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def struct(value: Any, shape: type[S]) -> S:
    """The struct that a JSON value describes. Raises Invalid naming every field at fault, not only the first."""
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise Invalid(fields=faults.found(value, shape) or {"body": "This is not what is expected here."}) from error


def query(parameters: Mapping[str, Sequence[str]], shape: type[S] | None) -> S | None:
    """The query parameters of a route; none may be unknown or given twice."""
    twice = {name[:60]: "Give this parameter once." for name, values in parameters.items() if len(values) != 1}
    if twice:
        raise Invalid(fields=twice)
    given = {name: values[0] for name, values in parameters.items()}
    if shape is None:
        if given:
            raise Invalid(fields={name[:60]: f"There is no parameter called {name[:60]} here." for name in given})
        return None
    if any(not value.isprintable() for value in given.values()):
        raise Invalid(
            fields={name: "Use one line of text." for name, value in given.items() if not value.isprintable()}
        )
    typed = {name: int(value) if _is_count(shape, name, value) else value for name, value in given.items()}
    try:
        return msgspec.convert(typed, shape)
    except msgspec.ValidationError as error:
        wrong = faults.found(typed, shape, word="parameter")
        raise Invalid(fields=wrong or {"query": "This is not what is expected here."}) from error


def _is_count(shape: type[Struct], name: str, value: str) -> bool:
    """Whether this is digits for a parameter that takes a number. msgspec's own lax mode would read `null` as none."""
    return name in _numbers(shape) and _DIGITS.fullmatch(value) is not None


@cache
def _numbers(shape: type[Struct]) -> frozenset[str]:
    return frozenset(field.name for field in msgspec.structs.fields(shape) if faults.bare(field.type)[0] is int)


def merged(present: Any, patch: Any) -> Any:
    """A JSON merge patch (RFC 7386) applied: objects are merged, null removes, all else replaces."""
    if not isinstance(patch, dict):
        return patch
    result = dict(present) if isinstance(present, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def if_match(header: str | None) -> int | None:
    """The version that `If-Match` names; None if it names none (`*`, or no header)."""
    if header is None or header.strip() == "*":
        return None
    found = _VERSION.fullmatch(header.strip())
    if found is None:
        raise Invalid(fields={"If-Match": 'Name one version, in quotes as the ETag has it, such as "3".'})
    return int(found[1])


def none_match(header: str | None, version: int) -> bool:
    """Whether `If-None-Match` says that the asker holds this version already."""
    if header is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in header[:2000].split(",")]
    return "*" in tags or f'"{version}"' in tags
