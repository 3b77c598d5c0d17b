"""Which resource of a REST API answers a path, as API Gateway decides.

A literal segment goes before a parameter, a parameter before a greedy one, whatever the method. Paths are matched as
sent; parameters are decoded afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote


@dataclass(frozen=True, slots=True)
class Match:
    """A resource, and the decoded values of its parameters."""

    resource: str
    parameters: dict[str, str]


@dataclass(slots=True)
class _Node:
    literals: dict[str, _Node] = field(default_factory=dict)
    parameter: tuple[str, _Node] | None = None
    greedy: tuple[str, str] | None = None  # parameter name, resource
    resource: str | None = None


class Resources:
    """The resource tree of an API. Refuses, as API Gateway does, two names for one path parameter."""

    def __init__(self, templates: Iterable[str]) -> None:
        self._root = _Node()
        for template in templates:
            self._add(template)

    def match(self, path: str) -> Match | None:
        """The resource for a raw path, or None. One trailing slash is ignored."""
        segments = _segments(path[:-1] if len(path) > 1 and path.endswith("/") else path)
        found = _find(self._root, segments, {})
        if found is None:
            return None
        resource, raw = found
        return Match(resource, {name: unquote(value) for name, value in raw.items()})

    def _add(self, template: str) -> None:
        node = self._root
        for segment in _segments(template):
            if segment.endswith("+}"):
                node.greedy = (segment[1:-2], template)
                return
            node = _parameter(node, segment[1:-1], template) if segment.startswith("{") else _literal(node, segment)
        node.resource = template


def _segments(path: str) -> list[str]:
    return [] if path == "/" else path.removeprefix("/").split("/")


def _literal(node: _Node, segment: str) -> _Node:
    return node.literals.setdefault(segment, _Node())


def _parameter(node: _Node, name: str, template: str) -> _Node:
    if node.parameter is None:
        node.parameter = (name, _Node())
    known, child = node.parameter
    if known != name:
        raise ValueError(f"API Gateway refuses {template}: the same path parameter is named {{{known}}} elsewhere")
    return child


def _find(node: _Node, segments: list[str], raw: dict[str, str]) -> tuple[str, dict[str, str]] | None:
    if not segments:
        return (node.resource, raw) if node.resource else None
    first, rest = segments[0], segments[1:]
    if first in node.literals and (found := _find(node.literals[first], rest, raw)):
        return found
    if node.parameter and first and (found := _find(node.parameter[1], rest, {**raw, node.parameter[0]: first})):
        return found
    if node.greedy and first:
        name, resource = node.greedy
        return resource, {**raw, name: "/".join(segments)}
    return None
