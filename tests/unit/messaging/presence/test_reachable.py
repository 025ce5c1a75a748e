"""How often the store is asked who has a device."""

from collections.abc import Mapping, Sequence
from typing import cast

import pytest

from messaging.domain.recipients import Recipient
from messaging.presence.reachable import Reachable
from messaging.stores.recipients import RecipientStore
from messaging.stores.sql.recipients import SqlRecipientStore
from messaging.stores.sql.store import SqlStore

pytestmark = pytest.mark.django_db(transaction=True)


class Counting:
    """The recipients of a store, and how many people each read asked for."""

    def __init__(self, store: SqlStore) -> None:
        self._recipients = SqlRecipientStore(store)
        self.asked: list[int] = []

    async def get_recipients(self, user_ids: Sequence[str]) -> Mapping[str, Recipient]:
        self.asked.append(len(user_ids))
        return await self._recipients.get_recipients(user_ids)


async def test_many_people_are_read_once_a_minute(sql_store: SqlStore) -> None:
    """Two people can watch more than ten thousand others, whom they made up."""
    counting = Counting(sql_store)
    reachable = Reachable(cast("RecipientStore", counting))
    people = [f"user-{number}" for number in range(12_000)]

    for _ in range(3):
        assert await reachable.among(people) == frozenset()

    assert sum(counting.asked) == len(people)
    assert max(counting.asked) <= 1_000
