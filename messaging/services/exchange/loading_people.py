"""People of a load. Who is unknown to the store is stored as in the file. Who is known keeps their
profile, settings and devices; bans, revoked sign-ins and blocks of the file are added."""

from contextlib import suppress
from datetime import UTC, datetime
from enum import Enum, auto

from messaging.concurrency.retries import retried
from messaging.domain.exceptions import ConversationNotFound
from messaging.domain.identifiers import direct_conversation_id
from messaging.domain.limits import BOUNDS
from messaging.exchange.records import Person
from messaging.stores import Stores

_MAX_BLOCKS = BOUNDS["blocks"][1]


class Loaded(Enum):
    """What became of a person of a file."""

    NEW = auto()
    """The store did not know them."""
    ADDED_TO = auto()
    """The store knew them, and has got some of their blocks from the file."""
    KEPT = auto()
    """The store knew them, and has got nothing but revoked sign-ins and bans."""


async def load_person(stores: Stores, person: Person) -> Loaded:
    """Store a person. Raises StoreUnavailable."""
    user_id, people = person.user_id, stores.people
    blocked = (await retried(people.get_blocks, [user_id]))[user_id] if person.blocked else ()
    added = [one for one in person.blocked if one not in blocked]
    is_new = await retried(stores.exchange.put_person, person)
    if is_new:
        loaded = Loaded.NEW
    else:
        loaded = Loaded.ADDED_TO if added else Loaded.KEPT
        await _restrict(stores, person)
        for one in added[: max(_MAX_BLOCKS - len(blocked), 0)]:
            await retried(people.set_block, user_id, one, blocked=True)
    for one in added:
        # The conversation of the two may have been in the store before.
        with suppress(ConversationNotFound):
            await retried(
                stores.conversations.set_blocked,
                direct_conversation_id(user_id, one),
                user_id,
                blocked=True,
            )
    return loaded


async def _restrict(stores: Stores, person: Person) -> None:
    """Apply the revoked sign-ins and the ban of a person, where they reach further."""
    people, until = stores.people, person.banned_until
    if person.valid_after is not None:
        await retried(people.revoke, person.user_id, up_to=person.valid_after)
    if until is not None and until > datetime.now(UTC):
        access = await retried(people.get_access, person.user_id)
        if access.banned_until is None or access.banned_until < until:
            await retried(people.set_ban, person.user_id, until=until)
