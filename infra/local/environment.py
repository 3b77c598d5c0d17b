"""What the application finds in its environment, and where the runtime keeps its files.

The credentials are made up: nothing here ever leaves the machine, and any AWS call that no stand-in was made for goes
to moto, never to the real AWS.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
REGION = "us-east-1"
ACCOUNT = "123456789012"
ACCESS_KEY = "LATCHSTRINGLOCAL"  # letters and digits only: DynamoDB Local takes no others
SECRET_KEY = "not-a-secret"

TABLE_PREFIX = "latchstring-local"
BUCKET = "latchstring-local-documents"
KEYS_SECRET = "latchstring/local/keys"
MAIL_FROM = "Latchstring <hello@latchstring.example>"
CONFIGURATION_SET = "latchstring-local"

_FOREIGN = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE")


@dataclass(frozen=True, slots=True)
class Places:
    """Every file and folder below the runtime's own folder, `.local/` unless LOCAL_DIR says otherwise."""

    root: Path

    @property
    def lock(self) -> Path:
        """Held while a runtime works on this folder."""
        return self.root / "lock"

    @property
    def keys(self) -> Path:
        """The signing keys, as they stand in Secrets Manager."""
        return self.root / "keys.json"

    @property
    def demo(self) -> Path:
        """What was seeded; its presence means that seeding was done."""
        return self.root / "demo.json"

    @property
    def outbox(self) -> Path:
        """Every message the provider has accepted."""
        return self.root / "outbox.db"

    @property
    def objects(self) -> Path:
        """The documents bucket."""
        return self.root / "objects"

    @property
    def checkpoints(self) -> Path:
        """How far the stream was handed on."""
        return self.root / "checkpoints.json"

    @property
    def dead_letters(self) -> Path:
        """Events that a consumer refused for good, one JSON document a line."""
        return self.root / "dead-letters.jsonl"

    @property
    def endpoints(self) -> Path:
        """The addresses of the running stand-ins, for tools such as the AWS command line."""
        return self.root / "endpoints.json"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Base URLs of the stand-ins."""

    dynamodb: str
    cloud: str
    provider: str
    objects: str


def application_settings(
    public_url: str, endpoints: Endpoints, queues: Mapping[str, str], given: Mapping[str, str]
) -> dict[str, str]:
    """The variables the application needs. Of what the caller's shell holds (`given`) only the log level is kept."""
    return {
        "LATCHSTRING_STAGE": "local",
        "LATCHSTRING_PUBLIC_URL": public_url,
        "LATCHSTRING_TABLE_PREFIX": TABLE_PREFIX,
        "LATCHSTRING_URGENT_QUEUE_URL": queues["urgent"],
        "LATCHSTRING_BULK_QUEUE_URL": queues["bulk"],
        "LATCHSTRING_REACTIONS_QUEUE_URL": queues["reactions"],
        "LATCHSTRING_DOCUMENTS_BUCKET": BUCKET,
        "LATCHSTRING_KEYS_SECRET_ID": KEYS_SECRET,
        "LATCHSTRING_MAIL_FROM": MAIL_FROM,
        "LATCHSTRING_SES_CONFIGURATION_SET": CONFIGURATION_SET,
        "LATCHSTRING_EDGE": "none",
        "LATCHSTRING_LOG_LEVEL": given.get("LATCHSTRING_LOG_LEVEL", "WARNING"),
        **aws_settings(endpoints),
    }


def aws_settings(endpoints: Endpoints) -> dict[str, str]:
    """Where botocore finds each service, and that it must look nowhere else."""
    return {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_ENDPOINT_URL": endpoints.cloud,
        "AWS_ENDPOINT_URL_DYNAMODB": endpoints.dynamodb,
        "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": endpoints.dynamodb,
        "AWS_ENDPOINT_URL_SQS": endpoints.cloud,
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": endpoints.cloud,
        "AWS_ENDPOINT_URL_EVENTBRIDGE": endpoints.cloud,
        "AWS_ENDPOINT_URL_SESV2": endpoints.provider,
        "AWS_ENDPOINT_URL_SNS": endpoints.provider,
        "AWS_ENDPOINT_URL_S3": endpoints.objects,
    }


class Environment:
    """The process environment with the given variables for as long as the runtime is up, then as it was before."""

    def __init__(self) -> None:
        self._before: dict[str, str] | None = None

    def enter(self, variables: Mapping[str, str]) -> None:
        """Take over the environment. Settings of other stages and AWS profiles of the caller's shell are put aside."""
        self._before = dict(os.environ)
        for name in list(os.environ):
            if name.startswith(("LATCHSTRING_", "AWS_ENDPOINT_URL")) or name in _FOREIGN:
                del os.environ[name]
        os.environ.update(variables)

    def leave(self) -> None:
        """Put everything back."""
        if self._before is not None:
            os.environ.clear()
            os.environ.update(self._before)
            self._before = None
