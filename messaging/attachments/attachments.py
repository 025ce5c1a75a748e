"""The attachments of an instance: their storage, their checks and their sweep."""

from django.conf import settings

from messaging.attachments.completions import Completions
from messaging.attachments.sweep import FileSweep
from messaging.files.checking.clamd import Clamd
from messaging.files.checking.workers import CheckingWorkers, workers_of_this_machine
from messaging.files.storages import make_storage
from messaging.stores.conversations import Store
from messaging.stores.reports import ReportStore


class Attachments:
    """Builds the parts from the settings. They work without `start`, except the sweep."""

    def __init__(self, store: Store, reports: ReportStore) -> None:
        workers = workers_of_this_machine()
        self.store = store.attachments
        self.storage = make_storage()
        self._workers = CheckingWorkers(most=workers)
        self.completions = Completions(
            store=self.store,
            storage=self.storage,
            workers=self._workers,
            scanner=Clamd(settings.CHAT_CLAMD) if settings.CHAT_CLAMD else None,
            at_once=2 * workers,  # one is checked while another one is fetched or stored
        )
        self.sweep = FileSweep(
            conversations=store, reports=reports, attachments=self.store, storage=self.storage
        )

    def start(self) -> None:
        self.sweep.start()

    async def stop(self) -> None:
        await self.sweep.stop()
        await self.completions.stop()

    async def close(self) -> None:
        """End the processes and release the connections of the storage."""
        await self.completions.stop()
        await self._workers.close()
        await self.storage.close()
