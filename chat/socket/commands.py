"""The commands of the socket: each validates its fields and calls one service."""

import logging
import re
from datetime import datetime
from typing import Any

from chat.authentication import require_unrevoked
from chat.exceptions import INVALID
from chat.limits.throttling import READS, require_rate, turn
from chat.payloads import command_serializers
from chat.payloads.answers import own_changes_data, receipt_data
from chat.payloads.decoding import CommandDecoder
from chat.payloads.serializers import validated
from chat.socket.command import ANY, INVALID_OR_TOO_MANY, REFUSED_TOKEN, Command
from chat.socket.frames import ReceivedCommand
from chat.socket.handlers.messages import delete_message, edit_message, send_message
from chat.socket.handlers.reactions import add_reaction, remove_reaction
from chat.socket.syncing import sync_conversations
from chat.state import ApplicationState
from messaging.delivery.hub.connections import Connection
from messaging.domain.exceptions import InvalidRequest, PermissionDenied
from messaging.domain.identifiers import is_stored_id
from messaging.services import presence, receipts, sessions, typing_indicators
from messaging.services.account import own_changes
from messaging.wire.representations import presence_data, timestamp


def command_of(received: ReceivedCommand) -> Command | None:
    """Return the command that the client named, if it exists."""
    return COMMANDS.get(received.type) if isinstance(received.type, str) else None


async def handle(
    state: ApplicationState, received: ReceivedCommand, connection: Connection
) -> dict[str, Any]:
    """Run a command and return the data of its reply.

    Raises MessagingError and DRF's ValidationError. There is no await between its last use of the
    hub and its return, so that the reply can be queued in the same step.
    """
    command = command_of(received)
    if command is None:
        raise InvalidRequest.of(
            "type", "This command does not exist. docs/socket.md lists all commands.", "unknown"
        )
    if command.takes_turns:
        async with turn(state.turns.commands, connection.user_id):
            return await _carry_out(state, command, received, connection)
    return await _carry_out(state, command, received, connection)


async def _carry_out(
    state: ApplicationState, command: Command, received: ReceivedCommand, connection: Connection
) -> dict[str, Any]:
    if command.rate is not None:
        rate = command.rate(state.person_rates)
        await require_rate(state.instance.rates, rate, connection.user_id)
    fields = received.fields
    if not received.validated:
        fields = validated(command.serializer, fields)
    answer = command.handler(state, connection, **fields)
    return answer if isinstance(answer, dict) else await answer


def may_run_at_once(text: str) -> bool:
    """Return whether a frame may be a command that never waits. Only reading it shows whether it
    is."""
    return len(text) <= _LONGEST_AT_ONCE and _AT_ONCE.search(text) is not None


def run_at_once(
    state: ApplicationState, command: Command, received: ReceivedCommand, connection: Connection
) -> dict[str, Any]:
    """Run a validated command that never waits, as `handle` does. Such a command has no rate of its
    own, and takes no turns."""
    answer = command.handler(state, connection, **received.fields)
    assert isinstance(answer, dict)
    return answer


def is_violation(command: Command | None, code: str) -> bool:
    """Return whether an error counts as a violation. Too many violations close the socket."""
    return code in (INVALID_OR_TOO_MANY if command is None else command.violations)


def describe(command: Command | None, received: ReceivedCommand) -> dict[str, str]:
    """Return the type and the conversation of a command for its log line, if it has them."""
    described = {}
    if command is not None:
        described["command"] = command.name
    conversation_id = received.fields.get("conversation_id")
    if isinstance(conversation_id, str) and is_stored_id(conversation_id):
        described["conversation_id"] = conversation_id
    return described


async def _mark_read(
    state: ApplicationState,
    connection: Connection,
    conversation_id: str,
    seq: int,
    clear: bool = False,
) -> dict[str, Any]:
    receipt = await receipts.mark_read(
        state.instance,
        user_id=connection.user_id,
        conversation_id=conversation_id,
        seq=seq,
        clear=clear,
    )
    presence.note_reading(connection=connection)
    return receipt_data(receipt)


async def _mark_delivered(
    state: ApplicationState, connection: Connection, conversation_id: str, seq: int
) -> dict[str, Any]:
    await receipts.mark_delivered(
        state.instance,
        user_id=connection.user_id,
        conversation_id=conversation_id,
        seq=seq,
        seen=connection.activity.active,
    )
    return {}


async def _start_typing(
    state: ApplicationState, connection: Connection, conversation_id: str
) -> dict[str, Any]:
    return await _set_typing(state, connection, conversation_id, typing=True)


async def _stop_typing(
    state: ApplicationState, connection: Connection, conversation_id: str
) -> dict[str, Any]:
    return await _set_typing(state, connection, conversation_id, typing=False)


async def _set_typing(
    state: ApplicationState, connection: Connection, conversation_id: str, *, typing: bool
) -> dict[str, Any]:
    await typing_indicators.set_typing(
        state.instance, user_id=connection.user_id, conversation_id=conversation_id, typing=typing
    )
    presence.note_activity(state.instance, connection=connection)
    return {}


async def _sync_receipts(
    state: ApplicationState, connection: Connection, since: datetime
) -> dict[str, Any]:
    changes = await own_changes.list_own_changes(
        state.instance, user_id=connection.user_id, since=since
    )
    return own_changes_data(changes)


async def _refresh(state: ApplicationState, connection: Connection, token: str) -> dict[str, Any]:
    """Replace the token with a fresh one of the same person. A token that expires earlier changes
    nothing."""
    identity = await state.tokens.authenticate(token)
    if identity.user_id != connection.user_id:
        raise PermissionDenied("The token belongs to another person. Send one of the same person.")
    await sessions.require_admitted(
        state.instance, user_id=identity.user_id, signed_in_at=identity.signed_in_at
    )
    await require_unrevoked(state.tokens, state.instance, token, identity)
    connection.signed_in_at = max(connection.signed_in_at, identity.signed_in_at)
    if connection.expires_at is not None and (
        identity.expires_at is None or identity.expires_at > connection.expires_at
    ):
        connection.expires_at = identity.expires_at
    expires_at = connection.expires_at
    return {"expires_at": None if expires_at is None else timestamp(expires_at)}


async def _watch_presence(
    state: ApplicationState, connection: Connection, user_ids: list[str]
) -> dict[str, Any]:
    present = await presence.watch_presence(
        state.instance, connection=connection, user_ids=user_ids
    )
    return {"items": [presence_data(person) for person in present]}


def _set_activity(state: ApplicationState, connection: Connection, active: bool) -> dict[str, Any]:
    presence.set_activity(state.instance, connection=connection, active=active)
    return {}


def _ping(state: ApplicationState, connection: Connection) -> dict[str, Any]:
    return {}


_ALL = (
    Command(
        name="message.send",
        serializer=command_serializers.SendMessageCommand,
        handler=send_message,
        rate=lambda rates: rates.sends,
    ),
    Command(
        name="message.edit",
        serializer=command_serializers.EditMessageCommand,
        handler=edit_message,
        rate=lambda rates: rates.requests,
        takes_turns=True,
    ),
    Command(
        name="message.delete",
        serializer=command_serializers.DeleteMessageCommand,
        handler=delete_message,
        rate=lambda rates: rates.requests,
        takes_turns=True,
    ),
    Command(
        name="reaction.add",
        serializer=command_serializers.ReactionCommand,
        handler=add_reaction,
        rate=lambda rates: rates.sends,
    ),
    Command(
        name="reaction.remove",
        serializer=command_serializers.ReactionCommand,
        handler=remove_reaction,
        rate=lambda rates: rates.sends,
    ),
    Command(
        name="receipt.read",
        serializer=command_serializers.MarkReadCommand,
        handler=_mark_read,
        rate=lambda _: READS,
        log_level=logging.DEBUG,
        violations=INVALID,  # the next one makes up for one beyond the rate
    ),
    Command(
        name="receipt.delivered",
        serializer=command_serializers.MarkDeliveredCommand,
        handler=_mark_delivered,
        log_level=logging.DEBUG,
        # Acknowledging a message that does not exist costs the store a read, and has no rate.
        violations=ANY,
    ),
    Command(
        name="typing.start",
        serializer=command_serializers.TypingCommand,
        handler=_start_typing,
        rate=lambda rates: rates.typing,
        log_level=logging.DEBUG,
    ),
    Command(
        name="typing.stop",
        serializer=command_serializers.TypingCommand,
        handler=_stop_typing,
        rate=lambda rates: rates.typing_stops,
        log_level=logging.DEBUG,
    ),
    Command(
        name="conversation.sync",
        serializer=command_serializers.SyncCommand,
        handler=sync_conversations,
        rate=lambda rates: rates.requests,
        takes_turns=True,
        deadline=None,
    ),
    Command(
        name="receipts.sync",
        serializer=command_serializers.SyncReceiptsCommand,
        handler=_sync_receipts,
        rate=lambda rates: rates.requests,
        takes_turns=True,
    ),
    Command(
        name="auth.refresh",
        serializer=command_serializers.RefreshCommand,
        handler=_refresh,
        rate=lambda rates: rates.requests,
        takes_turns=True,
        # Each costs a verification. A client whose clock is slow sends an expired token a few
        # times, which is harmless: only some sixty in a row close the socket.
        violations=REFUSED_TOKEN,
    ),
    Command(
        name="presence.watch",
        serializer=command_serializers.WatchPresenceCommand,
        handler=_watch_presence,
        rate=lambda rates: rates.requests,
        takes_turns=True,
    ),
    Command(
        name="activity",
        serializer=command_serializers.ActivityCommand,
        handler=_set_activity,
        waits=False,
        log_level=logging.DEBUG,
    ),
    Command(
        name="ping",
        serializer=command_serializers.PingCommand,
        handler=_ping,
        waits=False,
        log_level=logging.DEBUG,
    ),
)
COMMANDS: dict[str, Command] = {command.name: command for command in _ALL}
_AT_ONCE = re.compile("|".join(f'"{command.name}"' for command in _ALL if not command.waits))
_LONGEST_AT_ONCE = 200
"""The characters of a frame, more than any client of ours writes for such a command."""
TYPED = CommandDecoder({name: command.serializer for name, command in COMMANDS.items()})
"""Decodes and validates all commands."""
