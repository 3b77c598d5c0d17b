"""What Lambda's event sources do by themselves: a thread each that turns what happened into calls of a handler.

A pump can also be driven by hand: `turn()` does what there is to do and says how long to wait. The tests do so.
"""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from .lambda_events import Handler, invoke, schedule_event, topic_event
from .outbox import Outbox, now

log = logging.getLogger("latchstring.local")
_ILL_AFTER = 5  # failed turns in a row


class Pump(ABC):
    """Takes a turn, waits as long as the turn said or until `bell` rings, and again, until stopped."""

    def __init__(self, name: str, bell: threading.Event | None = None) -> None:
        self.name = name
        self.bell = bell or threading.Event()
        self._stopping = threading.Event()
        self._failures = 0
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @abstractmethod
    def turn(self) -> float:
        """Do what is to be done now, and give the seconds until there may be more (0: at once)."""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Begin no further turn."""
        self._stopping.set()
        self.bell.set()

    def join(self, seconds: float = 5) -> None:
        """Wait for the turn at hand to end."""
        if self._thread.ident:
            self._thread.join(seconds)

    def is_well(self) -> bool:
        """Whether it runs, and does not fail turn after turn."""
        return self._thread.is_alive() and self._failures < _ILL_AFTER

    @property
    def is_stopping(self) -> bool:
        """Whether it was asked to stop: a long turn ends early."""
        return self._stopping.is_set()

    def _run(self) -> None:
        while not self.is_stopping:
            try:
                wait = self.turn()
                self._failures = 0
            except Exception:
                if self.is_stopping:
                    return
                self._failures += 1
                log.exception("%s failed", self.name)
                wait = min(5.0, 0.2 * 2**self._failures)
            if wait > 0:
                self.bell.wait(wait)
                self.bell.clear()


class DeadLetters:
    """Events that a handler refused for good, kept for whoever wants to know why: one JSON document a line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def add(self, source: str, event: Any) -> None:
        """Keep one, and say so."""
        log.error("%s: given up on an event; it stands in %s", source, self._path)
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"at": time.time(), "source": source, "event": event}, default=str) + "\n")


class TimerPump(Pump):
    """EventBridge's schedule: soon after the start, then four times a minute, for somebody sits before this machine."""

    def __init__(self, handler: Handler, every: float = 15.0, first_after: float = 1.0) -> None:
        super().__init__("tick")
        self._handler = handler
        self._every = every
        self._next = time.monotonic() + first_after

    def turn(self) -> float:
        """Tick if the time has come."""
        wait = self._next - time.monotonic()
        if wait > 0:
            return wait
        self._next = time.monotonic() + self._every
        invoke(self._handler, "tick", schedule_event("tick"))
        return self._every


class FeedbackPump(Pump):
    """SES' events through SNS. An event stays in the outbox until the handler has taken it."""

    _TRIES = 8

    def __init__(self, handler: Handler, outbox: Outbox, dead: DeadLetters) -> None:
        super().__init__("feedback", outbox.taken)
        self._handler = handler
        self._outbox = outbox
        self._dead = dead

    def turn(self) -> float:
        """Hand on every event that is due."""
        for feedback in self._outbox.due_feedback(now()):
            if self.is_stopping:
                return 0
            try:
                invoke(self._handler, "feedback", topic_event(feedback.event, "ses-feedback"))
            except Exception:
                log.exception("feedback failed")
                if feedback.tries + 1 < self._TRIES:
                    wait = 0.5 * 2**feedback.tries * random.uniform(0.8, 1.2)
                    self._outbox.postpone_feedback(feedback.number, now() + wait)
                    continue
                self._dead.add("feedback", feedback.event)
            self._outbox.finish_feedback(feedback.number)
        due_at = self._outbox.next_feedback_at()
        return 60.0 if due_at is None else max(0.0, due_at - now())
