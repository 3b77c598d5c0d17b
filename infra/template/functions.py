"""What Chalice leaves out of its functions: settings, log groups, and how events are delivered and retried.

These pieces are merged into the resources that Chalice writes, so they hold properties without a type.
"""

from __future__ import annotations

import json

from chalicelib.facts.reactions import CONCERNING
from infra.stages import FUNCTIONS, Stage

from .cfn import Node, att, ref, skipping, sub
from .logs import function_name
from .tables import logical_id

_PARTIAL = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}  # one bad message must not repeat the good ones
# What the relays act on (see messaging/relay.py, facts/relay.py). Most records of the streams are messages' later moves and
# facts that no workflow looks at: filtered here, they cost no invocation.
_NEW_MESSAGES = {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"status": {"S": ["queued"]}}}}
_CONCERNING_FACTS = {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"kind": {"S": sorted(CONCERNING)}}}}
_TO_FAILURES = {"Type": "SQS", "Destination": att("FailuresQueue")}
_HOUR, _DAY = 3600, 86_400
_UNTIL_TOO_OLD = -1
_SKIPPED = {
    "CKV_AWS_116": "failures go to dead queues and on-failure destinations; the API answers its caller",
    "CKV_AWS_117": "talks to AWS's own endpoints only; a VPC would add cold start and cost and protect nothing",
    "CKV_AWS_173": "the environment holds no secret; a customer key would add a KMS call to every cold start",
}

_SMS_ROLE = {"CKV_AWS_111": "phone numbers have no ARN to name; publishing to any topic is denied beside it"}


def settings(stage: Stage) -> Node:
    """The environment of every function: see chalicelib/config.py."""
    return {
        "LATCHSTRING_STAGE": stage.name,
        "LATCHSTRING_PUBLIC_URL": sub("https://${PublicHost}"),
        "LATCHSTRING_TABLE_PREFIX": stage.prefix,
        "LATCHSTRING_URGENT_QUEUE_URL": ref("UrgentQueue"),
        "LATCHSTRING_BULK_QUEUE_URL": ref("BulkQueue"),
        "LATCHSTRING_REACTIONS_QUEUE_URL": ref("ReactionsQueue"),
        "LATCHSTRING_DOCUMENTS_BUCKET": ref("DocumentsBucket"),
        "LATCHSTRING_KEYS_SECRET_ID": ref("KeysSecretArn"),
        "LATCHSTRING_MAIL_FROM": ref("MailFrom"),
        "LATCHSTRING_SES_CONFIGURATION_SET": ref("MailSettings"),
        "LATCHSTRING_EDGE": "cloudfront",
        "LATCHSTRING_SEND_RATE": ref("SendRate"),
        "LATCHSTRING_LOG_LEVEL": "INFO",
        # Powertools' tracer stays out of the way: X-Ray is off, and importing its SDK is half a cold start.
        "POWERTOOLS_TRACE_DISABLED": "1",
    }


def overrides(stage: Stage) -> dict[str, Node]:
    """By resource: what is merged into each function."""
    made = {logical: _common(stage, function) for function, logical in FUNCTIONS.items()}
    # A message that was not handed on within the hour the minute sweep has long found; a fact nobody would bring again.
    made["Relay"]["Properties"] |= _from_stream("Relay", "messages", _NEW_MESSAGES, tries=10, seconds=_HOUR)
    made["FactsRelay"]["Properties"] |= _from_stream(
        "FactsRelay", "facts", _CONCERNING_FACTS, tries=_UNTIL_TOO_OLD, seconds=_DAY // 2
    )
    for function, logical, queue in (
        ("deliver_urgent", "DeliverUrgent", "UrgentQueue"),
        ("deliver_bulk", "DeliverBulk", "BulkQueue"),
        ("react", "React", "ReactionsQueue"),
    ):
        made[logical]["Properties"] |= _from_queue(logical, queue, stage.concurrency(function))
    made["Feedback"]["Properties"] |= _from_topic()
    made["Tick"]["Properties"] |= _every_minute()
    made |= {f"{logical}Role": {"Metadata": skipping(_SMS_ROLE)} for logical in ("DeliverUrgent", "DeliverBulk")}
    return made


def _common(stage: Stage, function: str) -> Node:
    logical = FUNCTIONS[function]
    return {
        "Properties": {
            "FunctionName": function_name(stage, function),
            "LoggingConfig": {"LogGroup": ref(f"{logical}Log")},
        },
        "Metadata": skipping(_SKIPPED),
    }


def _from_stream(function: str, table: str, wanted: Node, *, tries: int, seconds: int) -> Node:
    return {
        "Events": {
            f"{function}DynamodbEventSource": {
                "Properties": {
                    "Stream": att(logical_id(table), "StreamArn"),
                    # Also what was written between the making of the stream and of this: nothing queued is lost.
                    "StartingPosition": "TRIM_HORIZON",
                    "FilterCriteria": {"Filters": [{"Pattern": json.dumps(wanted)}]},
                    "BisectBatchOnFunctionError": True,
                    "MaximumRetryAttempts": tries,
                    "MaximumRecordAgeInSeconds": seconds,
                    "DestinationConfig": {"OnFailure": _TO_FAILURES},
                    **_PARTIAL,
                }
            }
        }
    }


def _from_queue(function: str, queue: str, concurrency: int) -> Node:
    """As many at once as may run: were it more, SQS would be refused and messages would use up their tries."""
    return {
        "Events": {
            f"{function}SqsEventSource": {
                "Properties": {
                    "Queue": att(queue),
                    "ScalingConfig": {"MaximumConcurrency": max(2, concurrency)},  # AWS takes no less than 2
                    **_PARTIAL,
                }
            }
        }
    }


def _from_topic() -> Node:
    return {
        "Events": {
            "FeedbackSnsSubscription": {
                "Properties": {
                    "Topic": ref("MailEventsTopic"),
                    "RedrivePolicy": {"deadLetterTargetArn": att("FailuresQueue")},
                }
            }
        },
        "EventInvokeConfig": {
            "MaximumRetryAttempts": 2,
            "MaximumEventAgeInSeconds": _HOUR,
            "DestinationConfig": {"OnFailure": _TO_FAILURES},
        },
    }


def _every_minute() -> Node:
    """A tick that failed is not repeated: the next one, a minute later, finds the same work due."""
    return {"EventInvokeConfig": {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}}
