"""What notifying costs those who send: sends with and without it, in turns."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio
from pytest_django import Settings

from messaging.domain.conversation import ConversationKind
from messaging.domain.recipients import Platform, TokenKind
from messaging.notifications.queue.sqs import create_queues
from messaging.runtime.instance import Instance
from messaging.services import conversations, messages
from messaging.services.account import devices
from tests.instances import new_instance
from tests.notifications.sqs_server import aws_environment, sqs_process

_PER_SECOND = 20


@pytest_asyncio.fixture
async def instance(
    firestore_emulator: str, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> AsyncIterator[Instance]:
    """On Firestore, with a queue in a process of its own."""
    with sqs_process() as url:
        for name, value in aws_environment(url).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
        settings.CHAT_STORE = "firestore"
        settings.GOOGLE_CLOUD_PROJECT = f"test-{uuid4().hex}"
        settings.NOTIFICATION_QUEUE_URL = create_queues("sends", hidden=60)
        async with new_instance() as instance:
            await instance.start()
            yield instance


async def group_of_five(instance: Instance) -> str:
    people = ["bob", "cid", "dan", "eve"]
    founded = await conversations.create_conversation(
        instance, user_id="ann", kind=ConversationKind.GROUP, participant_ids=people
    )
    for person in people:
        await devices.register_device(
            instance,
            user_id=person,
            device_id="phone",
            token=person,
            token_kind=TokenKind.TOKEN,
            platform=Platform.IOS,
        )
    return founded.own.conversation.id


async def latencies(instance: Instance, group: str, seconds: float) -> list[float]:
    """Of sends, 20 in a second."""
    taken = []
    begin = time.perf_counter()
    for number in range(round(seconds * _PER_SECOND)):
        await asyncio.sleep(max(begin + number / _PER_SECOND - time.perf_counter(), 0))
        before = time.perf_counter()
        await messages.send_message(instance, user_id="ann", conversation_id=group, text="Hello")
        taken.append(time.perf_counter() - before)
    return taken


async def in_turns(instance: Instance, rounds: int, seconds: float) -> float:
    """How many times longer a send takes with notifications than without: the ratio of medians."""
    group = await group_of_five(instance)
    await latencies(instance, group, 1)
    with_: list[float] = []
    without: list[float] = []
    for _ in range(rounds):
        with_ += await latencies(instance, group, seconds)
        await instance.notifications.stop()
        without += await latencies(instance, group, seconds)
        instance.notifications.start()
    one, other = (statistics.median(taken) * 1000 for taken in (with_, without))
    ratio = one / other
    print(
        f"\n{len(with_)} sends each at {_PER_SECOND}/s: median {one:.1f} ms with notifications,"
        f" {other:.1f} ms without; {ratio:.2f} times"
    )
    return ratio


async def test_a_short_comparison(transactional_db: None, instance: Instance) -> None:
    """That it can be made; what it shows in two seconds means little."""
    assert await in_turns(instance, 1, 1) > 0


@pytest.mark.benchmark
async def test_sends_with_and_without(transactional_db: None, instance: Instance) -> None:
    """Ten rounds in turns: no more than 1.25 times."""
    assert await in_turns(instance, 10, 3) <= 1.25
