"""Receives what is published to groups of the channel layer, on one connection of its own.

It takes the place of channels_redis' receiver, which looks ten times a second whether a message has
come, on each instance. This one wakes only for messages. Names and bytes are those of the layer.

Nothing waits here: what is not received yet is in the socket, and then in Redis, which closes the
connection at its limit (`client-output-buffer-limit pubsub`).

Not promised: a published message may not arrive. Redis drops messages without a subscriber.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import redis.asyncio
from channels_redis.utils import create_pool
from redis.asyncio.client import PubSub

from messaging.redis.client import UNREACHABLE

_RETRY_SECONDS = 1.0


def _nothing() -> None:
    """Do nothing."""


class Subscriber:
    """Has one channel, which may be in any number of groups."""

    def __init__(
        self, host: Mapping[str, Any], *, prefix: str, on_gap: Callable[[], None] = _nothing
    ) -> None:
        """Create a subscriber. `host` is an entry of channels_redis' `hosts`, and `prefix` that of
        the layer. `on_gap` is called when messages arrive again after a lost connection: those in
        between are missing."""
        self._host = host
        self._prefix = prefix
        self._on_gap = on_gap
        self._interrupted = False
        self._client: redis.asyncio.Redis | None = None
        self._subscriptions: PubSub | None = None
        self._opened = asyncio.Event()
        self._changing = asyncio.Lock()

    async def receive(self) -> Mapping[str, Any]:
        """Wait for the next message of any group, for as long as Redis is away too."""
        while True:
            await self._opened.wait()
            try:
                message = await self._open().get_message(
                    ignore_subscribe_messages=True, timeout=None
                )
            except UNREACHABLE:  # redis-py connects again, and subscribes again
                self._interrupted = True
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            if self._interrupted:
                self._interrupted = False
                self._on_gap()
            if message is not None:
                return {"data": message["data"]}

    async def group_add(self, group: str) -> None:
        """Join a group. Messages arrive as soon as Redis has accepted it, which this does not wait
        for. Raises the errors of a call."""
        async with self._changing:
            await self._open().subscribe(self._name(group))
            self._opened.set()

    async def group_discard(self, group: str) -> None:
        """Leave a group. Raises the errors of a call."""
        async with self._changing:
            if self._subscriptions is not None:
                await self._subscriptions.unsubscribe(self._name(group))

    async def flush(self) -> None:
        """Close the connection, and forget all groups and messages. Nobody may wait for a message
        meanwhile. The next `group_add` opens a new connection."""
        async with self._changing:
            self._opened.clear()
            subscriptions, self._subscriptions = self._subscriptions, None
            client, self._client = self._client, None
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

    def _name(self, group: str) -> str:
        return f"{self._prefix}__group__{group}"
