"""Messages to people who are connected wait together, and only who may ring costs a job."""

import time
from typing import Any

import pytest
from pytest_django import Settings

from messaging.runtime.instance import Instance
from messaging.services import presence, receipts, sessions
from tests.documents import counted_documents
from tests.integration.notifications import Group, found, outcomes, reasons, register, until
from tests.metrics import sampled
from tests.notifications.fcm_server import FcmServer
from tests.outlets import SIGNED_IN_AT, Outlet


@pytest.fixture(autouse=True)
def grace(settings: Settings) -> None:
    settings.CHAT_NOTIFICATIONS = {"grace": 1}


async def connect(instance: Instance, user_id: str) -> Any:
    connection = await sessions.open_session(
        instance, user_id=user_id, signed_in_at=SIGNED_IN_AT, outlet=Outlet(lambda frame: None)
    )
    presence.set_activity(instance, connection=connection, active=True)
    return connection


async def acknowledge(group: Group, user_id: str, seq: int) -> None:
    await receipts.mark_delivered(
        group.instance, user_id=user_id, conversation_id=group.id, seq=seq, seen=True
    )


def held() -> float:
    return sampled("chat_cache_bytes", cache="notifications")


def jobs_done() -> float:
    return sampled("chat_notification_jobs_total", path="direct", result="done")


def without_device() -> float:
    return sampled("chat_notification_decisions_total", verdict="dropped", reason="no_device")


async def test_everybody_acknowledges(instance: Instance, fcm: FcmServer) -> None:
    """No message causes a job, and nothing is held any more."""
    group = await found(instance, "bob", "cid")
    await instance.start()
    for person in group.user_ids:
        await connect(instance, person)
    jobs = jobs_done()

    for _ in range(5):
        message = await group.send()
    for person in group.user_ids:
        await acknowledge(group, person, message.seq)
    await until(lambda: held() > 0)
    await until(lambda: held() == 0)

    assert jobs_done() == jobs
    assert fcm.arrived == []
    assert await reasons(instance, message) == {}


async def test_each_rings_for_what_they_have_not_acknowledged(
    instance: Instance, fcm: FcmServer
) -> None:
    """Not before their time is over; and nobody for what they sent."""
    group = await found(instance, "bob", "cid", "dan")
    await register(instance, "ann")
    await instance.start()
    for person in ("ann", *group.user_ids):
        await connect(instance, person)

    begin = time.monotonic()
    sent = [await group.send() for _ in range(3)]
    await acknowledge(group, "bob", 2)
    await acknowledge(group, "cid", 3)
    await until(lambda: len(fcm.arrived) == 4)

    assert time.monotonic() - begin >= 1
    await instance.stop()
    assert fcm.rung() == {"bob-0": 1, "dan-0": 3}
    assert await reasons(instance, sent[0]) == {"dan": "sent not_acknowledged"}
    assert await reasons(instance, sent[2]) == {
        "bob": "sent not_acknowledged",
        "dan": "sent not_acknowledged",
    }


async def test_people_without_a_device(instance: Instance) -> None:
    """One read of each decides about all messages."""
    group = await found(instance, "bob", "cid", with_devices=0)
    await instance.start()
    await instance.epochs.stop()  # it reads by itself, now and then
    await instance.attachments.stop()  # so does its sweep
    for person in group.user_ids:
        await connect(instance, person)
    jobs, decided = jobs_done(), without_device()

    before = counted_documents()["read"]
    sent = [await group.send() for _ in range(5)]
    await acknowledge(group, "bob", 2)
    await until(lambda: without_device() >= decided + 3 + 5)

    assert counted_documents()["read"] <= before + 2 * 2  # the sends may end in two steps
    assert without_device() == decided + 3 + 5
    assert jobs_done() == jobs
    assert await outcomes(instance, sent[-1]) == {
        "bob": "dropped no_device",
        "cid": "dropped no_device",
    }
