"""A copy equals its source, whatever changed and wherever the copying was interrupted."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from messaging.exchange.records import Person
from messaging.models import MessageRecord
from messaging.services import messages
from messaging.services.copying.copying import CopyAhead, NotACopy, StoreCopy
from messaging.services.copying.survey import survey
from messaging.services.operators.verification import all_conversation_ids, verify_conversations
from messaging.stores import Stores
from messaging.stores.copying import Part
from tests.instances import new_instance
from tests.integration.stores.copying.copies import (
    EndingCopyStore,
    Killed,
    Pair,
    add_files,
    assert_equal,
    change,
    everything,
    the_group,
)
from tests.integration.stores.exchange.bulk import write_file
from tests.integration.stores.exchange.chats import chat, loaded
from tests.integration.stores.restless import BeforeReads

pytestmark = pytest.mark.django_db(transaction=True)
_SENDERS, _SENDS = 10, 100


async def test_a_copy_equals_its_source_after_every_kind_of_change(pair: Pair) -> None:
    """A copy of what has not changed writes nothing."""
    await chat(pair.instance, messages_each=5)
    await add_files(pair.instance)
    copy = StoreCopy(pair.source, pair.target)
    await copy.copy_everything()
    await assert_equal(pair)
    assert copy.counts.messages == 22
    assert copy.counts.different == copy.counts.behind == 0

    again = StoreCopy(pair.source, pair.target)
    await again.copy_everything()
    assert again.counts.conversations == again.counts.messages == 0
    assert again.counts.people == again.counts.files == again.counts.reports == 0

    await change(pair.instance)
    later = StoreCopy(pair.source, pair.target)
    await later.copy_everything()
    await assert_equal(pair)
    assert 0 < later.counts.messages < 20
    assert later.counts.files > 0
    assert later.counts.reports == 1
    assert await later.verify() == []
    assert later.counts.different == 0


@pytest.mark.parametrize("pair", ["sql-firestore", "sql-postgres"], indirect=True)
async def test_a_copy_goes_on_where_it_was_killed(pair: Pair, tmp_path: Path) -> None:
    """Before or after any of its writes: of a new conversation in parts, and of later changes."""
    file = tmp_path / "bulk.jsonl"
    write_file(file, messages=450, conversations=1)
    await loaded(file.read_bytes(), pair.source)
    assert await _killed_copies(pair) == 8  # a shell and three parts
    await assert_equal(pair)

    (id_,) = await pair.source.conversations.list_conversation_ids(limit=2)
    for message in await pair.source.conversations.list_messages(id_, first_seq=1, last_seq=210):
        await messages.edit_message(
            pair.instance,
            user_id=message.sender_id,
            conversation_id=id_,
            message_id=message.id,
            changes={"text": f"{message.text}, later"},
        )
    assert await _killed_copies(pair) == 4  # two parts
    await assert_equal(pair)


async def _killed_copies(pair: Pair) -> int:
    """Copy until nothing is left to write. Each copy is killed at its first write: one before it,
    the next one after it. Return the number of the kills."""
    for kills in range(20):
        copying = EndingCopyStore(pair.target.copying, is_written=kills % 2 == 1)
        try:
            await StoreCopy(pair.source, replace(pair.target, copying=copying)).copy_everything()
        except Killed:
            continue
        return kills
    raise AssertionError("The copies come no further.")


@pytest.mark.parametrize("pair", ["sql-firestore", "sql-postgres"], indirect=True)
async def test_a_copy_follows_people_who_chat(pair: Pair) -> None:
    """After each round, every conversation of the copy is as it was at one moment."""
    await chat(pair.instance, messages_each=2)
    id_ = await the_group(pair.instance)
    copy = StoreCopy(pair.source, pair.target)
    await copy.copy_everything()
    for number in range(3):
        await messages.send_message(
            pair.instance,
            user_id="ann",
            conversation_id=id_,
            text=f"later {number}",
            client_id=uuid4().hex,
        )
        before = copy.counts.messages
        await copy.follow()
        assert copy.counts.messages == before + 1
        assert await _errors(pair.target) == []
    await copy.follow()
    assert copy.counts.behind == 0
    await assert_equal(pair)


@pytest.mark.parametrize("pair", ["sql-firestore", "firestore-sql"], indirect=True)
async def test_a_conversation_that_never_rests_is_copied(pair: Pair) -> None:
    """Somebody sends before each read of the source, as often as the reads are slow."""
    await chat(pair.instance, messages_each=2)
    busy = await the_group(pair.instance)
    sends = 0

    async def send(*arguments: object) -> None:
        nonlocal sends
        if busy in arguments:
            sends += 1
            await messages.send_message(
                pair.instance, user_id="ann", conversation_id=busy, text="on and on"
            )

    source = replace(
        pair.source,
        conversations=BeforeReads(pair.source.conversations, send),
        exchange=BeforeReads(pair.source.exchange, send),
    )
    copy = StoreCopy(source, pair.target)
    await copy.copy_everything()
    assert copy.counts.behind == 0
    assert 0 < sends < 50
    assert await _errors(pair.target) == []
    await StoreCopy(pair.source, pair.target).copy_everything()
    await assert_equal(pair)


@pytest.mark.chaos
@pytest.mark.parametrize("pair", ["sql-firestore", "sql-postgres"], indirect=True)
async def test_a_copy_keeps_up_with_50_sends_a_second(pair: Pair) -> None:
    """Half of them go to one conversation. Each round leaves a copy without a gap."""
    await chat(pair.instance, messages_each=1)
    listed = await pair.instance.store.list_conversations("ann", limit=10)
    busy = await the_group(pair.instance)
    others = [one.id for one in listed.conversations if one.frozen]
    copy = StoreCopy(pair.source, pair.target)
    await copy.copy_everything()
    before, rounds, sent = copy.counts.messages, 0, 0

    async def send(number: int) -> None:
        nonlocal sent
        for at in range(_SENDS):
            begun = time.monotonic()
            id_ = busy if number % 2 else others[at % len(others)]
            await messages.send_message(
                pair.instance,
                user_id="ann",
                conversation_id=id_,
                text=f"{at} of {number}",
                client_id=uuid4().hex,
            )
            sent += 1
            await asyncio.sleep(max(_SENDERS / 50 - (time.monotonic() - begun), 0))

    begun = time.monotonic()
    senders = asyncio.gather(*map(send, range(_SENDERS)))
    while not senders.done():
        await copy.follow()
        rounds += 1
        assert await _errors(pair.target) == []
    await senders
    rate = sent / (time.monotonic() - begun)
    await copy.follow()
    print(f"\n{sent} messages, {rate:.0f}/s, {rounds} rounds, {copy.counts.behind} too fast")
    assert copy.counts.messages - before == sent
    assert await copy.verify() == []
    assert copy.counts.different == copy.counts.behind == 0
    await copy.copy_everything()
    await assert_equal(pair)


async def _errors(stores: Stores) -> list[object]:
    """What `verify_conversations` finds."""
    store = stores.conversations
    reports = verify_conversations(store=store, conversation_ids=all_conversation_ids(store))
    return [finding async for report in reports for finding in report.findings]


@pytest.mark.parametrize("pair", ["sql-firestore"], indirect=True)
async def test_a_store_with_data_of_its_own_is_no_copy(pair: Pair) -> None:
    await chat(pair.instance, messages_each=1)
    await pair.target.copying.write_person(Person(user_id="zoe", name="Zoe"))
    before = await everything(pair.target)

    assert not (await survey(pair.source, pair.target)).may_be_copied
    with pytest.raises(NotACopy):
        await StoreCopy(pair.source, pair.target).copy_everything()
    assert await pair.target.epochs.find_epoch() is None
    assert await everything(pair.target) == before


@pytest.mark.parametrize("pair", ["sql-firestore"], indirect=True)
async def test_a_restored_source_is_not_copied(pair: Pair) -> None:
    """The versions of its new epoch are others than those of the copy."""
    await chat(pair.instance, messages_each=1)
    copy = StoreCopy(pair.source, pair.target)
    await copy.copy_everything()
    await pair.source.epochs.renew_epoch()

    for copying in (copy.follow, StoreCopy(pair.source, pair.target).copy_everything):
        with pytest.raises(NotACopy):
            await copying()


@pytest.mark.parametrize("pair", ["sql-firestore", "sql-postgres"], indirect=True)
async def test_a_damaged_copy_is_found_by_its_hash(pair: Pair) -> None:
    """It is copied anew: a message with another text, and one that the source does not have."""
    await chat(pair.instance, messages_each=1)
    copy = StoreCopy(pair.source, pair.target)
    await copy.copy_everything()
    id_ = await the_group(pair.instance)
    (full,) = await pair.source.exchange.list_full_messages(id_, after_seq=3, limit=1)
    other = replace(full, message=replace(full.message, text="other"))
    more = replace(full, message=replace(full.message, id="a" * 26, seq=1_000))
    part = Part(
        conversation_id=id_,
        before=await pair.target.conversations.get_conversation(id_),
        messages=[other, more],
    )
    await pair.target.copying.write_part(part)
    assert await everything(pair.target) != await everything(pair.source)

    assert await copy.verify() == []
    assert copy.counts.different == 1
    await assert_equal(pair)


@pytest.mark.parametrize("pair", ["sql-firestore"], indirect=True)
async def test_people_go_on_in_the_copy_and_it_is_copied_back(pair: Pair) -> None:
    """The epoch, versions and client ids go on. The former store is refused as a source then, and
    becomes the copy."""
    await chat(pair.instance, messages_each=1)
    id_ = await the_group(pair.instance)
    values: dict[str, Any] = {
        "user_id": "ann",
        "conversation_id": id_,
        "text": "once",
        "client_id": uuid4().hex,
    }
    sent = await messages.send_message(pair.instance, **values)
    await StoreCopy(pair.source, pair.target).copy_everything()

    async with new_instance() as moved:
        assert await moved.epochs.get() == await pair.instance.epochs.get()
        again = await messages.send_message(moved, **values)
        assert again.message == sent.message
        later = await messages.send_message(moved, **{**values, "client_id": uuid4().hex})
        assert (later.message.seq, later.message.version) == (
            sent.message.seq + 1,
            sent.message.version + 1,
        )
    with pytest.raises(CopyAhead, match=id_):
        await StoreCopy(pair.source, pair.target).copy_everything()

    back = StoreCopy(pair.target, pair.source)
    await back.copy_everything()
    assert back.counts.messages == 1
    await assert_equal(pair)


@pytest.mark.parametrize("pair", ["sql-firestore"], indirect=True)
async def test_a_conversation_that_cannot_be_read_is_named(pair: Pair) -> None:
    """The others are copied. Once it is repaired, it is copied too."""
    await chat(pair.instance, messages_each=2)
    group = await the_group(pair.instance)
    damaged = MessageRecord.objects.filter(conversation_id=group, seq=2)
    await damaged.aupdate(attachments=[{"broken": True}])
    copy = StoreCopy(pair.source, pair.target)

    await copy.copy_everything()

    assert list(copy.damaged) == [group]
    assert copy.counts.behind == 0
    assert copy.counts.conversations == 3
    assert (await survey(pair.source, pair.target)).missing == 1
    assert await copy.verify() == []
    assert list(copy.damaged) == [group]
    await damaged.aupdate(attachments=None)
    await copy.copy_everything()
    assert copy.damaged == {}
    await assert_equal(pair)
