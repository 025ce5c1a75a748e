"""`manage.py run_notification_worker`: process the jobs of the notification queue."""

import asyncio
import signal
from argparse import ArgumentParser
from contextlib import AsyncExitStack
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from messaging.instruments.tracing import start_configured_tracing
from messaging.notifications.notifier import Notifier
from messaging.notifications.push.protocol import make_push_backend
from messaging.notifications.queue.sqs import QueueMisconfigured, SqsQueue
from messaging.notifications.queue.worker import Worker
from messaging.notifications.queue.worker_health import serve_health
from messaging.runtime.instance import Instance
from messaging.webhooks.placement import deliver_webhooks


class Command(BaseCommand):
    help = (
        "Processes the jobs of the notification queue, and delivers webhooks. Several workers may "
        "run side by side."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, help="serve /health and /metrics on this port")
        parser.add_argument("--host", default="0.0.0.0", help="the address for --port")  # noqa: S104

    def handle(self, *args: Any, port: int | None, host: str, **options: Any) -> None:
        if not settings.NOTIFICATION_QUEUE_URL:
            raise CommandError(
                "NOTIFICATION_QUEUE_URL is not set. Set it; without a queue no worker is needed."
            )
        start_configured_tracing()
        try:
            asyncio.run(_run(settings.NOTIFICATION_QUEUE_URL, host, port))
        except QueueMisconfigured as error:
            raise CommandError(
                f"The queue cannot be used: {error}. Correct the settings of AWS."
            ) from error


async def _run(url: str, host: str, port: int | None) -> None:
    async with AsyncExitStack() as stack:
        instance = Instance()
        stack.push_async_callback(instance.close)
        instance.profiles.degraded = True  # nobody tells a worker that a name has changed
        queue = SqsQueue(url)
        stack.push_async_callback(queue.close)
        await queue.open()
        push = make_push_backend()
        stack.push_async_callback(push.close)
        await instance.store_watch.start("worker")
        stack.push_async_callback(instance.store_watch.stop)
        instance.epochs.start()
        stack.push_async_callback(instance.epochs.stop)
        follow = await stack.enter_async_context(deliver_webhooks(instance, instance.webhooks))
        worker = Worker(Notifier(instance.notifications.parts, push, follow=follow), queue)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, worker.end)
        instance.figures.start(role="worker")
        stack.push_async_callback(instance.figures.stop)
        await stack.enter_async_context(serve_health(worker, host, port))
        await worker.run()
