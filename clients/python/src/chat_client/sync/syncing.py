"""Sends `conversation.sync`, for several conversations at once, until there is an answer."""

import asyncio
from collections.abc import Mapping, Sequence

from msgspec import convert

from chat_client.errors import ChatError
from chat_client.model.conversation import ConversationModel
from chat_client.models import SyncedChanges
from chat_client.state.parts import Parts

_MAX_AT_ONCE = 100


class Syncing:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._next: dict[str, ConversationModel] = {}
        """Conversations for the next command, by id."""
        self._at_once = _MAX_AT_ONCE

    def allow(self, limit: int) -> None:
        """Note how many one command may name, as `hello` says."""
        self._at_once = min(limit, _MAX_AT_ONCE)

    def sync(self, id_: str, model: ConversationModel) -> None:
        """Sync a loaded conversation from its cursor. An earlier sync of it counts no more."""
        if not self._next:
            asyncio.get_running_loop().call_soon(self._flush)
        self._next[id_] = model
        model.syncing = object()
        model.asking()

    def _flush(self) -> None:
        all_ = list(self._next.items())
        self._next.clear()
        for start in range(0, len(all_), self._at_once):
            self._parts.tasks.start(self._run(all_[start : start + self._at_once]))

    async def _run(self, batch: Sequence[tuple[str, ConversationModel]]) -> None:
        marks = [(id_, model, model.syncing) for id_, model in batch]

        def waiting() -> Sequence[tuple[str, ConversationModel]]:
            """Without conversations whose sync was replaced by a later one."""
            return [(id_, model) for id_, model, mark in marks if mark and model.syncing is mark]

        def fields() -> Mapping[str, object] | None:
            cursors = {id_: model.cursor.position for id_, model in waiting()}
            return {"conversations": cursors} if cursors else None

        answer = None
        following = self._parts.following
        try:
            answer = await self._parts.session.persist("conversation.sync", fields)
        except ChatError:
            for id_, _ in waiting():
                following.reload_soon(self._parts.conversations.get(id_))
        epoch = None if answer is None else answer.get("epoch")
        if epoch is not None and not self._parts.catching_up.is_present(epoch):
            self._parts.session.reconnect()
        answered = waiting()
        for _, model in answered:
            model.syncing = None  # without a readable answer, the next event or `hello` asks again
        for id_, model in answered:
            changes = None if answer is None else answer["conversations"].get(id_)
            if changes is not None:
                following.synced(id_, model, convert(changes, SyncedChanges))
