"""Amounts as people read them, in a portal's currency."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from .shapes import Portal

_SIGNS: Final = {"USD": "$", "EUR": "€", "GBP": "£", "CAD": "$", "AUD": "$"}


def shown(portal: Portal, amount: Decimal) -> str:
    """An amount in the portal's currency: $1,250.00."""
    sign = _SIGNS.get(portal.currency)
    minus, text = "\u2212" if amount < 0 else "", f"{abs(amount):,.2f}"
    return f"{minus}{sign}{text}" if sign else f"{minus}{text} {portal.currency}"
