"""A store in memory: of the whole interface what a hub and a writer need, and no faster clock than
the order of calls."""

import asyncio
import dataclasses
from collections.abc import Collection, Coroutine, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from messaging.domain.conversation import Companion, Conversation, Membership
from messaging.domain.fields.earlier_texts import NO_EARLIER_TEXTS, EditedMessages
from messaging.domain.message import Message, PersonReactions, ReactionKey
from messaging.stores.conversations import Commit
from messaging.stores.shared.commit_time import stamped, stamped_conversation

T = TypeVar("T")

_BEGUN = datetime(2026, 1, 1, tzinfo=UTC)


class MemoryStore:
    def __init__(self) -> None:
        self._conversations: dict[str, Conversation] = {}
        self._messages: dict[str, dict[str, Message]] = {}
        self._commits = 0
        self.reactions = MemoryReactions()

    async def create_conversation(self, conversation: Conversation) -> Conversation:
        self._messages[conversation.id] = {}
        return self._put(conversation, "")

    async def commit(self, commit: Commit) -> Conversation:
        """Commits are made one after the other, so that none is in conflict."""
        now, known = self._conversations[commit.before.id], self._messages[commit.before.id]
        assert now.token == commit.before.token
        stored = self._put(commit.after, commit.commit_id)
        written = (*commit.created, *commit.replaced)
        known.update({one.id: stamped(one, stored.updated_at) for one in written})
        self.reactions.put(commit.reactions)
        return stored

    def _put(self, conversation: Conversation, commit_id: str) -> Conversation:
        self._commits += 1
        at = _BEGUN + timedelta(seconds=self._commits)
        stamped_one = stamped_conversation(conversation, at, token=self._commits)
        stored = dataclasses.replace(stamped_one, commit_id=commit_id)
        self._conversations[stored.id] = stored
        return stored

    async def get_conversation(self, conversation_id: str) -> Conversation | None:
        return self._conversations.get(conversation_id)

    async def get_messages(
        self, conversation_id: str, message_ids: Sequence[str]
    ) -> Mapping[str, Message]:
        known = self._messages[conversation_id]
        return {id_: known[id_] for id_ in message_ids if id_ in known}

    async def get_edited(self, conversation_id: str, ids: Sequence[str]) -> EditedMessages:
        found = await self.get_messages(conversation_id, ids)
        return {id_: (message, NO_EARLIER_TEXTS) for id_, message in found.items()}

    async def list_messages(
        self, conversation_id: str, *, first_seq: int, last_seq: int
    ) -> Sequence[Message]:
        return sorted(
            (
                message
                for message in self._messages[conversation_id].values()
                if first_seq <= message.seq <= last_seq
            ),
            key=lambda message: message.seq,
        )

    async def list_changed_messages(
        self, conversation_id: str, *, since: int, until: int, limit: int
    ) -> Sequence[Message]:
        changed = (
            message
            for message in self._messages[conversation_id].values()
            if since < message.version <= until
        )
        return sorted(changed, key=lambda message: message.version)[:limit]

    async def list_memberships(self, user_id: str, *, limit: int) -> Sequence[Membership]:
        return await self.get_memberships(user_id, list(self._conversations)[:limit])

    async def get_memberships(
        self, user_id: str, conversation_ids: Sequence[str]
    ) -> Sequence[Membership]:
        conversations = (self._conversations[id_] for id_ in conversation_ids)
        return [
            Membership(
                conversation_id=one.id,
                version=one.version,
                seq=one.seq,
                joined_version=one.participants[user_id].joined_version,
                participant_count=len(one.participants),
            )
            for one in conversations
            if user_id in one.participants
        ]

    async def list_companions(self, user_id: str, others: Sequence[str]) -> Sequence[Companion]:
        return [
            Companion(
                user_id=other,
                conversation_id=one.id,
                version=one.version,
                joined_version=one.participants[other].joined_version,
                participant_count=len(one.participants),
            )
            for one in self._conversations.values()
            for other in others
            if {user_id, other} <= one.participants.keys()
        ]


class MemoryReactions:
    def __init__(self) -> None:
        self._own: dict[ReactionKey, tuple[str, ...]] = {}

    def put(self, changed: Sequence[PersonReactions]) -> None:
        self._own.update({one.key: one.emojis for one in changed})

    async def get_reactions(
        self, conversation_id: str, keys: Collection[ReactionKey]
    ) -> Mapping[ReactionKey, tuple[str, ...]]:
        return {key: self._own[key] for key in keys if self._own.get(key)}


class GatedStore:
    """The store as a hub sees it: a request arrives there once it is released, and so does the
    answer if it is held."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._open = False
        self._waiting: list[asyncio.Future[bool]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def get_conversation(self, conversation_id: str) -> Conversation | None:
        return await self._gated(self._store.get_conversation(conversation_id))

    async def list_changed_messages(self, *args: Any, **options: Any) -> Sequence[Message]:
        return await self._gated(self._store.list_changed_messages(*args, **options))

    async def _gated(self, read: Coroutine[Any, Any, T]) -> T:
        held = await self._released()
        answer = await read
        while held:
            held = await self._released()
        return answer

    async def _released(self) -> bool:
        if self._open:
            return False
        self._waiting.append(asyncio.get_running_loop().create_future())
        return await self._waiting[-1]

    def release(self, number: int, *, hold: bool) -> None:
        """Release one of the requests and answers that wait; `hold`: the answer waits again."""
        if self._waiting:
            self._waiting.pop(number % len(self._waiting)).set_result(hold)

    def set_open(self, is_open: bool) -> None:
        """Whether nothing waits from now on; what waits already is released."""
        self._open = is_open
        while is_open and self._waiting:
            self.release(0, hold=False)
