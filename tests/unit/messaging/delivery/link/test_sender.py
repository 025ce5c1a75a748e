"""What the sender still publishes at the end of an instance."""

import asyncio
from collections.abc import Mapping
from typing import Any

from messaging.delivery.link.encoding import VERSION, Wire
from messaging.delivery.link.messages import (
    Beacon,
    BlocksChanged,
    Commits,
    Goodbye,
    LinkMessage,
    PeopleChanged,
)
from messaging.delivery.link.refused_messages import Reason
from messaging.delivery.link.send_queue import OutboundMessage
from messaging.delivery.link.sender import INSTANCES, LinkSender
from messaging.delivery.link.signing import Signing


class Layer:
    """A layer in memory, whose publishes can fail."""

    def __init__(self) -> None:
        self.published: list[tuple[str, bytes]] = []
        self.failing = False

    async def group_send(self, group: str, message: Mapping[str, Any]) -> None:
        if self.failing:
            raise ConnectionError
        self.published.append((group, message["data"]))

    def read(self) -> list[tuple[str, LinkMessage | Reason]]:
        """Return what was published since, each with its group."""
        published, self.published = self.published, []
        wire = Wire("other", signing=Signing())
        return [(group, item) for group, data in published for item in wire.open(data).items]


def make_sender(layer: Layer, failed: asyncio.Event) -> LinkSender:
    return LinkSender(
        layer,
        wire=Wire("one", signing=Signing()),
        own_group="own",
        common_version=lambda: VERSION,
        on_failure=lambda failures, reason: failed.set(),
    )


async def after_a_failure(
    layer: Layer, group: str, first: OutboundMessage, *others: OutboundMessage
) -> LinkSender:
    """A sender whose publish of the first message has failed. The others came in the second after
    it, in which nothing but the beacon is published. By now, the layer works again."""
    failed = asyncio.Event()
    sender = make_sender(layer, failed)
    layer.failing = True
    sender.start()
    sender.send(group, first)
    await asyncio.wait_for(failed.wait(), 10)
    for item in others:
        sender.send(group, item)
    layer.failing = False
    return sender


def commit(conversation_id: str, version: int) -> OutboundMessage:
    message = PeopleChanged(conversation_id=conversation_id, version=version)
    return OutboundMessage(message=message, conversation_id=conversation_id, version=version)


async def test_what_a_failed_publish_lost_is_reported_before_the_goodbye() -> None:
    """After the goodbye nobody looks for it."""
    layer = Layer()
    sender = await after_a_failure(layer, "group", commit("group", 7), commit("other", 3))
    await sender.stop()

    await sender.finish(goodbye=True)

    (to, beacon), last = layer.read()
    assert isinstance(beacon, Beacon)
    assert to == "instances"
    assert beacon.commits == {"group": Commits(7), "other": Commits(3)}
    assert last == ("instances", Goodbye())


async def test_with_nothing_recent_there_is_only_the_goodbye() -> None:
    layer = Layer()
    await make_sender(layer, asyncio.Event()).finish(goodbye=True)
    assert layer.read() == [("instances", Goodbye())]


def blocks(key: str) -> OutboundMessage:
    return OutboundMessage(message=BlocksChanged(conversation_id=key), conversation_id="")


async def test_changed_blocks_are_published_again() -> None:
    """They have no version that a beacon could report, and others keep their copies for minutes."""
    layer = Layer()
    sender = await after_a_failure(layer, INSTANCES, blocks("failed"), blocks("not-tried"))

    sender.send_beacon()

    async with asyncio.timeout(10):
        while len(layer.published) < 2:
            await asyncio.sleep(0)
    await sender.stop()
    assert layer.read()[1:] == [
        (INSTANCES, BlocksChanged(conversation_id="failed")),
        (INSTANCES, BlocksChanged(conversation_id="not-tried")),
    ]
    await sender.finish(goodbye=True)
    assert layer.read() == [(INSTANCES, Goodbye())]


async def test_changed_blocks_are_published_before_the_goodbye() -> None:
    layer = Layer()
    sender = await after_a_failure(layer, INSTANCES, blocks("key"))
    await sender.stop()

    await sender.finish(goodbye=True)

    assert layer.read() == [
        (INSTANCES, BlocksChanged(conversation_id="key")),
        (INSTANCES, Goodbye()),
    ]
