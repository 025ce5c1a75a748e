"""Removes a conversation whose load was given up half-way: nobody has ever seen it.

A load marks each conversation before it writes the first message, and renews the mark. The mark is
due an hour later.
"""

from messaging.domain.conversation import Conversation
from messaging.stores.attachments import AttachmentStore
from messaging.stores.catalogue import Catalogue
from messaging.stores.exchange import ExchangeStore

_AT_ONCE = 300


class AbandonedLoads:
    def __init__(
        self, exchange: ExchangeStore, catalogue: Catalogue, attachments: AttachmentStore
    ) -> None:
        self._exchange = exchange
        self._catalogue = catalogue
        self._attachments = attachments

    async def remove(self, shell: Conversation) -> bool:
        """Remove what a load has written, and last the shell itself. Return False if something has
        changed the shell meanwhile. Raises StoreUnavailable.

        The files stay in their storage: the installation that the dump was made of may use the
        same one.
        """
        while attachments := await self._attachments.list_shared(
            shell.id, first_seq=0, limit=_AT_ONCE
        ):
            for one in attachments:
                await self._attachments.remove(one.id)
        while await self._catalogue.delete_messages(shell.id, limit=_AT_ONCE):
            pass
        return await self._exchange.delete_shell(shell)
