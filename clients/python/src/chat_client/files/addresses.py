"""Where the files of messages are: addresses that work for some minutes, without a token."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from chat_client.concurrency.batches import Batches
from chat_client.connection.rest import conversation_path
from chat_client.models import File, FilePage
from chat_client.requests import Requests

_LEAST_LEFT = timedelta(minutes=1)
"""An address is not given out shortly before it expires."""
MAX_KEPT = 1000
"""How many addresses are kept."""


class FileAddresses:
    """Gives the addresses of files, and keeps each until shortly before it expires."""

    def __init__(self, chat: Requests) -> None:
        self._chat = chat
        self._kept: dict[str, File] = {}
        """By attachment id, the latest last."""
        self._batches: dict[str, tuple[Batches[File], int]] = {}
        """By conversation id, with the number of questions that are open."""

    async def get(self, conversation_id: str, attachment_id: str) -> File | None:
        """Return the addresses of a file, `url` and `thumbnail_url`; None if the person may not see
        it. They work for a minute at least. Requests of one step of the event loop become one.
        Raises ChatError."""
        kept = self._kept.get(attachment_id)
        if kept is not None and kept.expires_at - self._chat.now() > _LEAST_LEFT:
            return kept
        batches, count = self._batches.get(conversation_id) or (self._begin(conversation_id), 0)
        self._batches[conversation_id] = (batches, count + 1)
        try:
            found = await batches.ask(attachment_id)
        finally:
            count = self._batches[conversation_id][1] - 1
            if count:
                self._batches[conversation_id] = (batches, count)
            else:
                del self._batches[conversation_id]
        if found is not None:
            self._kept.pop(found.id, None)
            self._kept[found.id] = found
            while len(self._kept) > MAX_KEPT:
                del self._kept[next(iter(self._kept))]
        return found

    def _begin(self, conversation_id: str) -> Batches[File]:
        path = conversation_path(conversation_id, "attachments")

        async def ask(ids: Sequence[str]) -> Mapping[str, File]:
            query = {"ids": ",".join(ids)}
            page = await self._chat.request("GET", path, query=query, kind=FilePage)
            return {one.id: one for one in page.items}

        return Batches(ask)
