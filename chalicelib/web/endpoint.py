"""The one door of the JSON API: every operation is guarded, parsed, called, answered and logged here.

Chalice turns an exception of a route into a response before any middleware sees it, so refusals become problem details
here, inside the route.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from chalice.app import Blueprint, Request, Response
from msgspec.structs import replace

from .. import ids, log, portals
from ..errors import NotFound, Refusal
from ..facts import Act
from ..portals.api_keys import EVERY_PORTAL
from . import address, callers, guard, once, parse, problems
from .headers import json_headers
from .operation import Answer, Body, Call, Handler, Operation


class Api:
    """A Chalice blueprint and the operations registered on it, in the order in which the documentation shows them."""

    def __init__(self, import_name: str, prefix: str) -> None:
        self.blueprint = Blueprint(import_name)
        self.operations: list[Operation] = []
        self._prefix = prefix

    def operation(
        self,
        method: str,
        path: str,
        group: str,
        *,
        query: type[msgspec.Struct] | None = None,
        body: type[msgspec.Struct] | None = None,
        takes: Body = "whole",
        gives: type[Any] | None = None,
        many: bool = False,
        status: int = 200,
        later: bool = False,
        replay: Handler | None = None,
        example: Mapping[str, Any] | None = None,
        refusals: tuple[str, ...] = (),
        at_root: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Register a handler as an operation. Fails at import if the guard table has no row for it."""
        whole = path if at_root else f"{self._prefix}{path}"
        guarded = guard.GUARDS[method, whole]

        def register(handler: Handler) -> Handler:
            made = Operation(
                method,
                whole,
                group,
                handler,
                query,
                body,
                takes,
                gives,
                many,
                status,
                later,
                replay,
                example,
                refusals,
            )
            self.operations.append(made)

            def view(**path_ids: str) -> Response:
                return respond(made, guarded, self.blueprint.current_request, path_ids)

            self.blueprint.route(whole, methods=[method], content_types=[], name=made.name)(view)
            return handler

        return register


def respond(operation: Operation, guarded: guard.Guard, request: Request, path_ids: Mapping[str, str]) -> Response:
    """The response to one request. Never raises."""
    started = time.perf_counter()
    request_id = str(request.context.get("requestId") or ids.new())
    code = ""
    try:
        answer = _answer(operation, guarded, request, path_ids, request_id)
    except Refusal as refusal:
        code = refusal.code
        problem = problems.of(refusal, request_id)
        answer = Answer(
            problem, problem.status, headers={"Content-Type": problems.CONTENT_TYPE, **problems.headers(refusal)}
        )
    except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets an answer and we a log line
        log.failure("operation failed", error, route=operation.path, method=operation.method, request_id=request_id)
        code = "unexpected"
        problem = problems.unexpected(request_id)
        answer = Answer(problem, problem.status, headers={"Content-Type": problems.CONTENT_TYPE})
    slug = path_ids.get("portal", "")
    log.info(
        "request",
        route=operation.path,
        method=operation.method,
        status=answer.status,
        refusal=code,
        milliseconds=round((time.perf_counter() - started) * 1000),
        request_id=request_id,
        portal=slug if guard.is_slug(slug) else "",
    )
    return _response(answer)


def _answer(
    operation: Operation, guarded: guard.Guard, request: Request, path_ids: Mapping[str, str], request_id: str
) -> Answer:
    call = _call(operation, guarded, request, path_ids, request_id)
    if call.ticket is not None and operation.replay is not None:
        return _once(operation.handler, operation.replay, call, call.ticket)
    answer = operation.handler(call)
    is_held = operation.method == "GET" and answer.version is not None
    if is_held and parse.none_match(request.headers.get("if-none-match"), answer.version or 0):
        return Answer(status=304, version=answer.version)
    return answer


def _call(
    operation: Operation, guarded: guard.Guard, request: Request, path_ids: Mapping[str, str], request_id: str
) -> Call[Any, Any]:
    slug = path_ids.get("portal")
    who = callers.of(operation.method, request.headers, slug) if guarded.audience == "key" else None
    if who is not None:
        guard.admit(guarded, who, slug)
    if not all(ids.is_id(value) for name, value in path_ids.items() if name != "portal"):
        raise NotFound
    query, body, sent = None, None, None
    if who is not None:
        query = parse.query(_parameters(request), operation.query)
        body, sent = _body(operation, request)
    act = Act(
        portal=slug or (who.portal if who else EVERY_PORTAL),
        actor=who.actor if who else "visitor",
        request_id=request_id,
        ip=address.client(request.headers, str(request.context.get("identity", {}).get("sourceIp") or "")),
    )
    held = None
    if operation.method == "POST" and who is not None:
        asked = f"POST {operation.path} {sorted(path_ids.items())}"
        header = request.headers.get("idempotency-key")
        held = once.ticket(header, portal=act.portal, holder=who.id, asked=asked, body=sent)
    return Call(
        act=act,
        query=query,
        body=body,
        new_id=ids.new(),
        ids=path_ids,
        who=who,
        at=portals.known(slug) if slug else None,
        version=parse.if_match(request.headers.get("if-match"))
        if operation.method in ("PUT", "PATCH", "DELETE")
        else None,
        ticket=held,
    )


def _parameters(request: Request) -> Mapping[str, list[str]]:
    found: Mapping[str, list[str]] = request.to_original_event().get("multiValueQueryStringParameters") or {}
    return found


def _body(operation: Operation, request: Request) -> tuple[Any, Any]:
    """The body as the handler takes it, and as it was sent."""
    if operation.method in ("GET", "DELETE"):
        return None, None
    raw = parse.raw_body(request.to_original_event())
    if operation.body is None:
        if raw and parse.json_body(raw, request.headers.get("content-type")) != {}:
            raise problems.Malformed("This takes no body.")
        return None, None
    sent = parse.json_body(raw, request.headers.get("content-type"))
    if operation.takes == "patch" and not isinstance(sent, dict):
        raise problems.Malformed("Send an object with the fields to change.")
    return (parse.struct(sent, operation.body) if operation.takes == "whole" else sent), sent


def _once(handler: Handler, replay: Handler, call: Call[Any, Any], held: once.Ticket) -> Answer:
    answer, is_repeated = once.carried_out(
        held,
        call.act,
        call.new_id,
        do=lambda act, new_id: handler(replace(call, act=act, new_id=new_id)),
        again=lambda first_id: replay(replace(call, new_id=first_id)),
    )
    return replace(answer, headers={**answer.headers, once.REPLAYED: "true"}) if is_repeated else answer


def _response(answer: Answer) -> Response:
    body = answer.text if answer.text is not None else ""
    if answer.value is not None:
        body = msgspec.json.encode(answer.value).decode()
    headers = json_headers()
    if not body:
        headers.pop("Content-Type", None)
    if answer.version is not None:
        headers["ETag"] = f'"{answer.version}"'
    return Response(body, headers={**headers, **answer.headers}, status_code=answer.status)
