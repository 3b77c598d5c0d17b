"""One runtime for all tests of a module that only look at it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.local.running import Running, start


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """It has the process environment to itself until the module is done."""
    folder = tmp_path_factory.mktemp("local")
    static = folder / "static"
    static.mkdir()
    (static / "site.css").write_text("a{}")
    (static / ".hidden").write_text("x")
    (folder / "outside.txt").write_text("x")
    found = start(folder, timers=False, static=static)
    yield found
    found.runtime.stop()
