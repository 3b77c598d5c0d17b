"""`python -m infra.local.reset`: forget what the runtime keeps. What was installed or built beside it stays."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from .environment import REPOSITORY, Places
from .folder import FolderLock
from .stop import CannotStart

# Beginnings of names: SQLite keeps files of its own beside a database.
_OURS = (
    "dynamodb.db", "dynoxide.json", "outbox.db", "keys.json", "demo.json", "objects", "checkpoints.json",
    "dead-letters.jsonl", "endpoints.json",
)  # fmt: skip


def forget(folder: Path) -> None:
    """Delete all the runtime keeps in its folder. Refuses while a runtime works there."""
    if not folder.exists():
        return
    lock = FolderLock(Places(folder).lock)
    lock.take()
    try:
        for entry in folder.iterdir():
            if not entry.name.startswith(_OURS):
                continue
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()
    finally:
        lock.release()


def main() -> int:
    """Forget; the exit status."""
    try:
        forget(Path(os.environ.get("LOCAL_DIR") or REPOSITORY / ".local"))
    except CannotStart as stop:
        print(f"Not forgotten. {stop}", file=sys.stderr)
        return 1
    print("Local data forgotten. The next `make run` starts with the demo again.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
