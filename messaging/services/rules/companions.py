"""Companions: the people who share a conversation with a person."""

from collections.abc import Collection

from messaging.runtime.instance import Instance


async def companions_among(instance: Instance, user_id: str, people: Collection[str]) -> set[str]:
    """Return those of the people who share a conversation with this person.

    What the person's connections here show costs nothing. The rest takes one query of the person's
    own conversations. Raises StoreUnavailable.
    """
    wanted = set(people)
    known = {
        person
        for connection in instance.hub.connections.of(user_id)
        for person in instance.hub.sessions.companions(connection, wanted)
    }
    if wanted <= known:
        return known
    found = await instance.turns.own_reads.run(
        user_id, lambda: instance.store.list_companions(user_id, sorted(wanted - known))
    )
    return known | {companion.user_id for companion in found}
