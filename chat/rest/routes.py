"""Finds the view of an API path segment by segment.

Django compares a path with one pattern after the other, and makes a `ResolverMatch` at each level.
The table here gives the same match, from the same patterns: `reverse` and the schema use Django's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import ResolverMatch, URLPattern, URLResolver
from django.urls.resolvers import RoutePattern

_PREFIX = "/api/v1/"


@dataclass(frozen=True, slots=True)
class _Route:
    match: ResolverMatch
    """The match, without the values of the path."""
    names: tuple[str, ...]


class _Node:
    """One segment of paths, and what may follow it: some words, or one parameter."""

    __slots__ = ("parameter", "route", "words")

    def __init__(self) -> None:
        self.words: dict[str, _Node] = {}
        self.parameter: _Node | None = None
        self.route: _Route | None = None

    def after(self, segment: str) -> "_Node":
        """Return the node of the next segment of a pattern, a new one if necessary. Raises
        ValueError if a word and a parameter are alternatives: then the order of the patterns
        decides, which this table does not know."""
        if not segment.startswith("<"):
            node = self.words.setdefault(segment, _Node())
        else:
            node = self.parameter = self.parameter or _Node()
        if self.words and self.parameter:
            raise ValueError(f"A path has either the word {segment!r} or a parameter. Rename one.")
        return node


class Routes:
    """The paths below `/api/v1/` whose parameters are `str`."""

    def __init__(self, resolver: URLResolver) -> None:
        """Read the patterns of a resolver. Raises ValueError for an ambiguous one."""
        self._root = _Node()
        for route, pattern in _patterns(resolver):
            self._add(route, pattern)

    def match(self, path: str) -> ResolverMatch | None:
        """Return Django's match for this path; None leaves the path to Django."""
        if not path.startswith(_PREFIX):
            return None
        node: _Node | None = self._root
        values = []
        for segment in path[len(_PREFIX) :].split("/"):
            assert node is not None
            if node.parameter is None:
                node = node.words.get(segment)
            elif segment:
                values.append(segment)
                node = node.parameter
            else:
                return None
            if node is None:
                return None
        if node is None or node.route is None:
            return None
        return _Match(node.route.match, dict(zip(node.route.names, values, strict=True)))

    def _add(self, route: str, pattern: URLPattern) -> None:
        if not f"/{route}".startswith(_PREFIX):
            return
        node, names = self._root, []
        for segment in route.removeprefix(_PREFIX[1:]).split("/"):
            if segment.startswith("<"):
                names.append(segment.removeprefix("<str:").removesuffix(">"))
            node = node.after(segment)
        found = ResolverMatch(pattern.callback, (), {}, pattern.name, route=route)
        if node.route is None:  # otherwise an earlier pattern of the same path matches
            node.route = _Route(found, tuple(names))


class _Match(ResolverMatch):
    """Copies a match, which takes a tenth of making one."""

    def __init__(self, like: ResolverMatch, values: dict[str, Any]) -> None:
        self.__dict__.update(like.__dict__)
        self.kwargs = self.captured_kwargs = values


def _patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Return the patterns whose whole route consists of words and `str` parameters."""
    for pattern in resolver.url_patterns:
        if not isinstance(pattern.pattern, RoutePattern):
            continue
        route = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            if not pattern.namespace:
                yield from _patterns(pattern, route)
        elif not pattern.default_args and all(map(_is_simple, route.split("/"))):
            yield route, pattern


def _is_simple(segment: str) -> bool:
    return "<" not in segment or (segment.startswith("<str:") and segment.endswith(">"))
