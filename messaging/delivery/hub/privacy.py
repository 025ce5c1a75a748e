"""Privacy: a cache of whom people block and what they hide about themselves."""

from collections.abc import Sequence

from messaging.delivery.hub.copies import CopiesOfPeople
from messaging.domain.people import Privacy
from messaging.instruments.memory import MIB
from messaging.stores.people import PeopleStore

_MAX_BYTES = 16 * MIB
_ENTRY_BYTES = 600
_ID_BYTES = 100
"""The approximate bytes of an entry, and of an id in it besides its characters, on 64-bit
CPython."""


class PrivacyList(CopiesOfPeople[Privacy]):
    def __init__(self, people: PeopleStore) -> None:
        super().__init__("privacy", people.get_privacy, weigh=_weight, most=_MAX_BYTES)

    async def apart(self, user_id: str, others: Sequence[str]) -> frozenset[str]:
        """Return those of the others whom this person blocks, or who block this person. Raises
        StoreUnavailable."""
        if not others:
            return frozenset()
        known = await self.get([user_id, *others])
        own = known[user_id].blocked
        return frozenset(
            other for other in others if other in own or user_id in known[other].blocked
        )


def _weight(privacy: Privacy) -> int:
    ids = (*privacy.blocked, *privacy.left)
    return _ENTRY_BYTES + len(privacy.user_id) + sum(_ID_BYTES + len(id_) for id_ in ids)
