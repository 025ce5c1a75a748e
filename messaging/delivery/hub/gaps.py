"""Gaps: the changes of a conversation that an instance missed, read from the store and turned into
frames.

Superseded versions are not stored. If every missing version belongs to exactly one message, the
ordinary events are sent. Otherwise one `conversation.changes` represents all of them. People who
joined later may not see all these messages, see `messaging.delivery.late_joiners`.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from messaging.delivery.hub.connections import Connection
from messaging.domain.conversation import Conversation
from messaging.domain.limits import get_limits
from messaging.domain.message import Message
from messaging.instruments.metrics import RESYNCS
from messaging.stores.conversations import Store
from messaging.stores.damage import UNREADABLE, log_unreadable
from messaging.wire.events import EventEncoder

_MAX_GROUPS = 8
"""How many forms of a gap are encoded in one step of the event loop. Others sync instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """The state of a conversation at a version, with the messages that lead to it."""

    conversation: Conversation
    messages: Sequence[Message]
    complete: bool
    """False if too many messages changed to replay them, or one of them cannot be read."""


async def read_gap(
    store: Store, conversation_id: str, since: int, *, state: Conversation | None = None
) -> Gap | None:
    """Return the changes above the version `since`, or None if the conversation is gone or still at
    `since`.

    The conversation is read first, unless its `state` was just read, and then its messages. Newer
    messages are left out, so that people and messages belong to one state. The gap is not complete
    if one of its messages cannot be read: it holds up nothing. Raises StoreUnavailable.
    """
    conversation = state or await store.get_conversation(conversation_id)
    if conversation is None or conversation.version <= since:
        return None
    last = conversation.last_message
    if last is not None and conversation.version == last.version == since + 1:
        return Gap(
            conversation=conversation, messages=[last], complete=True
        )  # it already has everything
    limit = get_limits().changed_messages
    try:
        messages = await store.list_changed_messages(
            conversation_id, since=since, until=conversation.version, limit=limit + 1
        )
    except UNREADABLE as error:
        log_unreadable({conversation_id: error})
        return Gap(conversation=conversation, messages=[], complete=False)
    return Gap(conversation=conversation, messages=messages, complete=len(messages) <= limit)


Frames = Sequence[tuple[int, str]]
"""Each with its version."""


def gap_frames(
    gap: Gap, since: int, events: EventEncoder, connections: Sequence[Connection]
) -> Iterator[tuple[Frames, Sequence[Connection]]]:
    """Yield the frames from the version `since` to the end of the gap, with the connections that
    get them. People who may see the same messages of the gap get the same frames."""
    if not gap.complete:
        yield _resync(gap, events), connections
        return
    messages = [message for message in gap.messages if message.version > since]
    for visible_from, some in _by_visibility(gap.conversation, messages, connections):
        try:
            frames = _frames(gap, since, events, messages, visible_from)
        except UNREADABLE as error:  # a message is damaged, which shows only now
            log_unreadable({gap.conversation.id: error})
            frames = _resync(gap, events)
        yield frames, some


def _frames(
    gap: Gap,
    since: int,
    events: EventEncoder,
    messages: Sequence[Message],
    visible_from: int | None,
) -> Frames:
    conversation = gap.conversation
    if visible_from is None:
        return _resync(gap, events)
    visible = [message for message in messages if message.seq >= visible_from]
    if [message.version for message in visible] == list(range(since + 1, conversation.version + 1)):
        pinned = conversation.pinned_count
        return [
            (message.version, events.message_state(message, pinned_count=pinned))
            for message in visible
        ]
    frame = events.conversation_changes(
        conversation, visible, since=since, visible_from=visible_from
    )
    return [(conversation.version, frame)]


def _resync(gap: Gap, events: EventEncoder) -> Frames:
    RESYNCS.inc()
    return [(gap.conversation.version, events.resync(gap.conversation.id))]


def _by_visibility(
    conversation: Conversation, messages: Sequence[Message], connections: Sequence[Connection]
) -> Iterable[tuple[int | None, Sequence[Connection]]]:
    """Return the connections by what their people may see: everything from a `seq` on; None if
    there are too many different ones to encode."""
    last = conversation.last_message
    shown = sorted({message.seq for message in (*messages, *([last] if last else []))})
    people = conversation.participants
    late = {
        user_id: hidden
        for user_id, person in people.items()
        if (hidden := bisect_left(shown, person.visible_from))
    }
    if not late:
        return [(1, connections)]
    groups: dict[int | None, list[Connection]] = {}
    for connection in connections:
        hidden = late.get(connection.user_id, 0)
        visible_from = shown[hidden - 1] + 1 if hidden else 1
        known = visible_from in groups or len(groups) < _MAX_GROUPS
        groups.setdefault(visible_from if known else None, []).append(connection)
    return groups.items()
