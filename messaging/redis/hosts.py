"""Where Redis is, as channels_redis' layers and our own client take it: one `hosts` entry."""

import re
import socket
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from redis.asyncio.connection import ConnectionPool, SSLConnection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

Host = dict[str, Any]

_SENTINEL_PORT = 26379
_OPTIONS: Mapping[str, Any] = {
    "socket_connect_timeout": 2,  # seconds
    # redis-py takes the end of a connection that the kernel gave up (ETIMEDOUT) for "no message
    # yet", again and again without a pause. The ping fails then, and a new connection is made.
    "health_check_interval": 5,
    # The kernel gives up a connection whose other end is gone without a word. One whose other end
    # takes everything and says nothing is found by the link.
    "socket_keepalive": True,
    "socket_keepalive_options": {
        getattr(socket, name): value
        for name, value in {
            "TCP_KEEPIDLE": 4,
            "TCP_KEEPINTVL": 2,
            "TCP_KEEPCNT": 3,
            "TCP_USER_TIMEOUT": 10_000,  # milliseconds
        }.items()
        if hasattr(socket, name)  # Linux has all of them
    },
}
_SENTINEL_OPTIONS: Mapping[str, Any] = {
    # They are asked one after the other: two that are gone have to leave time for the others in
    # the second that a publish has. Tried again by redis-py, one would take several.
    "socket_connect_timeout": 0.3,
    "socket_timeout": 0.3,
    "retry": Retry(NoBackoff(), 0),
}


def find_redis(*, url: str, sentinels: Sequence[str], master: str) -> Host | None:
    """None where no Redis is configured: then there is one instance.

    `url` is what redis-py takes, `redis[s]://[[user]:password@]host[:port][/db][?option=value&…]`.
    An entry of `sentinels` is `host[:port]`, and `master` a name, or such a URL with the name for
    its host. Raises ValueError, which says what is wrong and never shows a password.
    """
    if sentinels and master:
        return _behind_sentinels(sentinels, master)
    if not url:
        return None
    _parse("REDIS_URL", url)
    return {"address": url, **_OPTIONS}


def _behind_sentinels(entries: Sequence[str], master: str) -> Host:
    """What the first entry says beside its address is said to every sentinel; what is said to the
    master is said to the replica that follows it as well."""
    urls = [entry if "://" in entry else f"redis://{entry}" for entry in entries]
    sentinels = [_parse("REDIS_SENTINELS", url) for url in urls]
    master_url = master if "://" in master else f"redis://{master}"
    of_master = _parse("REDIS_SENTINEL_MASTER", master_url)
    addresses = [(each.pop("host"), each.pop("port", _SENTINEL_PORT)) for each in sentinels]
    of_master.pop("host")  # in lower case, which a name need not be
    of_master.pop("port", None)
    return {
        "sentinels": addresses,
        "master_name": urlsplit(master_url).netloc.rpartition("@")[2],
        "sentinel_kwargs": {**_SENTINEL_OPTIONS, **sentinels[0]},
        **_OPTIONS,
        **of_master,
    }


def _parse(setting: str, url: str) -> dict[str, Any]:
    """What redis-py makes of it. Raises ValueError."""
    shown, usable = "an address", False
    try:
        parts = urlsplit(url)
        # Else it is a piece of the password that seems to be the address.
        if "@" not in url or "@" in parts.netloc:
            shown = repr(parts.netloc.rpartition("@")[2])
            usable = bool(parts.hostname) and parts.port != 0
    except ValueError:  # its text may show the same
        pass
    if "://" not in url:
        raise ValueError(f"{setting} must begin with redis:// or rediss://.")
    if not usable:
        raise ValueError(
            f"{setting} has {shown} without a usable host and port; / ? # [ ] @ and : in a user or "
            "password are written as %2F, %3F and so on."
        )
    if parts.scheme not in ("redis", "rediss"):
        raise ValueError(f"{setting} has {shown} behind {parts.scheme}://.")
    if not re.fullmatch(r"/?|/\d+", parts.path):
        raise ValueError(f"{setting} has {shown} with a database that is no number.")
    options: dict[str, Any]
    try:
        options = {**parse_url(url)}
        # Connects to nothing yet.
        ConnectionPool(**options).make_connection()  # type: ignore[no-untyped-call]
    except (TypeError, ValueError, RedisError) as error:
        raise ValueError(f"{setting} has {shown} with a wrong option: {error}") from None
    if options.pop("connection_class", None) is SSLConnection:
        options["ssl"] = True
    return options
