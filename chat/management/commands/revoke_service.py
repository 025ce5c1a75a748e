"""`manage.py revoke_service NAME [--token ID]`: revoke a service account, or one token of it."""

import asyncio
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from chat.management.commands.create_service import BY
from messaging.domain.exceptions import MessagingError
from messaging.services.operators import service_accounts
from messaging.stores import make_stores
from messaging.stores.database.service_accounts import ServiceAccountStore


class Command(BaseCommand):
    help = (
        "Revokes a service account with all its tokens, or one token. When the command returns, no "
        "instance accepts them any more."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("--token", metavar="ID", help="the id in the token: svc_ID_…")

    def handle(self, *args: Any, name: str, token: str | None, **options: Any) -> None:
        try:
            asyncio.run(_revoke(name, token))
        except MessagingError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("Revoked.")


async def _revoke(name: str, token_id: str | None) -> None:
    stores = make_stores()
    accounts = ServiceAccountStore(stores.database)
    try:
        if token_id is None:
            await service_accounts.revoke_account(accounts, name=name, by=BY)
        else:
            await service_accounts.revoke_token(accounts, name=name, token_id=token_id, by=BY)
    finally:
        await stores.close()
