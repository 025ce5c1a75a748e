"""After every `hello`: compares it with the cursors, and loads what changed meanwhile."""

import contextlib
import math
from collections.abc import Mapping
from typing import Any

from msgspec import convert

from chat_client.errors import ChatError
from chat_client.events import RestoredEvent
from chat_client.model.conversation import ConversationModel
from chat_client.models import Conversation, ConversationPage, OwnState
from chat_client.state.parts import Parts

_PAGE = 100
_MAX_PAGES = 10
"""The list names the 1,000 latest conversations, as `hello` does."""


class CatchingUp:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._epoch: str | None = None
        self._since: str | None = None
        """The store's time up to which my own state on other devices is known."""
        self._listing: object | None = None
        """Identifies the present reading of the list."""
        self._ended: set[str] = set()
        """Conversations that ended since the list was asked for."""

    def is_present(self, epoch: str) -> bool:
        """Whether this is the epoch of all that is known here."""
        return self._epoch is None or epoch == self._epoch

    def ended(self, id_: str) -> None:
        self._ended.add(id_)

    def forget(self) -> None:
        """Another person signed in."""
        self._epoch = self._since = None
        for conversation in self._parts.conversations.all:
            self._parts.following.ended(conversation)

    def compare(self, hello: Mapping[str, Any]) -> None:
        """Compare `hello` with what is known."""
        conversations = self._parts.conversations
        epoch = hello.get("epoch")
        is_restored = epoch is not None and not self.is_present(epoch)
        self._epoch = epoch or self._epoch
        if is_restored:
            self._since = None
        self._compare_known(hello, is_restored=is_restored)
        for id_ in hello["conversations"]:
            if conversations.known(id_) is None:
                conversations.begin(conversations.get(id_), self._parts.me)
        if is_restored:
            self._parts.reading.forget()
            self._parts.typing.clear()
            self._parts.emitter.emit(RestoredEvent())
        self._start_list()
        self.load_shown()
        if self._since is None:
            self._since = hello.get("at")
        else:
            self._parts.tasks.start(self._sync_own())

    def _compare_known(self, hello: Mapping[str, Any], *, is_restored: bool) -> None:
        conversations = self._parts.conversations
        for conversation in conversations.all:
            place = hello["conversations"].get(conversation.id)
            if place is None and not hello["truncated"]:
                self._parts.following.ended(conversation)
                continue
            if is_restored:
                conversations.begin(conversation, self._parts.me)
            if conversation.model is not None:
                # A sync makes a conversation live that `hello` does not name.
                version = math.inf if place is None else place["version"]
                conversation.model.cursor.announce(version)
            self._parts.following.changed(conversation)

    def load_shown(self) -> None:
        """Load the read positions of the shown conversations, because the server never repeats an
        event about them. Also load what could not be loaded before."""
        for conversation in self._parts.conversations.shown:
            self._parts.tasks.start(self._parts.loading.show(conversation))

    def _start_list(self) -> None:
        self._listing = object()
        self._ended.clear()
        self._parts.tasks.start(self._list(self._listing))

    async def _list(self, listing: object) -> None:
        """Read the list, page by page, and load what it does not name."""
        conversations = self._parts.conversations
        expected = {one.id: (one.model, _changes(one.model)) for one in conversations.all}
        with contextlib.suppress(ChatError):  # refused: what is missing is loaded one by one
            await self._read_list(listing, expected)
        if listing is not self._listing:
            return
        for conversation in conversations.all:
            if conversation.model is not None and conversation.model.data is None:
                self._parts.tasks.start(self._parts.loading.load(conversation))

    async def _read_list(
        self, listing: object, expected: Mapping[str, tuple[ConversationModel | None, int]]
    ) -> None:
        conversations = self._parts.conversations
        cursor: str | None = None
        for _ in range(_MAX_PAGES):
            answer = await self._parts.rest.persist(
                "GET",
                "conversations",
                query={"limit": _PAGE, "cursor": cursor},
                kind=ConversationPage,
                is_wanted=lambda _: self._listing is listing,
            )
            if answer is None:
                return
            news = [self._listed(data, expected) for data in answer.items]
            missing = [one for one in conversations.all if one.model and one.model.data is None]
            cursor = answer.next_cursor
            if cursor is None or not (any(news) or missing):
                break
        conversations.loaded()

    def _listed(
        self, data: Conversation, expected: Mapping[str, tuple[ConversationModel | None, int]]
    ) -> bool:
        """Take an item of the list. Returns whether it was news."""
        conversations = self._parts.conversations
        conversation = conversations.get(data.id)
        model = conversation.model
        before, changes = expected.get(data.id, (None, None))
        if model is None:
            if data.id in self._ended:
                return False
            conversations.begin(conversation, self._parts.me)
        elif model.data is not None:
            is_later = data.version > model.data.version
            is_news = is_later or data.read_seq > model.positions.read_seq
            model.merge(data, changes)
            self._parts.following.changed(conversation)
            return is_news
        elif model is not before:
            return False  # it began anew after the list was asked for
        self._parts.tasks.start(self._parts.loading.loaded(conversation, data))
        return True

    async def _sync_own(self) -> None:
        """Take what I read, marked and set on other devices meanwhile."""
        fields = {"since": self._since}
        try:
            answer = await self._parts.session.persist("receipts.sync", lambda: fields)
        except ChatError:
            return  # refused: the list has the same
        if answer is None:
            return
        self._since = answer["at"]
        for own in convert(answer["items"], list[OwnState]):
            conversation = self._parts.conversations.known(own.conversation_id)
            if conversation is not None and conversation.model is not None:
                conversation.model.merge_own(own)
                self._parts.following.changed(conversation)
        if answer["truncated"]:
            self._start_list()


def _changes(model: ConversationModel | None) -> int:
    return 0 if model is None else model.own.changes
