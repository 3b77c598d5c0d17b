"""Static files into their bucket: those of the pages, and the console if it has been built."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.stages import ROOT

_FOREVER = "public, max-age=31536000, immutable"
_ASK_FIRST = "no-cache"
# What the console's build tool names by content: index-BkX2_9aZ.js
_NAMED_BY_CONTENT = re.compile(r"-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$")
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2"}


@dataclass(frozen=True, slots=True)
class File:
    """A file, where it goes, and how browsers may keep it."""

    path: Path
    key: str
    cache: str

    @property
    def content_type(self) -> str:
        """Guessed from the ending; text is UTF-8."""
        kind = _TYPES.get(self.path.suffix) or mimetypes.guess_type(self.path.name)[0] or "application/octet-stream"
        return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def files(root: Path = ROOT) -> list[File]:
    """What is published. The console's page goes last: it names the others."""
    # Pages ask for their files with a digest in the address, so every address stands for one content.
    found = [File(path, f"static/{name}", _FOREVER) for path, name in _walk(root / "static")]
    for path, name in _walk(root / "console" / "dist"):
        found.append(File(path, f"console/{name}", _FOREVER if _NAMED_BY_CONTENT.search(name) else _ASK_FIRST))
    return sorted(found, key=lambda file: (file.key.endswith(".html"), file.key))


def publish(s3: Any, bucket: str, which: list[File]) -> int:
    """Upload them; gives how many. Nothing is deleted: a page opened before may still ask for what it names."""
    for file in which:
        s3.put_object(
            Bucket=bucket,
            Key=file.key,
            Body=file.path.read_bytes(),
            ContentType=file.content_type,
            CacheControl=file.cache,
        )
    return len(which)


def _walk(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            yield path, path.relative_to(folder).as_posix()
