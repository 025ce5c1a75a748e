"""Presence of the people who share a conversation with a person."""

from collections.abc import Sequence

from messaging.delivery.hub.connections import Connection
from messaging.domain.exceptions import InvalidRequest
from messaging.domain.limits import get_limits
from messaging.domain.people import PersonPresence
from messaging.runtime.instance import Instance
from messaging.services.rules.companions import companions_among


async def get_presence(
    instance: Instance, *, user_id: str, user_ids: Sequence[str]
) -> Sequence[PersonPresence]:
    """Return the presence of the people who share a conversation with this person; others are left
    out.

    This takes one round trip to Redis. Raises InvalidRequest, StoreUnavailable.
    """
    known = await companions_among(instance, user_id, _require_not_too_many(user_ids))
    asked = await _shown_to(
        instance, user_id, [one for one in dict.fromkeys(user_ids) if one in known]
    )
    return await instance.presence_watch.look(asked)


async def watch_presence(
    instance: Instance, *, connection: Connection, user_ids: Sequence[str]
) -> Sequence[PersonPresence]:
    """Send a socket the presence changes of these people, and return their present status. The list
    replaces the previous one.

    Only people who share a conversation at or below the fan-out limit are included. Raises
    InvalidRequest, StoreUnavailable.
    """
    wanted = _require_not_too_many(user_ids)
    known = instance.hub.sessions.companions(connection, wanted)
    if not wanted <= known:
        unknown = sorted(wanted - known)
        found = await instance.turns.own_reads.run(
            connection.user_id,
            lambda: instance.store.list_companions(
                connection.user_id, unknown, most=get_limits().fan_out_participants
            ),
        )
        if connection not in instance.hub.connections.of(connection.user_id):
            return []  # the socket has left meanwhile
        instance.hub.sessions.keep_companions(connection, found)
        known = instance.hub.sessions.companions(connection, wanted)
    asked = [person for person in dict.fromkeys(user_ids) if person in known]
    instance.presence_watch.watch(connection, asked)
    present = await instance.presence_watch.look(
        await _shown_to(instance, connection.user_id, asked)
    )
    await instance.presence_watch.notify(present)
    return present


def note_activity(instance: Instance, *, connection: Connection) -> None:
    """Record that the person has just used this connection."""
    connection.activity.acted()
    instance.presence.acted(connection.user_id)


def note_reading(*, connection: Connection) -> None:
    """Record that the person has just read on this connection. `receipts` decides what others
    see."""
    connection.activity.acted()


def set_activity(instance: Instance, *, connection: Connection, active: bool) -> None:
    """Record whether a person is looking at the client."""
    if active:
        note_activity(instance, connection=connection)
    else:
        connection.activity.left()


async def _shown_to(instance: Instance, user_id: str, people: Sequence[str]) -> Sequence[str]:
    """Return the people whose presence this person may see: neither blocks the other. Raises
    StoreUnavailable."""
    apart = await instance.privacy.apart(user_id, people)
    return [person for person in people if person not in apart]


def _require_not_too_many(user_ids: Sequence[str]) -> set[str]:
    limit = get_limits().presence_users
    if len(user_ids) > limit:
        raise InvalidRequest.of("user_ids", f"Name at most {limit} people.", "max_length")
    return set(user_ids)
