"""Reads and trims compiled extension modules (ELF), for machines this one may not be.

Wheels ship their symbol tables: a quarter of cryptography's library. The loader reads program headers only, so
everything after the last segment can go. Done here in a few lines because `strip` knows its own machine's files only.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path

# Offsets in a 64-bit little-endian ELF header and program header, as the System V ABI gives them.
_SECTION_TABLE, _PROGRAM_TABLE, _PROGRAM_COUNTS, _SECTION_COUNTS = 0x28, 0x20, 0x36, 0x3A
_SEGMENT_OFFSET, _SEGMENT_SIZE = 0x08, 0x20
_MACHINE = 0x12
_MACHINES = {0xB7: "arm64", 0x3E: "x86_64"}


def strip(tree: Path) -> None:
    """Cut symbols and section tables off every extension module under this folder."""
    for module in sorted(tree.rglob("*.so*")):
        content = module.read_bytes()
        if content[:6] == b"\x7fELF\x02\x01":
            module.write_bytes(_stripped(content))


def _stripped(content: bytes) -> bytes:
    (table,) = struct.unpack_from("<Q", content, _PROGRAM_TABLE)
    size, count = struct.unpack_from("<HH", content, _PROGRAM_COUNTS)
    end = table + size * count
    for start in range(table, table + size * count, size):
        (offset,) = struct.unpack_from("<Q", content, start + _SEGMENT_OFFSET)
        (length,) = struct.unpack_from("<Q", content, start + _SEGMENT_SIZE)
        end = max(end, offset + length)
    kept = bytearray(content[:end])
    struct.pack_into("<Q", kept, _SECTION_TABLE, 0)
    struct.pack_into("<HHH", kept, _SECTION_COUNTS, 0, 0, 0)
    return bytes(kept)


def machine(content: bytes) -> str:
    """The machine this module runs on, in AWS's words: arm64 or x86_64."""
    (number,) = struct.unpack_from("<H", content, _MACHINE)
    return _MACHINES.get(number, f"machine {number}")


def newest_glibc(content: bytes) -> int:
    """The minor version of the newest glibc 2 symbol this module asks for, 0 if none."""
    return max((int(minor) for minor in re.findall(rb"GLIBC_2\.(\d+)", content)), default=0)
