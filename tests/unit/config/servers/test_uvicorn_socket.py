"""Frames as the server writes them past uvicorn, and the step in which many sockets write."""

import asyncio
from collections.abc import Callable

import pytest
import structlog
from websockets.frames import Frame, Opcode

from config.servers.uvicorn_socket import StepEnd, text_frame


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
def test_a_text_frame_is_that_of_websockets(length: int) -> None:
    """With each form of the length."""
    payload = b"x" * length

    assert text_frame(payload) == Frame(Opcode.TEXT, payload).serialize(mask=False)


class Ending:
    """Work for the end of a step."""

    def __init__(self, work: Callable[[], None]) -> None:
        self.at_step_end = work


async def test_each_step_has_its_end() -> None:
    """Work that comes at the end of a step belongs to the next one."""
    step_end, numbers = StepEnd(), list[int]()

    def again() -> None:
        numbers.append(len(numbers))
        if len(numbers) < 4:
            step_end.soon(Ending(again))

    step_end.soon(Ending(again))
    step_end.soon(Ending(lambda: numbers.append(-1)))
    async with asyncio.timeout(10):
        while len(numbers) < 4:
            await asyncio.sleep(0)

    assert numbers == [0, -1, 2, 3]


async def test_a_socket_that_fails_stops_no_other() -> None:
    """Each socket asks for the end of a step only once, so a lost call would silence it."""
    step_end, written = StepEnd(), asyncio.Event()

    def failing() -> None:
        raise RuntimeError("broken")

    with structlog.testing.capture_logs() as lines:
        step_end.soon(Ending(failing))
        step_end.soon(Ending(written.set))
        async with asyncio.timeout(10):
            await written.wait()

    assert [line["event"] for line in lines] == ["socket.step_failed"]
