"""The Redis client of this instance, for what is kept in Redis beside the channel layer."""

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
    """Says in the log when something begins to fail and when that is over, and not each time."""

    def __init__(self, action: str) -> None:
        self._action = action
        self._fails = False

    def failed(self, error: BaseException) -> None:
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
