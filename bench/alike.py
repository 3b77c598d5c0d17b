"""Known and unknown alike: how long each step takes for either, interleaved. Printed for the reader, never asserted.

That both make the same AWS calls is asserted in tests/threats/test_11_enumeration.py; machines are too noisy for more.
"""

from __future__ import annotations

import math
import random
import statistics
from typing import Any

from tests.browsing import Browser
from tests.threats.test_11_enumeration import CASES, STEPS, cases, walk

ROUNDS = 25


def run(world: Any) -> None:
    """Print medians, and how likely two such samples are if there is no difference (Mann-Whitney, two-sided)."""
    seconds: dict[tuple[str, str], list[float]] = {}
    order = random.Random(11)
    for _ in range(ROUNDS):
        made = list(cases(world).items())
        Browser().open(f"/{made[0][1].portal}/sign-in")
        order.shuffle(made)
        for name, case in made:
            walk(world, case, "email", "000000")
            for step in STEPS:
                seconds.setdefault((step, name), []).append(case.seconds[step])
    known, *unknown = sorted(CASES, key=lambda name: name != "all right")
    print(
        f"Known and unknown alike, {ROUNDS} interleaved rounds (wall time in ms; p far below 0.01 would be a difference)"
    )
    for step in STEPS:
        own = seconds[step, known]
        print(f"  {step}: {known} {1000 * statistics.median(own):.1f}")
        for name in unknown:
            other = seconds[step, name]
            print(f"    {name:24}{1000 * statistics.median(other):6.1f}   p = {_mann_whitney(own, other):.2f}")
    print()


def _mann_whitney(one: list[float], other: list[float]) -> float:
    """The two-sided p of the U test, by its normal approximation (no ties in timings)."""
    wins = sum(a > b for a in one for b in other)
    mean = len(one) * len(other) / 2
    spread = math.sqrt(len(one) * len(other) * (len(one) + len(other) + 1) / 12)
    return math.erfc(abs(wins - mean) / spread / math.sqrt(2))
