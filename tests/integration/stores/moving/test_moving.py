"""A move of the store under an instance that people use, and back.

An instance that starts during a move takes part at once. `tests/chaos/test_move.py` moves the store
under instances that have run before.
"""

import asyncio
from dataclasses import replace
from datetime import datetime

import pytest

from messaging.concurrency.retries import retried
from messaging.concurrency.tasks import start_task
from messaging.domain.exceptions import StoreUnavailable
from messaging.models import StoreProcessRecord
from messaging.services import messages
from messaging.services.account import profiles
from messaging.services.copying.copying import StoreCopy
from messaging.services.copying.owning import LeaseLost, owned
from messaging.stores.switching.move import Phase, Report
from tests.instances import new_instance
from tests.integration.stores.copying.copies import add_files, change, everything, the_group
from tests.integration.stores.exchange.chats import chat
from tests.integration.stores.moving.moves import Both, moving, started, until

pytestmark = pytest.mark.django_db(transaction=True)


async def test_the_store_moves_while_people_chat_and_back(both: Both) -> None:
    """Every kind of act during the move is in the other store, and an instance that starts with the
    former `CHAT_STORE` uses it."""
    async with new_instance() as before:
        await chat(before, messages_each=5)
        await add_files(before)
    async with moving(both, "sql", "firestore") as move, started() as instance:
        tea = await the_group(instance)
        acknowledged: list[str] = []

        async def chatting() -> None:
            await change(instance)
            while True:
                try:
                    sent = await messages.send_message(
                        instance, user_id="ann", conversation_id=tea, text="on and on"
                    )
                except StoreUnavailable:
                    return  # the freeze
                acknowledged.append(sent.message.id)
                await asyncio.sleep(0.02)

        chats = start_task(chatting())
        await until(lambda: len(acknowledged) > 3)
        await move.run(attempts=5)
        await asyncio.wait_for(chats, 30)
        await move.wait_for_processes("firestore")
        assert instance.store_watch.kind == "firestore"
        assert await everything(both.firestore) == await everything(both.sql)
        found = await retried(both.firestore.conversations.get_messages, tea, acknowledged)
        assert set(found) == set(acknowledged)

        await messages.send_message(instance, user_id="bob", conversation_id=tea, text="there")
        latest = await retried(both.firestore.conversations.get_conversation, tea)
        former = await both.sql.conversations.get_conversation(tea)
        assert latest is not None
        assert former is not None
        assert latest.version == former.version + 1

    async with started() as late:
        assert late.store_watch.kind == "firestore"
        await messages.send_message(late, user_id="cid", conversation_id=tea, text="hello")
    async with moving(both, "firestore", "sql") as move, started() as instance:
        await profiles.set_profile(instance, user_id="ann", changes={"name": "Ann B."})
        await move.run(attempts=5)
        await move.wait_for_processes("sql")
        assert await everything(both.sql) == await everything(both.firestore)
        assert instance.store_watch.kind == "sql"


async def test_a_process_that_dies_makes_the_command_compare_everything_again(both: Both) -> None:
    """It may have changed something that it has not recorded."""
    async with new_instance() as before:
        await chat(before, messages_each=1)
    async with moving(both, "sql", "firestore") as move:
        step = (await both.moves.look()).step
        report = Report(
            boot_id="dead", name="dead", role="instance", setting="sql", kind="sql", step=step
        )
        await both.moves.report(report)
        at = await both.moves.now()
        await StoreCopy(both.sql, both.firestore).copy_everything()
        assert await both.moves.passed("test", at)
        async with new_instance() as dying:
            await profiles.set_profile(dying, user_id="bob", changes={"name": "Unrecorded"})
        await both.moves.report(replace(report, watched=True, lease=-60.0))
        await move.run(attempts=3)
    profile = (await both.firestore.people.get_profiles(["bob"]))["bob"]
    assert profile.name == "Unrecorded"
    assert any("dead ended without a word" in line for line in both.said)


async def test_writes_are_refused_in_a_freeze_which_ends_by_itself(both: Both) -> None:
    """Also without a command. Reads go on."""
    async with new_instance() as before:
        await chat(before, messages_each=1)
    async with owned(both.moves, "test"):
        assert await both.moves.begin("test", source="sql", target="firestore")
        await both.moves.passed("test", await both.moves.now())
        async with started() as instance:
            tea = await the_group(instance)
            assert await both.moves.freeze("test", seconds=1.5)
            watch = instance.store_watch
            await until(lambda: watch.move.phase is Phase.FREEZING)
            with pytest.raises(StoreUnavailable):
                await messages.send_message(instance, user_id="ann", conversation_id=tea, text="a")
            assert await instance.store.get_conversation(tea) is not None
            await until(lambda: watch.move.phase is Phase.FOLLOWING)
            await messages.send_message(instance, user_id="ann", conversation_id=tea, text="b")
            await both.moves.abort("test")
            await until(lambda: watch.move.phase is Phase.IDLE)
            await messages.send_message(instance, user_id="ann", conversation_id=tea, text="c")
            assert watch.kind == "sql"


async def test_a_process_that_has_stopped_writing_reports_seldom(both: Both) -> None:
    """It looks often for the end of the freeze. A report locks the row that all processes share,
    and each waits for the others."""

    async def reported_at() -> datetime:
        (process,) = [one async for one in StoreProcessRecord.objects.all()]
        return process.seen_at

    async with owned(both.moves, "test"):
        assert await both.moves.begin("test", source="sql", target="firestore")
        await both.moves.passed("test", await both.moves.now())
        async with started() as instance:
            watch = instance.store_watch
            await until(lambda: watch.move.phase is Phase.FOLLOWING)
            assert await both.moves.freeze("test", seconds=3.0)
            step = (await both.moves.look()).step
            async with asyncio.timeout(30):
                while (await both.moves.list_processes())[0].step < step:
                    await asyncio.sleep(0.01)
            seen = set()
            async with asyncio.timeout(30):
                while watch.move.phase is Phase.FREEZING:
                    seen.add(await reported_at())
                    await asyncio.sleep(0.01)
    assert len(seen) <= 9


async def test_a_command_that_loses_its_lease_is_cut_off(both: Both) -> None:
    """Another command may have it by then."""

    async def hold() -> None:
        async with owned(both.moves, "test"):
            await both.moves.release("test")
            await asyncio.Event().wait()

    with pytest.raises(LeaseLost):
        await asyncio.wait_for(hold(), 30)
