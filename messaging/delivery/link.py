"""The link to the other instances: one channel of the Redis layer for the whole process.

It joins the group of every followed conversation and the group `instances`, publishes beside
everything else (nobody waits for it), and watches itself: its own beacon not coming back for
three seconds means that the link is down, whatever the client library believes.

Not promised: that anything published arrives. Redis pub/sub forgets what nobody listened to; the
hubs find what is missing by its version, and by the beacon when nothing follows.
"""

import asyncio
import time
import uuid
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol

import structlog

from messaging.delivery.batch import Batch, SoftEvent
from messaging.delivery.beacon import RecentCommits
from messaging.delivery.hub import Hub
from messaging.tasks import start_task, stop_tasks

logger = structlog.get_logger(__name__)

_INSTANCES = "instances"
_BEACON_SECONDS = 1.0
_DOWN_SECONDS = 3.0
_PUBLISH_SECONDS = 1.0
_SUBSCRIBE_SECONDS = 2.0
_RETRY_SECONDS = 1.0
_MOST_OUTGOING = 10_000


class ChannelLayer(Protocol):
    """What is used of a Channels layer (its public interface)."""

    async def receive(self, channel: str) -> Mapping[str, Any]: ...
    async def group_add(self, group: str, channel: str) -> None: ...
    async def group_discard(self, group: str, channel: str) -> None: ...
    async def group_send(self, group: str, message: Mapping[str, Any]) -> None: ...


class Link:
    def __init__(
        self,
        layer: ChannelLayer,
        hub: Hub,
        *,
        instance_id: str,
        boot_id: str,
        on_change: Callable[[bool], None],
    ) -> None:
        """`on_change` is told when the link goes down (False) and comes up again (True)."""
        self.up = True
        self._layer = layer
        self._hub = hub
        self._instance_id = instance_id
        self._boot_id = boot_id
        self._on_change = on_change
        self._channel = f"instance.{uuid.uuid4().hex}"
        self._wanted: set[str] = {_INSTANCES}
        self._joined: set[str] = set()
        self._wanted_changed = asyncio.Event()
        self._outgoing: deque[tuple[str, Mapping[str, Any]]] = deque(maxlen=_MOST_OUTGOING)
        self._outgoing_filled = asyncio.Event()
        self._closed_until = 0.0
        self._recent = RecentCommits()
        self._number = 0
        self._last_echo = time.monotonic()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        works: list[Coroutine[Any, Any, None]] = [
            self._receive(),
            self._subscribe(),
            self._publish(),
            self._beat(),
        ]
        self._last_echo = time.monotonic()
        self._tasks = [start_task(work) for work in works]

    async def stop(self) -> None:
        await stop_tasks(*self._tasks)

    # What comes here

    def follow(self, conversation_id: str) -> None:
        self._wanted.add(conversation_id)
        self._wanted_changed.set()

    def unfollow(self, conversation_id: str) -> None:
        self._wanted.discard(conversation_id)
        self._wanted_changed.set()

    # What goes out

    def publish_batch(self, batch: Batch) -> None:
        last = batch.deliveries[-1].version
        added = [user_id for delivery in batch.deliveries for user_id in delivery.added]
        self._recent.note(batch.conversation_id, last, added)
        self._send(batch.conversation_id, batch.as_message())
        if added:
            self.publish_added(batch.conversation_id, last, added)

    def publish_added(self, conversation_id: str, version: int, user_ids: list[str]) -> None:
        """What concerns people goes to all instances: one that never saw the conversation may
        have their sockets."""
        self._recent.note(conversation_id, version, user_ids)
        message = {
            "type": "added",
            "conversation_id": conversation_id,
            "version": version,
            "user_ids": user_ids,
        }
        self._send(_INSTANCES, message)

    def publish_soft(self, event: SoftEvent) -> None:
        self._send(event.conversation_id, event.as_message())

    def _send(self, group: str, message: Mapping[str, Any]) -> None:
        if time.monotonic() >= self._closed_until:
            self._outgoing.append((group, {**message, "from": self._boot_id}))
            self._outgoing_filled.set()

    # The four works

    async def _publish(self) -> None:
        """In the order of commits. After a failure nothing is tried for a second: what is lost
        then is found by the others through version or beacon."""
        while True:
            await self._outgoing_filled.wait()
            self._outgoing_filled.clear()
            while self._outgoing:
                group, message = self._outgoing.popleft()
                try:
                    async with asyncio.timeout(_PUBLISH_SECONDS):
                        await self._layer.group_send(group, message)
                except Exception as error:  # noqa: BLE001 - a layer may raise anything
                    logger.warning("link.publish_failed", error=repr(error))
                    self._closed_until = time.monotonic() + _RETRY_SECONDS
                    self._outgoing.clear()

    async def _subscribe(self) -> None:
        """Keep the joined groups equal to the wanted ones."""
        while True:
            self._wanted_changed.clear()
            try:
                for group in self._joined - self._wanted:
                    async with asyncio.timeout(_SUBSCRIBE_SECONDS):
                        await self._layer.group_discard(group, self._channel)
                    self._joined.discard(group)
                for group in self._wanted - self._joined:
                    async with asyncio.timeout(_SUBSCRIBE_SECONDS):
                        await self._layer.group_add(group, self._channel)
                    self._joined.add(group)
            except RuntimeError:
                await asyncio.sleep(0.01)  # the channel is not being received from yet
            except Exception as error:  # noqa: BLE001
                logger.warning("link.subscribe_failed", error=repr(error))
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                await self._wanted_changed.wait()

    async def _receive(self) -> None:
        """The call to `receive` is never cancelled while running: that would unsubscribe."""
        while True:
            try:
                message = await self._layer.receive(self._channel)
            except Exception as error:  # noqa: BLE001
                logger.warning("link.receive_failed", error=repr(error))
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            try:
                self._handle(message)
            except Exception:
                logger.exception("link.bad_message", message_type=message.get("type"))

    async def _beat(self) -> None:
        while True:
            self._number += 1
            self._closed_until = 0.0  # the beacon is the probe
            beacon = {
                "type": "beacon",
                "instance_id": self._instance_id,
                "number": self._number,
                "commits": self._recent.as_message(),
            }
            self._send(_INSTANCES, beacon)
            await asyncio.sleep(_BEACON_SECONDS)
            if self.up and time.monotonic() - self._last_echo > _DOWN_SECONDS:
                self.up = False
                logger.warning("link.down")
                self._on_change(False)
            self._hub.tidy()

    # What arrives

    def _handle(self, message: Mapping[str, Any]) -> None:
        own = message["from"] == self._boot_id
        match message["type"]:
            case "changes" if not own:
                self._hub.accept(Batch.from_message(message))
            case "soft" if not own:
                self._hub.accept_soft(SoftEvent.from_message(message))
            case "added" if not own:
                self._hub.report(
                    message["conversation_id"], message["version"], message["user_ids"]
                )
            case "beacon" if own:
                self._echoed(message)
            case "beacon":
                for conversation_id, (version, added) in message["commits"].items():
                    self._hub.report(conversation_id, version, added)

    def _echoed(self, beacon: Mapping[str, Any]) -> None:
        self._last_echo = time.monotonic()
        self._recent.came_back(beacon["commits"])
        if not self.up:
            self.up = True
            logger.info("link.up")
            self._on_change(True)
