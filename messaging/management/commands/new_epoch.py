"""`manage.py new_epoch`: set a new epoch, the last step of every restore."""

import asyncio
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from messaging.domain.exceptions import StoreUnavailable
from messaging.files.storage import FilesUnavailable
from messaging.files.storages import make_storage
from messaging.management.stores import opened_stores
from messaging.personal_data.evidence import Evidence
from messaging.services.operators.restored_erasures import (
    OTHER_KEYS,
    Reapplied,
    reapply_erasures,
)
from messaging.stores.epochs import Epoch


class Command(BaseCommand):
    help = (
        "Sets a new epoch in the store, and erases people again who were erased since the backup. "
        "Run it after every restore of a backup: running instances discard what they hold within "
        "30 seconds, and every client loads its conversations again. See docs/restore.md."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            epoch = asyncio.run(_renew())
            self.stdout.write(f"The epoch is now {epoch.id} (number {epoch.number}).")
            reapplied = asyncio.run(_reapply())
        except FilesUnavailable:
            raise CommandError(
                "The storage of files does not answer, so erasures were not applied again. Run "
                "this command again."
            ) from None
        except StoreUnavailable:
            raise CommandError("The store does not answer. Run `manage.py doctor`.") from None
        for sentence in reapplied.sentences():
            self.stdout.write(sentence)
        if reapplied.other_keys:
            raise CommandError(OTHER_KEYS)


async def _renew() -> Epoch:
    async with opened_stores(writer="new_epoch") as stores:
        return await stores.epochs.renew_epoch()


async def _reapply() -> Reapplied:
    async with opened_stores(writer="new_epoch") as stores:
        storage = make_storage()
        try:
            return await reapply_erasures(stores, Evidence(storage), command="new_epoch")
        finally:
            await storage.close()
