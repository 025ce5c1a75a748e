"""The commands of the socket: each validates its fields and calls one service."""

import asyncio
import logging
from datetime import datetime
from typing import Any

from chat.authentication import require_unrevoked
from chat.limits.throttling import READS, SYNCED, require_rate, turn
from chat.payloads import serializers
from chat.payloads.answers import changes_data, own_changes_data, receipt_data
from chat.payloads.decoding import CommandDecoder
from chat.payloads.renderers import fragment
from chat.payloads.serializers import validated
from chat.socket.command import ANY, INVALID, INVALID_OR_TOO_MANY, REFUSED_TOKEN, Command
from chat.socket.frames import ReceivedCommand
from chat.state import SYNCS_AT_ONCE, ApplicationState
from messaging.delivery.hub.connections import Connection
from messaging.domain.exceptions import InvalidRequest, PermissionDenied, StoreUnavailable
from messaging.domain.identifiers import is_stored_id
from messaging.services import messages, presence, receipts, sessions, sync, typing_indicators
from messaging.services.account import own_changes
from messaging.wire.representations import message_data, presence_data, timestamp

_SYNC_MESSAGES = 200
"""The most messages in one answer, over all its conversations (at least 2 each)."""
_SYNC_TRIES = 5


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
        async with turn(state.commands, connection.user_id):
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
    return await command.handler(state, connection, **fields)


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


async def _send_message(
    state: ApplicationState, connection: Connection, **fields: Any
) -> dict[str, Any]:
    sent = await messages.send_message(state.instance, user_id=connection.user_id, **fields)
    presence.note_activity(state.instance, connection=connection)
    return {"message": message_data(sent.message), "created": sent.created}


async def _mark_read(
    state: ApplicationState, connection: Connection, conversation_id: str, seq: int
) -> dict[str, Any]:
    receipt = await receipts.mark_read(
        state.instance, user_id=connection.user_id, conversation_id=conversation_id, seq=seq
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


async def _sync(
    state: ApplicationState, connection: Connection, conversations: dict[str, int]
) -> dict[str, Any]:
    await require_rate(state.instance.rates, SYNCED, connection.user_id, count=len(conversations))
    limit = max(_SYNC_MESSAGES // len(conversations), 2)
    places = asyncio.Semaphore(SYNCS_AT_ONCE)

    async def answer(conversation_id: str, since: int) -> tuple[sync.Changes, Any]:
        """Encode one conversation at a time: encoding all in one step would delay other people."""
        async with places, turn(state.syncs, connection.user_id):
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
    for _ in range(_SYNC_TRIES):
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


async def _set_activity(
    state: ApplicationState, connection: Connection, active: bool
) -> dict[str, Any]:
    presence.set_activity(state.instance, connection=connection, active=active)
    return {}


async def _ping(state: ApplicationState, connection: Connection) -> dict[str, Any]:
    return {}


_ALL = (
    Command(
        name="message.send",
        serializer=serializers.SendMessageCommand,
        handler=_send_message,
        rate=lambda rates: rates.sends,
    ),
    Command(
        name="receipt.read",
        serializer=serializers.MarkReadCommand,
        handler=_mark_read,
        rate=lambda _: READS,
        log_level=logging.DEBUG,
        violations=INVALID,  # the next one makes up for one beyond the rate
    ),
    Command(
        name="receipt.delivered",
        serializer=serializers.MarkReadCommand,
        handler=_mark_delivered,
        log_level=logging.DEBUG,
        # Acknowledging a message that does not exist costs the store a read, and has no rate.
        violations=ANY,
    ),
    Command(
        name="typing.start",
        serializer=serializers.TypingCommand,
        handler=_start_typing,
        rate=lambda rates: rates.typing,
        log_level=logging.DEBUG,
    ),
    Command(
        name="typing.stop",
        serializer=serializers.TypingCommand,
        handler=_stop_typing,
        rate=lambda rates: rates.typing_stops,
        log_level=logging.DEBUG,
    ),
    Command(
        name="conversation.sync",
        serializer=serializers.SyncCommand,
        handler=_sync,
        rate=lambda rates: rates.requests,
        takes_turns=True,
        deadline=None,
    ),
    Command(
        name="receipts.sync",
        serializer=serializers.SyncReceiptsCommand,
        handler=_sync_receipts,
        rate=lambda rates: rates.requests,
        takes_turns=True,
    ),
    Command(
        name="auth.refresh",
        serializer=serializers.RefreshCommand,
        handler=_refresh,
        rate=lambda rates: rates.requests,
        takes_turns=True,
        # Each costs a verification. A client whose clock is slow sends an expired token a few
        # times, which is harmless: only some sixty in a row close the socket.
        violations=REFUSED_TOKEN,
    ),
    Command(
        name="presence.watch",
        serializer=serializers.WatchPresenceCommand,
        handler=_watch_presence,
        rate=lambda rates: rates.requests,
        takes_turns=True,
    ),
    Command(name="activity", serializer=serializers.ActivityCommand, handler=_set_activity),
    Command(
        name="ping",
        serializer=serializers.PingCommand,
        handler=_ping,
        log_level=logging.DEBUG,
    ),
)
COMMANDS: dict[str, Command] = {command.name: command for command in _ALL}
TYPED = CommandDecoder({name: command.serializer for name, command in COMMANDS.items()})
"""Decodes and validates all commands."""
