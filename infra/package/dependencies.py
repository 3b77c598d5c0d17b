"""The third-party code of the package: downloaded for the machine Lambda runs, pruned, slimmed and compiled.

Chalice could fetch it too, but again after every change of our own code. Kept apart, it is made once per
requirements.txt and cached, and packaging after a change takes seconds.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import botocore_slim, bytecode, elf, prune

_MAKERS = (botocore_slim, bytecode, elf, prune)  # what they do to the downloaded code decides the outcome
HOST = "host"  # the machine this runs on, for the tests and the benchmark
_MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
# The newest glibc that Lambda's runtimes have: Amazon Linux 2 up to Python 3.11, Amazon Linux 2023 after it.
_OLD_GLIBC, _NEW_GLIBC = 26, 34


def glibc() -> int:
    """The minor version of glibc 2 in the Lambda runtime of the running Python."""
    return _OLD_GLIBC if sys.version_info < (3, 12) else _NEW_GLIBC


def tree(requirements: Path, architecture: str, cache: Path) -> Path:
    """A folder with everything in `requirements`, ready for the zip. `architecture`: arm64, x86_64 or HOST."""
    folder = cache / f"dependencies-{architecture}-{_fingerprint(requirements)}"
    with _alone(cache):
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=cache) as scratch:
                made = Path(scratch) / "tree"
                _download(requirements, architecture, made)
                prune.prune(made)
                botocore_slim.slim(made / "botocore")
                elf.strip(made)
                bytecode.compile_instead(made)
                made.rename(folder)
    return folder


def untouched(requirements: Path, cache: Path) -> Path:
    """The same for this machine, compiled but neither pruned nor slimmed: what the benchmark measures against."""
    folder = cache / f"untouched-{_fingerprint(requirements)}"
    with _alone(cache):
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=cache) as scratch:
                made = Path(scratch) / "tree"
                _download(requirements, HOST, made)
                bytecode.compile_beside(made)
                made.rename(folder)
    return folder


def unpinned(requirements: Path, folder: Path) -> list[str]:
    """What came along as a dependency of a dependency, with no version in `requirements`: as `name==version`."""
    lines = requirements.read_text().lower().replace("_", "-").splitlines()
    pinned = {line.split("==")[0].strip() for line in lines if "==" in line}
    installed = [info.name.removesuffix(".dist-info").rsplit("-", 1) for info in sorted(folder.glob("*.dist-info"))]
    return [f"{name}=={version}" for name, version in installed if name.lower().replace("_", "-") not in pinned]


def _download(requirements: Path, architecture: str, target: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    command += ["--only-binary=:all:", "--target", str(target), "--requirement", str(requirements)]
    if architecture != HOST:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        command += ["--implementation", "cp", "--python-version", version]
        command += [f"--platform={platform}" for platform in _platforms(_MACHINES[architecture])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"The dependencies in {requirements} could not be downloaded:\n{done.stderr.strip()}")


def _platforms(machine: str) -> list[str]:
    """The wheel tags that run there, the newest glibc first."""
    return [f"manylinux_2_{minor}_{machine}" for minor in range(glibc(), 16, -1)] + [f"manylinux2014_{machine}"]


def _fingerprint(requirements: Path) -> str:
    digest = hashlib.sha256(f"{sys.version_info.major}.{sys.version_info.minor} {os.uname().machine}".encode())
    for file in (requirements, *(Path(str(module.__file__)) for module in _MAKERS), Path(__file__)):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def _alone(cache: Path) -> Iterator[None]:
    """One process at a time: parallel test workers must not download the same thing twice."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def forget_old(cache: Path, keep: int = 6) -> None:
    """Drop all but the latest few folders of the cache."""
    folders = sorted(cache.glob("*-*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for folder in [path for path in folders if path.is_dir()][keep:]:
        shutil.rmtree(folder, ignore_errors=True)
