"""The events that Lambda functions get from AWS, built from what the stand-ins hold, and the context beside them."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .environment import ACCOUNT, REGION

Handler = Callable[[Any, Any], Any]
LAMBDA_SECONDS = 29.0


@dataclass(slots=True)
class LambdaContext:
    """What Lambda passes beside the event."""

    function_name: str
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    function_version: str = "$LATEST"
    memory_limit_in_mb: int = 512
    _deadline: float = field(default_factory=lambda: time.monotonic() + LAMBDA_SECONDS)

    @property
    def invoked_function_arn(self) -> str:
        """The function's ARN."""
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.function_name}"

    @property
    def log_group_name(self) -> str:
        """Where its log would go."""
        return f"/aws/lambda/{self.function_name}"

    @property
    def log_stream_name(self) -> str:
        """The stream within that."""
        return "local"

    def get_remaining_time_in_millis(self) -> int:
        """Time left before Lambda would stop the function."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def invoke(handler: Handler, name: str, event: dict[str, Any]) -> Any:
    """Call a function as Lambda does: event and answer are JSON and nothing else."""
    answer = handler(json.loads(json.dumps(event)), LambdaContext(name))
    return json.loads(json.dumps(answer))


def stream_event(records: list[dict[str, Any]], stream_arn: str) -> dict[str, Any]:
    """Records as GetRecords returned them, as Lambda's event source mapping hands them on."""
    return {"Records": [_stream_record(record, stream_arn) for record in records]}


def _stream_record(record: dict[str, Any], stream_arn: str) -> dict[str, Any]:
    change = dict(record["dynamodb"])
    created = change.get("ApproximateCreationDateTime")
    if isinstance(created, dt.datetime):
        change["ApproximateCreationDateTime"] = created.timestamp()
    return {
        "eventID": str(record["eventID"]),
        "eventName": record["eventName"],
        "eventVersion": record.get("eventVersion", "1.1"),
        "eventSource": "aws:dynamodb",
        "awsRegion": REGION,
        "eventSourceARN": stream_arn,
        "dynamodb": _plain(change),
    }


def _plain(value: Any) -> Any:
    """Attribute values with binaries in base64, as they are in JSON."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value


def queue_event(messages: list[dict[str, Any]], queue_arn: str) -> dict[str, Any]:
    """Messages as ReceiveMessage returned them (with all system attributes)."""
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message.get("Attributes", {}),
                "messageAttributes": {},
                "md5OfBody": message.get("MD5OfBody") or hashlib.md5(message["Body"].encode()).hexdigest(),
                "eventSource": "aws:sqs",
                "eventSourceARN": queue_arn,
                "awsRegion": REGION,
            }
            for message in messages
        ]
    }


def topic_event(message: dict[str, Any], topic: str) -> dict[str, Any]:
    """One notification of an SNS topic whose text is `message` in JSON."""
    arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:{topic}"
    notification = {
        "Type": "Notification",
        "MessageId": str(uuid.uuid4()),
        "TopicArn": arn,
        "Subject": "Amazon SES Email Event Notification",
        "Message": json.dumps(message),
        "Timestamp": iso(time.time()),
        "SignatureVersion": "1",
        "Signature": "",
        "SigningCertUrl": "",
        "UnsubscribeUrl": "",
        "MessageAttributes": {},
    }
    subscription = f"{arn}:{uuid.uuid4()}"
    return {
        "Records": [
            {"EventVersion": "1.0", "EventSource": "aws:sns", "EventSubscriptionArn": subscription, "Sns": notification}
        ]
    }


def schedule_event(rule: str) -> dict[str, Any]:
    """The minute's tick from EventBridge."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{rule}"],
        "detail": {},
    }


def iso(seconds: float) -> str:
    """A time in seconds since 1970 as AWS writes it: UTC, milliseconds, Z."""
    moment = dt.datetime.fromtimestamp(seconds, dt.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
