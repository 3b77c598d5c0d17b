"""`python -m infra.package --stage prod --out build/`: package Latchstring, and say what came out."""

from __future__ import annotations

import argparse
from pathlib import Path

from infra import stages

from .build import build

_TARGET_MEGABYTES = 9


def main() -> None:
    """Make the package and print its size and digest."""
    parser = argparse.ArgumentParser(prog="python -m infra.package", description="Make what is deployed.")
    parser.add_argument("--stage", default="prod", choices=stages.names())
    parser.add_argument("--out", type=Path, default=Path("build"))
    given = parser.parse_args()
    made = build(given.stage, given.out)
    print(f"{made.zip}  {made.megabytes:.2f} MB of at most {_TARGET_MEGABYTES}")
    print(f"{made.template}  with {made.translated.name} for reading, and {made.edge_logs.name} for us-east-1")
    print(f"sha256 {made.digest}")
    if made.unpinned:
        print("Not pinned in requirements.txt, so another day may bring others: " + ", ".join(made.unpinned))


if __name__ == "__main__":
    main()
