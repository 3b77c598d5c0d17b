"""Parsing: bodies, faults of every field, merge patches, the headers of conditional requests."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Meta, Struct

from chalicelib.errors import Invalid, Refusal
from chalicelib.people.shapes import NewAccount
from chalicelib.portals import PortalInput
from chalicelib.selfservice.shapes import BatchInput
from chalicelib.web import faults, parse
from chalicelib.web.operation import Paging

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
NAMES = st.sampled_from(
    [
        "name",
        "number",
        "status",
        "contacts",
        "emails",
        "lines",
        "title",
        "slug",
        "branding",
        "policy",
        "code_minutes",
        "x",
    ]
)


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Inner(Struct, forbid_unknown_fields=True):
    size: Annotated[int, Meta(ge=1, le=9)]
    is_round: bool = False


class Shape(Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=5)]
    word: Annotated[str, Meta(pattern="^[a-z]+$", description="Small letters.")] | None = None
    kind: Literal["one", "two"] = "one"
    colour: Colour | None = None
    inner: Inner | None = None
    inners: Annotated[tuple[Inner, ...], Meta(max_length=2)] = ()
    count: Annotated[int, Meta(ge=0)] = 0


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ({}, {"name": "This is needed."}),
        ({"name": ""}, {"name": "This is needed."}),
        ({"name": "abcdef"}, {"name": "Use at most 5 characters."}),
        ({"name": 5}, {"name": "This must be text."}),
        ({"name": None}, {"name": "This must be text."}),
        ({"name": "a", "word": "A"}, {"word": "This does not have the right form. Expected: Small letters."}),
        ({"name": "a", "kind": "three"}, {"kind": "Use one of: one, two."}),
        ({"name": "a", "colour": "green"}, {"colour": "Use one of: red, blue."}),
        ({"name": "a", "inner": {"size": 10}}, {"inner.size": "This must be a whole number from 1 to 9."}),
        ({"name": "a", "inner": {"size": True}}, {"inner.size": "This must be a whole number from 1 to 9."}),
        ({"name": "a", "count": -1}, {"count": "This must be a whole number, 0 or more."}),
        ({"name": "a", "count": 1.5}, {"count": "This must be a whole number, 0 or more."}),
        ({"name": "a", "inners": {}}, {"inners": "This must be a list: values in square brackets."}),
        ({"name": "a", "inners": [{"size": 1}] * 3}, {"inners": "Send at most 2 of these."}),
        (
            {"name": "a", "inners": [{"size": 1, "is_round": "yes"}, 7]},
            {
                "inners.0.is_round": "This must be true or false.",
                "inners.1": "This must be an object: names and values in braces.",
            },
        ),
        ({"name": "a", "nmae": 1}, {"nmae": "There is no field called nmae here."}),
        ([], {"body": "This must be an object: names and values in braces."}),
        (None, {"body": "This must be an object: names and values in braces."}),
    ],
)
def test_each_fault_is_a_sentence_at_its_field(value: Any, wrong: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        parse.struct(value, Shape)
    assert refused.value.fields == wrong


@pytest.mark.parametrize("shape", [NewAccount, PortalInput, BatchInput, Shape])
@settings(max_examples=150)
@given(value=JSON | st.dictionaries(NAMES, JSON, max_size=6))
def test_whatever_msgspec_refuses_is_explained_and_nothing_else(shape: type[Struct], value: Any) -> None:
    try:
        parse.struct(value, shape)
    except Invalid as refused:
        assert refused.fields
        assert faults.found(value, shape) == refused.fields
    else:
        assert faults.found(value, shape) == {}


@settings(max_examples=300)
@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_a_value_or_a_refusal(raw: bytes) -> None:
    try:
        value = parse.json_body(raw, None)
    except Refusal as refusal:
        assert refusal.status == 400
    else:
        assert json.loads(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [  # the examples of RFC 7386, appendix A
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patches_as_the_standard_has_them(target: Any, patch: Any, result: Any) -> None:
    assert parse.merged(target, patch) == result


@given(JSON, JSON)
def test_a_merge_leaves_its_target_as_it_was(target: Any, patch: Any) -> None:
    before = json.dumps(target, sort_keys=True)
    parse.merged(target, patch)
    assert json.dumps(target, sort_keys=True) == before


@pytest.mark.parametrize("value", ["null", "", "1.0", "1e1", "+1", " 1", "-1", "0", "101", "٣", "9" * 30, "true"])
def test_a_limit_is_plain_digits_in_bounds(value: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse.query({"limit": [value]}, Paging)
    assert list(refused.value.fields) == ["limit"]


def test_query_parameters_are_read_or_named() -> None:
    assert parse.query({"limit": ["7"], "cursor": ["null"]}, Paging) == Paging(limit=7, cursor="null")
    assert parse.query({}, None) is None
    with pytest.raises(Invalid) as refused:
        parse.query({"a": ["1"]}, None)
    assert refused.value.fields == {"a": "There is no parameter called a here."}


def test_the_versions_of_conditional_requests() -> None:
    assert parse.if_match(None) is None
    assert parse.if_match("*") is None
    assert parse.if_match(' "12" ') == 12
    assert not parse.none_match(None, 1)
    assert parse.none_match('"1"', 1)
    assert parse.none_match('W/"1"', 1)
    assert parse.none_match('"4", "1"', 1)
    assert parse.none_match("*", 1)
    assert not parse.none_match('"11"', 1)
