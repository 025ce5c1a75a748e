"""One conversation as the client follows it: its model, which may be loaded anew, and who shows
it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from chat_client.concurrency.observable import Store
from chat_client.model.conversation import ConversationModel
from chat_client.model.positions import Position
from chat_client.models import Conversation, Message
from chat_client.state.outbox import Pending


@dataclass(frozen=True, slots=True)
class ConversationSnapshot:
    id: str
    state: Literal["absent", "loading", "ready"]
    """`absent`: the person is not in it, or it is not known yet."""
    conversation: Conversation | None
    messages: Sequence[Message]
    """Ascending by `seq`, without holes; empty until `open`."""
    pending: Sequence[Pending]
    """My messages that are not stored yet: show them at the end."""
    receipts: Mapping[str, Position]
    """Of the others, by user id."""
    typing: Sequence[str]
    """The ids of the others who type."""
    is_loaded: bool
    """Whether the latest messages are here."""
    has_older: bool
    """Whether `load_older` brings more."""


class Followed:
    def __init__(
        self,
        id_: str,
        pending: Callable[[str], Sequence[Pending]],
        typing: Callable[[str], Sequence[str]],
        now: Callable[[], datetime],
    ) -> None:
        self.id = id_
        self.model: ConversationModel | None = None
        """The state that events change; None if the person is not in it."""
        self.shows = 0
        """How many show it."""
        self.paging: asyncio.Future[None] | None = None
        """The page that is on its way."""
        self.store = Store(self._snapshot)
        self._previous: ConversationModel | None = None
        """The state from before it is loaded again."""
        self._pending = pending
        self._typing = typing
        self._now = now

    @property
    def active_at(self) -> datetime | None:
        """When something last happened that moves it in the list."""
        return None if self._shown is None else self._shown.active_at

    def begin(self, me: str) -> ConversationModel:
        """Begin with an empty state. What is shown stays until it is loaded."""
        self._previous = self._shown
        self.model = ConversationModel(me, self._now)
        self.paging = None
        self.changed()
        return self.model

    def loaded(self) -> None:
        """The state was loaded."""
        self._previous = None
        self.changed()

    def end(self) -> None:
        """The person is no longer in it."""
        self.model = self._previous = None
        self.changed()

    def changed(self) -> None:
        self.store.changed()

    @property
    def _shown(self) -> ConversationModel | None:
        is_loaded = self.model is not None and self.model.data is not None
        return self.model if is_loaded or self._previous is None else self._previous

    def _snapshot(self) -> ConversationSnapshot:
        shown = self._shown
        conversation = None if shown is None else shown.summary
        state: Literal["absent", "loading", "ready"] = "ready" if conversation else "loading"
        return ConversationSnapshot(
            id=self.id,
            state="absent" if self.model is None else state,
            conversation=conversation,
            messages=() if shown is None else shown.history.messages,
            pending=self._pending(self.id),
            receipts={} if shown is None else shown.positions.others,
            typing=self._typing(self.id),
            is_loaded=shown is not None and shown.history.is_open,
            has_older=shown is not None and shown.history.has_older,
        )
