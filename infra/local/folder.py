"""The runtime's folder belongs to one runtime at a time, and what is written into it is whole or not there."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import IO, Any

from .stop import CannotStart


class FolderLock:
    """A lock that the kernel lets go of when its holder dies, however it dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Make the folder ours, or stop and say who has it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder, _, address = file.read().strip().partition(" ")
            file.close()
            raise CannotStart(
                f"Latchstring is already running here (process {holder or 'unknown'}): {address or 'it is starting'}\n"
                "Stop it there with Ctrl-C, or use a folder of your own: LOCAL_DIR=/some/folder PORT=8100 make run"
            ) from None
        self._file = file
        self.note()

    def note(self, address: str = "") -> None:
        """Say in the file who holds it, and where it answers."""
        assert self._file
        self._file.truncate(0)
        self._file.write(f"{os.getpid()} {address}".rstrip())
        self._file.flush()

    def release(self) -> None:
        """Let the next one have it."""
        if self._file:
            self._file.close()
            self._file = None


def write_json(path: Path, value: Any, mode: int = 0o644) -> None:
    """Write a JSON file in one step: a reader, or a crash, sees the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def read_json(path: Path) -> Any:
    """The value in a JSON file, or None if there is no such file."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
