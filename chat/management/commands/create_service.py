"""`manage.py create_service NAME --scopes a,b`: create a service account and print its token."""

import asyncio
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from messaging.domain.exceptions import MessagingError
from messaging.domain.integrations.service_accounts import DEFAULT_REQUESTS_PER_SECOND, Scope
from messaging.services.operators import service_accounts
from messaging.stores import make_stores
from messaging.stores.database.service_accounts import ServiceAccountStore

BY = "manage.py"
"""The author in the history of what a command does."""
MAX_DAYS = 3_650


class Command(BaseCommand):
    help = (
        "Creates a service account, and prints its token once. With --rotate, prints another token "
        "of an existing account; revoke the old one when the service uses the new one."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        known = ", ".join(scope.value for scope in Scope)
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("--scopes", default="", help=f"separated by commas: {known}")
        parser.add_argument(
            "--requests-per-second", type=int, default=DEFAULT_REQUESTS_PER_SECOND, metavar="RATE"
        )
        parser.add_argument(
            "--expires-in-days",
            type=int,
            metavar="DAYS",
            help="the lifetime of the token; without it the token does not expire",
        )
        parser.add_argument(
            "--rotate", action="store_true", help="issue another token of an existing account"
        )

    def handle(
        self,
        *args: Any,
        name: str,
        scopes: str,
        requests_per_second: int,
        expires_in_days: int | None,
        rotate: bool,
        **options: Any,
    ) -> None:
        expires_at = None
        if expires_in_days is not None:
            if not 0 < expires_in_days <= MAX_DAYS:
                raise CommandError(f"--expires-in-days must be from 1 to {MAX_DAYS}.")
            expires_at = datetime.now(UTC) + timedelta(days=expires_in_days)
        if rotate and scopes:
            raise CommandError("--rotate keeps the scopes. Leave --scopes out.")
        try:
            token = asyncio.run(
                _issue(name, expires_at)
                if rotate
                else _create(name, _scopes(scopes), requests_per_second, expires_at)
            )
        except MessagingError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(token)


def _scopes(text: str) -> list[Scope]:
    """Return the scopes. Raises CommandError."""
    named = [one.strip() for one in text.split(",") if one.strip()]
    try:
        return [Scope(one) for one in named]
    except ValueError as error:
        known = ", ".join(scope.value for scope in Scope)
        raise CommandError(f"{error}. The scopes are: {known}.") from error


async def _create(
    name: str, scopes: list[Scope], requests_per_second: int, expires_at: datetime | None
) -> str:
    stores = make_stores()
    try:
        return await service_accounts.create_account(
            ServiceAccountStore(stores.database),
            name=name,
            scopes=scopes,
            by=BY,
            expires_at=expires_at,
            requests_per_second=requests_per_second,
        )
    finally:
        await stores.close()


async def _issue(name: str, expires_at: datetime | None) -> str:
    stores = make_stores()
    try:
        return await service_accounts.issue_token(
            ServiceAccountStore(stores.database), name=name, by=BY, expires_at=expires_at
        )
    finally:
        await stores.close()
