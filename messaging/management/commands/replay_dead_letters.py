"""`manage.py replay_dead_letters`: queue the jobs of the dead-letter queue again."""

import asyncio
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from messaging.notifications.queue.dead_letters import NoDeadLetters, replay_dead_letters
from messaging.notifications.queue.sqs import QueueUnavailable


class Command(BaseCommand):
    help = "Moves all jobs from the dead-letter queue back to the notification queue."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.NOTIFICATION_QUEUE_URL:
            raise CommandError("Set NOTIFICATION_QUEUE_URL.")
        try:
            moved = asyncio.run(replay_dead_letters(settings.NOTIFICATION_QUEUE_URL))
        except (NoDeadLetters, QueueUnavailable) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{moved} replayed.")
