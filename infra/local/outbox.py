"""What the provider has accepted, on disk before it answers: the evidence of what was sent, and the inbox's source.

A message id is accepted once: the same id again gets the provider id it already has. The feedback events that an
accepted message causes are written in the same transaction and stay until the application has taken them.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, message TEXT UNIQUE, portal TEXT,
    channel TEXT NOT NULL, recipient TEXT NOT NULL, sender TEXT NOT NULL, subject TEXT, text TEXT NOT NULL, html TEXT,
    headers TEXT NOT NULL, tags TEXT NOT NULL, accepted_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS by_recipient ON messages (lower(recipient), number);
CREATE TABLE IF NOT EXISTS feedback (
    number INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, due_at REAL NOT NULL, tries INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS by_due ON feedback (due_at);
CREATE TABLE IF NOT EXISTS opted_out (number TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS repeated (message TEXT NOT NULL, at REAL NOT NULL);
"""
_COLUMNS = "number, id, message, portal, channel, recipient, sender, subject, text, html, headers, tags, accepted_at"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message as the provider took it. `message` is Latchstring's own id for it, `id` the provider's."""

    channel: str
    recipient: str
    sender: str
    subject: str | None
    text: str
    html: str | None
    headers: list[tuple[str, str]]
    tags: dict[str, str]
    id: str
    accepted_at: float
    number: int = 0

    @property
    def message(self) -> str | None:
        """Latchstring's id of the message, if it told it."""
        return self.tags.get("message")

    @property
    def portal(self) -> str | None:
        """The portal it was sent for, if it told it."""
        return self.tags.get("portal")


@dataclass(frozen=True, slots=True)
class Feedback:
    """An event on its way to the application: due at a time in seconds since 1970."""

    event: dict[str, Any]
    due_at: float
    number: int = 0
    tries: int = 0


def new_provider_id() -> str:
    """An id in the manner of SES and SNS."""
    return str(uuid.uuid4())


class Outbox:
    """The store. One connection behind a lock: a local machine sends little, and order is worth more than speed."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.executescript(_SCHEMA)
        self.taken = threading.Event()  # rung whenever feedback was added

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._database.close()

    def accept(self, message: Accepted, feedback: Iterable[Feedback]) -> str:
        """Store the message, unless its message id was accepted before; the provider id it now has."""
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                known = self._known(message.message)
                if known is None:
                    self._insert(message)
                    self._add_feedback(feedback)
                else:  # SES would send it twice: tests look here, whether anybody asked for that
                    self._database.execute("INSERT INTO repeated VALUES (?, ?)", (message.message, now()))
                self._database.execute("COMMIT")  # on disk from here on (synchronous = FULL)
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
        self.taken.set()
        return known or message.id

    def find(self, message_id: str) -> Accepted | None:
        """The accepted message with this message id of Latchstring's."""
        return next(iter(self._select("WHERE message = ?", (message_id,))), None)

    def read(self, provider_id: str) -> Accepted | None:
        """The accepted message with this id of the provider's."""
        return next(iter(self._select("WHERE id = ?", (provider_id,))), None)

    def newest(self, to: str = "", limit: int = -1) -> list[Accepted]:
        """Accepted messages, newest first. `to` is a whole address or number, or part of one."""
        wanted = to.strip().lower()
        if not wanted:
            return self._select("ORDER BY number DESC LIMIT ?", (limit,))
        if "@" in wanted.strip("@") or wanted.startswith("+"):
            return self._select("WHERE lower(recipient) = ? ORDER BY number DESC LIMIT ?", (wanted, limit))
        return self._select("WHERE instr(lower(recipient), ?) ORDER BY number DESC LIMIT ?", (wanted, limit))

    def version(self) -> int:
        """Grows with each accepted message."""
        with self._lock:
            return int(self._database.execute("SELECT coalesce(max(number), 0) FROM messages").fetchone()[0])

    def opt_out(self, number: str) -> None:
        """The owner of a number has answered STOP: nothing more is accepted for it."""
        with self._lock:
            self._database.execute("INSERT OR IGNORE INTO opted_out (number) VALUES (?)", (number,))

    def opt_in(self, number: str) -> None:
        """The owner of a number has answered START."""
        with self._lock:
            self._database.execute("DELETE FROM opted_out WHERE number = ?", (number,))

    def opted_out(self) -> list[str]:
        """The numbers whose owners have answered STOP."""
        with self._lock:
            return [number for (number,) in self._database.execute("SELECT number FROM opted_out ORDER BY number")]

    def add_feedback(self, feedback: Iterable[Feedback]) -> None:
        """Put events on their way."""
        with self._lock:
            self._add_feedback(feedback)
        self.taken.set()

    def due_feedback(self, now: float, limit: int = 10) -> list[Feedback]:
        """Events whose time has come, oldest first."""
        with self._lock:
            rows = self._database.execute(
                "SELECT event, due_at, number, tries FROM feedback WHERE due_at <= ? ORDER BY due_at, number LIMIT ?",
                (now, limit),
            ).fetchall()
        return [Feedback(json.loads(event), due_at, number, tries) for event, due_at, number, tries in rows]

    def next_feedback_at(self) -> float | None:
        """When the next event is due, or None if none is on its way."""
        with self._lock:
            due_at = self._database.execute("SELECT min(due_at) FROM feedback").fetchone()[0]
        return None if due_at is None else float(due_at)

    def finish_feedback(self, number: int) -> None:
        """The application has taken the event."""
        with self._lock:
            self._database.execute("DELETE FROM feedback WHERE number = ?", (number,))

    def postpone_feedback(self, number: int, due_at: float) -> None:
        """The application did not take it: once more, later."""
        with self._lock:
            self._database.execute(
                "UPDATE feedback SET due_at = ?, tries = tries + 1 WHERE number = ?", (due_at, number)
            )

    def _known(self, message_id: str | None) -> str | None:
        row = self._database.execute("SELECT id FROM messages WHERE message = ?", (message_id,)).fetchone()
        return str(row[0]) if row else None

    def _insert(self, message: Accepted) -> None:
        fields = asdict(message) | {"message": message.message, "portal": message.portal}
        fields |= {"headers": json.dumps(message.headers), "tags": json.dumps(message.tags)}
        names = [name.strip() for name in _COLUMNS.split(",")][1:]
        marks = ", ".join(f":{name}" for name in names)
        self._database.execute(f"INSERT INTO messages ({', '.join(names)}) VALUES ({marks})", fields)

    def _add_feedback(self, feedback: Iterable[Feedback]) -> None:
        rows = [(json.dumps(each.event), each.due_at) for each in feedback]
        self._database.executemany("INSERT INTO feedback (event, due_at) VALUES (?, ?)", rows)

    def _select(self, rest: str, values: tuple[Any, ...]) -> list[Accepted]:
        with self._lock:
            rows = self._database.execute(f"SELECT {_COLUMNS} FROM messages {rest}", values).fetchall()
        return [_accepted(row) for row in rows]


def _accepted(row: tuple[Any, ...]) -> Accepted:
    number, provider_id, _, _, channel, recipient, sender, subject, text, html, headers, tags, accepted_at = row
    pairs = [(name, value) for name, value in json.loads(headers)]
    return Accepted(
        channel, recipient, sender, subject, text, html, pairs, json.loads(tags), provider_id, accepted_at, number
    )


def now() -> float:
    """The provider's clock: the wall's, since it is not part of the application."""
    return time.time()
