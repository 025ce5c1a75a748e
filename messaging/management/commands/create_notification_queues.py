"""`manage.py create_notification_queues`: create the SQS queue of notifications and its dead-letter
queue."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from messaging.notifications.options import get_options
from messaging.notifications.queue.sqs import QueueUnavailable, create_queues


class Command(BaseCommand):
    help = "Creates or updates the queue, its dead-letter queue and the redrive policy."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", default="chat-notifications")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        try:
            url = create_queues(name, hidden=get_options().lease)
        except QueueUnavailable as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"NOTIFICATION_QUEUE_URL={url}")
