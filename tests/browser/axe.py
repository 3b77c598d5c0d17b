"""axe-core, which finds what keeps people out of a page: installed by npm once, one exact version, never shipped."""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.pages.preview import ROOT

VERSION = "4.14.1"
OF_COLOUR = ("color-contrast", "link-in-text-block")  # all that a dark scheme can change
_PLACE = ROOT / ".local" / "tools" / "axe"  # a place of its own: npm removes from one what was not asked for


def script() -> Path | None:
    """The library, installed first if it is not there; None where npm is not, or could not install it."""
    package = _PLACE / "node_modules" / "axe-core"
    if not _is_installed(package):
        _PLACE.mkdir(parents=True, exist_ok=True)
        with (_PLACE / "install.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # parallel test workers wait for the first one
            _install(package)
    return package / "axe.min.js" if _is_installed(package) else None


def _install(package: Path) -> None:
    npm = shutil.which("npm")
    if npm is None or _is_installed(package):
        return
    shutil.rmtree(package.parent, ignore_errors=True)  # what an interrupted installation left is never taken for whole
    command = [npm, "install", "--prefix", str(_PLACE), "--no-package-lock", "--no-save", "--no-audit", "--no-fund"]
    subprocess.run([*command, f"axe-core@{VERSION}"], capture_output=True, check=False)


def _is_installed(package: Path) -> bool:
    try:
        return bool(json.loads((package / "package.json").read_text(encoding="utf-8"))["version"] == VERSION)
    except (OSError, ValueError, KeyError):
        return False


def violations(page: Page, source: str, rules: tuple[str, ...] | None = None) -> list[str]:
    """What axe has against the page as it stands: rule, and where. Run from outside, so the page's policy stays as it is."""
    page.wait_for_load_state()  # a press comes back when the next page begins, not when it stands
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(f"() => {{ {source} }}")
    options: dict[str, Any] = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    found: dict[str, Any] = page.evaluate("options => axe.run(document, options)", options)
    return [f"{each['id']}: {node['html'][:160]}" for each in found["violations"] for node in each["nodes"]]
