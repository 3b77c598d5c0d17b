"""`python -m infra.local`: the local runtime in the foreground, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from .environment import REPOSITORY
from .stop import CannotStart

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    """Run; the exit status."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    for chatty in ("urllib3", "waitress.queue"):  # they remark on every burst of requests
        logging.getLogger(chatty).setLevel(logging.ERROR)
    _on_signals(_give_up)
    try:
        return _run(_port(), Path(os.environ.get("LOCAL_DIR") or REPOSITORY / ".local"))
    except CannotStart as stop:
        print(f"Latchstring cannot start: {stop}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _run(port: int, folder: Path) -> int:
    from . import demo  # only now: a wrong PORT is told before these are loaded
    from .demo_data import fill
    from .runtime import Runtime, run_until_told

    print("Starting ...", flush=True)
    told = threading.Event()
    with Runtime(port, folder, database=os.environ.get("AWS_ENDPOINT_URL_DYNAMODB"), fill=fill) as runtime:
        _on_signals(lambda *_: told.set())  # from here on, stopping is orderly and cannot be interrupted
        print(demo.where_to_click(runtime.base_url, runtime.demo, runtime.places.demo), flush=True)
        return run_until_told(runtime, told, lambda line: print(line, file=sys.stderr))


def _on_signals(act: Any) -> None:
    for number in _SIGNALS:
        signal.signal(number, act)


def _give_up(*_: object) -> None:
    """Break off a start; what was started is stopped on the way out."""
    raise KeyboardInterrupt


def _port() -> int:
    given = os.environ.get("PORT") or "8000"
    if not given.isdigit() or int(given) > 65535:
        raise CannotStart(f"PORT={given} is not a port number. Try PORT=8100 make run")
    return int(given)


if __name__ == "__main__":
    sys.exit(main())
