"""When and how often a portal's workflows and campaigns may reach somebody, and what its text messages may cost.

Codes, links and notices of security are none of these: they come at any hour, as often as somebody asks for them.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from ..fields import END

MOST_A_WEEK = 20  # of messages to one account: as many moments are remembered
Time = Annotated[
    str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]" + END, description="A time on a 24-hour clock, such as 21:00.")
]


class QuietHours(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From when until when nothing disturbs people, by their own clock, every day: over midnight, where `end` is earlier.

    It is the clock of the account's time zone, or else of the portal's. What would go out within them waits until they end.
    """

    start: Time = "21:00"
    end: Time = "08:00"
    for_sms: Annotated[bool, Meta(description="Hold text messages back.")] = True
    for_mails: Annotated[bool, Meta(description="Hold mails back.")] = False


class Reach(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds for marketing, and for whatever workflows and campaigns send."""

    quiet_hours: QuietHours = QuietHours()
    messages_a_week: Annotated[
        int,
        Meta(
            ge=1,
            le=MOST_A_WEEK,
            description="The most messages to one account in any 7 days, of all workflows and campaigns.",
        ),
    ] = 6
    sms_a_week: Annotated[int, Meta(ge=1, le=MOST_A_WEEK, description="The most of these that are text messages.")] = 3
    sms_budget: Annotated[
        Annotated[int, Meta(ge=0, le=1_000_000)] | None,
        Meta(
            description="What text messages may cost in a month of the portal's calendar, in whole units of its currency, at "
            "the price of a part that previews show. Codes are sent beyond it, and count. Null: no bound.",
        ),
    ] = None
