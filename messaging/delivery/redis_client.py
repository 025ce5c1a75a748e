"""The Redis client of this instance, for what is kept in Redis beside the channel layer."""

import time
from collections.abc import Mapping
from typing import Any

import redis
import redis.asyncio
import structlog
from channels_redis.utils import create_pool
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = structlog.get_logger(__name__)

Client = redis.asyncio.Redis

TIMEOUT_SECONDS = 1.0
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
        "socket_timeout": TIMEOUT_SECONDS,
        "socket_connect_timeout": TIMEOUT_SECONDS,
    }
    return redis.asyncio.Redis.from_pool(create_pool({**host, **own}))


def describe(error: BaseException) -> str:
    """Its kind and its reason, which redis-py leaves out of `repr`. Not all of it: that no sentinel
    knows a master is said on a whole page."""
    return f"{type(error).__name__}: {error}"[:200]


class Outage:
    """Of something that is asked of Redis with every message.

    Says in the log when it begins to fail and when that is over, and not each time. For a second
    after each failure nobody need ask again (`resting`): a Redis that hangs keeps nobody waiting,
    and to find out that nobody listens takes CPU when there is least of it.
    """

    def __init__(self, action: str) -> None:
        self._action = action
        self._fails = False
        self._rests_until = 0.0

    @property
    def resting(self) -> bool:
        return time.monotonic() < self._rests_until

    def failed(self, error: BaseException) -> None:
        self._rests_until = time.monotonic() + _REST_SECONDS
        if not self._fails:
            self._fails = True
            logger.warning(self._action, error=describe(error))

    def over(self) -> None:
        if self._fails:
            self._fails = False
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
