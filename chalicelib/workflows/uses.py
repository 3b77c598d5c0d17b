"""What of a portal's workflows and campaigns uses something, so that it is not taken away under them."""

from __future__ import annotations

from . import campaigns


def of_template(portal: str, name: str) -> tuple[str, ...]:
    """The names of the workflows and campaigns that still send this message, as staff gave them. Reads as of now.

    As long as there is one, the message is not deleted, and keeps the channels that it has.
    """
    return campaigns.using(portal, name)
