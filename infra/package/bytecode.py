"""Compiles Python ahead of time, so that a cold start only loads bytecode: it halves the time.

Files in the zip are all dated 1980, so ordinary bytecode (checked against the date of its source) would be thrown away.
Unchecked bytecode (PEP 552) is taken as it is.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

# Where Lambda unpacks the zip. It stands in the bytecode, so that the same input gives the same bytes anywhere.
_HOME_IN_LAMBDA = "/var/task"


def compile_beside(tree: Path) -> None:
    """Put bytecode beside every module under this folder: what the benchmark measures against."""
    _compile(tree, "--invalidation-mode", "unchecked-hash")


def compile_instead(tree: Path) -> None:
    """Replace every module under this folder by its bytecode: the zip is a fifth smaller, and imports open fewer files.

    Tracebacks still name file and line, which is all that our logs keep of one.
    """
    _compile(tree, "-b", "--invalidation-mode", "unchecked-hash")  # a date in it would differ from build to build
    for source in tree.rglob("*.py"):
        source.unlink()


def _compile(tree: Path, *mode: str) -> None:
    """A fresh process with fixed hashing and one worker, since the bytes depend on what a process compiled before.

    Raises CalledProcessError where a module does not compile.
    """
    subprocess.run(
        [sys.executable, "-m", "compileall", "-q", "-f", *mode, "-s", str(tree), "-p", _HOME_IN_LAMBDA, str(tree)],
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )
