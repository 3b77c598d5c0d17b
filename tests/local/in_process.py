"""The demo portal of the tests, made once for each process, and the demo's calls straight into the application."""

from __future__ import annotations

from typing import Any

from chalicelib import portals
from chalicelib.errors import NotFound
from infra.local import demo
from tests.api.client import ApiClient
from tests.api.conftest import good, make_key
from tests.records import MODULES
from tests.world import World


class InProcess(demo.Api):
    """The demo's calls, straight into the application."""

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        return good(ApiClient(self.key).call(method, path, body, **headers)).json


def demo_api(world: World) -> InProcess:
    """The demo's calls to its portal, which is there from now on."""
    try:
        portals.get(demo.PORTAL)
    except NotFound:
        world.portal(slug=demo.PORTAL, modules=MODULES)
    return InProcess("", make_key(demo.PORTAL))
