"""DynamoDB Streams to Lambda: batches in order, partial failures and bisecting as the event source mapping does them.

After each batch the checkpoint goes to disk, and the consumed records leave Dynoxide's log, which never trims itself.
While nothing is written the pump reads one counter of the database file (`PRAGMA data_version`, microseconds), and asks
for records only when it has moved. With another DynamoDB than Dynoxide it simply asks four times a second.
"""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import dynoxide
from .clients import client
from .folder import read_json, write_json
from .lambda_events import Handler, invoke, stream_event
from .pumps import DeadLetters, Pump, log

BATCH = 100
_WATCH_SECONDS = 0.025
_ASK_SECONDS = 0.25
_TRIES = 6  # of a single record, before it is given up
_STALE = {"ExpiredIteratorException", "TrimmedDataAccessException"}


class Checkpoints:
    """The last sequence number handed on, per stream and shard. Several pumps may write at the same time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, str] = read_json(path) or {}
        self._lock = threading.Lock()

    def read(self, stream: str, shard: str) -> str | None:
        """Where to go on, or None for the beginning."""
        return self._known.get(f"{stream}/{shard}")

    def write(self, stream: str, shard: str, sequence_number: str) -> None:
        """Remember, on disk. Those of earlier streams of the same table (made anew) are forgotten."""
        table = stream.partition("/stream/")[0]
        with self._lock:
            self._known = {
                name: at
                for name, at in self._known.items()
                if name.startswith(f"{stream}/") or not name.startswith(f"{table}/")
            }
            self._known[f"{stream}/{shard}"] = sequence_number
            write_json(self._path, self._known)


class DatabaseWatch:
    """Dynoxide's file, seen from outside: has something been written, and which stream records may go."""

    def __init__(self, file: Path) -> None:
        self._database = sqlite3.connect(file, timeout=10, isolation_level=None, check_same_thread=False)
        self._seen = -1

    def has_changed(self) -> bool:
        """Whether anybody else wrote since the last look."""
        version = int(self._database.execute("PRAGMA data_version").fetchone()[0])
        changed, self._seen = version != self._seen, version
        return changed

    def trim(self, table_name: str, consumed: str) -> None:
        """Delete the table's stream records up to this sequence number."""
        dynoxide.trim(self._database, table_name, int(consumed))

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()


@dataclass(slots=True)
class _Shard:
    id: str
    iterator: str | None


class StreamPump(Pump):
    """Hands one table's changes to one handler."""

    def __init__(
        self, name: str, endpoint: str, table_name: str, handler: Handler, checkpoints: Checkpoints, dead: DeadLetters,
        watch: DatabaseWatch | None = None,
    ) -> None:  # fmt: skip
        super().__init__(name)
        self._streams = client(endpoint, "dynamodbstreams")
        self._table = table_name
        self._arn = client(endpoint).describe_table(TableName=table_name)["Table"]["LatestStreamArn"]
        self._handler = handler
        self._checkpoints = checkpoints
        self._dead = dead
        self._watch = watch
        self._shards: list[_Shard] = []
        self._is_behind = True  # stays until a turn has handed on all there was

    def turn(self) -> float:
        """Hand on all there is, if there may be something."""
        self._is_behind |= self._watch is None or self._watch.has_changed()
        if not self._is_behind:
            return _WATCH_SECONDS
        if not self._shards:
            self._shards = self._open_shards()
        for shard in self._shards:
            while not self.is_stopping and self._hand_on_batch(shard):
                pass
        if any(shard.iterator is None for shard in self._shards):  # a shard has closed: there are new ones
            self._shards = []
        self._is_behind = False
        return _WATCH_SECONDS if self._watch else _ASK_SECONDS

    def _open_shards(self) -> list[_Shard]:
        described = self._streams.describe_stream(StreamArn=self._arn)["StreamDescription"]
        return [_Shard(shard["ShardId"], self._iterator(shard["ShardId"])) for shard in described["Shards"]]

    def _iterator(self, shard: str) -> str:
        position = {"ShardIteratorType": "TRIM_HORIZON"}
        if after := self._checkpoints.read(self._arn, shard):
            position = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": after}
        return str(self._streams.get_shard_iterator(StreamArn=self._arn, ShardId=shard, **position)["ShardIterator"])

    def _hand_on_batch(self, shard: _Shard) -> bool:
        """One batch of a shard; whether there may be more."""
        if shard.iterator is None:
            return False
        try:
            answer = self._streams.get_records(ShardIterator=shard.iterator, Limit=BATCH)
        except self._streams.exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in _STALE:
                raise
            shard.iterator = self._iterator(shard.id)
            return True
        records = answer["Records"]
        if records:
            try:
                self._handle(shard, records)
            except BaseException:
                shard.iterator = self._iterator(shard.id)  # what was not handed on is read again
                raise
        shard.iterator = answer.get("NextShardIterator")
        return len(records) == BATCH

    def _handle(self, shard: _Shard, records: list[dict[str, Any]]) -> None:
        """Have records handled in order; those before a failure are done, a failing batch is halved down to the record."""
        tries = 0
        while records:
            done, raised = self._invoke(records)
            if done:
                self._finish(shard, records[done - 1])
                records, tries = records[done:], 0
            elif raised and len(records) > 1:
                half = len(records) // 2
                self._handle(shard, records[:half])
                records, tries = records[half:], 0
            elif tries + 1 == _TRIES:
                self._dead.add(self.name, records[0])
                self._finish(shard, records[0])
                records, tries = records[1:], 0
            else:
                tries += 1
                self._wait(0.1 * 2**tries)

    def _wait(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise InterruptedError("asked to stop")

    def _invoke(self, records: list[dict[str, Any]]) -> tuple[int, bool]:
        """How many of the records, from the first, were taken; and whether the handler raised."""
        try:
            answer = invoke(self._handler, self.name, stream_event(records, self._arn)) or {}
        except Exception:  # noqa: BLE001 - whatever it was, the batch is tried again
            log.exception("%s failed", self.name)
            return 0, True
        failed = {failure["itemIdentifier"] for failure in answer.get("batchItemFailures", [])}
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        return next((n for n, number in enumerate(numbers) if number in failed), len(records)), False

    def _finish(self, shard: _Shard, record: dict[str, Any]) -> None:
        consumed = record["dynamodb"]["SequenceNumber"]
        self._checkpoints.write(self._arn, shard.id, consumed)
        if self._watch:
            self._watch.trim(self._table, consumed)
