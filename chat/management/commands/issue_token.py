"""`manage.py issue_token [--expires-in SECONDS] [--name NAME] USER [USER…]`.

Print development tokens, one per line.
"""

from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from chat.authentication import issue_development_token
from messaging.domain.exceptions import InvalidRequest

_MAX_SECONDS = 10 * 365 * 24 * 3600


class Command(BaseCommand):
    help = "Prints a development token for each user, one per line (CHAT_AUTH=dev only)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user_ids", nargs="+", metavar="USER")
        parser.add_argument(
            "--expires-in",
            type=int,
            metavar="SECONDS",
            help="the lifetime of the tokens; without it they do not expire",
        )
        parser.add_argument(
            "--name", help="the name of the user; it is stored if the user never had one"
        )

    def handle(
        self,
        *args: Any,
        user_ids: list[str],
        expires_in: int | None,
        name: str | None,
        **options: Any,
    ) -> None:
        if settings.CHAT_AUTH != "dev" or not settings.DEBUG:
            raise CommandError("Development tokens require CHAT_AUTH=dev and DEBUG=1. Set both.")
        if name is not None and len(user_ids) > 1:
            raise CommandError("--name belongs to one user. Issue the tokens one by one.")
        expires_at = None
        if expires_in is not None:
            if not 0 < expires_in <= _MAX_SECONDS:
                raise CommandError(
                    f"--expires-in must be a number of seconds from 1 to {_MAX_SECONDS}."
                )
            expires_at = datetime.now(UTC) + timedelta(seconds=expires_in)
        for user_id in user_ids:
            try:
                token = issue_development_token(user_id, expires_at=expires_at, name=name)
                self.stdout.write(token)
            except InvalidRequest as error:
                raise CommandError(str(error)) from error
