"""Cuts botocore's service descriptions down to what Latchstring calls.

botocore ships 400 services in 16 MB of JSON. A cold start reads one file per client, and parsing it costs more than
any of our own imports: cut down, a DynamoDB client is ready in two thirds of the time (see bench/cold_start.py). What
is not listed here does not exist in the package: `tests/infra/test_zip.py` fails when the code calls something else.
"""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

# Service -> the operations the code calls, as AWS spells them.
OPERATIONS: dict[str, tuple[str, ...]] = {
    "dynamodb": (
        "BatchGetItem", "BatchWriteItem", "DeleteItem", "DescribeTable", "GetItem", "PutItem", "Query", "Scan",
        "TransactGetItems", "TransactWriteItems", "UpdateItem",
    ),
    # CreateBucket is never called: botocore borrows its address when it makes a presigned POST. HeadBucket is what it
    # asks when S3 answers that a bucket is in another region.
    "s3": ("CopyObject", "CreateBucket", "DeleteObject", "GetObject", "HeadBucket", "HeadObject", "PutObject"),
    "secretsmanager": ("GetSecretValue",),
    "sesv2": ("SendEmail",),
    "sns": ("ListPhoneNumbersOptedOut", "Publish"),
    "sqs": ("SendMessage", "SendMessageBatch"),
}  # fmt: skip

# The names under which endpoints.json knows these services.
_ENDPOINTS = frozenset({"dynamodb", "s3", "secretsmanager", "email", "sns", "sqs"})
_PARTITION = "aws"


def slim(botocore: Path) -> None:
    """Cut down the botocore package in this folder, in place."""
    data = botocore / "data"
    for entry in sorted(data.iterdir()):
        if entry.is_dir():
            _slim_service(entry)
    _rewrite(data / "endpoints.json", _only_our_endpoints)
    _rewrite(data / "partitions.json", _only_our_partition)


def _slim_service(folder: Path) -> None:
    operations = OPERATIONS.get(folder.name)
    if operations is None:
        shutil.rmtree(folder)
        return
    for file in sorted(folder.rglob("*.json*")):
        if file.name.startswith("service-2.json"):
            _store(file, _only(json.loads(_read(file)), operations))
        elif file.name.startswith(("endpoint-rule-set", "service-2.sdk-extras")):
            _store(file, json.loads(_read(file)))
        else:  # paginators, waiters, examples: we call none
            file.unlink()


def _read(file: Path) -> bytes:
    raw = file.read_bytes()
    return gzip.decompress(raw) if file.suffix == ".gz" else raw


def _store(file: Path, content: Any) -> None:
    """Write it plain: gunzipping at start costs more than the few kilobytes the zip compresses anyway."""
    file.unlink()
    plain = file.with_suffix("") if file.suffix == ".gz" else file
    plain.write_text(json.dumps(content, separators=(",", ":")))


def _only(service: dict[str, Any], operations: Iterable[str]) -> dict[str, Any]:
    service["operations"] = {name: service["operations"][name] for name in operations}
    service.pop("examples", None)
    wanted: set[str] = set()
    waiting = list(_shapes_in(service["operations"]))
    while waiting:
        shape = waiting.pop()
        if shape not in wanted:
            wanted.add(shape)
            waiting.extend(_shapes_in(service["shapes"][shape]))
    service["shapes"] = {name: shape for name, shape in service["shapes"].items() if name in wanted}
    slimmed: dict[str, Any] = _without_documentation(service)
    for parameter in slimmed.get("clientContextParams", {}).values():
        parameter["documentation"] = ""  # the one place where botocore insists on it
    return slimmed


def _shapes_in(node: Any) -> Iterable[str]:
    """Every shape that this part of a description refers to."""
    if isinstance(node, dict):
        if isinstance(node.get("shape"), str):
            yield node["shape"]
        for value in node.values():
            yield from _shapes_in(value)
    elif isinstance(node, list):
        for value in node:
            yield from _shapes_in(value)


def _without_documentation(node: Any) -> Any:
    if isinstance(node, dict):
        return {
            key: _without_documentation(value)
            for key, value in node.items()
            if not (key in ("documentation", "documentationUrl") and isinstance(value, str))
        }
    return [_without_documentation(value) for value in node] if isinstance(node, list) else node


def _rewrite(file: Path, change: Any) -> None:
    file.write_text(json.dumps(change(json.loads(file.read_text())), separators=(",", ":")))


def _only_our_endpoints(endpoints: dict[str, Any]) -> dict[str, Any]:
    ours = [part for part in endpoints["partitions"] if part["partition"] == _PARTITION]
    for part in ours:
        part["services"] = {name: value for name, value in part["services"].items() if name in _ENDPOINTS}
    return {**endpoints, "partitions": ours}


def _only_our_partition(partitions: dict[str, Any]) -> dict[str, Any]:
    return {**partitions, "partitions": [part for part in partitions["partitions"] if part["id"] == _PARTITION]}
