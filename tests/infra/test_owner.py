"""The first owner of a portal: invited where a stage is deployed, once, and only where there is none."""

from __future__ import annotations

import subprocess
import sys

from infra.local.tables import create_tables
from infra.stages import ROOT
from tests.world import World

ACCOUNT = "123456789012"  # the simulated AWS's
# In a process of its own, as on the operator's machine: the application reads its settings when it is imported.
SETUP = """
import json, sys
import boto3
from moto import mock_aws
from infra import keys, owner
from infra.deploy import settings
of_stage = settings.Settings(sys.argv[1], "eu-west-1", "portal.acme.example", "arn", "hello@acme.example", "acme.example", "")
settings.read = lambda stage: of_stage
outputs = {"PublicUrl": {"Value": "https://portal.acme.example"}, "DocumentsBucketName": {"Value": "documents"}}
template = {"Resources": {"Letters": {"Type": "AWS::SQS::Queue"}}, "Outputs": outputs}

def told(portal, email):
    sys.argv[1:] = ["--stage", "prod", "--portal", portal, "--email", email]
    try:
        owner.main()
    except SystemExit as refusal:
        print("refused:", refusal)

with mock_aws():
    cloudformation = boto3.client("cloudformation", region_name="eu-west-1")
    cloudformation.create_stack(StackName="latchstring-prod", TemplateBody=json.dumps(template))
    keys.ensure(boto3.client("secretsmanager", region_name="eu-west-1"), "prod")
    told("owned", "ana@acme.example")
    from chalicelib import portals
    from chalicelib.facts import Act, about
    from chalicelib.messaging import reading
    from chalicelib.people import staff, user_changes, users
    from chalicelib.storage import Transaction
    portals.create(Act("owned", "system:tests"), portals.PortalInput(slug="owned", name="Acme"))
    told("owned", "nobody")
    told("owned", "ona@acme.example")
    told("owned", "ana@acme.example")
    told("owned", "ana@acme.example")
    found = {user.email: user for user in staff.listed("owned").items}
    ana = found["ana@acme.example"]
    print(ana.role, ana.state, found["ona@acme.example"].state, about("owned", f"user:{ana.id}").items[0].actor)
    sent = [(message.template, message.recipient, message.status) for message in reading.listed("owned").items]
    print(sorted(sent))
    tx = Transaction()
    user_changes.set_password(tx, users.get("owned", ana.id), "hash")
    tx.commit()
    told("owned", "another@acme.example")
    told("owned", "ana@acme.example")
    print(len(staff.listed("owned").items))
"""


def test_a_first_owner_is_invited_by_mail_and_only_where_there_is_none(world: World) -> None:
    create_tables(world.database, "latchstring-prod")
    environment = {
        "PATH": "",
        "AWS_ACCESS_KEY_ID": "LATCHSTRING",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_ENDPOINT_URL_DYNAMODB": world.database,
        "LATCHSTRING_STAGE": "left over from another task",
    }
    done = subprocess.run(
        [sys.executable, "-c", SETUP, ACCOUNT], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    works = "The link in the mail works once, for 24 hours; run this again to send another."
    assert done.stdout.splitlines() == [
        "refused: There is no portal of this name.",
        "refused: This is not an email address.",
        f"Invited ona@acme.example. {works}",
        *[f"Invited ana@acme.example. {works}"] * 2,
        "owner invited deactivated system:setup",
        str([("staff-invitation", f"{name}@acme.example", "queued") for name in ("ana", "ana", "ona")]),
        *["refused: This portal has an owner already. Owners invite the others."] * 2,
        "2",
    ], done.stderr
    assert "?t=" not in done.stdout + done.stderr


def test_the_makefile_says_what_is_missing() -> None:
    for arguments in (["--portal", "", "--email", "a@b.example"], ["--portal", "acme", "--email", ""]):
        done = subprocess.run(
            [sys.executable, "-m", "infra.owner", "--stage", "prod", *arguments], cwd=ROOT, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 2
        assert "make owner STAGE=prod PORTAL=acme EMAIL=ana@acme.example" in done.stderr
