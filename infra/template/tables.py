"""The DynamoDB tables, made from the description the code itself uses."""

from __future__ import annotations

from chalicelib.tables import TABLES, Table
from infra.stages import Stage

from .cfn import KEPT, Node, resource
from .encryption import KEY_ARN

_DAYS_BACK = 35  # as far as point-in-time recovery goes


def logical_id(table: str) -> str:
    """The name of a table's resource in the template."""
    return f"{table.title()}Table"


def resources(stage: Stage) -> dict[str, Node]:
    """Every table in `chalicelib.tables`."""
    return {logical_id(name): _table(stage, table) for name, table in TABLES.items()}


def _table(stage: Stage, table: Table) -> Node:
    properties = table.description(f"{stage.prefix}-{table.name}")
    properties |= {
        "DeletionProtectionEnabled": True,
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": _DAYS_BACK},
        "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY_ARN},
    }
    if table.ttl:
        properties["TimeToLiveSpecification"] = {"AttributeName": table.ttl, "Enabled": True}
    if table.stream:
        # CloudFormation infers that streams are on; the CreateTable call wants it said.
        properties["StreamSpecification"] = {
            key: value for key, value in properties["StreamSpecification"].items() if key != "StreamEnabled"
        }
    return resource("AWS::DynamoDB::Table", properties, **KEPT)
