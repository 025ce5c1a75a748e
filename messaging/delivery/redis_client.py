"""The Redis client of this instance, for what is kept in Redis beside the channel layer."""

import redis.asyncio
from redis.exceptions import RedisError

TIMEOUT_SECONDS = 1.0
UNREACHABLE = (RedisError, OSError, TimeoutError)
"""What a call may raise when Redis is gone, refuses, or hangs."""


def make_redis(url: str) -> redis.asyncio.Redis | None:
    """A client whose every call ends within a second; None where no Redis is configured."""
    if not url:
        return None
    client: redis.asyncio.Redis = redis.asyncio.Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
    )
    return client
