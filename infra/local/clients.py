"""Clients of our own for the stand-ins. The application makes its own, from the environment."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

import botocore.session
from botocore.config import Config

from .environment import ACCESS_KEY, REGION, SECRET_KEY

_lock = threading.Lock()


@cache
def _session() -> botocore.session.Session:
    return botocore.session.Session()  # one for all: it keeps the service descriptions it has read


def client(endpoint: str, service: str = "dynamodb") -> Any:
    """A client for a service at an endpoint. Dynoxide's shard ids are too short for botocore's checks, hence none."""
    config = Config(
        parameter_validation=False, connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 3},
        user_agent="latchstring",
    )  # fmt: skip
    with _lock:
        return _session().create_client(
            service, region_name=REGION, endpoint_url=endpoint, config=config,
            aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY,
        )  # fmt: skip
