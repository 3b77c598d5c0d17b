"""The policy of a presigned POST: what may be uploaded where, how large, until when. All of it enforced, as S3 does."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .signatures import Denied

# Fields that need no condition; every other field of the form must be covered by one.
_FREE = {"policy", "x-amz-signature", "file"}


@dataclass(frozen=True, slots=True)
class SizeLimits:
    """Bytes, both included."""

    smallest: int
    largest: int


@dataclass(frozen=True, slots=True)
class UploadPolicy:
    """A decoded policy document."""

    expires_at: dt.datetime
    exact: tuple[tuple[str, str], ...]
    beginnings: tuple[tuple[str, str], ...]
    size: SizeLimits | None

    def check(self, bucket: str, fields: Mapping[str, str], now: dt.datetime) -> None:
        """Raise Denied unless the form's fields are those, and only those, that the policy allows at this time."""
        if now >= self.expires_at:
            raise Denied("AccessDenied", "Invalid according to Policy: Policy expired.")
        values = {**fields, "bucket": bucket}
        for name, wanted in self.exact:
            if values.get(name, "") != wanted:
                raise _failed(["eq", f"${name}", wanted])
        for name, beginning in self.beginnings:
            if not values.get(name, "").startswith(beginning):
                raise _failed(["starts-with", f"${name}", beginning])
        covered = {name for name, _ in (*self.exact, *self.beginnings)}
        extra = {name for name in fields if not name.startswith("x-ignore-")} - covered - _FREE
        if extra:
            raise Denied("AccessDenied", f"Invalid according to Policy: Extra input fields: {', '.join(sorted(extra))}")

    def check_size(self, size: int) -> None:
        """Raise Denied unless the file has an allowed size. Harmless to ask early with the bytes received so far."""
        if self.size and size > self.size.largest:
            raise Denied("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", 400)

    def check_smallest(self, size: int) -> None:
        """Raise Denied if the whole file is too small."""
        if self.size and size < self.size.smallest:
            raise Denied("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", 400)


def read_policy(encoded: str) -> UploadPolicy:
    """The policy in a form's `policy` field."""
    try:
        document = json.loads(base64.b64decode(encoded, validate=True))
        expires_at = dt.datetime.fromisoformat(document["expiration"].replace("Z", "+00:00"))
        return _assembled(expires_at, document["conditions"])
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error):
        raise Denied("InvalidPolicyDocument", "The content of the form does not meet the conditions", 400) from None


def _assembled(expires_at: dt.datetime, conditions: list[Any]) -> UploadPolicy:
    exact: list[tuple[str, str]] = []
    beginnings: list[tuple[str, str]] = []
    size = None
    for condition in conditions:
        if isinstance(condition, dict):
            exact += [(name.lower(), str(value)) for name, value in condition.items()]
            continue
        kind, first, second = condition
        if kind == "content-length-range":
            size = SizeLimits(int(first), int(second))
        elif kind in ("eq", "starts-with"):
            (exact if kind == "eq" else beginnings).append((str(first).removeprefix("$").lower(), str(second)))
        else:
            raise ValueError(kind)
    return UploadPolicy(expires_at, tuple(exact), tuple(beginnings), size)


def _failed(condition: list[str]) -> Denied:
    return Denied("AccessDenied", f"Invalid according to Policy: Policy Condition failed: {json.dumps(condition)}")
