"""What differs between stages, read from `.chalice/config.json`: the one place where sizes and limits are set."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
APP = "latchstring"
# Chalice's name for the function -> its name in the template.
FUNCTIONS = {
    "api_handler": "APIHandler",
    "relay": "Relay",
    "deliver_urgent": "DeliverUrgent",
    "deliver_bulk": "DeliverBulk",
    "feedback": "Feedback",
    "tick": "Tick",
    "facts_relay": "FactsRelay",
    "react": "React",
}


@dataclass(frozen=True, slots=True)
class Stage:
    """One deployed copy of Latchstring: its own tables, queues, buckets and domain."""

    name: str
    settings: dict[str, dict[str, Any]]

    @property
    def prefix(self) -> str:
        """What the names of its resources start with."""
        return f"{APP}-{self.name}"

    def timeout(self, function: str) -> int:
        """Seconds after which a function is stopped, by its Chalice name."""
        return int(self.settings[function]["lambda_timeout"])

    def concurrency(self, function: str) -> int:
        """How many copies of a function may run at the same time."""
        return int(self.settings[function]["reserved_concurrency"])


def read(name: str, config: Path = ROOT / ".chalice" / "config.json") -> Stage:
    """The stage of this name; raises KeyError for a name that config.json does not know."""
    content = json.loads(config.read_text())
    of_stage = content["stages"][name]
    plain = {key: value for key, value in content.items() if key.startswith("lambda_") and not isinstance(value, dict)}
    settings = {
        function: {**plain, **content["lambda_functions"].get(function, {}), **of_stage["lambda_functions"][function]}
        for function in FUNCTIONS
    }
    return Stage(name, settings)


def names(config: Path = ROOT / ".chalice" / "config.json") -> list[str]:
    """Every stage there is."""
    return sorted(json.loads(config.read_text())["stages"])
