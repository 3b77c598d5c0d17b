"""The queues: codes and links apart from bulk mail, so that a campaign never makes anyone wait for a code.

What workflows react to has one of its own: it is work, not yet a message.
"""

from __future__ import annotations

from infra.stages import Stage

from .cfn import ACCOUNT, Node, allow, att, only_over_tls, policy, ref, resource, sub

_DAY = 86_400
_TRIES = 5  # deliveries before a message is put aside; a person looks at it then, alarmed by the dead queue
# Visibility must outlast the retries of one invocation: AWS asks for six times the function's timeout.
VISIBILITY_FACTOR = 6


def resources(stage: Stage) -> dict[str, Node]:
    """Three queues with their dead ones, and one for events that other functions could not handle."""
    made: dict[str, Node] = {}
    # A code is of no use tomorrow; bulk mail and workflows survive a weekend.
    for name, function, days in (
        ("Urgent", "deliver_urgent", 1),
        ("Bulk", "deliver_bulk", 4),
        ("Reactions", "react", 4),
    ):
        seconds = VISIBILITY_FACTOR * stage.timeout(function)
        made[f"{name}Queue"] = _queue(
            stage,
            name.lower(),
            days,
            VisibilityTimeout=seconds,
            RedrivePolicy={"deadLetterTargetArn": att(f"{name}DeadQueue"), "maxReceiveCount": _TRIES},
        )
        source = f"arn:${{AWS::Partition}}:sqs:${{AWS::Region}}:${{AWS::AccountId}}:{stage.prefix}-{name.lower()}"
        made[f"{name}DeadQueue"] = _queue(
            stage,
            f"{name.lower()}-dead",
            14,
            RedriveAllowPolicy={"redrivePermission": "byQueue", "sourceQueueArns": [sub(source)]},
        )
    made["FailuresQueue"] = _queue(stage, "failures", 14, RedriveAllowPolicy={"redrivePermission": "denyAll"})
    made |= {f"{name}Policy": _policy(name) for name in list(made)}
    return made


DEAD_QUEUES = ("UrgentDeadQueue", "BulkDeadQueue", "ReactionsDeadQueue", "FailuresQueue")


def _queue(stage: Stage, name: str, days: int, **properties: object) -> Node:
    return resource(
        "AWS::SQS::Queue",
        {
            "QueueName": f"{stage.prefix}-{name}",
            "KmsMasterKeyId": ref("DataKey"),
            "KmsDataKeyReusePeriodSeconds": 300,
            "MessageRetentionPeriod": days * _DAY,
            **properties,
        },
    )


def _policy(queue: str) -> Node:
    statements = [only_over_tls("sqs:*", att(queue))]
    if queue == "FailuresQueue":
        statements.append(
            allow(
                "sqs:SendMessage",
                att(queue),
                Sid="FeedbackThatCouldNotBeDelivered",
                Principal={"Service": "sns.amazonaws.com"},
                Condition={
                    "ArnEquals": {"aws:SourceArn": ref("MailEventsTopic")},
                    "StringEquals": {"aws:SourceAccount": ACCOUNT},
                },
            )
        )
    return resource("AWS::SQS::QueuePolicy", {"Queues": [ref(queue)], "PolicyDocument": policy(*statements)})
