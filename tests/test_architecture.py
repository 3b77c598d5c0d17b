"""The house as docs/architecture.md draws it: imports point leftwards, storage and AWS are behind their doors."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "chalicelib"

# From the ground up. A module may import from its own room and from rooms before it.
ROOMS = [
    {"tables", "clock", "config", "errors", "fields"},
    {"ids", "log", "aws"},
    {"queues"},
    {"storage"},
    {"days", "agenda"},
    {"facts"},
    {"portals"},
    {"security"},
    {"messaging"},
    {"people"},
    {"signin"},
    {"registration"},
    {"selfservice"},
    {"support"},
    {"work"},
    {"jobs"},
    {"workflows"},
    {"campaigns"},
    {"web"},
    {"pages", "api", "consumers"},
]
LEVEL = {name: level for level, names in enumerate(ROOMS) for name in names}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py" or path.parent != PACKAGE)


def room(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """Every module a file imports, absolute: `chalicelib.people.cards`, `botocore.session`."""
    package = ["chalicelib", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            yield start
            yield from (f"{start}.{alias.name}" for alias in node.names)


def own(name: str) -> list[str]:
    """The parts after `chalicelib` that name a room or module, else nothing."""
    parts = name.split(".")
    return parts[1:] if parts[0] == "chalicelib" else []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_keeps_to_its_room(path: Path) -> None:
    here = room(path)
    assert here in LEVEL, f"{here} has no place in the house: add it to ROOMS, and to docs/architecture.md"
    for name in imports(path):
        parts = own(name)
        if parts and parts[0] in LEVEL and parts[0] != here:
            assert LEVEL[parts[0]] < LEVEL[here], f"{here} imports {name}, which is to its right"
        if len(parts) > 1 and parts[1] == "models":
            assert parts[0] == here, f"{name} is private to {parts[0]}: call its functions"
        outside = name.split(".")[0]
        if outside == "pynamodb":
            assert here == "storage" or path.name == "models.py", "only storage and models touch PynamoDB"
        if outside in ("botocore", "boto3"):
            assert here == "aws", "only aws touches botocore"
        if outside == "chalice":
            assert here in ("web", "pages", "api", "consumers"), "only web and the edges know Chalice"
        if outside == "time" and here not in ("clock", "storage", "web"):
            assert path.name in ("keys.py", "registry.py", "overrides.py", "own_messages.py"), (
                "time comes from clock (here only a cache's age may be measured)"
            )
        if here == "consumers":
            assert parts[:1] not in (["web"], ["pages"], ["api"]), "consumers stand alone"
            assert name != "app"


def test_nothing_asks_the_system_for_the_time() -> None:
    told = {"now", "utcnow", "today"}
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr in told and isinstance(node.value, ast.Name):
                assert node.value.id == "clock", f"{path.name}:{node.lineno} asks {node.value.id} for the time"


def test_what_travels_is_a_struct() -> None:
    """A dataclass takes half a millisecond of every cold start (decision 60): only where a part must not be shown."""
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and any("dataclass" in ast.unparse(each) for each in node.decorator_list):
                assert "repr=False" in ast.unparse(node) or path.name == "config.py", f"{path.name}: {node.name}"


def test_app_holds_nothing_but_its_blueprints() -> None:
    assert len((ROOT / "app.py").read_text().splitlines()) <= 100
    assert not [node for node in ast.parse((ROOT / "app.py").read_text()).body if isinstance(node, ast.FunctionDef)]


def test_no_room_is_a_drawer() -> None:
    banned = {"utils", "helpers", "manager", "common", "misc"}
    assert not [path for path in PACKAGE.rglob("*") if path.stem in banned]
