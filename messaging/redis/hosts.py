"""The location of Redis: one `hosts` entry for channels_redis and for our own client."""

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
    # If the kernel gives up a connection (ETIMEDOUT), redis-py takes that for "no message yet",
    # again and again without a pause. The ping then fails, and a new connection is opened.
    "health_check_interval": 5,
    # The kernel gives up a connection if the other end disappeared. The link detects a peer that
    # accepts everything and answers nothing.
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
    # They are queried one after the other. If two are gone, the others must still answer within the
    # second that a publish has. With redis-py's retries, one would take several seconds.
    "socket_connect_timeout": 0.3,
    "socket_timeout": 0.3,
    "retry": Retry(NoBackoff(), 0),
}


def find_redis(*, url: str, sentinels: Sequence[str], master: str) -> Host | None:
    """Return the `hosts` entry, or None if no Redis is configured; then there is only one instance.

    `url` has redis-py's form, `redis[s]://[[user]:password@]host[:port][/db][?option=value&…]`. An
    entry of `sentinels` is `host[:port]`. `master` is the name of the monitored primary, or such a
    URL with the name as its host. Raises ValueError, which says what is wrong and never shows a
    password.
    """
    if sentinels and master:
        return _behind_sentinels(sentinels, master)
    if not url:
        return None
    _parse("REDIS_URL", url)
    return {"address": url, **_OPTIONS}


def _behind_sentinels(entries: Sequence[str], master: str) -> Host:
    """Return the entry for Sentinel. The options of the first entry apply to every sentinel. The
    options of the primary also apply to the replica that is promoted."""
    urls = [entry if "://" in entry else f"redis://{entry}" for entry in entries]
    sentinels = [_parse("REDIS_SENTINELS", url) for url in urls]
    master_url = master if "://" in master else f"redis://{master}"
    of_master = _parse("REDIS_SENTINEL_MASTER", master_url)
    addresses = [(each.pop("host"), each.pop("port", _SENTINEL_PORT)) for each in sentinels]
    of_master.pop("host")  # urlsplit lower-cases it, but the name may have capitals
    of_master.pop("port", None)
    return {
        "sentinels": addresses,
        "master_name": urlsplit(master_url).netloc.rpartition("@")[2],
        "sentinel_kwargs": {**_SENTINEL_OPTIONS, **sentinels[0]},
        **_OPTIONS,
        **of_master,
    }


def _parse(setting: str, url: str) -> dict[str, Any]:
    """Return redis-py's options for a URL. Raises ValueError."""
    shown, usable = "an address", False
    try:
        parts = urlsplit(url)
        # Otherwise a part of the password would appear as the address.
        if "@" not in url or "@" in parts.netloc:
            shown = repr(parts.netloc.rpartition("@")[2])
            usable = bool(parts.hostname) and parts.port != 0
    except ValueError:  # its text may contain the password
        pass
    if "://" not in url:
        raise ValueError(f"{setting} must begin with redis:// or rediss://.")
    if not usable:
        raise ValueError(
            f"{setting} has {shown} without a usable host and port. Percent-encode / ? # [ ] @ and "
            ": in a user or password (%2F, %3F and so on)."
        )
    if parts.scheme not in ("redis", "rediss"):
        raise ValueError(
            f"{setting} has {shown} with the scheme {parts.scheme}. Use redis:// or rediss://."
        )
    if not re.fullmatch(r"/?|/\d+", parts.path):
        raise ValueError(f"{setting} has {shown} with a database that is not a number.")
    options: dict[str, Any]
    try:
        options = {**parse_url(url)}
        # This does not connect yet.
        ConnectionPool(**options).make_connection()  # type: ignore[no-untyped-call]
    except (TypeError, ValueError, RedisError) as error:
        raise ValueError(f"{setting} has {shown} with a wrong option: {error}") from None
    if options.pop("connection_class", None) is SSLConnection:
        options["ssl"] = True
    return options
