"""A rotation of the keys: while one process knows the new version and another does not yet, nothing is lost."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from chalicelib import aws
from chalicelib.errors import Unavailable
from chalicelib.messaging import reading
from chalicelib.messaging.statuses import Status
from chalicelib.security import keys
from chalicelib.security.sealed import seal, unseal
from chalicelib.web import csrf
from tests.browsing import Browser
from tests.factories import ask_code, begin, make_client, newest_code
from tests.world import World

_MASTERS = {"1": bytes(range(32)), "2": bytes(range(1, 33))}
_NOW = 1_000_000.0


class Processes:
    """What two processes hold of the ring: `knowing` takes on the one, `unaware` the other, which read it long ago."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self._world, self.time, self.reads = world, _NOW, 0
        monkeypatch.setattr(keys, "time", SimpleNamespace(monotonic=lambda: self.time))
        real = aws.client

        def client(service: str) -> object:
            self.reads += service == "secretsmanager"
            return real(service)

        monkeypatch.setattr(aws, "client", client)
        keys.forget()
        keys.current()
        self._before = keys._held
        self.time += 60

    def rotate(self) -> None:
        """Make version 2 current."""
        self.keep(2, "1", "2")

    def keep(self, current: int, *versions: str) -> None:
        """Write the secret."""
        kept = {version: base64.b64encode(_MASTERS[version]).decode() for version in versions}
        self._world.cloud.secrets["keys"] = json.dumps({"current": current, "keys": kept, "origin_secret": "0" * 64})

    def knowing(self) -> None:
        """Go on as a process that has read the secret just now."""
        keys.forget()
        assert keys.current() == 2
        self.reads = 0

    def unaware(self) -> None:
        """Go on as a process that read it a minute ago."""
        keys._held, self.reads = self._before, 0
        assert keys.current() == 1


@pytest.fixture
def processes(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Processes]:
    before = world.cloud.secrets["keys"]
    yield Processes(world, monkeypatch)
    world.cloud.secrets["keys"] = before
    keys.forget()


def test_a_code_made_with_the_new_key_is_sent_by_a_worker_that_does_not_know_it(
    world: World, processes: Processes
) -> None:
    client, browser = make_client(world), Browser()
    world.drain()
    processes.rotate()
    processes.knowing()
    ask_code(browser, client)
    processes.unaware()
    world.drain()
    code = newest_code(world, client.email)
    assert keys.current() == 2 and processes.reads == 1
    processes.unaware()
    assert browser.fill(code=code).heading == "Welcome"


def test_a_worker_that_cannot_learn_of_the_key_lets_the_queue_bring_the_code_again(
    world: World, processes: Processes
) -> None:
    client, browser = make_client(world), Browser()
    world.drain()
    processes.rotate()
    processes.knowing()
    ask_code(browser, client)
    processes.keep(1, "1")
    processes.unaware()
    world.drain()
    (line,) = [each for each in reading.listed(client.slug).items if each.template == "verification-code"]
    assert line.status == Status.QUEUED.value
    processes.rotate()
    processes.time += 6
    world.clock.advance(181)
    world.drain()
    assert browser.fill(code=newest_code(world, client.email)).heading == "Welcome"


def test_a_form_made_under_either_key_is_taken_under_the_other(world: World, processes: Processes) -> None:
    client, browser = make_client(world), Browser()
    processes.rotate()
    processes.knowing()
    begin(browser, client)
    processes.unaware()
    assert browser.fill(method="email", destination=client.email).heading == "Enter your code"

    processes.unaware()
    begin(browser, client)
    processes.knowing()
    assert browser.fill(method="email", destination=client.email).heading == "Enter your code"


def test_a_form_s_token_counts_under_a_key_that_is_kept_and_no_other(world: World, processes: Processes) -> None:
    processes.rotate()
    processes.unaware()
    old = csrf.token("acme", "form", "session")
    processes.knowing()
    new = csrf.token("acme", "form", "session")
    for good in (old, new):
        csrf.check("acme", "form", "session", good, None)
    name = old.removesuffix(".1")
    mixed = [name + end for end in ("", ".", ".2", ".01", ".+1", ".²", ".7", ".1\n", ".1.1", "." + "1" * 5000)]
    mixed += [new.removesuffix("2") + "1", "", ".", ".1"]
    for bad in mixed:
        with pytest.raises(csrf.FormNotOurs):
            csrf.check("acme", "form", "session", bad, None)
    processes.keep(2, "2")
    processes.knowing()
    csrf.check("acme", "form", "session", new, None)
    with pytest.raises(csrf.FormNotOurs):
        csrf.check("acme", "form", "session", old, None)


def test_what_is_sealed_is_readable_to_a_process_that_did_not_know_the_key(world: World, processes: Processes) -> None:
    processes.rotate()
    processes.knowing()
    sealed = seal("step", "acme", {"a": "b"}, 60)
    processes.unaware()
    assert unseal("step", "acme", sealed, dict[str, str]) == {"a": "b"}


def test_an_unknown_version_is_looked_up_every_five_seconds_at_most(processes: Processes) -> None:
    forged = "9" + seal("step", "acme", {"a": "b"}, 60)[1:]
    processes.unaware()
    for _ in range(10):
        assert unseal("step", "acme", forged, dict[str, str]) is None
        with pytest.raises(Unavailable):
            keys.key("code", 9)
    assert processes.reads == 1
    processes.time += 4.9
    assert unseal("step", "acme", forged, dict[str, str]) is None
    assert processes.reads == 1
    processes.time += 0.2
    assert unseal("step", "acme", forged, dict[str, str]) is None
    assert processes.reads == 2


def test_a_known_version_is_not_looked_up_again(processes: Processes) -> None:
    processes.unaware()
    sealed = seal("step", "acme", {"a": "b"}, 60)
    assert unseal("step", "acme", sealed, dict[str, str]) == {"a": "b"}
    csrf.check("acme", "form", "session", csrf.token("acme", "form", "session"), None)
    assert processes.reads == 0


def test_names_of_things_typed_stay_the_same(processes: Processes) -> None:
    before = keys.fingerprint("identity/number", "NW-1")
    processes.rotate()
    processes.knowing()
    assert keys.fingerprint("identity/number", "NW-1") == before
    assert keys.mac("code", "a") != keys.mac("code", "a", version=1)
