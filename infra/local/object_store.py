"""Objects on disk: a description naming the content file is put in place in one step, so each is whole or absent."""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from .folder import read_json, write_json


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What is known of an object; `content` is the name of the file that holds it."""

    key: str
    content: str
    size: int
    etag: str
    content_type: str
    modified_at: float
    disposition: str | None = None


class ObjectStore:
    """Buckets are folders, made when first written to."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(
        self,
        bucket: str,
        key: str,
        content: Iterable[bytes],
        content_type: str,
        disposition: str | None = None,
    ) -> StoredObject:
        """Store an object, replacing the one with this key. Nothing is stored if reading `content` fails."""
        folder = self._root / bucket
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{uuid.uuid4().hex}.data"
        try:
            size, etag = _write(folder / name, content)
        except BaseException:
            (folder / name).unlink(missing_ok=True)
            raise
        before = self.find(bucket, key)
        kept = StoredObject(key, name, size, etag, content_type, time.time(), disposition)
        write_json(self._description(bucket, key), asdict(kept))
        if before:
            (folder / before.content).unlink(missing_ok=True)
        return kept

    def find(self, bucket: str, key: str) -> StoredObject | None:
        """The object with this key, or None."""
        described = read_json(self._description(bucket, key))
        return StoredObject(**described) if described else None

    def read(self, bucket: str, kept: StoredObject, start: int = 0, end: int | None = None) -> bytes:
        """Its bytes from `start` up to, not including, `end`."""
        with (self._root / bucket / kept.content).open("rb") as file:
            file.seek(start)
            return file.read((kept.size if end is None else end) - start)

    def delete(self, bucket: str, key: str) -> None:
        """Remove an object; as in S3 it is no fault if there is none."""
        kept = self.find(bucket, key)
        if kept:
            self._description(bucket, key).unlink(missing_ok=True)
            (self._root / bucket / kept.content).unlink(missing_ok=True)

    def _description(self, bucket: str, key: str) -> Path:
        return self._root / bucket / f"{hashlib.sha256(key.encode()).hexdigest()}.json"


def _write(path: Path, content: Iterable[bytes]) -> tuple[int, str]:
    digest, size = hashlib.md5(usedforsecurity=False), 0
    with path.open("wb") as file:
        for part in content:
            file.write(part)
            digest.update(part)
            size += len(part)
        file.flush()
        os.fsync(file.fileno())
    return size, f'"{digest.hexdigest()}"'
