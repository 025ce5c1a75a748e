"""Each of the servers serves all of it, and nobody waits for a Redis that is not there."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from config.development.instances import uvicorn_command
from config.development.ports import free_port
from tests.acceptance.conftest import Run, kept_loop
from tests.clients.client import Client
from tests.clients.rest import http_client
from tests.databases import migrate
from tests.servers.commands import daphne_command
from tests.servers.environment import isolated_environment
from tests.servers.forked import forked_instance

_BLOCKING = """
import asyncio, time
from tests.acceptance import guarded_asgi

async def main():
    guarded_asgi.watch()
    await asyncio.sleep(0)
    try:
        time.sleep(0.001)
    except Exception:
        await asyncio.sleep(0)
        end = time.thread_time() + 0.06
        while time.thread_time() < end:
            pass
    await asyncio.sleep(0)

asyncio.run(main())
"""


@asynccontextmanager
async def connected(url: str, *user_ids: str) -> AsyncIterator[list[Client]]:
    """Sockets of these people; within two seconds each of them has its `hello`."""
    async with http_client(url) as http:
        clients = []
        try:
            for user_id in user_ids:
                async with asyncio.timeout(2):
                    clients.append(await Client(user_id, url, http).__aenter__())
            yield clients
            assert [violation for client in clients for violation in client.violations] == []
        finally:
            for client in clients:
                await client.__aexit__(None, None, None)


async def found(alice: Client, bob: Client) -> str:
    """A direct conversation that both sockets know of."""
    body = {"kind": "direct", "participant_ids": [bob.user_id]}
    conversation = await alice.rest.request("POST", "/conversations", body)
    conversation_id: str = conversation["id"]
    for client in (alice, bob):
        await client.wait_until_loaded(conversation_id)
    return conversation_id


async def arrived(client: Client, conversation_id: str, seq: int) -> list[str]:
    """The ids of all messages that came by the socket, once there are as many."""

    def ids() -> list[str]:
        return [message.id for message in client.stays(conversation_id)[-1].messages]

    await client.wait_until(lambda: len(ids()) >= seq, f"message {seq}", seconds=2)
    return ids()


@pytest.mark.parametrize("command", [uvicorn_command, daphne_command])
async def test_two_people_chat(command: Callable[[int], Sequence[str]], tmp_path: Path) -> None:
    """Both servers serve REST and the socket. Nothing is asked of how they end: on CPython
    3.11.7 daphne may crash at SIGTERM while sockets are open."""
    port = free_port()
    environment = isolated_environment(tmp_path)
    migrate(environment)
    with forked_instance(port, environment=environment, command=command(port)):
        async with connected(f"http://127.0.0.1:{port}", "alice", "bob") as (alice, bob):
            conversation_id = await found(alice, bob)
            first = await alice.send(conversation_id, "Hello over there", "1")
            second = await bob.rest.send(conversation_id, "Grüße 👋", "1")

            for client in (alice, bob):
                assert await arrived(client, conversation_id, 2) == [first["id"], second["id"]]
                history = await client.rest.history(conversation_id)
                assert [message["id"] for message in history] == [first["id"], second["id"]]


async def test_chat_goes_on_where_redis_refuses(run_guarded: Run) -> None:
    """Connecting, sending and the delivery to this instance's own sockets take no Redis, and no
    more than two seconds each, before the instance calls itself degraded and after; nothing
    blocks the event loop meanwhile."""
    nobody = f"redis://127.0.0.1:{free_port()}/0"
    with run_guarded(1, REDIS_URL=nobody) as refused, kept_loop(refused):
        url = refused.urls[0]
        async with connected(url, "alice", "bob") as (alice, bob):
            conversation_id = await found(alice, bob)
            sent: list[str] = []

            async def chat() -> None:
                for send in (alice.send, bob.rest.send):
                    async with asyncio.timeout(2):
                        message = await send(conversation_id, "Anybody there?", str(len(sent)))
                    sent.append(message["id"])
                    for client in (alice, bob):
                        assert await arrived(client, conversation_id, len(sent)) == sent

            async def is_degraded() -> bool:
                async with connected(url, "carol") as (carol,):
                    return bool(carol.hello["degraded"])

            async with asyncio.timeout(20):
                while not await is_degraded():
                    await chat()
            await chat()


def test_the_loop_guard_notices(tmp_path: Path) -> None:
    """A blocking call, and a callback that uses more than 50 ms of CPU."""
    file = tmp_path / "guard"
    environment = isolated_environment(tmp_path, LOOP_GUARD_FILE=str(file), INSTANCE_ID="here")

    subprocess.run(
        [sys.executable, "-c", _BLOCKING], env={**os.environ, **environment}, check=True, timeout=30
    )

    sleeping, computing = file.read_text().splitlines()
    assert sleeping.startswith("here: blocking call time.sleep: <string>:9 main")
    assert " ms of CPU and " in computing
    assert "main()" in computing
