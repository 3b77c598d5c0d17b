"""The documentation page's worked example, run by a shell as it is printed."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from infra.local.gateway import Gateway
from infra.local.server import HttpServer, listen
from tests.world import PUBLIC_URL, World

from .client import ApiClient, application
from .conftest import good, make_key

pytestmark = pytest.mark.skipif(not shutil.which("curl") or not shutil.which("bash"), reason="needs bash and curl")


def printed() -> str:
    """Every command of the example, as a reader copies it from the page."""
    page = good(ApiClient(None).get("/docs")).text
    example = page.partition('<h2 id="example">')[2].partition("<h2 ")[0]
    return "\n".join(html.unescape(command) for command in re.findall(r"<pre>(.*?)</pre>", example, re.DOTALL))


def test_the_worked_example_runs_as_it_is_printed(world: World, tmp_path: Path) -> None:
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "demo.json").write_text(json.dumps({"api_key": make_key("*")}))
    server = HttpServer(Gateway(application()[0]), listen(0))
    try:
        script = "set -euo pipefail\n" + printed().replace(PUBLIC_URL, server.url)
        ran = subprocess.run(
            ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )
    finally:
        server.close()
    assert ran.returncode == 0, ran.stderr + ran.stdout
    assert "problem-" not in ran.stdout, ran.stdout

    world.drain()
    office = ApiClient(make_key("northwind"))
    (batch,) = good(office.get("/portals/northwind/batches")).items
    assert batch["status"] == "client_review"
    (document,) = good(office.get(f"/portals/northwind/batches/{batch['id']}/documents")).items
    assert document["status"] == "ready"
    (message,) = good(office.get(f"/portals/northwind/messages?about=batch:{batch['id']}")).items
    (contact,) = good(office.get("/portals/northwind/contacts")).items
    assert (message["recipient"], message["status"]) == (contact["emails"][0], "delivered")
    told = good(office.get(f"/portals/northwind/facts?subject=batch:{batch['id']}")).items
    assert sorted(fact["kind"] for fact in told if fact["kind"].startswith("staff")) == [
        "staff:batch:created", "staff:batch:placed-in-review", "staff:document:added", "staff:document:ready",
    ]  # fmt: skip
