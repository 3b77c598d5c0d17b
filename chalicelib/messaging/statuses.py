"""What can become of a message, in the order in which it may happen, and what that means in plain words."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """A message's status. It only ever moves to one of higher rank, but for a claim that is given back."""

    QUEUED = "queued"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    FAILED = "failed"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"
    DROPPED = "dropped"

    @property
    def rank(self) -> int:
        """How far along this is: feedback that comes late or in any order never moves a message back."""
        return _ORDER.index(self)

    @property
    def earlier(self) -> tuple[Status, ...]:
        """The statuses from which feedback may move a message to this one."""
        return _ORDER[: self.rank]


_ORDER = tuple(Status)
TO_ACT_ON = (Status.BOUNCED, Status.COMPLAINED)  # the address is of no use: staff agree another one with the client
OPEN = (Status.QUEUED, Status.SENDING, Status.UNKNOWN)

_MEANING = {
    Status.QUEUED: "It is waiting to be sent, which takes seconds as a rule. Nothing to do.",
    Status.SENDING: "It is being handed to the mail or SMS provider right now. Nothing to do.",
    Status.UNKNOWN: (
        "The connection broke while it was being sent, so we do not know whether it went out. It is not sent again by "
        "itself. Ask the recipient; if it did not arrive, send a new one."
    ),
    Status.SENT: "The provider has accepted it. Whether it arrived is not reported yet. Nothing to do.",
    Status.FAILED: "It was not sent. See the reason, correct that, then send a new one.",
    Status.DELIVERED: "The recipient's mail server or phone network has taken it. If it is not seen, look in spam.",
    Status.BOUNCED: "The recipient's mail server turned it away. Check the address with the client and correct it.",
    Status.COMPLAINED: (
        "The recipient reported it as spam, so nothing more is sent to this address. Agree another address or method "
        "with the client."
    ),
    Status.SUPPRESSED: (
        "It was not sent, because this address bounced or complained before. Correct the address, or lift the block "
        "once you know that it works."
    ),
    Status.EXPIRED: "It was not sent, because its time was over before it could be. Ask for a new one.",
    Status.DROPPED: "It was not meant to be sent.",
}

_REASONS = {
    "portal-closed": "It was not sent, because the portal is closed. Open the portal, then send a new one.",
    "portal-gone": "It was not sent, because its portal no longer exists.",
    "country-not-allowed": (
        "It was not sent, because text messages to this number's country are not allowed. Add the country to the "
        "portal's policy, or use email."
    ),
    "number-not-mobile": (
        "It was not sent, because this is not an ordinary mobile number (premium, landline or not in use). Correct the "
        "number, or use email."
    ),
    "sms-limit-reached": (
        "It was not sent, because the portal's limit of text messages for today is reached. Use email, or raise the "
        "limit in the portal's policy."
    ),
    "opted-out": (
        "It was not sent, because the owner of this number answered STOP to a text message. Use email, or ask them to text "
        "START."
    ),
    "unsubscribed": (
        "It was not sent, because the owner of this address has unsubscribed from marketing. What concerns their business "
        "with you is sent all the same. Only they can change their mind."
    ),
    "quiet-hours": (
        "It is waiting, because it would arrive in the quiet hours that the portal keeps. It goes out when they end. "
        "Nothing to do."
    ),
    "sms-budget-spent": (
        "It was not sent, because the portal's budget for text messages is spent for this month. Use email, or raise it "
        "in the portal's settings, then send a new one."
    ),
    "no-postal-address": (
        "It was not sent, because marketing mails must carry the company's postal address and the portal has none. Enter it in "
        "the portal's support settings, then send a new one."
    ),
    "cannot-compose": (
        "It was not sent, because its text could not be put together or its address cannot be written to. Check the "
        "address. If it is right, tell whoever runs this portal."
    ),
    "message-deleted": (
        "It was not sent, because this message of yours was deleted before it could be. If it shall go out after all, restore "
        "the message, then send it anew."
    ),
    "stopped": "It was not sent, because its campaign was cancelled or stopped before it could be.",
    "gave-up": "It was not sent: the provider kept refusing for a day. Tell whoever runs this portal.",
    "provider:MessageRejected": (
        "The mail provider refused it. While the mail account is in its trial mode, only verified addresses can be "
        "written to. Tell whoever runs this portal."
    ),
    "provider:OptedOut": "The recipient has opted out of text messages. Use email, or ask them to text START.",
}


def explained(status: str, reason: str | None) -> str:
    """What a status means and what to do next, for staff."""
    return _REASONS.get(reason or "") or _MEANING[Status(status)]
