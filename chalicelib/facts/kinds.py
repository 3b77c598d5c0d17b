"""Every kind of fact, once: `source:subject:action`.

The source says through which door it came (staff and systems through the API, clients through the pages, or the system
by itself). Renaming one breaks whoever filters by it: add, never rename.
"""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What can happen."""

    PORTAL_CREATED = "staff:portal:created"
    PORTAL_CHANGED = "staff:portal:changed"
    API_KEY_CREATED = "staff:api-key:created"
    API_KEY_REVOKED = "staff:api-key:revoked"

    ACCOUNT_CREATED = "staff:account:created"
    ACCOUNT_CHANGED = "staff:account:changed"
    ACCOUNT_CLOSED = "staff:account:closed"
    ACCOUNT_OPENED = "staff:account:opened"
    CONTACT_CREATED = "staff:contact:created"
    CONTACT_CHANGED = "staff:contact:changed"
    CONTACT_REMOVED = "staff:contact:removed"

    BATCH_CREATED = "staff:batch:created"
    BATCH_CHANGED = "staff:batch:changed"
    BATCH_MOVED = "staff:batch:moved"
    BATCH_PLACED_IN_REVIEW = "staff:batch:placed-in-review"
    BATCH_NOTIFIED = "staff:batch:notified-again"
    BATCH_REMINDED = "system:batch:reminded"
    BATCH_APPROVED = "client:batch:approved"
    BATCH_CHANGES_REQUESTED = "client:batch:changes-requested"
    DOCUMENT_ADDED = "staff:document:added"
    DOCUMENT_READY = "staff:document:ready"
    DOCUMENT_REFUSED = "staff:document:refused"
    DOCUMENT_REMOVED = "staff:document:removed"
    DOCUMENT_SENT_IN = "client:document:added"
    DOCUMENT_SENT_IN_READY = "client:document:ready"
    DOCUMENT_SENT_IN_REFUSED = "client:document:refused"

    CODE_REQUESTED = "client:sign-in:code-requested"
    CODE_NOT_SENT = "client:sign-in:code-not-sent"
    CODE_WRONG = "client:sign-in:code-wrong"
    SIGNED_IN = "client:sign-in:succeeded"
    SIGNED_OUT = "client:sign-in:ended"

    MESSAGE_RELEASED = "staff:message:released"
    MESSAGE_SUPPRESSED = "system:message:suppressed"
    ADDRESS_SUPPRESSED = "system:address:suppressed"
    ADDRESS_LIFTED = "staff:address:lifted"
