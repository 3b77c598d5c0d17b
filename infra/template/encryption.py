"""The customer managed key that tables, queues, topics, documents and logs are encrypted with."""

from __future__ import annotations

from infra.stages import Stage

from .cfn import ACCOUNT, KEPT, Node, allow, att, policy, ref, resource, sub

# Services that encrypt or decrypt on their own behalf: alarms and feedback into topics, failed deliveries into a queue.
_SERVICES = ["cloudwatch.amazonaws.com", "ses.amazonaws.com", "sns.amazonaws.com"]
_USE = ["kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey"]


def resources(stage: Stage) -> dict[str, Node]:
    """The key and its readable name."""
    return {
        "DataKey": resource(
            "AWS::KMS::Key",
            {
                "Description": f"Everything {stage.prefix} keeps",
                "EnableKeyRotation": True,
                "PendingWindowInDays": 30,
                "KeyPolicy": policy(_account_decides(), _services_may_use(), _logs_may_use(stage)),
            },
            **KEPT,
        ),
        "DataKeyAlias": resource(
            "AWS::KMS::Alias", {"AliasName": f"alias/{stage.prefix}", "TargetKeyId": ref("DataKey")}
        ),
    }


def _account_decides() -> Node:
    """Who may use the key is decided by IAM policies; without this statement a key can become unmanageable."""
    root = sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")
    return allow("kms:*", "*", Sid="TheAccountDecidesByIam", Principal={"AWS": root})


def _services_may_use() -> Node:
    return allow(
        _USE,
        "*",
        Sid="ServicesOfThisAccountMayUseIt",
        Principal={"Service": _SERVICES},
        Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    )


def _logs_may_use(stage: Stage) -> Node:
    group = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:"
    return allow(
        [*_USE, "kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo"],
        "*",
        Sid="LogGroupsOfThisStageMayUseIt",
        Principal={"Service": sub("logs.${AWS::Region}.amazonaws.com")},
        Condition={
            "ArnLike": {
                "kms:EncryptionContext:aws:logs:arn": [
                    sub(f"{group}/aws/lambda/{stage.prefix}-*"),
                    sub(f"{group}/{stage.prefix}/*"),
                    sub(f"{group}aws-waf-logs-{stage.prefix}"),
                ]
            }
        },
    )


KEY_ARN = att("DataKey")
