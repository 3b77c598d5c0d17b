"""The first API key: made where a stage is deployed, told once, and it opens everything there."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from moto import mock_aws

from infra import first_key
from infra.deploy import settings
from infra.deploy.changes import NotDeployed
from infra.local.tables import create_tables
from infra.stages import ROOT
from tests.world import World

ACCOUNT = "123456789012"  # the simulated AWS's
# In a process of its own, as on the operator's machine: the application reads its settings when it is imported.
SETUP = """
import io, json, sys
from contextlib import redirect_stdout
import boto3
from moto import mock_aws
from infra import keys
from infra.deploy import settings
of_stage = settings.Settings(sys.argv[1], "eu-west-1", "portal.acme.example", "arn", "hello@acme.example", "acme.example", "")
settings.read = lambda stage: of_stage
outputs = {"PublicUrl": {"Value": "https://portal.acme.example"}, "DocumentsBucketName": {"Value": "documents"}}
template = {"Resources": {"Letters": {"Type": "AWS::SQS::Queue"}}, "Outputs": outputs}
with mock_aws(), redirect_stdout(io.StringIO()) as told:
    cloudformation = boto3.client("cloudformation", region_name="eu-west-1")
    cloudformation.create_stack(StackName="latchstring-prod", TemplateBody=json.dumps(template))
    sys.argv[1:] = ["--stage", "prod", "first-api-key", "--name", "Setup"]
    keys.main()
    from chalicelib.portals import api_keys
    from chalicelib.portals.permissions import PERMISSIONS
    holder = api_keys.holder(told.getvalue().split()[0])
    (made,) = api_keys.listed("*").items
    sys.argv[1:] = ["--stage", "prod", "list-api-keys"]
    keys.main()
    sys.argv[1:] = ["--stage", "prod", "revoke-api-key", "--id", made.id]
    keys.main()
    (ended,) = api_keys.listed("*").items
    listed = made.id in told.getvalue() and "good  Setup" in told.getvalue()
revoked = bool(ended.revoked_at)
all_scopes = holder.scopes == set(PERMISSIONS)
print(listed, revoked, holder.portal, all_scopes, made.name, made.created_by, made.expires_at)
"""


def setup(world: World) -> subprocess.CompletedProcess[str]:
    """What the command told, and what its key opens."""
    environment = {
        "PATH": "",
        "AWS_ACCESS_KEY_ID": "LATCHSTRING",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_ENDPOINT_URL_DYNAMODB": world.database,
        "LATCHSTRING_STAGE": "left over from another task",
    }
    return subprocess.run(
        [sys.executable, "-c", SETUP, ACCOUNT], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_it_opens_every_portal_and_is_told_once(world: World) -> None:
    create_tables(world.database, "latchstring-prod")
    done = setup(world)
    assert done.stdout == "True True * True Setup system:setup None\n", done.stderr
    assert "never shown again" in done.stderr
    assert "ls_all_" not in done.stderr


def test_nothing_is_made_where_nothing_is_deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_ENDPOINT_URL")]:
        monkeypatch.delenv(name)  # those of the tests' world
    before = dict(os.environ)
    here = settings.Settings(
        ACCOUNT, "eu-west-1", "portal.acme.example", "arn", "hello@acme.example", "acme.example", ""
    )
    with mock_aws(), pytest.raises(NotDeployed, match="First: make deploy STAGE=prod"):
        first_key.make("prod", here, "Setup")
    assert dict(os.environ) == before
