"""Authenticator apps (RFC 6238): six digits, thirty seconds, one step to either side, each step once.

The seed is sealed at rest under a versioned key. Whoever uses a code must write its step down in the same transaction
that lets its owner in, on the condition that no such or later step was: so a code opens once, however often it is sent.
"""

from __future__ import annotations

import hmac
from urllib.parse import quote

import pyotp

from .. import clock
from . import sealed

DIGITS = 6
SECONDS = 30
_DRIFT = 1  # steps to either side: clocks of phones differ (threat 39)
_SEED_CHARACTERS = 32  # base32: 160 bits, as RFC 4226 recommends
_MOST_QUOTED = 120  # characters of a name in the address, each %C3 three: more make a picture that phones cannot read


def new_seed() -> str:
    """A fresh seed in base32."""
    return pyotp.random_base32(_SEED_CHARACTERS)


def kept(portal: str, user_id: str, seed: str) -> str:
    """The seed as it may be stored."""
    return sealed.keep("totp", f"{portal}#{user_id}", seed)


def step_of(portal: str, user_id: str, stored: str, code: str) -> int | None:
    """The time step whose code this is, for a stored seed; None if it is none of those that may be entered now."""
    seed = sealed.kept("totp", f"{portal}#{user_id}", stored)
    return matching_step(seed, code) if seed else None


def matching_step(seed: str, code: str) -> int | None:
    """The time step near the present one whose code this is. Every step is compared, whatever the first ones say."""
    now, maker = clock.timestamp() // SECONDS, pyotp.HOTP(seed, digits=DIGITS)
    found = None
    for step in range(now - _DRIFT, now + _DRIFT + 1):
        if hmac.compare_digest(maker.at(step).encode(), code.encode()):
            found = step
    return found


def address(seed: str, *, issuer: str, account: str) -> str:
    """What an authenticator app reads from the picture: otpauth://totp/Acme:maria?secret=..."""
    by, whose = _quoted(issuer.replace(":", " ")), _quoted(account)
    return f"otpauth://totp/{by}:{whose}?secret={seed}&issuer={by}"


def picture(text: str) -> str:
    """A QR code as the address of an SVG image (`data:`), dark on white in every colour scheme."""
    import segno

    return str(segno.make(text, error="m", micro=False).svg_data_uri(scale=5, border=4, light="#fff", omitsize=True))


def _quoted(name: str) -> str:
    """A name as part of an address; of a very long one its beginning."""
    while len(quoted := quote(name, safe="")) > _MOST_QUOTED:
        name = name[:-1]
    return quoted


def grouped(seed: str) -> str:
    """The seed as a person types it: groups of four."""
    return " ".join(seed[at : at + 4] for at in range(0, len(seed), 4))
