"""The package of the sources as they are now, made only if they have changed: for the tests and the benchmark."""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

from infra.stages import ROOT

from .build import CACHE, Package, build

_PARTS = ("app.py", "requirements.txt", "chalicelib", "static", ".chalice", "infra")
_SOURCES = frozenset({".py", ".json", ".html", ".js", ".css", ".svg", ".txt"})
_KEPT = 4


def package(stage: str, architecture: str | None = None) -> Package:
    """The package of a stage, for the stage's own machine or the one given."""
    folder = CACHE / "present" / f"{stage}-{architecture or 'own'}-{_digest()}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".lock-{architecture or 'own'}").open("w") as lock:  # one of several test workers makes it
        fcntl.flock(lock, fcntl.LOCK_EX)
        note = folder / "package.json"
        if not note.exists():
            made = build(stage, folder, architecture=architecture)
            note.write_text(json.dumps([made.digest, made.unpinned]))
            _forget_old(folder.parent, f"{stage}-{architecture or 'own'}-")
        digest, unpinned = json.loads(note.read_text())
        (zipped,) = folder.glob("latchstring-*.zip")
        return Package(
            zip=zipped,
            template=folder / "template.json",
            translated=folder / "translated.json",
            edge_logs=folder / "edge-logs.json",
            digest=digest,
            unpinned=unpinned,
        )


def unzipped(made: Package) -> Path:
    """The package as Lambda lays it out, beside the zip."""
    folder = made.zip.with_suffix("")
    with (made.zip.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            with zipfile.ZipFile(made.zip) as archive:
                archive.extractall(folder.with_suffix(".part"))
            folder.with_suffix(".part").rename(folder)
    return folder


def _digest() -> str:
    digest = hashlib.sha256()
    for path in _files():
        digest.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _files() -> Iterator[Path]:
    for part in _PARTS:
        place = ROOT / part
        found = [place] if place.is_file() else sorted(place.rglob("*"))
        for path in found:
            if path.is_file() and path.suffix in _SOURCES and "local" not in path.relative_to(ROOT).parts[:2]:
                yield path


def _forget_old(folder: Path, prefix: str) -> None:
    made = sorted(folder.glob(f"{prefix}*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in made[_KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
