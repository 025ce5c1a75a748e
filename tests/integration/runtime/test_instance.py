"""The life of an instance, and two of them in one process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import nullcontext
from datetime import UTC, datetime

import httpx
import pytest
import pytest_asyncio
from django.dispatch import Signal
from pytest_django import Settings
from redis.asyncio import Redis

from config.application import Application
from messaging.delivery.hub import followed
from messaging.delivery.hub import hub as hub_module
from messaging.domain.conversation import ConversationKind
from messaging.domain.recipients import Platform, TokenKind
from messaging.notifications.notifier import Notifier
from messaging.notifications.push.log import LogPushBackend
from messaging.runtime.instance import Instance
from messaging.services import conversations, messages, sessions
from messaging.services.account import devices
from tests.instances import new_instance, use_redis
from tests.outlets import Outlet


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


async def test_it_lets_go_of_conversations_without_redis(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A minute after the last socket. Otherwise its memory would grow with every conversation that
    somebody was ever connected to."""
    monkeypatch.setattr(followed, "_LINGER_SECONDS", 0.0)
    monkeypatch.setattr(hub_module, "_TIDY_SECONDS", 0.01)
    await instance.start()
    assert instance.link is None
    created = await conversations.create_conversation(
        instance, user_id="ann", kind=ConversationKind.GROUP, participant_ids=["bob"], title="Tea"
    )
    conversation_id = created.own.conversation.id
    connection = await sessions.open_session(
        instance, user_id="ann", signed_in_at=datetime.now(UTC), outlet=Outlet(lambda _: None)
    )
    assert instance.hub.followed(conversation_id) is not None

    sessions.close_session(instance, connection)

    async with asyncio.timeout(10):
        while instance.hub.followed(conversation_id) is not None:
            await asyncio.sleep(0.01)


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


async def test_every_caller_waits_for_the_same_stop(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = []
    begun, may_go_on = asyncio.Event(), asyncio.Event()
    stop_epochs = instance.epochs.stop

    async def slow() -> None:
        begun.set()
        await may_go_on.wait()
        await stop_epochs()
        ended.append("part")

    async def stop() -> None:
        await instance.stop()
        ended.append("stop")

    monkeypatch.setattr(instance.epochs, "stop", slow)
    await instance.start()
    stops = [asyncio.create_task(stop())]
    await begun.wait()
    stops.append(asyncio.create_task(stop()))
    await instance.drain()
    finished, _ = await asyncio.wait(stops, timeout=0.2)
    assert not finished

    may_go_on.set()
    await asyncio.gather(*stops)

    assert ended == ["part", "stop", "stop"]


async def test_after_a_failed_start_and_a_stop_it_does_not_start(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A late request must not start a closed instance."""
    with monkeypatch.context() as patch:
        patch.setattr(instance.figures, "start", _fail)
        with pytest.raises(RuntimeError):
            await instance.start()
    await instance.stop()

    await instance.start()

    assert instance.draining
    assert not runs(instance)


async def test_a_closed_one_does_not_start(instance: Instance) -> None:
    await instance.close()

    await instance.start()

    assert not runs(instance)


async def test_a_start_that_hangs_does_not_delay_the_stop_forever(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()

    async def hang() -> bool:
        begun.set()
        await asyncio.Event().wait()
        return True

    monkeypatch.setattr(instance.presence, "start", hang)
    starting = asyncio.create_task(instance.start())
    await begun.wait()

    async with asyncio.timeout(60):
        await instance.stop()

    with pytest.raises(asyncio.CancelledError):
        await starting
    assert not runs(instance)


@pytest.mark.parametrize("started", [True, False])
async def test_no_background_task_outlives_it(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, started: bool
) -> None:
    """Also one that begins while the parts stop."""
    signal = Signal()
    begun, cancelled = asyncio.Event(), asyncio.Event()
    stop_access = instance.access.stop

    async def hang(**_: object) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async def stop_late() -> None:
        await stop_access()
        instance.signals.send(signal)
        await begun.wait()

    signal.connect(hang)
    if started:
        monkeypatch.setattr(instance.access, "stop", stop_late)
        await instance.start()
    else:
        instance.signals.send(signal)
        await begun.wait()

    await instance.stop()

    assert cancelled.is_set()


async def test_the_store_is_closed_though_redis_fails(
    transactional_db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS = {"address": "redis://127.0.0.1:1"}
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    closed = asyncio.Event()

    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    async with new_instance() as instance:
        close = instance.store.close

        async def noted() -> None:
            closed.set()
            await close()

        monkeypatch.setattr(instance.store, "close", noted)
        monkeypatch.setattr(Redis, "aclose", fail)
        with pytest.raises(RuntimeError):
            await instance.close()

    assert closed.is_set()


async def test_notifications_that_are_cut_off_keep_nothing(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their jobs are cancelled, and the push service is closed."""
    begun, cancelled, closed = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def hang(*_: object) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async def close(_: object) -> None:
        closed.set()

    monkeypatch.setattr(Notifier, "run", hang)
    monkeypatch.setattr(LogPushBackend, "close", close)
    await instance.start()
    await devices.register_device(
        instance,
        user_id="bob",
        device_id="phone",
        token="a-token",
        token_kind=TokenKind.TOKEN,
        platform=Platform.ANDROID,
    )
    await _send(instance)
    await begun.wait()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await instance.notifications.stop()

    assert cancelled.is_set()
    assert closed.is_set()


@pytest.mark.parametrize("sound", [True, False])
async def test_the_goodbye_depends_on_every_part(
    transactional_db: None,
    redis_server: str,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    sound: bool,
) -> None:
    """After an error of a part, the other instances look for unfinished work."""
    prefix = use_redis(settings, redis_server)
    async with (
        new_instance() as instance,
        Redis.from_url(redis_server) as client,
        client.pubsub() as heard,
    ):
        stop_epochs = instance.epochs.stop

        async def stop() -> None:
            await stop_epochs()
            if not sound:
                raise RuntimeError

        monkeypatch.setattr(instance.epochs, "stop", stop)
        await instance.start()
        await heard.psubscribe(f"{prefix}*")

        with nullcontext() if sound else pytest.raises(RuntimeError):
            await instance.stop()

        said = []
        while (message := await heard.get_message(timeout=1)) is not None:
            said.append("goodbye" in str(message["data"]))

    assert any(said) is sound


async def test_what_others_said_while_redis_was_lost_is_read_again(
    transactional_db: None, redis_server: str, settings: Settings
) -> None:
    """A change of blocks may be among it. The connection is soon back, and nobody is degraded."""
    use_redis(settings, redis_server)
    async with new_instance() as instance, Redis.from_url(redis_server) as client:
        await instance.start()
        await instance.privacy.get(["ann"])
        await instance.profiles.get(["ann"])
        async with asyncio.timeout(20):
            while not await client.client_list(_type="pubsub"):
                await asyncio.sleep(0.01)
            await client.client_kill_filter(_type="pubsub")

            while instance.privacy.peek("ann") or instance.profiles.peek("ann"):
                await asyncio.sleep(0.01)


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
