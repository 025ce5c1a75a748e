"""The life of an instance, and two of them in one process."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from pytest_django import Settings

from config.application import Application
from messaging.domain.conversation import ConversationKind
from messaging.runtime.instance import Instance
from messaging.services import conversations, messages
from tests.instances import new_instance


@pytest_asyncio.fixture
async def instance(transactional_db: None) -> AsyncIterator[Instance]:
    async with new_instance() as instance:
        yield instance


def runs(instance: Instance) -> bool:
    """mypy would take a property for what it was before the await."""
    return instance.started


async def test_the_first_request_starts_it(instance: Instance) -> None:
    """Where the server has no lifespan."""
    transport = httpx.ASGITransport(app=Application(instance))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        assert not runs(instance)

        answer = await client.get("/health/ready")

    assert runs(instance)
    assert answer.json()["instance_id"] == instance.id


async def test_two_applications_in_one_process(instance: Instance, settings: Settings) -> None:
    """Each serves with its own instance."""
    settings.INSTANCE_ID = "other"
    async with new_instance() as other:
        for one in (instance, other):
            transport = httpx.ASGITransport(app=Application(one))
            async with httpx.AsyncClient(
                transport=transport, base_url="http://testserver"
            ) as client:
                answer = await client.get("/health/ready")
            assert answer.json()["instance_id"] == one.id
    assert instance.id != "other"


async def test_starts_at_the_same_time_are_one(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = 0
    start_notifications = instance.notifications.start

    def counted() -> None:
        nonlocal starts
        starts += 1
        start_notifications()

    monkeypatch.setattr(instance.notifications, "start", counted)

    await asyncio.gather(*(instance.start() for _ in range(3)))
    await instance.start()

    assert starts == 1


async def test_a_start_that_failed_is_tried_again(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was started until then is stopped."""
    with monkeypatch.context() as patch:
        patch.setattr(instance.figures, "start", _fail)
        with pytest.raises(RuntimeError):
            await instance.start()
    assert not runs(instance)

    await instance.start()

    assert runs(instance)
    await _send(instance)


async def test_without_a_push_service_people_can_chat(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The notifications cannot start, for example for want of credentials."""
    monkeypatch.setattr(instance.notifications, "start", _fail)

    await instance.start()

    assert instance.notifications.conditions == {}
    await _send(instance)


async def test_a_stop_waits_for_the_start(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is being started is stopped as well."""
    begun, may_go_on = asyncio.Event(), asyncio.Event()
    start_presence = instance.presence.start

    async def slow() -> bool:
        begun.set()
        await may_go_on.wait()
        return await start_presence()

    monkeypatch.setattr(instance.presence, "start", slow)
    starting = asyncio.create_task(instance.start())
    await begun.wait()
    stopping = asyncio.create_task(instance.stop())
    await asyncio.sleep(0)  # the stop begins
    may_go_on.set()
    await asyncio.gather(starting, stopping)

    assert instance.draining
    assert not runs(instance)


async def test_it_stops_once_and_for_all(instance: Instance) -> None:
    """A second stop does nothing, and a late request does not start it again."""
    await instance.start()
    await instance.stop()
    await instance.stop()

    await instance.start()

    assert instance.draining
    assert not runs(instance)


async def test_one_that_was_not_started_gives_back_what_it_used(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = 0
    close = instance.store.close

    async def counted() -> None:
        nonlocal closed
        closed += 1
        await close()

    monkeypatch.setattr(instance.store, "close", counted)
    await _send(instance)

    await instance.stop()
    await instance.close()

    assert closed == 1


async def test_a_part_that_fails_to_stop_keeps_no_other_from_it(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything else is stopped; then the error is raised."""
    stopped = False
    stop_epochs, stop_hub = instance.epochs.stop, instance.hub.stop

    async def fail() -> None:
        await stop_epochs()
        raise RuntimeError

    async def noted() -> None:
        nonlocal stopped
        stopped = True
        await stop_hub()

    monkeypatch.setattr(instance.epochs, "stop", fail)
    monkeypatch.setattr(instance.hub, "stop", noted)
    await instance.start()

    with pytest.raises(RuntimeError):
        await instance.stop()

    assert stopped
    assert not runs(instance)


def _fail(**_: object) -> None:
    raise RuntimeError


async def _send(instance: Instance) -> None:
    founded = await conversations.create_conversation(
        instance, user_id="ann", kind=ConversationKind.GROUP, participant_ids=["bob"]
    )
    sent = await messages.send_message(
        instance, user_id="ann", conversation_id=founded.own.conversation.id, text="Hello"
    )
    assert sent.created
