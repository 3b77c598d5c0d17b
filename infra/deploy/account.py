"""Whether the operator's credentials are for the account that a stage belongs to."""

from __future__ import annotations

import boto3

from .changes import NotDeployed
from .settings import Settings


def check(settings: Settings) -> None:
    """Raise NotDeployed if they are for another one."""
    account = boto3.client("sts", region_name=settings.region).get_caller_identity()["Account"]
    if account != settings.account:
        raise NotDeployed(f"These credentials are for account {account}, but the stage belongs to {settings.account}.")
