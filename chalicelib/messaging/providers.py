"""SES and SNS: one call each, once. Neither can tell a repeated request from a new one, so nothing here repeats.

What the provider says falls into three kinds, and the difference decides whether somebody gets a mail twice or never:
accepted; surely not accepted (for now, or for good); and silence, after which it may have been accepted or not.
"""

from __future__ import annotations

from .. import aws
from ..config import settings
from .compose import Email, Sms
from .models import MessageRow

# For good: the same message would be refused again, however often it is tried.
_FOR_GOOD = frozenset(
    {
        "MessageRejected", "BadRequestException", "InvalidParameter", "InvalidParameterException",
        "InvalidParameterValue", "ParameterValueInvalid", "ValidationException", "ValidationError", "OptedOut",
        "OptedOutException", "UserErrorException", "ParamValidationError",
    }
)  # fmt: skip
# Errors of our own side of the wire, raised before a byte of the request was sent.
_NEVER_LEFT = frozenset(
    {
        "EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError", "NoCredentialsError",
        "PartialCredentialsError", "CredentialRetrievalError", "NoRegionError", "TokenRetrievalError",
    }
)  # fmt: skip


class NotAccepted(Exception):
    """The provider surely did not take it. `for_good`: and never will."""

    def __init__(self, reason: str, *, for_good: bool) -> None:
        self.reason, self.for_good = reason, for_good
        super().__init__(reason)


class OutcomeUnknown(Exception):
    """The provider may or may not have taken it."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def send(row: MessageRow, message: Email | Sms) -> str:
    """Hand it to the provider and give the provider's id. Raises NotAccepted or OutcomeUnknown."""
    try:
        return _send_email(row, message) if isinstance(message, Email) else _send_sms(row, message)
    except Exception as error:
        raise _verdict(error) from error


def _send_email(row: MessageRow, email: Email) -> str:
    answer = aws.client("sesv2").send_email(
        FromEmailAddress=email.sender,
        Destination={"ToAddresses": [email.to]},
        Content={"Raw": {"Data": email.mime()}},
        EmailTags=[{"Name": "message", "Value": row.id}, {"Name": "portal", "Value": row.portal}],
        ConfigurationSetName=settings.ses_configuration_set,
    )
    return str(answer["MessageId"])


def _send_sms(row: MessageRow, sms: Sms) -> str:
    answer = aws.client("sns").publish(
        PhoneNumber=sms.to,
        Message=sms.text,
        MessageAttributes={
            "AWS.SNS.SMS.SMSType": {
                "DataType": "String",
                "StringValue": "Promotional" if row.is_marketing else "Transactional",
            },
            "latchstring.message": {"DataType": "String", "StringValue": row.id},
            "latchstring.portal": {"DataType": "String", "StringValue": row.portal},
        },
    )
    return str(answer["MessageId"])


def _verdict(error: Exception) -> Exception:
    code = aws.error_code(error)
    if code in _FOR_GOOD:
        return NotAccepted(f"provider:{code.removesuffix('Exception')}", for_good=True)
    if code in _NEVER_LEFT or 400 <= _http_status(error) < 500:
        return NotAccepted(f"provider:{code}", for_good=False)
    return OutcomeUnknown(f"provider:{code}")


def _http_status(error: Exception) -> int:
    if not isinstance(error, aws.ClientError):
        return 0
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
