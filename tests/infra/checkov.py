"""checkov, which pins an old boto3 and so lives in an environment of its own, made when first needed."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from infra.stages import ROOT

VERSION = "3.3.30"
_HOME = ROOT / ".local" / "checkov-venv"


def problems_found(files: list[Path]) -> tuple[list[str], list[tuple[str, str]]]:
    """What checkov objects to, as `rule resource`; and what is skipped, as (rule resource, reason)."""
    reports = json.loads(kept("checkov", VERSION, files, lambda: _report(files)))
    reports = reports if isinstance(reports, list) else [reports]
    failed, skipped = [], []
    for report in reports:
        assert report["summary"]["parsing_errors"] == 0
        assert report["summary"]["passed"] > 0
        failed += [f"{check['check_id']} {check['resource']}" for check in report["results"]["failed_checks"]]
        skipped += [
            (f"{check['check_id']} {check['resource']}", check["check_result"]["suppress_comment"])
            for check in report["results"]["skipped_checks"]
        ]
    return failed, skipped


def kept(linter: str, version: str, files: list[Path], report: Callable[[], str]) -> str:
    """A linter's report. It takes half a minute, so that of the very same files by the very same version is kept."""
    digest = hashlib.sha256(version.encode() + b"".join(file.read_bytes() for file in files)).hexdigest()
    place = ROOT / ".local" / linter / f"{digest[:16]}.json"
    if not place.exists():
        made = report()
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(made)
    return place.read_text()


def _report(files: list[Path]) -> str:
    command = [str(_installed()), "--framework", "cloudformation", "--output", "json", "--compact", "--skip-download"]
    for file in files:
        command += ["--file", str(file)]
    environment = {**os.environ, "LOG_LEVEL": "ERROR"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.stdout.strip(), done.stderr
    return done.stdout


def _installed() -> Path:
    checkov, note = _HOME / "bin" / "checkov", _HOME / f"checkov-{VERSION}"
    _HOME.parent.mkdir(exist_ok=True)
    with (_HOME.parent / ".checkov-lock").open("w") as lock:  # one of several test workers installs it
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not note.exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(_HOME)], check=True)
            pip = [str(_HOME / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run([*pip, f"checkov=={VERSION}"], check=True)
            note.touch()
    return checkov


if __name__ == "__main__":
    _installed()
