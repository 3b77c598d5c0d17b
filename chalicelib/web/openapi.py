"""The OpenAPI 3.1 document, made from the operations and the structs that they take and give."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from ..portals.roles import OF_MANAGERS
from . import problems
from .callers import CSRF_HEADER
from .guard import GUARDS, Guard
from .operation import Operation

_IDEMPOTENCY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "Makes the call repeatable: within 24 hours the same key with the same request is carried out once "
    "and answered alike, with the header Idempotency-Replayed: true.",
}
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "The ETag of the version that the change is meant for. Another present version is answered with 412.",
}
_IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "The ETag of the version at hand. If it is the present one, the answer is 304 without a body.",
}
_PATH_TEXTS = {"portal": "The portal's slug.", "key": "The API key's id.", "user": "The user's id."}
_TEXTS = {"docs": "text/html", "export": "text/csv"}  # what is no JSON, by the end of its path
_SCHEMES: dict[str, dict[str, str]] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "Authorization: Bearer ls_..."},
    "header": {"type": "apiKey", "in": "header", "name": "X-Api-Key", "description": "The same key, alone."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-staff-{portal}",
        "description": "A staff user's session: the cookie that signing in at /{portal}/staff/sign-in sets.",
    },
    "office": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-session-{portal}",
        "description": "The session of a user of an office, from /{portal}/sign-in/password. Managers act within their office.",
    },
    "csrf": {
        "type": "apiKey",
        "in": "header",
        "name": CSRF_HEADER,
        "description": "With a session, whatever is no GET also carries its token, as GET /portals/{portal}/me tells it.",
    },
}
_ABOUT = (
    "Create portals, accounts, contacts and benefits batches, and follow what clients do with them. Send an API key with "
    "each call; pages of this site that staff or users of offices have signed in to send their session's cookie and its CSRF "
    "token. Lists are paged by cursor, changes are JSON merge patches (RFC 7386) with optional If-Match, creations take an "
    "Idempotency-Key, refusals are problem details (RFC 9457) that name every field at fault in form or content."
)


def document(operations: Sequence[Operation], prefix: str) -> dict[str, Any]:
    """The whole document. Paths are relative to the server, so that it is the same for every deployment."""
    shown = [operation for operation in operations if operation.path.startswith(prefix)]
    schemas = _Schemas(shown)
    paths: dict[str, Any] = {}
    for operation in shown:
        paths.setdefault(operation.path.removeprefix(prefix), {})[operation.method.lower()] = _described(
            operation, schemas
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Latchstring API",
            "version": "1",
            "summary": "The client portal's JSON API.",
            "description": _ABOUT,
        },
        "servers": [{"url": prefix}],
        "tags": [{"name": group} for group in dict.fromkeys(operation.group for operation in shown)],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.components.items())),
            "securitySchemes": _SCHEMES,
            "responses": _problem_responses(),
        },
    }


class _Schemas:
    """The schemas of every struct that is taken or given, by name."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._types: list[type[Any]] = [problems.Problem]
        for operation in operations:
            self._types += [shape for shape in (operation.body, operation.gives, operation.query) if shape]
        self._types = list(dict.fromkeys(self._types))
        found, components = msgspec.json.schema_components(self._types, ref_template="#/components/schemas/{name}")
        self._of = dict(zip(self._types, found, strict=True))
        queries = {operation.query.__name__ for operation in operations if operation.query}
        self._queries = {name: components.pop(name) for name in queries}
        self.components: dict[str, Any] = components
        for operation in operations:
            if operation.takes == "patch" and operation.body:
                self.components[f"{operation.body.__name__}Patch"] = _patch(components[operation.body.__name__])
        self._keep_reachable(operations)

    def of(self, shape: Any) -> dict[str, Any]:
        """A reference to the schema of a struct."""
        return dict(self._of[shape])

    def parameters(self, query: type[msgspec.Struct]) -> list[dict[str, Any]]:
        """The query parameters that a struct describes."""
        found = []
        for name, schema in self._queries[query.__name__]["properties"].items():
            plain = _without_null(schema)
            described = {"description": plain.pop("description")} if "description" in plain else {}
            plain.pop("default", None) if plain.get("default") in (None, "") else None
            found.append({"name": name, "in": "query", "required": False, "schema": plain, **described})
        return found

    def _keep_reachable(self, operations: Iterable[Operation]) -> None:
        """Drop what only the unpatched input of a PATCH referred to and nothing else does."""
        taken = {operation.body.__name__ for operation in operations if operation.body and operation.takes != "patch"}
        for operation in operations:
            name = operation.body.__name__ if operation.body else ""
            if operation.takes == "patch" and name not in taken and not self._is_used(name):
                self.components.pop(name, None)

    def _is_used(self, name: str) -> bool:
        reference = f"#/components/schemas/{name}"
        return any(reference in _references(schema) for schema in self.components.values())


def _references(schema: Any) -> set[str]:
    if isinstance(schema, Mapping):
        own = {schema["$ref"]} if isinstance(schema.get("$ref"), str) else set()
        return own.union(*(_references(value) for value in schema.values()))
    if isinstance(schema, list):
        return set().union(*(_references(value) for value in schema))
    return set()


def _patch(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a merge patch over a struct: nothing is required, null brings the default back."""
    properties = {}
    for name, inner in schema["properties"].items():
        plain = {key: value for key, value in inner.items() if key != "default"}
        options = plain.get("anyOf", [plain])
        properties[name] = {"anyOf": [*(option for option in options if option != {"type": "null"}), {"type": "null"}]}
    return {
        "title": f"{schema['title']}Patch",
        "type": "object",
        "description": "What to change, as a JSON merge patch: what is left out stays, null brings the default back.",
        "properties": properties,
        "additionalProperties": False,
    }


def _without_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    options = [option for option in schema.get("anyOf", []) if option != {"type": "null"}]
    if len(options) == 1:
        return {**{key: value for key, value in schema.items() if key != "anyOf"}, **options[0]}
    return dict(schema)


def _described(operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    guarded = GUARDS[operation.method, operation.path]
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.group],
        "parameters": _parameters(operation, schemas),
        "responses": _responses(operation, schemas),
        "security": _security(operation, guarded),
    }
    needs = f"Needs the permission {guarded.permission}." if guarded.permission else ""
    fresh = "In a session it also needs a second factor shown in the last ten minutes: see me/step-up."
    told = (operation.description, " ".join([needs, fresh] if guarded.fresh else [needs]))
    described["description"] = "\n\n".join(part for part in told if part)
    if guarded.permission:
        described["x-permission"] = guarded.permission
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": _body(operation, schemas)}
    return {
        name: value
        for name, value in described.items()
        if value not in ("", {}) and (value != [] or name == "security")
    }


def _security(operation: Operation, guarded: Guard) -> list[dict[str, list[str]]]:
    """The ways to say who calls, any one of which will do."""
    if guarded.audience != "key":
        return []
    token: dict[str, list[str]] = {} if operation.method == "GET" else {"csrf": []}
    of_office = "{portal}" in operation.path and guarded.permission in {None, *OF_MANAGERS}
    sessions = [] if guarded.every_portal else ["session", *(["office"] if of_office else [])]
    return [{"bearer": []}, {"header": []}, *({name: [], **token} for name in sessions)]


def _body(operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    if operation.takes == "patch" and operation.body:
        media: dict[str, Any] = {"schema": {"$ref": f"#/components/schemas/{operation.body.__name__}Patch"}}
        kinds = ["application/merge-patch+json", "application/json"]
    else:
        media, kinds = {"schema": schemas.of(operation.body)}, ["application/json"]
    if operation.example:
        media["example"] = operation.example
    return dict.fromkeys(kinds, media)


def _parameters(operation: Operation, schemas: _Schemas) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name in re.findall(r"{(\w+)}", operation.path):
        pattern = "^[a-z][a-z0-9-]{1,38}[a-z0-9]$" if name == "portal" else "^[0-9a-f]{32}$"
        text = _PATH_TEXTS.get(name, f"The {name}'s id.")
        schema = {"type": "string", "pattern": pattern}
        found.append({"name": name, "in": "path", "required": True, "schema": schema, "description": text})
    if operation.query:
        found += schemas.parameters(operation.query)
    if operation.method == "POST":
        found.append(_IDEMPOTENCY)
    if operation.method in ("PUT", "PATCH") or (operation.method == "DELETE" and "stale" in operation.refusals):
        found.append(_IF_MATCH)
    if _has_version(operation) and operation.method == "GET":
        found.append(_IF_NONE_MATCH)
    return found


def _has_version(operation: Operation) -> bool:
    return not operation.many and "version" in getattr(operation.gives, "__struct_fields__", ())


def _responses(operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    answers: dict[str, Any] = {str(operation.status): _good(operation, schemas)}
    if operation.later:
        answers["202"] = answers[str(operation.status)] | {"description": "Taken; the rest is done in a while."}
    if _has_version(operation) and operation.method == "GET":
        answers["304"] = {"description": "You hold the present version."}
    for code in refusals(operation):
        status = str(problems.KINDS[code].status)
        answers.setdefault(status, {"$ref": f"#/components/responses/{status}"})
    return dict(sorted(answers.items()))


def refusals(operation: Operation) -> list[str]:
    """The codes with which an operation may refuse."""
    found = ["unavailable", "unexpected"]
    guarded = GUARDS[operation.method, operation.path]
    if guarded.audience == "key":
        found += ["invalid", "not-signed-in", "forbidden"]
        if operation.method != "GET":
            found.append("csrf-token")
        if guarded.fresh:
            found.append("step-up-needed")
    if "{" in operation.path:
        found.append("not-found")
    if operation.method in ("POST", "PUT", "PATCH"):
        found += ["malformed-json", "too-large", "unsupported-media-type"]
    if operation.method == "POST":
        found.append("idempotency-key-reused")
    if operation.method in ("PUT", "PATCH"):
        found += ["conflict", "stale"]
    return [code for code in problems.KINDS if code in {*found, *operation.refusals}]


def _good(operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    words = {200: "Done.", 201: "Created.", 204: "Done; there is no body."}
    good: dict[str, Any] = {"description": words[operation.status]}
    headers: dict[str, Any] = {}
    if operation.gives is None:
        if operation.status != 204:
            kind = _TEXTS.get(operation.path.rpartition("/")[2], "application/json")
            good["content"] = {kind: {"schema": {"type": "string" if kind in _TEXTS.values() else "object"}}}
    elif operation.many:
        items = {"type": "array", "items": schemas.of(operation.gives)}
        cursor = {"type": ["string", "null"], "description": "Where the next page starts; null on the last one."}
        page = {"type": "object", "required": ["items", "cursor"], "properties": {"items": items, "cursor": cursor}}
        good["content"] = {"application/json": {"schema": page}}
        headers["Link"] = {"schema": {"type": "string"}, "description": 'The next page, as rel="next".'}
    else:
        good["content"] = {"application/json": {"schema": schemas.of(operation.gives)}}
    if _has_version(operation):
        headers["ETag"] = {"schema": {"type": "string"}, "description": "The version, in quotes."}
    if operation.status == 201:
        headers["Location"] = {"schema": {"type": "string"}, "description": "Where the new resource is."}
    return good | ({"headers": headers} if headers else {})


def _problem_responses() -> dict[str, Any]:
    """One response per status, listing the codes that may come with it."""
    found: dict[str, Any] = {}
    for code, kind in problems.KINDS.items():
        text = f"`{code}`: {kind.title}. {kind.advice}"
        if held := found.get(str(kind.status)):
            held["description"] += f"\n\n{text}"
            continue
        schema = {"$ref": "#/components/schemas/Problem"}
        found[str(kind.status)] = {"description": text, "content": {problems.CONTENT_TYPE: {"schema": schema}}}
    for status in ("429", "503"):
        found[status]["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}}
    return found
