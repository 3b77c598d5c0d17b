"""AWS clients other than DynamoDB's (which `storage` shares with PynamoDB), each made when first needed.

Endpoints come from botocore's own variables (AWS_ENDPOINT_URL_SQS and so on), so the local runtime needs no branch here.
"""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

_lock = threading.Lock()
_DEFAULTS = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
# Sending has no idempotency token in SES or SNS, so botocore must never repeat a send on its own: see messaging.deliver.
_ONCE = Config(connect_timeout=2, read_timeout=8, retries={"mode": "standard", "total_max_attempts": 1})
_S3 = Config(signature_version="s3v4", s3={"addressing_style": "path"}, connect_timeout=2, read_timeout=5)


@cache
def session() -> botocore.session.Session:
    """The process's one botocore session: a second one would cost a tenth of a cold start.

    Its clients say who we are in one word: botocore's own account of itself is put together anew for every request, which
    takes a third of a call's CPU.
    """
    made = botocore.session.get_session()
    made.set_default_client_config(Config(user_agent="latchstring"))
    return made


@cache
def _client(service: str) -> Any:
    config = {"sesv2": _ONCE, "sns": _ONCE, "s3": _S3}.get(service, _DEFAULTS)
    return session().create_client(service, config=config)


def client(service: str) -> Any:
    """The one client for `service` (sqs, sesv2, sns, s3, secretsmanager). Making a client is not thread-safe: guarded."""
    with _lock:
        return _client(service)


def forget_clients() -> None:
    """Drop every client, so that the next one sees changed endpoints. For runtimes that start servers in process."""
    _client.cache_clear()


def error_code(error: BaseException) -> str:
    """The service's error code, or the exception's name: a short word without personal data."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "ClientError"))
    return type(error).__name__


__all__ = ["BotoCoreError", "ClientError", "client", "error_code", "forget_clients", "session"]
