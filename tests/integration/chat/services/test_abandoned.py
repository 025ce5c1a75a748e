"""A change whose request is cancelled, because its client has left or its time is over: the store
writes it all the same, so everybody learns of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from messaging.delivery.hub.connections import Ending
from messaging.domain.conversation import ConversationKind
from messaging.domain.exceptions import Blocked
from messaging.domain.integrations.moderation import WordAction
from messaging.domain.signals import conversation_read, report_created
from messaging.runtime.instance import Instance
from messaging.services import conversations, messages, receipts, reports, sessions, unread_marks
from messaging.services.account import blocks, conversation_preferences, preferences, profiles
from messaging.services.operators import people
from tests.frames import read_frame
from tests.integration.moderation.rules import add_words, set_hook
from tests.integration.outbound.hooks import Answer, Hook, Received
from tests.outlets import SIGNED_IN_AT, Outlet

SECONDS = 5.0


class LateWrite:
    """A write of the store that a thread has begun: it is applied, whether or not somebody still
    waits."""

    def __init__(self, owner: object, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self._write: Callable[..., Coroutine[Any, Any, Any]] = getattr(owner, name)
        self.begun, self._released = asyncio.Event(), asyncio.Event()
        self._thread: asyncio.Task[Any] | None = None
        monkeypatch.setattr(owner, name, self)

    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self._thread = asyncio.create_task(self._work(*args, **kwargs))
        self.begun.set()
        return await asyncio.shield(self._thread)

    async def _work(self, *args: Any, **kwargs: Any) -> Any:
        await self._released.wait()
        return await self._write(*args, **kwargs)

    async def apply(self) -> None:
        self._released.set()
        assert self._thread is not None
        await self._thread


@asynccontextmanager
async def abandoned(
    act: Coroutine[Any, Any, object], owner: object, name: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[None]:
    """The request is cancelled while this write is under way. At the end of the context it is
    applied."""
    write = LateWrite(owner, name, monkeypatch)
    request = asyncio.create_task(act)
    async with asyncio.timeout(SECONDS):
        await write.begun.wait()
        request.cancel()
        with suppress(asyncio.CancelledError):
            await request
        yield
        await write.apply()


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(SECONDS):
        while not await holds():
            await asyncio.sleep(0.01)


async def connect(instance: Instance, user_id: str) -> tuple[Outlet, list[Any]]:
    events: list[Any] = []
    outlet = Outlet(lambda frame: events.append(read_frame(frame)))
    await sessions.open_session(instance, user_id=user_id, signed_in_at=SIGNED_IN_AT, outlet=outlet)
    return outlet, events


async def heard(events: list[Any], type_: str) -> None:
    async def holds() -> bool:
        return any(event["type"] == type_ for event in events)

    await until(holds)


async def found(instance: Instance, kind: ConversationKind = ConversationKind.GROUP) -> str:
    """A conversation of Ann and Bob, in which Ann has said hello."""
    founded = await conversations.create_conversation(
        instance, user_id="ann", kind=kind, participant_ids=["bob"]
    )
    id_ = founded.own.conversation.id
    await say_hello(instance, id_)
    return id_


async def say_hello(instance: Instance, conversation_id: str) -> messages.SentMessage:
    return await messages.send_message(
        instance, user_id="ann", conversation_id=conversation_id, text="Hello"
    )


@pytest.mark.parametrize("kind", list(ConversationKind))
async def test_a_new_conversation_reaches_its_people(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, kind: ConversationKind
) -> None:
    _, events = await connect(instance, "bob")
    act = conversations.create_conversation(
        instance, user_id="ann", kind=kind, participant_ids=["bob"]
    )
    async with abandoned(act, instance.store, "create_conversation", monkeypatch):
        pass

    await heard(events, "conversation.added")


async def test_a_block_reaches_the_direct_conversation(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the list of blocks names a person whose messages still arrive."""
    direct = await found(instance, ConversationKind.DIRECT)
    act = blocks.block_person(instance, user_id="bob", person_id="ann")
    async with abandoned(act, instance.people, "set_block", monkeypatch):
        pass

    async def is_refused() -> bool:
        try:
            await say_hello(instance, direct)
        except Blocked:
            return True
        return False

    await until(is_refused)


async def log_out(instance: Instance) -> None:
    await sessions.log_out_everywhere(instance, user_id="bob")


async def ban(instance: Instance) -> None:
    await people.ban_person(instance, person_id="bob")


@pytest.mark.parametrize(("act", "write"), [(log_out, "log_out"), (ban, "set_ban")])
async def test_a_revoked_person_is_cut_off(
    instance: Instance,
    monkeypatch: pytest.MonkeyPatch,
    act: Callable[[Instance], Coroutine[Any, Any, None]],
    write: str,
) -> None:
    outlet, _ = await connect(instance, "bob")
    async with abandoned(act(instance), instance.people, write, monkeypatch):
        pass

    async def is_cut_off() -> bool:
        return outlet.ended == [Ending.ACCESS_REVOKED]

    await until(is_cut_off)


async def test_a_person_who_hides_reading_is_known_to_hide_it(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    act = preferences.set_settings(instance, user_id="bob", changes={"private_reading": True})
    async with abandoned(act, instance.recipients, "set_settings", monkeypatch):
        assert not (await instance.privacy.get(["bob"]))["bob"].private_reading

    async def is_known() -> bool:
        return (await instance.privacy.get(["bob"]))["bob"].private_reading

    await until(is_known)


async def test_a_new_name_is_known(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    act = profiles.set_profile(instance, user_id="bob", changes={"name": "Robert"})
    async with abandoned(act, instance.people, "set_profile", monkeypatch):
        assert (await instance.profiles.get(["bob"]))["bob"].shown_name == "bob"

    async def is_known() -> bool:
        return (await instance.profiles.get(["bob"]))["bob"].shown_name == "Robert"

    await until(is_known)


async def found_tea(instance: Instance) -> None:
    await conversations.create_conversation(
        instance, user_id="ann", kind=ConversationKind.GROUP, participant_ids=[], title="Tea"
    )


async def become_anna(instance: Instance) -> None:
    await profiles.set_profile(instance, user_id="ann", changes={"name": "Anna"})


@pytest.mark.parametrize("act", [found_tea, become_anna])
async def test_nobody_is_asked_about_a_text_that_nobody_wants_any_more(
    instance: Instance, settings: Settings, act: Callable[[Instance], Coroutine[Any, Any, None]]
) -> None:
    """Otherwise one person who disconnects at once, and again, would have more texts judged at the
    same time than the turns of a person allow."""
    settings.CHAT_OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    asked = asyncio.Event()

    def never_answer(_: Received) -> Answer:
        asked.set()
        return None

    async with Hook(never_answer).run() as hook:
        await set_hook(instance, hook.url)
        request = asyncio.create_task(act(instance))
        await asyncio.wait_for(asked.wait(), SECONDS)
        request.cancel()
        with suppress(asyncio.CancelledError):
            await request

        assert len(instance.background) == 0


async def test_what_was_read_is_told(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other people, the person's other devices, and the receivers of the signal get it."""
    group = await found(instance)
    _, events = await connect(instance, "bob")
    _, shown = await connect(instance, "ann")
    read: list[Any] = []

    async def note(**said: Any) -> None:
        read.append(said["user_id"])

    conversation_read.connect(note, sender=instance)
    act = receipts.mark_read(instance, user_id="bob", conversation_id=group, seq=1)
    async with abandoned(act, instance.store, "advance_read", monkeypatch):
        pass

    await heard(events, "receipt.updated")
    await heard(shown, "receipt.updated")
    assert read == ["bob"]


async def test_own_settings_reach_the_other_devices(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = await found(instance)
    _, events = await connect(instance, "bob")
    act = conversation_preferences.set_preferences(
        instance, user_id="bob", conversation_id=group, changes={"pinned": True}
    )
    async with abandoned(act, instance.store, "set_flags", monkeypatch):
        pass

    await heard(events, "preferences.updated")


async def test_an_unread_mark_reaches_the_other_devices(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = await found(instance)
    _, events = await connect(instance, "bob")
    act = unread_marks.set_mark(instance, user_id="bob", conversation_id=group, seq=1)
    async with abandoned(act, instance.store, "set_flags", monkeypatch):
        pass

    await heard(events, "receipt.updated")


@pytest.fixture
def reported(instance: Instance) -> Iterator[asyncio.Event]:
    """Set when receivers, such as webhooks, hear of a report."""
    event = asyncio.Event()

    async def note(**_: Any) -> None:
        event.set()

    report_created.connect(note, sender=instance)
    yield event
    report_created.disconnect(note, sender=instance)


async def test_a_report_reaches_its_receivers(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, reported: asyncio.Event
) -> None:
    group = await found(instance)
    sent = await say_hello(instance, group)
    act = reports.report_message(
        instance, user_id="bob", conversation_id=group, message_id=sent.message.id, reason="Rude"
    )
    async with abandoned(act, instance.reports, "put_report", monkeypatch):
        pass

    async with asyncio.timeout(SECONDS):
        await reported.wait()


async def test_a_flagged_text_reaches_the_receivers_of_reports(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, reported: asyncio.Event
) -> None:
    group = await found(instance)
    await add_words(instance, "hello", action=WordAction.FLAG)
    async with abandoned(say_hello(instance, group), instance.store, "commit", monkeypatch):
        pass

    async with asyncio.timeout(SECONDS):
        await reported.wait()
