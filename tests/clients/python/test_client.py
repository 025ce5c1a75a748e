"""People and bots chat with the package."""

import asyncio
import logging
from collections.abc import Sequence
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chat_client import (
    ChatClient,
    Conflict,
    ConnectionEvent,
    EventsLost,
    InvalidRequest,
    MessageChangedEvent,
    MessageEvent,
    NotFound,
    PermissionDenied,
    RateLimited,
    SessionEnded,
    TypingEvent,
    Unavailable,
    Unreachable,
)
from chat_client.concurrency.emitter import MAX_UNREAD, Emitter
from chat_client.errors import error_of
from chat_client.people import People
from chat_client.presence import Presence
from chat_client.search import search
from config.development.ports import free_port
from tests.clients.checking.wire import Line
from tests.clients.python.conftest import Place
from tests.clients.python.waiting import following, until
from tests.clients.rest import token_of

Json = dict[str, Any]


async def test_two_people_chat(place: Place) -> None:
    """What one does, the other sees: messages, edits, reactions, typing, read positions."""
    ann, bob = await place.connected(), await place.connected_bob()
    heard = bob.events(MessageEvent, MessageChangedEvent)
    typing = bob.events(TypingEvent)

    tea = await ann.create_conversation("bob", kind="group", title="Tea")
    tea.typing()
    message = await tea.send("Tea?", mentions=["bob"])
    first = await following(heard)
    assert (first.message.text, first.message.sender_id) == ("Tea?", "ann")
    assert (await following(typing)).is_typing
    await tea.edit(message.id, "Tea at four?")
    assert (await following(heard)).message.text == "Tea at four?"

    there = bob.conversation(tea.id)
    assert there.snapshot.conversation is not None
    assert there.snapshot.conversation.mentioned_seq == message.seq
    liked = await there.react(message.id, "🎉")
    assert liked.reactions["🎉"].count == 1
    async with there.opened() as shown:
        assert [one.text for one in shown.messages] == ["Tea at four?"]
        assert there.snapshot.messages[0].my_reactions == ["🎉"]
        there.read()
        assert there.snapshot.conversation.unread_count == 0
        async with tea.opened():
            await until(tea.subscribe, lambda: tea.snapshot.receipts["bob"].read_seq == message.seq)
    await tea.pin(message.id)
    assert [one.id for one in await there.pins()] == [message.id]
    await there.mark_unread()
    assert there.snapshot.conversation.marked_unread == message.seq
    until_ = datetime.now(UTC) + timedelta(hours=1)
    assert (await there.set_preferences(muted_until=until_, archived=True)).archived
    assert bob.conversations.snapshot.items[0].archived
    await tea.delete(message.id)
    await until(there.subscribe, lambda: there.snapshot.conversation.unread_count == 0)  # type: ignore[union-attr]


async def test_a_refusal_is_an_error_of_its_kind(place: Place) -> None:
    """`send` fails for good, and the message stays among `pending` until it is discarded."""
    ann = await place.connected()
    group = ann.conversation(await place.group())
    with pytest.raises(InvalidRequest) as refused:
        await group.send("Tea?", reply_to="no-such-message")
    assert refused.value.errors[0]["field"] == "reply_to"
    assert [one.error for one in ann.pending] == [refused.value]
    group.discard(ann.pending[0].client_id)
    assert ann.pending == ()
    with pytest.raises(NotFound) as missing:
        await group.edit("no-such-message", "Tea!")
    assert missing.value.code == "message_not_found"
    with pytest.raises(NotFound):
        await ann.request("GET", "conversations/none")


@pytest.mark.parametrize(
    ("status", "kind", "is_retryable"),
    [
        (403, PermissionDenied, False),
        (409, Conflict, False),
        (429, RateLimited, True),
        (503, Unavailable, True),
        (0, Unreachable, True),
    ],
)
def test_errors_have_kinds(status: int, kind: type[Exception], is_retryable: bool) -> None:
    error = error_of({"status": status, "code": "a_code", "detail": "Why.", "retry_after": 3})

    assert isinstance(error, kind)
    assert (error.code, str(error), error.retry_after) == ("a_code", "Why.", 3)
    assert error.is_retryable is is_retryable


async def test_a_bad_token_is_refused_at_once(place: Place) -> None:
    with pytest.raises(SessionEnded) as refused:
        async with ChatClient(place.wire.url, "no-token"):
            pass
    assert refused.value.close_code == 4501


async def test_a_server_that_is_not_there_is_named_once(caplog: pytest.LogCaptureFixture) -> None:
    """A bot would wait in silence for a wrong address."""
    url = f"http://127.0.0.1:{free_port()}"
    caplog.set_level(logging.INFO, "chat_client")

    chat = ChatClient(url, "no-token")
    await chat.connect()
    await until(chat.connection.subscribe, lambda: len(_attempts(caplog)) > 1)
    await chat.aclose()

    first, second, *_ = _attempts(caplog)
    assert url.removeprefix("http") in first.getMessage()
    assert (first.levelname, second.levelname) == ("WARNING", "INFO")


def _attempts(caplog: pytest.LogCaptureFixture) -> Sequence[logging.LogRecord]:
    return [one for one in caplog.records if one.getMessage().startswith("cannot connect")]


async def test_events_end_with_the_session(place: Place) -> None:
    """By themselves after `aclose`, with an error if the server ended it."""
    bob = await place.connected_bob()
    [line] = place.wire.lines
    async with place.client() as ann:
        ended = ann.events(MessageEvent)
    assert [event async for event in ended] == []

    heard = bob.events(MessageEvent)
    line.close(4503)
    with pytest.raises(SessionEnded) as refused:
        await following(heard)
    assert refused.value.close_code == 4503
    assert bob.connection.snapshot.state == "signed_out"


async def test_an_expired_token_is_replaced(place: Place) -> None:
    """After 4502, the token function is asked for another one."""
    ann = await place.connected()
    events = ann.events(ConnectionEvent)
    place.wire.lines[-1].close(4502)
    while (await following(events)).state != "live":
        pass

    assert place.tokens == [False, True]


async def test_a_reader_that_is_too_slow_gets_an_error() -> None:
    """After the events that it could have; a reader that has gone costs nothing."""
    emitter = Emitter()
    events = emitter.events((ConnectionEvent,))
    for _ in range(MAX_UNREAD + 5):
        emitter.emit(ConnectionEvent("live"))
    for _ in range(MAX_UNREAD):
        await anext(events)
    with pytest.raises(EventsLost):
        await anext(events)


async def test_a_listener_that_fails_stops_nothing(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    ann = await place.connected()

    def fail(_: object) -> None:
        raise ValueError("a mistake")

    ann.on(MessageEvent, fail)
    events = ann.events(MessageEvent)
    await ann.conversation(await place.group()).send("Tea?")
    assert (await following(events)).message.text == "Tea?"
    assert "a listener failed" in caplog.text


async def test_logs_have_neither_tokens_nor_texts(
    server_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    """At every level, those of the libraries included."""
    caplog.set_level(logging.DEBUG)
    async with ChatClient(f"http://127.0.0.1:{server_port}", token_of("ann")) as ann:
        secret = await ann.create_conversation("bob", kind="group", title="A secret title")
        await secret.send("a secret text")
        await secret.open()

    assert "live" in caplog.text
    assert "secret" not in caplog.text
    assert token_of("ann")[:20] not in caplog.text
    assert "Bearer" not in caplog.text


async def test_people_presence_and_search(place: Place) -> None:
    ann, bob = await place.connected(), await place.connected_bob()
    await People(bob).change(name="Bob the builder")
    group = ann.conversation(await place.group())
    people, presence = People(ann), Presence(ann)

    await asyncio.gather(people.need("bob"), people.need("ann", "nobody"))
    assert people.name("bob") == "Bob the builder"
    assert people.name("nobody") == "nobody"
    stop = presence.watch(["bob"])
    await until(presence.subscribe, lambda: "bob" in presence.snapshot)
    assert presence.snapshot["bob"].status == "online"
    stop()
    assert "bob" not in presence.snapshot
    stop = presence.watch(["bob"])  # in the same step: the server tells nothing anew
    assert presence.snapshot["bob"].status == "online"
    await asyncio.sleep(0)
    assert presence.snapshot["bob"].status == "online"
    await bob.aclose()
    await until(presence.subscribe, lambda: presence.snapshot["bob"].status == "offline")
    stop()
    assert "bob" not in presence.snapshot
    await presence.aclose()

    await group.send("an unmistakable samovar")
    async with asyncio.timeout(20):
        found: Sequence[str] = []
        while not found:
            found = [one.message.text or "" async for one in search(ann, "samov", sender_id="ann")]
    assert found == ["an unmistakable samovar"]


async def test_what_was_missed_comes_after_a_cut(place: Place) -> None:
    """Each message once, in order, as an event."""
    ann = await place.connected()
    group = await place.group()
    events = ann.events(MessageEvent)
    await place.bob.request("POST", f"/conversations/{group}/messages", {"text": "before"})
    assert (await following(events)).message.text == "before"
    place.wire.down.append(_nothing)
    for text in ("one", "two", "three"):
        await place.bob.request("POST", f"/conversations/{group}/messages", {"text": text})
    place.wire.mend()
    place.wire.lines[-1].cut()

    assert [(await following(events)).message.text for _ in range(3)] == ["one", "two", "three"]


async def test_a_frame_that_cannot_be_applied_is_fetched_again(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    """The client reconnects, and syncs."""
    ann = await place.connected()
    group = await place.group()
    events = ann.events(MessageEvent)
    await place.bob.request("POST", f"/conversations/{group}/messages", {"text": "one"})
    assert (await following(events)).message.text == "one"
    place.wire.down.append(_unreadable)
    await place.bob.request("POST", f"/conversations/{group}/messages", {"text": "two"})

    assert (await following(events)).message.text == "two"
    assert "a frame could not be applied" in caplog.text


async def test_one_command_syncs_as_many_conversations_as_the_server_allows(place: Place) -> None:
    """An operator may have lowered it."""
    ann = await place.connected()
    groups = [await place.group() for _ in range(2)]
    await until(
        ann.conversations.subscribe,
        lambda: {*groups} <= {one.id for one in ann.conversations.snapshot.items},
    )
    line = place.wire.line
    assert line is not None
    assert line.hello is not None
    hello = deepcopy(line.hello)
    hello["data"]["limits"]["sync_conversations"] = 1
    ahead = {"version": 1_000_000, "seq": 1}
    hello["data"]["conversations"] |= dict.fromkeys(groups, ahead)
    line.put(hello)

    def synced() -> list[list[str]]:
        commands = [one for one in line.commands if one["type"] == "conversation.sync"]
        return [list(one["conversations"]) for one in commands]

    async with asyncio.timeout(10):
        while not {*groups} <= {id_ for named in synced() for id_ in named}:
            await asyncio.sleep(0.01)
    assert all(len(named) == 1 for named in synced())


def _unreadable(_: Line, frame: Json) -> Sequence[Json]:
    if frame["type"] == "message.created":
        frame["data"] = {"message": {"id": "without the other fields"}}
    return [frame]


def _nothing(_: Line, frame: Json) -> Sequence[Json]:
    return []
