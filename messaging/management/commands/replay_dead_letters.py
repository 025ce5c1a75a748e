"""`manage.py replay_dead_letters`: what was delivered too often is delivered once more."""

import asyncio
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from messaging.notifications.options import get_options
from messaging.notifications.queue import Entry, QueueUnavailable, SqsQueue


class Command(BaseCommand):
    help = "Moves everything from the dead-letter queue back to the queue of notifications."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.NOTIFICATION_QUEUE_URL:
            raise CommandError("Set NOTIFICATION_QUEUE_URL.")
        try:
            moved = asyncio.run(_replay(settings.NOTIFICATION_QUEUE_URL))
        except QueueUnavailable as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{moved} replayed.")


async def _replay(url: str) -> int:
    """How many were moved. Each is deleted only after the queue has taken it."""
    queue = SqsQueue(url)
    dead = await queue.dead_letters()
    if dead is None:
        raise CommandError("This queue has no dead-letter queue.")
    moved = 0
    try:
        while letters := await dead.receive(10, hidden=get_options().lease):
            for letter in letters:
                if await queue.send([Entry(body=letter.body)]):
                    raise QueueUnavailable("SQS did not take one of them.")
                await dead.delete([letter])
                moved += 1
    finally:
        await dead.close()
        await queue.close()
    return moved
