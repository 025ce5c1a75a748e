"""An instance on the SQL store that pushes to the loopback FCM, and a queue of its own."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from pytest_django import Settings

from messaging.notifications.notifier import Notifier
from messaging.notifications.push.fcm import FcmPushBackend
from messaging.notifications.queue.sqs import SqsQueue, create_queues
from messaging.runtime.instance import Instance
from tests.instances import new_instance
from tests.notifications.fcm_server import PROJECT, FcmServer, redirect
from tests.notifications.sqs_server import Gate, aws_environment


@pytest.fixture
def pushing(
    fcm: FcmServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """This process pushes to the loopback FCM."""
    for name, value in fcm.variables(tmp_path).items():
        monkeypatch.setenv(name, value)
    redirect(fcm.url)
    settings.GOOGLE_CLOUD_PROJECT = PROJECT
    settings.PUSH_BACKEND = "fcm"


@pytest_asyncio.fixture
async def instance(transactional_db: None, pushing: None) -> AsyncIterator[Instance]:
    """Not started yet, so that a test can set what it starts with."""
    async with new_instance() as instance:
        yield instance


@pytest_asyncio.fixture
async def notifier(instance: Instance) -> AsyncIterator[Notifier]:
    """As a worker has it."""
    push = FcmPushBackend()
    yield Notifier(instance.notifications.parts, push)
    await push.close()


@pytest.fixture
def gate(sqs_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """The way to SQS of this process."""
    with Gate(sqs_url).run() as gate:
        for name, value in aws_environment(gate.url).items():
            monkeypatch.setenv(name, value)
        yield gate


@pytest.fixture
def queue_url(gate: Gate) -> str:
    return create_queues(f"test-{uuid4().hex[:8]}", hidden=60)


@pytest_asyncio.fixture
async def queue(queue_url: str) -> AsyncIterator[SqsQueue]:
    queue = SqsQueue(queue_url)
    yield queue
    await queue.close()
