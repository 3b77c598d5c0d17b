"""Settings, read once from the environment when the process starts.

Every setting is a variable `LATCHSTRING_<NAME>`. A missing one stops the start and is named, and so is one that nobody
knows: a misspelt setting must not pass in silence.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any
from urllib.parse import urlsplit

_PREFIX = "LATCHSTRING_"


class SettingsWrong(SystemExit):
    """The environment does not hold what this deployment needs; the message names each setting at fault."""


@dataclass(frozen=True, slots=True)
class Config:
    """What differs between deployments. Policy that differs between portals lives in `portals.policy`."""

    stage: str
    public_url: str
    table_prefix: str
    urgent_queue_url: str
    bulk_queue_url: str
    reactions_queue_url: str
    documents_bucket: str
    keys_secret_id: str
    mail_from: str
    ses_configuration_set: str
    edge: str = "none"
    send_rate: int = 0  # messages a second of the bulk worker, all its copies together; 0: as fast as they can
    log_level: str = "INFO"

    @property
    def is_https(self) -> bool:
        """Whether browsers reach us by https: decides cookie prefixes and HSTS."""
        return self.public_url.startswith("https://")

    @property
    def host(self) -> str:
        """The public host name, with its port if it has one. Never taken from a request."""
        return urlsplit(self.public_url).netloc


def read(environment: Mapping[str, str]) -> Config:
    """The settings in `environment`; raises SettingsWrong naming every one that is missing, unknown or not usable."""
    given = {name: value for name, value in environment.items() if name.startswith(_PREFIX)}
    known = {f"{_PREFIX}{field.name.upper()}": field for field in fields(Config)}
    faults = [f"{name} is not a setting of Latchstring" for name in given if name not in known]
    faults += [
        f"{name} is missing" for name, field in known.items() if field.default is MISSING and not given.get(name)
    ]
    values: dict[str, Any] = {field.name: given[name] for name, field in known.items() if given.get(name)}
    faults += _unusable(values)
    if faults:
        raise SettingsWrong("Latchstring cannot start: " + "; ".join(sorted(faults)) + ".")
    return Config(**{**values, "send_rate": int(values.get("send_rate", 0))})


def _unusable(values: Mapping[str, str]) -> list[str]:
    faults = []
    url = urlsplit(values.get("public_url", "https://x"))
    if url.scheme not in ("http", "https") or not url.netloc or url.path or url.query:
        faults.append(f"{_PREFIX}PUBLIC_URL must be like https://portal.example.com, with no path")
    if not re.fullmatch("[0-9]{1,6}", values.get("send_rate", "0")):
        faults.append(f"{_PREFIX}SEND_RATE must be a whole number of messages a second, or 0")
    if values.get("edge", "none") not in ("none", "cloudfront"):
        faults.append(f"{_PREFIX}EDGE must be none or cloudfront")
    if values.get("edge") == "none" and values.get("stage") not in ("local", "test", None):
        faults.append(f"{_PREFIX}EDGE must be cloudfront in a deployed stage")
    return faults


settings = read(os.environ)
