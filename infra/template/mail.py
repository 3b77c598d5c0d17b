"""Sending mail through SES, and hearing what became of it. The verified identity itself is the operator's to set up."""

from __future__ import annotations

from infra.stages import Stage

from .cfn import ACCOUNT, Node, allow, only_over_tls, policy, ref, resource, sub

# Not OPEN and CLICK: they rewrite links and plant pixels in clients' mail.
_EVENTS = ["SEND", "DELIVERY", "DELIVERY_DELAY", "BOUNCE", "COMPLAINT", "REJECT", "RENDERING_FAILURE"]


def resources(stage: Stage) -> dict[str, Node]:
    """The configuration set, and the topic on which SES tells of every mail."""
    return {
        "MailSettings": resource(
            "AWS::SES::ConfigurationSet",
            {
                "Name": stage.prefix,
                "DeliveryOptions": {"TlsPolicy": "REQUIRE"},
                "ReputationOptions": {"ReputationMetricsEnabled": True},
                "SendingOptions": {"SendingEnabled": True},
                "SuppressionOptions": {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]},
            },
        ),
        "MailEvents": resource(
            "AWS::SES::ConfigurationSetEventDestination",
            {
                "ConfigurationSetName": ref("MailSettings"),
                "EventDestination": {
                    "Name": "feedback",
                    "Enabled": True,
                    "MatchingEventTypes": _EVENTS,
                    "SnsDestination": {"TopicARN": ref("MailEventsTopic")},
                },
            },
            DependsOn=["MailEventsTopicPolicy"],  # SES tries the topic when told of it
        ),
        "MailEventsTopic": topic(stage, "mail-events"),
        "MailEventsTopicPolicy": _topic_policy(
            allow(
                "sns:Publish",
                ref("MailEventsTopic"),
                Sid="SesTellsOfThisConfigurationSet",
                Principal={"Service": "ses.amazonaws.com"},
                Condition={
                    "StringEquals": {"aws:SourceAccount": ACCOUNT},
                    "ArnEquals": {
                        "aws:SourceArn": sub(
                            f"arn:${{AWS::Partition}}:ses:${{AWS::Region}}:${{AWS::AccountId}}"
                            f":configuration-set/{stage.prefix}"
                        )
                    },
                },
            )
        ),
    }


def topic(stage: Stage, name: str) -> Node:
    """An encrypted topic."""
    return resource("AWS::SNS::Topic", {"TopicName": f"{stage.prefix}-{name}", "KmsMasterKeyId": ref("DataKey")})


def _topic_policy(statement: Node) -> Node:
    return resource(
        "AWS::SNS::TopicPolicy",
        {
            "Topics": [ref("MailEventsTopic")],
            "PolicyDocument": policy(only_over_tls("sns:Publish", ref("MailEventsTopic")), statement),
        },
    )
