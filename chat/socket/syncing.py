"""The command `conversation.sync`: what a client has missed in each conversation."""

import asyncio
from collections.abc import Mapping
from typing import Any

from chat.limits.person_turns import SYNCS_AT_ONCE
from chat.limits.throttling import SYNCED, require_rate, turn
from chat.payloads.answers import changes_data
from chat.payloads.renderers import fragment
from chat.state import ApplicationState
from messaging.delivery.hub.connections import Connection
from messaging.domain.exceptions import InvalidRequest, StoreUnavailable
from messaging.domain.limits import get_limits
from messaging.services import sessions, sync

_MESSAGES = 200
"""The most messages in one answer, over all its conversations (at least 2 each)."""
_TRIES = 5


async def sync_conversations(
    state: ApplicationState, connection: Connection, conversations: dict[str, int]
) -> dict[str, Any]:
    _require_few(conversations)
    await require_rate(state.instance.rates, SYNCED, connection.user_id, count=len(conversations))
    limit = max(_MESSAGES // len(conversations), 2)
    places = asyncio.Semaphore(SYNCS_AT_ONCE)

    async def answer(conversation_id: str, since: int) -> tuple[sync.Changes, Any]:
        """Encode one conversation at a time: encoding all in one step would delay other people."""
        async with places, turn(state.turns.syncs, connection.user_id):
            changes = await sync.sync_conversation(
                state.instance,
                user_id=connection.user_id,
                conversation_id=conversation_id,
                since=since,
                limit=limit,
            )
        return changes, fragment(changes_data(changes))

    answers = {}
    try:
        async with asyncio.TaskGroup() as reads:  # if one fails, cancel the others
            for conversation_id, since in conversations.items():
                answers[conversation_id] = reads.create_task(answer(conversation_id, since))
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    found, data = {}, {}
    for conversation_id, task in answers.items():
        found[conversation_id], data[conversation_id] = task.result()
    for _ in range(_TRIES):
        again = sessions.overtaken(state.instance, connection, found)
        if not again:
            break
        for one in again:
            found[one], data[one] = await answer(one, conversations[one])
    else:
        raise StoreUnavailable
    for conversation_id, changes in sessions.admit(state.instance, connection, found).items():
        if changes is not found[conversation_id]:
            data[conversation_id] = fragment(changes_data(changes))
    return {"conversations": data, "epoch": sync.epoch_id(state.instance)}


def _require_few(conversations: Mapping[str, int]) -> None:
    """Require no more than the limit in force; the decoder of commands has the default. Raises
    InvalidRequest."""
    most = get_limits().sync_conversations
    if len(conversations) > most:
        raise InvalidRequest.of("conversations", f"Name at most {most}.", "max_length")
