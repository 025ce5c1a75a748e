"""One person's own positions, and whether each conversation is archived now.

An archived conversation is shown again once somebody else writes there. That is derived when it is
read. Where the conversation alone does not tell who wrote its latest messages, some of them are
read, within a bound.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from messaging.domain.conversation import Conversation, ListedConversation, Membership
from messaging.domain.message import MessageKind
from messaging.domain.own.archived import is_archived
from messaging.domain.own.facts import OwnFacts, facts_of
from messaging.domain.participant import ReadPosition
from messaging.runtime.instance import Instance

_MAX_READ = 20
"""The messages of one conversation that are read. If none of them is by somebody else, but there
are more, the conversation is shown."""

Viewed = Conversation | ListedConversation | Membership


@dataclass(slots=True)
class Budget:
    """The documents that may still be read for one request."""

    reads: int = _MAX_READ


async def own_position(
    instance: Instance, conversation: Conversation, user_id: str
) -> ReadPosition:
    """Return a person's position in a conversation. Raises StoreUnavailable."""
    positions = await own_positions(instance, [conversation], user_id)
    return positions[conversation.id]


async def own_positions(
    instance: Instance,
    conversations: Sequence[Conversation | ListedConversation],
    user_id: str,
    budget: Budget | None = None,
) -> Mapping[str, ReadPosition]:
    """Return a person's positions in these conversations, by id. Raises StoreUnavailable."""
    ids = [conversation.id for conversation in conversations]
    stored = await instance.store.get_read_positions(user_id, ids)
    budget = budget or Budget()
    return {
        conversation.id: await present_position(
            instance,
            conversation,
            stored.get(conversation.id, ReadPosition(user_id=user_id)),
            budget,
        )
        for conversation in conversations
    }


async def present_position(
    instance: Instance, conversation: Viewed, position: ReadPosition, budget: Budget
) -> ReadPosition:
    """Return a stored position with `archived` as it holds now. Raises StoreUnavailable."""
    since = position.flags.archived_seq
    if since is None:
        return position
    facts = facts_of(conversation, position.user_id)
    read_seq = max(position.read_seq, facts.sent_seq)
    archived = is_archived(facts, since, read_seq, datetime.now(UTC))
    if archived is None:
        archived = not await _others_wrote(instance, facts, since, budget)
    return replace(position, archived=archived)


async def _others_wrote(instance: Instance, facts: OwnFacts, since: int, budget: Budget) -> bool:
    """Return whether somebody else wrote a message above `since` that still counts; True if that
    takes too many reads."""
    last = facts.other_seq - 1 if facts.last_sender_id else facts.seq  # see `is_archived`
    first = max(since + 1, last - min(_MAX_READ, max(budget.reads, 0)) + 1)
    found = []
    if first <= last:
        budget.reads -= last - first + 1
        found = list(
            await instance.store.list_messages(
                facts.conversation_id, first_seq=first, last_seq=last
            )
        )
    others = any(
        message.sender_id != facts.user_id
        and message.deleted_at is None
        and message.kind is not MessageKind.SYSTEM
        for message in found
    )
    return others or facts.counted(since, first - 1) > 0
