"""One job, carried out: who is pushed to, what is written down, and that it happens once."""

import asyncio
import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from pytest_django import Settings

from messaging.concurrency import retries
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.participant import Notify
from messaging.domain.recipients import Verdict
from messaging.notifications.jobs import ClearJob, RetryLater
from messaging.notifications.notifier import Notifier
from messaging.notifications.policy import Stage
from messaging.runtime.instance import Instance
from messaging.services import messages, participants, receipts
from messaging.services.account import conversation_preferences, preferences, profiles
from tests.documents import counted_documents
from tests.integration.notifications import decisions, found, outcomes, reasons, register, until
from tests.integration.stores import acting
from tests.moments import lapse
from tests.notifications.fcm_server import Answer, FcmServer, refusal

UNREGISTERED = refusal(404, "NOT_FOUND", "UNREGISTERED")
NEVER = datetime(2100, 1, 1, tzinfo=UTC)


@contextmanager
def billed(*, reads: int, writes: int) -> Iterator[None]:
    before = counted_documents()
    yield
    counted = counted_documents()
    counted.subtract(before)
    assert (counted["read"], counted["write"]) == (reads, writes)


async def test_every_device_of_everybody(
    instance: Instance, notifier: Notifier, fcm: FcmServer
) -> None:
    """With what the phone shows, and with why it rang."""
    group = await found(instance, "bob", "cid", with_devices=2)
    message = await group.send("Are you coming?")

    assert await notifier.run(group.job(message)) is None

    assert fcm.rung() == {"bob-0": 1, "bob-1": 1, "cid-0": 1, "cid-1": 1}
    assert fcm.arrived[0].message["notification"] == {
        "title": "Tea",
        "body": "ann: Are you coming?",
    }
    assert fcm.arrived[0].data == {
        "type": "message",
        "conversation_id": group.id,
        "message_id": message.id,
        "seq": "1",
        "sender_id": "ann",
        "tag": group.id,
    }
    decided = (await decisions(instance, message))["bob"]
    assert (decided.verdict, decided.reason) == (Verdict.SENT, "absent")
    assert decided.devices == {"phone-0": "sent", "phone-1": "sent"}


async def test_people_are_named(instance: Instance, notifier: Notifier, fcm: FcmServer) -> None:
    """As they are called now; by the id once they have no name."""
    group = await found(instance, "bob")
    bodies = []
    for name in ("Ann Lee", "Anna", None):
        await profiles.set_profile(instance, user_id="ann", changes={"name": name})
        await notifier.run(group.job(await group.send("Hello")))
        bodies.append(fcm.arrived[-1].message["notification"]["body"])

    assert bodies == ["Ann Lee: Hello", "Anna: Hello", "ann: Hello"]


async def test_no_text_for_whoever_wants_none(
    instance: Instance, notifier: Notifier, fcm: FcmServer
) -> None:
    """And a long one is cut."""
    group = await found(instance, "bob", "cid")
    await preferences.set_settings(instance, user_id="bob", changes={"push_text": False})
    message = await group.send("x" * 10_000)

    await notifier.run(group.job(message))

    bodies = {one.target: one.message["notification"]["body"] for one in fcm.arrived}
    assert bodies == {"bob-0": "New message", "cid-0": "ann: " + "x" * 234 + "…"}


async def test_the_badge_counts_conversations(
    instance: Instance, notifier: Notifier, fcm: FcmServer
) -> None:
    """Those with a notification that is not read."""
    one, other = await found(instance, "bob"), await found(instance, "bob")

    for group in (one, one, other):
        await notifier.run(group.job(await group.send()))
    await receipts.mark_read(instance, user_id="bob", conversation_id=one.id, seq=2)

    badges = [one.message["apns"]["payload"]["aps"]["badge"] for one in fcm.arrived]
    assert badges == [1, 1, 2]


async def test_a_job_delivered_many_times(
    instance: Instance, notifier: Notifier, fcm: FcmServer
) -> None:
    """At once and later: everybody is pushed to once."""
    group = await found(instance, "bob", "cid")
    job = group.job(await group.send())

    answers = await asyncio.gather(*(notifier.run(job) for _ in range(8)))
    assert await notifier.run(job) is None

    assert fcm.rung() == {"bob-0": 1, "cid-0": 1}
    assert {again.reason for again in answers if again} <= {"claimed"}


async def test_a_claim_that_lapsed(instance: Instance, notifier: Notifier, fcm: FcmServer) -> None:
    """Whoever had it may have pushed: it is pushed again, with the same tag, when its time is
    over and no sooner."""
    group = await found(instance, "bob", with_devices=2)
    message = await group.send()
    job, now = group.job(message), datetime.now(UTC)
    soon = now + timedelta(seconds=1.5)
    await instance.decisions.claim(job.key, ["bob"], now=now, until=soon, expires_at=NEVER)

    again = await notifier.run(job)
    assert again is not None
    assert again.reason == "claimed"
    assert fcm.arrived == []
    while (again := await notifier.run(job)) is not None:
        assert again.reason == "claimed"
        await asyncio.sleep(0.05)

    assert datetime.now(UTC) >= soon
    assert fcm.rung() == {"bob-0": 1, "bob-1": 1}
    assert {one.data["tag"] for one in fcm.arrived} == {group.id}


async def test_a_push_that_takes_longer_than_the_claim(
    instance: Instance, notifier: Notifier, fcm: FcmServer, settings: Settings
) -> None:
    """It is renewed meanwhile, and nobody else pushes."""
    settings.CHAT_NOTIFICATIONS = {"lease": 2}
    group = await found(instance, "bob")
    message = await group.send()
    job = group.job(message)
    fcm.open.clear()
    first = asyncio.create_task(notifier.run(job))
    await until(lambda: fcm.asked == 1)

    end = time.monotonic() + 4
    while time.monotonic() < end:
        again = await notifier.run(job)
        assert again is not None
        assert again.reason == "claimed"
        await asyncio.sleep(0.1)
    fcm.open.set()

    assert await first is None
    assert await notifier.run(job) is None
    assert fcm.rung() == {"bob-0": 1}


async def test_a_process_that_stood_still(
    instance: Instance,
    notifier: Notifier,
    fcm: FcmServer,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """When its claim has lapsed somebody else may be pushing: it claims anew instead."""
    settings.CHAT_NOTIFICATIONS = {"lease": 1}
    group = await found(instance, "bob")
    message = await group.send()
    job = group.job(message)
    real = instance.store.get_conversation

    async def stand_still(conversation_id: str) -> Any:
        conversation = await real(conversation_id)
        time.sleep(1.1)
        return conversation

    with monkeypatch.context() as stopped:
        stopped.setattr(instance.store, "get_conversation", stand_still)
        assert await notifier.run(job) == RetryLater(seconds=1, reason="lapsed")
    assert fcm.arrived == []

    assert await notifier.run(job) is None
    assert fcm.rung() == {"bob-0": 1}


async def test_a_store_that_is_away_after_the_push(
    instance: Instance, notifier: Notifier, fcm: FcmServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What became of it is written down when the store is back, however late: it does not ring
    again."""
    monkeypatch.setattr(retries, "RETRY_SECONDS", 0.01)
    group = await found(instance, "bob")
    message = await group.send()
    real, tries = instance.decisions.record, itertools.count(1)

    async def away(*args: Any, **options: Any) -> None:
        if next(tries) < 30:
            raise StoreUnavailable
        await real(*args, **options)

    monkeypatch.setattr(instance.decisions, "record", away)

    assert await notifier.run(group.job(message)) is None

    assert fcm.rung() == {"bob-0": 1}
    assert await reasons(instance, message) == {"bob": "sent absent"}


@pytest.mark.parametrize("answer", [UNREGISTERED, refusal(403, "X", "SENDER_ID_MISMATCH")])
async def test_a_token_that_is_gone(
    instance: Instance, notifier: Notifier, fcm: FcmServer, answer: Answer
) -> None:
    """Its device goes; the person's others ring."""
    fcm.answers["bob-0"] = answer
    group = await found(instance, "bob", with_devices=2)
    message = await group.send()

    assert await notifier.run(group.job(message)) is None

    (left,) = (await instance.recipients.get_recipients(["bob"]))["bob"].devices
    assert left.id == "phone-1"
    assert await reasons(instance, message) == {"bob": "sent absent"}


async def test_the_only_token_is_gone(
    instance: Instance, notifier: Notifier, fcm: FcmServer
) -> None:
    """Then it failed, and why; the next message finds no device."""
    fcm.answers["bob-0"] = UNREGISTERED
    group = await found(instance, "bob")
    first = await group.send()
    await notifier.run(group.job(first))
    second = await group.send()
    await notifier.run(group.job(second))

    assert await reasons(instance, first) == {"bob": "failed unregistered"}
    assert (await outcomes(instance, second))["bob"] == "dropped no_device"

    await notifier.run(group.job(first))  # once more, as queues do
    assert await reasons(instance, first) == {"bob": "failed unregistered"}


async def test_a_token_that_is_gone_while_the_store_is_away(
    instance: Instance,
    notifier: Notifier,
    fcm: FcmServer,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its device stays until the next push; those who rang with it are not rung again."""
    settings.CHAT_NOTIFICATIONS = {"lease": 1}
    fcm.answers["cid-0"] = UNREGISTERED
    group = await found(instance, "bob", "cid")
    message = await group.send()
    job = group.job(message)

    async def away(*args: Any, **options: Any) -> bool:
        raise StoreUnavailable

    with monkeypatch.context() as outage:
        outage.setattr(instance.recipients, "remove_device", away)
        assert await notifier.run(job) is None
    assert await reasons(instance, message) == {"bob": "sent absent", "cid": "failed unregistered"}
    await lapse(1.1)  # a claim would be over
    assert await notifier.run(job) is None
    assert fcm.rung() == {"bob-0": 1}

    await notifier.run(group.job(await group.send()))
    assert (await instance.recipients.get_recipients(["cid"]))["cid"].devices == ()


async def test_a_token_that_was_renewed_meanwhile(
    instance: Instance, notifier: Notifier, fcm: FcmServer
) -> None:
    """What FCM says of the old one does not take the new one away."""
    fcm.answers["bob-0"] = UNREGISTERED
    fcm.open.clear()
    group = await found(instance, "bob")
    running = asyncio.create_task(notifier.run(group.job(await group.send())))
    await until(lambda: fcm.asked == 1)
    await register(instance, "bob", token="bob-new")
    fcm.open.set()
    await running

    (device,) = (await instance.recipients.get_recipients(["bob"]))["bob"].devices
    assert device.token == "bob-new"


async def test_fcm_wants_a_pause(instance: Instance, notifier: Notifier, fcm: FcmServer) -> None:
    """The job comes again after it, for the devices that have not rung and no others."""
    group = await found(instance, "bob", "cid", with_devices=2)
    fcm.answers["bob-1"] = [refusal(429, "RESOURCE_EXHAUSTED", Retry_After="70"), Answer()]
    message = await group.send()

    assert await notifier.run(group.job(message)) == RetryLater(seconds=70, reason="later")
    assert await reasons(instance, message) == {"bob": "None later", "cid": "sent absent"}
    assert await notifier.run(group.job(message)) is None

    assert fcm.rung() == {"bob-0": 1, "bob-1": 1, "cid-0": 1, "cid-1": 1}
    assert await reasons(instance, message) == {"bob": "sent absent", "cid": "sent absent"}


async def test_what_fcm_does_not_take(
    instance: Instance, notifier: Notifier, fcm: FcmServer
) -> None:
    """Is kept with its reason; the device stays."""
    fcm.answers["bob-0"] = refusal(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT")
    group = await found(instance, "bob")
    message = await group.send()

    assert await notifier.run(group.job(message)) is None

    assert await reasons(instance, message) == {"bob": "failed invalid_argument"}
    assert (await decisions(instance, message))["bob"].devices == {"phone-0": "invalid_argument"}


async def test_what_changed_meanwhile(
    instance: Instance, notifier: Notifier, fcm: FcmServer
) -> None:
    """Read, muted, removed: each is looked at again, and the others ring."""
    group = await found(instance, "bob", "cid", "dan", "eve", "fay")
    message = await group.send()
    await receipts.mark_read(instance, user_id="bob", conversation_id=group.id, seq=1)
    for person, changes in (("cid", {"muted_until": NEVER}), ("dan", {"notify": Notify.NONE})):
        await conversation_preferences.set_preferences(
            instance, user_id=person, conversation_id=group.id, changes=changes
        )
    await participants.remove_participant(
        instance, user_id="ann", conversation_id=group.id, participant_id="eve"
    )

    await notifier.run(group.job(message, age=2))

    assert fcm.rung() == {"fay-0": 1}
    assert await reasons(instance, message) == {
        "cid": "dropped muted",
        "dan": "dropped notifications_off",
        "eve": "dropped not_a_participant",
        "fay": "sent absent",
    }


async def test_read_on_another_instance(
    instance: Instance, notifier: Notifier, fcm: FcmServer
) -> None:
    """The store knows, where neither this process nor Redis does."""
    group = await found(instance, "bob")
    message = await group.send()
    await instance.store.advance_read(group.id, "bob", 1)

    await notifier.run(group.job(message, age=2))

    assert fcm.arrived == []
    assert await reasons(instance, message) == {"bob": "dropped read"}


async def test_deleted_meanwhile(instance: Instance, notifier: Notifier, fcm: FcmServer) -> None:
    """Also when it is not the latest any more."""
    group = await found(instance, "bob")
    first, second = await group.send(), await group.send()
    for message in (first, second):
        await messages.delete_message(
            instance, user_id="ann", conversation_id=group.id, message_id=message.id
        )
        await notifier.run(group.job(message))
        assert await reasons(instance, message) == {"bob": "dropped deleted"}

    assert fcm.arrived == []


async def test_acknowledged_in_time(instance: Instance, notifier: Notifier, fcm: FcmServer) -> None:
    """By a connection in use. One that is not in use proves nothing."""
    group = await found(instance, "bob", "cid", "dan")
    message = await group.send()
    await receipts.mark_delivered(
        instance, user_id="bob", conversation_id=group.id, seq=1, seen=True
    )
    await receipts.mark_delivered(instance, user_id="cid", conversation_id=group.id, seq=1)

    await notifier.run(group.job(message, stage=Stage.GRACE_OVER))

    assert fcm.rung() == {"cid-0": 1, "dan-0": 1}
    assert await reasons(instance, message) == {
        "cid": "sent not_acknowledged",
        "dan": "sent not_acknowledged",
    }


async def test_too_late(instance: Instance, notifier: Notifier, fcm: FcmServer) -> None:
    """An hour later nobody wants to be rung."""
    group = await found(instance, "bob")
    message = await group.send()

    assert await notifier.run(group.job(message, age=3_601)) is None

    assert fcm.arrived == []
    assert await reasons(instance, message) == {"bob": "dropped stale"}


async def test_both_rounds_of_one_message(
    instance: Instance, notifier: Notifier, fcm: FcmServer
) -> None:
    """Whoever was pushed to at once is not pushed to again when the grace of others is over."""
    group = await found(instance, "bob", "cid")
    message = await group.send()

    await notifier.run(group.job(message))
    await notifier.run(group.job(message, stage=Stage.GRACE_OVER))

    assert fcm.rung() == {"bob-0": 1, "cid-0": 1}


async def test_clearing(instance: Instance, notifier: Notifier, fcm: FcmServer) -> None:
    """A data message with the notification's tag to every device."""
    group = await found(instance, "bob", with_devices=2)
    job = ClearJob(conversation_id=group.id, user_id="bob", read_seq=7, made_at=4e9)

    assert await notifier.run(job) is None

    assert fcm.rung("clear") == {"bob-0": 1, "bob-1": 1}
    assert fcm.arrived[0].data == {
        "type": "clear",
        "conversation_id": group.id,
        "tag": group.id,
        "read_seq": "7",
        "badge": "0",
    }
    assert "notification" not in fcm.arrived[0].message


async def test_what_it_costs(instance: Instance, notifier: Notifier, settings: Settings) -> None:
    """At most two reads for each who is rung, and two writes for the message; once a read for the
    sender's name; nothing at all for those who acknowledged."""
    direct, group = (
        await found(instance, "bob"),
        await found(instance, *(f"user-{number}" for number in range(20))),
    )

    message = await direct.send()
    with billed(reads=3, writes=2):
        await notifier.run(direct.job(message))

    message = await group.send()
    with billed(reads=1 + 20, writes=2):
        await notifier.run(group.job(message))

    # Whoever has acknowledged something before is known in Redis.
    message = await direct.send()
    await receipts.mark_delivered(
        instance, user_id="bob", conversation_id=direct.id, seq=1, seen=True
    )
    with billed(reads=2, writes=2):
        await notifier.run(direct.job(message, stage=Stage.GRACE_OVER))

    message = await direct.send()
    await receipts.mark_delivered(
        instance, user_id="bob", conversation_id=direct.id, seq=3, seen=True
    )
    with billed(reads=0, writes=0):
        await notifier.run(direct.job(message, stage=Stage.GRACE_OVER))


async def test_what_those_without_a_device_cost(instance: Instance, notifier: Notifier) -> None:
    """A read for each, and one write if others ring; a retry reads nobody again."""
    people = [f"user-{number}" for number in range(20)]
    silent, mixed = (
        await found(instance, *people, with_devices=0),
        await found(instance, "bob", with_devices=1),
    )
    message = await silent.send()
    with billed(reads=20, writes=0):
        await notifier.run(silent.job(message))
    assert set((await outcomes(instance, message)).values()) == {"dropped no_device"}

    message = await mixed.send()
    job = mixed.job(message)
    await notifier.run(job)
    with billed(reads=1, writes=0):  # the claim, of which nothing is left
        await notifier.run(msgspec.structs.replace(job, attempt=1))


async def test_messages_of_a_busy_conversation_share_the_reads_of_devices(
    instance: Instance, notifier: Notifier
) -> None:
    people = [f"user-{number}" for number in range(20)]
    group = await found(instance, *people, with_devices=0)
    messages = [await group.send() for _ in range(3)]
    jobs = [group.job(message, stage=Stage.GRACE_OVER, age=5.0) for message in messages]
    with billed(reads=20, writes=0):
        for job in jobs:
            await notifier.run(job)
    assert set((await outcomes(instance, messages[-1])).values()) == {"dropped no_device"}


async def test_a_message_that_was_sent_after_the_read_finds_the_new_device(
    instance: Instance, notifier: Notifier, fcm: FcmServer
) -> None:
    group = await found(instance, "bob", with_devices=0)
    await notifier.run(group.job(await group.send()))
    await register(instance, "bob")
    message = await group.send()

    await notifier.run(group.job(message, stage=Stage.GRACE_OVER))

    assert await reasons(instance, message) == {"bob": "sent not_acknowledged"}


async def test_who_is_added_right_after_a_message_is_not_rung_for_it(
    instance: Instance, fcm: FcmServer
) -> None:
    """They have nothing unread, also if one commit has both."""
    group = await found(instance, "bob")
    await register(instance, "cid")
    await instance.start()
    acts = (acting.send(group.id, "one", client_id="1"), acting.add("cid"))
    sent, added = await asyncio.gather(*(instance.writer.submit(group.id, act) for act in acts))
    assert sent.conversation.version == added.conversation.version

    assert sent.message is not None
    async with asyncio.timeout(15):
        while not (made := await decisions(instance, sent.message)) or any(
            one.verdict is None for one in made.values()
        ):
            await asyncio.sleep(0.01)
    assert await reasons(instance, sent.message) == {
        "bob": "sent absent",
        "cid": "dropped not_a_participant",
    }
    assert [push.target for push in fcm.arrived] == ["bob-0"]
