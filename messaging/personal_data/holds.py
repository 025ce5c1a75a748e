"""Legal holds: which of them defer the erasure of a person."""

from collections.abc import Sequence

from messaging.domain.personal_data.jobs import Hold, HoldKind
from messaging.stores.conversations import Store
from messaging.stores.database.jobs import JobStore

_AT_ONCE = 100


class Held(Exception):
    """A legal hold defers the erasure."""

    def __init__(self, holds: Sequence[Hold]) -> None:
        super().__init__(len(holds))
        self.holds = holds


async def holds_on(user_id: str, *, jobs: JobStore, store: Store) -> Sequence[Hold]:
    """Return the holds on a person, and on conversations that they are or were in. Raises
    StoreUnavailable."""
    holds = await jobs.list_holds()
    found = [one for one in holds if one.kind is HoldKind.PERSON and one.subject == user_id]
    held = {one.subject: one for one in holds if one.kind is HoldKind.CONVERSATION}
    ids = list(held)
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        positions = await store.get_read_positions(user_id, some)
        memberships = await store.get_memberships(user_id, some)
        inside = {*positions, *(one.conversation_id for one in memberships)}
        found += [held[one] for one in some if one in inside]
    return found
