"""The parts of the application that the runtime calls: imported by name, as Lambda does, once the environment is set."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from chalice.app import Chalice

from .lambda_events import Handler
from .settle import Confirm, Release


@dataclass(frozen=True, slots=True)
class Wiring:
    """The application and its consumers; `confirm` and `release` tell it what became of a message at the provider."""

    app: Chalice
    relay: Handler
    facts_relay: Handler
    deliver_urgent: Handler
    deliver_bulk: Handler
    feedback: Handler
    tick: Handler
    react: Handler
    confirm: Confirm
    release: Release


def import_application(settings: dict[str, str]) -> Wiring:
    """The real one. Its settings are read once in a process, so a second runtime with others is refused."""
    config = import_module("chalicelib.config").settings
    if config.urgent_queue_url != settings["LATCHSTRING_URGENT_QUEUE_URL"]:
        raise RuntimeError("chalicelib was imported with other settings before: one real runtime per process")
    return Wiring(
        app=_named("app.app"),
        relay=_named("chalicelib.consumers.relay.handle"),
        facts_relay=_named("chalicelib.consumers.facts_relay.handle"),
        deliver_urgent=_named("chalicelib.consumers.deliver.urgent"),
        deliver_bulk=_named("chalicelib.consumers.deliver.bulk"),
        feedback=_named("chalicelib.consumers.feedback.handle"),
        tick=_named("chalicelib.consumers.tick.handle"),
        react=_named("chalicelib.consumers.react.handle"),
        confirm=_named("chalicelib.messaging.sweep.confirm"),
        release=_named("chalicelib.messaging.sweep.release"),
    )


def _named(dotted: str) -> Any:
    module, _, name = dotted.rpartition(".")
    return getattr(sys.modules.get(module) or import_module(module), name)
