"""The conversations that are delivered on this instance: runs their streams and the streams'
actions.

The delivery rules are those of `streams.stream`; nothing here decides about delivery. Actions
become frames on sockets, reads of the store and subscriptions, in order and in the step in which
the stream changed.

Not promised: bytes that were handed to the kernel cannot be recalled.
"""

import time
from collections.abc import Iterable, Iterator, Sequence

from messaging.commits.conversation_cache import ConversationCache
from messaging.delivery.delivery import Delivery, Replacement
from messaging.delivery.hub.connections import Connection, Connections
from messaging.delivery.hub.followed import Following
from messaging.delivery.hub.gap_filler import GapFiller
from messaging.delivery.hub.gaps import Frames, Gap, gap_frames
from messaging.delivery.hub.recently_disconnected import RecentlyDisconnected
from messaging.delivery.hub.sightings import RecentSightings
from messaging.delivery.hub.streams.actions import (
    Action,
    Announce,
    Deliver,
    Fill,
    Read,
    Replay,
    Reread,
    Withdraw,
)
from messaging.delivery.hub.streams.stream import Stream
from messaging.delivery.shared_frames import SharedFrames, shared
from messaging.domain.conversation import Conversation, Membership
from messaging.domain.own.visible import may_see
from messaging.instruments.metrics import DELIVERIES
from messaging.stores.conversations import Store
from messaging.wire.events import EventEncoder

_MAX_REREAD = 1_000
"""The conversations that are being read because a person here may be in them."""


class Conversations:
    def __init__(
        self,
        *,
        store: Store,
        cache: ConversationCache,
        events: EventEncoder,
        connections: Connections,
    ) -> None:
        self.sightings = RecentSightings()
        self.recently_disconnected = RecentlyDisconnected()
        self._connections = connections
        self._cache = cache
        self._events = events
        self.following = Following(connections)
        self._filler = GapFiller(store, cache, deliver=self._end_read)
        self._rereading: set[str] = set()

    async def stop(self) -> None:
        await self._filler.stop()

    async def join(self) -> None:
        """Wait until nothing is being read."""
        await self._filler.join()

    # Followed conversations

    def open(self, conversation: Conversation, *, besides: Connection | None = None) -> Stream:
        """Follow a conversation from a state that was just read, or continue if it is already
        followed.

        It is announced to its connected people, except to the connection that requested it.
        """
        stream = self.following.streams.get(conversation.id)
        if stream is not None:
            return stream
        people = conversation.participants
        stream = self.following.begin(
            conversation.id,
            conversation.version,
            conversation.seq,
            {
                user_id: people[user_id].joined_version
                for user_id in self._connections.among(people.keys())
            },
            count=len(people),
        )
        self._run(stream, stream.announce_to_connected(besides=besides), state=conversation)
        return self._opened(stream)

    def open_place(self, user_id: str, place: Membership) -> Stream:
        """Follow a conversation from one person's membership, or continue if it is already
        followed. The other people are unknown, and it is announced to nobody."""
        stream = self.following.streams.get(place.conversation_id)
        if stream is not None:
            return stream
        stream = self.following.begin(
            place.conversation_id,
            place.version,
            place.seq,
            {user_id: place.joined_version},
            count=place.participant_count,
        )
        return self._opened(stream)

    def _opened(self, stream: Stream) -> Stream:
        self.following.leave_if_nobody(stream)
        self.note_version(stream.conversation_id, self.sightings.version(stream.conversation_id))
        return stream

    def leave(self, conversation_id: str, connection: Connection) -> None:
        """Note that this connection has ended."""
        stream = self.following.streams[conversation_id]
        stream.leave(connection)
        self.following.leave_if_nobody(stream)

    def clear(self) -> None:
        """Stop following everything, and drop all recorded versions."""
        self.following.clear()
        self.sightings.clear()
        self.recently_disconnected.clear()

    # Incoming events and states

    def push(
        self,
        stream: Stream,
        deliveries: Sequence[Delivery],
        replacements: Sequence[Replacement] = (),
    ) -> None:
        """Deliver changes of a followed conversation, each in its turn."""
        self._run(stream, stream.push(deliveries, time.monotonic(), replacements))
        for delivery in deliveries:
            if delivery.added:
                self.note_added(stream.conversation_id, delivery.added)

    def note_version(self, conversation_id: str, version: int) -> None:
        """Note that this version exists: wait for what is missing here, then read it."""
        self._cache.outdate(conversation_id, version)
        stream = self.following.streams.get(conversation_id)
        if stream is not None:
            self._run(stream, stream.note_version(version))

    def note_added(self, conversation_id: str, user_ids: Iterable[str]) -> None:
        """Note that these people were added: drop the lists of conversations kept of them."""
        self.sightings.note_added(conversation_id, user_ids)
        self.recently_disconnected.forget(user_ids)

    def discover(self, conversation_id: str, user_ids: Sequence[str]) -> None:
        """Follow a conversation to which these people were added, if one of them is connected
        here."""
        self.note_added(conversation_id, user_ids)
        stream = self.following.streams.get(conversation_id)
        if stream is not None:
            self._run(stream, stream.look_for(user_ids))
        elif any(user_id in self._connections for user_id in user_ids):
            self._reread(conversation_id)

    def announce(self, conversation: Conversation) -> None:
        """Follow a conversation that is new or has new people, if one of its people is connected
        here, and announce it to them."""
        self.note_added(conversation.id, conversation.participants)
        if any(user_id in self._connections for user_id in conversation.participants):
            stream = self.following.streams.get(conversation.id)
            if stream is None:
                self.open(conversation)
            else:
                self._run(stream, stream.introduce(conversation), state=conversation)

    def take_state(self, conversation: Conversation) -> None:
        """Take a state that was read from the store: deliver what is missing up to there."""
        self.sightings.note_version(conversation.id, conversation.version)
        stream = self.following.streams.get(conversation.id)
        if stream is None:
            self.announce(conversation)
        else:
            self._run(stream, stream.take_state(conversation), state=conversation)

    # Actions of streams

    def _run(
        self,
        stream: Stream,
        actions: Sequence[Action],
        *,
        gap: Gap | None = None,
        state: Conversation | None = None,
    ) -> None:
        """Run the actions of a stream. `gap` and `state` are the stream's inputs, which replays and
        announcements show. What several sockets get of one conversation leaves in one write."""
        for action, frames in _joined(actions):
            if isinstance(action, Deliver):
                for together in shared(frames):
                    for connection in action.connections:
                        connection.transmit_shared(together)
                DELIVERIES.inc(len(frames) * len(action.connections))
            elif isinstance(action, Announce):
                self._announce(action, state)
            elif isinstance(action, Withdraw):
                self._withdraw(stream, action)
            elif isinstance(action, Replay):
                self._replay(action, gap)
            elif isinstance(action, Fill):
                self._filler.ensure_filled(stream, wait=action.wait)
            elif isinstance(action, Reread):
                self._reread(stream.conversation_id)

    def _announce(self, action: Announce, state: Conversation | None) -> None:
        if action.frame is not None:
            _transmit(action.frame, action.connections)
            return
        assert state is not None
        for visible_from, connections in _by_latest(state, action.connections):
            frame = self._events.conversation_added(state, visible_from=visible_from)
            _transmit(frame, connections)

    def _withdraw(self, stream: Stream, action: Withdraw) -> None:
        if action.notify:
            frame = self._events.conversation_removed(stream.conversation_id)
            _transmit(frame, action.connections)
        self.following.leave_if_nobody(stream)

    def _replay(self, action: Replay, gap: Gap | None) -> None:
        assert gap is not None
        for frames, connections in gap_frames(gap, action.since, self._events, action.connections):
            _write(action, frames, connections)

    def _end_read(self, stream: Stream, read: Read, gap: Gap | None) -> None:
        conversation, since = gap.conversation if gap is not None else None, stream.version
        actions = stream.end_read(read, conversation, time.monotonic())
        self._run(stream, actions, gap=gap, state=conversation)
        if actions and conversation is not None:
            people = conversation.participants.values()
            added = [person.user_id for person in people if person.joined_version > since]
            self.note_added(conversation.id, added)

    def _reread(self, conversation_id: str) -> None:
        if conversation_id not in self._rereading and len(self._rereading) < _MAX_REREAD:
            self._rereading.add(conversation_id)  # beyond the bound, the beacons repeat it
            self._filler.run(self._read_and_announce(conversation_id))

    async def _read_and_announce(self, conversation_id: str) -> None:
        try:
            conversation = await self._filler.read_conversation(conversation_id)
        finally:
            self._rereading.discard(conversation_id)
        if conversation is not None:
            self.announce(conversation)
            self.note_version(conversation_id, conversation.version)


def _by_latest(
    state: Conversation, connections: Sequence[Connection]
) -> Iterator[tuple[int, Sequence[Connection]]]:
    """Yield the connections whose people may see the latest message, and those whose people may
    not, each with the first message that such people may see."""
    last = state.last_message
    if last is None:
        yield 1, connections
        return
    seeing = [one for one in connections if may_see(state, one.user_id, last)]
    if seeing:
        yield 1, seeing
    if len(seeing) < len(connections):
        others = [one for one in connections if not may_see(state, one.user_id, last)]
        yield last.seq + 1, others


def _joined(actions: Sequence[Action]) -> Iterator[tuple[Action, Sequence[str]]]:
    """Yield each action in order. Consecutive deliveries to the same connections become one: the
    first of them, with the frames of all."""
    position = 0
    while position < len(actions):
        action, frames = actions[position], []
        position += 1
        if isinstance(action, Deliver):
            frames.append(action.frame)
            while position < len(actions):
                following = actions[position]
                if not isinstance(following, Deliver):
                    break
                if following.connections is not action.connections:
                    break
                frames.append(following.frame)
                position += 1
        yield action, frames


def _transmit(frame: str, connections: Sequence[Connection]) -> None:
    frames = SharedFrames(frame)
    for connection in connections:
        connection.transmit_shared(frames)


def _write(action: Replay, frames: Frames, connections: Sequence[Connection]) -> None:
    """Write the frames of a gap, to each connection those above its floor."""
    whole = list(shared(frame for _, frame in frames))
    for connection in connections:
        floor = action.floors.get(connection, -1)
        if floor <= action.since:
            for together in whole:
                connection.transmit_shared(together)
        else:
            for version, frame in frames:
                if floor < version:
                    connection.transmit(frame)
