"""Change sets: what a deployment would do, shown before it is done, and stopped where it would cost data."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
# What holds data, or what was encrypted with it would be lost.
_PRECIOUS = frozenset({"AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::KMS::Key"})
_NOTHING_TO_DO = ("didn't contain changes", "No updates are to be performed")


class NotDeployed(SystemExit):
    """The deployment was stopped or failed; the message says why."""


@dataclass(frozen=True, slots=True)
class Change:
    """One resource that would be added, changed or removed."""

    action: str
    resource: str
    kind: str
    replacement: str = ""

    @property
    def is_dangerous(self) -> bool:
        """Whether data would be lost, or left behind in something no longer used."""
        return self.kind in _PRECIOUS and (self.action == "Remove" or self.replacement in ("True", "Conditional"))

    def __str__(self) -> str:
        replaced = {"True": ", replaced", "Conditional": ", perhaps replaced"}.get(self.replacement, "")
        return f"{'!' if self.is_dangerous else ' '} {self.action:<7} {self.kind:<45} {self.resource}{replaced}"


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """A change set that waits to be carried out."""

    id: str
    stack: str
    is_new: bool
    changes: list[Change]

    @property
    def dangerous(self) -> list[Change]:
        """The changes that would cost data."""
        return [change for change in self.changes if change.is_dangerous]


def prepare(cfn: Any, stack: str, template_url: str, parameters: dict[str, str], poll: float = 3) -> ChangeSet | None:
    """Ask CloudFormation what this template would change; None if nothing. Raises NotDeployed if it is refused."""
    is_new = not _exists(cfn, stack)
    made = cfn.create_change_set(
        StackName=stack,
        ChangeSetName=f"deploy-{int(time.time())}",
        ChangeSetType="CREATE" if is_new else "UPDATE",
        TemplateURL=template_url,
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        Capabilities=_CAPABILITIES,
    )
    while True:
        answer = cfn.describe_change_set(ChangeSetName=made["Id"])
        if answer["Status"] == "FAILED":
            reason = answer.get("StatusReason", "")
            cfn.delete_change_set(ChangeSetName=made["Id"])
            if any(text in reason for text in _NOTHING_TO_DO):
                return None
            raise NotDeployed(f"CloudFormation refuses the template: {reason}")
        if answer["Status"] == "CREATE_COMPLETE":
            return ChangeSet(made["Id"], stack, is_new, list(_read(cfn, made["Id"])))
        time.sleep(poll)


def carry_out(cfn: Any, changes: ChangeSet) -> None:
    """Do it and wait. CloudFormation undoes everything when one part fails; then NotDeployed tells which."""
    since = time.time()
    cfn.execute_change_set(ChangeSetName=changes.id)
    waiter = cfn.get_waiter("stack_create_complete" if changes.is_new else "stack_update_complete")
    try:
        waiter.wait(StackName=changes.stack, WaiterConfig={"Delay": 10, "MaxAttempts": 360})
    except Exception as error:
        failures = "\n".join(_failures(cfn, changes.stack, since)) or str(error)
        raise NotDeployed(f"The deployment failed and was undone:\n{failures}") from error


def outputs(cfn: Any, stack: str) -> dict[str, str]:
    """What the stack tells of itself; empty if there is no stack yet."""
    if not _exists(cfn, stack):
        return {}
    (described,) = cfn.describe_stacks(StackName=stack)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}


def _exists(cfn: Any, stack: str) -> bool:
    try:
        (described,) = cfn.describe_stacks(StackName=stack)["Stacks"]
    except cfn.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return False
        raise
    # A change set that was never carried out leaves an empty stack behind.
    return bool(described["StackStatus"] != "REVIEW_IN_PROGRESS")


def _read(cfn: Any, change_set: str) -> Iterator[Change]:
    token: dict[str, str] = {}
    while True:
        answer = cfn.describe_change_set(ChangeSetName=change_set, **token)
        for entry in answer["Changes"]:
            change = entry["ResourceChange"]
            yield Change(
                change["Action"], change["LogicalResourceId"], change["ResourceType"], change.get("Replacement", "")
            )
        if not answer.get("NextToken"):
            return
        token = {"NextToken": answer["NextToken"]}


def _failures(cfn: Any, stack: str, since: float) -> Iterable[str]:
    events = cfn.describe_stack_events(StackName=stack)["StackEvents"]
    for event in reversed(events):
        if event["Timestamp"].timestamp() >= since and event["ResourceStatus"].endswith("_FAILED"):
            yield f"  {event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason given')}"
