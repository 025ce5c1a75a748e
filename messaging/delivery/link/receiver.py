"""The receiving half of the link: one subscriber of Redis for the whole process. It is in the group
of every followed conversation, in the group `instances`, and in the group of this instance alone.

Not promised: a published message may not arrive. Redis pub/sub drops messages without a subscriber.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol

import structlog

from messaging.concurrency.loops import repeat
from messaging.concurrency.tasks import TaskSet
from messaging.delivery.link.sender import INSTANCES
from messaging.redis.client import describe

logger = structlog.get_logger(__name__)

_SUBSCRIBE_SECONDS = 2.0
_RETRY_SECONDS = 1.0
_FLUSH_SECONDS = 4.0
_CLOSE_SECONDS = 1.0
_ITEMS_PER_STEP = 50
"""The messages that are handled before other tasks run: a receiver with many messages never
waits."""


class Subscriptions(Protocol):
    """The groups of the channel layer whose messages this process receives
    (`messaging.redis.subscriber`)."""

    async def receive(self) -> Mapping[str, Any]: ...
    async def group_add(self, group: str) -> None: ...
    async def group_discard(self, group: str) -> None: ...
    async def flush(self) -> None: ...


class LinkReceiver:
    def __init__(
        self,
        subscriptions: Subscriptions,
        *,
        own_group: str,
        on_message: Callable[[object], None],
        is_up: Callable[[], bool],
    ) -> None:
        """Create a receiver. `own_group` is the group of this instance alone. `on_message` gets
        every message. While the link is not up, failures are expected, and logged only for
        debugging."""
        self._subscriptions = subscriptions
        self._on_message = on_message
        self._is_up = is_up
        self._of_beacons = frozenset({INSTANCES, own_group})
        self._wanted = set(self._of_beacons)
        self._joined: set[str] = set()
        self._wanted_changed = asyncio.Event()
        self._tasks: TaskSet[None] = TaskSet()

    def start(self) -> None:
        self._tasks.start(repeat(self._receive, failed="link.message_failed", pause=0.0))
        self._tasks.start(repeat(self._subscribe, failed="link.subscriptions_failed"))

    async def stop(self) -> None:
        """Stop receiving. The connection is kept until `close`."""
        await self._tasks.stop()

    async def renew(self) -> None:
        """Receive on a new connection."""
        await self.stop()
        try:
            async with asyncio.timeout(_FLUSH_SECONDS):
                await self._subscriptions.flush()
        except Exception as error:  # noqa: BLE001 - a layer may raise anything
            logger.debug("link.renewal_failed", error=describe(error))
        self._joined.clear()
        self.start()

    async def close(self) -> None:
        """Close the connection, without waiting for a hanging Redis."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._subscriptions.flush()

    def follow(self, conversation_id: str) -> None:
        """Join the group of a conversation, as soon as Redis accepts it."""
        self._wanted.add(conversation_id)
        self._wanted_changed.set()

    def unfollow(self, conversation_id: str) -> None:
        self._wanted.discard(conversation_id)
        self._wanted_changed.set()

    async def _subscribe(self) -> None:
        """Keep the joined groups equal to the wanted ones."""
        self._wanted_changed.clear()
        try:
            for group in self._joined - self._wanted:
                async with asyncio.timeout(_SUBSCRIBE_SECONDS):
                    await self._subscriptions.group_discard(group)
                self._joined.discard(group)
            # The groups of beacons last: a returning beacon shows that all are joined.
            for group in sorted(self._wanted - self._joined, key=self._of_beacons.__contains__):
                async with asyncio.timeout(_SUBSCRIBE_SECONDS):
                    await self._subscriptions.group_add(group)
                self._joined.add(group)
        except Exception as error:  # noqa: BLE001 - a layer may raise anything
            self._log_failure("link.subscribe_failed", error)
            await asyncio.sleep(_RETRY_SECONDS)
        else:
            await self._wanted_changed.wait()

    async def _receive(self) -> None:
        """Receive some messages, then let other tasks run."""
        for _ in range(_ITEMS_PER_STEP):
            try:
                message = await self._subscriptions.receive()
            except Exception as error:  # noqa: BLE001 - a layer may raise anything
                self._log_failure("link.receive_failed", error)
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            self._on_message(message)
        await asyncio.sleep(0)

    def _log_failure(self, action: str, error: Exception) -> None:
        log = logger.warning if self._is_up() else logger.debug
        log(action, error=describe(error))
