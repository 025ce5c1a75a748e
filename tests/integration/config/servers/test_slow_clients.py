"""Clients that do not read, on each of the servers: they cost little, and nobody else anything."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from socket import SO_SNDBUF, SOL_SOCKET
from typing import Any

import httpx
import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect

from config.development.instances import uvicorn_command
from config.development.ports import free_port
from tests.clients.rest import Rest, http_client, token_of
from tests.databases import migrate
from tests.frames import read_frame
from tests.integration.config.servers.raw_peer import Peer, upgrade
from tests.servers.commands import daphne_command
from tests.servers.environment import isolated_environment
from tests.servers.forked import forked_instance

Command = Callable[[int], Sequence[str]]

PATIENCE = 30
MEBIBYTE = 1024**2
LONG = "語" * 10_000
"""30 KB on the wire."""

servers = pytest.mark.parametrize("command", [uvicorn_command, daphne_command])


@asynccontextmanager
async def served(command: Command, folder: Path) -> AsyncIterator[tuple[int, httpx.AsyncClient]]:
    environment = isolated_environment(folder)
    migrate(environment)
    port = free_port()
    with forked_instance(port, environment=environment, command=command(port)):
        async with http_client(f"http://127.0.0.1:{port}") as http:
            yield port, http


def socket(port: int, user_id: str, **options: Any) -> connect:
    """A connection that reads no further than a frame or two ahead of whoever uses it."""
    return connect(
        f"ws://127.0.0.1:{port}/ws/v1",
        additional_headers={"Authorization": f"Bearer {token_of(user_id)}"},
        proxy=None,
        max_queue=1,
        max_size=None,
        ping_interval=None,
        close_timeout=1,
        **options,
    )


async def metric(http: httpx.AsyncClient, name: str) -> float:
    answer = await http.get("/metrics")
    found = re.search(rf"^{name} (\S+)$", answer.text, re.MULTILINE)
    assert found is not None
    return float(found[1])


async def read(connection: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE):
        return read_frame(await connection.recv())


async def until(connection: ClientConnection, kind: str) -> dict[str, Any]:
    while (frame := await read(connection))["type"] != kind:
        pass
    return frame


async def command_of(connection: ClientConnection, **fields: Any) -> None:
    await connection.send(orjson.dumps(fields).decode())


@servers
async def test_who_does_not_read_is_closed(command: Command, tmp_path: Path) -> None:
    """Once more waits than is kept for it, while its neighbour gets everything in order."""
    async with (
        served(command, tmp_path) as (port, http),
        socket(port, "ann") as ann,
        socket(port, "slow") as slow,
    ):
        await until(slow, "hello")
        group = (await Rest(http, "ann").create_group("slow", title="Tea"))["id"]
        resident = await metric(http, "process_resident_memory_bytes")
        sent = 0
        while not await metric(http, "chat_slow_sockets_closed_total"):
            for _ in range(50):
                sent += 1
                await command_of(
                    ann,
                    id=sent,
                    type="message.send",
                    conversation_id=group,
                    text=LONG,
                    client_id=str(sent),
                )
                assert (await until(ann, "message.created"))["version"] == sent
            assert sent < 2_000

        grown = await metric(http, "process_resident_memory_bytes") - resident
        assert sent > 8 * MEBIBYTE / 30_000
        assert grown < 75 * MEBIBYTE
        await command_of(ann, id=0, type="ping")
        await until(ann, "reply")


def with_few_unread(command: Command) -> Command:
    def serve(port: int) -> Sequence[str]:
        few = "tests.integration.config.servers.few_unread_asgi:application"
        return [few if word == "config.asgi:application" else word for word in command(port)]

    return serve


@servers
async def test_answers_that_nobody_reads_are_bounded(command: Command, tmp_path: Path) -> None:
    """Pages of 900 KB on twelve connections, where 4 MiB may wait: the oldest end, and whoever
    reads theirs gets it whole."""
    async with served(with_few_unread(command), tmp_path) as (port, http):
        ann = Rest(http, "ann")
        group = (await ann.create_group("bob", title="Tea"))["id"]
        for number in range(30):
            await ann.send(group, LONG, str(number))
        page = f"GET /api/v1/conversations/{group}/messages HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        question = f"{page}Authorization: Bearer {token_of('ann')}\r\n\r\n".encode()

        asked = [Peer(port, "127.0.0.9") for _ in range(12)]
        try:
            for peer in asked:
                peer.send(question)
                answer = await asyncio.to_thread(peer.head)
                assert answer.startswith("HTTP/1.1 200")
            async with asyncio.timeout(PATIENCE):
                while not await metric(http, 'chat_connections_refused_total{reason="unread"}'):
                    await asyncio.sleep(0.05)
            held = await metric(http, 'chat_cache_bytes{cache="answers"}')
            read = await ann.latest(group, above=0)
        finally:
            for peer in asked:
                peer.close()

        assert 0 < held <= 4 * MEBIBYTE
        assert len(read) == 30
        async with asyncio.timeout(PATIENCE):
            while await metric(http, 'chat_cache_bytes{cache="answers"}'):
                await asyncio.sleep(0.05)


@servers
async def test_a_socket_comes_after_the_answer_before_it(command: Command, tmp_path: Path) -> None:
    """A connection that asks to become one before it has read an answer is ended, so that its
    answer is counted until then; one that has read it becomes one."""
    async with served(command, tmp_path) as (port, http):
        ann = Rest(http, "ann")
        group = (await ann.create_group("bob", title="Tea"))["id"]
        for number in range(30):
            await ann.send(group, LONG, str(number))
        page = f"GET /api/v1/conversations/{group}/messages HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        question = f"{page}Authorization: Bearer {token_of('ann')}\r\n\r\n".encode()

        with Peer(port) as early:
            early.send(question + upgrade(token=token_of("ann")))
            assert b"HTTP/1.1 101" not in await asyncio.to_thread(early.rest)
        with Peer(port) as late:
            late.send(question)
            assert (await asyncio.to_thread(late.answer))[0] == 200
            late.send(upgrade(token=token_of("ann")))
            assert (await asyncio.to_thread(late.head)).startswith("HTTP/1.1 101")

        assert await metric(http, 'chat_connections_refused_total{reason="unread"}') == 1
        assert await metric(http, 'chat_cache_bytes{cache="answers"}') == 0


@servers
async def test_a_flood_of_commands(command: Command, tmp_path: Path) -> None:
    """10,000 commands whose answers nobody reads take little memory: they are carried out as the
    answers are read, in order. Neighbours notice nothing."""
    async with (
        served(command, tmp_path) as (port, http),
        socket(port, "ann") as ann,
        socket(port, "flood") as flood,
    ):
        await until(flood, "hello")
        await until(ann, "hello")
        rest = Rest(http, "flood")
        group = (await rest.create_group(title="Tea"))["id"]
        for number in range(60):
            await rest.send(group, LONG, str(number))
            await until(flood, "message.created")
        resident = await metric(http, "process_resident_memory_bytes")

        async def send_all() -> None:
            for number in range(10_000):  # 50 KB each, and 2 MB in each answer
                command = {"id": number, "type": "conversation.sync", "conversations": {group: 0}}
                await flood.send(orjson.dumps(command).decode() + " " * 50_000)

        flooding = asyncio.create_task(send_all())
        for number in range(200):
            await command_of(ann, id=number, type="ping")
            assert (await until(ann, "reply"))["id"] == number
            await asyncio.sleep(0.01)

        grown = await metric(http, "process_resident_memory_bytes") - resident
        assert grown < 150 * MEBIBYTE
        for number in range(5):
            assert (await until(flood, "reply"))["id"] == number
        flooding.cancel()
        await asyncio.gather(flooding, return_exceptions=True)
        flood.transport.abort()  # to close it would take all that is still to be written


@servers
async def test_small_frames_wait_with_the_client(command: Command, tmp_path: Path) -> None:
    """What a server reads at once it takes apart at once, and meanwhile serves nobody: so there is
    little to be read."""
    async with (
        served(command, tmp_path) as (port, http),
        socket(port, "flood", write_limit=1024) as flood,
    ):
        flood.transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_SNDBUF, 8 * 1024)
        await until(flood, "hello")
        rest = Rest(http, "flood")
        group = (await rest.create_group(title="Tea"))["id"]
        for number in range(60):
            await rest.send(group, LONG, str(number))
            await until(flood, "message.created")
        taken = 0

        async def send_all() -> None:
            nonlocal taken
            frame = {"id": 0, "type": "conversation.sync", "conversations": {group: 0}}
            small = orjson.dumps(frame).decode()
            while True:
                await flood.send(small)
                taken += len(small)

        flooding = asyncio.create_task(send_all())
        before = -1
        while taken != before:
            before = taken
            await asyncio.sleep(1)
        flooding.cancel()
        await asyncio.gather(flooding, return_exceptions=True)
        flood.transport.abort()

        assert 0 < taken < 120 * 1024
