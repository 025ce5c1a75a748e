"""`manage.py new_epoch`: set a new epoch, the last step of every restore."""

import asyncio
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from messaging.domain.exceptions import StoreUnavailable
from messaging.stores import make_stores
from messaging.stores.epochs import Epoch


class Command(BaseCommand):
    help = (
        "Sets a new epoch in the store. Run it after every restore of a backup: running instances "
        "discard what they hold within 30 seconds, and every client loads its conversations again. "
        "See docs/restore.md."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            epoch = asyncio.run(_renew())
        except StoreUnavailable:
            raise CommandError("The store does not answer. Run `manage.py doctor`.") from None
        self.stdout.write(f"The epoch is now {epoch.id} (number {epoch.number}).")


async def _renew() -> Epoch:
    stores = make_stores()
    try:
        return await stores.epochs.renew_epoch()
    finally:
        await stores.conversations.close()
