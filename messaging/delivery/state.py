"""What a commit made of a conversation, small enough to travel beside its events.

An instance that has the conversation as it was before the commit needs no read to have it as it
is after: its next own commit finds the right token, and its readers the right state.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from messaging.entities import ChangeType, Conversation, Message
from messaging.store.group_commit import Committed

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ABOUT_MESSAGES = frozenset(
    {ChangeType.MESSAGE_CREATED, ChangeType.MESSAGE_UPDATED, ChangeType.MESSAGE_DELETED}
)


def state_after(committed: Committed) -> Mapping[str, Any] | None:
    """None for changes of people, roles or title, after which the conversation is read."""
    conversation, changes = committed.conversation, committed.changes
    if (
        not all(change.type in _ABOUT_MESSAGES for change in changes)
        or changes[-1].version != conversation.version
    ):
        return None
    last = conversation.last_message
    return {
        "before": changes[0].version - 1,
        "before_token": committed.before_token,
        "version": conversation.version,
        "seq": conversation.seq,
        "updated_at": _micros(conversation.updated_at),
        "active_at": _micros(conversation.active_at),
        "last_message": None if last is None else _message_state(last),
        "sent_seq": {
            change.message.sender_id: change.message.seq
            for change in changes
            if change.message is not None and change.type is ChangeType.MESSAGE_CREATED
        },
        "commit_id": conversation.commit_id,
        "token": conversation.token,
    }


def advanced(conversation: Conversation, state: Mapping[str, Any]) -> Conversation | None:
    """The conversation after the commit; None if it is not the one from before it. The version
    alone does not tell: somebody's own settings change without one."""
    before = (state["before"], state["before_token"])
    if (conversation.version, conversation.token) != before:
        return None
    last = state["last_message"]
    return replace(
        conversation,
        version=state["version"],
        seq=state["seq"],
        updated_at=_moment(state["updated_at"]),
        active_at=_moment(state["active_at"]),
        last_message=None if last is None else _message(conversation.id, last),
        sent_seq={**conversation.sent_seq, **state["sent_seq"]},
        commit_id=state["commit_id"],
        token=state["token"],
    )


def _message_state(message: Message) -> list[Any]:
    return [
        message.id,
        message.seq,
        message.version,
        message.sender_id,
        message.client_id,
        message.text,
        message.reply_to,
        list(message.mentions),
        _micros(message.created_at),
        message.edited_at and _micros(message.edited_at),
        message.deleted_at and _micros(message.deleted_at),
        message.content_hash,
    ]


def _message(conversation_id: str, state: list[Any]) -> Message:
    (
        message_id,
        seq,
        version,
        sender_id,
        client_id,
        text,
        reply_to,
        mentions,
        created_at,
        edited_at,
        deleted_at,
        content_hash,
    ) = state
    return Message(
        id=message_id,
        conversation_id=conversation_id,
        seq=seq,
        version=version,
        sender_id=sender_id,
        client_id=client_id,
        text=text,
        reply_to=reply_to,
        mentions=tuple(mentions),
        created_at=_moment(created_at),
        edited_at=edited_at and _moment(edited_at),
        deleted_at=deleted_at and _moment(deleted_at),
        content_hash=content_hash,
    )


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _moment(micros: int) -> datetime:
    return _EPOCH + micros * _MICROSECOND
