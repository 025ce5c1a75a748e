"""What the index and a search read, as Firestore bills it: docs/search.md and docs/followers.md."""

import pytest

from messaging.domain.conversation import ConversationKind
from messaging.runtime.instance import Instance
from messaging.services import conversations, messages
from messaging.services.search.searches import search_messages
from tests.documents import counted_documents

pytestmark = pytest.mark.parametrize("stored", ["firestore"], indirect=True)


async def group(instance: Instance, *texts: str) -> str:
    created = await conversations.create_conversation(
        instance, user_id="ann", kind=ConversationKind.GROUP, participant_ids=["bob"], title="Tea"
    )
    id_: str = created.own.conversation.id
    for text in texts:
        await messages.send_message(instance, user_id="ann", conversation_id=id_, text=text)
    return id_


def reads() -> int:
    return counted_documents()["read"]


async def test_the_index_follows_without_a_read(searching: Instance) -> None:
    assert searching.search is not None
    await group(searching)
    await searching.search.catch_up()
    await group(searching, "green tea", "black tea")
    before = reads()
    await searching.search.catch_up()
    assert reads() == before


async def test_a_page_costs_two_reads_for_each_hit_at_most(searching: Instance) -> None:
    """One for each hit, and one for each conversation with hits."""
    assert searching.search is not None
    await group(searching, "green tea", "black tea")
    await group(searching, "white tea", "coffee")
    await searching.search.catch_up()
    before = reads()
    page = await search_messages(searching, user_id="bob", q="tea", conversation_id=None, limit=50)
    assert len(page.items) == 3
    assert reads() - before == 3 + 2


async def test_a_walk_reads_each_conversation_twice_and_each_message_once(
    searching: Instance,
) -> None:
    """A conversation without messages costs a read for these too, and so does the last page of the
    walk."""
    assert searching.search is not None
    for texts in ([], ["tea"], ["green tea", "black tea", "coffee"]):
        await group(searching, *texts)
    await searching.search.catch_up()
    await searching.following.rebuild("search")
    before = reads()
    while await searching.search.walk() is not None:
        pass
    await searching.search.catch_up()
    assert reads() - before == 3 * 2 + (1 + 1 + 3) + 1
