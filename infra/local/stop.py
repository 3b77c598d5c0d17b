"""The one exception that ends a start: its text is for the person at the keyboard, so it says what to do."""

from __future__ import annotations


class CannotStart(Exception):
    """The runtime cannot start. The message is one clear line, or a few, with the way out."""
