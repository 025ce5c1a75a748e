"""The hub: hands every event to the sockets of this process, in order, none twice, none missing.

Per conversation it keeps the version delivered last and the participants at that version. The
next version is delivered, a seen one dropped, one that is ahead waits 100 ms for those before it
(two instances may publish out of order); then the missing ones are read from the store. People
are added and removed by the log itself, in the order of versions and without an await between,
so that nobody gets anything above their removal.

Per connection it keeps which conversations the client was told to be in, and acts on that: a
removal is told to all who were told, a conversation read here is announced to whoever was not.

Of a conversation it keeps only the participants who are connected here (`hub.stream`): what a
connect costs grows with the person's conversations, not with the people in them.

Not promised: bytes handed to the kernel cannot be called back.
"""

import time
from collections.abc import Container, Iterable, Mapping, Sequence, Set

from messaging.commits.conversation_cache import ConversationCache
from messaging.delivery.batch import Batch, Delivery, SoftEvent
from messaging.delivery.conversation_delta import apply_delta
from messaging.delivery.hub.connections import Connection, Connections, Ending
from messaging.delivery.hub.followed import Following, Subscriptions
from messaging.delivery.hub.gap_filler import GapFiller
from messaging.delivery.hub.gaps import Gap, gap_frames, joined_versions
from messaging.delivery.hub.privacy import PrivacyList
from messaging.delivery.hub.recently_disconnected import RecentlyDisconnected
from messaging.delivery.hub.sightings import RecentSightings
from messaging.delivery.hub.stream import Stream
from messaging.domain.conversation import Companion, Conversation, Membership
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.limits import get_limits
from messaging.instruments.metrics import DELIVERIES
from messaging.stores.conversations import Store
from messaging.wire.events import EventEncoder

_READS_AGAIN = 5
_MAX_DISCOVERED = 1_000
"""Conversations that are being read because somebody is said to be in them."""


class Hub:
    def __init__(self, *, store: Store, cache: ConversationCache, events: EventEncoder) -> None:
        self.connections = Connections()
        self._cache = cache
        self._events = events
        self._following = Following()
        self._discovering: set[str] = set()
        self._sightings = RecentSightings()
        self._recently_disconnected = RecentlyDisconnected()
        self._lists_reliable = True
        self.privacy: PrivacyList | None = None
        """Whose copies `forget` voids as well."""
        self.last_changed: str | None = None
        """The conversation that a change was heard of last."""
        self._store = store
        self._filler = GapFiller(store, cache, deliver=self._fill_gap)

    def attach(self, subscriptions: Subscriptions) -> None:
        self._following.attach(subscriptions)

    async def stop(self) -> None:
        await self._filler.stop()

    # Connections come and go

    def overtaken(self, user_id: str, places: Sequence[Membership]) -> set[str]:
        """Return the conversations of which this person's place has to be read again: they are
        delivered here beyond the version that was read, or this person was added lately, and it
        is not known here whether they are in the conversation now."""
        named = {place.conversation_id for place in places}
        unknown = {
            place.conversation_id
            for place in places
            if (stream := self._following.latest(place.conversation_id)) is not None
            and stream.is_in(user_id, place.version) is None
        }
        for conversation_id in self._sightings.added_to(user_id) - named:
            followed = self._following.get(conversation_id)
            if followed is not None and followed.is_in(user_id) is None:
                unknown.add(conversation_id)
        return unknown

    def forgot_additions(self, since: float) -> bool:
        """Whether people were added of whom nothing is known here any more. `since`: a moment of
        the monotonic clock. A list that was read then may lack conversations."""
        return self._sightings.forgot_since(since)

    async def settled(self, user_id: str, places: Sequence[Membership]) -> Sequence[Membership]:
        """Return a person's places with those read again that were overtaken. Without an await in
        between the caller connects.

        Raises StoreUnavailable, also if the conversations are overtaken again and again.
        """
        absent: set[str] = set()
        for _ in range(_READS_AGAIN):
            unknown = self.overtaken(user_id, places) - absent
            if not unknown:
                return places
            again = await self._store.get_memberships(user_id, sorted(unknown))
            absent |= unknown - {place.conversation_id for place in again}
            kept = [place for place in places if place.conversation_id not in unknown]
            places = [*kept, *again]
        raise StoreUnavailable

    def connect(
        self, connection: Connection, places: Sequence[Membership]
    ) -> dict[str, dict[str, int]]:
        """Register a connection; return the version and seq that its `hello` names for each of
        its conversations, which were read from the store just now. None of them is `overtaken`.

        The caller hands `hello` to the connection without an await in between: it is the first
        frame, and every frame after it is above the versions that it names.
        """
        user_id = connection.user_id
        named: dict[str, dict[str, int]] = {}
        for place in places:
            stream = self._open_place(user_id, place)
            if not stream.learn(user_id, place.version, place.joined_version):
                continue  # removed since the query
            version = max(place.version, stream.version)
            seq = max(place.seq, stream.seq)
            named[place.conversation_id] = {"version": version, "seq": seq}
            stream.tell(connection)
            stream.start_above(connection, version)
            self.behind(place.conversation_id, version)
        self.connections.add(connection)
        for conversation_id in self._sightings.added_to(user_id) - named.keys():
            added_to = self._following.get(conversation_id)
            if added_to is None:
                self.discover(conversation_id, [user_id])
            elif added_to.is_in(user_id):
                added_to.learn(user_id, -1, 0)
                named[conversation_id] = {"version": added_to.version, "seq": added_to.seq}
                added_to.tell(connection)
        return named

    def reconnect(self, connection: Connection) -> dict[str, dict[str, int]] | None:
        """`connect` without a list from the store, for a person with another socket here, or who
        left a moment ago and whose conversations are all followed here still.

        None when the store has to be asked. A truncated list always asks: after a removal it lacks
        the conversations that moved up, and may be complete now."""
        user_id = connection.user_id
        left = self._list_of(user_id) or self._recently_disconnected.pop(user_id)
        if left is None or not left <= self._following.ids:
            return None
        named = {}
        for conversation_id in left:
            stream = self._following[conversation_id]
            if user_id in stream.participants:
                named[conversation_id] = {"version": stream.version, "seq": stream.seq}
                stream.tell(connection)
        self.connections.add(connection)
        return named

    def _list_of(self, user_id: str) -> frozenset[str] | None:
        """What another socket of this person was told, which is kept current for as long as all
        additions are heard of; None where there is none, or it is truncated."""
        for connection in self.connections.of(user_id):
            if self._lists_reliable and not connection.truncated:
                return frozenset(connection.told)
        return None

    def disconnect(self, connection: Connection) -> None:
        if not self.connections.remove(connection):
            return
        if connection.user_id not in self.connections and self._lists_reliable:
            self._recently_disconnected.forget([connection.user_id])
            if not connection.truncated:
                self._recently_disconnected.remember(connection.user_id, frozenset(connection.told))
        for conversation_id in tuple(connection.told):
            self._following.withdraw(self._following[conversation_id], connection)

    def invalidate_lists(self) -> None:
        """Additions may go unheard from now on: nobody is greeted without asking the store."""
        self._lists_reliable = False
        self._recently_disconnected.clear()

    def revalidate_lists(self) -> None:
        """Additions are heard of again."""
        self._lists_reliable = True

    def forget_everything(self) -> None:
        """The store has another history: end all connections, and keep nothing of what was
        delivered."""
        ended = self.connections.everyone()
        for connection in ended:
            self.connections.remove(connection)
        self._following.clear()
        self._sightings.clear()
        self._recently_disconnected.clear()
        self.last_changed = None
        for connection in ended:
            connection.end(Ending.RESTORED)

    def admit(self, connection: Connection, conversation: Conversation) -> bool:
        """Make a conversation that the client named itself live on its socket.

        False when this person is known to have been removed after that state of it.
        """
        user_id = connection.user_id
        latest = self._following.latest(conversation.id)
        if latest is not None and latest.is_in(user_id, conversation.version) is False:
            return False
        stream = self._open(conversation, besides=connection)
        joined = conversation.participants[user_id].joined_version
        if not stream.learn(user_id, conversation.version, joined):
            return False
        stream.tell(connection)
        self.behind(conversation.id, conversation.version)
        return True

    def overtook(self, user_id: str, conversation: Conversation) -> bool:
        """Return whether a person's conversation has to be read again before `admit`: it is
        delivered here beyond that version, and it is not known here whether they are in it."""
        latest = self._following.latest(conversation.id)
        return latest is not None and latest.is_in(user_id, conversation.version) is None

    def followed(self, conversation_id: str) -> Stream | None:
        """The conversation as it is delivered here; None where nobody here is in it."""
        return self._following.get(conversation_id)

    def companions(self, connection: Connection, user_ids: Set[str]) -> set[str]:
        """Those of the people who are known here to share a conversation with this connection's
        person that is not above the fan-out limit. Of others the store is asked, see
        `acquaint`."""
        most = get_limits().fan_out_participants
        found: set[str] = set()
        for conversation_id in connection.told:
            stream = self._following[conversation_id]
            if stream.count is not None and stream.count <= most:
                found |= user_ids & stream.participants.keys()
            if len(found) == len(user_ids):
                break
        return found

    def acquaint(self, connection: Connection, companions: Iterable[Companion]) -> None:
        """Keep people with whom this connection's person shares conversations, as the store said
        just now: for as long as these are followed here, the log tells when they part."""
        for companion in companions:
            stream = self._following.get(companion.conversation_id)
            if stream is None or companion.conversation_id not in connection.told:
                continue
            if stream.count is None:
                stream.count = companion.participant_count
            stream.learn(companion.user_id, companion.version, companion.joined_version)

    # Events arrive

    def accept(self, batch: Batch) -> None:
        """Take the changes of a commit, of this instance or of another."""
        self._refresh_cache(batch)
        self.last_changed = batch.conversation_id
        stream = self._following.get(batch.conversation_id)
        if stream is not None:
            told_before = [d for d in batch.deliveries if d.version <= stream.version]
            stream.push(batch.deliveries)
            self._deliver_ready(stream)
            self._filler.mend(stream)
            # The stream may begin above their joining, with somebody else's place.
            self._discover(batch.conversation_id, [u for d in told_before for u in d.added])

    def accept_soft(self, event: SoftEvent) -> None:
        stream = self._following.get(event.conversation_id)
        # Whoever was removed may type on where that is not known yet.
        if stream is None or stream.is_in(event.user_id) is False:
            return
        audience = stream.audience()
        if event.frame is None:  # for their own sockets alone: the others need not be looked at
            own_sockets = self.connections.of(event.user_id)
            audience = [c for c in own_sockets if c in stream.told]
        for connection in audience:
            own = connection.user_id == event.user_id
            frame = event.own_frame if own else event.frame
            if frame is not None:
                connection.transmit_soft(frame, event.key)

    def tell_everyone(self, frame: str) -> None:
        """About the session, not about a conversation."""
        for connection in self.connections.everyone():
            connection.transmit(frame)

    def announce(self, conversation: Conversation) -> None:
        """People were added, or it was founded: follow it where one of them is here."""
        self._note_added(conversation.id, list(conversation.participants))
        if any(user_id in self.connections for user_id in conversation.participants):
            stream = self._following.get(conversation.id)
            if stream is None:
                self._open(conversation)
            else:
                self._adopt(stream, conversation)

    # Something is heard of

    def behind(self, conversation_id: str, version: int) -> None:
        """This version exists: what is missing here is waited for, then read."""
        self._cache.outdate(conversation_id, version)
        stream = self._following.get(conversation_id)
        if stream is not None:
            stream.known = max(stream.known, version)
            self._filler.mend(stream)

    def forget(self, conversation_id: str) -> None:
        """What is kept of it for reading is not true any more, whatever its version; or of a
        person, see `privacy_key`."""
        self._cache.drop(conversation_id)
        if self.privacy is not None:
            self.privacy.forget(conversation_id)

    def discover(self, conversation_id: str, user_ids: Sequence[str]) -> None:
        """These people were added: where one of them is here, follow the conversation."""
        self._note_added(conversation_id, user_ids)
        self._discover(conversation_id, user_ids)

    def _discover(self, conversation_id: str, user_ids: Sequence[str]) -> None:
        """Read a conversation of which somebody may be who is here and does not know of it. What
        is read for a stream that is behind tells everybody by itself."""
        stream = self._following.get(conversation_id)
        if stream is not None and stream.behind:
            return
        for user_id in user_ids:
            if user_id in self.connections and (stream is None or stream.is_in(user_id) is None):
                self._read_to_announce(conversation_id)
                return

    def _read_to_announce(self, conversation_id: str) -> None:
        found = self._discovering
        if conversation_id not in found and len(found) < _MAX_DISCOVERED:  # beacons say it again
            self._discovering.add(conversation_id)
            self._filler.run(self._follow_from_store(conversation_id))

    def report(self, conversation_id: str, version: int, added: Sequence[str]) -> None:
        """Another instance says what it has committed lately."""
        self._sightings.note_version(conversation_id, version)
        self.behind(conversation_id, version)
        if added:
            self.discover(conversation_id, added)

    def found(self, conversation: Conversation) -> None:
        """The store has this state of a conversation. Whoever is in it and here learns of it."""
        self._cache.put(conversation)
        self._sightings.note_version(conversation.id, conversation.version)
        stream = self._following.get(conversation.id)
        if stream is None:
            self.announce(conversation)
        elif conversation.version > stream.version:
            stream.known = max(stream.known, conversation.version)
            stream.found = conversation
            self._filler.mend(stream)
        else:
            self._adopt(stream, conversation)

    def tidy(self) -> None:
        """Stop following the conversations that nobody here has been in for a minute."""
        self._following.tidy()

    # Delivery

    def _deliver_ready(self, stream: Stream) -> None:
        for delivery in stream.pop_ready():
            self._deliver(stream, delivery)

    def _deliver(self, stream: Stream, delivery: Delivery) -> None:
        audience = stream.audience_of(delivery.version)
        for connection in audience:
            connection.transmit(delivery.frame)
        DELIVERIES.inc(len(audience))
        if delivery.seq:
            stream.spoken_at = time.monotonic()
        for connection in tuple(self.connections.of_all(delivery.removed)):
            if not stream.has_state(connection, delivery.version):
                self._following.withdraw(stream, connection)
        if delivery.added or delivery.removed:
            stream.apply_people(delivery, self.connections)
        if delivery.announcement is not None:
            self._note_added(stream.conversation_id, list(delivery.added))
            self._tell_added(stream, delivery.added, delivery.announcement)

    def _fill_gap(self, stream: Stream, gap: Gap) -> None:
        self._deliver_gap(stream, gap)
        self._deliver_ready(stream)

    def _deliver_gap(self, stream: Stream, gap: Gap) -> None:
        """Hand out a state read from the store. Whoever was removed within the gap gets nothing
        of it; whoever was added within it loads the conversation anew."""
        conversation, since = gap.conversation, stream.version
        if conversation.version <= since:
            return
        people = joined_versions(conversation)
        self._tell_removed(stream, people, conversation.version)
        matter = {u: v for u, v in people.items() if self._matters(u, stream)}
        stream.keep_only({user_id for user_id, joined in matter.items() if joined <= since})
        stayed = stream.participants
        joined = {u: v for u, v in matter.items() if u in self.connections and u not in stayed}
        greeted = stream.greeted(joined)
        for version, frame in gap_frames(gap, since, self._events):
            for connection in stream.audience_of(version):
                connection.transmit(frame)
        for connection, floor in greeted.items():
            self._deliver_rest(connection, gap, floor)
        stream.jump(conversation.version, conversation.seq, matter, count=len(people))
        self._note_added(conversation.id, [u for u, v in people.items() if v > since])
        if joined:
            announcement = self._events.conversation_added(conversation)
            self._tell_added(stream, joined, announcement, besides=greeted)

    def _deliver_rest(self, connection: Connection, gap: Gap, since: int) -> None:
        """Hand out what lies above the state that its `hello` named. Its person joined within the
        gap, and gets nothing of the time before."""
        if since < gap.conversation.version:
            for _, frame in gap_frames(gap, since, self._events):
                connection.transmit(frame)

    def _tell_added(
        self,
        stream: Stream,
        joined: Mapping[str, int],
        announcement: str,
        *,
        besides: Container[Connection] = (),
    ) -> None:
        """`joined`: the version of their joining, by user id."""
        for connection in self.connections.of_all(joined):
            known = stream.has_state(connection, joined[connection.user_id])
            if not known and connection not in besides:
                stream.tell(connection)
                connection.transmit(announcement)

    def _tell_removed(self, stream: Stream, people: Mapping[str, int], version: int) -> None:
        """At this version. Whoever was greeted with a later one was in again by then."""
        frame = self._events.conversation_removed(stream.conversation_id)
        for connection in tuple(stream.told):
            if connection.user_id not in people and not stream.has_state(connection, version):
                self._following.withdraw(stream, connection)
                connection.transmit(frame)

    # Following

    def _open(self, conversation: Conversation, *, besides: Connection | None = None) -> Stream:
        """Follow a conversation from a state just read, or go on as it is followed already.

        It is announced to those of its people who are connected, besides one who asked for it.
        """
        stream = self._following.get(conversation.id)
        if stream is not None:
            return stream
        people = joined_versions(conversation)
        stream = self._following.begin(
            conversation.id,
            conversation.version,
            conversation.seq,
            {user_id: v for user_id, v in people.items() if user_id in self.connections},
            count=len(people),
        )
        here = [c for c in self.connections.of_all(stream.participants) if c is not besides]
        if here:
            frame = self._events.conversation_added(conversation)
            for connection in here:
                stream.tell(connection)
                connection.transmit(frame)
        self._following.leave_if_nobody(stream)
        self.behind(conversation.id, self._sightings.version(conversation.id))
        return stream

    def _open_place(self, user_id: str, place: Membership) -> Stream:
        """Follow a conversation from one person's place in it, or go on as it is followed
        already. Nothing is known of the others in it, and nobody is told of it."""
        stream = self._following.get(place.conversation_id)
        if stream is not None:
            return stream
        stream = self._following.begin(
            place.conversation_id,
            place.version,
            place.seq,
            {user_id: place.joined_version},
            count=place.participant_count,
        )
        self._following.leave_if_nobody(stream)
        self.behind(place.conversation_id, self._sightings.version(place.conversation_id))
        return stream

    def _adopt(self, stream: Stream, conversation: Conversation) -> None:
        """Tell those who are connected and in the conversation, and do not know of it, because it
        is followed from somebody else's place in it."""
        if conversation.version > stream.version:
            return  # the gap is filled, which tells them
        announcement: str | None = None
        for user_id, person in conversation.participants.items():
            if user_id in stream.participants or user_id not in self.connections:
                continue
            known = stream.learn(user_id, conversation.version, person.joined_version)
            if known is None:
                self._read_to_announce(conversation.id)
            if not known:
                continue
            announcement = announcement or self._events.conversation_added(conversation)
            for connection in self.connections.of(user_id):
                stream.tell(connection)
                connection.transmit(announcement)

    def _matters(self, user_id: str, stream: Stream) -> bool:
        """Whether the stream keeps this participant."""
        return user_id in self.connections or user_id in stream.participants

    async def _follow_from_store(self, conversation_id: str) -> None:
        try:
            conversation = await self._filler.read_conversation(conversation_id)
        finally:
            self._discovering.discard(conversation_id)
        if conversation is not None:
            self.announce(conversation)
            self.behind(conversation_id, conversation.version)

    def _refresh_cache(self, batch: Batch) -> None:
        """Bring the cached conversation up to date, or forget it: nobody who is removed by these
        changes goes on reading from an older copy."""
        cached = self._cache.get(batch.conversation_id)
        version = batch.deliveries[-1].version
        if cached is None or cached.version >= version:
            return
        current = apply_delta(cached, batch.state) if batch.state is not None else None
        if current is not None:
            self._cache.put(current)
        else:
            self._cache.outdate(batch.conversation_id, version)

    def _note_added(self, conversation_id: str, user_ids: Sequence[str]) -> None:
        self._sightings.note_added(conversation_id, user_ids)
        self._recently_disconnected.forget(user_ids)
