"""A change of what was read from one kind of store, applied to the other one after a switch: it is
refused as overtaken, so that it is read again."""

from dataclasses import replace

import pytest

from messaging.services.copying.copying import StoreCopy
from messaging.stores.conversations import Conflict
from tests.integration.stores import new_attachment, new_conversation, sending
from tests.integration.stores.moving.moves import Both

pytestmark = pytest.mark.django_db(transaction=True)
OTHER = {"sql": "firestore", "firestore": "sql"}


@pytest.mark.parametrize("source", OTHER)
async def test_a_commit_is_overtaken(both: Both, source: str) -> None:
    """Whatever the random revision of SQL is: Firestore compares a time."""
    there, here = both.kind(source), both.kind(OTHER[source])
    before = await there.conversations.create_conversation(new_conversation("ann"))
    await StoreCopy(there, here).copy_everything()
    revisions = (before.token, 999, 2**52 - 1, 1_000) if source == "sql" else (before.token,)
    for revision in revisions:
        with pytest.raises(Conflict):
            await here.conversations.commit(sending(replace(before, token=revision), "late"))
    again = await here.conversations.get_conversation(before.id)
    assert again is not None
    await here.conversations.commit(sending(again, "in time"))


async def test_an_attachment_from_sql_is_overtaken_in_firestore(both: Both) -> None:
    """When it is replaced, and when a message takes it."""
    there, here = both.sql.conversations, both.firestore.conversations
    conversation = await there.create_conversation(new_conversation("ann"))
    file = await there.attachments.create(new_attachment(conversation.id))
    await StoreCopy(both.sql, both.firestore).copy_everything()
    later = replace(file, filename="other.jpg")
    assert not await here.attachments.replace(file, later)
    found = await here.get_conversation(conversation.id)
    assert found is not None
    commit = sending(found, "with a file")
    attached = replace(file, message_id=commit.created[0].id, seq=1)
    with pytest.raises(Conflict):
        await here.commit(replace(commit, attached=[attached]))
    (stored,) = (await here.attachments.get([file.id])).values()
    assert await here.attachments.replace(stored, later)
