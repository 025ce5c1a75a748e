"""A commit whose process is killed before the queue has its job still makes the phone ring."""

import asyncio
import signal
import time
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from config.development.instances import uvicorn_command
from config.development.ports import free_port
from config.development.processes import Process
from messaging.delivery.link.instances.peers import LEASE_SECONDS
from messaging.notifications.queue.sqs import create_queues
from tests.clients.rest import Data, Rest, http_client
from tests.databases import migrate
from tests.notifications.fcm_server import PROJECT, FcmServer
from tests.notifications.sqs_server import aws_environment
from tests.notifications.workers import worker
from tests.servers.environment import isolated_environment
from tests.servers.forked import forked_instance
from tests.servers.redis import redis_server as run_redis

_SWEPT_WITHIN_SECONDS = 60


class Product:
    """Instances and a worker on one store, one Redis and one queue."""

    def __init__(self, environment: dict[str, str], open_: AsyncExitStack) -> None:
        self._environment = environment
        self._open = open_
        self._started = 0

    async def start(self, application: str) -> tuple[Process, httpx.AsyncClient]:
        """An instance, and the way to it."""
        port = free_port()
        self._started += 1
        environment = {**self._environment, "INSTANCE_ID": f"instance-{self._started}"}
        command = uvicorn_command(port, application=application)
        running = forked_instance(port, environment=environment, command=command)
        process = await asyncio.to_thread(self._open.enter_context, running)
        http = await self._open.enter_async_context(http_client(f"http://127.0.0.1:{port}"))
        return process, http

    async def start_worker(self) -> None:
        await asyncio.to_thread(self._open.enter_context, worker(self._environment))


@pytest.mark.timeout(300)  # a lease ends meanwhile
@pytest.mark.parametrize("survivors", [pytest.param(1, marks=pytest.mark.chaos), 2])
async def test_killed_between_commit_and_queue(
    survivors: int,
    firestore_emulator: str,
    sqs_url: str,
    fcm: FcmServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The other instances notice within its lease, and one of them has the push sent, once. The
    pushes of their own messages are not sent again."""
    for name, value in aws_environment(sqs_url).items():
        monkeypatch.setenv(name, value)
    async with AsyncExitStack() as open_:
        variables = {
            **fcm.environment(tmp_path),
            **aws_environment(sqs_url),
            "CHAT_STORE": "firestore",
            "FIRESTORE_EMULATOR_HOST": firestore_emulator,
            "GOOGLE_CLOUD_PROJECT": f"{PROJECT}-{uuid4().hex[:6]}",
            # Of its own: others that were killed would be swept up after as well.
            "REDIS_URL": open_.enter_context(run_redis()),
            "NOTIFICATION_QUEUE_URL": create_queues(f"crash-{uuid4().hex[:6]}", hidden=60),
        }
        environment = isolated_environment(tmp_path, **variables)
        migrate(environment)
        product = Product(environment, open_)
        left = [
            await product.start("tests.notifications.asgi:application") for _ in range(survivors)
        ]
        doomed, http = await product.start("tests.notifications.withholding_asgi:application")
        await product.start_worker()
        ann, ann_there, bob = Rest(http, "ann"), Rest(left[0][1], "ann"), Rest(left[0][1], "bob")
        device = {"token": "bob-0", "platform": "android"}
        await bob.request("PUT", "/devices/phone-0", device)
        group = (await ann.create_group("bob", title="Tea"))["id"]
        await ann.make_admin(group, "bob")

        lost = await ann.send(group, "sent, and not handed over", "1")
        doomed.send_signal(signal.SIGKILL)
        killed_at = time.monotonic()
        kept = await ann_there.send(group, "sent by one that lives", "2")

        outcomes = [await outcome(bob, message) for message in (lost, kept)]
        assert outcomes == ["sent absent"] * 2
        await until_all_noticed([process for process, _ in left])
        pushed_at = {one.data["message_id"]: one.at for one in fcm.arrived}
        assert pushed_at[lost["id"]] - killed_at < LEASE_SECONDS + _SWEPT_WITHIN_SECONDS
        assert sorted(one.data["message_id"] for one in fcm.arrived) == sorted(
            [lost["id"], kept["id"]]
        )
        swept = sum("notifications.swept" in process.output() for process, _ in left)
        assert swept == 1


async def outcome(bob: Rest, message: Data) -> str:
    """What became of notifying Bob, once that is decided: he learns why."""
    path = f"/conversations/{message['conversation_id']}/messages/{message['id']}/delivery"
    async with asyncio.timeout(LEASE_SECONDS + _SWEPT_WITHIN_SECONDS):
        while True:
            (item,) = (await bob.request("GET", path))["items"]
            if item["push"]["verdict"] != "pending":
                return f"{item['push']['verdict']} {item['push']['reason']}"
            await asyncio.sleep(0.2)


async def until_all_noticed(processes: list[Process]) -> None:
    async with asyncio.timeout(30):
        while not all("link.peer_ended" in process.output() for process in processes):
            await asyncio.sleep(0.2)
