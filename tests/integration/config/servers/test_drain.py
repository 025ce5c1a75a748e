"""SIGTERM: everybody is sent elsewhere, what is under way is finished, and nothing is lost."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from config.development.instances import uvicorn_command
from config.development.ports import free_port
from config.development.processes import Process
from tests.clients.rest import Rest, http_client, token_of
from tests.databases import migrate
from tests.frames import read_frame
from tests.servers.commands import daphne_command, serve_command
from tests.servers.environment import isolated_environment
from tests.servers.forked import forked_instance

Frame = dict[str, Any]
Command = Callable[[int], Sequence[str]]

PATIENCE = 15
SENDERS = 4
_MANY = 100

servers = pytest.mark.parametrize("command", [uvicorn_command, daphne_command])


class Socket:
    """A connection of one person that is read to its end."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.frames: list[Frame] = []

    async def send(self, **command: Any) -> None:
        await self.connection.send(orjson.dumps(command).decode())

    async def until(self, kind: str) -> Frame:
        """The next frame of this type."""
        while (frame := await self._next())["type"] != kind:
            pass
        return frame

    async def rest_and_close_code(self) -> tuple[list[Frame], int | None]:
        """Whatever still comes, and why it ended; None where that was without a word."""
        frames: list[Frame] = []
        try:
            while True:
                frames.append(await self._next())
        except ConnectionClosed as closed:
            return frames, closed.rcvd.code if closed.rcvd is not None else None

    async def _next(self) -> Frame:
        async with asyncio.timeout(PATIENCE):
            frame = read_frame(await self.connection.recv())
        self.frames.append(frame)
        return frame


@asynccontextmanager
async def connected(port: int, user_id: str) -> AsyncIterator[Socket]:
    headers = {"Authorization": f"Bearer {token_of(user_id)}"}
    url = f"ws://127.0.0.1:{port}/ws/v1"
    async with connect(url, additional_headers=headers, proxy=None, close_timeout=1) as connection:
        yield Socket(connection)


async def readiness(http: httpx.AsyncClient) -> tuple[int, str]:
    answer = await http.get("/health/ready")
    return answer.status_code, answer.json()["status"]


async def exit_status(process: Process) -> int:
    return await asyncio.to_thread(process.wait, PATIENCE)


def assert_ended_well(command: Command, status: int) -> None:
    if command is uvicorn_command:  # on CPython 3.11.7 daphne may crash at its end
        assert status == 0


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    environment = isolated_environment(tmp_path)
    migrate(environment)
    return environment


@servers
async def test_how_an_instance_takes_its_leave(
    command: Command, environment: dict[str, str]
) -> None:
    """No longer ready, every socket told when to come back, whoever comes new sent away, what is
    still asked for answered; then 4002 and the end."""
    port = free_port()
    with forked_instance(port, environment=environment, command=command(port)) as process:
        async with (
            http_client(f"http://127.0.0.1:{port}") as http,
            connected(port, "ann") as ann,
            connected(port, "bob") as bob,
        ):
            rest = Rest(http, "ann")
            for socket in (ann, bob):
                await socket.until("hello")  # which would name a group that is created before
            group = (await rest.create_group("bob", title="Tea"))["id"]
            for socket in (ann, bob):
                await socket.until("conversation.added")
            assert await readiness(http) == (200, "ok")

            process.send_signal(signal.SIGTERM)
            farewells = [await socket.until("draining") for socket in (ann, bob)]
            assert await readiness(http) == (503, "draining")
            # No proxy sends a request on a connection that is about to close.
            assert (await http.get("/health/live")).headers["Connection"] == "close"
            async with connected(port, "cid") as cid:
                assert await cid.rest_and_close_code() == ([], 4002)
            await ann.send(
                id=1, type="message.send", conversation_id=group, text="bye", client_id="1"
            )
            assert (await rest.send(group, "bye from REST", "2"))["seq"] > 0

            for farewell in farewells:
                assert 1 <= farewell["data"]["retry_after"] <= 5
            for socket in (ann, bob):
                frames, code = await socket.rest_and_close_code()
                assert code == 4002
                versions = [frame["version"] for frame in frames if "version" in frame]
                assert versions == [1, 2]
                answered = [frame["id"] for frame in frames if frame["type"] == "reply"]
                assert answered == ([1] if socket is ann else [])
        assert_ended_well(command, await exit_status(process))


@servers
async def test_nothing_is_lost_under_load(command: Command, environment: dict[str, str]) -> None:
    """What was acknowledged is stored; what was not is sent again, and there once."""
    acknowledged: dict[str, int] = {}
    sent: set[str] = set()
    codes: set[int] = set()
    port = free_port()

    async def talk(socket: Socket, user_id: str, group: str) -> None:
        try:
            for number in range(100_000):
                client_id = f"{user_id}-{number}"
                sent.add(client_id)
                await socket.send(
                    id=client_id,
                    type="message.send",
                    conversation_id=group,
                    text="hello",
                    client_id=client_id,
                )
                reply = await socket.until("reply")
                acknowledged[reply["id"]] = reply["data"]["message"]["seq"]
        except ConnectionClosed as closed:
            codes.add(closed.rcvd.code if closed.rcvd is not None else 1006)

    people = [f"user{number}" for number in range(SENDERS)]
    with forked_instance(port, environment=environment, command=command(port)) as process:
        async with http_client(f"http://127.0.0.1:{port}") as http:
            group = (await Rest(http, people[0]).create_group(*people[1:], title="Tea"))["id"]

        async def person(user_id: str) -> None:
            async with connected(port, user_id) as socket:
                await talk(socket, user_id, group)

        talking = [asyncio.create_task(person(user_id)) for user_id in people]
        async with asyncio.timeout(PATIENCE):
            while len(acknowledged) < 20:
                await asyncio.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        await asyncio.gather(*talking)
        assert codes == {4002}
        await exit_status(process)

    with forked_instance(port, environment=environment, command=command(port)):
        async with http_client(f"http://127.0.0.1:{port}") as http:
            for client_id in sent - acknowledged.keys():
                await Rest(http, client_id.split("-")[0]).send(group, "hello", client_id)
            history = await Rest(http, people[0]).history(group)
    stored = {message["client_id"]: message["seq"] for message in history}
    assert [message["seq"] for message in history] == [*range(1, len(sent) + 1)]
    assert stored.keys() == sent
    assert acknowledged.items() <= stored.items()


@servers
async def test_a_second_signal_ends_it_at_once(
    command: Command, environment: dict[str, str]
) -> None:
    """Whoever insists does not wait for the drain."""
    port = free_port()
    with forked_instance(port, environment=environment, command=command(port)) as process:
        async with connected(port, "ann") as ann:
            await ann.until("hello")
            process.send_signal(signal.SIGTERM)
            await ann.until("draining")

            process.send_signal(signal.SIGINT)

            assert await ann.rest_and_close_code() == ([], None)
        await exit_status(process)


@servers
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_with_nobody_there_it_ends_without_waiting(
    command: Command, environment: dict[str, str], number: signal.Signals
) -> None:
    """By either signal."""
    port = free_port()
    with forked_instance(port, environment=environment, command=command(port)) as process:
        process.send_signal(number)
        assert_ended_well(command, await exit_status(process))
        output = process.output()
    assert "instance.draining" in output
    assert "instance.stopped" in output


async def test_the_last_connections_that_it_accepts_are_answered(
    environment: dict[str, str],
) -> None:
    """A proxy that got the port sends its request, and would not repeat a POST elsewhere."""
    port = free_port()
    opened: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    with forked_instance(port, environment=environment, command=serve_command(port)) as process:
        opened.append(await asyncio.open_connection("127.0.0.1", port))
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    async with asyncio.timeout(0.3):  # the kernel would repeat it after a second
                        opened.append(await asyncio.open_connection("127.0.0.1", port))
                except (ConnectionError, TimeoutError):
                    break
        answers = [await answer_of(*connection) for connection in opened[-5:]]
        for _, writer in opened:
            writer.close()
        assert await exit_status(process) == 0
    assert set(answers) == {b"HTTP/1.1 200 OK\r\n"}


@pytest.mark.parametrize("command", [serve_command, uvicorn_command])
async def test_connections_that_waited_for_a_busy_server_are_answered(
    command: Command, environment: dict[str, str]
) -> None:
    """The kernel has opened them, and the server accepts them one after the other."""
    port = free_port()
    with forked_instance(port, environment=environment, command=command(port)) as process:
        process.send_signal(signal.SIGSTOP)
        opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(_MANY)]
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGCONT)
        answers = await asyncio.gather(*(answer_of(*connection) for connection in opened))
        for _, writer in opened:
            writer.close()
        assert await exit_status(process) == 0
    assert set(answers) == {b"HTTP/1.1 200 OK\r\n"}


async def answer_of(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """Return the status line of the answer to a request; nothing if the connection was closed."""
    writer.write(b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    try:
        return await reader.readline()
    except ConnectionError:
        return b""
