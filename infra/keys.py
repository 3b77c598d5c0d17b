"""The signing keys in Secrets Manager: made once per stage, before the stack that uses them; new versions added later.

CloudFormation can make a random secret, but not 32 random bytes in base64 inside the JSON that the application reads
(see chalicelib/security/keys.py), and an update must never replace the keys. So the deployment makes them, and only
where there are none. `python -m infra.keys --stage prod rotate` adds a key; `origin` makes the edge's secret anew.
"""

from __future__ import annotations

import argparse
import base64
import json
import secrets
from dataclasses import dataclass
from typing import Any

import boto3

from infra import stages
from infra.deploy import settings

_KEY_BYTES = 32
_ORIGIN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Keys:
    """Where the keys are: never what they are."""

    arn: str
    version: str


def name(stage: str) -> str:
    """The name of a stage's secret."""
    return f"{stages.APP}-{stage}-keys"


def ensure(client: Any, stage: str) -> tuple[Keys, bool]:
    """The stage's keys, made if there are none; whether they were made now."""
    try:
        return _described(client, name(stage)), False
    except client.exceptions.ResourceNotFoundException:
        client.create_secret(
            Name=name(stage),
            Description="Signing keys of Latchstring. Losing them voids every link and session; see docs/deployment.md.",
            SecretString=json.dumps(fresh()),
        )
        return _described(client, name(stage)), True


def rotate(client: Any, stage: str) -> int:
    """Add a key and make it current; gives its version. Older keys stay, since what was made with them still counts."""
    held = _read(client, stage)
    latest = max(int(version) for version in held["keys"]) + 1
    held["keys"][str(latest)] = _key()
    held["current"] = latest
    client.put_secret_value(SecretId=name(stage), SecretString=json.dumps(held))
    return latest


def renew_origin(client: Any, stage: str) -> None:
    """Make the secret anew by which the application knows the edge. The next deployment tells the edge."""
    client.put_secret_value(
        SecretId=name(stage),
        SecretString=json.dumps({**_read(client, stage), "origin_secret": secrets.token_hex(_ORIGIN_BYTES)}),
    )


def fresh() -> dict[str, Any]:
    """A first set of keys."""
    return {"current": 1, "keys": {"1": _key()}, "origin_secret": secrets.token_hex(_ORIGIN_BYTES)}


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


def _read(client: Any, stage: str) -> dict[str, Any]:
    held: dict[str, Any] = json.loads(client.get_secret_value(SecretId=name(stage))["SecretString"])
    return held


def _described(client: Any, secret: str) -> Keys:
    answer = client.describe_secret(SecretId=secret)
    (current,) = [version for version, labels in answer["VersionIdsToStages"].items() if "AWSCURRENT" in labels]
    return Keys(answer["ARN"], current)


def main() -> None:
    """Change a stage's keys from the command line."""
    parser = argparse.ArgumentParser(prog="python -m infra.keys", description="Change the signing keys of a stage.")
    parser.add_argument("--stage", required=True, choices=stages.names())
    parser.add_argument("what", choices=("rotate", "origin"))
    given = parser.parse_args()
    client = boto3.client("secretsmanager", region_name=settings.read(given.stage).region)
    if given.what == "rotate":
        print(f"Key {rotate(client, given.stage)} is current; running functions take it within five minutes.")
    else:
        renew_origin(client, given.stage)
        print(f"Now run `make deploy STAGE={given.stage}`: until then the edge shows the old secret.")


if __name__ == "__main__":
    main()
