"""The world in which the tests play: a real DynamoDB engine, queues, a provider that counts, and a clock that moves.

`environment()` must run before `chalicelib` is imported, which `conftest` sees to. Everything starts once a process
(one per pytest-xdist worker); a test gets a portal of its own instead of an empty database.
"""

from __future__ import annotations

import atexit
import base64
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.local import dynoxide, lambda_events
from infra.local import environment as local
from infra.local.object_store import ObjectStore
from infra.local.objects import Objects
from infra.local.server import HttpServer, listen
from infra.local.signatures import Credentials
from infra.local.tables import client as database_client
from tests.cloud import Cloud, Queue, Sent

START = datetime(2030, 6, 3, 9, 0, tzinfo=UTC).timestamp()  # a Monday; far enough on for no engine to clean up by TTL
PREFIX = "latchstring-tests"
PUBLIC_URL = "https://portal.example.com"
Handler = Callable[[Any, Any], Any]
_AT_ONCE = 1000  # stream records, as many as DynamoDB gives at most
_TRIM_AFTER = 200  # stream records; each slows every write a little


class MovableClock:
    """Seconds since 1970, standing still until told to move."""

    def __init__(self) -> None:
        self.seconds = START

    def __call__(self) -> float:
        return self.seconds

    def advance(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Let time pass."""
        self.seconds += seconds + 60 * minutes + 3600 * hours + 86400 * days

    def reset(self) -> None:
        """Back to the start."""
        self.seconds = START


class World:
    """All of it. `drain` carries everything queued to its end; `inbox` is what the provider accepted, oldest first."""

    def __init__(self) -> None:
        self.clock = MovableClock()
        self.cloud = Cloud(self.clock)
        self._folder = Path(tempfile.mkdtemp(prefix="latchstring-tests-"))
        self.database = dynoxide.start(self._folder)
        dynoxide.create_tables(self.database, PREFIX)
        keys = Credentials(local.ACCESS_KEY, local.SECRET_KEY)
        self.objects = HttpServer(Objects(ObjectStore(self._folder / "objects"), keys), listen(0))
        self.cloud.secrets["keys"] = json.dumps(
            {"current": 1, "keys": {"1": base64.b64encode(bytes(range(32))).decode()}, "origin_secret": "0" * 64}
        )
        os.environ.update(self.environment())
        file = self._folder / "dynamodb.db"
        self._stream = _Messages(self.database, file, f"{PREFIX}-messages")
        self._facts = _Facts(self.database, file, f"{PREFIX}-facts")
        self._database = database_client(self.database)
        self._portals = 0
        atexit.register(self._remove)

    def environment(self) -> dict[str, str]:
        """The settings of this process, in place of whatever the shell had."""
        endpoints = local.Endpoints(self.database, self.cloud.url, self.cloud.url, self.objects.url)
        for name in list(os.environ):
            if name.startswith(("LATCHSTRING_", "AWS_")):
                del os.environ[name]
        return {
            "LATCHSTRING_STAGE": "test",
            "LATCHSTRING_PUBLIC_URL": PUBLIC_URL,
            "LATCHSTRING_TABLE_PREFIX": PREFIX,
            "LATCHSTRING_URGENT_QUEUE_URL": f"{self.cloud.url}/{local.ACCOUNT}/urgent",
            "LATCHSTRING_BULK_QUEUE_URL": f"{self.cloud.url}/{local.ACCOUNT}/bulk",
            "LATCHSTRING_REACTIONS_QUEUE_URL": f"{self.cloud.url}/{local.ACCOUNT}/reactions",
            "LATCHSTRING_DOCUMENTS_BUCKET": "latchstring-tests-documents",
            "LATCHSTRING_KEYS_SECRET_ID": "keys",
            "LATCHSTRING_MAIL_FROM": "hello@portal.example.com",
            "LATCHSTRING_SES_CONFIGURATION_SET": "latchstring-tests",
            **local.aws_settings(endpoints),
        }

    def reset(self) -> None:
        """What a test may have left in this process or on its way; rows stay, under portals that no other test uses."""
        from chalicelib import portals
        from chalicelib.messaging import wordings
        from chalicelib.security import keys

        self.clock.reset()
        self.cloud.reset()
        self._stream.forget()
        self._facts.skip()
        self._forget_due()
        for key in ("*#opt-outs", "*#pace#bulk"):  # of the whole deployment: moments that the clock now lies before
            self._database.delete_item(TableName=f"{PREFIX}-tokens", Key={"pk": {"S": key}})
        portals.forget_kept()
        wordings.forget_kept()
        keys.forget()

    def _forget_due(self) -> None:
        """Leave alone what earlier tests left due of registrations and workflows: a tick would do it amidst another."""
        for table in (f"{PREFIX}-registrations", f"{PREFIX}-workflows"):
            if not self._facts.log.execute(f'SELECT 1 FROM "{table}::gsi::due" LIMIT 1').fetchone():
                continue
            for row in self._database.scan(TableName=table, IndexName="due")["Items"]:
                key = {"pk": row["pk"], "sk": row["sk"]}
                self._database.update_item(TableName=table, Key=key, UpdateExpression="REMOVE due_at, due_shard")

    def portal(self, **settings: Any) -> Any:
        """A new portal (`chalicelib.portals.Portal`), open, with the given settings."""
        import msgspec

        from chalicelib import portals
        from chalicelib.facts import Act

        self._portals += 1
        plain = {"slug": f"test-{os.getpid()}-{self._portals}", "name": "Acme Benefits", **settings}
        wanted = msgspec.convert(plain, portals.PortalInput)
        return portals.create(Act(wanted.slug, "system:tests"), wanted)

    @property
    def inbox(self) -> list[Sent]:
        """What was accepted, oldest first."""
        return self.cloud.provider.accepted

    def sent_to(self, address: str) -> list[Sent]:
        """What was accepted for one recipient, oldest first."""
        return [sent for sent in self.inbox if sent.to == address]

    def newest(self, address: str) -> Sent:
        """The newest message to one recipient."""
        sent = self.sent_to(address)
        assert sent, f"nothing was sent to {address}"
        return sent[-1]

    def drain(self, *, feedback: bool = True) -> None:
        """Streams → relays → queues → deliver → provider → feedback, until nothing moves any more at this moment."""
        moved = True
        while moved:
            relayed = self.relay()
            moved = self.react() + self.work(self.cloud.urgent) + self.work(self.cloud.bulk) > 0
            if feedback:
                moved |= self.tell() > 0
            moved |= relayed > 0 and self._stream.is_behind

    def relay(self) -> int:
        """Hand the stream's new records to the relay, as its event source mapping does; how many there were."""
        from chalicelib.consumers import relay

        return _relayed(self._stream, self._stream.read(), relay.handle, "relay")

    def react(self) -> int:
        """Hand on the new facts that concern workflows, and have them reacted to; how much moved."""
        return self.relay_facts() + self.work(self.cloud.reactions)

    def relay_facts(self) -> int:
        """Hand the new facts that pass the filter to their relay; how many there were. With none, nothing is invoked."""
        from chalicelib.consumers import facts_relay

        return _relayed(self._facts, self._facts.concerning(), facts_relay.handle, "facts_relay")

    def work(self, queue: Queue) -> int:
        """Have everything that is visible in a queue worked; how many messages were taken out."""
        from chalicelib.consumers import deliver, react

        handler, function = {
            id(self.cloud.urgent): (deliver.urgent, "deliver_urgent"),
            id(self.cloud.bulk): (deliver.bulk, "deliver_bulk"),
            id(self.cloud.reactions): (react.handle, "react"),
        }[id(queue)]
        done = 0
        while messages := queue.receive():
            event = lambda_events.queue_event(messages, f"arn:aws:sqs:{local.REGION}:{local.ACCOUNT}:{function}")
            answer = lambda_events.invoke(handler, function, event)
            failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
            for message in messages:
                if message["MessageId"] not in failed:
                    queue.delete(message["MessageId"])
                    done += 1
        return done

    def tell(self) -> int:
        """Pass the provider's feedback on; how many events there were."""
        events, self.cloud.provider.feedback = self.cloud.provider.feedback, []
        for event in events:
            self.feedback(event)
        return len(events)

    def feedback(self, event: dict[str, Any]) -> None:
        """Pass one event on."""
        from chalicelib.consumers import feedback

        lambda_events.invoke(feedback.handle, "feedback", lambda_events.topic_event(event, "feedback"))

    def lose_stream(self) -> None:
        """What is in the stream now is never relayed."""
        self._stream.skip()

    def forget_unsent(self) -> None:
        """Take away whatever is queued and unsent."""
        self._stream.forget()

    def tick(self) -> None:
        """The minute's tick."""
        from chalicelib.consumers import tick

        lambda_events.invoke(tick.handle, "tick", lambda_events.schedule_event("tick"))

    def scan(self, table: str) -> Iterator[dict[str, Any]]:
        """Every item of a table as DynamoDB holds it: for tests of what is at rest."""
        pages = self._database.get_paginator("scan").paginate(TableName=f"{PREFIX}-{table}")
        for page in pages:
            yield from page["Items"]

    @contextmanager
    def telling(self) -> Iterator[None]:
        """The product's clock is this world's."""
        from chalicelib import clock

        with clock.telling(self.clock):
            yield

    def _remove(self) -> None:
        self.objects.close()
        self.cloud.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


class _Stream:
    """A table's stream, read by real GetRecords from where we were."""

    def __init__(self, endpoint: str, file: Path, table: str) -> None:
        self._streams = database_client(endpoint, "dynamodbstreams")
        self._table = table
        self.log = sqlite3.connect(file, timeout=10, check_same_thread=False)
        self._database = database_client(endpoint)
        self.arn = self._database.describe_table(TableName=table)["Table"]["LatestStreamArn"]
        shards = self._streams.describe_stream(StreamArn=self.arn)["StreamDescription"]["Shards"]
        (self._shard,) = [shard["ShardId"] for shard in shards]
        self._last: str | None = None
        self._iterator: str | None = None
        self._consumed = 0
        self.is_behind = False  # some of what was read is to be read again

    def read(self) -> list[dict[str, Any]]:
        """The records since the last time."""
        found: list[dict[str, Any]] = []
        self.is_behind = False
        while True:
            answer = self._streams.get_records(ShardIterator=self._iterator or self._position(), Limit=_AT_ONCE)
            self._iterator = answer.get("NextShardIterator")
            records = answer["Records"]
            if records:
                self._last = records[-1]["dynamodb"]["SequenceNumber"]
            self._consumed += len(records)
            found += records
            if len(records) < _AT_ONCE:  # this engine, unlike DynamoDB, gives all there is
                self._trim()
                return found

    def skip(self) -> None:
        """Leave what is there unread."""
        self.read()

    def go_back(self, sequence_number: str) -> None:
        """Read again from this record on."""
        self._last, self._iterator, self.is_behind = str(int(sequence_number) - 1), None, True

    def _position(self) -> str:
        position = {"ShardIteratorType": "TRIM_HORIZON"}
        if self._last:
            position = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": self._last}
        answer = self._streams.get_shard_iterator(StreamArn=self.arn, ShardId=self._shard, **position)
        return str(answer["ShardIterator"])

    def _trim(self) -> None:
        if self._consumed >= _TRIM_AFTER and self._last:
            with self.log:
                dynoxide.trim(self.log, self._table, int(self._last))
            self._consumed = 0


class _Messages(_Stream):
    """The messages table's stream. It knows which messages are unsent."""

    def __init__(self, endpoint: str, file: Path, table: str) -> None:
        super().__init__(endpoint, file, table)
        self._unsent: set[str] = set()

    def read(self) -> list[dict[str, Any]]:
        """The records since the last time."""
        records = super().read()
        for record in records:
            key, image = record["dynamodb"]["Keys"]["pk"]["S"], record["dynamodb"].get("NewImage", {})
            if "unsent_shard" in image:
                self._unsent.add(key)
            else:
                self._unsent.discard(key)
        return records

    def forget(self) -> None:
        """Leave unread what earlier tests wrote, and remove what they left unsent: a sweep would find it."""
        self.read()
        for key in self._unsent:
            self._database.delete_item(TableName=self._table, Key={"pk": {"S": key}})
        self._unsent.clear()


class _Facts(_Stream):
    """The facts' stream. The engine's file tells whether any new fact concerns workflows: most do not, and cost nothing."""

    _newest: str | None = None

    def concerning(self) -> list[dict[str, Any]]:
        """The records since the last time that pass the filter of the event source mapping."""
        from chalicelib.facts.reactions import CONCERNING

        images = self._images()
        if not any(f'"{kind}"' in image for image in images for kind in CONCERNING):
            self._pass_over(len(images))
            return []
        return [record for record in self.read() if record["dynamodb"]["NewImage"]["kind"]["S"] in CONCERNING]

    def skip(self) -> None:
        """Leave what is there unread."""
        self._pass_over(len(self._images()))

    def _images(self) -> list[str]:
        """What was written since the last time, as it stands in the engine's file. Facts are only ever added."""
        query = (
            "SELECT sequence_number, new_image FROM _stream_records"
            " WHERE table_name = ? AND CAST(sequence_number AS INTEGER) > ? ORDER BY id"
        )
        rows = self.log.execute(query, (self._table, int(self._last or 0))).fetchall()
        self._newest = rows[-1][0] if rows else self._last
        return [image for _, image in rows]

    def _pass_over(self, count: int) -> None:
        if count:
            self._last, self._iterator = self._newest, None
            self._consumed += count
            self._trim()


def _relayed(stream: _Stream, records: list[dict[str, Any]], handler: Handler, function: str) -> int:
    """Give records to a relay as its event source mapping does; how many were taken."""
    for start in range(0, len(records), 100):
        event = lambda_events.stream_event(records[start : start + 100], stream.arn)
        answer = lambda_events.invoke(handler, function, event)
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        if failed:
            stream.go_back(min(failed, key=int))
            return start
    return len(records)
