"""One command of the socket: its fields, its handler, its limits and its log line."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import Histogram
from rest_framework.serializers import Serializer

from chat.errors import STATUS
from chat.exceptions import INVALID, NotAuthenticated, TokenExpired
from chat.limits.throttling import PersonRates
from messaging.domain.exceptions import (
    Banned,
    PermissionDenied,
    RateLimited,
    TokenRevoked,
)
from messaging.instruments.metrics import COMMAND_SECONDS
from messaging.redis.rate_limits import Rate

Data = dict[str, Any]
Handler = Callable[..., Awaitable[Data] | Data]

DEADLINE_SECONDS = 4.8

INVALID_OR_TOO_MANY = INVALID | {RateLimited.code}
REFUSED_TOKEN = INVALID_OR_TOO_MANY | {
    NotAuthenticated.code,
    TokenExpired.code,
    TokenRevoked.code,
    Banned.code,
    PermissionDenied.code,
}
ANY = frozenset(STATUS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    name: str
    serializer: type[Serializer[Any]]
    handler: Handler
    rate: Callable[[PersonRates], Rate] | None = None
    """The rate of a person over all sockets. A command without one is cheap, see
    `chat.limits.throttling`."""
    takes_turns: bool = False
    """Whether a person's commands of this kind wait for each other, as requests over REST do."""
    waits: bool = True
    """Whether the handler is a coroutine. Otherwise the command may run in the step in which it
    was read."""
    deadline: float | None = DEADLINE_SECONDS
    """The seconds that the command may wait. None if it limits its own time."""
    log_level: int = logging.INFO
    violations: frozenset[str] = INVALID_OR_TOO_MANY
    """The codes of refusals that count as violations. Too many violations close the socket."""
    seconds: Histogram = field(init=False, compare=False)
    """The metric of completed commands of this kind."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "seconds", COMMAND_SECONDS.labels(self.name, "ok"))
