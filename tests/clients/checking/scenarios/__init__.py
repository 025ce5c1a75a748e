"""The scenarios: each plays one rule of docs/socket.md. Its docstring says the rule."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from tests.clients.checking.stage import Stage


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    rule: str
    play: Callable[[Stage], Awaitable[None]]
    short: bool
    """Whether it belongs to the short form, which has one instance."""


_all: list[Scenario] = []


def scenario(
    *, short: bool = False
) -> Callable[[Callable[[Stage], Awaitable[None]]], Callable[[Stage], Awaitable[None]]]:
    """Add a function to the scenarios. It raises Mistake where the client breaks the rule."""

    def add(play: Callable[[Stage], Awaitable[None]]) -> Callable[[Stage], Awaitable[None]]:
        rule = " ".join((play.__doc__ or "").split())
        _all.append(Scenario(play.__name__.replace("_", "-"), rule, play, short))
        return play

    return add


def scenarios() -> Sequence[Scenario]:
    """All of them, in the order in which they are played."""
    from tests.clients.checking.scenarios import (  # noqa: F401, PLC0415 - they add themselves
        connection,
        outages,
        sending,
        session,
        stream,
    )

    return _all
