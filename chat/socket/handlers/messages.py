"""Handlers of the commands about messages."""

from typing import Any

from chat.state import ApplicationState
from messaging.delivery.hub.connections import Connection
from messaging.services import messages, presence
from messaging.wire.representations import message_data


async def send_message(
    state: ApplicationState, connection: Connection, **fields: Any
) -> dict[str, Any]:
    sent = await messages.send_message(state.instance, user_id=connection.user_id, **fields)
    presence.note_activity(state.instance, connection=connection)
    return {"message": message_data(sent.message), "created": sent.created}


async def edit_message(
    state: ApplicationState,
    connection: Connection,
    conversation_id: str,
    message_id: str,
    **changes: str | None,
) -> dict[str, Any]:
    message = await messages.edit_message(
        state.instance,
        user_id=connection.user_id,
        conversation_id=conversation_id,
        message_id=message_id,
        changes=changes,
    )
    presence.note_activity(state.instance, connection=connection)
    return {"message": message_data(message)}


async def delete_message(
    state: ApplicationState, connection: Connection, conversation_id: str, message_id: str
) -> dict[str, Any]:
    version = await messages.delete_message(
        state.instance,
        user_id=connection.user_id,
        conversation_id=conversation_id,
        message_id=message_id,
    )
    presence.note_activity(state.instance, connection=connection)
    return {"version": version}
