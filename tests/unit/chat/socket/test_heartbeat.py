"""The heartbeats of many sockets."""

import asyncio
import gc
import itertools
import weakref
from collections.abc import Callable
from typing import Any

import structlog

from chat.socket.heartbeat import Heartbeat
from messaging.delivery.heartbeats import Heartbeats
from messaging.delivery.shared_frames import SharedFrames

_SOCKETS = 50


class _NotingLoop(asyncio.SelectorEventLoop):
    """Notes what is due when."""

    def __init__(self) -> None:
        super().__init__()
        self.due: list[float] = []

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, **keywords: Any
    ) -> asyncio.TimerHandle:
        self.due.append(when)
        return super().call_at(when, callback, *args, **keywords)


class Socket:
    """A socket that notes the frames of its heartbeats."""

    def __init__(self, all_: Heartbeats, seconds: float) -> None:
        self.frames: list[SharedFrames] = []
        self.ended = asyncio.Event()
        self.heartbeat = Heartbeat(all_, seconds, on_beat=self.beat, on_idle=self.ended.set)
        self.heartbeat.start()

    def beat(self, frames: SharedFrames) -> None:
        self.frames.append(frames)


class Failing(Socket):
    def beat(self, frames: SharedFrames) -> None:
        super().beat(frames)
        raise RuntimeError("broken")


def numbered() -> Heartbeats:
    numbers = itertools.count()
    return Heartbeats(lambda: f"{next(numbers)}")


def test_heartbeats_of_many_sockets_share_timers() -> None:
    """Sockets that connect one after the other within a moment get their heartbeats together, none
    early, and none more than a quarter of a second late."""
    loop = _NotingLoop()

    async def connect() -> tuple[float, float]:
        all_, first = numbered(), loop.time()
        for _ in range(_SOCKETS):
            Socket(all_, 25)
            await asyncio.sleep(0)
        return first, loop.time()

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        first, last = runner.run(connect())

    assert first + 25 <= min(loop.due)
    assert max(loop.due) < last + 25.3
    assert len(loop.due) == len(set(loop.due)) <= 2 + (last - first) * 4


class _JumpingLoop(asyncio.SelectorEventLoop):
    """Its clock jumps, as if the process had been stopped."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead


def test_after_a_stall_no_heartbeats_are_made_up_for() -> None:
    """Each socket gets one, and the next an interval later."""
    loop = _JumpingLoop()

    async def stall() -> int:
        socket = Socket(numbered(), 60)
        loop.ahead += 300
        while not socket.frames:
            await asyncio.sleep(0)
        for _ in range(20):
            await asyncio.sleep(0)
        return len(socket.frames)

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        assert runner.run(stall()) == 1


async def test_sockets_that_are_due_together_get_one_frame() -> None:
    """Also if one of them fails. Each moment has a frame of its own."""
    all_ = numbered()
    sockets = [Failing(all_, 1.0), *(Socket(all_, 1.0) for _ in range(9))]

    with structlog.testing.capture_logs() as lines:
        async with asyncio.timeout(30):
            await asyncio.gather(*(socket.ended.wait() for socket in sockets[1:]))

    beats = {tuple(one.texts) for socket in sockets for one in socket.frames}
    shared = {id(one) for socket in sockets for one in socket.frames}
    assert len(shared) == len(beats) < 2 * len(sockets)
    assert all(len(socket.frames) == 2 for socket in sockets[1:])
    assert [line["event"] for line in lines] == ["socket.heartbeat_failed"]


async def test_a_socket_that_is_gone_gets_none() -> None:
    """And is forgotten at once, not at its next heartbeat."""
    all_ = numbered()
    stays, leaves = Socket(all_, 0.5), Socket(all_, 0.5)
    gone = weakref.ref(leaves)
    leaves.heartbeat.stop()
    gc.disable()
    try:
        leaves.heartbeat = None  # type: ignore[assignment] # it refers to its socket
        del leaves

        assert gone() is None
    finally:
        gc.enable()
    async with asyncio.timeout(30):
        await stays.ended.wait()
    assert len(stays.frames) == 2
