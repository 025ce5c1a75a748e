"""The outbox by itself: what is written at once, what waits, and what is dropped or closed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest
import pytest_asyncio

from chat.socket.close_codes import CloseCode
from chat.socket.outbox import Outbox
from config.servers.uvicorn_socket import StepEnd
from messaging.delivery.hub.connections import Ending
from messaging.delivery.shared_frames import SharedFrames
from tests.metrics import sampled

PATIENCE = 5


class Server:
    """The server's side of a socket: as uvicorn does, it lets a send wait while it has too much."""

    def __init__(self, *, direct: bool) -> None:
        self.writes = 0
        self.taken: list[str | int] = []
        """Texts, and the code of the close."""
        self.takes = asyncio.Event()
        self.takes.set()
        self.fault: Exception | None = None
        self.closings = 0
        self.ended: list[Ending] = []
        self.step_end = StepEnd()
        self.outbox = Outbox(
            self._send,
            direct=self if direct else None,
            on_close=self._closing,
            on_end=self.ended.append,
        )

    # As a `DirectTransport`

    @property
    def write_now(self) -> Callable[[bytes], object] | None:
        return self.write if self.takes.is_set() else None

    def encode(self, texts: Sequence[str]) -> bytes:
        return "".join(f"{text}\n" for text in texts).encode()

    def write(self, data: bytes) -> bool:
        if not self.takes.is_set():
            return False
        if self.fault is not None:
            raise self.fault
        self.writes += 1
        self.taken += data.decode().splitlines()
        return True

    def read(self, take: Callable[[str], bool] | None) -> None:
        """Read nothing."""

    async def _send(self, message: dict[str, Any]) -> None:
        await self.takes.wait()
        await self.takes.wait()
        if self.fault is not None:
            raise self.fault
        self.taken.append(message["text"] if "text" in message else message["code"])

    def _closing(self) -> None:
        self.closings += 1

    async def has_taken(self, count: int) -> list[str | int]:
        async with asyncio.timeout(PATIENCE):
            while len(self.taken) < count:
                await asyncio.sleep(0)
        return self.taken


@pytest_asyncio.fixture(params=[False, True], ids=["asgi", "direct"])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[Server]:
    server = Server(direct=request.param)
    yield server
    await server.outbox.stop()


def dropped(reason: str) -> float:
    return sampled("chat_soft_events_dropped_total", reason=reason)


def slow_closed() -> float:
    return sampled("chat_slow_sockets_closed_total")


async def test_what_the_server_takes_is_written_at_once(server: Server) -> None:
    """In the same step, and without a task."""
    tasks = asyncio.all_tasks()
    server.outbox.put("one")
    server.outbox.put_shared(SharedFrames("two", key="key"))
    server.outbox.put("three")
    server.outbox.close(CloseCode.DRAINING)

    assert server.taken == ["one", "two", "three", 4002]
    assert asyncio.all_tasks() == tasks
    assert server.closings == 1


async def test_order_is_kept_where_some_waits(server: Server) -> None:
    """The frame at which the server paused, those behind it, and those after all had been
    written; several times over."""
    for number in range(40):
        if number % 10 == 3:
            server.takes.clear()
        if number % 10 == 7:
            server.takes.set()
        if number % 10 in {1, 5, 7}:
            await asyncio.sleep(0)
        server.outbox.put(str(number))
    server.outbox.close(CloseCode.SILENT)

    assert await server.has_taken(41) == [*map(str, range(40)), 4003]


async def test_only_the_latest_of_a_key_waits(server: Server) -> None:
    """At the place of the latest: what it says may rest on the frames between."""
    before = dropped("replaced")
    server.takes.clear()
    server.outbox.put("first")
    await asyncio.sleep(0)
    server.outbox.put_shared(SharedFrames("bob types", key="typing:bob"))
    server.outbox.put_shared(SharedFrames("cid types", key="typing:cid"))
    server.outbox.put("a message of bob")
    server.outbox.put_shared(SharedFrames("bob stopped", key="typing:bob"))
    server.takes.set()

    assert await server.has_taken(4) == ["first", "cid types", "a message of bob", "bob stopped"]
    assert dropped("replaced") == before + 1


async def test_soft_events_go_first(server: Server) -> None:
    """What must not be lost takes their place; only then is a client too slow."""
    before, closed = dropped("overflow"), slow_closed()
    server.takes.clear()
    server.outbox.put("at the server")
    for number in range(400):
        server.outbox.put_shared(SharedFrames("soft", key=f"typing:{number}"))
    for number in range(1_000):
        server.outbox.put(str(number))
    await asyncio.sleep(0)
    assert dropped("overflow") == before + 400
    server.outbox.put_shared(SharedFrames("soft", key="typing:1"))
    assert dropped("overflow") == before + 401
    assert server.closings == 0
    assert slow_closed() == closed

    server.outbox.put("too much")
    server.outbox.put("ignored")
    server.outbox.put_shared(SharedFrames("ignored", key="typing:1"))

    assert server.closings == 1
    assert slow_closed() == closed + 1
    server.takes.set()
    assert await server.has_taken(2) == ["at the server", 4001]


@pytest.mark.parametrize("letter", ["x", "щ"])
async def test_bytes_are_counted(server: Server, letter: str) -> None:
    """As they go over the wire: 8 MiB may wait."""
    frame = letter * (1024 * 1024 // len(letter.encode()))
    server.takes.clear()
    server.outbox.put("at the server")
    for _ in range(8):
        server.outbox.put(frame)
    await asyncio.sleep(0)
    assert server.closings == 0
    server.outbox.put("one more")
    assert server.closings == 1


async def test_what_was_written_waits_no_more(server: Server) -> None:
    """However much goes through it in all, soft or not."""
    held = sampled("chat_cache_bytes", cache="outboxes")
    for _ in range(5):
        server.takes.clear()
        for number in range(900):
            server.outbox.put("x" * 5_000)
            server.outbox.put_shared(SharedFrames("y", key=f"typing:{number % 7}"))
        server.takes.set()
        sent = len(server.taken)
        await server.has_taken(sent + 900 + 7)

    assert not server.outbox.closed
    assert sampled("chat_cache_bytes", cache="outboxes") == held


async def test_there_is_room_again_when_half_is_written(server: Server) -> None:
    """Whoever answers a client waits for it."""
    await server.outbox.room()
    server.takes.clear()
    for number in range(600):
        server.outbox.put(str(number))
    await asyncio.sleep(0)
    waiting = asyncio.create_task(server.outbox.room())
    await asyncio.sleep(0)
    assert not waiting.done()

    server.takes.set()
    await asyncio.wait([waiting], timeout=PATIENCE)

    assert waiting.done()
    assert len(server.taken) >= 100


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("fault", [ConnectionResetError(), RuntimeError("a fault")])
async def test_a_send_that_fails(server: Server, paused: bool, fault: Exception) -> None:
    """Ends the socket and nothing else: whoever puts the frame does not notice."""
    server.fault = fault
    if paused:
        server.takes.clear()
    for _ in range(3):
        server.outbox.put("nobody reads this")
    server.takes.set()
    async with asyncio.timeout(PATIENCE):
        while not server.outbox.closed:
            await asyncio.sleep(0)

    server.fault = None
    server.outbox.put("nor this")
    server.outbox.close(CloseCode.DRAINING)
    assert server.taken == []
    assert server.closings == 1


async def test_stopping_while_the_server_waits(server: Server) -> None:
    """Leaves no task and no frame behind."""
    tasks = asyncio.all_tasks()
    server.takes.clear()
    server.outbox.put("waits")
    await asyncio.sleep(0)

    await server.outbox.stop()
    server.takes.set()

    assert asyncio.all_tasks() == tasks
    assert server.taken == []


async def test_the_core_asks_for_the_end(server: Server) -> None:
    """When that is, its owner decides."""
    server.outbox.end(Ending.DRAINING)

    assert server.ended == [Ending.DRAINING]
    assert not server.outbox.closed


async def test_what_is_ready_leaves_in_one_write() -> None:
    """Of one step of the event loop, in order, whoever put it: also what goes to many sockets,
    which is encoded once."""
    servers = [Server(direct=True) for _ in range(3)]
    frames = SharedFrames("one", "two")
    for server in servers:
        server.outbox.put_shared(frames)
    for server in servers:
        server.outbox.put("mine")
        server.outbox.put_shared(SharedFrames("soft", key="typing:bob"))
    assert [server.taken for server in servers] == [[]] * 3
    await asyncio.sleep(0)

    assert [server.taken for server in servers] == [["one", "two", "mine", "soft"]] * 3
    assert [server.writes for server in servers] == [1] * 3
    assert frames.encoded == b"one\ntwo\n"


async def test_revoked_access_drops_what_was_not_written_yet() -> None:
    """What this step has put, too."""
    server = Server(direct=True)
    server.outbox.put("not for them")
    server.outbox.close(CloseCode.BANNED_OR_LOGGED_OUT, drop=True)
    await asyncio.sleep(0)

    assert server.taken == [4503]


async def test_much_of_one_step_is_not_collected() -> None:
    server = Server(direct=True)
    for number in range(300):
        server.outbox.put(f"{number:1000}")
    assert len(server.taken) > 200
    await asyncio.sleep(0)

    assert [int(text) for text in server.taken] == list(range(300))
    assert server.writes == 2
