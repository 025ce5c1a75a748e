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

from messaging.delivery.hub.connections import Connection, Ending, Outlet
from messaging.domain.conversation import Membership
from messaging.domain.exceptions import Banned, StoreUnavailable, TokenRevoked
from messaging.domain.limits import get_limits
from messaging.runtime.instance import Instance
from messaging.services.sync import Changes, SyncStatus
from messaging.wire.events import EventType
from messaging.wire.representations import timestamp

logger = structlog.get_logger(__name__)

HEARTBEAT_SECONDS = 25
_QUERY_SECONDS = 4.5


def turn(instance: Instance) -> AbstractAsyncContextManager[None]:
    """To be had while a socket is opened, see `Admission.place`."""
    return instance.connecting.place()


async def require_admitted(instance: Instance, *, user_id: str, signed_in_at: datetime) -> None:
    """Raises Banned, TokenRevoked for whoever logged out everywhere since they signed in, and
    StoreUnavailable: of whom nothing is known here, the store is asked once."""
    access = await instance.access.get(user_id)
    if access.banned:
        raise Banned
    if not access.admits(signed_in_at):
        raise TokenRevoked


async def open_session(
    instance: Instance, *, user_id: str, signed_in_at: datetime, outlet: Outlet
) -> Connection:
    """Connect a socket: its first frame is `hello`, and what happens from then on follows.

    One query of the person's conversations, or none for somebody who left this instance within
    the last minute; Redis is not waited for. Above `sockets` of one person on this instance the
    oldest is ended. Raises as `require_admitted`.
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
        # What was read beside it, and what was heard of since: this takes no await.
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
    """Somebody's places in their latest conversations, as they were read."""

    places: Sequence[Membership]
    truncated: bool
    at: float
    """When the read began, on the monotonic clock."""


async def _list_places(instance: Instance, user_id: str) -> _Places:
    """One query for all sockets of a person that connect together, and beside it one read of
    whether they may come in.

    One that is under way may have read before the socket at hand came, and is shared all the
    same: what it misses the hub has heard since and makes good in `connect`, as it does for the
    socket that asked. Not so while the link is down. Then a conversation that this client was
    just told of elsewhere would be missing in its `hello`, and the client would discard it; so
    each socket asks for itself.
    """

    async def read() -> _Places:
        limit = get_limits().latest_conversations
        try:
            async with asyncio.timeout(_QUERY_SECONDS), instance.own_reads.turn(user_id):
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
    return await instance.connecting.share(f"conversations:{user_id}", read)


async def log_out_everywhere(
    instance: Instance, *, user_id: str, signed_in_at: datetime | None = None
) -> None:
    """End all of one's sign-ins, and the sockets that rest on them, on every instance; that is
    waited for, up to a second.

    `signed_in_at`: of the sign-in that asks, which ends even where its issuer's clock is ahead of
    the store's. Raises StoreUnavailable.
    """
    await instance.apply_access(await instance.people.log_out(user_id, at_least=signed_in_at))
    logger.info("person.logged_out", user_id=user_id)


async def revoke_sign_ins(
    instance: Instance, *, user_id: str, signed_in_at: datetime, up_to: datetime | None
) -> None:
    """End the sign-in at hand and all others up to a moment, None being now, because the issuer
    of their tokens revoked them: as `log_out_everywhere`. Later sign-ins hold. Raises
    StoreUnavailable."""
    if up_to is None:
        access = await instance.people.log_out(user_id, at_least=signed_in_at)
    else:
        # An issuer that names a moment to come is asked again about the sign-ins until then.
        until = max(signed_in_at, min(up_to, datetime.now(UTC)))
        access = await instance.people.revoke(user_id, up_to=until)
    await instance.apply_access(access)
    logger.info("person.revoked", user_id=user_id)


def close_session(instance: Instance, connection: Connection, *, code: int | None = None) -> None:
    """`code`: of the close frame, where there is one."""
    instance.presence_watch.unwatch(connection)
    instance.hub.sessions.disconnect(connection)
    instance.presence.changed(connection.user_id)
    logger.info("session.closed", connection_id=connection.id, code=code)


def overtaken(
    instance: Instance, connection: Connection, changes: Mapping[str, Changes]
) -> Sequence[str]:
    """Return the conversations of a sync answer that have to be synced again before `admit`: they
    were delivered here beyond what was read, and it is not known here whether this person is in
    them still."""
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
    """Make the conversations of a sync answer live on this socket, and take out of the answer
    what its person is known to have lost since it was read.

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
    """Whether this instance is about to end: nobody is let in any more."""
    return instance.draining


def expiring_frame(instance: Instance, expires_at: datetime) -> str:
    return instance.events.auth_expiring(expires_at)


def heartbeat_frame(instance: Instance) -> str:
    return instance.events.soft(EventType.HEARTBEAT, {})
