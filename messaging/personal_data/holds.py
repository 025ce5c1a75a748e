"""Legal holds: which of them defer the erasure of a person, or keep the messages of a
conversation."""

from collections.abc import Sequence

from messaging.domain.conversation import Conversation
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


async def is_held(conversation: Conversation, holds: Sequence[Hold], *, store: Store) -> bool:
    """Return whether one of the holds is on a conversation, or on a person who is or was in it. For
    each person on hold whom the conversation does not name, this reads their position in it. Raises
    StoreUnavailable."""
    kept = {(one.kind, one.subject) for one in holds}
    if (HoldKind.CONVERSATION, conversation.id) in kept:
        return True
    people = {subject for kind, subject in kept if kind is HoldKind.PERSON}
    if people & (conversation.participants.keys() | conversation.sent_seq.keys()):
        return True
    for user_id in sorted(people):
        if await store.get_read_positions(user_id, [conversation.id]):
            return True
    return False
