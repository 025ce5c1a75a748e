"""Photos that many people attach at once, beside the messages of others: how long the messages
take, and how much memory the server holds."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from statistics import quantiles

import pytest

from config.development.instances import instance, uvicorn_command
from config.development.ports import free_port
from config.development.processes import Process
from tests.benchmarks.children import Child, children
from tests.benchmarks.photos import patiently
from tests.clients.rest import Rest, http_client
from tests.databases import migrate
from tests.integration.config.servers.served import resident_bytes
from tests.servers.environment import isolated_environment

MOST = 2.0
MOST_GROWTH = 64 * 1024 * 1024
"""Of the server. Its workers have a bound of their own."""
_SENDS_PER_SECOND = 20


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[tuple[Process, str]]:
    environment = isolated_environment(folder)
    migrate(environment)
    port = free_port()
    running = instance(port, environment=environment, command=uvicorn_command(port))
    process = await asyncio.to_thread(running.__enter__)
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        await asyncio.to_thread(running.__exit__, None, None, None)


async def sending(ann: Rest, group: str, latencies: list[float]) -> None:
    """Send at a steady rate until cancelled."""
    number = 0
    due = time.perf_counter()
    while True:
        due += 1 / _SENDS_PER_SECOND
        await asyncio.sleep(max(due - time.perf_counter(), 0))
        begun = time.perf_counter()
        client_id = f"{id(latencies)}-{number}"
        await patiently(partial(ann.send, group, f"message {number}", client_id))
        latencies.append(time.perf_counter() - begun)
        number += 1


async def measure(folder: Path, *, images: int, quiet_seconds: float) -> tuple[float, float, int]:
    """The p99 of sends while nothing else happens, and while images arrive; and how many bytes the
    server has grown by. The others are in a process of their own: their work must not delay what
    this process measures."""
    with children(1, module="tests.benchmarks.photos") as (others,):
        async with served(folder) as (process, url), http_client(url) as client:
            ann = Rest(client, "ann")
            group = (await ann.create_group("bob", title="Tea"))["id"]
            quiet: list[float] = []
            busy: list[float] = []
            await attach_all(others, url, [0])
            before = resident_bytes(process)
            task = asyncio.create_task(sending(ann, group, quiet))
            await asyncio.wait([task], timeout=quiet_seconds)
            await cancelled(task)
            task = asyncio.create_task(sending(ann, group, busy))
            await attach_all(others, url, list(range(1, images + 1)))
            await cancelled(task)
            return p99(quiet), p99(busy), resident_bytes(process) - before


async def attach_all(others: Child, url: str, people: list[int]) -> None:
    others.ask("attach_all", url=url, people=people)
    assert await asyncio.to_thread(others.answer) == {"attached": len(people)}


async def cancelled(task: asyncio.Task[None]) -> None:
    assert not task.done(), task.exception()
    task.cancel()
    await asyncio.wait([task])


def p99(latencies: list[float]) -> float:
    return quantiles(latencies, n=100)[-1]


@pytest.mark.benchmark
async def test_a_thousand_images(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    quiet, busy, growth = await measure(tmp_path, images=1_000, quiet_seconds=30)
    with capsys.disabled():
        print(
            f"\n1,000 photos of 6 million pixels beside {_SENDS_PER_SECOND} sends/s:"
            f"\n  p99 of sends {quiet * 1e3:.1f} ms quiet, {busy * 1e3:.1f} ms busy,"
            f" {busy / quiet:.2f} ×; the server grew by {growth / 2**20:.0f} MiB"
        )
    assert busy <= MOST * quiet
    assert growth <= MOST_GROWTH


async def test_images_in_short(tmp_path: Path) -> None:
    """The same in little, without a look at the time."""
    _, _, growth = await measure(tmp_path, images=8, quiet_seconds=1)
    assert growth <= MOST_GROWTH
