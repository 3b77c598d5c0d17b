"""API Gateway's part: the shape of the event, the choice of the resource, what never reaches the application."""

from __future__ import annotations

import base64
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from infra.local.gateway import LARGEST_BODY, http_response
from infra.local.routing import Resources
from tests.local.running import Running


def test_event_has_the_shape_of_a_rest_proxy_event(running: Running) -> None:
    answer = running.get(
        "/echo/a%20b%2Fc?x=1&x=2&y=&z=%C3%A9", Host="portal.example:8000", Cookie="s=1", X_Forwarded_For="1.2.3.4"
    )
    event = answer.json["event"]
    assert answer.json["name"] == "a b/c"
    assert event["resource"] == event["requestContext"]["resourcePath"] == "/echo/{name}"
    assert event["path"] == "/echo/a%20b%2Fc"
    assert event["pathParameters"] == {"name": "a b/c"}
    assert event["queryStringParameters"] == {"x": "2", "y": "", "z": "é"}
    assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"], "y": [""], "z": ["é"]}
    assert event["headers"]["Host"] == event["requestContext"]["domainName"] == "portal.example:8000"
    assert event["headers"]["X-Forwarded-For"] == "1.2.3.4, 127.0.0.1"
    assert event["multiValueHeaders"]["Cookie"] == ["s=1"]
    assert event["requestContext"]["identity"]["sourceIp"] == "127.0.0.1"
    assert event["requestContext"]["httpMethod"] == event["httpMethod"] == "GET"
    assert event["requestContext"]["protocol"] == "HTTP/1.1"
    assert event["stageVariables"] is None and event["body"] is None and event["isBase64Encoded"] is False
    assert answer.headers["x-amzn-RequestId"] == event["requestContext"]["requestId"]


def test_what_is_absent_is_null(running: Running) -> None:
    event = running.get("/echo/x").json["event"]
    assert event["queryStringParameters"] is None and event["multiValueQueryStringParameters"] is None


def test_binary_bodies_travel_in_base64_and_text_as_it_is(running: Running) -> None:
    binary = running.ask("POST", "/echo/x", b"\x00\xff", Content_Type="image/png").json["event"]
    assert binary["isBase64Encoded"] is True and base64.b64decode(binary["body"]) == b"\x00\xff"
    text = running.ask("POST", "/echo/x", "é".encode(), Content_Type="text/plain").json["event"]
    assert text["isBase64Encoded"] is False and text["body"] == "é"


def test_several_cookies_and_unicode_come_back(running: Running) -> None:
    answer = running.get("/cookies")
    assert answer.headers.get_all("Set-Cookie") == ["a=1", "b=2"]
    assert answer.body.decode() == "<p>é</p>" and answer.headers["Content-Type"] == "text/html; charset=utf-8"


def test_threads_do_not_see_each_others_request(running: Running) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: running.get(f"/echo/n{n}").json, range(40)))
    assert [answer["name"] for answer in answers] == [f"n{n}" for n in range(40)]
    assert all(answer["same"] for answer in answers)


@pytest.mark.parametrize("method", ["HEAD", "DELETE", "OPTIONS"])
def test_a_method_without_a_route_is_405_and_runs_nothing(running: Running, method: str) -> None:
    answer = running.ask(method, "/echo/x")
    assert answer.status == 405 and answer.headers["Allow"] == "GET, POST"
    assert b"event" not in answer.body


def test_head_leaves_the_connection_good(running: Running) -> None:
    address = urlsplit(running.runtime.base_url)
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=5) as raw:
        raw.sendall(
            b"HEAD /echo/x HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        said = b"".join(iter(lambda: raw.recv(65536), b""))
    head, _, rest = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 405") and rest.startswith(b"HTTP/1.1 200")


def test_unknown_paths_are_404_as_json_below_api_and_else_as_a_page(running: Running) -> None:
    api, page = running.get("/api/v1/nothing"), running.get("/no/such/page")
    assert api.status == page.status == 404
    assert api.headers["Content-Type"] == "application/problem+json" and api.json["message"] == "Not found"
    assert page.headers["Content-Type"].startswith("text/html") and b"Page not found" in page.body


def test_a_body_over_ten_megabytes_is_413(running: Running) -> None:
    body = b"x" * (LARGEST_BODY + 1)
    assert running.ask("POST", "/echo/x", body, Content_Type="text/plain").status == 413


def test_a_body_over_lambdas_payload_is_413(running: Running) -> None:
    assert running.ask("POST", "/echo/x", b"x" * (7 * 1024 * 1024), Content_Type="text/plain").status == 413


def test_too_large_a_head_is_431(running: Running) -> None:
    assert running.get("/echo/x", X_Large="x" * 11_000).status == 431


def test_a_line_break_in_an_answers_header_is_502(running: Running) -> None:
    answer = running.get("/broken")
    assert answer.status == 502 and "X-Worse" not in answer.headers


def test_headers_that_api_gateway_sets_itself_are_renamed() -> None:
    response = http_response({"statusCode": 401, "headers": {"WWW-Authenticate": "Bearer", "Server": "x"}, "body": ""})
    assert response.headers["x-amzn-Remapped-WWW-Authenticate"] == "Bearer" and "Server" not in response.headers


@pytest.mark.parametrize("answer", [{}, {"statusCode": "x"}, {"statusCode": 200, "body": "?", "isBase64Encoded": True}])
def test_malformed_answers_are_not_passed_on(answer: dict[str, object]) -> None:
    with pytest.raises((KeyError, ValueError)):
        http_response(json.loads(json.dumps(answer)))


RESOURCES = Resources(
    ["/", "/a", "/{p}", "/{p}/sign-in", "/{p}/{q}", "/a/b/{id}", "/a/{proxy+}", "/api/v1/x", "/{p}/{q}/z"]
)


@pytest.mark.parametrize(
    ("path", "resource", "parameters"),
    [
        ("/", "/", {}),
        ("/a", "/a", {}),
        ("/a/", "/a", {}),
        ("/acme", "/{p}", {"p": "acme"}),
        ("/acme/", "/{p}", {"p": "acme"}),
        ("/acme/sign-in", "/{p}/sign-in", {"p": "acme"}),
        ("/acme/other", "/{p}/{q}", {"p": "acme", "q": "other"}),
        ("/a/b/1", "/a/b/{id}", {"id": "1"}),
        ("/a/b/1/2", "/a/{proxy+}", {"proxy": "b/1/2"}),
        ("/a/sign-in", "/a/{proxy+}", {"proxy": "sign-in"}),
        ("/api/v1/z", "/{p}/{q}/z", {"p": "api", "q": "v1"}),
        ("/a%2Fb", "/{p}", {"p": "a/b"}),
    ],
)
def test_the_most_specific_resource_answers(path: str, resource: str, parameters: dict[str, str]) -> None:
    match = RESOURCES.match(path)
    assert match is not None and (match.resource, match.parameters) == (resource, parameters)


@pytest.mark.parametrize("path", ["/acme//", "/x/y/w", "//sign-in"])
def test_paths_with_empty_segments_match_nothing(path: str) -> None:
    assert RESOURCES.match(path) is None


def test_two_names_for_one_path_parameter_are_refused() -> None:
    with pytest.raises(ValueError, match=r"named \{p\} elsewhere"):
        Resources(["/{p}/a", "/{portal}/b"])
