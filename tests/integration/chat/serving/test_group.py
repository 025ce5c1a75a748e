"""`manage.py serve --processes`: one port, own ids, restarts, rolls and ends."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from config.development.ports import free_port
from tests.clients.rest import token_of
from tests.frames import read_frame
from tests.integration.chat.serving.groups import NAME, RunningGroup, run_group
from tests.servers.environment import isolated_environment
from tests.servers.forked import run_python

PLACES = (1, 2)
PATIENCE = 120


@pytest.fixture(scope="module", name="group")
def _group(redis_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGroup]:
    with run_group(tmp_path_factory.mktemp("group"), redis_server) as group:
        yield group


@asynccontextmanager
async def connected(group: RunningGroup, user_id: str) -> AsyncIterator[ClientConnection]:
    headers = {"Authorization": f"Bearer {token_of(user_id)}"}
    url = f"ws://127.0.0.1:{group.port}/ws/v1"
    async with connect(url, additional_headers=headers, proxy=None, close_timeout=1) as socket:
        yield socket


async def until(socket: ClientConnection, kind: str) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE):
        while (frame := read_frame(await socket.recv()))["type"] != kind:
            pass
    return frame


async def close_code(socket: ClientConnection) -> int | None:
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                await socket.recv()
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd is not None else None


def test_each_process_is_an_instance_of_its_own(group: RunningGroup) -> None:
    """With the number of its place in its id, and a port of its own."""
    names = [(group.ready(number) or {}).get("instance_id") for number in PLACES]

    assert names == [f"{NAME}-1", f"{NAME}-2"]


def test_the_group_names_its_address(group: RunningGroup) -> None:
    (line,) = group.lines("group.ready")

    assert line["address"] == f"http://127.0.0.1:{group.port}"


async def test_all_processes_accept_from_the_one_port(group: RunningGroup) -> None:
    """Until each of them has taken a socket."""
    seen: set[str] = set()
    async with asyncio.timeout(PATIENCE):
        while len(seen) < len(PLACES):
            async with connected(group, "ann") as socket:
                seen.add((await until(socket, "hello"))["data"]["instance_id"])

    assert seen == {f"{NAME}-1", f"{NAME}-2"}


async def test_a_killed_process_is_restarted(group: RunningGroup) -> None:
    """With the same id, after a pause that doubles; the port is served meanwhile."""
    pauses = []
    for death in (1, 2):
        killed = group.pid(1)
        os.kill(killed, signal.SIGKILL)
        (*_, died) = await asyncio.to_thread(group.wait_for, "process.died", death)
        assert (died["process"], died["pid"]) == (f"{NAME}-1", killed)
        assert died["how"] == "by SIGKILL"
        pauses.append(died["restart_seconds"])
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.get(f"http://127.0.0.1:{group.port}/health/ready")
        assert answer.json()["instance_id"] == f"{NAME}-2"
        await asyncio.to_thread(group.wait_for, "process.ready", 1 + death, process=f"{NAME}-1")
        assert group.pid(1) != killed

    assert pauses == [0.5, 1.0]
    assert (group.ready(1) or {})["instance_id"] == f"{NAME}-1"


async def test_sighup_replaces_one_process_after_the_other(group: RunningGroup) -> None:
    """No request fails, each socket is told to reconnect, and a process leaves only when the one
    before is there again."""
    before = [group.pid(number) for number in PLACES]
    statuses: list[int] = []

    async def ask(http: httpx.AsyncClient) -> None:
        while True:
            statuses.append((await http.get("/api/v1/me")).status_code)

    headers = {"Authorization": f"Bearer {token_of('ann')}"}
    # A connection for each request: the kernel gives it to any process that accepts.
    limits = httpx.Limits(max_keepalive_connections=0)
    async with (
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{group.port}",
            headers=headers,
            limits=limits,
            trust_env=False,
            timeout=30,
        ) as http,
        connected(group, "ann") as ann,
    ):
        await until(ann, "hello")
        asking = asyncio.create_task(ask(http))
        group.process.send_signal(signal.SIGHUP)
        assert (await until(ann, "draining"))["data"]["retry_after"] >= 1
        assert await close_code(ann) == 4002
        await asyncio.to_thread(group.wait_for, "group.rolled")
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)

    assert set(statuses) == {200}
    assert len(statuses) > 5
    assert set(before).isdisjoint(group.pid(number) for number in PLACES)
    stopped = group.lines("process.stopped")
    assert [(line["process"], line["how"]) for line in stopped] == [
        (f"{NAME}-1", "with exit status 0"),
        (f"{NAME}-2", "with exit status 0"),
    ]
    (ready_again,) = group.lines("process.ready", pid=group.pid(1))
    (draining,) = group.lines("instance.draining", instance_id=f"{NAME}-2")
    assert ready_again["timestamp"] < draining["timestamp"]


async def test_sigterm_drains_all_processes(group: RunningGroup) -> None:
    """At once, and the group ends well. The last test: nothing of the group is left."""
    drained = len(group.lines("instance.draining"))
    async with connected(group, "ann") as ann:
        await until(ann, "hello")
        group.process.send_signal(signal.SIGTERM)
        await until(ann, "draining")
        assert await close_code(ann) == 4002
    assert await asyncio.to_thread(group.process.wait, PATIENCE) == 0

    assert len(group.lines("instance.draining")) == drained + len(PLACES)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", group.port), timeout=5)


async def test_processes_drain_when_their_parent_was_killed(
    redis_server: str, tmp_path: Path
) -> None:
    """Nobody would restart them, and they would hold the port."""
    with run_group(tmp_path, redis_server, processes=1) as group:
        async with connected(group, "ann") as ann:
            await until(ann, "hello")
            os.kill(group.process.pid, signal.SIGKILL)
            await until(ann, "draining")
            assert await close_code(ann) == 4002
        end = time.monotonic() + PATIENCE
        while group.ready(1) is not None:
            assert time.monotonic() < end
            await asyncio.sleep(0.05)


def test_a_group_that_cannot_start_ends(redis_server: str, tmp_path: Path) -> None:
    """As when another program has a port of one process: with the reason, and nothing left."""
    environment = isolated_environment(tmp_path, REDIS_URL=redis_server)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        metrics_port = str(taken.getsockname()[1])
        ended = run_python(
            *("manage.py", "serve", "--port", str(free_port())),
            *("--processes", "1", "--metrics-port", metrics_port),
            environment={**os.environ, **environment},
        )

    assert ended.returncode == 1
    assert f"Port {metrics_port} of 127.0.0.1: Address already in use" in ended.stderr
    assert "The processes did not start." in ended.stderr


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--processes", "0"), "--processes is 0. Set it to a number from 1 to 256."),
        (("--processes", "2"), "Several processes need Redis"),
        (("--processes", "1", "--server", "daphne"), "--processes needs --server uvicorn."),
        (("--metrics-port", "9100"), "--metrics-port needs --processes."),
        (("--processes", "1", "--metrics-port", "65536"), "--metrics-port is 65536."),
    ],
)
def test_what_cannot_be_served_is_refused(
    options: tuple[str, ...], reason: str, tmp_path: Path
) -> None:
    ended = run_python(
        *("manage.py", "serve", *options), environment=os.environ | isolated_environment(tmp_path)
    )

    assert ended.returncode == 1
    assert reason in ended.stderr
