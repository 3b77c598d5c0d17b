"""The page templates: compiled ones when the package ships them, else compiled from source once per process."""

from __future__ import annotations

import hashlib
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, Environment, FileSystemLoader, ModuleLoader, StrictUndefined
from jinja2.utils import urlize
from markupsafe import Markup

_PAGES = Path(__file__).parent.parent / "pages"
_STATIC = Path(__file__).parent.parent.parent / "static"


def make_environment(loader: BaseLoader | None = None) -> Environment:
    """The one Jinja environment: the packaging compiles with it, so that compiled templates behave like these."""
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["linked"] = linked
    return environment


@lru_cache(maxsize=512)
def linked(text: str) -> Markup:
    """A portal's own words, escaped, with the addresses in them made links. The same few texts stand on every page."""
    return Markup(urlize(text, rel="noopener"))  # noqa: S704 - urlize escapes what it is given


@cache
def _environment() -> Environment:
    compiled = _PAGES / "compiled"
    loader: BaseLoader = ModuleLoader(compiled) if compiled.is_dir() else FileSystemLoader(_PAGES / "templates")
    environment = make_environment(loader)
    environment.globals["static"] = static
    return environment


def render(template: str, **context: Any) -> str:
    """The page as HTML. A name the template needs and does not get is an error, never an empty place."""
    return _environment().get_template(template).render(context)


@cache
def static(name: str) -> str:
    """The address of a static file, which changes with its content so that browsers may keep it for a year."""
    fingerprints = _PAGES / "static.txt"
    if fingerprints.is_file():
        held = dict(line.split() for line in fingerprints.read_text().splitlines())
        return f"/static/{name}?v={held[name]}"
    return f"/static/{name}?v={fingerprint(_STATIC / name)}"


def fingerprint(file: Path) -> str:
    """A short digest of a file's content."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]
