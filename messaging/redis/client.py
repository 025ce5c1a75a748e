"""The Redis client of this instance, for what is kept in Redis beside the channel layer."""

import time
from collections.abc import Mapping
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import redis
import redis.asyncio
import structlog
from channels_redis.utils import create_pool
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from messaging.instruments.metrics import REDIS_FAILING

logger = structlog.get_logger(__name__)

Client = redis.asyncio.Redis

TIMEOUT_SECONDS = 1.0
_FAILURES = 2
_REST_SECONDS = 1.0
UNREACHABLE = (RedisError, OSError, TimeoutError)
"""What a call may raise when Redis is gone, refuses, or hangs."""


def make_redis(host: Mapping[str, Any] | None) -> redis.asyncio.Redis | None:
    """A client which waits a second for each answer; None where no Redis is configured. `host`:
    an entry of channels_redis' `hosts`, so that both find the same Redis in the same way."""
    if host is None:
        return None
    own = {
        "decode_responses": True,
        # Another client may have written bytes that are no text: an error within an answer would
        # leave the rest of it on the connection.
        "encoding_errors": "replace",
        "socket_timeout": TIMEOUT_SECONDS,
        "socket_connect_timeout": TIMEOUT_SECONDS,
    }
    return redis.asyncio.Redis.from_pool(create_pool({**host, **own}))


def describe(error: BaseException) -> str:
    """Its kind and its reason, which redis-py leaves out of `repr`. Not all of it: that no sentinel
    knows a master is said on a whole page."""
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
"""What stands in a refusal of Redis, in lower case, and the word for it."""
_UNREACHABLE = "unreachable"
_CURRENT_SECONDS = 15.0
"""A failure longer ago says nothing: presence and figures ask every few seconds."""

_failing: WeakKeyDictionary["Outage", tuple[str, float]] = WeakKeyDictionary()
"""The outages of this process that last: the reason, and the time of the last failure."""


def failing_reasons() -> list[str]:
    """Return why questions to Redis fail at the moment, each reason once; empty where none does."""
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
    """Of one kind of question to Redis: it is said in the log when it begins and when it is over,
    and not each time.

    Who asks with every message asks here first whether to (`may_ask`): after two failures in a row
    only one a second does, so that a Redis that hangs keeps nobody else waiting, and to find out
    that nobody listens takes no CPU when there is least of it.
    """

    def __init__(self, action: str) -> None:
        self._action = action
        self._failures = 0
        self._next_try = 0.0

    def may_ask(self) -> bool:
        if self._failures < _FAILURES:
            return True
        now = time.monotonic()
        if now < self._next_try:
            return False
        self._next_try = now + _REST_SECONDS
        return True

    def failed(self, error: BaseException) -> None:
        self._failures += 1
        self._next_try = time.monotonic() + _REST_SECONDS
        if self._failures == 1:
            logger.warning(self._action, error=describe(error))
        _failing[self] = _reason_of(error), time.monotonic()

    def over(self) -> None:
        if self._failures:
            self._failures = 0
            _failing.pop(self, None)
            logger.info("redis.recovered", failed=self._action)


def is_cluster(url: str) -> bool:
    """Whether this is a node of a Redis Cluster, on which channels_redis cannot work. False where
    nobody answers within a second. Blocks."""
    client = redis.Redis.from_url(
        url,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),  # by default it tries for several seconds
    )
    try:
        answer: Any = client.info("cluster")
        return bool(answer.get("cluster_enabled"))
    except UNREACHABLE:
        return False
    finally:
        client.close()
