"""Facts: what happened, written in the same transaction as the change itself.

The audit trail, a client's timeline and the triggers of workflows are all read from here. What is named below is loaded
when first asked for: the relay and the template need the kinds alone, and neither PynamoDB nor settings.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .kinds import Kind
    from .reading import Fact, about, recent
    from .recording import Act, record, subject

__all__ = ["Act", "Fact", "Kind", "about", "recent", "record", "subject"]
_FROM = {"Kind": "kinds", "Fact": "reading", "about": "reading", "recent": "reading"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f".{_FROM.get(name, 'recording')}", __name__), name)
    return value
