"""The process of those who just chat: `python -m tests.abuse.bystander`, see
`benchmarks.children`.

Eight people in one group. Each sends over a socket and asks over REST at a steady pace, whether the
answers come or not, so that a stalled server is counted for all the time it stalls.

Two clocks are read: that on the wall, and what the server's event loop has worked meanwhile. The
second one does not run while other programs have the processor, so it serves on a shared machine.
"""

import asyncio
import gc
import json
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from statistics import quantiles
from typing import Any

from tests.abuse.line import Gone, Line, request
from tests.abuse.socket import CLOSE, TEXT, Socket, command, opened
from tests.clients.rest import token_of

ADDRESS = "127.0.0.1"
PEOPLE = tuple(f"bystander-{number}" for number in range(8))
_SENDS_APART = 0.14
_REQUESTS_APART = 0.22
_PATIENCE_SECONDS = 10.0


class Person:
    """Somebody with a socket and a connection for REST, which are opened again once lost."""

    def __init__(self, port: int, user_id: str, group: str, pid: int) -> None:
        """`pid`: of the server."""
        self.user_id = user_id
        self._worked = Path(f"/proc/{pid}/schedstat")
        self._port = port
        self._token = token_of(user_id)
        self._group = group
        self._numbers = count(1)
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._socket: Socket | None = None
        self._line: Line | None = None
        self._asking = asyncio.Lock()
        self.seconds: dict[str, list[tuple[float, float]]] = {"socket": [], "rest": []}
        """By either clock."""
        self.failures: list[str] = []

    async def chat(self, seconds: float) -> None:
        """Send and ask at a steady pace for so long."""
        self.seconds = {"socket": [], "rest": []}
        await asyncio.gather(
            self._pace("socket", _SENDS_APART, seconds, self._send),
            self._pace("rest", _REQUESTS_APART, seconds, self._ask),
        )
        self._hang_up()  # uvicorn closes what is idle for five seconds

    async def stay(self) -> None:
        """Have a socket, and read from it; open it again whenever it is closed."""
        while True:
            try:
                async with opened(self._port, ADDRESS, self._token) as socket:
                    self._socket = socket
                    await self._read(socket)
            except Gone as gone:
                self.failures.append(f"socket: {gone}")
            finally:
                self._socket = None
                for waiting in self._waiting.values():
                    waiting.cancel()
                self._waiting.clear()
            await asyncio.sleep(0.1)

    async def settled(self) -> None:
        while self._socket is None:
            await asyncio.sleep(0.01)

    async def _read(self, socket: Socket) -> None:
        while True:
            opcode, payload = await socket.read()
            if opcode == CLOSE:
                raise Gone(f"close {int.from_bytes(payload[:2], 'big')}")
            if opcode != TEXT or not payload.startswith(b'{"id":'):
                continue
            answer = json.loads(payload)
            waiting = self._waiting.pop(answer["id"], None)
            if waiting is not None and not waiting.done():
                if answer["type"] == "error":
                    waiting.set_exception(Gone(answer["code"]))
                else:
                    waiting.set_result(None)

    async def _pace(
        self, kind: str, apart: float, seconds: float, act: Callable[[], Awaitable[None]]
    ) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time() + apart * (hash(self.user_id) % 97) / 97
        under_way = set()
        for number in range(int(seconds / apart)):
            await asyncio.sleep(begun + number * apart - loop.time())
            task = asyncio.create_task(self._timed(kind, act))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        await asyncio.gather(*under_way)

    async def _timed(self, kind: str, act: Callable[[], Awaitable[None]]) -> None:
        begun, worked = time.perf_counter(), self._work()
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await act()
        except (Gone, TimeoutError, asyncio.CancelledError) as error:
            self.failures.append(f"{kind}: {type(error).__name__} {error}")
        self.seconds[kind].append((time.perf_counter() - begun, self._work() - worked))

    def _work(self) -> float:
        """Return the seconds for which the server's main thread has had a processor."""
        return int(self._worked.read_text().split()[0]) / 1e9

    async def _send(self) -> None:
        if self._socket is None:
            raise Gone("no socket")
        number = next(self._numbers)
        self._waiting[number] = answered = asyncio.get_running_loop().create_future()
        text = {"text": "hello", "client_id": f"{time.time_ns()}"}
        await self._socket.write(
            command("message.send", number, conversation_id=self._group, **text)
        )
        await answered

    async def _ask(self) -> None:
        """One request after the other on the one connection."""
        async with self._asking:
            if self._line is None:
                self._line = await Line.open(self._port, ADDRESS)
            answer = None
            try:
                answer = await self._line.ask(self._request())
            finally:
                if answer is None or answer.closes:
                    self._hang_up()
        if answer.status >= 400:
            raise Gone(answer.outcome)

    def _hang_up(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.writer.transport.abort()

    def _request(self) -> bytes:
        """To read the group's messages, to list conversations, to send, in turn."""
        number = next(self._numbers)
        messages = f"/api/v1/conversations/{self._group}/messages"
        match number % 4:
            case 0:
                body = json.dumps({"text": "hello", "client_id": f"{time.time_ns()}"}).encode()
                return request("POST", messages, token=self._token, body=body)
            case 1:
                return request("GET", "/api/v1/conversations?limit=20", token=self._token)
            case 2:
                return request("GET", "/api/v1/me", token=self._token)
        return request("GET", f"{messages}?limit=20", token=self._token)


_people: list[Person] = []
_staying: list[asyncio.Task[None]] = []


async def settle(port: int, group: str, pid: int) -> dict[str, Any]:
    """Connect everybody."""
    for user_id in PEOPLE:
        person = Person(port, user_id, group, pid)
        _people.append(person)
        _staying.append(asyncio.create_task(person.stay()))
    await asyncio.gather(*(person.settled() for person in _people))
    gc.collect()
    gc.freeze()
    return {}


async def chat(seconds: float) -> dict[str, Any]:
    """Chat for so long; the answer has the failures and the p99 in milliseconds, by the clock on
    the `wall` and by the server's `work`, and the `median` by the clock on the wall."""
    gc.collect()
    gc.disable()
    await asyncio.gather(*(person.chat(seconds) for person in _people))
    gc.enable()
    figures: dict[str, Any] = {"failures": [f for one in _people for f in one.failures]}
    for one in _people:
        one.failures.clear()
    for kind in ("socket", "rest"):
        both = zip(*(pair for one in _people for pair in one.seconds[kind]), strict=True)
        wall, work = (quantiles(seconds, n=100) for seconds in both)
        figures[kind] = {
            "wall": wall[98] * 1e3,
            "work": work[98] * 1e3,
            "median": wall[49] * 1e3,
        }
    return figures


_WORK: Mapping[str, Callable[..., Awaitable[dict[str, Any]]]] = {"settle": settle, "chat": chat}


async def main() -> None:
    while words := await asyncio.to_thread(sys.stdin.readline):
        work, arguments = json.loads(words)
        print(json.dumps(await _WORK[work](**arguments)), flush=True)
    for task in _staying:
        task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*_staying)


if __name__ == "__main__":
    asyncio.run(main())
