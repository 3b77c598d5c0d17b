"""The two functions that run at the edge, in Node as CloudFront would run them."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest

from infra.stages import ROOT

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="Node is not installed")


def run(name: str, uri: str, headers: dict[str, Any] | None = None) -> dict[str, Any]:
    """What the function makes of a request."""
    event = {"request": {"uri": uri, "headers": headers or {}, "method": "GET"}, "viewer": {"ip": "2001:db8::7"}}
    script = (ROOT / "infra" / "edge" / f"{name}.js").read_text()
    code = f"{script}\nprocess.stdout.write(JSON.stringify(handler({json.dumps(event)})));"
    done = subprocess.run([str(NODE), "-e", code], capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_the_visitor_s_address_is_what_cloudfront_saw_and_not_what_was_sent() -> None:
    forged = {"x-viewer-address": {"value": "10.0.0.1"}, "accept": {"value": "text/html"}}
    request = run("viewer", "/acme/sign-in", forged)
    assert request["headers"]["x-viewer-address"] == {"value": "2001:db8::7"}
    assert request["headers"]["accept"] == {"value": "text/html"}
    assert request["uri"] == "/acme/sign-in"


@pytest.mark.parametrize("uri", ["/console", "/console/", "/console/people/1f0a", "/console/index.html"])
def test_every_place_in_the_console_is_its_one_page(uri: str) -> None:
    assert run("console", uri)["uri"] == "/console/index.html"


@pytest.mark.parametrize("uri", ["/console/assets/index-BkX2_9aZ.js", "/console/favicon.svg"])
def test_files_of_the_console_are_themselves(uri: str) -> None:
    assert run("console", uri)["uri"] == uri
