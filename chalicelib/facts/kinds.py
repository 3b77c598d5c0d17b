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

    RECORD_ADDED = "staff:record:added"
    RECORD_CHANGED = "staff:record:changed"
    RECORD_REMOVED = "staff:record:removed"
    OWN_RECORD_ADDED = "client:record:added"
    OWN_RECORD_CHANGED = "client:record:changed"
    OWN_RECORD_REMOVED = "client:record:removed"

    CODE_REQUESTED = "client:sign-in:code-requested"
    CODE_NOT_SENT = "client:sign-in:code-not-sent"
    CODE_WRONG = "client:sign-in:code-wrong"
    SIGNED_IN = "client:sign-in:succeeded"
    TERMS_ACCEPTED = "client:terms:accepted"
    SIGNED_OUT = "client:sign-in:ended"
    STEPPED_UP = "client:sign-in:stepped-up"

    CREDENTIAL_INVITED = "staff:credential:create-sent"
    CREDENTIAL_INVITED_BY_ITSELF = "system:credential:create-sent"
    CREDENTIAL_ASKED_FOR = "client:credential:create-asked-for"
    USERNAME_SET = "staff:credential:username-set"
    USERNAME_CHANGED = "staff:credential:username-changed"
    USERNAME_DELETED = "staff:credential:username-deleted"
    RESET_SENT = "staff:credential:reset-sent"
    RESET_ASKED_FOR = "client:credential:reset-asked-for"
    USERNAME_ASKED_FOR = "client:credential:username-asked-for"
    NOTHING_SENT = "client:credential:nothing-sent"
    LINK_OPENED = "client:credential:link-opened"
    CREDENTIAL_CREATED = "client:credential:created"
    PASSWORD_RESET = "client:credential:password-reset"  # noqa: S105
    PASSWORD_CHANGED = "client:credential:password-changed"  # noqa: S105
    ADDRESS_ASKED_FOR = "client:credential:address-asked-for"
    ADDRESS_CHANGED = "client:credential:address-changed"
    FACTOR_ADDED = "client:credential:factor-added"
    FACTOR_REMOVED = "client:credential:factor-removed"
    RECOVERY_CODES_MADE = "client:credential:recovery-codes-made"
    RECOVERY_CODE_USED = "client:credential:recovery-code-used"
    DEVICE_REMEMBERED = "client:credential:device-remembered"
    DEVICE_FORGOTTEN = "client:credential:device-forgotten"
    SESSION_ENDED = "client:credential:session-ended"
    DISAVOWED = "client:credential:disavowed"

    PASSWORD_WRONG = "client:sign-in:password-wrong"  # noqa: S105
    PASSWORD_RIGHT = "client:sign-in:password-right"  # noqa: S105
    FACTOR_SENT = "client:sign-in:factor-sent"
    FACTOR_WRONG = "client:sign-in:factor-wrong"
    ANSWER_WRONG = "client:sign-in:answer-wrong"

    STAFF_INVITED = "staff:user:invited"
    STAFF_CHANGED = "staff:user:changed"
    STAFF_DEACTIVATED = "staff:user:deactivated"
    STAFF_REACTIVATED = "staff:user:reactivated"
    STAFF_FACTOR_RESET = "staff:user:factor-reset"
    STAFF_PASSWORD_SENT = "staff:user:temporary-password-sent"  # noqa: S105
    STAFF_REFUSED = "staff:user:change-refused"
    STAFF_SIGNED_IN = "staff:sign-in:succeeded"
    STAFF_SIGNED_OUT = "staff:sign-in:ended"
    STAFF_STEPPED_UP = "staff:sign-in:stepped-up"
    CREDENTIAL_UNLOCKED = "staff:credential:unlocked"

    OFFICE_USER_ADDED = "staff:office-user:added"
    OFFICE_USER_CHANGED = "staff:office-user:changed"
    OFFICE_USER_LOCKED = "staff:office-user:locked"
    OFFICE_USER_UNLOCKED = "staff:office-user:unlocked"
    OFFICE_USER_DELETED = "staff:office-user:deleted"
    OFFICE_USER_RESTORED = "staff:office-user:restored"
    OFFICE_USER_PASSWORD_SENT = "staff:office-user:temporary-password-sent"  # noqa: S105
    OFFICE_USER_REFUSED = "staff:office-user:change-refused"
    OFFICE_USERS_EXPORTED = "staff:office-user:exported"

    SELF_SERVICE_ENABLED = "staff:self-service:enabled"
    SELF_SERVICE_DISABLED = "staff:self-service:disabled"
    SELF_SERVICE_ENDED = "system:self-service:ended"
    SELF_SERVICE_PASSWORD_SENT = "staff:self-service:password-sent"  # noqa: S105
    SELF_SERVICE_PASSWORD_ASKED_FOR = "client:self-service:password-asked-for"  # noqa: S105
    SELF_SERVICE_PASSWORD_SHOWN = "client:self-service:password-shown"  # noqa: S105

    CHECKS_CHANGED = "staff:registration:checks-changed"
    INVITATION_SENT = "staff:registration:invitation-sent"
    INVITATION_RESENT = "staff:registration:invitation-resent"
    INVITATION_ASKED_FOR = "client:registration:invitation-asked-for"
    INVITATION_REMINDED = "system:registration:invitation-reminded"
    INVITATION_REVOKED = "staff:registration:invitation-revoked"
    INVITATION_ACCEPTED = "client:registration:invitation-accepted"
    REGISTRATION_CODE_SENT = "client:registration:code-sent"
    REGISTRATION_CODE_NOT_SENT = "client:registration:code-not-sent"
    REGISTRATION_STARTED = "client:registration:started"
    REGISTRATION_SUBMITTED = "client:registration:submitted"
    REGISTRATION_AUTO_APPROVED = "system:registration:auto-approved"
    REGISTRATION_INVALIDATED = "system:registration:invalidated"
    REGISTRATION_APPROVED = "staff:registration:approved"
    REGISTRATION_DENIED = "staff:registration:denied"
    REGISTRATION_MODIFIED = "staff:registration:role-modified"
    REGISTRATION_REFUSED = "staff:registration:decision-refused"

    HELP_REQUESTED = "client:help:requested"
    HELP_CHANGED = "staff:help:changed"

    TASK_CREATED = "staff:task:created"
    TASK_CHANGED = "staff:task:changed"
    TASK_DONE = "staff:task:done"
    TASK_REOPENED = "staff:task:reopened"
    TASK_REMOVED = "staff:task:removed"
    TASK_REMINDED = "system:task:reminded"
    CALL_QUEUED = "staff:call:queued"
    CALL_CLAIMED = "staff:call:claimed"
    CALL_RELEASED = "staff:call:released"
    CALL_ENDED = "staff:call:ended"
    TAGGING_STARTED = "staff:tagging:started"
    TAGGING_CANCELLED = "staff:tagging:cancelled"

    MESSAGE_RELEASED = "staff:message:released"
    MESSAGE_SUPPRESSED = "system:message:suppressed"
    ADDRESS_SUPPRESSED = "system:address:suppressed"
    ADDRESS_LIFTED = "staff:address:lifted"
    CONSENT_WITHDRAWN = "client:consent:withdrawn"
    CONSENT_GIVEN = "client:consent:given"
    CONSENT_WITHDRAWN_BY_STAFF = "staff:consent:withdrawn"
    CONSENT_GIVEN_BY_STAFF = "staff:consent:given"
    TEMPLATE_CHANGED = "staff:template:changed"
    TEMPLATE_RESTORED = "staff:template:restored"
    TEMPLATE_TRIED = "staff:template:tried"
