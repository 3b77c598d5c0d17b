"""What is to be gone on with, by the queue of reactions. Until that is here nothing is sent: what is due is the backup."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec


class JobWaiting(msgspec.Struct, frozen=True):
    """A job over many accounts is to be gone on with."""

    portal: str
    job: str


def send(reactions: Sequence[JobWaiting]) -> list[JobWaiting]:
    """Send each to the queue, and give back those that were not taken."""
    return list(reactions)
