"""The signing keys in Secrets Manager: made once per stage, before the stack that uses them; new versions added later.

CloudFormation can make a random secret, but not 32 random bytes in base64 inside the JSON that the application reads
(see chalicelib/security/keys.py), and an update must never replace the keys. So the deployment makes them, and only
where there are none. `python -m infra.keys --stage prod rotate` adds a key; `origin` makes the edge's secret anew;
`first-api-key` makes the API key that every other one comes from, `list-api-keys` and `revoke-api-key` look after those of
the whole stage (see infra/first_key.py).
"""

from __future__ import annotations

import argparse
import base64
import json
import secrets
import sys
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
    """Make or change a stage's keys from the command line."""
    parser = argparse.ArgumentParser(prog="python -m infra.keys", description="Make or change the keys of a stage.")
    parser.add_argument("--stage", required=True, choices=stages.names())
    what = parser.add_subparsers(dest="what", required=True)
    what.add_parser("rotate", help="add a signing key and make it current")
    what.add_parser("origin", help="make the secret anew by which the application knows the edge")
    first = what.add_parser("first-api-key", help="make an API key that may do everything on every portal")
    first.add_argument("--name", required=True, help="what the list of keys shows")
    what.add_parser("list-api-keys", help="list the API keys of the whole stage, never their secrets")
    gone = what.add_parser("revoke-api-key", help="end an API key of the whole stage at once")
    gone.add_argument("--id", required=True, help="its id, as the list shows it")
    given = parser.parse_args()
    of_stage = settings.read(given.stage)
    if given.what.endswith(("-api-key", "-api-keys")):
        _api_keys(given, of_stage)
        return
    client = boto3.client("secretsmanager", region_name=of_stage.region)
    if given.what == "rotate":
        print(f"Key {rotate(client, given.stage)} is current; running functions take it within five minutes.")
    else:
        renew_origin(client, given.stage)
        print(f"Now run `make deploy STAGE={given.stage}`: until then the edge shows the old secret.")


def _api_keys(given: argparse.Namespace, of_stage: settings.Settings) -> None:
    from infra import first_key  # here, since it asks what is deployed, and the deployment asks this module for keys

    if given.what == "list-api-keys":
        print("\n".join(first_key.lines(given.stage, of_stage)))
    elif given.what == "revoke-api-key":
        first_key.revoke(given.stage, of_stage, given.id)
        print("Revoked. The next call with it is refused.")
    else:
        print(first_key.make(given.stage, of_stage, given.name))
        print(
            "Keep it in your secret store: it may do everything on every portal, and it is never shown again.",
            file=sys.stderr,
        )


if __name__ == "__main__":
    main()
