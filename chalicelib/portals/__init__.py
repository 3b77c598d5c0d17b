"""Portals: one company's front door each, with its settings, policy, branding, wording and API keys."""

from .registry import change, create, forget_kept, get, known, listed
from .shapes import Branding, Portal, PortalInput, Settings, Wording, brand_style

__all__ = [
    "Branding", "Portal", "PortalInput", "Settings", "Wording", "brand_style", "change", "create", "forget_kept", "get",
    "known", "listed",
]  # fmt: skip
