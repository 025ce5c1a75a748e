"""The hub: delivers every event to the sockets of this process, in order, none twice, none missing.

There is one per process. It receives the commits of this instance and of others, and notes of
changes elsewhere. `conversations` delivers them; `sessions` manages connections.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

from messaging.commits.conversation_cache import ConversationCache
from messaging.concurrency.loops import repeat
from messaging.concurrency.tasks import start_task, stop_tasks
from messaging.delivery.batch import Batch, SoftEvent
from messaging.delivery.conversation_delta import apply_delta
from messaging.delivery.heartbeats import Heartbeats
from messaging.delivery.hub.connections import Connections
from messaging.delivery.hub.conversations import Conversations
from messaging.delivery.hub.copies import CopiesOfPeople
from messaging.delivery.hub.followed import Subscriptions
from messaging.delivery.hub.sessions import Sessions
from messaging.delivery.hub.streams.stream import Stream
from messaging.delivery.shared_frames import SharedFrames
from messaging.domain.conversation import Conversation
from messaging.stores.conversations import Store
from messaging.wire.events import EventEncoder, EventType

_TIDY_SECONDS = 10.0


class Hub:
    def __init__(self, *, store: Store, cache: ConversationCache, events: EventEncoder) -> None:
        self.connections = Connections()
        self._cache = cache
        self._conversations = Conversations(
            store=store, cache=cache, events=events, connections=self.connections
        )
        self._following = self._conversations.following
        self.sessions = Sessions(
            store=store, connections=self.connections, conversations=self._conversations
        )
        self.heartbeats = Heartbeats(partial(events.soft, EventType.HEARTBEAT, {}))
        self.copies: Sequence[CopiesOfPeople[Any]] = ()
        """The other caches that `forget` invalidates."""
        self.last_changed: str | None = None
        """The id of the conversation that changed last, as far as this instance knows."""
        self._tidying: asyncio.Task[None] | None = None

    def attach(self, subscriptions: Subscriptions) -> None:
        self._following.attach(subscriptions)

    def start(self) -> None:
        """Start to tidy by itself, whether or not there are other instances."""
        self._tidying = start_task(repeat(self._tidy_later, failed="hub.tidy_failed"))

    async def stop(self) -> None:
        if self._tidying is not None:
            await stop_tasks(self._tidying)
        await self._conversations.stop()

    async def drain(self) -> None:
        """Wait until nothing is being read for the sockets of this process."""
        await self._conversations.join()

    def followed(self, conversation_id: str) -> Stream | None:
        """Return the conversation as it is delivered here; None if nobody here is in it."""
        return self._following.streams.get(conversation_id)

    # Incoming events

    def accept(self, batch: Batch) -> None:
        """Accept the changes of a commit, of this instance or another."""
        self._refresh_cache(batch)
        self.last_changed = batch.conversation_id
        stream = self._following.streams.get(batch.conversation_id)
        if stream is not None:
            self._conversations.push(stream, batch.deliveries, batch.replacements or ())

    def accept_soft(self, event: SoftEvent) -> None:
        """Accept a soft event."""
        stream = self._following.streams.get(event.conversation_id)
        # A removed person may still type on an instance that does not know of the removal.
        if stream is None or stream.is_in(event.user_id) is False:
            return
        audience = stream.audience()
        if event.frame is None:  # only for their own sockets: skip the others
            own_sockets = self.connections.of(event.user_id)
            audience = [c for c in own_sockets if c in stream.announced_to]
        others, own = _soft_frame(event.frame, event.key), _soft_frame(event.own_frame, event.key)
        for connection in audience:
            frame = own if connection.user_id == event.user_id else others
            if frame is not None:
                connection.transmit_shared(frame)

    def broadcast(self, frame: str) -> None:
        """Write a frame about the session, not about a conversation, to every connection."""
        frames = SharedFrames(frame)
        for connection in self.connections.everyone():
            connection.transmit_shared(frames)

    def announce(self, conversation: Conversation) -> None:
        """Follow a conversation that is new or has new people, if one of its people is connected
        here, and announce it to them."""
        self._conversations.announce(conversation)

    # Changes are reported

    def note_version(self, conversation_id: str, version: int) -> None:
        """Note that this version exists: wait for what is missing here, then read it."""
        self._conversations.note_version(conversation_id, version)

    def note_commit(self, conversation_id: str, version: int, added: Sequence[str]) -> None:
        """Note what another instance committed lately, and whom it added."""
        self._conversations.sightings.note_version(conversation_id, version)
        self._conversations.note_version(conversation_id, version)
        if added:
            self._conversations.discover(conversation_id, added)

    def on_polled_state(self, conversation: Conversation) -> None:
        """Take a state that a poll has read: deliver what is missing up to there, and announce the
        conversation to participants who are connected here and do not know of it."""
        self._cache.put(conversation)
        self._conversations.take_state(conversation)

    def forget(self, key: str) -> None:
        """Invalidate the cached copy of a conversation, whatever its version, or those of a
        person, see `person_key`."""
        self._cache.drop(key)
        for copies in self.copies:
            copies.forget(key)

    def forget_copies(self) -> None:
        """Invalidate all copies of people: messages about their changes may have been missed."""
        for copies in self.copies:
            copies.clear()

    def forget_everything(self) -> None:
        """End all connections and drop all state: a backup of the store was restored."""
        self.last_changed = None
        self.sessions.end_all()

    def tidy(self) -> None:
        """Stop following the conversations that nobody here has been in for a minute."""
        self._following.tidy()

    async def _tidy_later(self) -> None:
        await asyncio.sleep(_TIDY_SECONDS)
        self.tidy()

    def _refresh_cache(self, batch: Batch) -> None:
        """Update the cached conversation, or drop it, so that a removed person cannot continue to
        read from an older copy."""
        cached = self._cache.get(batch.conversation_id)
        version = batch.deliveries[-1].version
        if cached is None or cached.version >= version:
            return
        current = apply_delta(cached, batch.state) if batch.state is not None else None
        if current is not None:
            self._cache.put(current)
        else:
            self._cache.outdate(batch.conversation_id, version)


def _soft_frame(frame: str | None, key: str) -> SharedFrames | None:
    return None if frame is None else SharedFrames(frame, key=key)
