"""Workers as processes: ended politely, killed, and several side by side."""

import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from config.development.ports import free_port
from config.development.processes import Process
from messaging.notifications.jobs import encode
from messaging.notifications.queue.sqs import Entry, SqsQueue
from messaging.runtime.instance import Instance
from tests.instances import new_instance
from tests.integration.notifications import found, reasons, until
from tests.notifications.fcm_server import FcmServer
from tests.notifications.sqs_server import aws_environment
from tests.notifications.workers import worker
from tests.servers.environment import isolated_environment

_LEASE_SECONDS = 4


@dataclass(frozen=True, slots=True)
class Parts:
    queue: SqsQueue
    run: Callable[..., AbstractContextManager[Process]]


@pytest.fixture
def project(firestore_emulator: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> str:
    """The Firestore of this process and of its workers."""
    settings.CHAT_STORE = "firestore"
    settings.GOOGLE_CLOUD_PROJECT = project = f"test-{uuid4().hex}"
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
    return project


@pytest_asyncio.fixture
async def instance(project: str) -> AsyncIterator[Instance]:
    async with new_instance() as instance:
        yield instance


@pytest.fixture
def parts(
    project: str,
    firestore_emulator: str,
    queue: SqsQueue,
    sqs_url: str,
    fcm: FcmServer,
    tmp_path: Path,
) -> Parts:
    """The queue, and workers on it."""
    variables = {
        **fcm.environment(tmp_path),
        **aws_environment(sqs_url),
        "DJANGO_SETTINGS_MODULE": "tests.notifications.settings",
        "TEST_NOTIFICATIONS": f'{{"lease": {_LEASE_SECONDS}}}',
        "CHAT_STORE": "firestore",
        "GOOGLE_CLOUD_PROJECT": project,
        "FIRESTORE_EMULATOR_HOST": firestore_emulator,
        "NOTIFICATION_QUEUE_URL": queue.url,
    }
    environment = isolated_environment(tmp_path, **variables)
    return Parts(queue, partial(worker, environment))


async def queue_message(
    instance: Instance, parts: Parts
) -> Callable[[], Awaitable[dict[str, str]]]:
    """A message to Bob, and its job; the value asks what was decided."""
    group = await found(instance, "bob")
    message = await group.send()
    assert await parts.queue.send([Entry(body=encode(group.job(message)))]) == []
    return lambda: reasons(instance, message)


async def test_a_polite_end(instance: Instance, parts: Parts, fcm: FcmServer) -> None:
    """SIGTERM: what it holds is finished, and written down."""
    fcm.open.clear()
    decided = await queue_message(instance, parts)
    with parts.run() as running:
        await until(lambda: bool(fcm.asked))
        running.send_signal(signal.SIGTERM)
        fcm.open.set()
        await until(lambda: running.ended)
        assert "worker.stopped" in running.output()
    assert fcm.rung() == {"bob-0": 1}
    assert await decided() == {"bob": "sent absent"}
    assert await parts.queue.receive(1, hidden=0) == []


async def test_killed_in_the_middle(instance: Instance, parts: Parts, fcm: FcmServer) -> None:
    """After FCM's answer and before its own record: another one pushes again, with the same tag,
    when the claim's time is over."""
    fcm.open.clear()
    decided = await queue_message(instance, parts)
    with parts.run() as running:
        await until(lambda: bool(fcm.asked))
        running.send_signal(signal.SIGKILL)
        await until(lambda: running.ended)
    fcm.open.set()
    await until(lambda: fcm.rung() == {"bob-0": 1})

    with parts.run():
        await until(lambda: fcm.rung() == {"bob-0": 2}, seconds=20)

    assert await decided() == {"bob": "sent absent"}
    assert len({one.message["android"]["notification"]["tag"] for one in fcm.arrived}) == 1


async def test_a_job_that_takes_long(instance: Instance, parts: Parts, fcm: FcmServer) -> None:
    """Longer than it is hidden for: it is hidden longer, and the other worker leaves it alone."""
    fcm.seconds = 1.5 * _LEASE_SECONDS
    await queue_message(instance, parts)
    with parts.run(), parts.run():
        await until(lambda: fcm.rung() == {"bob-0": 1}, seconds=20)

    assert len(fcm.arrived) == 1


async def test_what_it_says_about_itself(parts: Parts) -> None:
    """Health and metrics, and nothing else."""
    port = free_port()
    with parts.run(port=port):
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            health, metrics, other = [
                await client.get(path) for path in ("/health", "/metrics", "/admin")
            ]

    assert (health.status_code, health.json()) == (200, {"status": "ok"})
    assert "chat_notification_jobs_total" in metrics.text
    assert other.status_code == 404


@pytest.mark.parametrize("command", ["run_notification_worker", "replay_dead_letters"])
def test_without_a_queue(command: str) -> None:
    with pytest.raises(CommandError, match="NOTIFICATION_QUEUE_URL"):
        call_command(command)


def test_settings_that_boto3_refuses(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """They end the worker at its start, with one line: they do not pass like an outage."""
    for name, value in aws_environment("localhost:9324").items():
        monkeypatch.setenv(name, value)
    settings.NOTIFICATION_QUEUE_URL = "http://localhost:9324/000000000000/none"

    with pytest.raises(CommandError, match="Invalid endpoint: localhost:9324"):
        call_command("run_notification_worker")
