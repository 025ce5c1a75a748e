"""The location of Redis: the `hosts` entries for channels_redis and for our own client."""

import hashlib
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
_Place = tuple[str, int, int]
"""Host, port and database."""

MAX_ADDRESSES = 16
_PORT = 6379
_SENTINEL_PORT = 26379
_BETWEEN_URLS = re.compile(r",(?=\s*[a-z]+://)", re.IGNORECASE)
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


def find_redis(*, url: str, sentinels: Sequence[str], master: str) -> Sequence[Host]:
    """Return the `hosts` entries; none if no Redis is configured, and then there is only one
    instance.

    `url` has redis-py's form, `redis[s]://[[user]:password@]host[:port][/db][?option=value&…]`, or
    is several of these, comma-separated. An entry of `sentinels` is `host[:port]`. `master` is the
    name of the monitored primary, or such a URL with the name as its host. Raises ValueError, which
    says what is wrong and never shows a password.
    """
    if sentinels and master:
        return [_behind_sentinels(sentinels, master)]
    hosts: dict[_Place, Host] = {}
    for each in split_urls(url):
        _parse("REDIS_URL", each)
        host = {"address": each, **_OPTIONS}
        place = _place_of(each)
        if place in hosts:
            raise ValueError(f"REDIS_URL names {address_of(host)} twice.")
        hosts[place] = host
    if len(hosts) > MAX_ADDRESSES:
        raise ValueError(f"REDIS_URL has more than {MAX_ADDRESSES} addresses.")
    return list(hosts.values())


def first_host(hosts: Sequence[Host]) -> Host | None:
    """Return the first entry; None if there is none."""
    return hosts[0] if hosts else None


def split_urls(urls: str) -> Sequence[str]:
    """Return the URLs of a comma-separated list. A comma within a password separates nothing."""
    return [url.strip() for url in _BETWEEN_URLS.split(urls) if url.strip()]


def address_of(host: Host) -> str:
    """Return what names a `hosts` entry in logs and metrics: `host:port/db`, or the name of the
    monitored primary."""
    if "address" not in host:
        return str(host["master_name"])
    name, port, database = _place_of(host["address"])
    return f"[{name}]:{port}/{database}" if ":" in name else f"{name}:{port}/{database}"


def digest_of(hosts: Sequence[Host]) -> str:
    """Return eight hexadecimal digits for these addresses in this order. User, password and other
    options do not change them."""
    return hashlib.sha256(",".join(map(address_of, hosts)).encode()).hexdigest()[:8]


def _place_of(url: str) -> _Place:
    """Return the place of a URL, in which port and database may be left out. The database may be an
    option."""
    options: dict[str, Any] = {**parse_url(url)}
    return options["host"].lower(), options.get("port", _PORT), int(options.get("db", 0))


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
