"""The receiving half of the link: one channel of the Redis layer for the whole process, which is in
the group of every followed conversation and in the group `instances`.

Not promised: that anything published arrives. Redis pub/sub forgets what nobody listened to.
"""

import asyncio
import itertools
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol

import structlog

from messaging.concurrency.task_set import TaskSet
from messaging.delivery.link.sender import INSTANCES
from messaging.redis.client import describe

logger = structlog.get_logger(__name__)

_SUBSCRIBE_SECONDS = 2.0
_RETRY_SECONDS = 1.0
_FLUSH_SECONDS = 4.0
_CLOSE_SECONDS = 1.0
_ITEMS_PER_STEP = 50
"""Messages that are handled before others may run: a receiver that has plenty never waits."""


class ReceivingLayer(Protocol):
    """What is used of a Channels layer (its public interface)."""

    async def receive(self, channel: str) -> Mapping[str, Any]: ...
    async def group_add(self, group: str, channel: str) -> None: ...
    async def group_discard(self, group: str, channel: str) -> None: ...
    async def flush(self) -> None: ...


class LinkReceiver:
    def __init__(
        self,
        layer: ReceivingLayer,
        *,
        on_message: Callable[[object], None],
        is_up: Callable[[], bool],
    ) -> None:
        """`on_message` is given whatever arrives, and raises nothing. While the link is not up,
        failures are expected and logged for debugging only."""
        self._layer = layer
        self._on_message = on_message
        self._is_up = is_up
        self._channel = f"chat.instance.{uuid.uuid4().hex}"
        self._wanted: set[str] = {INSTANCES}
        self._joined: set[str] = set()
        self._wanted_changed = asyncio.Event()
        self._tasks: TaskSet[None] = TaskSet()

    def start(self) -> None:
        self._tasks.start(self._receive())
        self._tasks.start(self._subscribe())

    async def stop(self) -> None:
        """Listen no more. The connection is kept until `close`."""
        await self._tasks.stop()

    async def renew(self) -> None:
        """Listen on a new connection."""
        await self.stop()
        try:
            async with asyncio.timeout(_FLUSH_SECONDS):
                await self._layer.flush()
        except Exception as error:  # noqa: BLE001 - a layer may raise anything
            logger.debug("link.renewal_failed", error=describe(error))
        self._joined.clear()
        self.start()

    async def close(self) -> None:
        """Give the connection back. A Redis that hangs is not waited for."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._layer.flush()

    def follow(self, conversation_id: str) -> None:
        """Join the group of a conversation, as soon as Redis takes it."""
        self._wanted.add(conversation_id)
        self._wanted_changed.set()

    def unfollow(self, conversation_id: str) -> None:
        self._wanted.discard(conversation_id)
        self._wanted_changed.set()

    async def _subscribe(self) -> None:
        """Keep the joined groups equal to the wanted ones."""
        while True:
            self._wanted_changed.clear()
            try:
                for group in self._joined - self._wanted:
                    async with asyncio.timeout(_SUBSCRIBE_SECONDS):
                        await self._layer.group_discard(group, self._channel)
                    self._joined.discard(group)
                # `instances` last: its beacon coming back tells that all is in force.
                for group in sorted(self._wanted - self._joined, key=INSTANCES.__eq__):
                    async with asyncio.timeout(_SUBSCRIBE_SECONDS):
                        await self._layer.group_add(group, self._channel)
                    self._joined.add(group)
            except RuntimeError:
                await asyncio.sleep(0.01)  # the channel is not being received from yet
            except Exception as error:  # noqa: BLE001 - a layer may raise anything
                self._log_failure("link.subscribe_failed", error)
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                await self._wanted_changed.wait()

    async def _receive(self) -> None:
        """The call to `receive` is never cancelled while running: that would unsubscribe. Nothing
        that arrives ends this task."""
        for number in itertools.count(1):
            try:
                message = await self._layer.receive(self._channel)
            except Exception as error:  # noqa: BLE001 - a layer may raise anything
                self._log_failure("link.receive_failed", error)
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            self._on_message(message)
            if number % _ITEMS_PER_STEP == 0:
                await asyncio.sleep(0)

    def _log_failure(self, action: str, error: Exception) -> None:
        log = logger.warning if self._is_up() else logger.debug
        log(action, error=describe(error))
