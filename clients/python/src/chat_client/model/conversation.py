"""One conversation as the client knows it: pure, without input or output.

It puts events in order (cursor.py), keeps the newer of two states of a message (history.py), counts
what is unread (positions.py), and derives what holds for me alone (own.py, reactions.py).
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import asdict, replace

from chat_client.model.cursor import Cursor
from chat_client.model.durable import DurableEvent
from chat_client.model.history import History
from chat_client.model.own import Own
from chat_client.model.positions import Positions
from chat_client.model.reactions import NO_REACTION, MyReactions, Reaction
from chat_client.models import (
    Conversation,
    Message,
    MessagePage,
    OwnState,
    Participant,
    SharedConversation,
    SyncedChanges,
)

_MAX_TOLD = 1000
"""How many numbers of reported messages are kept while an earlier message is missing."""


class News(NamedTuple):
    """What a person may want to hear of."""

    is_new: bool
    message: Message


class ConversationModel:
    def __init__(self, me: str, now: Callable[[], datetime]) -> None:
        """`now` returns the server's time."""
        self.data: Conversation | None = None
        """The latest conversation object, without what is counted here; None until loaded."""
        self.cursor = Cursor()
        self.history = History()
        self.positions = Positions(me)
        self.own = Own(me, self.positions, now)
        self.active_at: datetime | None = None
        """When somebody wrote last: a message of the system does not move the conversation in the
        list."""
        self.joined_at: tuple[int, int] | None = None
        """The `version` and the `seq` when I was added, if the server told it as it happened: a
        sync brings what came between this and the loaded state, so that it is told as news."""
        self.is_gone = False
        """Whether I was removed."""
        self.has_new_people = False
        """Whether people came whose read positions are not known."""
        self.syncing: object | None = None
        """Identifies the latest sync, whose answer alone counts."""
        self.seq = 0
        """The number of the latest message."""
        self._me = me
        self._reactions = MyReactions(me)
        self._asked_changes = 0
        """`own.changes` when the latest sync was sent."""
        self._told_seq = 0
        """All messages up to this `seq`, and those in `_told`, were told as news."""
        self._told: set[int] = set()
        self._news: list[News] = []

    @property
    def summary(self) -> Conversation | None:
        """The conversation object with what is known now."""
        if self.data is None:
            return None
        latest = self.history.latest
        is_last = latest is not None and latest.seq == self.seq
        last = latest if is_last else self.data.last_message
        return replace(self.data, seq=self.seq, last_message=last, **self.own.fields(self.seq))

    def take_news(self) -> list[News]:
        """Take what happened since the last call."""
        news, self._news = self._news, []
        return news

    def load(self, data: Conversation) -> None:
        """Begin with a conversation object of REST. Its messages are loaded after it."""
        version, seq = self.joined_at or (data.version, data.seq)
        self.cursor.reach(version)
        self.cursor.announce(data.version)
        self.merge(data)
        self._told_seq = seq
        self._apply_held()

    def merge(self, data: Conversation, changes: int | None = None) -> None:
        """Take a later conversation object of REST. It does not move the cursor. `changes`:
        `own.changes` when it was asked for."""
        if self.data is None:
            self.data = data
            self._updated(None, data)
        else:
            self._update(data)
        if data.version == self.data.version:
            self.own.take(data, self.own.changes if changes is None else changes)
        self.positions.moved(self._me, data.read_seq)
        if data.read_seq >= self.positions.read_seq:
            self.positions.marked_unread = data.marked_unread

    def merge_own(self, own: OwnState) -> None:
        """Take my own state from another device."""
        self.moved_elsewhere(own.read_seq, own.marked_unread)
        self.own.set(own.preferences)

    def moved_elsewhere(self, read_seq: int, marked_unread: int | None) -> None:
        """Take my read position and unread mark from another device."""
        self.positions.moved(self._me, read_seq)
        if read_seq >= self.positions.read_seq:
            self.positions.marked_unread = marked_unread

    def receive(self, event: DurableEvent) -> None:
        """Take a durable event, and apply all whose turn has come."""
        if event.is_known:
            self.cursor.hold(event)
        else:
            self.cursor.announce(event.version)
        self._apply_held()

    def asking(self) -> None:
        """A sync is sent."""
        self.cursor.asking()
        self._asked_changes = self.own.changes

    def apply_changes(self, changes: SyncedChanges) -> None:
        """Take the answer to a sync with the status `ok`."""
        if changes.version >= (self.cursor.position or 0):
            if changes.conversation is not None:
                self.merge(changes.conversation, self._asked_changes)
            for message in sorted(changes.messages, key=lambda one: one.seq):
                self._apply(message)
            self.cursor.reach(changes.version)
        self._apply_held()
        if changes.more:
            self.cursor.must_sync()
        else:
            self.cursor.answered()

    def keep(self, message: Message, reaction: Reaction = NO_REACTION) -> bool:
        """Keep a message of a reply or a page. It does not move the cursor. Returns whether it is
        news."""
        seq = message.seq
        held = self.history.at(seq)
        self.seq = max(self.seq, seq)
        is_system = message.kind == "system"
        if message.deleted_at is not None or is_system:
            self.positions.uncount(seq)
        if not is_system:
            self.positions.moved(message.sender_id, seq)
            if self.active_at is None or message.created_at > self.active_at:
                self.active_at = message.created_at
        self.own.saw(message, is_new=held is None and self._is_untold(seq))
        whole = self._reactions.complete(message, held, reaction)
        if message.my_reactions is not None and held and held.version == message.version:
            self.history.replace(whole)
        is_news = self.history.keep(whole)
        self._reacted(seq, reaction)
        return is_news

    def add_page(self, page: MessagePage) -> None:
        self.history.will_open()
        for message in page.items:
            self.keep(message)
        self.history.add_page(page)

    def take_unsure_reactions(self) -> list[str]:
        """Return the ids of messages whose `my_reactions` only REST tells."""
        return list(self._reactions.take_unsure(self.history.messages))

    def _apply_held(self) -> None:
        while (event := self.cursor.next()) is not None:
            data = event.data
            if event.type in {"participant.added", "participant.removed"}:
                is_added = event.type == "participant.added"
                self._change_people(data.participants, event.version, added=is_added)
            if data.conversation is not None:
                self._update(data.conversation)
            for message in data.messages:
                self._apply(message)
            if data.message is not None:
                self._apply(data.message, data.reaction)
            if self.data is not None and self.data.version < event.version:
                known = self.data.pinned_count
                pinned = known if data.pinned_count is None else data.pinned_count
                self.data = replace(self.data, pinned_count=pinned, version=event.version)

    def _apply(self, message: Message, reaction: Reaction = NO_REACTION) -> None:
        is_changed = self.keep(message, reaction)
        is_new = self._is_untold(message.seq)
        self._told.add(message.seq)
        if len(self._told) > _MAX_TOLD:  # a number is missing for good
            self._told_seq = min(self._told) - 1
        while self._told_seq + 1 in self._told:
            self._told_seq += 1
            self._told.discard(self._told_seq)
        if is_new and message.deleted_at is None:
            self._news.append(News(True, self.history.at(message.seq) or message))
        elif is_changed:
            self._news.append(News(False, self.history.at(message.seq) or message))

    def _is_untold(self, seq: int) -> bool:
        """Whether no event or sync brought it. A sync may bring a later message before an earlier
        one that was edited."""
        return seq > self._told_seq and seq not in self._told

    def _reacted(self, seq: int, reaction: Reaction) -> None:
        """Take a reaction, if it is mine."""
        held = self.history.at(seq)
        if reaction.by == self._me and held is not None and held.deleted_at is None:
            self.history.replace(self._reactions.changed(held, reaction))

    def _update(self, data: SharedConversation | Conversation) -> None:
        """Take a conversation object, unless a newer one is known. In events it lacks my own
        fields."""
        before = self.data
        if before is None or data.version < before.version:
            return
        self.data = replace(before, **asdict(data))
        self._updated(before, data)

    def _updated(
        self, before: Conversation | None, data: SharedConversation | Conversation
    ) -> None:
        self.seq = max(self.seq, data.seq)
        self.positions.count(data.uncounted)
        if self.active_at is None:
            last = data.last_message
            self.active_at = last.created_at if last is not None else data.created_at
        if data.last_message is not None:
            self.keep(data.last_message)
        if before is None or before.participants is None or self.data is None:
            return
        known = before.participants
        if data.participants is None:
            # Large conversations name their people only when they are loaded one by one.
            if len(known) == data.participant_count:
                self.data = replace(self.data, participants=known)
            return
        now = {one.user_id for one in data.participants}
        then = {one.user_id for one in known}
        for user_id in then - now:
            self.positions.forget(user_id)
        self.has_new_people = self.has_new_people or bool(now - then)

    def _change_people(self, people: Sequence[Participant], version: int, *, added: bool) -> None:
        ids = {one.user_id for one in people}
        if added:
            self.has_new_people = True
        else:
            self.is_gone = self.is_gone or self._me in ids
            for user_id in ids:
                self.positions.forget(user_id)
        before = self.data
        if before is None or version <= before.version:
            return  # the object is of a later version
        count = before.participant_count + (len(ids) if added else -len(ids))
        now: list[Participant] | None = None
        if before.participants is not None:
            now = [one for one in before.participants if one.user_id not in ids]
            now += people if added else []
            count = len(now)
        self.data = replace(before, participants=now, participant_count=count)
