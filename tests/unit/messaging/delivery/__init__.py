"""Delivery without a network: a hub, what is committed elsewhere, and clients that check."""

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from messaging.changes.change import ConversationChange, Outcome
from messaging.commits.conversation_cache import ConversationCache
from messaging.commits.group_commit import Committed
from messaging.commits.writer import Writer
from messaging.delivery.batch import Batch
from messaging.delivery.hub.hub import Hub
from messaging.delivery.publisher import Publisher
from messaging.domain.change import ChangeType
from messaging.domain.conversation import Conversation, History, Membership
from messaging.domain.exceptions import MessagingError
from messaging.stores.conversations import Store
from messaging.wire.events import EventEncoder
from tests.commits import CommitLog
from tests.frames import read_frame
from tests.outlets import Outlet, make_connection
from tests.unit.messaging import new_group

Frame = dict[str, Any]


def carried(batch: Batch) -> Batch:
    """The batch as another instance reads it."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(batch), type=Batch)


class ListeningHub(Hub):
    """Keeps the batches of what was committed here."""

    def __init__(self, *, store: Store, cache: ConversationCache, events: EventEncoder) -> None:
        super().__init__(store=store, cache=cache, events=events)
        self.accepted: list[Batch] = []

    def accept(self, batch: Batch) -> None:
        self.accepted.append(batch)
        super().accept(batch)


class Elsewhere:
    """Another instance: it commits, and its batches are to be carried over by the test."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.batches: list[Batch] = []
        self.log: dict[str, list[frozenset[str]]] = {}
        """By conversation id: who was in it after each version, from version 0 on."""
        self.visible: dict[str, list[dict[str, int]]] = {}
        """By conversation id: the first message that each person could see after each version."""
        events = EventEncoder("elsewhere", "boot-elsewhere")
        cache = ConversationCache()
        self._hub = ListeningHub(store=store, cache=cache, events=events)
        self._publisher = Publisher(hub=self._hub, link=None, events=events)
        self._writer = Writer(store, cache, CommitLog(self._committed))

    async def found(self, *user_ids: str, history: History = History.FULL) -> Conversation:
        group = replace(new_group(*user_ids), history=history)
        conversation = await self.store.create_conversation(group)
        self.log[conversation.id] = [frozenset(user_ids)]
        self.visible[conversation.id] = [dict.fromkeys(user_ids, 1)]
        return conversation

    async def commit(self, conversation: Conversation, *acts: ConversationChange) -> list[Outcome]:
        """Carry out the acts, in one commit where they change anything."""
        return await asyncio.gather(*(self._writer.submit(conversation.id, act) for act in acts))

    async def try_commit(self, conversation: Conversation, *acts: ConversationChange) -> None:
        """Carry out the acts; what is refused changes nothing."""
        submitted = (self._writer.submit(conversation.id, act) for act in acts)
        for outcome in await asyncio.gather(*submitted, return_exceptions=True):
            if not isinstance(outcome, Outcome | MessagingError):
                raise outcome

    async def batch(self, conversation: Conversation, *acts: ConversationChange) -> Batch:
        """Carry out the acts; returns the batch that tells of them."""
        await self.commit(conversation, *acts)
        return self.batches.pop()

    def _committed(self, committed: Committed) -> None:
        self._publisher.publish_commit(committed)
        self.batches.append(carried(self._hub.accepted.pop()))
        log = self.log[committed.conversation.id]
        visible = self.visible[committed.conversation.id]
        for change in committed.changes:
            seen = {person.user_id: person.visible_from for person in change.participants}
            visible.append(visible[-1] | seen)
            people = frozenset(person.user_id for person in change.participants)
            if change.type is ChangeType.PARTICIPANT_ADDED:
                log.append(log[-1] | people)
            elif change.type is ChangeType.PARTICIPANT_REMOVED:
                log.append(log[-1] - people)
            else:
                log.append(log[-1])


class Socket:
    """A connected client that keeps the frames it got."""

    _ids = itertools.count()

    def __init__(self, hub: Hub, store: Store, user_id: str) -> None:
        self.hub = hub
        self.store = store
        self.frames: list[Frame] = []
        self.connection = make_connection(f"c{next(self._ids)}", user_id, Outlet(self._receive))
        self.named: dict[str, dict[str, int]] = {}

    async def look(self) -> Sequence[Membership]:
        """The query of a connecting socket."""
        return await self.store.list_memberships(self.connection.user_id, limit=100)

    async def connect(self) -> "Socket":
        await self.arrive(await self.look())
        return self

    async def arrive(self, places: Sequence[Membership]) -> None:
        """Get `hello`, on the strength of a query that may be outdated."""
        places = await self.hub.sessions.refresh(self.connection.user_id, places)
        self.named = self.hub.sessions.connect(self.connection, places)

    def leave(self) -> None:
        self.hub.sessions.disconnect(self.connection)

    @property
    def seen(self) -> list[tuple[str, int | None]]:
        """(type, version) of the frames since the last look."""
        frames, self.frames = self.frames, []
        return [(frame["type"], frame.get("version")) for frame in frames]

    def _receive(self, frame: str) -> None:
        self.frames.append(read_frame(frame))


def make_hub(store: Store, cache: ConversationCache | None = None) -> Hub:
    events = EventEncoder("here", "boot-here")
    return Hub(store=store, cache=ConversationCache() if cache is None else cache, events=events)


async def settle(hub: Hub) -> None:
    """Wait until the hub has nothing under way."""
    await hub.drain()


def texts(frames: Sequence[Mapping[str, Any]]) -> list[str | None]:
    """The texts of the messages that events carry."""
    return [frame["data"]["message"]["text"] for frame in frames if "message" in frame["data"]]
