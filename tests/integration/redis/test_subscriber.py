"""What receives from Redis: all that the channel layer publishes, and nothing else wakes it."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest_asyncio
from channels_redis.pubsub import RedisPubSubChannelLayer
from redis.asyncio import Redis

from messaging.redis.raw_layer import FORMAT
from messaging.redis.subscriber import Subscriber
from tests.moments import lapse

PATIENCE = 20


class Pair:
    """The layer, which publishes, and a subscriber."""

    def __init__(self, url: str, options: str = "") -> None:
        prefix = uuid4().hex
        self.layer = RedisPubSubChannelLayer(hosts=[url], prefix=prefix, serializer_format=FORMAT)
        host = {"address": url + options, "client_name": prefix}
        self.gaps = 0
        self.subscriber = Subscriber(host, prefix=prefix, on_gap=self._note_gap)
        self._url = url
        self._name = prefix

    def _note_gap(self) -> None:
        self.gaps += 1

    async def publish(self, group: str, data: bytes) -> None:
        await self.layer.group_send(group, {"data": data})

    async def next(self) -> bytes:
        async with asyncio.timeout(PATIENCE):
            return bytes((await self.subscriber.receive())["data"])

    async def join(self, group: str) -> None:
        """Join a group, and return once its messages arrive."""
        await self.subscriber.group_add(group)
        async with asyncio.timeout(PATIENCE):
            receiving = asyncio.create_task(self.subscriber.receive())
            while not receiving.done():
                await self.publish(group, b"joined?")
                await asyncio.wait({receiving}, timeout=0.02)
        await self.publish(group, b"joined")
        while await self.next() != b"joined":
            pass

    async def connection(self) -> str:
        """The id that Redis gave the connection of the subscriber."""
        async with Redis.from_url(self._url, decode_responses=True) as client:
            (own,) = [one for one in await client.client_list() if one["name"] == self._name]
            return str(own["id"])

    async def end_connection(self) -> None:
        async with Redis.from_url(self._url) as client:
            await client.client_kill_filter(_id=await self.connection())

    async def close(self) -> None:
        await self.subscriber.flush()
        await self.layer.flush()


@pytest_asyncio.fixture
async def pair(redis_server: str) -> AsyncIterator[Pair]:
    pair = Pair(redis_server)
    yield pair
    await pair.close()


async def test_messages_arrive_in_order(pair: Pair) -> None:
    """Those of all joined groups, and no others."""
    await pair.join("tea")
    await pair.join("milk")

    await pair.publish("sugar", b"0")
    for number in range(1, 9):
        await pair.publish("tea" if number % 2 else "milk", b"%d" % number)

    assert [await pair.next() for _ in range(8)] == [b"%d" % number for number in range(1, 9)]


async def test_a_group_that_was_left(pair: Pair) -> None:
    await pair.join("tea")
    await pair.join("milk")

    await pair.subscriber.group_discard("tea")
    await pair.publish("tea", b"too late")
    await pair.publish("milk", b"in time")

    assert await pair.next() == b"in time"


async def test_a_lost_connection(pair: Pair) -> None:
    """A new one is in the same groups. What came in between is missing, which is reported once, and
    before anything else arrives."""
    await pair.join("tea")
    assert pair.gaps == 0
    await pair.end_connection()

    async with asyncio.timeout(PATIENCE):
        receiving = asyncio.create_task(pair.subscriber.receive())
        while not receiving.done():
            await pair.publish("tea", b"again")
            await asyncio.wait({receiving}, timeout=0.05)
    assert (await receiving)["data"] == b"again"
    assert pair.gaps == 1


async def test_a_new_connection(pair: Pair) -> None:
    """After a flush, nothing of before comes, and it can join again."""
    await pair.join("tea")
    await pair.publish("tea", b"before")
    await pair.subscriber.flush()

    await pair.join("milk")
    await pair.publish("tea", b"left")
    await pair.publish("milk", b"joined again")

    assert await pair.next() == b"joined again"


async def test_a_limit_of_answers_limits_no_waiting(redis_server: str) -> None:
    """`socket_timeout` in the address is about answers. Nobody owes a subscriber one."""
    pair = Pair(redis_server, "?socket_timeout=0.1")
    await pair.join("tea")
    first = await pair.connection()

    await lapse(0.5)

    await pair.publish("tea", b"still there")
    assert await pair.next() == b"still there"
    assert await pair.connection() == first
    await pair.close()


async def test_what_is_not_received_waits_in_redis(pair: Pair, redis_server: str) -> None:
    """Redis bounds it (`client-output-buffer-limit`); this process keeps none of it."""
    await pair.join("tea")

    for _ in range(24):
        await pair.publish("tea", bytes(1024**2))

    async with Redis.from_url(redis_server, decode_responses=True) as client:
        own = await pair.connection()
        (waiting,) = [int(one["omem"]) for one in await client.client_list() if one["id"] == own]
    assert waiting > 8 * 1024**2
    assert len(await pair.next()) == 1024**2
