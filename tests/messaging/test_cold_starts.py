"""Each worker loads what it needs and nothing else: a cold start is paid by whoever waits for a code."""

from __future__ import annotations

import subprocess
import sys

import pytest

from chalicelib.jobs.doers import REACTIONS

_NEVER = {
    "jinja2",
    "phonenumbers",
    "email_validator",
    "boto3",
    "chalicelib.web",
    "chalicelib.pages",
    "chalicelib.api",
    "app",
}
_LIGHT = {"pynamodb", "cryptography", "pyotp", "chalicelib.storage", "chalicelib.portals", "chalicelib.messaging"}
_ALSO_NOT = {
    "relay": {"pynamodb", "cryptography", "pyotp", "chalicelib.storage", "chalicelib.portals"},
    "deliver": {"chalicelib.people", "chalicelib.selfservice", "cryptography"},
    "feedback": {"cryptography", "pyotp", "chalicelib.messaging.compose", "chalicelib.people"},
    "facts_relay": _LIGHT | {"chalicelib.work", "chalicelib.jobs", "chalicelib.workflows", "chalicelib.campaigns"},
    "react": _LIGHT
    | {"chalicelib.jobs.models", *(f"chalicelib.{name.rpartition('.')[0]}" for name in REACTIONS.values())},
    "tick": {
        *(f"chalicelib.{room}" for room in ("facts", "portals", "security", "messaging", "people", "signin")),
        *(
            f"chalicelib.{room}"
            for room in ("registration", "selfservice", "support", "work", "jobs", "workflows", "campaigns")
        ),
        "cryptography",
        "pyotp",
    },
}


@pytest.mark.parametrize("consumer", _ALSO_NOT)
def test_a_worker_loads_only_what_it_needs(consumer: str) -> None:
    code = f"import sys, gc; import chalicelib.consumers.{consumer}; print(*sys.modules); assert gc.isenabled()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (_NEVER | _ALSO_NOT[consumer]) & set(done.stdout.split()) == set()
