"""Everything, started in order and stopped in reverse: folder and port first, so that a refusal changes nothing.

    with Runtime(port=0, directory=folder) as runtime:
        ... runtime.base_url ...

The real application takes its settings from the environment when it is imported, so a process runs it once. Tests of the
runtime itself give a `wiring` of their own and may start as many as they like.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from . import demo, dynoxide, settle
from .clients import client
from .cloud import Cloud, load_keys, make_queues
from .environment import (
    ACCESS_KEY,
    REPOSITORY,
    SECRET_KEY,
    TABLE_PREFIX,
    Endpoints,
    Environment,
    Places,
    application_settings,
)  # fmt: skip
from .folder import FolderLock, write_json
from .gateway import LARGEST_BODY, Gateway
from .inbox import Inbox
from .lambda_events import Handler
from .object_store import ObjectStore
from .objects import Objects
from .outbox import Outbox
from .provider import Provider
from .pumps import DeadLetters, FeedbackPump, Pump, TimerPump
from .queue_pump import Precedence, Queue, QueuePump
from .server import HttpServer, listen, port_of
from .signatures import Credentials
from .site import Site
from .static_files import StaticFiles
from .stream_pump import Checkpoints, DatabaseWatch, StreamPump
from .tables import create_tables
from .wiring import Wiring, import_application

_MESSAGES, _FACTS, _WORKFLOWS = (f"{TABLE_PREFIX}-{table}" for table in ("messages", "facts", "workflows"))


class Runtime:
    """The local runtime in this process.

    `port` 0 takes a free one; `database` is the endpoint of another DynamoDB than Dynoxide; `timers` False leaves the
    minute's tick out; `fill` seeds the demo portal.
    """

    def __init__(
        self,
        port: int = 8000,
        directory: Path = REPOSITORY / ".local",
        *,
        wiring: Wiring | None = None,
        database: str | None = None,
        timers: bool = True,
        fill: demo.Fill | None = None,
        static: Path = REPOSITORY / "static",
    ) -> None:
        self.places = Places(directory.resolve())
        self.base_url = ""
        self.demo: demo.Demo | None = None
        self.outbox: Outbox
        self.endpoints: Endpoints
        self.queues: dict[str, Queue] = {}
        self.pumps: list[Pump] = []
        self._port = port
        self._wiring = wiring
        self._given_database = database
        self._timers = timers
        self._fill = fill
        self._static = static
        self._closing = ExitStack()
        self._is_complete = False
        self._dynoxide: dynoxide.Dynoxide | None = None
        self._database: Any = None
        self._sqs: Any = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start everything, or stop what was started and raise CannotStart."""
        with ExitStack() as started:
            lock = FolderLock(self.places.lock)
            lock.take()
            started.callback(lock.release)
            listening = listen(self._port)
            started.callback(listening.close)
            self.base_url = f"http://127.0.0.1:{port_of(listening)}"
            lock.note(self.base_url)
            self._start_stand_ins(started)
            settings = self._prepare(started)
            wiring = self._wiring or import_application(settings)
            site = self._start_pumps_and_site(started, wiring, listening)
            site.gateway = Gateway(wiring.app)
            if self._fill:
                self.demo = demo.seed_once(self.places.demo, self.base_url, self._fill)
            self._is_complete = True
            self._closing = started.pop_all()

    def stop(self) -> None:
        """Finish what is being done, then stop everything. Harmless to call twice."""
        self._is_complete = False
        self._closing.close()

    def health(self) -> dict[str, bool]:
        """What must be true for the runtime to be of use."""
        return {
            "database": self._database_answers(),
            "consumers": bool(self.pumps) and all(pump.is_well() for pump in self.pumps),
            "application": self._is_complete,
        }

    def lives(self) -> bool:
        """Whether the database process, which nothing works without, is still there."""
        return self._dynoxide is None or self._dynoxide.is_alive()

    def pump(self, name: str) -> Pump:
        """The pump of this name: a consumer's, as FUNCTIONS in infra/stages.py has it."""
        return next(pump for pump in self.pumps if pump.name == name)

    def _start_stand_ins(self, started: ExitStack) -> None:
        def serve(app: Any, **options: Any) -> str:
            server = HttpServer(app, listen(0), **options)
            started.callback(server.close)
            return server.url

        database = self._start_database(started)
        self.outbox = Outbox(self.places.outbox)
        started.callback(self.outbox.close)
        objects = Objects(ObjectStore(self.places.objects), Credentials(ACCESS_KEY, SECRET_KEY))
        self.endpoints = Endpoints(
            dynamodb=database,
            cloud=serve(Cloud(self._ring_queues), threads=6),
            provider=serve(Provider(self.outbox)),
            objects=serve(objects),
        )

    def _start_database(self, started: ExitStack) -> str:
        if self._given_database:
            return self._given_database
        self._dynoxide = dynoxide.Dynoxide(self.places.root)
        self._dynoxide.start()
        started.callback(self._dynoxide.stop)
        return self._dynoxide.endpoint

    def _prepare(self, started: ExitStack) -> dict[str, str]:
        """Tables, queues, keys, and the environment in which the application finds them."""
        self._database = client(self.endpoints.dynamodb)
        create_tables(self.endpoints.dynamodb, TABLE_PREFIX)
        self._sqs = client(self.endpoints.cloud, "sqs")
        self.queues = make_queues(self._sqs)
        load_keys(client(self.endpoints.cloud, "secretsmanager"), self.places.keys)
        urls = {name: queue.url for name, queue in self.queues.items()}
        settings = application_settings(self.base_url, self.endpoints, urls, os.environ)
        environment = Environment()
        environment.enter(settings)
        started.callback(environment.leave)
        write_json(self.places.endpoints, settings)
        started.callback(self.places.endpoints.unlink, missing_ok=True)
        return settings

    def _start_pumps_and_site(self, started: ExitStack, wiring: Wiring, listening: Any) -> Site:
        self._settle(wiring)
        self.pumps = self._made_pumps(started, wiring)
        started.callback(self._stop_pumps)
        for pump in self.pumps:
            pump.start()
        site = Site(Inbox(self.outbox), StaticFiles(self._static), self.health, f"/{demo.PORTAL}/")
        server = HttpServer(site, listening, threads=8, largest=LARGEST_BODY + 1024)
        started.callback(server.close)
        return site

    def _settle(self, wiring: Wiring) -> None:
        unsettled = settle.find_unsettled(self._database, _MESSAGES)
        settle.settle(unsettled, self.outbox, wiring.confirm, wiring.release)
        settle.queue_again(unsettled, self.outbox, self._sqs, self.queues)
        settle.free_leases(self._database, _WORKFLOWS)
        if self.places.checkpoints.exists():
            ended = self.places.checkpoints.stat().st_mtime
            settle.relay_again(self._database, _FACTS, ended, wiring.facts_relay)

    def _made_pumps(self, started: ExitStack, wiring: Wiring) -> list[Pump]:
        dead, precedence = DeadLetters(self.places.dead_letters), Precedence()
        checkpoints = Checkpoints(self.places.checkpoints)
        sqs, queues = self._sqs, self.queues

        def stream(name: str, table: str, handler: Handler) -> StreamPump:
            watch = None
            if self._dynoxide:
                watch = DatabaseWatch(self._dynoxide.database)
                started.callback(watch.close)
            return StreamPump(name, self.endpoints.dynamodb, table, handler, checkpoints, dead, watch)

        pumps: list[Pump] = [
            QueuePump("deliver_urgent", sqs, queues["urgent"], wiring.deliver_urgent, precedence, is_urgent=True),
            QueuePump("deliver_bulk", sqs, queues["bulk"], wiring.deliver_bulk, precedence),
            QueuePump("react", sqs, queues["reactions"], wiring.react, precedence),
            FeedbackPump(wiring.feedback, self.outbox, dead),
            stream("relay", _MESSAGES, wiring.relay),
            stream("facts_relay", _FACTS, wiring.facts_relay),
        ]
        return [*pumps, TimerPump(wiring.tick)] if self._timers else pumps

    def _ring_queues(self) -> None:
        for pump in self.pumps:
            if isinstance(pump, QueuePump):
                pump.bell.set()

    def _stop_pumps(self) -> None:
        for pump in self.pumps:
            pump.ask_to_stop()
        for pump in self.pumps:
            pump.join()

    def _database_answers(self) -> bool:
        try:
            self._database.list_tables(Limit=1)
        except Exception:  # noqa: BLE001 - whatever it was, it is no answer
            return False
        return True


def run_until_told(runtime: Runtime, told: threading.Event, say: Callable[[str], None]) -> int:
    """Keep a started runtime going; the exit status of the process when it ended."""
    while not told.wait(1.0):
        if not runtime.lives():
            say("The database process ended by itself. Stopping; `make run` starts again with all data.")
            return 1
    return 0
