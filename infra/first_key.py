"""API keys of a whole stage. A portal's keys are made over the API by whoever holds one; this is where the first comes from.

They are made, listed and revoked by the application's own code, with the operator's own credentials, in the tables of the
stage. No function and no role of the deployment can do this.
"""

from __future__ import annotations

import os
from typing import Any

import boto3

from infra import stages
from infra.deploy import account, changes
from infra.deploy.changes import NotDeployed
from infra.deploy.settings import Settings


def make(stage: str, settings: Settings, name: str) -> str:
    """A new key with every permission on every portal; the only sight of it. Raises NotDeployed."""
    enter(stage, settings)
    return _made(name)


def lines(stage: str, settings: Settings) -> list[str]:
    """The keys of the whole stage, oldest first, a line each: never their secrets."""
    enter(stage, settings)
    from chalicelib.portals import api_keys

    found = api_keys.listed(api_keys.EVERY_PORTAL, limit=100).items
    return [
        f"{key.id}  {key.created_at}  {'revoked ' + key.revoked_at if key.revoked_at else 'good'}  {key.name}"
        for key in found
    ]


def revoke(stage: str, settings: Settings, key_id: str) -> None:
    """End a key of the whole stage at once. Raises NotFound."""
    enter(stage, settings)
    from chalicelib.facts import Act
    from chalicelib.portals import api_keys

    api_keys.revoke(Act(api_keys.EVERY_PORTAL, "system:setup"), key_id)


def enter(stage: str, settings: Settings) -> None:
    """Become a process of this stage. Raises NotDeployed.

    The application reads its settings when it is imported, so one process can do this for one stage only.
    """
    account.check(settings)
    deployed = boto3.client("cloudformation", region_name=settings.region)
    told = changes.outputs(deployed, f"{stages.APP}-{stage}")
    if not told:
        raise NotDeployed(f"There is no stage {stage} yet. First: make deploy STAGE={stage}")
    _enter(environment(stage, settings, told))


def environment(stage: str, settings: Settings, told: dict[str, str]) -> dict[str, str]:
    """The settings in which the application finds the stage's tables. Nothing is sent or uploaded here: no queues."""
    prefix = stages.read(stage).prefix
    return {
        "AWS_DEFAULT_REGION": settings.region,
        "AWS_REGION": settings.region,
        "LATCHSTRING_STAGE": stage,
        "LATCHSTRING_PUBLIC_URL": told["PublicUrl"],
        "LATCHSTRING_TABLE_PREFIX": prefix,
        "LATCHSTRING_URGENT_QUEUE_URL": "none",
        "LATCHSTRING_BULK_QUEUE_URL": "none",
        "LATCHSTRING_REACTIONS_QUEUE_URL": "none",
        "LATCHSTRING_DOCUMENTS_BUCKET": told["DocumentsBucketName"],
        "LATCHSTRING_KEYS_SECRET_ID": f"{prefix}-keys",
        "LATCHSTRING_MAIL_FROM": settings.mail_from,
        "LATCHSTRING_SES_CONFIGURATION_SET": prefix,
        "LATCHSTRING_EDGE": "cloudfront",
    }


def _enter(settings: dict[str, Any]) -> None:
    for name in [name for name in os.environ if name.startswith("LATCHSTRING_")]:
        del os.environ[name]
    os.environ.update(settings)


def _made(name: str) -> str:
    from chalicelib.facts import Act  # only now: the environment is there
    from chalicelib.portals import api_keys
    from chalicelib.portals.permissions import PERMISSIONS

    everything = frozenset(PERMISSIONS)
    wanted = api_keys.NewKey(name=name, scopes=tuple(sorted(everything)))
    return api_keys.create(Act(api_keys.EVERY_PORTAL, "system:setup"), wanted, maker=everything).key
