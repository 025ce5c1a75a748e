"""The commands of the socket: each validates its fields and calls one service."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from rest_framework.serializers import Serializer

from chat.authentication import require_unrevoked
from chat.exceptions import InvalidJSON, NotAuthenticated, TokenExpired
from chat.limits.throttling import READS, SYNCED, PersonRates, require_rate, turn
from chat.payloads import serializers
from chat.payloads.answers import changes_data, own_changes_data, receipt_data
from chat.payloads.decoding import CommandDecoder
from chat.payloads.renderers import fragment
from chat.payloads.serializers import validated
from chat.socket.frames import Command
from chat.state import SYNCS_AT_ONCE, ApplicationState
from messaging.delivery.hub.connections import Connection
from messaging.domain.exceptions import (
    Banned,
    InvalidRequest,
    PermissionDenied,
    RateLimited,
    StoreUnavailable,
    TokenRevoked,
)
from messaging.domain.identifiers import is_stored_id
from messaging.redis.rate_limits import Rate
from messaging.services import messages, presence, receipts, sessions, sync, typing_indicators
from messaging.services.account import own_changes
from messaging.wire.representations import message_data, presence_data, timestamp

Handler = Callable[..., Awaitable[dict[str, Any]]]

_SYNC_MESSAGES = 200
"""The most messages in one answer, over all its conversations (at least 2 each)."""
_SYNC_TRIES = 5


async def handle(
    state: ApplicationState, command: Command, connection: Connection
) -> dict[str, Any]:
    """Run a command and return the data of its reply.

    Raises MessagingError and DRF's ValidationError. There is no await between its last use of the
    hub and its return, so that the reply can be queued in the same step.
    """
    if not isinstance(command.type, str) or command.type not in COMMANDS:
        raise InvalidRequest.of(
            "type", "This command does not exist. docs/socket.md lists all commands.", "unknown"
        )
    if command.type in _EXPENSIVE:
        async with turn(state.commands, connection.user_id):
            rate = state.person_rates.requests
            await require_rate(state.instance.rates, rate, connection.user_id)
            return await _carry_out(state, command, connection)
    rate_of = _RATES.get(command.type)
    if rate_of is not None:
        rate = rate_of(state.person_rates)
        await require_rate(state.instance.rates, rate, connection.user_id)
    return await _carry_out(state, command, connection)


async def _carry_out(
    state: ApplicationState, command: Command, connection: Connection
) -> dict[str, Any]:
    serializer_class, handler = COMMANDS[command.type]
    if command.validated:
        return await handler(state, connection, **command.fields)
    return await handler(state, connection, **validated(serializer_class, command.fields))


def waits_its_turn(command: Command) -> bool:
    """Return whether the command may have to wait for others. Such a command limits its own
    time."""
    return command.type == "conversation.sync"


def counts_as_violation(command: Command, code: str) -> bool:
    """Return whether an error counts as a violation. Too many violations close the socket.

    Invalid commands and commands beyond the limits count. `receipt.read` beyond its limit does not:
    the next one makes up for it. Every error of `receipt.delivered` counts, because acknowledging a
    message that does not exist costs the store a read and has no limit of its own. Every refused
    token counts, because it costs a verification. A client whose clock is slow sends an expired
    token a few times, which is harmless: only some sixty in a row close the socket.
    """
    if command.type == "auth.refresh" and code in _BAD_TOKEN:
        return True
    if command.type == "receipt.delivered" or code in _INVALID:
        return True
    return code == RateLimited.code and command.type != "receipt.read"


def describe(command: Command) -> dict[str, str]:
    """Return the type and the conversation of a command for its log line, if it has them."""
    described = {}
    if isinstance(command.type, str) and command.type in COMMANDS:
        described["command"] = command.type
    conversation_id = command.fields.get("conversation_id")
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


COMMANDS: dict[str, tuple[type[Serializer[Any]], Handler]] = {
    "message.send": (serializers.SendMessageCommand, _send_message),
    "receipt.read": (serializers.MarkReadCommand, _mark_read),
    "receipt.delivered": (serializers.MarkReadCommand, _mark_delivered),
    "typing.start": (serializers.TypingCommand, _start_typing),
    "typing.stop": (serializers.TypingCommand, _stop_typing),
    "conversation.sync": (serializers.SyncCommand, _sync),
    "receipts.sync": (serializers.SyncReceiptsCommand, _sync_receipts),
    "auth.refresh": (serializers.RefreshCommand, _refresh),
    "presence.watch": (serializers.WatchPresenceCommand, _watch_presence),
    "activity": (serializers.ActivityCommand, _set_activity),
    "ping": (serializers.PingCommand, _ping),
}
TYPED = CommandDecoder({name: serializer for name, (serializer, _) in COMMANDS.items()})
"""Decodes and validates all commands."""

_INVALID = {InvalidRequest.code, InvalidJSON.code}
_BAD_TOKEN = {
    NotAuthenticated.code,
    TokenExpired.code,
    TokenRevoked.code,
    Banned.code,
    PermissionDenied.code,
}
_EXPENSIVE = frozenset({"conversation.sync", "receipts.sync", "presence.watch", "auth.refresh"})
"""The commands that count as requests over REST do, and take turns."""
_RATES: dict[str, Callable[[PersonRates], Rate]] = {
    "message.send": lambda rates: rates.sends,
    "receipt.read": lambda _: READS,
    "typing.start": lambda rates: rates.typing,
    "typing.stop": lambda rates: rates.typing_stops,
}
"""The rates of a person over all sockets. All but `receipt.read` count over REST too. The other
commands are cheap, see `chat.limits.throttling`."""
