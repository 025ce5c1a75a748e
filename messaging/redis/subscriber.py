"""Receives what is published to groups of the channel layer, on one connection of its own.

It takes the place of channels_redis' receiver, which looks ten times a second whether a message has
come, on each instance. This one wakes only for messages. Names and bytes are those of the layer.

Not promised: a published message may not arrive. Redis drops messages without a subscriber.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import redis.asyncio
from channels_redis.utils import create_pool
from redis.asyncio.client import PubSub

from messaging.concurrency.loops import repeat
from messaging.concurrency.tasks import start_task, stop_tasks
from messaging.redis.client import UNREACHABLE

_RETRY_SECONDS = 1.0


class Subscriber:
    """Has one channel, which may be in any number of groups."""

    def __init__(self, host: Mapping[str, Any], *, prefix: str) -> None:
        """Create a subscriber. `host` is an entry of channels_redis' `hosts`, and `prefix` that of
        the layer."""
        self._host = host
        self._prefix = prefix
        self._client: redis.asyncio.Redis | None = None
        self._subscriptions: PubSub | None = None
        self._messages: asyncio.Queue[bytes] = asyncio.Queue()
        self._changing = asyncio.Lock()
        self._reading: asyncio.Task[None] | None = None

    async def receive(self) -> Mapping[str, Any]:
        """Wait for the next message of any group."""
        return {"data": await self._messages.get()}

    async def group_add(self, group: str) -> None:
        """Join a group. Messages arrive as soon as Redis has accepted it, which this does not wait
        for. Raises the errors of a call."""
        async with self._changing:
            subscriptions = self._open()
            await subscriptions.subscribe(self._name(group))
            if self._reading is None:
                self._reading = start_task(repeat(self._read, failed="redis.subscriber_failed"))

    async def group_discard(self, group: str) -> None:
        """Leave a group. Raises the errors of a call."""
        async with self._changing:
            if self._subscriptions is not None:
                await self._subscriptions.unsubscribe(self._name(group))

    async def flush(self) -> None:
        """Close the connection, and forget all groups and messages. The next `group_add` opens a
        new one."""
        async with self._changing:
            reading, self._reading = self._reading, None
            subscriptions, self._subscriptions = self._subscriptions, None
            client, self._client = self._client, None
            while not self._messages.empty():
                self._messages.get_nowait()
            if reading is not None:
                await stop_tasks(reading)
            if subscriptions is not None:
                await subscriptions.aclose()  # type: ignore[no-untyped-call]
            if client is not None:
                await client.aclose()

    def _open(self) -> PubSub:
        if self._subscriptions is None:
            pool = create_pool(self._host)
            # A subscriber waits for as long as nobody publishes. The link notices a silent Redis.
            pool.connection_kwargs["socket_timeout"] = None
            self._client = redis.asyncio.Redis.from_pool(pool)
            self._subscriptions = self._client.pubsub()
        return self._subscriptions

    async def _read(self) -> None:
        assert self._subscriptions is not None
        try:
            message = await self._subscriptions.get_message(
                ignore_subscribe_messages=True, timeout=None
            )
        except UNREACHABLE:  # redis-py connects again, and subscribes again
            await asyncio.sleep(_RETRY_SECONDS)
            return
        if message is not None:
            self._messages.put_nowait(message["data"])

    def _name(self, group: str) -> str:
        return f"{self._prefix}__group__{group}"
