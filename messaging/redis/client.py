"""The Redis client of this instance, for data outside the channel layer."""

import time
from collections.abc import Mapping
from functools import partial
from typing import Any, overload
from weakref import WeakKeyDictionary

import redis
import redis.asyncio
import structlog
from channels_redis.utils import create_pool
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from messaging.concurrency.circuit_breaker import CircuitBreaker
from messaging.instruments.metrics import REDIS_FAILING

logger = structlog.get_logger(__name__)

Client = redis.asyncio.Redis

TIMEOUT_SECONDS = 1.0
_FAILURES = 2
_REST_SECONDS = 1.0
UNREACHABLE = (RedisError, OSError, TimeoutError)
"""The errors of a call when Redis is gone, refuses, or hangs."""


@overload
def make_redis(host: Mapping[str, Any]) -> redis.asyncio.Redis: ...
@overload
def make_redis(host: Mapping[str, Any] | None) -> redis.asyncio.Redis | None: ...
def make_redis(host: Mapping[str, Any] | None) -> redis.asyncio.Redis | None:
    """Return a client that waits a second for each answer; None if no Redis is configured.

    `host` is an entry of channels_redis' `hosts`, so that both connect to the same Redis in the
    same way.
    """
    if host is None:
        return None
    own = {
        "decode_responses": True,
        # Another client may have written bytes that are not text. A decoding error within an answer
        # would leave the rest of it on the connection.
        "encoding_errors": "replace",
        "socket_timeout": TIMEOUT_SECONDS,
        "socket_connect_timeout": TIMEOUT_SECONDS,
    }
    return redis.asyncio.Redis.from_pool(create_pool({**host, **own}))


def describe(error: BaseException) -> str:
    """Return the type and the reason of an error, which redis-py leaves out of `repr`. Long texts
    are cut: redis-py's error for an unknown primary fills a page."""
    return f"{type(error).__name__}: {error}"[:200]


_REASONS = {
    "oom": "out_of_memory",
    "maxmemory": "out_of_memory",
    "readonly": "read_only",
    "read only": "read_only",
    "noperm": "not_permitted",
    "no permissions": "not_permitted",
    "noauth": "not_permitted",
    "wrongpass": "not_permitted",
}
"""A lower-case fragment of a refusal of Redis, and its name."""
_UNREACHABLE = "unreachable"
_CURRENT_SECONDS = 15.0
"""In seconds. Older failures are ignored: presence and figures query Redis every few seconds."""

_failing: WeakKeyDictionary["Outage", tuple[str, float]] = WeakKeyDictionary()
"""The present outages of this process: the reason, and the time of the latest failure."""


def failing_reasons() -> list[str]:
    """Return the reasons for which calls to Redis fail at the moment, each once; empty if none
    fails."""
    since = time.monotonic() - _CURRENT_SECONDS
    return sorted({reason for reason, at in list(_failing.values()) if at > since})


def _fails_for(reason: str) -> float:
    return reason in failing_reasons()


def _reason_of(error: BaseException) -> str:
    said = str(error).lower()
    return next((reason for words, reason in _REASONS.items() if words in said), _UNREACHABLE)


for _reason in {*_REASONS.values(), _UNREACHABLE}:
    REDIS_FAILING.labels(_reason).set_function(partial(_fails_for, _reason))


class Outage:
    """An outage of one kind of call. It is logged when it begins and when it ends, not each time.

    Code that calls Redis with every message checks `may_ask` first. After two failures in a row,
    only one call a second is allowed. So a hanging Redis delays nobody else, and detecting the end
    of the outage takes little CPU.
    """

    def __init__(self, action: str) -> None:
        self._action = action
        self._breaker = CircuitBreaker(failures=_FAILURES, pauses=(_REST_SECONDS,))

    def may_ask(self) -> bool:
        return self._breaker.allows()

    def failed(self, error: BaseException) -> None:
        if not self._breaker.failing:
            logger.warning(self._action, error=describe(error))
        self._breaker.failed()
        _failing[self] = _reason_of(error), time.monotonic()

    def over(self) -> None:
        if self._breaker.failing:
            self._breaker.answered()
            _failing.pop(self, None)
            logger.info("redis.recovered", failed=self._action)


def is_cluster(url: str) -> bool:
    """Return whether this is a node of a Redis Cluster, which channels_redis does not support.
    Return False if nothing answers within a second. Blocks."""
    client = redis.Redis.from_url(
        url,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),  # by default it retries for several seconds
    )
    try:
        answer: Any = client.info("cluster")
        return bool(answer.get("cluster_enabled"))
    except UNREACHABLE:
        return False
    finally:
        client.close()
