"""Threat 39. TOTP: the codes of RFC 4226 and RFC 6238; one step of drift either way and no more; each step opens once."""

from __future__ import annotations

import base64
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

import pyotp
import pytest

from chalicelib import ids
from chalicelib.errors import Conflict, Refusal
from chalicelib.facts import Act
from chalicelib.people import user_factors, user_sessions, users
from chalicelib.people.shapes import Noted
from chalicelib.people.users import User
from chalicelib.security import totp
from chalicelib.storage import Transaction
from tests.browsing import at_once
from tests.factories import make_portal
from tests.world import MovableClock, World

SEED = base64.b32encode(b"12345678901234567890").decode()
# RFC 6238, appendix B: SHA-1. Its codes have eight digits; six of the same number are its last six.
RFC_6238 = {
    59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037",
    20000000000: "65353130",
}  # fmt: skip
# RFC 4226, appendix D: the first ten counters.
RFC_4226 = ("755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489")


@pytest.mark.parametrize(("seconds", "code"), RFC_6238.items())
def test_the_codes_of_rfc_6238(moment: MovableClock, seconds: int, code: str) -> None:
    moment.seconds = float(seconds)
    assert totp.matching_step(SEED, code[-6:]) == seconds // 30
    assert totp.matching_step(SEED, code) is None, "eight digits are not six"


def test_the_codes_of_rfc_4226(moment: MovableClock) -> None:
    for counter, code in enumerate(RFC_4226):
        moment.seconds = 30.0 * (counter + 1)
        assert totp.matching_step(SEED, code) == counter, "that of the step before still counts"


@pytest.mark.parametrize("second", [0, 1, 15, 29])
def test_one_step_of_drift_is_accepted_either_way_and_two_are_refused(moment: MovableClock, second: int) -> None:
    moment.seconds += 30 - moment.seconds % 30 + second
    step, app = int(moment()) // 30, pyotp.TOTP(SEED)
    found = {drift: totp.matching_step(SEED, app.at((step + drift) * 30)) for drift in range(-5, 6)}
    assert found == {drift: step + drift if abs(drift) <= 1 else None for drift in range(-5, 6)}


def test_a_code_counts_for_90_seconds_to_the_second(moment: MovableClock) -> None:
    moment.seconds += 30 - moment.seconds % 30
    start, code = int(moment()), pyotp.TOTP(SEED).at(int(moment()))
    counts = {}
    for offset in (-31, -30, 0, 29, 30, 59, 60):
        moment.seconds = start + offset
        counts[offset] = totp.matching_step(SEED, code) is not None
    assert counts == {-31: False, -30: True, 0: True, 29: True, 30: True, 59: True, 60: False}


def test_nothing_but_the_six_digits_is_the_code(moment: MovableClock) -> None:
    code = pyotp.TOTP(SEED).at(int(moment()))
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code)
    for other in (
        "",
        code[:5],
        code + "0",
        "0" + code,
        f" {code}",
        f"{code}\n",
        wide,
        "٣" * 6,
        "-12345",
        "1e5",
        "\x00" * 6,
    ):
        assert totp.matching_step(SEED, other) is None, other
    hits = sum(totp.matching_step(SEED, f"{number:06}") is not None for number in range(0, 1_000_000, 997))
    assert hits <= 1, "three of a million count"


def test_a_second_implementation_agrees(moment: MovableClock) -> None:
    """Debian's oathtool."""
    if shutil.which("oathtool") is None:
        pytest.skip(
            "OATHTOOL IS NOT INSTALLED: codes are not compared with a second implementation (apt install oathtool)"
        )
    for seed in (SEED, totp.new_seed(), totp.new_seed()):
        for _ in range(3):
            moment.advance(seconds=12_345.0)
            at = datetime.fromtimestamp(moment(), UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
            made = subprocess.run(
                ["oathtool", "--totp", "--base32", "--now", at, "--window", "4", totp.grouped(seed)],
                capture_output=True, text=True, check=True, timeout=10,
            ).stdout.split()  # fmt: skip
            step = int(moment()) // 30
            assert [totp.matching_step(seed, code) for code in made] == [step, step + 1, None, None, None]


class Used(Conflict):
    """What the tests refuse a code with."""


def make_user(world: World) -> User:
    """A customer's user with an authenticator app, confirmed a while ago."""
    slug, user_id = make_portal(world).slug, ids.new()
    do(slug, lambda tx: users.add(tx, slug, user_id=user_id, kind="customer", username="maria", username_key="maria"))
    seed = totp.kept(slug, user_id, SEED)
    step = int(world.clock()) // 30 - 10
    user = users.get(slug, user_id)
    do(slug, lambda tx: user_factors.set_totp(tx, user, seed=seed, name="Phone", step=step))
    return users.get(slug, user_id)


def do(slug: str, add: Callable[[Transaction], None]) -> str:
    """Commit a transaction of its own: "done", or "used"."""
    tx = Act(slug, "system:tests").transaction()
    try:
        add(tx)
        tx.commit()
    except Refusal as refusal:
        assert isinstance(refusal, Used), refusal
        return "used"
    return "done"


def sign_in(user: User, step: int, session_id: str) -> str:
    noted = Noted(at=0, until=2**40, browser="Firefox, Linux")
    return do(
        user.portal, lambda tx: user_sessions.note_session(tx, user, session_id, noted, refusal=Used(), step=step)
    )  # fmt: skip


def test_of_64_parallel_sign_ins_with_the_same_step_one_succeeds(world: World) -> None:
    user = make_user(world)
    assert user.totp_seed is not None
    step = totp.step_of(user.portal, user.id, user.totp_seed, pyotp.TOTP(SEED).at(int(world.clock())))
    assert step is not None and step > user.totp_step
    calls = [lambda s=f"{number:064x}": sign_in(user, step, s) for number in range(64)]  # type: ignore[misc]

    assert Counter(at_once(calls, threads=64)) == {"done": 1, "used": 63}

    after = users.get(user.portal, user.id)
    assert (len(after.sessions), after.totp_step) == (1, step)
    assert sign_in(after, step, "f" * 64) == "used", "nor later, by whoever reads the user anew"


def test_of_64_parallel_uses_of_the_same_step_one_succeeds(world: World) -> None:
    user, step = make_user(world), int(world.clock()) // 30
    use = lambda: do(user.portal, lambda tx: user_factors.use_totp_step(tx, user, step, Used()))  # noqa: E731
    assert Counter(at_once([use] * 64, threads=64)) == {"done": 1, "used": 63}
    assert sign_in(users.get(user.portal, user.id), step, "f" * 64) == "used", "nor for anything else"


def test_after_a_step_no_older_one_opens_and_newer_ones_do(world: World) -> None:
    user, step = make_user(world), int(world.clock()) // 30
    assert sign_in(user, step, "a" * 64) == "done"
    for older in (step - 1, step):
        present = users.get(user.portal, user.id)
        assert sign_in(present, older, "b" * 64) == "used"
        assert do(user.portal, lambda tx, s=older: user_factors.use_totp_step(tx, present, s, Used())) == "used"  # type: ignore[misc] # noqa: B023
    assert sign_in(users.get(user.portal, user.id), step + 1, "c" * 64) == "done"
    assert set(users.get(user.portal, user.id).sessions) == {"a" * 64, "c" * 64}


def test_the_step_that_confirmed_an_app_opens_nothing(world: World) -> None:
    user = make_user(world)
    assert sign_in(user, user.totp_step, "a" * 64) == "used"


def test_a_step_of_an_app_that_was_replaced_meanwhile_opens_nothing(world: World) -> None:
    user, step = make_user(world), int(world.clock()) // 30
    other = totp.kept(user.portal, user.id, totp.new_seed())
    do(user.portal, lambda tx: user_factors.set_totp(tx, user, seed=other, name="Other phone", step=step - 5))
    assert do(user.portal, lambda tx: user_factors.use_totp_step(tx, user, step, Used())) == "used"
    assert sign_in(user, step, "a" * 64) == "used"
