"""The loops of the link go on after a bug in something that they call."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from messaging.delivery.link.encoding import VERSION, Wire
from messaging.delivery.link.receiver import LinkReceiver
from messaging.delivery.link.sender import LinkSender
from messaging.delivery.link.signing import Signing


class Layer:
    """A layer in memory, whose publishes can fail."""

    def __init__(self) -> None:
        self.incoming: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
        self.published: asyncio.Queue[str] = asyncio.Queue()
        self.failures = 0

    async def receive(self) -> Mapping[str, Any]:
        return await self.incoming.get()

    async def group_add(self, group: str) -> None:
        pass

    async def group_discard(self, group: str) -> None:
        pass

    async def flush(self) -> None:
        pass

    async def group_send(self, group: str, message: Mapping[str, Any]) -> None:
        if self.failures:
            self.failures -= 1
            raise ConnectionError
        self.published.put_nowait(group)


async def test_receiving(caplog: pytest.LogCaptureFixture) -> None:
    layer = Layer()
    handled: asyncio.Queue[object] = asyncio.Queue()

    def handle(message: object) -> None:
        if message == {"data": b"bad"}:
            raise LookupError
        handled.put_nowait(message)

    receiver = LinkReceiver(layer, own_group="own", on_message=handle, is_up=lambda: True)
    receiver.start()
    try:
        layer.incoming.put_nowait({"data": b"bad"})
        layer.incoming.put_nowait({"data": b"good"})
        async with asyncio.timeout(30):
            assert await handled.get() == {"data": b"good"}
    finally:
        await receiver.stop()

    assert sum("link.message_failed" in str(record.msg) for record in caplog.records) == 1


async def test_sending(caplog: pytest.LogCaptureFixture) -> None:
    layer = Layer()
    layer.failures = 1

    def fail(failures: int, reason: str) -> None:
        raise LookupError

    sender = LinkSender(
        layer,
        wire=Wire("one", signing=Signing()),
        own_group="own",
        common_version=lambda: VERSION,
        on_failure=fail,
    )
    sender.start()
    try:
        sender.send_beacon()
        while layer.failures:
            await asyncio.sleep(0)
        sender.send_beacon()
        async with asyncio.timeout(30):
            assert await layer.published.get() == "instances"
    finally:
        await sender.stop()

    assert sum("link.sender_failed" in str(record.msg) for record in caplog.records) == 1
