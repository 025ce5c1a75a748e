"""At which version a message was sent, on every store, also of one that an earlier release sent."""

from dataclasses import replace

from messaging.changes.needs import Known
from messaging.domain.message import Message
from messaging.stores.conversations import Commit, Store
from tests.integration.stores import new_conversation, sending
from tests.unit.messaging import delete, edit


async def sent(store: Store, *, by_earlier_release: bool) -> tuple[str, Message]:
    """The ids of a conversation and the third message in it."""
    created = await store.create_conversation(new_conversation("ann", "bob"))
    commit = sending(created, "one", "two", "three")
    if by_earlier_release:
        commit = replace(
            commit, created=[replace(one, created_version=None) for one in commit.created]
        )
    await store.commit(commit)
    return created.id, await third(store, created.id)


async def third(store: Store, conversation_id: str) -> Message:
    (message,) = await store.list_messages(conversation_id, first_seq=3, last_seq=3)
    return message


async def test_it_stays_when_the_message_changes(store: Store) -> None:
    """Edited and deleted, whichever release sent it."""
    for by_earlier_release in (True, False):
        id_, message = await sent(store, by_earlier_release=by_earlier_release)
        assert message.created_version == (None if by_earlier_release else 3)
        assert message.first_version == 3
        for act in (edit("ann", message.id, "drei"), delete("ann", message.id)):
            before = await store.get_conversation(id_)
            assert before is not None
            outcome = act.apply(before, Known(messages={message.id: await third(store, id_)}))
            assert outcome.message is not None
            await store.commit(
                Commit(before=before, after=outcome.conversation, replaced=[outcome.message])
            )
            changed = await third(store, id_)
            assert (changed.created_version, changed.version) == (3, before.version + 1)


async def test_what_an_earlier_release_changed_does_not_tell(store: Store) -> None:
    """Then nobody claims that it is new."""
    id_, message = await sent(store, by_earlier_release=True)
    before = await store.get_conversation(id_)
    assert before is not None
    after = replace(before, version=4)
    edited = replace(message, version=4, edited_at=message.created_at)
    await store.commit(Commit(before=before, after=after, replaced=[edited]))

    assert (await third(store, id_)).first_version is None
