"""What notifies beside a cluster: a queue, a push service and one worker."""

import asyncio
import json
import signal
import subprocess
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any

from config.development.ports import free_port
from config.development.processes import Process
from messaging.notifications.queue.sqs import MAX_RECEIVES
from tests.notifications.fcm_server import FcmServer
from tests.notifications.sqs_server import (
    Gate,
    aws_environment,
    sqs_client,
    sqs_process,
    sqs_server,
)
from tests.notifications.workers import worker
from tests.releases import PRESENT, Release

APPLICATION = "tests.notifications.asgi:application"
"""For the instances: it pushes to the service here where the queue is away."""
NOTIFIED_MANAGE = ("-m", "tests.notifications.manage")
"""`manage.py` with the same push service."""
_QUEUE = "chaos"
_DEAD_LETTERS = f"{_QUEUE}-dead-letters"
_END_SECONDS = 40.0


class Notifications:
    """Started before the instances, whose settings name it; the worker after them."""

    def __init__(self, folder: Path, *, apart: bool, gated: bool = False) -> None:
        """`apart`: whether the queue runs in a process of its own, as large crowds need. `gated`:
        whether the way to the queue can be shut."""
        self.fcm = FcmServer()
        self.gate: Gate | None = None
        self._gated = gated
        self.release = PRESENT
        """What the worker runs at its next start."""
        self.port = free_port()
        """Where the worker serves its metrics."""
        self.log_before = ""
        """What the worker's run before this one has logged."""
        self._folder = folder
        self._run_sqs = sqs_process if apart else sqs_server
        self._environment: Mapping[str, str] = {}
        self._sqs_url = self._queue_url = ""
        self._running = ExitStack()
        self._process: Process | None = None

    async def start(self, exit_: AsyncExitStack) -> Mapping[str, str]:
        """Start SQS and FCM, create the queue, and return the settings of instances and workers."""
        self._sqs_url = exit_.enter_context(self._run_sqs())
        if self._gated:
            self.gate = exit_.enter_context(Gate(self._sqs_url).run())
            self._sqs_url = self.gate.url
        exit_.enter_context(self.fcm.run())
        settings = {
            **aws_environment(self._sqs_url),
            **self.fcm.environment(self._folder),
        }
        self._queue_url = await asyncio.to_thread(self._make_queues)
        return {**settings, "NOTIFICATION_QUEUE_URL": self._queue_url}

    def _make_queues(self) -> str:
        """As `manage.py create_notification_queues` does."""
        client = sqs_client(self._sqs_url)
        dead = client.create_queue(QueueName=_DEAD_LETTERS)["QueueUrl"]
        named = client.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])
        redrive = {
            "deadLetterTargetArn": named["Attributes"]["QueueArn"],
            "maxReceiveCount": MAX_RECEIVES,
        }
        attributes = {"VisibilityTimeout": "60", "RedrivePolicy": json.dumps(redrive)}
        url: str = client.create_queue(QueueName=_QUEUE, Attributes=attributes)["QueueUrl"]
        return url

    async def start_worker(self, environment: Mapping[str, str], release: Release) -> None:
        self._environment = environment
        self.release = release

        def run() -> Process:
            return self._running.enter_context(worker(environment, port=self.port, release=release))

        self._process = await asyncio.to_thread(run)

    async def replace_worker(self, release: Release) -> int | None:
        """End the worker by SIGTERM and start another; returns the exit status of the first, None
        if it had to be killed."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.to_thread(self._process.wait, _END_SECONDS)
        except subprocess.TimeoutExpired:
            return None
        finally:
            self.log_before = self._process.output()
            await self.close()
            await self.start_worker(self._environment, release)

    async def close(self) -> None:
        await asyncio.to_thread(self._running.close)

    async def waiting(self) -> int:
        """How many jobs are in the queue, hidden and delayed ones too."""
        return await asyncio.to_thread(self._count, self._queue_url)

    async def dead_letters(self) -> int:
        def count() -> int:
            client = sqs_client(self._sqs_url)
            return self._count(client.get_queue_url(QueueName=_DEAD_LETTERS)["QueueUrl"])

        return await asyncio.to_thread(count)

    def rung(self) -> Counter[tuple[str, str]]:
        """How often each message was pushed to each token with success."""
        return Counter(
            (one.data["message_id"], one.target)
            for one in list(self.fcm.arrived)
            if one.status == 200 and one.data["type"] == "message"
        )

    def _count(self, queue_url: str) -> int:
        found: Mapping[str, Any] = sqs_client(self._sqs_url).get_queue_attributes(
            QueueUrl=queue_url, AttributeNames=["All"]
        )["Attributes"]
        return sum(
            int(number)
            for name, number in found.items()
            if name.startswith("ApproximateNumberOfMessages")
        )
