"""What a portal may decide for itself, with defaults and bounds. The numbers and their sources: docs/security.md."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from ..fields import END

Method = Literal["email", "sms"]
Country = Annotated[str, Meta(pattern="^[A-Z]{2}" + END, description="A country code of ISO 3166, such as US.")]


class Policy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Security policy of a portal, within the bounds of the product. Minutes are minutes, counts are counts."""

    code_minutes: Annotated[int, Meta(ge=3, le=15)] = 10
    session_idle_minutes: Annotated[int, Meta(ge=5, le=60)] = 15
    session_hours: Annotated[int, Meta(ge=1, le=12)] = 12
    known_browser_days: Annotated[int, Meta(ge=0, le=90)] = 30
    sign_in_methods: Annotated[tuple[Method, ...], Meta(min_length=1, max_length=2)] = ("email", "sms")
    sms_countries: Annotated[tuple[Country, ...], Meta(max_length=60)] = ("US",)
    sms_a_day: Annotated[int, Meta(ge=0, le=100_000)] = 1000
    sms_a_day_per_prefix: Annotated[int, Meta(ge=0, le=10_000)] = 100
    document_megabytes: Annotated[int, Meta(ge=1, le=100)] = 25
