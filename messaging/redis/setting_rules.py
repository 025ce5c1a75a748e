"""What is wrong with the settings of Redis."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from messaging.redis.client import is_cluster
from messaging.redis.hosts import address_of, find_redis, split_urls

_URL_HINT = (
    "For example redis://127.0.0.1:6379/0, or redis://10.0.0.1:6379,redis://10.0.0.2:6379 for "
    "several. Each address begins with redis:// or rediss://."
)
_SENTINEL_HINT = (
    "For example REDIS_SENTINELS=10.0.0.1:26379,10.0.0.2:26379,10.0.0.3:26379 and "
    "REDIS_SENTINEL_MASTER=redis://:password@chat (or just chat, the name of the primary)."
)


class Mistake(NamedTuple):
    text: str
    hint: str
    id: str
    """The identifier of the system check."""


def mistakes(
    *, url: str, sentinels: Sequence[str], master: str, max_beacons: int
) -> Iterator[Mistake]:
    """Yield each mistake, with how to correct it; no text shows a password."""
    if max_beacons < 0:
        text = f"CHAT_MAX_BEACONS is {max_beacons}; it cannot be negative."
        yield Mistake(text, "Set it to 0 or more, or unset it: 100.", "chat.E039")
    if url and (sentinels or master):
        text = "REDIS_URL and the Sentinel settings are both set; only one may locate Redis."
        hint = "Unset REDIS_URL, or unset REDIS_SENTINELS and REDIS_SENTINEL_MASTER."
        yield Mistake(text, hint, "chat.E008")
        return
    if bool(sentinels) != bool(master):
        text = "REDIS_SENTINELS and REDIS_SENTINEL_MASTER must be set together."
        yield Mistake(text, _SENTINEL_HINT, "chat.E009")
        return
    try:
        find_redis(url=url, sentinels=sentinels, master=master)
    except ValueError as error:
        if url:
            yield Mistake(str(error), _URL_HINT, "chat.E007")
        else:
            yield Mistake(str(error), _SENTINEL_HINT, "chat.E012")


def clusters(url: str) -> Iterator[Mistake]:
    """Yield a mistake for each address that is a node of a Redis Cluster. Blocks for a second or
    two at most."""
    urls = split_urls(url)
    with ThreadPoolExecutor(max_workers=max(len(urls), 1)) as pool:
        answers = list(pool.map(is_cluster, urls))
    for each, found in zip(urls, answers, strict=True):
        if found:
            address = address_of({"address": each})
            text = (
                f"REDIS_URL names a Redis Cluster, {address}, which the channel layer does not "
                "support."
            )
            hint = "Use a single Redis, or one behind Sentinel (REDIS_SENTINELS)."
            yield Mistake(text, hint, "chat.E011")
