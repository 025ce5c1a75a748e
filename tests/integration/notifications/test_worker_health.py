"""A worker's own pages: neither their rendering nor their clients hold up its work or probes."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterable

import httpx
import pytest
import pytest_asyncio
from prometheus_client import REGISTRY
from prometheus_client.metrics_core import Metric

from config.development.ports import free_port
from messaging.notifications.notifier import Notifier
from messaging.notifications.queue import worker_health
from messaging.notifications.queue.sqs import SqsQueue
from messaging.notifications.queue.worker import Worker
from messaging.notifications.queue.worker_health import MAX_CONNECTIONS, serve_health


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that ends within a test does not end by this."""
    monkeypatch.setattr(worker_health, "_REQUEST_SECONDS", 600.0)


@pytest.fixture
def port() -> int:
    return free_port()


@pytest_asyncio.fixture
async def pages(notifier: Notifier, queue: SqsQueue, port: int) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        serve_health(Worker(notifier, queue), "127.0.0.1", port),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        yield client


class Slow:
    """Metrics that take long to collect."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()

    def collect(self) -> Iterable[Metric]:
        self.begun.set()
        assert self.go_on.wait(30)
        return []

    def describe(self) -> Iterable[Metric]:
        return []


async def test_metrics_are_rendered_off_the_event_loop(pages: httpx.AsyncClient) -> None:
    slow = Slow()
    REGISTRY.register(slow)
    try:
        metrics = asyncio.create_task(pages.get("/metrics"))
        assert await asyncio.to_thread(slow.begun.wait, 30)
        assert (await pages.get("/health")).json() == {"status": "ok"}
        assert not metrics.done()
        slow.go_on.set()
        answer = await metrics
    finally:
        slow.go_on.set()
        REGISTRY.unregister(slow)

    assert answer.status_code == 200
    assert "chat_notification_jobs_total" in answer.text
    assert (await pages.get("/nothing")).status_code == 404


async def test_idle_connections_are_few_and_block_no_probe(
    pages: httpx.AsyncClient, port: int
) -> None:
    """Each one above the bound ends the oldest, and so does a probe."""
    idle = []
    for _ in range(MAX_CONNECTIONS + 3):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /health HTTP/1.1\r\n")
        idle.append((reader, writer))

    assert (await pages.get("/health")).status_code == 200
    async with asyncio.timeout(30):
        for reader, writer in idle[:4]:
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
            writer.close()
    for reader, writer in idle[4:]:
        assert not reader.at_eof()
        writer.close()


async def test_a_head_that_is_too_large(
    pages: httpx.AsyncClient, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Ends its connection, and is no fault that somebody has to look into."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /health HTTP/1.1\r\nX: " + b"x" * 100_000)
    async with asyncio.timeout(30):
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
    writer.close()

    assert (await pages.get("/health")).status_code == 200
    assert not caplog.records


async def test_a_client_does_not_delay_the_end(notifier: Notifier, queue: SqsQueue) -> None:
    """Though its request has not arrived yet."""
    port = free_port()
    async with serve_health(Worker(notifier, queue), "127.0.0.1", port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /health HTTP/1.1\r\n")
        async with httpx.AsyncClient() as client:  # by now the server has the other one
            await client.get(f"http://127.0.0.1:{port}/health")
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(30):
            assert await reader.read() == b""
    writer.close()
