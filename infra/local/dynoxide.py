"""Dynoxide, DynamoDB's stand-in, as a child process on a database file.

Always a file, in tests too: Dynoxide never trims its stream log and each write to a streamed table scans it, so whoever
reads the stream deletes what was consumed (`trim`), and that needs a file to reach into.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from . import tools
from .folder import read_json, write_json
from .stop import CannotStart
from .tables import create_tables

__all__ = ["Dynoxide", "create_tables", "start", "trim"]

_LEASH = Path(__file__).with_name("leash.py")
_DATABASE = "dynamodb.db"


class Dynoxide:
    """One database in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / _DATABASE
        self.endpoint = ""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def _record(self) -> Path:
        return self.folder / "dynoxide.json"

    def start(self) -> None:
        """Start it and wait until it answers. The child lives as long as the calling *thread*, so call from main."""
        binary = tools.dynoxide()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._end_leftover()
        for _ in range(5):  # the free port may be taken between our look and Dynoxide's bind
            port = _free_port()
            command = [str(binary), "serve", "-p", str(port), "--db-path", str(self.database)]
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_LEASH), str(os.getpid()), *command],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            if self._answers(port):
                self.endpoint = f"http://127.0.0.1:{port}"
                write_json(self._record, {"pid": self._process.pid, "endpoint": self.endpoint})
                return
            self.stop()
        raise CannotStart(
            f"Dynoxide does not start on {self.database}. Is it a database of Dynoxide? See `make reset`."
        )

    def _answers(self, port: int) -> bool:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self.is_alive():
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                return self.is_alive()
            time.sleep(0.01)
        return False

    def is_alive(self) -> bool:
        """Whether the child is running."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Stop it, gently if it lets us."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
        self._record.unlink(missing_ok=True)

    def _end_leftover(self) -> None:
        """End the child of a runtime that was killed where the kernel knows no leash. Only if it is surely that child."""
        record = read_json(self._record)
        if record and str(self.database) in _command_of(record["pid"]):
            with contextlib.suppress(ProcessLookupError):
                os.kill(record["pid"], signal.SIGTERM)
            deadline = time.monotonic() + 3
            while str(self.database) in _command_of(record["pid"]) and time.monotonic() < deadline:
                time.sleep(0.02)


def start(folder: Path) -> str:
    """Start a database in `folder` for the life of this process, and give its endpoint. For tests."""
    database = Dynoxide(folder)
    database.start()
    atexit.register(database.stop)
    return database.endpoint


def trim(database: sqlite3.Connection, table_name: str, consumed: int | None = None) -> int:
    """Delete a table's stream records up to the sequence number `consumed` (None: all), and say how many.

    The last one always stays: Dynoxide counts on from it.
    """
    cursor = database.execute(
        "DELETE FROM _stream_records WHERE table_name = :table"
        " AND id < (SELECT max(id) FROM _stream_records WHERE table_name = :table)"
        " AND (:consumed IS NULL OR CAST(sequence_number AS INTEGER) <= :consumed)",
        {"table": table_name, "consumed": consumed},
    )
    return cursor.rowcount


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _command_of(pid: int) -> str:
    """The command line of a process, empty if there is none."""
    done = subprocess.run(
        ["ps", "-ww", "-p", str(pid), "-o", "command="],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout.strip()
