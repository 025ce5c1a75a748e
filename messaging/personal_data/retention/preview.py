"""What a run of retention would do, without doing it.

It searches each conversation that may be due for the first message that is not too old. On
Firestore this costs one read for the conversation, and some 2 × log2 of the messages since the last
run.
"""

from collections import Counter
from typing import Any

import structlog

from messaging.domain.conversation import Conversation, ConversationKind
from messaging.personal_data.holds import is_held
from messaging.personal_data.parts import Parts
from messaging.personal_data.retention.discovery import discover
from messaging.personal_data.retention.due import Due, list_due
from messaging.stores.damage import UNREADABLE

logger = structlog.get_logger(__name__)


async def preview(parts: Parts) -> dict[str, Any]:
    """Return how many messages are too old, those included that are deleted already, and how many
    conversations they are in. `failed_conversations` names those that cannot be read. Raises
    StoreUnavailable."""
    now = await parts.store.now()
    failed = dict.fromkeys(await discover(parts))
    messages: Counter[ConversationKind] = Counter()
    conversations: Counter[ConversationKind] = Counter()
    held: Counter[ConversationKind] = Counter()
    holds = await parts.jobs.list_holds()
    async for due in list_due(parts.retention, now=now):
        id_ = due.progress.conversation_id
        try:
            conversation = await parts.store.get_conversation(id_)
            if conversation is None:
                continue
            if await is_held(conversation, holds, store=parts.store):
                held[conversation.kind] += 1
                continue
            old = await _count_old(parts, conversation, due)
        except UNREADABLE:
            logger.exception("retention.conversation_failed", conversation_id=id_)
            failed[id_] = None
            continue
        messages[conversation.kind] += old
        conversations[conversation.kind] += old > 0
    return {
        "failed_conversations": list(failed),
        "messages": _by_kind(messages),
        "conversations": _by_kind(conversations),
        "held_conversations": _by_kind(held),
    }


def _by_kind(counted: Counter[ConversationKind]) -> dict[str, int]:
    return {kind.value: counted[kind] for kind in ConversationKind}


async def _count_old(parts: Parts, conversation: Conversation, due: Due) -> int:
    """Return how many numbers are before the first message that is not too old: first in steps that
    double, then by halves. A number without a message counts as too old."""
    done = min(due.progress.done_seq, conversation.seq)

    async def is_old(seq: int) -> bool:
        found = await parts.store.list_messages(conversation.id, first_seq=seq, last_seq=seq)
        return all(one.created_at < due.before for one in found)

    old, step = done, 1
    while old < conversation.seq:
        here = min(old + step, conversation.seq)
        if not await is_old(here):
            break
        old, step = here, step * 2
    else:
        return old - done
    young = here
    while young - old > 1:
        middle = (old + young) // 2
        if await is_old(middle):
            old = middle
        else:
            young = middle
    return old - done
