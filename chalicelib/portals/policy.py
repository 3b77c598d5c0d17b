"""What a portal may decide for itself, with defaults and bounds. The numbers and their sources: docs/security.md."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from ..fields import END

Method = Literal["email", "sms"]
Way = Literal["code", "password"]
SecondFactor = Literal["off", "optional", "required"]
LEAST_ALONE = 12  # characters of a password that may stand alone; below that a second factor is asked every time
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
    sign_in_ways: Annotated[
        tuple[Way, ...],
        Meta(
            min_length=1,
            max_length=2,
            description="How clients sign in: by a code to the address on file, or by username and password. The first is "
            "offered first.",
        ),
    ] = ("code",)
    second_factor: Annotated[
        SecondFactor,
        Meta(description="Whether users with a password may (optional) or must (required) set up a second factor."),
    ] = "optional"
    remembered_device_days: Annotated[
        int,
        Meta(ge=0, le=90, description="How long a browser may be remembered, so that the second factor is not asked."),
    ] = 30
    password_least: Annotated[
        int,
        Meta(
            ge=8,
            le=64,
            description="The fewest characters of a password. Below 12 only where a second factor is required and no "
            "device is remembered.",
        ),
    ] = LEAST_ALONE
    security_questions: Annotated[
        int,
        Meta(
            ge=0, le=3, description="How many questions a user answers at set-up, and again when resetting a password."
        ),
    ] = 0
    credential_link_hours: Annotated[int, Meta(ge=1, le=168)] = 24
    reset_link_minutes: Annotated[int, Meta(ge=10, le=10_080)] = 30
    view_as_downloads: Annotated[
        bool, Meta(description="Whether staff who look at a client's pages may download the documents on them.")
    ] = False
    tell_clients_of_views: Annotated[
        bool, Meta(description="Whether clients see on their pages when staff looked at them, and who.")
    ] = True

    @property
    def asks_password(self) -> bool:
        """Whether clients may sign in by username and password."""
        return "password" in self.sign_in_ways
