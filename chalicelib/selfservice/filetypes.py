"""Which files may be shared, and how their first bytes must look. What a browser could run is not among them."""

from __future__ import annotations

from collections.abc import Callable

_OFFICE = "application/vnd.openxmlformats-officedocument."
EXTENSIONS: dict[str, tuple[str, ...]] = {
    "application/pdf": (".pdf",),
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    f"{_OFFICE}wordprocessingml.document": (".docx",),
    f"{_OFFICE}spreadsheetml.sheet": (".xlsx",),
    "text/plain": (".txt",),
    "text/csv": (".csv",),
}
PEEK = 4096  # bytes read to tell what a file is


def _text(head: bytes) -> bool:
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:  # not just a character cut in two at the end of what was read
            return False
    return b"\x00" not in head and b"<html" not in head.lower() and b"<svg" not in head.lower()


_LOOKS: dict[str, Callable[[bytes], bool]] = {
    "application/pdf": lambda head: head.startswith(b"%PDF-"),
    "image/png": lambda head: head.startswith(b"\x89PNG\r\n\x1a\n"),
    "image/jpeg": lambda head: head.startswith(b"\xff\xd8\xff"),
    f"{_OFFICE}wordprocessingml.document": lambda head: head.startswith(b"PK\x03\x04") and b"xl/" not in head,
    f"{_OFFICE}spreadsheetml.sheet": lambda head: head.startswith(b"PK\x03\x04") and b"word/" not in head,
    "text/plain": _text,
    "text/csv": _text,
}


def is_allowed(content_type: str, name: str) -> bool:
    """Whether this type may be shared and the name's ending fits it."""
    return name.lower().endswith(EXTENSIONS.get(content_type, ("\0",)))


def looks_like(content_type: str, head: bytes) -> bool:
    """Whether the first bytes of a file are those of its type."""
    return content_type in _LOOKS and _LOOKS[content_type](head)


def type_of(head: bytes) -> str | None:
    """The type that the first bytes show, for a file whose sender did not say."""
    return next((kind for kind in _LOOKS if _LOOKS[kind](head)), None)


def label(content_type: str) -> str:
    """A short word for a type, as pages show it."""
    return EXTENSIONS.get(content_type, (".file",))[0][1:].upper()
