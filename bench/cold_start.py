"""Cold starts with the package as it ships, against the least that a function on botocore must do.

The floor is a process that imports botocore (whole, with bytecode) and makes one DynamoDB client. Each function is a
process that imports its handler from the unpacked zip and handles a first real event against the local engine, on the
real interpreter with nothing else on its path. CPU of the whole process, user and system; floor and functions take
turns, so that a busy moment of the machine hits all of them. Read the ratios, not the milliseconds.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infra.package import dependencies, present
from infra.package.build import CACHE
from infra.stages import ROOT
from tests.infra import clean

ROUNDS, WARM_UP = 21, 1
TARGETS = {"APIHandler": 1.3}
OTHERS = 1.1
_FLOOR = """
import botocore.session
botocore.session.get_session().create_client("dynamodb")
"""


def run(world: Any, rounds: int = ROUNDS) -> None:
    """Print the table."""
    package = present.package("prod", dependencies.HOST)
    shipped = present.package("prod")
    spent = _measured(world, present.unzipped(package), rounds)
    floor = statistics.median(spent.pop("floor"))
    print(f"Cold start: CPU of a fresh process up to its first answer, median of {rounds}")
    print(f"  {'floor: botocore and one DynamoDB client':44}{floor:8.0f} ms")
    for function, times in spent.items():
        if function in clean.HANDLERS:
            target = TARGETS.get(function, OTHERS)
            ratio = statistics.median(times) / floor
            print(f"  {function:44}{statistics.median(times):8.0f} ms   ratio {ratio:.2f}   target: at most {target}")
    only = statistics.median(spent["imports"])
    print(f"  {'(the API, its imports alone)':44}{only:8.0f} ms   ratio {only / floor:.2f}")
    print(f"  package as it ships: {shipped.megabytes:.2f} MB   target: under 10\n")


def _measured(world: Any, tree: Path, rounds: int) -> dict[str, list[float]]:
    """CPU milliseconds of each kind of process, round by round."""
    whole = dependencies.untouched(ROOT / "requirements.txt", CACHE)
    from tests.infra.first_events import (
        FirstEvents,  # only now: it imports the product, which needs the world's settings
    )

    events, environment = FirstEvents(world), clean.deployed_environment()
    contenders: dict[str, Callable[[], float]] = {
        "floor": lambda: clean.python(whole, _FLOOR, environment).milliseconds,
        "imports": lambda: clean.python(tree, "import app", environment).milliseconds,
    }
    for function in clean.HANDLERS:
        contenders[function] = lambda name=function: _first(tree, name, events, environment)  # type: ignore[misc]
    spent: dict[str, list[float]] = {name: [] for name in contenders}
    order = list(contenders)
    for place in range(WARM_UP + rounds):
        for name in order[place % len(order) :] + order[: place % len(order)]:
            milliseconds = contenders[name]()
            if place >= WARM_UP:
                spent[name].append(milliseconds)
    return spent


def _first(tree: Path, function: str, events: Any, environment: dict[str, str]) -> float:
    done = clean.handle(tree, function, events.kinds[function](), environment)
    failed = done.answer.get("statusCode", 200) != 200 or done.answer.get("batchItemFailures") if done.answer else False
    assert not failed, done.printed
    return done.milliseconds


def main() -> None:
    """Measure in a process of its own, with a world of its own."""
    subprocess.run([sys.executable, "-m", "bench.cold_start"], check=True, cwd=ROOT)


if __name__ == "__main__":
    from tests.world import World

    _world = World()
    with _world.telling():
        run(_world)
