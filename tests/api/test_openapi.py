"""The OpenAPI document and the documentation page."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from werkzeug.test import EnvironBuilder

from chalicelib.api import product
from chalicelib.api.registry import api
from chalicelib.web import parse, problems
from chalicelib.web.guard import GUARDS
from infra.local.gateway import Gateway
from tests.world import PUBLIC_URL

from .client import ApiClient, application
from .conftest import good

SNAPSHOT = Path(__file__).parents[2] / "docs" / "openapi.json"


@pytest.fixture(scope="module")
def document() -> Any:
    return good(ApiClient(None).get("/openapi.json")).json


def test_the_document_is_valid_openapi(document: Any) -> None:
    validate = pytest.importorskip("openapi_spec_validator").validate
    validate(document)
    assert document["openapi"] == "3.1.0"


def test_the_snapshot_is_current() -> None:
    """docs/openapi.json is kept so that a change of the API shows in review. WRITE_SNAPSHOT=1 writes it anew."""
    text = msgspec.json.format(product.document().encode(), indent=2).decode() + "\n"
    if os.environ.get("WRITE_SNAPSHOT"):
        SNAPSHOT.write_text(text, encoding="utf-8")
    assert SNAPSHOT.read_text(encoding="utf-8") == text, "the API has changed: make openapi"


def test_every_operation_is_described(document: Any) -> None:
    described = {
        (method.upper(), f"/api/v1{path}") for path, methods in document["paths"].items() for method in methods
    }
    assert described == {row for row in GUARDS if row[1].startswith("/api/v1/") and "+" not in row[1]}
    for path, methods in document["paths"].items():
        for method, described_ in methods.items():
            where = f"{method} {path}"
            assert described_["summary"], where
            assert len(described_["summary"]) < 50, where
            assert {each["name"] for each in described_.get("parameters", []) if each["in"] == "path"} == set(
                re.findall(r"{(\w+)}", path)
            ), where
            guard = GUARDS[method.upper(), f"/api/v1{path}"]
            assert bool(described_["security"]) == (guard.audience == "key"), where


def test_every_schema_that_is_referred_to_exists_and_no_other(document: Any) -> None:
    referred = set(re.findall(r"#/components/(\w+/\w+)", json.dumps(document)))
    present = {f"{kind}/{name}" for kind in ("schemas", "responses") for name in document["components"][kind]}
    assert referred <= present
    assert {name for name in present - referred if name.startswith("schemas")} == set()


def test_every_input_refuses_what_it_does_not_know(document: Any) -> None:
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            for media in described.get("requestBody", {}).get("content", {}).values():
                name = media["schema"]["$ref"].rpartition("/")[2]
                assert document["components"]["schemas"][name]["additionalProperties"] is False, (method, path)


def test_every_example_is_one() -> None:
    for operation in api.operations:
        if operation.body is None:
            continue
        assert operation.example, operation.name
        if operation.takes == "patch":
            needed = {field: "x" for field in ("name",) if field in operation.body.__struct_fields__}
            unknown = operation.example.keys() - set(operation.body.__struct_fields__)
            assert not unknown, (operation.name, needed)
        else:
            parse.struct(dict(operation.example), operation.body)


def test_the_page_reads_well_without_scripts_or_anything_from_elsewhere() -> None:
    reply = good(ApiClient(None).get("/docs"))
    assert reply.headers["Content-Type"].startswith("text/html")
    policy = reply.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert "default-src 'none'" in policy
    assert not re.findall(r"<script|<img|<link|<iframe|src=|@import|url\(| style=| on\w+=", reply.text)
    ids = re.findall(r' id="([^"]+)"', reply.text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', reply.text)) <= set(ids)
    assert {f"problem-{code}" for code in problems.KINDS} <= set(ids)
    for operation in product._operations():
        if operation.path.startswith("/api"):
            assert f' id="{operation.name}"' in reply.text


def test_every_refusal_that_the_api_may_give_is_explained() -> None:
    """A refusal of a sign-in page is not; every other code has its line in the table."""
    from chalicelib import errors
    from chalicelib.messaging import queue  # noqa: F401 - its refusals

    def subclasses(kind: type[errors.Refusal]) -> set[type[errors.Refusal]]:
        return {kind}.union(*(subclasses(each) for each in kind.__subclasses__()))

    pages_only = {
        "account-locked",
        "last-factor",
        "link-over",
        "not-fresh",
        "password-wrong",
        "attempt-over",
        "awaiting-review",
        "step-over",
        "code-over",
        "code-wrong",
        "locked",
        "sends-used-up",
        "form-not-ours",
        "session-over",
        "view-only",
        "view-over",
        "changed-meanwhile",
        "unsubscribe-link-wrong",
    }
    codes = {
        getattr(kind, "code", "") for kind in subclasses(errors.Refusal) if kind.__module__.startswith("chalicelib")
    }
    assert codes - pages_only - problems.KINDS.keys() == set()
    for kind in subclasses(errors.Refusal):
        if kind.code in problems.KINDS and kind.__module__.startswith("chalicelib"):
            assert problems.KINDS[kind.code].status == kind.status


def test_health_is_told_without_a_key_or_a_call() -> None:
    reply = ApiClient(None).get("/healthz")
    assert (reply.status, reply.json) == (200, {"status": "ok"})


def test_an_unknown_path_is_a_problem_like_any_other() -> None:
    for method in ("GET", "POST", "PATCH", "PUT", "DELETE"):
        reply = ApiClient(None).call(method, "/nothing/here", "garbage" if method != "GET" else None)
        assert (reply.status, reply.code) == (404, "not-found")


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1", "/api/v1/"])
def test_the_roots_lead_to_the_documentation(path: str) -> None:
    reply = ApiClient(None).get(path)
    assert (reply.status, reply.headers["Location"]) == (303, "/api/v1/docs")


@pytest.mark.parametrize("path", ["/api", "/api/v1", "/api/v2", "/api/v2/portals", "/api/favicon.ico"])
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "PUT", "DELETE"])
def test_everything_else_below_the_root_is_a_problem(path: str, method: str) -> None:
    if method == "GET" and path in ("/api", "/api/v1"):
        return
    reply = ApiClient(None).call(method, path)
    assert (reply.status, reply.code) == (404, "not-found")


def test_what_the_gateway_says_by_itself_is_a_problem_of_the_same_form() -> None:
    """It asks no application; so what it says is compared with the table."""
    gateway = Gateway(application()[0])
    for method, path in (("PUT", "/api/v1/portals"), ("PATCH", "/api/v1/docs"), ("HEAD", "/api/v1/portals/x/facts")):
        answer = gateway.answer(EnvironBuilder(path, method=method, base_url=PUBLIC_URL).get_environ())
        problem = json.loads(answer.get_data())
        assert (answer.status_code, answer.content_type) == (405, problems.CONTENT_TYPE)
        assert problem == {
            "type": "/api/v1/docs#problem-method-not-allowed",
            "title": "Method not allowed",
            "status": problems.KINDS["method-not-allowed"].status,
            "code": "method-not-allowed",
            "detail": "This address does not take that kind of request.",
            "request_id": answer.headers["x-amzn-RequestId"],
            "message": "Method not allowed",
        }
