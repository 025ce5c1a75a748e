"""A place whose process cannot be started tries again."""

import asyncio
import contextlib
import socket
from collections.abc import Mapping

import pytest
import structlog

from chat.serving import place
from chat.serving.child import Child
from chat.serving.place import Place, Post


class Running:
    """A process that is ready, and never ends."""

    pid = 1

    async def ready(self) -> bool:
        return True

    async def ended(self) -> None:
        await asyncio.Event().wait()


async def test_a_process_that_cannot_be_started_is_a_failed_attempt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As one that dies: the place goes on, and `replace` tries again at once."""
    attempts = 0

    async def start(
        listening: socket.socket, *options: str, environment: Mapping[str, str]
    ) -> Running:
        nonlocal attempts
        attempts += 1
        if attempts <= 2:
            raise FileNotFoundError("there is no interpreter")
        return Running()

    monkeypatch.setattr(Child, "start", start)
    monkeypatch.setattr(place, "_SHORTEST_PAUSE", 60.0)
    with socket.socket() as listening, structlog.testing.capture_logs() as lines:
        kept = Place(listening, Post(instance_id="a-1", options=(), environment={}))
        keeping = asyncio.create_task(kept.keep())
        async with asyncio.timeout(10):
            assert not await kept.first_ready()
            assert not await kept.replace()
            assert await kept.replace()
        assert not keeping.done()
        keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeping

    failed = [line for line in lines if line["event"] == "process.start_failed"]
    assert [line["reason"] for line in failed] == ["there is no interpreter"] * 2


async def test_a_process_that_cannot_be_started_leaves_no_descriptor_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The attempts may go on for hours."""
    pair = socket.socketpair()

    async def refuse(*_: object, **__: object) -> None:
        raise BlockingIOError

    monkeypatch.setattr(socket, "socketpair", lambda: pair)
    monkeypatch.setattr(asyncio, "create_subprocess_exec", refuse)
    with socket.socket() as listening, pytest.raises(BlockingIOError):
        await Child.start(listening, environment={})

    assert [one.fileno() for one in pair] == [-1, -1]
