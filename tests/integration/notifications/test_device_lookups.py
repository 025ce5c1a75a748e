"""Those without a device cost no job; a device that somebody registers rings all the same."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from pytest_django import Settings

from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.participant import Notify
from messaging.domain.signals import instance_lost
from messaging.notifications.devices import lookups
from messaging.runtime.instance import Instance
from messaging.services import participants, receipts, sessions
from messaging.services.account import conversation_preferences
from tests.documents import counted_documents
from tests.instances import new_instance
from tests.integration.notifications import Group, found, outcomes, reasons, register, until
from tests.metrics import sampled
from tests.moments import next_millisecond
from tests.notifications.fcm_server import FcmServer
from tests.outlets import SIGNED_IN_AT, Outlet


@pytest_asyncio.fixture
async def elsewhere(instance: Instance) -> AsyncIterator[Instance]:
    """Another instance on the same store, of which this one hears nothing."""
    async with new_instance() as other:
        yield other


def without_device() -> float:
    """How often it was decided that somebody has no device."""
    return sampled("chat_notification_decisions_total", verdict="dropped", reason="no_device")


def jobs_done() -> float:
    return sampled("chat_notification_jobs_total", path="direct", result="done")


def cached_bytes() -> float:
    return sampled("chat_cache_bytes", cache="devices")


@contextmanager
def billed(*, reads: int, writes: int) -> Iterator[None]:
    before = counted_documents()
    yield
    counted = counted_documents()
    counted.subtract(before)
    assert (counted["read"], counted["write"]) == (reads, writes)


async def looked_up(group: Group) -> None:
    """Send a message after which it is known that its people have no device."""
    before = without_device()
    await group.send()
    await until(lambda: without_device() == before + len(group.user_ids))


async def test_what_messages_cost_to_people_without_a_device(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read each for the first, and another for all that follow within ten seconds; no write but
    those of the messages."""
    monkeypatch.setattr(lookups, "HELD_SECONDS", 3.0)  # longer than twenty sends may take
    group = await found(instance, "bob", "cid", with_devices=0)
    await instance.start()
    await instance.epochs.stop()  # it reads by itself, now and then
    await instance.attachments.stop()  # so does its sweep

    with billed(reads=2, writes=2):
        await looked_up(group)
    before, unloaded = without_device(), cached_bytes()
    with billed(reads=2, writes=2 * 20):
        for _ in range(20):
            message = await group.send()
        await until(lambda: cached_bytes() > unloaded)
        await until(lambda: without_device() == before + 2 * 20)
    assert cached_bytes() <= unloaded + 2 * 130  # each is in both generations for a while

    assert await reasons(instance, message) == {}
    assert await outcomes(instance, message) == {
        "bob": "dropped no_device",
        "cid": "dropped no_device",
    }


async def test_one_of_many_has_a_device(instance: Instance, fcm: FcmServer) -> None:
    """The job is about that person alone, at once, also where the others' messages are held."""
    group = await found(instance, "bob", "cid", with_devices=0)
    await register(instance, "cid")
    await instance.start()

    for number in range(1, 4):
        message = await group.send()
        await until(lambda number=number: fcm.rung() == {"cid-0": number})  # type: ignore[misc]
    await instance.stop()

    assert await reasons(instance, message) == {"cid": "sent absent"}


@pytest.mark.parametrize("first", ["device", "message"])
async def test_a_device_registered_on_another_instance(
    instance: Instance,
    elsewhere: Instance,
    fcm: FcmServer,
    monkeypatch: pytest.MonkeyPatch,
    first: str,
) -> None:
    """A device is registered just before or just after a message to its owner, who had no device a
    moment ago. The device rings once for that message, and at once for the next ones."""
    monkeypatch.setattr(lookups, "HELD_SECONDS", 2.0)
    group = await found(instance, "bob", "cid", with_devices=0)
    await instance.start()
    await looked_up(group)

    if first == "device":
        await register(elsewhere, "bob")
    message = await group.send()
    if first == "message":
        await register(elsewhere, "bob")

    await until(lambda: fcm.rung() == {"bob-0": 1})
    monkeypatch.setattr(lookups, "HELD_SECONDS", 300.0)
    await group.send()
    await until(lambda: fcm.rung() == {"bob-0": 2})
    await instance.stop()
    assert await reasons(instance, message) == {"bob": "sent absent"}
    assert fcm.rung() == {"bob-0": 2}


async def test_a_device_registered_here(instance: Instance, fcm: FcmServer) -> None:
    """Rings for the next message at once."""
    group = await found(instance, "bob", with_devices=0)
    await instance.start()
    await looked_up(group)

    await register(instance, "bob")
    await group.send()

    await until(lambda: fcm.rung() == {"bob-0": 1})


async def test_read_while_it_is_held(
    instance: Instance, elsewhere: Instance, fcm: FcmServer
) -> None:
    """Then the new device does not ring."""
    group = await found(instance, "bob", with_devices=0)
    await instance.start()
    await looked_up(group)
    message = await group.send()
    await receipts.mark_read(instance, user_id="bob", conversation_id=group.id, seq=message.seq)
    await register(elsewhere, "bob")

    await instance.stop()

    assert fcm.arrived == []
    assert await outcomes(instance, message) == {"bob": "dropped acknowledged"}


async def test_connected_when_a_device_is_found(
    instance: Instance, elsewhere: Instance, fcm: FcmServer
) -> None:
    """They have their time to acknowledge, as others who are connected."""
    group = await found(instance, "bob", with_devices=0)
    await instance.start()
    await looked_up(group)
    message = await group.send()
    await sessions.open_session(
        instance, user_id="bob", signed_in_at=SIGNED_IN_AT, outlet=Outlet(lambda frame: None)
    )
    await register(elsewhere, "bob")

    await instance.stop()

    assert fcm.rung() == {"bob-0": 1}
    assert await reasons(instance, message) == {"bob": "sent not_acknowledged"}


async def test_connected_people_without_a_device(instance: Instance, settings: Settings) -> None:
    """When their time is over, nobody finds a device, and later messages are held: no job."""
    settings.CHAT_NOTIFICATIONS = {"grace": 1}
    group = await found(instance, "bob", with_devices=0)
    await instance.start()
    await sessions.open_session(
        instance, user_id="bob", signed_in_at=SIGNED_IN_AT, outlet=Outlet(lambda frame: None)
    )
    jobs, decided = jobs_done(), without_device()
    await group.send()
    await until(lambda: without_device() == decided + 1)

    for _ in range(5):
        message = await group.send()
    await instance.stop()

    assert without_device() == decided + 6
    assert jobs_done() == jobs
    assert await outcomes(instance, message) == {"bob": "dropped no_device"}


async def test_an_end_while_messages_are_held(
    instance: Instance, elsewhere: Instance, fcm: FcmServer
) -> None:
    """They are decided upon now."""
    group = await found(instance, "bob", with_devices=0)
    await instance.start()
    await looked_up(group)
    await group.send()
    await register(elsewhere, "bob")

    await instance.stop()

    assert fcm.rung() == {"bob-0": 1}


async def test_a_store_that_is_away_meanwhile(
    instance: Instance, elsewhere: Instance, fcm: FcmServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is held stays held until it answers. An end before that leaves it to the others."""
    monkeypatch.setattr(lookups, "HELD_SECONDS", 0.2)
    monkeypatch.setattr(lookups, "_RETRY_SECONDS", 0.1)
    group = await found(instance, "bob", with_devices=0)
    await instance.start()
    await looked_up(group)
    asked = 0

    async def away(*args: Any) -> Any:
        nonlocal asked
        asked += 1
        raise StoreUnavailable

    with monkeypatch.context() as outage:
        outage.setattr(instance.recipients, "get_recipients", away)
        await group.send()
        await until(lambda: asked >= 2)
        await register(elsewhere, "bob")
    await until(lambda: fcm.rung() == {"bob-0": 1})

    other = await found(instance, "cid", with_devices=0)
    await looked_up(other)
    monkeypatch.setattr(instance.recipients, "get_recipients", away)
    await other.send()
    assert await instance.notifications.stop() is False


async def test_a_store_that_is_away_at_the_first_message(
    instance: Instance, fcm: FcmServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may have a device gets a job, which waits for the store."""
    group = await found(instance, "bob")
    await instance.start()
    instance.notifications.device_removed("bob")  # as if it had been registered elsewhere
    real, asked = instance.recipients.get_recipients, 0

    async def away_at_first(user_ids: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise StoreUnavailable
        return await real(user_ids)

    monkeypatch.setattr(instance.recipients, "get_recipients", away_at_first)
    await group.send()

    await until(lambda: fcm.rung() == {"bob-0": 1})


async def test_what_a_crashed_instance_held(
    instance: Instance, elsewhere: Instance, fcm: FcmServer
) -> None:
    """The sweep looks back as far as messages may have been held."""
    group = await found(elsewhere, "bob", with_devices=0)
    await elsewhere.start()
    await looked_up(group)
    message = await group.send()
    await register(instance, "bob")
    await instance.start()

    seen = message.created_at + timedelta(seconds=5)
    await instance_lost.asend(sender=instance, boot_id=elsewhere.boot_id, since=seen)

    await until(lambda: fcm.rung() == {"bob-0": 2})  # of the message before as well


async def test_a_sweep_of_people_without_a_device(instance: Instance) -> None:
    """Costs a read each, and makes no job."""
    group = await found(instance, "bob", "cid", with_devices=0)
    await instance.start()
    message = await group.send()
    await until(lambda: without_device() > 0)

    await instance_lost.asend(sender=instance, boot_id="dead", since=message.created_at)
    await instance.stop()

    assert await reasons(instance, message) == {}


async def test_muted_without_a_device(instance: Instance) -> None:
    """Their reason is recorded once at most: later messages are held for them as well."""
    group = await found(instance, "bob", with_devices=0)
    await instance.start()
    await looked_up(group)
    await conversation_preferences.set_preferences(
        instance, user_id="bob", conversation_id=group.id, changes={"notify": Notify.NONE}
    )

    message = await group.send()
    await instance.stop()

    assert await reasons(instance, message) == {}
    assert await outcomes(instance, message) == {"bob": "dropped no_device"}


async def test_why_somebody_got_no_push(instance: Instance, elsewhere: Instance) -> None:
    """No device then, whatever was registered later; nothing is missing for somebody who
    joined later."""
    group = await found(instance, "bob", with_devices=0)
    await instance.start()
    await looked_up(group)
    message = await group.send()
    await instance.stop()
    await next_millisecond()
    await register(elsewhere, "bob")
    await participants.add_participants(
        elsewhere, user_id="ann", conversation_id=group.id, user_ids=["dan"]
    )

    assert await outcomes(elsewhere, message) == {
        "bob": "dropped no_device",
        "dan": "dropped acknowledged",
    }


async def test_everybody_is_found_in_their_chunk(
    instance: Instance,
    elsewhere: Instance,
    fcm: FcmServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also who is found later, and though somebody was removed meanwhile."""
    monkeypatch.setattr("messaging.notifications.jobs.CHUNK_PEOPLE", 2)
    group = await found(instance, "bob", "cid", "dan", "eve", with_devices=0)
    await instance.start()
    await looked_up(group)
    message = await group.send()
    await participants.remove_participant(
        instance, user_id="ann", conversation_id=group.id, participant_id="bob"
    )
    for person in ("dan", "eve"):
        await register(elsewhere, person)

    await instance.stop()

    assert fcm.rung() == {"dan-0": 1, "eve-0": 1}
    decided = await instance.decisions.list_decisions(group.id, message.id)
    assert {user_id: one.chunk for user_id, one in decided.items()} == {"dan": 1, "eve": 2}


async def test_what_is_held_is_bounded(
    instance: Instance, elsewhere: Instance, fcm: FcmServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond it people are looked up for each message."""
    monkeypatch.setattr(lookups, "_MAX_HELD_BYTES", 1)
    group = await found(instance, "bob", with_devices=0)
    await instance.start()
    await looked_up(group)
    await group.send()
    await asyncio.wait_for(looked_up(group), 5)

    await register(elsewhere, "bob")
    await group.send()

    await until(lambda: fcm.rung() == {"bob-0": 1})
