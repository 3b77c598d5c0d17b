"""Facts: what happened, written in the same transaction as the change itself.

The audit trail, a client's timeline and, later, the triggers of workflows are all read from here.
"""

from .kinds import Kind
from .reading import Fact, about, recent
from .recording import Act, record, subject

__all__ = ["Act", "Fact", "Kind", "about", "recent", "record", "subject"]
