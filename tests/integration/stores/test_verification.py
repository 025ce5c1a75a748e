"""Verification: each kind of drift is found and repaired on every store, and none where none is."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper
from pytest_django import Settings

from messaging.changes.messages.deleting import deleted
from messaging.changes.messages.reporting import with_creation_report
from messaging.changes.needs import Known
from messaging.domain.change import COMMIT_TIME
from messaging.domain.conversation import Conversation
from messaging.domain.participant import Participant, ReadPosition, Role
from messaging.domain.uncounted import ALL_COUNTED, Uncounted
from messaging.models import ConversationRecord
from messaging.services.operators.findings import Drift, Report
from messaging.services.operators.survey import PAGE
from messaging.services.operators.verification import (
    all_conversation_ids,
    verify_conversation,
    verify_conversations,
)
from messaging.stores.conversations import Commit, Store
from messaging.stores.firestore.store import FirestoreStore
from messaging.stores.sql.store import SqlStore
from tests.integration.stores import editing, new_conversation, sending
from tests.unit.messaging import rename

Plant = Callable[[Store, Conversation], Awaitable[object]]


@pytest.fixture
async def conversation(store: Store) -> Conversation:
    """Ann and Bob have spoken, Cid was added, has spoken, left and come back; a message of Ann's
    was edited. Nothing is wrong with it."""
    conversation = await store.create_conversation(new_conversation("ann", "bob"))
    conversation = await store.commit(sending(conversation, "one", "two"))
    conversation = await store.commit(sending(conversation, "three", sender="bob"))
    conversation = await joined(store, conversation)
    conversation = await store.commit(sending(conversation, "four", sender="cid"))
    conversation = await left(store, conversation)
    conversation = await store.commit(sending(conversation, "five"))
    (first,) = await store.list_messages(conversation.id, first_seq=1, last_seq=1)
    conversation = await store.commit(editing(conversation, first, "uno"))
    await store.advance_read(conversation.id, "bob", 5)
    return await joined(store, conversation)


async def test_system_messages_are_no_drift(store: Store) -> None:
    """They are unread for nobody, and nobody has sent them."""
    wanted = replace(new_conversation("ann", "bob"), system_messages=True)
    before = await store.create_conversation(with_creation_report(wanted, by="ann"))
    before = await store.commit(sending(before, "one"))
    outcome = rename("ann", "Coffee").apply(before, Known())
    assert outcome.report is not None
    assert outcome.report.message is not None
    after = await store.commit(
        Commit(before=before, after=outcome.conversation, created=[outcome.report.message])
    )
    assert (after.seq, after.version, after.uncounted.ranges()) == (3, 4, [[1, 1], [3, 3]])

    report = await verify_conversation(store=store, conversation_id=after.id, repair=True)

    assert (report.findings, report.messages) == ((), 3)


async def joined(store: Store, before: Conversation) -> Conversation:
    version = before.version + 1
    cid = Participant(user_id="cid", role=Role.MEMBER, joined_version=version)
    after = replace(before, version=version, participants={**before.participants, "cid": cid})
    position = ReadPosition(user_id="cid", read_seq=before.seq, delivered_seq=before.seq)
    return await store.commit(Commit(before=before, after=after, positions=[position]))


async def left(store: Store, before: Conversation) -> Conversation:
    rest = {user_id: one for user_id, one in before.participants.items() if user_id != "cid"}
    sent_seq = {user_id: seq for user_id, seq in before.sent_seq.items() if user_id != "cid"}
    after = replace(before, version=before.version + 1, participants=rest, sent_seq=sent_seq)
    return await store.commit(Commit(before=before, after=after))


def wrongly(**fields: object) -> Plant:
    """A commit that no service would make."""

    async def plant(store: Store, before: Conversation) -> object:
        after = replace(before, **fields)  # type: ignore[arg-type]
        return await store.commit(Commit(before=before, after=after))

    return plant


async def read_ahead(store: Store, conversation: Conversation) -> object:
    return await store.advance_read(conversation.id, "bob", 99)


async def received_ahead(store: Store, conversation: Conversation) -> None:
    await store.advance_delivered(conversation.id, "bob", 99)


async def another_last_message(store: Store, before: Conversation) -> object:
    assert before.last_message is not None
    last = replace(before.last_message, text="not what it says")
    return await store.commit(Commit(before=before, after=replace(before, last_message=last)))


@pytest.mark.parametrize(
    ("drift", "plant"),
    [
        (Drift.SEQ, wrongly(seq=3)),
        (Drift.SEQ, wrongly(seq=9)),
        (Drift.VERSION, wrongly(version=4)),
        (Drift.SENT_SEQ, wrongly(sent_seq={"ann": 2, "bob": 3})),
        (Drift.SENT_SEQ, wrongly(sent_seq={"ann": 7, "bob": 3})),
        (Drift.SENT_SEQ, wrongly(sent_seq={"ann": 5, "bob": 3, "dan": 1})),
        (Drift.SENT_SEQ, wrongly(sent_seq={"ann": 5})),
        (Drift.UNCOUNTED, wrongly(uncounted=Uncounted.of([[4, 4]]))),
        (Drift.UNCOUNTED, wrongly(uncounted=Uncounted.of([[2, 9]]))),
        (Drift.READ, read_ahead),
        (Drift.READ, received_ahead),
    ],
)
async def test_drift_is_found_and_repaired(
    store: Store, conversation: Conversation, drift: Drift, plant: Plant
) -> None:
    """Named as what it is, left alone unless asked for, and gone after the repair."""
    await plant(store, conversation)

    found = await verify_conversation(store=store, conversation_id=conversation.id)
    again = await verify_conversation(store=store, conversation_id=conversation.id)
    assert drift in {finding.drift for finding in found.findings}
    assert (found.wrong, again) == (True, found)
    repaired = await verify_conversation(store=store, conversation_id=conversation.id, repair=True)
    assert (repaired.findings, repaired.wrong) == (found.findings, False)
    await assert_healthy(store, conversation)


async def test_deletions_of_an_earlier_release(store: Store, conversation: Conversation) -> None:
    """They count as unread, which is not wrong, and a repair uncounts them."""
    (second,) = await store.list_messages(conversation.id, first_seq=2, last_seq=2)
    outcome = deleted(conversation, second, by="ann")
    assert outcome.message is not None
    after = replace(outcome.conversation, uncounted=ALL_COUNTED)
    conversation = await store.commit(
        Commit(before=conversation, after=after, replaced=[outcome.message])
    )

    found = await verify_conversation(store=store, conversation_id=conversation.id)
    assert found.findings == ()
    repaired = await verify_conversation(store=store, conversation_id=conversation.id, repair=True)
    assert [finding.drift for finding in repaired.findings] == [Drift.UNCOUNTED]
    assert not repaired.wrong
    await assert_healthy(store, conversation)
    stored = await store.get_conversation(conversation.id)
    assert stored is not None
    assert stored.uncounted == Uncounted.of([[2, 2]])


async def test_a_copy_of_the_last_message(
    firestore_store: FirestoreStore,
) -> None:
    """Firestore keeps one, for the lists of conversations; on SQL there is none to drift."""
    store = firestore_store
    conversation = await store.create_conversation(new_conversation("ann"))
    conversation = await store.commit(sending(conversation, "one"))
    await another_last_message(store, conversation)

    repaired = await verify_conversation(store=store, conversation_id=conversation.id, repair=True)
    assert [finding.drift for finding in repaired.findings] == [Drift.LAST_MESSAGE]
    assert "not what it says" not in repaired.findings[0].detail
    stored = await store.get_conversation(conversation.id)
    assert stored is not None
    assert stored.last_message == conversation.last_message


async def assert_healthy(store: Store, was: Conversation) -> None:
    """As it was, one version on; and nobody reads ahead."""
    report = await verify_conversation(store=store, conversation_id=was.id)
    stored = await store.get_conversation(was.id)
    assert report.findings == ()
    assert stored is not None
    assert stored.version == was.version + 1
    assert (stored.seq, stored.last_message) == (was.seq, was.last_message)
    assert stored.sent_seq == was.sent_seq
    assert stored.uncounted.within(Uncounted.of([[2, 2]]))
    positions = await store.list_read_positions(was.id)
    assert {one.user_id: one.read_seq for one in positions} == {"ann": 0, "bob": 5, "cid": 5}


async def test_nothing_is_wrong(store: Store, conversation: Conversation) -> None:
    """Then nothing is repaired either."""
    report = await verify_conversation(store=store, conversation_id=conversation.id, repair=True)

    assert (report.findings, report.messages, report.wrong) == ((), 5, False)
    stored = await store.get_conversation(conversation.id)
    assert stored == conversation


async def test_numbers_without_a_message(store: Store, conversation: Conversation) -> None:
    """They are named and not made up for; everything else is repaired."""
    commit = sending(conversation, "eight")
    eight = replace(commit.created[0], seq=8)
    after = replace(commit.after, seq=8, last_message=eight, sent_seq={"ann": 2, "bob": 3})
    await store.commit(replace(commit, created=[eight], after=after))

    report = await verify_conversation(store=store, conversation_id=conversation.id, repair=True)
    left_over = await verify_conversation(store=store, conversation_id=conversation.id)

    assert [finding.drift for finding in report.findings] == [Drift.MISSING, Drift.SENT_SEQ]
    assert [finding.detail for finding in left_over.findings] == ["no message 6 to 7"]
    assert report.wrong
    assert left_over.wrong


async def test_a_number_of_two_messages(
    firestore_store: FirestoreStore, conversation_on_firestore: Conversation
) -> None:
    """Named as well. In SQL there is no such thing."""
    before = conversation_on_firestore
    commit = sending(before, "another two", sender="bob")
    second = replace(commit.created[0], seq=1)
    after = replace(before, version=commit.after.version, sent_seq={"ann": 2, "bob": 1})
    await firestore_store.commit(replace(commit, created=[second], after=after))

    report = await verify_conversation(store=firestore_store, conversation_id=before.id)

    assert [finding.drift for finding in report.findings] == [Drift.MISSING]
    assert report.findings[0].detail == "two messages 1"


@pytest.fixture
async def conversation_on_firestore(firestore_store: FirestoreStore) -> Conversation:
    """Two messages of Ann's."""
    conversation = await firestore_store.create_conversation(new_conversation("ann", "bob"))
    return await firestore_store.commit(sending(conversation, "one", "two"))


async def test_what_cannot_be_read(database_store: SqlStore) -> None:
    """It keeps nobody from looking at the others."""
    store = database_store
    conversation = await store.create_conversation(new_conversation("ann", "bob"))
    await store.create_conversation(new_conversation("ann"))

    def spoil(database: BaseDatabaseWrapper) -> None:
        records = ConversationRecord.objects.using(database.alias)
        records.filter(id=conversation.id).update(preferences={"ann": {"muted_until": "king"}})

    await store.calls.write("spoil", spoil)

    reports = await verify_all(store)

    wrong = {one.conversation_id: one.findings for one in reports if one.wrong}
    assert len(reports) == 2
    assert wrong.keys() == {conversation.id}
    assert [finding.drift for finding in wrong[conversation.id]] == [Drift.UNREADABLE]


async def verify_all(store: Store) -> list[Report]:
    ids = all_conversation_ids(store)
    return [one async for one in verify_conversations(store=store, conversation_ids=ids)]


async def test_messages_over_many_pages(store: Store) -> None:
    """Each is read once, and a last page that is full is no hole."""
    conversation = await store.create_conversation(new_conversation("ann"))
    while conversation.seq < 2 * PAGE:
        conversation = await store.commit(sending(conversation, *("tea" for _ in range(100))))

    report = await verify_conversation(store=store, conversation_id=conversation.id)

    assert report.findings == ()
    assert report.messages == 2 * PAGE


async def test_all_conversations(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each once, however many pages they take."""
    monkeypatch.setattr("messaging.services.operators.verification._IDS", 3)
    made = [await store.create_conversation(new_conversation("ann")) for _ in range(7)]

    found = [conversation_id async for conversation_id in all_conversation_ids(store)]

    assert sorted(found) == sorted(conversation.id for conversation in made)


async def test_while_everybody_talks(store: Store, conversation: Conversation) -> None:
    """What changes meanwhile is no drift."""
    ending = asyncio.Event()

    async def talk(before: Conversation) -> None:
        while not ending.is_set():
            before = await store.commit(sending(before, "tea", sender="bob"))
            await store.advance_read(before.id, "ann", before.seq)

    talking = asyncio.create_task(talk(conversation))
    reports = [
        await verify_conversation(store=store, conversation_id=conversation.id) for _ in range(3)
    ]
    ending.set()
    await talking

    assert [report.wrong for report in reports] == [False] * 3


async def test_a_repair_that_somebody_gets_ahead_of(
    store: Store, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is judged anew: nothing that was sent meanwhile is undone."""
    await wrongly(sent_seq={"ann": 5})(store, conversation)
    commit = store.commit

    async def overtaken(repair: Commit) -> Conversation:
        monkeypatch.setattr(store, "commit", commit)
        before = await store.get_conversation(conversation.id)
        assert before is not None
        await commit(sending(before, "six"))
        return await commit(repair)

    monkeypatch.setattr(store, "commit", overtaken)
    report = await verify_conversation(store=store, conversation_id=conversation.id, repair=True)

    stored = await store.get_conversation(conversation.id)
    assert stored is not None
    assert not report.wrong
    assert (stored.seq, stored.sent_seq) == (6, {"ann": 6, "bob": 3})


async def test_a_repair_that_never_gets_its_turn(
    store: Store, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is given up, which is said, and nothing was changed by it."""
    monkeypatch.setattr("messaging.services.operators.verification._PAUSE_SECONDS", 0.001)
    await wrongly(sent_seq={"ann": 5})(store, conversation)
    commit = store.commit

    async def always_overtaken(repair: Commit) -> Conversation:
        before = await store.get_conversation(conversation.id)
        assert before is not None
        await commit(sending(before, "more"))
        return await commit(repair)

    monkeypatch.setattr(store, "commit", always_overtaken)
    report = await verify_conversation(store=store, conversation_id=conversation.id, repair=True)

    assert [finding.drift for finding in report.findings] == [Drift.UNSETTLED]
    assert "sent_seq of bob" in report.findings[0].detail
    assert report.wrong
    assert not report.repaired


async def test_the_instances_learn_of_a_repair(store: Store, conversation: Conversation) -> None:
    """By a note in the store, on which they read what changed lately."""
    await wrongly(seq=9)(store, conversation)
    await verify_conversation(store=store, conversation_id=conversation.id)
    before = await store.list_link_notes()
    await verify_conversation(store=store, conversation_id=conversation.id, repair=True)
    after = await store.list_link_notes()

    assert before.boot_ids == frozenset()
    assert len(after.boot_ids) == 1


# The command


@pytest.fixture
async def of_the_settings(sql_store: SqlStore, settings: Settings) -> SqlStore:
    """The store on which the command works, too."""
    settings.CHAT_STORE = "sql"
    return sql_store


async def verify(*arguments: str) -> tuple[str, str]:
    """What the command says, and its complaint in the end."""
    output, complaint = StringIO(), CommandError(returncode=1)
    try:
        await asyncio.to_thread(
            call_command, "verify_conversations", *arguments, stdout=output, stderr=output
        )
    except CommandError as error:
        complaint = error
    assert complaint.returncode == 1
    return output.getvalue(), str(complaint)


async def test_the_command(of_the_settings: SqlStore) -> None:
    """It says what is wrong, ends with 1 for as long as it is, and repairs when told to."""
    store = of_the_settings
    good = await store.create_conversation(new_conversation("ann"))
    bad = await store.create_conversation(new_conversation("ann", active_at=COMMIT_TIME))
    await wrongly(seq=2)(store, bad)

    line = f"{bad.id}: seq is 2, but the latest message is number 0"
    summary = "2 conversations with 0 messages checked.\n"
    assert await verify("--all") == (
        f"{line}\n{summary}",
        "1 with errors. Run it with --repair to repair what can be repaired.",
    )
    assert (await verify(good.id))[1] == ""
    assert await verify("--all", "--repair") == (f"{line} (repaired)\n{summary}", "")
    assert await verify("--all") == (summary, "")


async def test_the_command_shows_how_far_it_is(
    of_the_settings: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in the middle of one conversation."""
    monkeypatch.setattr("messaging.management.commands.verify_conversations._PROGRESS_SECONDS", -1)
    conversation = await of_the_settings.create_conversation(new_conversation("ann"))
    for _ in range(3):
        conversation = await of_the_settings.commit(
            sending(conversation, *("tea" for _ in range(100)))
        )

    output, _ = await verify("--all")

    assert f"… 0 conversations checked, {PAGE} messages" in output
    assert "… 1 conversations checked, 300 messages" in output


@pytest.mark.parametrize("arguments", [[], ["--all", "x"]])
async def test_the_command_without_knowing_which(
    of_the_settings: SqlStore, arguments: list[str]
) -> None:
    assert await verify(*arguments) == ("", "Name conversations, or pass --all.")


async def test_the_command_for_one_that_is_not_there(of_the_settings: SqlStore) -> None:
    output, complaint = await verify("gone")

    assert "gone: this conversation does not exist" in output
    assert complaint == "1 with errors."  # which nobody can mend
