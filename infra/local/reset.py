"""`python -m infra.local.reset`: forget all local data. What was installed stays."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from .environment import REPOSITORY, Places
from .folder import FolderLock
from .stop import CannotStart

_KEPT = ("tools", "checkov-venv", "lock")


def forget(folder: Path) -> None:
    """Delete everything in the runtime's folder but what was installed. Refuses while a runtime works there."""
    if not folder.exists():
        return
    lock = FolderLock(Places(folder).lock)
    lock.take()
    try:
        for entry in folder.iterdir():
            if entry.name in _KEPT:
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
