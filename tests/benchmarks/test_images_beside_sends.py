"""Photos that many people attach at once, beside the messages of others: how long the messages
take, and how much memory the server holds."""

import asyncio
import io
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from statistics import quantiles
from typing import TypeVar

import pytest
from PIL import Image

from config.development.instances import instance, uvicorn_command
from config.development.ports import free_port
from config.development.processes import Process
from tests.acceptance.conftest import isolated_environment
from tests.clients.rest import Refused, Rest, http_client
from tests.databases import migrate
from tests.integration.config.servers.served import resident_bytes

MOST = 2.0
MOST_GROWTH = 64 * 1024 * 1024
"""Of the server. Its workers have a bound of their own."""
_SENDS_PER_SECOND = 20
_AT_ONCE = 100
_PATIENCE_SECONDS = 600

T = TypeVar("T")


def photo() -> bytes:
    """Six million pixels."""
    file = io.BytesIO()
    noise = Image.effect_noise((300, 200), 60).convert("RGB")
    noise.resize((3_000, 2_000)).save(file, "JPEG", quality=85)
    return file.getvalue()


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


async def patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """Repeat what gets 503, as a client does."""
    end = time.perf_counter() + _PATIENCE_SECONDS
    while True:
        try:
            return await ask()
        except Refused as refused:
            if refused.status != 503 or time.perf_counter() > end:
                raise
        await asyncio.sleep(1)


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


async def attach(url: str, number: int, content: bytes, places: asyncio.Semaphore) -> None:
    """Announce, upload and complete a photo."""
    async with places, http_client(url) as client:
        person = Rest(client, f"person-{number}")
        group = await patiently(partial(person.create_group, "bob", title="Tea"))
        body = {
            "conversation_id": group["id"],
            "filename": "a.jpg",
            "content_type": "image/jpeg",
            "size": len(content),
        }
        announced = await patiently(partial(person.request, "POST", "/attachments", body))
        where = announced["upload"]
        answer = await client.put(where["url"], content=content, headers=where["headers"])
        assert answer.status_code == 200
        path = f"/attachments/{announced['attachment']['id']}/complete"
        await patiently(partial(person.request, "POST", path))


async def measure(folder: Path, *, images: int, quiet_seconds: float) -> tuple[float, float, int]:
    """The p99 of sends while nothing else happens, and while images arrive; and how many bytes the
    server has grown by."""
    async with served(folder) as (process, url), http_client(url) as client:
        ann = Rest(client, "ann")
        group = (await ann.create_group("bob", title="Tea"))["id"]
        quiet: list[float] = []
        busy: list[float] = []
        content = photo()
        await attach(url, 0, content, asyncio.Semaphore(1))
        before = resident_bytes(process)
        task = asyncio.create_task(sending(ann, group, quiet))
        await asyncio.wait([task], timeout=quiet_seconds)
        await cancelled(task)
        task = asyncio.create_task(sending(ann, group, busy))
        places = asyncio.Semaphore(_AT_ONCE)
        await asyncio.gather(*(attach(url, one, content, places) for one in range(1, images + 1)))
        await cancelled(task)
        return p99(quiet), p99(busy), resident_bytes(process) - before


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
