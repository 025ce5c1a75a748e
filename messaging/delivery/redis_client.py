"""The Redis client of this instance, for what is kept in Redis beside the channel layer."""

from collections.abc import Mapping
from typing import Any

import redis
import redis.asyncio
from channels_redis.utils import create_pool
from redis.exceptions import RedisError

TIMEOUT_SECONDS = 1.0
UNREACHABLE = (RedisError, OSError, TimeoutError)
"""What a call may raise when Redis is gone, refuses, or hangs."""


def make_redis(host: Mapping[str, Any] | None) -> redis.asyncio.Redis | None:
    """A client whose every call ends within a second; None where no Redis is configured. `host`:
    an entry of channels_redis' `hosts`, so that both find the same Redis in the same way."""
    if host is None:
        return None
    own = {"decode_responses": True, "socket_timeout": TIMEOUT_SECONDS}
    return redis.asyncio.Redis.from_pool(create_pool({**host, **own}))


def is_cluster(url: str) -> bool:
    """Whether this is a node of a Redis Cluster, on which channels_redis cannot work. False where
    nobody answers within a second. Blocks."""
    client = redis.Redis.from_url(
        url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
    )
    try:
        answer: Any = client.info("cluster")
        return bool(answer.get("cluster_enabled"))
    except UNREACHABLE:
        return False
    finally:
        client.close()
