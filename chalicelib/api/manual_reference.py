"""The reference part of the documentation page: operations, shapes, problems, each from the OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from ..web import openapi
from ..web import problems as known
from ..web.operation import Operation

_REF = "#/components/schemas/"


def operation(each: Operation, document: Mapping[str, Any], prefix: str) -> str:
    """One operation: what it is for, what it takes, an example, what it answers."""
    described = document["paths"][each.path.removeprefix(prefix)][each.method.lower()]
    parts = [
        f'<h3 id="{each.name}">{escape(each.summary)}</h3>',
        f'<p class="call">{each.method} {escape(each.path)}</p>',
        "".join(f"<p>{escape(text)}</p>" for text in described.get("description", "").split("\n\n") if text),
        _parameters(described.get("parameters", [])),
        _body(described),
        _answer(described["responses"][str(each.status)], each.status),
        _refusals(each),
    ]
    return f"<section>{''.join(parts)}</section>"


def shapes(document: Mapping[str, Any]) -> str:
    """Every shape that bodies and answers are made of."""
    found = ['<h2 id="shapes">Shapes</h2>']
    for name, schema in document["components"]["schemas"].items():
        text = escape(schema.get("description", ""))
        found.append(f'<h3 id="shape-{name}">{name}</h3><p>{text}</p>{_fields(schema)}')
    return "".join(found)


def problems(example: str) -> str:
    """Every problem, each with the anchor that its `type` names."""
    rows = "".join(
        f'<tr id="problem-{code}"><td><code>{code}</code></td><td>{kind.status}</td><td>{escape(kind.title)}. '
        f"{escape(kind.advice)}</td></tr>"
        for code, kind in known.KINDS.items()
    )
    head = "<tr><th>Code</th><th>Status</th><th>What it means, what to do</th></tr>"
    return f'<pre>{escape(example)}</pre><h3 id="problems">All problems</h3><table>{head}{rows}</table>'


def _parameters(parameters: list[Mapping[str, Any]]) -> str:
    if not parameters:
        return ""
    rows = "".join(
        f"<tr><td><code>{each['name']}</code>{_needed(each['required'])}</td><td>{each['in']}</td>"
        f"<td>{_kind(each['schema'])}</td><td>{escape(each.get('description', ''))}</td></tr>"
        for each in parameters
    )
    return f'<div class="wide"><table><tr><th>Parameter</th><th>In</th><th>Form</th><th></th></tr>{rows}</table></div>'


def _body(described: Mapping[str, Any]) -> str:
    if "requestBody" not in described:
        return ""
    media = next(iter(described["requestBody"]["content"].values()))
    example = media.get("example")
    shown = f"<pre>{escape(json.dumps(example, indent=2, ensure_ascii=False))}</pre>" if example else ""
    return f"<p><b>Body</b>: {_kind(media['schema'])}</p>{shown}"


def _answer(answer: Mapping[str, Any], status: int) -> str:
    content = answer.get("content", {})
    schema = next(iter(content.values()))["schema"] if content else None
    is_list = schema is not None and "items" in schema.get("properties", {})
    what = ""
    if schema is not None:
        inner = schema["properties"]["items"]["items"] if is_list else schema
        what = f", a page of {_kind(inner)}" if is_list else f", {_kind(inner)}"
    return f"<p><b>Answer</b>: {status}{what}</p>"


def _refusals(each: Operation) -> str:
    links = ", ".join(f'<a href="#problem-{code}">{code}</a>' for code in openapi.refusals(each))
    return f'<p class="soft">May be refused as {links}.</p>'


def _fields(schema: Mapping[str, Any]) -> str:
    if "properties" not in schema:
        return f"<p>{_kind(schema)}</p>"
    needed = schema.get("required", [])
    rows = "".join(
        f"<tr><td><code>{name}</code>{_needed(name in needed)}</td><td>{_kind(inner)}</td>"
        f"<td>{escape(_text(inner))}{_default(inner)}</td></tr>"
        for name, inner in schema["properties"].items()
    )
    return f'<div class="wide"><table><tr><th>Field</th><th>Form</th><th></th></tr>{rows}</table></div>'


def _needed(is_needed: bool) -> str:
    return ' <span class="soft">needed</span>' if is_needed else ""


def _text(schema: Mapping[str, Any]) -> str:
    options = [schema, *schema.get("anyOf", [])]
    return next((str(option["description"]) for option in options if "description" in option), "")


def _default(schema: Mapping[str, Any]) -> str:
    value = schema.get("default")
    if value in (None, "", [], {}):
        return ""
    return f' <span class="soft">Default: {escape(json.dumps(value, ensure_ascii=False))}</span>'


def _kind(schema: Mapping[str, Any]) -> str:
    """What form a value has, in words, with links to shapes."""
    if "$ref" in schema:
        name = str(schema["$ref"]).removeprefix(_REF)
        return f'<a href="#shape-{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_kind(option) for option in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    if schema.get("type") == "array":
        most = f", at most {schema['maxItems']}" if "maxItems" in schema else ""
        return f"list of {_kind(schema['items'])}{most}" if "items" in schema else "list"
    return _plain_kind(schema)


def _plain_kind(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type", "anything")
    kind = " or ".join(kind) if isinstance(kind, list) else kind
    word = {"string": "text", "integer": "whole number", "boolean": "true or false"}.get(kind, kind)
    limits = {
        "minimum": "from {}",
        "maximum": "to {}",
        "minLength": "at least {} characters",
        "maxLength": "at most {}",
    }
    said = [text.format(schema[name]) for name, text in limits.items() if name in schema]
    return escape(", ".join([word, *said]) if said else word)
