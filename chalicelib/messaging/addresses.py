"""Email addresses and mobile numbers as recipients: checked, compared, masked.

Whether an address exists is found out elsewhere. Here it is only made sure that one recipient is one recipient and that
nothing typed can become part of a mail header.
"""

from __future__ import annotations

import re

from ..errors import Refusal
from ..fields import ONE_ADDRESS
from ..security import keys

_EMAIL = re.compile(ONE_ADDRESS)
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


class NotAnAddress(Refusal):
    """The recipient is not one email address, or not one mobile number in E.164."""

    code = "not-an-address"
    text = "This is not an address a message can be sent to. Check it and try again."


def checked(channel: str, recipient: str) -> str:
    """The recipient, surely one and surely harmless in a header. Raises NotAnAddress."""
    shape = _E164 if channel == "sms" else _EMAIL
    if not shape.fullmatch(recipient):
        raise NotAnAddress
    return recipient


def key(portal: str, channel: str, recipient: str) -> str:
    """What stands for a recipient where the address itself need not be kept: keyed, so it cannot be guessed back."""
    return keys.fingerprint("recipient", portal, channel, recipient.strip().lower())


def masked(channel: str, recipient: str) -> str:
    """Enough to recognise an address by: `j•••@example.com`, `•••0123`."""
    if channel == "sms":
        return f"•••{recipient[-4:]}"
    name, _, domain = recipient.partition("@")
    return f"{name[:1]}•••@{domain}"
