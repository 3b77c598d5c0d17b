"""`python -m infra.local`: the local runtime in the foreground, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from pathlib import Path

from .environment import REPOSITORY
from .stop import CannotStart


def main() -> int:
    """Run; the exit status."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    told = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: told.set())
    try:
        port, folder = _port(), Path(os.environ.get("LOCAL_DIR") or REPOSITORY / ".local")
        return _run(port, folder, told)
    except CannotStart as stop:
        print(f"Latchstring cannot start: {stop}", file=sys.stderr)
        return 1


def _run(port: int, folder: Path, told: threading.Event) -> int:
    from . import demo  # only now: a wrong PORT should not wait for these
    from .demo_data import fill
    from .runtime import Runtime, run_until_told

    with Runtime(port, folder, database=os.environ.get("AWS_ENDPOINT_URL_DYNAMODB"), fill=fill) as runtime:
        print(demo.where_to_click(runtime.base_url, runtime.demo, runtime.places.demo), flush=True)
        return run_until_told(runtime, told, lambda line: print(line, file=sys.stderr))


def _port() -> int:
    given = os.environ.get("PORT") or "8000"
    if not given.isdigit() or int(given) > 65535:
        raise CannotStart(f"PORT={given} is not a port number. Try PORT=8100 make run")
    return int(given)


if __name__ == "__main__":
    sys.exit(main())
