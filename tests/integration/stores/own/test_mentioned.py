"""Who was mentioned last, and who sent the latest messages, on every store."""

from dataclasses import replace

from messaging.domain.conversation import Conversation, ListedConversation, Membership
from messaging.stores.conversations import Commit, Store
from tests.documents import counted_documents
from tests.integration.stores import new_conversation, sending

FIELDS = ("mentioned_seq", "mentions_all_seq", "last_sender_id", "other_seq")


async def sent(
    store: Store, before: Conversation, *, sender: str, **mentioned: int
) -> Conversation:
    """The conversation after a message, as `SendMessage` leaves it."""
    commit = sending(before, "hello", sender=sender)
    after = replace(
        commit.after,
        mentioned_seq={**before.mentioned_seq, **mentioned},
        last_sender_id=sender,
        other_seq=before.seq,
    )
    return await store.commit(replace(commit, after=after))


async def own(store: Store, user_id: str) -> tuple[ListedConversation, Membership, Membership]:
    """How a person's list, and their memberships, show their only conversation."""
    (listed,) = (await store.list_own_conversations(user_id, limit=2, people=50)).conversations
    (place,) = await store.list_memberships(user_id, limit=2, personal=True)
    (again,) = await store.get_memberships(user_id, [listed.id], personal=True)
    return listed, place, again


async def test_each_person_reads_their_own(store: Store) -> None:
    """As part of the conversation's own write: a mention costs nothing."""
    group = await store.create_conversation(new_conversation("ann", "bob", "o.neil:x-y@z"))
    group = await sent(store, group, sender="ann", bob=1)
    before = counted_documents()
    group = await sent(store, group, sender="bob", **{"o.neil:x-y@z": 2, "ann": 2})
    counted = counted_documents()
    counted.subtract(before)
    assert (counted["read"], counted["write"]) == (0, 2)

    assert await store.get_conversation(group.id) == group
    assert group.mentioned_seq == {"bob": 1, "o.neil:x-y@z": 2, "ann": 2}
    for user_id, seq in group.mentioned_seq.items():
        for one in await own(store, user_id):
            assert [getattr(one, name) for name in FIELDS] == [seq, 0, "bob", 1]
    (plain,) = await store.list_memberships("ann", limit=2)
    assert [getattr(plain, name) for name in FIELDS] == [0, 0, "", 0]


async def test_what_a_person_leaves_behind(store: Store) -> None:
    """Nothing: a removal takes their entry away, and the others stay."""
    group = await store.create_conversation(new_conversation("ann", "bob"))
    group = await sent(store, group, sender="ann", bob=1, ann=1)
    people = {"ann": group.participants["ann"]}
    after = replace(group, version=2, participants=people, mentioned_seq={"ann": 1})
    changed = await store.commit(Commit(before=group, after=after))

    assert await store.get_conversation(group.id) == changed
    assert changed.mentioned_seq == {"ann": 1}
