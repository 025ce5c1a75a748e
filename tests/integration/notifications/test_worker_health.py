"""A worker's own pages: rendering its metrics holds up neither its work nor its probes."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable

import httpx
import pytest_asyncio
from prometheus_client import REGISTRY
from prometheus_client.metrics_core import Metric

from config.development.processes import free_port
from messaging.notifications.notifier import Notifier
from messaging.notifications.queue.sqs import SqsQueue
from messaging.notifications.queue.worker import Worker
from messaging.notifications.queue.worker_health import serve_health


@pytest_asyncio.fixture
async def pages(notifier: Notifier, queue: SqsQueue) -> AsyncIterator[httpx.AsyncClient]:
    port = free_port()
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
