"""Where Redis is, as channels_redis' layers and our own client take it: one `hosts` entry."""

import socket
from typing import Any
from urllib.parse import unquote, urlsplit

from config import env

_DEAD_MILLISECONDS = 10_000

# A connection whose other end is gone without a word is dropped by the kernel after ten seconds,
# with something unacknowledged on its way or with nothing.
_KEEPALIVE: dict[int, int] = {
    getattr(socket, name): value
    for name, value in {
        "TCP_KEEPIDLE": 4,
        "TCP_KEEPINTVL": 2,
        "TCP_KEEPCNT": 3,
        "TCP_USER_TIMEOUT": _DEAD_MILLISECONDS,
    }.items()
    if hasattr(socket, name)  # Linux has all of them
}
_OPTIONS: dict[str, Any] = {
    "socket_connect_timeout": 2,  # seconds
    "socket_keepalive": True,
    "socket_keepalive_options": _KEEPALIVE,
    # Nothing is sent to a receiving connection that is at rest; this makes the kernel notice.
    "health_check_interval": 5,
}


def redis_host() -> dict[str, Any] | None:
    """None where no Redis is configured: then there is one instance."""
    if env.REDIS_SENTINELS:
        return _behind_sentinels(env.REDIS_SENTINELS, env.REDIS_SENTINEL_MASTER)
    return {"address": env.REDIS_URL, **_OPTIONS} if env.REDIS_URL else None


def _behind_sentinels(entries: list[str], master: str) -> dict[str, Any]:
    """Each entry is `host:port`, or `redis[s]://[user:password@]host:port[/db]`: then what the
    first one says is said to the master and to the sentinels."""
    urls = [urlsplit(entry if "://" in entry else f"redis://{entry}") for entry in entries]
    first = urls[0]
    access: dict[str, Any] = {}
    if first.username:
        access["username"] = unquote(first.username)
    if first.password:
        access["password"] = unquote(first.password)
    if first.scheme == "rediss":
        access["ssl"] = True
    return {
        "sentinels": [(url.hostname or "", url.port or 26379) for url in urls],
        "master_name": master,
        "sentinel_kwargs": {**access, "socket_connect_timeout": 1, "socket_timeout": 1},
        "db": int(first.path.strip("/") or 0),
        **access,
        **_OPTIONS,
    }
