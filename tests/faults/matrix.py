"""The matrix: journeys × their AWS calls × what can go wrong. `make test` runs a seeded sample, PROVE=1 all of it."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass

from chalicelib.portals import Portal, api_keys
from tests.browsing import Machine, Seen
from tests.factories import make_machine
from tests.faults.journey import STAFF, Journey, Repeatable, cold
from tests.mishaps import Killed, Mishap, Mishaps
from tests.world import World

WHOLE = os.environ.get("PROVE") == "1"
SEED = os.environ.get("FAULTS_SEED", "latchstring")
_WAYS = [
    ("fail", False, 1), ("fail", True, 1), ("lost", False, 1), ("lost", True, 1), ("throttle", False, 1),
    ("throttle", False, 3), ("throttle", True, 1), ("kill", False, 1), ("killed", False, 1), ("conflict", False, 1),
    ("conflict", False, 3), ("conflict", True, 1),
]  # fmt: skip
_STOPPED = ("fail", "throttle", "conflict")
_IN_CONFLICT = ("dynamodb.TransactWriteItems", "dynamodb.UpdateItem", "dynamodb.PutItem", "dynamodb.DeleteItem")


@dataclass
class Stage:
    """Where journeys are played."""

    world: World
    mishaps: Mishaps
    portal: Portal
    machine: Machine
    deployment: Machine

    def make(self, kind: type[Journey]) -> Journey:
        """A journey, prepared."""
        machine = self.deployment if getattr(kind, "scope", "") == "deployment" else self.machine
        return kind(self.world, self.portal, machine)


def make_stage(world: World, mishaps: Mishaps, kind: type[Journey]) -> Stage:
    """A portal whose staff are told of answers, with the journey's policy, and keys for its callers."""
    portal = world.portal(notifications={"staff_emails": [STAFF]}, policy=kind.policy, **kind.settings)
    stage = Stage(world, mishaps, portal, make_machine(portal), make_machine())
    assert api_keys.EVERY_PORTAL == "*"
    world.cloud.provider.tells = lambda _to: ()  # what becomes of a message later has its own tests, in tests/messaging
    return stage


def play(stage: Stage, kind: type[Journey], sample: int) -> int:
    """One journey with one mishap after another; how many there were."""
    calls = _undisturbed(stage, kind)
    cases = [(Mishap(way, at, sticky, times), calls[at]) for at in range(len(calls)) for way, sticky, times in _WAYS]
    cases = [(mishap, call) for mishap, call in cases if mishap.kind != "conflict" or call in _IN_CONFLICT]
    if not WHOLE:
        surely = [case for case in cases if case[0].kind == "killed" and case[1] == "dynamodb.TransactWriteItems"]
        cases = random.Random(f"{SEED} {kind.__name__}").sample(cases, min(kind.sample or sample, len(cases)))
        cases += [case for case in surely if case not in cases]  # done, and nobody knows: the worst place of all
    done = [_disturbed(stage, kind, mishap, call) for mishap, call in cases]
    kind.audit(stage.world, done)
    return len(done)


def _undisturbed(stage: Stage, kind: type[Journey]) -> list[str]:
    journey = stage.make(kind)
    cold()
    with stage.mishaps.recording() as recorded:
        seen = journey.act()
    calls = list(recorded)
    assert seen.status in kind.good, f"{kind.__name__}: {seen.status} {seen.text[:400]}"
    stage.world.drain()
    journey.check()
    return calls


def _disturbed(stage: Stage, kind: type[Journey], mishap: Mishap, call: str) -> Journey:
    what = (
        f"{kind.__name__}: {mishap.kind}{' for good' if mishap.sticky else f' x{mishap.times}'} at {call} ({mishap.at})"
    )
    journey = stage.make(kind)
    cold()
    with stage.mishaps.planned(mishap):
        first = _answer(journey.act)
    if len(stage.mishaps.calls) > int(mishap.at):
        call = stage.mishaps.calls[int(mishap.at)]  # of two calls beside each other, either may come first
    try:
        is_done = "dynamodb.TransactWriteItems" in stage.mishaps.calls[: int(mishap.at)]
        _check_answer(kind, mishap, call, first, is_done=is_done and issubclass(kind, Repeatable))
        journey.midway()
        if first is None or first.status == 503:
            second = journey.again()
            assert second.status in kind.good + kind.repeated, f"again: {second.status} {second.text[:300]}"
        stage.world.drain()
        journey.check()
    except AssertionError as error:
        raise AssertionError(f"{what}: {error}") from error
    return journey


def _answer(act: object) -> Seen | None:
    try:
        return act()  # type: ignore[operator]
    except Killed:
        return None


def _check_answer(kind: type[Journey], mishap: Mishap, call: str, seen: Seen | None, *, is_done: bool) -> None:
    """Done, or a 503 that says so: never a bare error, never a way in past something that was not counted.

    What was committed under an Idempotency-Key (`is_done`) may be answered in spite of trouble afterwards.
    """
    if mishap.kind in ("kill", "killed"):
        return
    assert seen is not None, "the process died"
    allowed = (*kind.good, *(kind.repeated if mishap.kind == "lost" else ()), 503)
    assert seen.status in allowed, f"{seen.status} {seen.text[:300]}"
    met = mishap.kind in _STOPPED and (mishap.kind != "conflict" or call in _IN_CONFLICT)
    if met and mishap.sticky and call not in kind.lenient and not is_done:
        assert seen.status == 503, f"went on without {call}"
    if seen.status == 503:
        assert seen.headers.get("Retry-After"), "503 without saying when"
        is_api = kind.route[1].startswith("/api/")
        assert ('"unavailable"' if is_api else "<h1") in seen.text
