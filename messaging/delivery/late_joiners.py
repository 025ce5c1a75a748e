"""Frames for participants who may not see what an event shows: they joined after that message,
under `history: since_joining`.

Such a person gets a frame of the same version, so their cursor moves with everyone's. It shows the
conversation as they may see it, and no message.
"""

from collections.abc import Sequence
from datetime import datetime

from messaging.delivery.delivery import Replacement
from messaging.domain.change import Change
from messaging.domain.conversation import Conversation
from messaging.domain.participant import Participant
from messaging.wire.events import EventEncoder


def replacements(
    events: EventEncoder, conversation_id: str, change: Change, at: datetime
) -> list[Replacement]:
    """Return the frames that take the place of an event's frame, at most two, each with the people
    who get it. The event is about anything but a new message."""
    conversation = change.conversation
    if conversation is None or change.participants:
        return []
    shown = change.message or conversation.last_message
    if shown is None:
        return []
    people = [one for one in conversation.participants.values() if one.visible_from > shown.seq]
    if not people:
        return []
    if change.message is None:
        first = people[0].visible_from
        frame = events.change(conversation_id, change, at, visible_from=first)
        return [_replacement(change.version, frame, people)]
    return [
        _replacement(
            change.version, _without_message(events, conversation, some[0].visible_from), some
        )
        for some in _by_latest(conversation, people)
        if some
    ]


def _by_latest(
    conversation: Conversation, people: Sequence[Participant]
) -> tuple[Sequence[Participant], Sequence[Participant]]:
    """Return the people who may see the conversation's latest message, and those who may not."""
    last = conversation.last_message
    seq = 0 if last is None else last.seq
    return (
        [one for one in people if one.visible_from <= seq],
        [one for one in people if one.visible_from > seq],
    )


def _without_message(events: EventEncoder, conversation: Conversation, visible_from: int) -> str:
    return events.conversation_changes(
        conversation, [], since=conversation.version - 1, visible_from=visible_from
    )


def _replacement(version: int, frame: str, people: Sequence[Participant]) -> Replacement:
    return Replacement(version=version, frame=frame, user_ids=[one.user_id for one in people])
