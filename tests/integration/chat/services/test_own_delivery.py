"""Whoever gets a message may learn why their phone rang for it, or not."""

from collections import Counter

import pytest

from messaging.domain.exceptions import MessageNotFound, NotAParticipant
from messaging.runtime.instance import Instance
from messaging.services import receipts
from messaging.services.deliveries import get_own_delivery
from tests.documents import counted_documents
from tests.integration.chat import Api


async def test_each_person_learns_their_own(
    instance: Instance, ann: Api, bob: Api, cid: Api
) -> None:
    """The sender gets no push. People who are not in the conversation learn nothing."""
    group = await ann.group(bob)
    message = await ann.send(group)

    async def asked_by(user_id: str, message_id: str = message["id"]) -> str | None:
        found = await get_own_delivery(
            instance, user_id=user_id, conversation_id=group, message_id=message_id
        )
        return None if found is None else f"{found.user_id} {found.verdict} {found.reason}"

    assert await asked_by("bob") == "bob dropped no_device"
    assert await asked_by("ann") is None
    with pytest.raises(NotAParticipant):
        await asked_by("cid")
    with pytest.raises(MessageNotFound):
        await asked_by("bob", "0" * 26)


async def test_what_it_costs_does_not_depend_on_the_others(
    instance: Instance, ann: Api, bob: Api, cid: Api
) -> None:
    """Nobody but the person who asks is looked up."""

    async def cost(group: str) -> Counter[str]:
        message = await ann.send(group)
        before = counted_documents()
        await get_own_delivery(
            instance, user_id="bob", conversation_id=group, message_id=message["id"]
        )
        counted = counted_documents()
        counted.subtract(before)
        return counted

    small, large = await ann.group(bob), await ann.group(bob, cid)
    first = await ann.send(large)
    for user_id in ("bob", "cid"):
        await receipts.mark_read(instance, user_id=user_id, conversation_id=large, seq=first["seq"])

    assert await cost(small) == await cost(large)
