"""The addresses of Redis, as settings, logs, metrics and other instances see them."""

import pytest

from messaging.redis.hosts import address_of, digest_of, find_redis


def digest(url: str) -> str:
    return digest_of(find_redis(url=url, sentinels=(), master=""))


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://a", "a:6379/0"),
        ("rediss://ann:secret@A:7000/2?max_connections=7", "a:7000/2"),
        ("redis://a?db=3", "a:6379/3"),
        ("redis://[::1]:6380/0", "[::1]:6380/0"),
    ],
)
def test_an_address_is_complete_and_has_no_password(url: str, address: str) -> None:
    """Two databases of one server have different addresses, however they are given."""
    (host,) = find_redis(url=url, sentinels=(), master="")
    assert address_of(host) == address


def test_an_address_behind_sentinels_is_the_name_of_the_primary() -> None:
    (host,) = find_redis(url="", sentinels=["s"], master="redis://:secret@Chat/0")
    assert address_of(host) == "Chat"


def test_a_digest_depends_on_the_addresses_and_their_order() -> None:
    own = digest("redis://a,redis://b/1")
    assert own == digest("rediss://:secret@A:6379/0,redis://b?db=1")
    others = ("redis://a", "redis://b/1,redis://a", "redis://a,redis://b", "redis://a,redis://c/1")
    assert own not in map(digest, others)
