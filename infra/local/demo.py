"""The demo portal: seeded once, over the real API, and the block that says where to click.

`.local/demo.json` is written last, so it is the mark that seeding was done: if seeding was interrupted, the next start
does it again. Whatever fills the portal must bear that, which it does by sending each write with an Idempotency-Key.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .folder import read_json, write_json

PORTAL = "acme"
Demo = dict[str, Any]


class ApiFault(Exception):
    """The API answered a demo call with an error: the demo and the API do not fit together."""


class Api:
    """Calls of the JSON API, as a company's own system would make them."""

    def __init__(self, base_url: str, key: str = "") -> None:
        self.base_url = base_url
        self.key = key

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The decoded answer. Header names are given with underscores: `If_Match`."""
        sent = {"Content-Type": "application/json", "Accept": "application/json", "Authorization": f"Bearer {self.key}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection(urlsplit(self.base_url).netloc, timeout=30)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), sent)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status >= 400:
            raise ApiFault(f"{method} {path}: {answer.status} {content.decode('utf-8', 'replace')[:600]}")
        return json.loads(content) if content else None

    def create(self, path: str, body: Any, once: str) -> Any:
        """POST with the idempotency key `once`: done again, it answers as it did before."""
        return self.call("POST", path, body, Idempotency_Key=f"demo-{once}")


Fill = Callable[[str], Demo]


def seed_once(path: Path, base_url: str, fill: Fill) -> Demo:
    """Fill the demo portal unless `path` says that it is filled. What `fill` gives is kept there with the base URL."""
    demo: Demo = read_json(path) or fill(base_url)
    demo = {"base_url": base_url, **{name: value for name, value in demo.items() if name != "base_url"}}
    write_json(path, demo, mode=0o600)
    return demo


def where_to_click(base_url: str, demo: Demo | None, path: Path) -> str:
    """What `make run` prints when all is up."""
    lines = ["", f"  Latchstring is up: {base_url}", ""]
    if demo:
        lines += [f"  Demo portal   {base_url}/{demo.get('portal', PORTAL)}/"]
        lines += _client(next(iter(demo.get("clients", [])), None))
        lines += _staff(base_url, demo)
    lines += [f"  Inbox         {base_url}/inbox/    every email, text message, code and link"]
    lines += [f"  API           {base_url}/api/v1/docs"]
    if demo:
        lines += [f"  API key       api_key in {path}"]
    return "\n".join([*lines, "", "  Ctrl-C stops it. `make reset` forgets all of it.", ""])


def _staff(base_url: str, demo: Demo) -> list[str]:
    if "username" not in demo:
        return []
    return [
        f"  Staff         {base_url}/{demo.get('portal', PORTAL)}/staff/sign-in",
        f"    sign in as  {demo['username']}, password {demo['password']}",
        "    code        by text, to the inbox; or by the app whose address is otpauth in demo.json",
    ]


def _client(client: dict[str, Any] | None) -> list[str]:
    if not client:
        return []
    number, name = client.get("client_number", ""), client.get("last_name", "")
    return [
        f"    sign in as  client number {number}, last name {name}",
        f"    code to     {client.get('email', '')}",
    ]
