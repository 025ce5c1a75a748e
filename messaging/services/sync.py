"""Sync: the present state of what changed in a conversation since a version."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import ConversationNotFound, NotAParticipant
from messaging.domain.limits import get_limits
from messaging.domain.message import Message
from messaging.domain.participant import ReadPosition
from messaging.runtime.instance import Instance
from messaging.services.reactions import own_reactions
from messaging.services.rules.own_positions import own_position
from messaging.services.rules.rights import read_conversation

_SYNC_SECONDS = 4.8


class SyncStatus(StrEnum):
    OK = "ok"
    FORBIDDEN = "forbidden"
    RESET = "reset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The present state of every message changed after a version, ascending by `version`."""

    status: SyncStatus
    version: int
    """The version up to which this answers. If there is more, ask again from here."""
    messages: Sequence[Message] = ()
    conversation: Conversation | None = None
    """None if the person is not a participant."""
    own_reactions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The person's own reactions to each of the messages, by message id."""
    position: ReadPosition | None = None
    more: bool = False
    epoch: str = ""
    """The id of the epoch of this answer."""


async def list_changes(
    instance: Instance, *, user_id: str, conversation_id: str, since: int, limit: int
) -> Changes:
    """Return the changes after the version `since`.

    Messages that the person may not see are left out. The status is `reset` if the conversation
    must be loaded again: `since` lies in the future, too much has changed, or the person left and
    came back in between. Raises ConversationNotFound, NotAParticipant, StoreUnavailable.
    """
    epoch = await instance.epochs.get()
    # Read the conversation first, then its messages. Messages newer than the conversation are left
    # out, so that both form one state that existed.
    conversation = await read_conversation(
        instance, user_id=user_id, conversation_id=conversation_id
    )
    participant = conversation.participants[user_id]
    unknown = since > conversation.version or participant.joined_version > since
    if unknown or await _too_many(instance, conversation, since):
        instance.epochs.require(epoch)
        return Changes(
            status=SyncStatus.RESET,
            version=conversation.version,
            conversation=conversation,
            epoch=epoch.id,
        )
    messages = await instance.store.list_changed_messages(
        conversation_id, since=since, until=conversation.version, limit=limit + 1
    )
    more = len(messages) > limit
    messages = messages[:limit]
    version = messages[-1].version if more else conversation.version
    messages = [one for one in messages if one.seq >= participant.visible_from]
    own = await own_reactions(instance, user_id=user_id, messages=messages)
    position = await own_position(instance, conversation, user_id)
    instance.epochs.require(epoch)
    return Changes(
        status=SyncStatus.OK,
        version=version,
        messages=messages,
        own_reactions=own,
        conversation=conversation,
        position=position,
        more=more,
        epoch=epoch.id,
    )


def epoch_id(instance: Instance) -> str:
    """Return the id of the epoch in which a socket was opened. A new epoch closes the socket."""
    epoch = instance.epochs.current
    assert epoch is not None
    return epoch.id


async def sync_conversation(
    instance: Instance, *, user_id: str, conversation_id: str, since: int, limit: int
) -> Changes:
    """Run `list_changes` for a socket when its turn comes. Not being a participant is a status
    here, not an error.

    Also raises TimeoutError; the waiting time does not count.
    """
    try:
        async with instance.turns.syncing.place(), asyncio.timeout(_SYNC_SECONDS):
            return await list_changes(
                instance, user_id=user_id, conversation_id=conversation_id, since=since, limit=limit
            )
    except (ConversationNotFound, NotAParticipant):
        return Changes(status=SyncStatus.FORBIDDEN, version=0)


async def _too_many(instance: Instance, conversation: Conversation, since: int) -> bool:
    """Return whether there are too many changes. Each version changes at most one message, so a
    short range needs no count."""
    limit = get_limits().changed_messages
    if conversation.version - since <= limit:
        return False
    changed = await instance.store.count_changed_messages(
        conversation.id, since=since, up_to=limit + 1
    )
    return changed > limit
