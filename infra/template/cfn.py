"""The few words of CloudFormation that the resource modules are written in."""

from __future__ import annotations

from typing import Any

Node = dict[str, Any]  # a piece of a template: CloudFormation's own JSON
ACCOUNT = {"Ref": "AWS::AccountId"}


def ref(name: str) -> Node:
    """The main identifier of a resource, or a parameter's value."""
    return {"Ref": name}


def att(name: str, attribute: str = "Arn") -> Node:
    """An attribute of a resource."""
    return {"Fn::GetAtt": [name, attribute]}


def sub(text: str, **values: Any) -> Node:
    """Text with ${Name} filled in from resources, parameters, or the values given."""
    return {"Fn::Sub": [text, values]} if values else {"Fn::Sub": text}


def resource(kind: str, properties: Node, *, skip: dict[str, str] | None = None, **attributes: Any) -> Node:
    """A resource. `skip` names checkov rules that do not fit it, each with the reason; attributes such as DependsOn."""
    made: Node = {"Type": kind, "Properties": properties, **attributes}
    if skip:
        made["Metadata"] = {**made.get("Metadata", {}), **skipping(skip)}
    return made


def skipping(rules: dict[str, str]) -> Node:
    """Metadata telling checkov to pass over these rules, and the reader why."""
    return {"checkov": {"skip": [{"id": rule, "comment": reason} for rule, reason in rules.items()]}}


def unlinted(rule: str) -> Node:
    """Metadata telling cfn-lint to pass over a rule on one resource. Say why beside the call."""
    return {"cfn-lint": {"config": {"ignore_checks": [rule]}}}


KEPT: Node = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
"""For whatever holds data: deleting the stack, or replacing the resource, leaves it in place."""


def allow(actions: list[str] | str, resources: Any, **more: Any) -> Node:
    """One statement of a policy that allows."""
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def policy(*statements: Node) -> Node:
    """A policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def only_over_tls(action: str, resources: Any) -> Node:
    """A statement that denies whatever comes unencrypted, whoever asks."""
    return {
        "Sid": "OnlyOverTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": resources,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
