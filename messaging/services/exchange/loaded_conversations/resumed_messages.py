"""The messages of an incomplete conversation that an earlier load has stored: they must be those of
the file."""

from messaging.concurrency.retries import retried
from messaging.exchange.lines import encode
from messaging.services.exchange.loaded_conversations.results import Differs
from messaging.stores import Stores

_MESSAGES = 200
_BYTES = 1024 * 1024


class ResumedMessages:
    def __init__(self, stores: Stores, conversation_id: str, last_seq: int) -> None:
        """Create it. `last_seq` is the number of the last message that is stored; 0 for none."""
        self._stores = stores
        self._id = conversation_id
        self._last_seq = last_seq
        self._compared_seq = 0
        self._lines: list[bytes] = []
        self._bytes = 0
        self._is_complete = last_seq == 0

    async def has(self, seq: int, line: bytes) -> bool:
        """Return whether a message is stored, after comparing it. Messages come by `seq`. Raises as
        `complete`."""
        if seq > self._last_seq:
            await self.complete()
            return False
        self._lines.append(line)
        self._bytes += len(line)
        if len(self._lines) == _MESSAGES or self._bytes > _BYTES:
            await self._compare(seq)
        return True

    async def complete(self) -> None:
        """Compare what is left. Raises StoreUnavailable; Differs, after deleting what is stored, so
        that the next load stores it again."""
        if not self._is_complete:
            await self._compare(self._last_seq)
            self._is_complete = True

    async def _compare(self, last_seq: int) -> None:
        stored = await retried(
            self._stores.exchange.list_full_messages,
            self._id,
            after_seq=self._compared_seq,
            limit=len(self._lines) + 1,
        )
        if [encode(one) for one in stored if one.message.seq <= last_seq] != self._lines:
            await delete_messages(self._stores, self._id)
            raise Differs(
                f"The file has changed since a part of conversation {self._id} was loaded. This "
                "part is deleted now. Load the file again."
            )
        self._compared_seq = last_seq
        self._lines, self._bytes = [], 0


async def delete_messages(stores: Stores, conversation_id: str) -> None:
    """Delete the messages of a conversation that was not loaded to its end. Raises
    StoreUnavailable."""
    delete = stores.catalogue.delete_messages
    while await retried(delete, conversation_id, limit=_MESSAGES):
        pass
