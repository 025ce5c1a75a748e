"""The last connections that a server accepts: each of them is answered.

A proxy that was connected sends its request, and does not repeat a POST elsewhere if the connection
is reset. But the kernel resets what nobody has accepted when the listening socket is closed, and
uvicorn then closes accepted connections that have had no request yet.
"""

import asyncio
import ctypes
import select
import socket
import struct
import time
from collections.abc import Callable, Sequence
from typing import Any

_SECONDS = 1.0
_LOOK_SECONDS = 0.02
_HANDSHAKE_SECONDS = 0.02
"""Enough for the end of a handshake that has begun."""

_SO_ATTACH_FILTER = 26
_INSTRUCTIONS = (
    (0x30, 0, 0, 13),  # load the flags of the TCP header
    (0x45, 0, 1, 0x02),  # is SYN among them?
    (0x06, 0, 0, 0),  # then drop the packet
    (0x06, 0, 0, 0xFFFFFFFF),  # else take it
)
"""A filter of Linux (https://www.kernel.org/doc/html/latest/networking/filter.html)."""


async def answer_the_last(server: Any) -> None:
    """Accept what waits and then no more, and give the connections that were accepted last a second
    for their request. `server` is uvicorn's; any other is left alone.

    With `manage.py serve` on Linux, no new connection begins meanwhile: its client tries again
    after a second, finds the port closed, and goes elsewhere. Other starters may have shared the
    listening socket with further processes, which accept from it (`chat.serving.sole_server`).
    """
    state = getattr(server, "server_state", None)
    if state is None:
        return
    sockets = [listening for listener in server.servers for listening in listener.sockets]
    if getattr(server, "owns_its_port", False):
        for listening in sockets:
            _take_no_new(listening)
        await asyncio.sleep(_HANDSHAKE_SECONDS)
    await _wait_while(lambda: _wait_in_the_kernel(sockets))
    for listener in server.servers:
        listener.close()
    await _wait_while(lambda: state.connections)


async def _wait_while(condition: Callable[[], object]) -> None:
    """Wait for at most a second. One step of the event loop comes first: a connection that was just
    accepted is among those of uvicorn after it."""
    end = time.monotonic() + _SECONDS
    await asyncio.sleep(0)
    while condition() and time.monotonic() < end:  # noqa: ASYNC110 - nobody has an event for it
        await asyncio.sleep(_LOOK_SECONDS)


def _wait_in_the_kernel(sockets: Sequence[Any]) -> bool:
    """Return whether connections wait to be accepted. uvloop accepts one in each step."""
    waiting = select.poll()
    for listening in sockets:
        waiting.register(listening, select.POLLIN)
    return bool(waiting.poll(0))


def _take_no_new(listening: Any) -> None:
    if listening.family not in (socket.AF_INET, socket.AF_INET6):
        return
    program = ctypes.create_string_buffer(
        b"".join(struct.pack("HBBI", *instruction) for instruction in _INSTRUCTIONS)
    )
    filter_ = struct.pack("HP", len(_INSTRUCTIONS), ctypes.addressof(program))
    try:
        listening.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filter_)
    except OSError:
        return  # not Linux
