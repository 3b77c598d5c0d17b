"""Log groups: encrypted, kept for a while and then forgotten."""

from __future__ import annotations

from infra.stages import FUNCTIONS, Stage

from .cfn import Node, resource
from .encryption import KEY_ARN

_DAYS = 90  # long enough to look into a complaint; the facts table is the lasting record


def resources(stage: Stage) -> dict[str, Node]:
    """One group per function, one for the API's access log, one for what the firewall blocked."""
    named = {f"{logical}Log": log_name(stage, function) for function, logical in FUNCTIONS.items()}
    named["AccessLog"] = f"/{stage.prefix}/access"
    named["FirewallLog"] = f"aws-waf-logs-{stage.prefix}"  # WAF insists on this prefix
    return {logical: _group(name) for logical, name in named.items()}


def log_name(stage: Stage, function: str) -> str:
    """The log group of a function, by its Chalice name."""
    return f"/aws/lambda/{function_name(stage, function)}"


def function_name(stage: Stage, function: str) -> str:
    """What a function is called in AWS."""
    return f"{stage.prefix}-{'api' if function == 'api_handler' else function.replace('_', '-')}"


def _group(name: str) -> Node:
    return resource(
        "AWS::Logs::LogGroup",
        {"LogGroupName": name, "RetentionInDays": _DAYS, "KmsKeyId": KEY_ARN},
        DeletionPolicy="Retain",
        UpdateReplacePolicy="Retain",
    )
