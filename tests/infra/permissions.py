"""What each function asks of AWS while tests play, held against its policy file: a missing permission shows here.

Every botocore call is put down to the function that runs at that moment: the API while Chalice answers a request, a
consumer while its handler runs. Calls that tests make themselves are nobody's and are left out. Presigned addresses are
not calls; the policies grant what they stand for under `KeepDocuments`.
"""

from __future__ import annotations

import json
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.client import BaseClient
from chalice.app import Chalice, EventSourceHandler

from chalicelib import portals, storage
from chalicelib.messaging import wordings
from chalicelib.security import keys
from infra.stages import APP, FUNCTIONS, ROOT

Asked = dict[str, set[tuple[str, str]]]
_HANDLERS = {
    "chalicelib.consumers.relay.handle": "relay",
    "chalicelib.consumers.deliver.urgent": "deliver_urgent",
    "chalicelib.consumers.deliver.bulk": "deliver_bulk",
    "chalicelib.consumers.feedback.handle": "feedback",
    "chalicelib.consumers.tick.handle": "tick",
    "chalicelib.consumers.facts_relay.handle": "facts_relay",
    "chalicelib.consumers.react.handle": "react",
}
_PARTS = {
    "Put": "dynamodb:PutItem", "Update": "dynamodb:UpdateItem", "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
}  # fmt: skip
_NAMED_OTHERWISE = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "s3:HeadObject": "s3:GetObject",
    "sesv2:SendEmail": "ses:SendRawEmail",  # our mails are raw MIME
}
_last: list[str] = []
_here = threading.local()


@contextmanager
def watching(*, apart: bool = False) -> Iterator[Asked]:
    """Note, for as long as the block runs, the (action, resource) pairs that each function needs.

    `apart`: no function knows what another has read, as in AWS, where each has a process of its own.
    """
    asked: Asked = defaultdict(set)
    call, answer, handle = BaseClient._make_api_call, Chalice.__call__, EventSourceHandler.__call__
    submit = storage._pool.submit

    def noted(self: Any, operation: str, parameters: dict[str, Any]) -> Any:
        if running := _stack():
            service = self.meta.service_model.service_name
            asked[running[-1]] |= set(_needed(service, operation, parameters))
        return call(self, operation, parameters)

    def answering(self: Any, event: Any, context: Any) -> Any:
        is_ours = self.app_name == APP  # tests of the local runtime have applications of their own
        return (
            _as("api_handler", apart, lambda: answer(self, event, context)) if is_ours else answer(self, event, context)
        )

    def handling(self: Any, event: Any, context: Any) -> Any:
        function = _HANDLERS.get(f"{self.func.__module__}.{self.func.__name__}")
        return _as(function, apart, lambda: handle(self, event, context)) if function else handle(self, event, context)

    def submitting(work: Callable[..., Any], *values: Any) -> Any:
        """storage reads beside each other in threads: what they ask is asked by the function that started them."""
        running = list(_stack())

        def started() -> Any:
            _here.stack = running
            return work(*values)

        return submit(started)

    BaseClient._make_api_call, Chalice.__call__, EventSourceHandler.__call__ = noted, answering, handling
    storage._pool.submit = submitting  # type: ignore[method-assign, assignment]
    try:
        yield asked
    finally:
        storage._pool.submit = submit  # type: ignore[method-assign]
        BaseClient._make_api_call, Chalice.__call__, EventSourceHandler.__call__ = call, answer, handle


def _as(function: str, apart: bool, work: Callable[[], Any]) -> Any:
    """Run as this function."""
    if apart and _last[:] != [function]:
        keys.forget()
        portals.forget_kept()
        wordings.forget_kept()
        _last[:] = [function]
    _stack().append(function)
    try:
        return work()
    finally:
        _stack().pop()


def _stack() -> list[str]:
    """What runs in this thread, the innermost last."""
    if not hasattr(_here, "stack"):
        _here.stack = []
    return _here.stack


def missing(asked: Asked) -> list[str]:
    """What was asked and is not granted, in words."""
    return sorted(
        f"{function} may not {action} on {resource}"
        for function, wanted in asked.items()
        for action, resource in wanted
        if not {(action, resource), (action, "*")} & granted(function)
    )


def granted(function: str) -> set[tuple[str, str]]:
    """What a function's policy allows, resources named as in the template: `MessagesTable`, `MessagesTable/index/unsent`."""
    files = json.loads((ROOT / ".chalice" / "config.json").read_text())["lambda_functions"]
    policy = json.loads((ROOT / ".chalice" / files[function]["iam_policy_file"]).read_text())
    return {
        (action, _named(resource))
        for statement in policy["Statement"]
        if statement["Effect"] == "Allow"
        for action in _listed(statement["Action"])
        for resource in _listed(statement["Resource"])
    }


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _named(resource: Any) -> str:
    if isinstance(resource, str):
        return resource
    if "Ref" in resource:
        return str(resource["Ref"])
    if "Fn::GetAtt" in resource:
        return str(resource["Fn::GetAtt"][0])
    text = str(resource["Fn::Sub"])
    return "mail" if ":ses:" in text else re.sub(r"\$\{(\w+)\.Arn\}", r"\1", text)


def _needed(service: str, operation: str, parameters: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if service == "dynamodb":
        yield from _needed_in_tables(operation, parameters)
        return
    if operation == "CopyObject":
        yield from (("s3:GetObject", "DocumentsBucket/*"), ("s3:PutObject", "DocumentsBucket/*"))
        return
    action = f"{service}:{operation}"
    yield _NAMED_OTHERWISE.get(action, action), _resource(service, parameters)


def _needed_in_tables(operation: str, parameters: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if operation == "TransactWriteItems":
        for item in parameters["TransactItems"]:
            for part, details in item.items():
                yield _PARTS[part], _table(details["TableName"])
    elif operation in ("BatchGetItem", "BatchWriteItem"):
        for name in parameters["RequestItems"]:
            yield f"dynamodb:{operation}", _table(name)
    else:
        index = parameters.get("IndexName")
        yield f"dynamodb:{operation}", _table(parameters["TableName"]) + (f"/index/{index}" if index else "")


def _table(name: str) -> str:
    return f"{name.rpartition('-')[2].title()}Table"


def _resource(service: str, parameters: dict[str, Any]) -> str:
    if service == "sqs":
        return f"{str(parameters['QueueUrl']).rpartition('/')[2].title()}Queue"
    return {"secretsmanager": "KeysSecretArn", "sns": "*", "sesv2": "mail", "s3": "DocumentsBucket/*"}[service]


assert set(_HANDLERS.values()) | {"api_handler"} == set(FUNCTIONS)
