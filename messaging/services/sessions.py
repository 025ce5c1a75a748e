"""Sessions: a person's socket joins the events of their conversations, and leaves them."""

import asyncio
import secrets
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import structlog

from messaging.delivery.heartbeats import Heartbeats
from messaging.delivery.hub.connections import Connection, Ending, Outlet
from messaging.domain.conversation import Membership
from messaging.domain.exceptions import Banned, BeingErased, StoreUnavailable, TokenRevoked
from messaging.domain.limits import get_limits
from messaging.runtime.instance import Instance
from messaging.services.rules.carried_through import carried_through
from messaging.services.sync import Changes, SyncStatus
from messaging.wire.events import EventType
from messaging.wire.representations import timestamp

logger = structlog.get_logger(__name__)

HEARTBEAT_SECONDS = 25
_QUERY_SECONDS = 4.5


def turn(instance: Instance) -> AbstractAsyncContextManager[None]:
    """Acquire before opening a socket, see `Admission.place`."""
    return instance.turns.connecting.place()


async def require_admitted(instance: Instance, *, user_id: str, signed_in_at: datetime) -> None:
    """Require that a sign-in is still valid.

    Raises Banned, TokenRevoked after a logout everywhere, and StoreUnavailable. The store is read
    once for a person who is unknown here.
    """
    access = await instance.access.get(user_id)
    if access.banned:
        raise Banned
    if not access.admits(signed_in_at):
        raise TokenRevoked


async def require_not_banned(instance: Instance, *, user_id: str) -> None:
    """Require that a person, on whose behalf somebody acts without their sign-in, is not banned.
    Raises Banned, StoreUnavailable. The store is read once for a person who is unknown here."""
    if (await instance.access.get(user_id)).banned:
        raise Banned


async def require_not_erasing(instance: Instance, *, user_id: str) -> None:
    """Require that no erasure of a person is under way: what others store for them would stay.
    Raises BeingErased, StoreUnavailable. The store is read once for a person who is unknown
    here."""
    if (await instance.access.get(user_id)).erasing:
        raise BeingErased


async def open_session(
    instance: Instance, *, user_id: str, signed_in_at: datetime, outlet: Outlet
) -> Connection:
    """Connect a socket. Its first frame is `hello`, and all later events follow.

    This takes one query of the person's conversations, or none if the person left this instance
    within the last minute. It does not wait for Redis. If one person has more than `sockets`
    sockets on this instance, the oldest is closed. Raises the same errors as `require_admitted`.
    """
    epoch = await instance.epochs.get()
    limits = get_limits()
    connection = Connection(secrets.token_hex(8), user_id, outlet, signed_in_at=signed_in_at)
    require_now = partial(require_admitted, instance, user_id=user_id, signed_in_at=signed_in_at)
    reconnected = None
    if instance.access.knows(user_id):
        await require_now()
        instance.epochs.require(epoch)
        reconnected = instance.hub.sessions.reconnect(connection)
    if reconnected is not None:
        named = reconnected
    else:
        read = await _list_places(instance, user_id)
        places = await instance.hub.sessions.refresh(user_id, read.places)
        if instance.hub.sessions.forgot_additions(read.at):
            raise StoreUnavailable
        # Apply the concurrent read, and the changes since then; this takes no await.
        await require_now()
        instance.epochs.require(epoch)
        named = instance.hub.sessions.connect(connection, places)
        connection.truncated = read.truncated
    hello = {
        "connection_id": connection.id,
        "instance_id": instance.id,
        "user_id": user_id,
        "heartbeat_seconds": HEARTBEAT_SECONDS,
        "limits": limits.as_dict(),
        "degraded": instance.degraded,
        "conversations": named,
        "truncated": connection.truncated,
        "epoch": epoch.id,
        "at": timestamp(instance.epochs.store_time()),
    }
    connection.transmit(instance.events.soft(EventType.HELLO, hello))
    instance.presence.changed(user_id)
    for oldest in instance.hub.connections.of(user_id)[: -limits.sockets]:
        oldest.end(Ending.TOO_MANY)
    logger.info("session.opened", connection_id=connection.id, conversations=len(named))
    return connection


@dataclass(frozen=True, slots=True, kw_only=True)
class _Places:
    """A person's memberships in their latest conversations, as they were read."""

    places: Sequence[Membership]
    truncated: bool
    at: float
    """When the read began, by the monotonic clock."""


async def _list_places(instance: Instance, user_id: str) -> _Places:
    """Run one query for all sockets of a person that connect together. A second read checks at the
    same time whether the person may sign in.

    A running query may have started before this socket arrived, and is shared anyway. The hub knows
    of every change since, and `connect` adds them, as it does for the first socket. While the link
    is down the query is not shared: `hello` might lack a conversation that another instance has
    just announced to this client, and the client would discard it. Then each socket runs its own
    query.
    """

    async def read() -> _Places:
        limit = get_limits().latest_conversations
        try:
            async with asyncio.timeout(_QUERY_SECONDS), instance.turns.own_reads.turn(user_id):
                begun = time.monotonic()
                places, _ = await asyncio.gather(
                    instance.store.list_memberships(user_id, limit=limit + 1),
                    instance.access.get(user_id),
                )
        except TimeoutError:
            raise StoreUnavailable from None
        return _Places(places=places[:limit], truncated=len(places) > limit, at=begun)

    if instance.degraded:
        return await read()
    return await instance.turns.connecting.share(f"conversations:{user_id}", read)


@carried_through
async def log_out_everywhere(
    instance: Instance, *, user_id: str, signed_in_at: datetime | None = None
) -> None:
    """Revoke all sign-ins of a person and close their sockets on every instance. Wait for the other
    instances for up to a second.

    `signed_in_at` is the time of the requesting sign-in. It is revoked too, even if its issuer's
    clock is ahead of the store's. Raises StoreUnavailable.
    """
    await instance.apply_access(await instance.people.log_out(user_id, at_least=signed_in_at))
    logger.info("person.logged_out", user_id=user_id)


@carried_through
async def revoke_sign_ins(
    instance: Instance, *, user_id: str, signed_in_at: datetime, up_to: datetime | None
) -> None:
    """Revoke this sign-in and all others up to a time, because the issuer of their tokens revoked
    them. None means now. Later sign-ins stay valid.

    The rest is as in `log_out_everywhere`. Raises StoreUnavailable.
    """
    if up_to is None:
        access = await instance.people.log_out(user_id, at_least=signed_in_at)
    else:
        # If the issuer names a future time, it is asked again about sign-ins until then.
        until = max(signed_in_at, min(up_to, datetime.now(UTC)))
        access = await instance.people.revoke(user_id, up_to=until)
    await instance.apply_access(access)
    logger.info("person.revoked", user_id=user_id)


def close_session(instance: Instance, connection: Connection, *, code: int | None = None) -> None:
    """End the session of a socket. `code` is that of the close frame, if there is one."""
    instance.presence_watch.unwatch(connection)
    instance.hub.sessions.disconnect(connection)
    instance.presence.changed(connection.user_id)
    logger.info("session.closed", connection_id=connection.id, code=code)


def overtaken(
    instance: Instance, connection: Connection, changes: Mapping[str, Changes]
) -> Sequence[str]:
    """Return the conversations of a sync answer that must be synced again before `admit`.

    This instance has delivered events beyond what was read, and does not know whether the person is
    still in these conversations.
    """
    hub = instance.hub
    return [
        conversation_id
        for conversation_id, answer in changes.items()
        if answer.conversation is not None
        and hub.sessions.is_stale(connection.user_id, answer.conversation)
    ]


def admit(
    instance: Instance, connection: Connection, changes: Mapping[str, Changes]
) -> Mapping[str, Changes]:
    """Make the conversations of a sync answer live on this socket, and remove from the answer those
    that the person has lost since it was read.

    The caller sends the answer without an await in between.
    """
    hub = instance.hub
    return {
        conversation_id: answer
        if answer.conversation is None or hub.sessions.admit(connection, answer.conversation)
        else Changes(status=SyncStatus.FORBIDDEN, version=0)
        for conversation_id, answer in changes.items()
    }


def draining(instance: Instance) -> bool:
    """Return whether this instance is shutting down, so that no one may connect."""
    return instance.draining


def expiring_frame(instance: Instance, expires_at: datetime) -> str:
    return instance.events.auth_expiring(expires_at)


def heartbeats(instance: Instance) -> Heartbeats:
    return instance.hub.heartbeats
