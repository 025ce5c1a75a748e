"""The commands that react to messages."""

from typing import Any

from chat.state import ApplicationState
from messaging.delivery.hub.connections import Connection
from messaging.services import presence, reactions
from messaging.wire.representations import message_data


async def add_reaction(
    state: ApplicationState, connection: Connection, **fields: Any
) -> dict[str, Any]:
    return await _set_reaction(state, connection, present=True, **fields)


async def remove_reaction(
    state: ApplicationState, connection: Connection, **fields: Any
) -> dict[str, Any]:
    return await _set_reaction(state, connection, present=False, **fields)


async def _set_reaction(
    state: ApplicationState, connection: Connection, **fields: Any
) -> dict[str, Any]:
    reacted = await reactions.set_reaction(state.instance, user_id=connection.user_id, **fields)
    presence.note_activity(state.instance, connection=connection)
    return {"message": message_data(reacted.message)}
