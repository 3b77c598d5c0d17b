"""Writes a folder as a zip whose bytes depend on nothing but the folder's content."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can tell; real dates would change the bytes at every build
_PLAIN, _EXECUTABLE = 0o644, 0o755


def write(folders: Iterable[Path], target: Path) -> str:
    """Zip the files of these folders together, the later ones winning; returns the SHA-256 of the zip in hex."""
    files = {name: path for folder in folders for name, path in _files(folder)}
    with zipfile.ZipFile(target, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, whatever this machine is: the permissions below count only then
            entry.external_attr = (0o100000 | (_EXECUTABLE if ".so" in name else _PLAIN)) << 16
            archive.writestr(entry, files[name].read_bytes(), compresslevel=9)
    return hashlib.sha256(target.read_bytes()).hexdigest()


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path
