"""`manage.py issue_token USER [USER…]`: development tokens, one per line."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from chat.authentication import issue_development_token


class Command(BaseCommand):
    help = "Prints a development token for each user, one per line (CHAT_AUTH=dev only)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user_ids", nargs="+", metavar="USER")

    def handle(self, *args: Any, user_ids: list[str], **options: Any) -> None:
        if settings.CHAT_AUTH != "dev" or not settings.DEBUG:
            raise CommandError("Development tokens need CHAT_AUTH=dev and DEBUG=1.")
        for user_id in user_ids:
            try:
                self.stdout.write(issue_development_token(user_id))
            except ValueError as error:
                raise CommandError(str(error)) from error
