"""Orders of events in which a client could hang, lose or double something, or never rest."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from chat_client import (
    ChatClient,
    ConnectionEvent,
    ConversationAddedEvent,
    InvalidRequest,
    MessageEvent,
    SessionEnded,
)
from chat_client.presence import Presence
from chat_client.stored_outbox import StoredOutbox
from tests.clients.checking.wire import Line
from tests.clients.python.conftest import Place
from tests.clients.python.waiting import following, until
from tests.clients.rest import token_of

Json = dict[str, Any]

_SECONDS = 20
_NOWHERE = "http://127.0.0.1:1"


async def _ended(sent: "asyncio.Future[Any]") -> BaseException | None:
    async with asyncio.timeout(_SECONDS):
        await asyncio.wait([sent])
    return sent.exception()


async def test_an_awaited_send_ends_with_the_session(place: Place) -> None:
    """The message waits, and leaves once the person is back."""
    ann, id_ = await place.connected(), await place.group()
    group = ann.conversation(id_)
    place.wire.up.append(lambda line, frame: [])
    before = group.send("before")
    place.wire.lines[-1].close(4503)
    assert isinstance(await _ended(before), SessionEnded)
    assert isinstance(await _ended(group.send("after")), SessionEnded)
    with pytest.raises(SessionEnded):
        await following(ann.events(MessageEvent))
    assert await place.texts(id_) == []

    place.wire.mend()
    await ann.connect()
    await until(group.subscribe, lambda: not ann.pending)
    assert await place.texts(id_) == ["before", "after"]


async def test_a_closed_client_keeps_nobody_waiting() -> None:
    chat = ChatClient(_NOWHERE, "a-token")
    await chat.connect()
    waiting = chat.conversation("some").send("Tea?")
    await chat.aclose()

    assert isinstance(await _ended(waiting), SessionEnded)
    assert isinstance(await _ended(chat.conversation("some").send("Tea?")), SessionEnded)
    async with asyncio.timeout(_SECONDS):
        assert [event async for event in chat.events()] == []

    await chat.connect()
    states = chat.events(ConnectionEvent)
    assert (await following(states)).state == "waiting"
    await chat.aclose()


async def test_an_unreadable_answer_is_asked_for_at_intervals(place: Place) -> None:
    """And the message is stored once."""
    ann, id_ = await place.connected(), await place.group()
    asked: list[float] = []
    third = asyncio.Event()

    def spoil(_: Line, frame: Json) -> Sequence[Json]:
        if frame["type"] == "message.created":
            return []
        if "message" not in (frame.get("data") or {}):
            return [frame]
        asked.append(time.monotonic())
        if len(asked) == 3:
            third.set()
        return [{**frame, "data": {}}]

    group = ann.conversation(id_)
    await until(group.subscribe, lambda: group.snapshot.state == "ready")
    place.wire.down.append(spoil)
    sent = group.send("Tea?")
    async with asyncio.timeout(_SECONDS):
        await third.wait()
        place.wire.mend()
        await sent
    assert asked[2] - asked[1] >= 1
    assert await place.texts(id_) == ["Tea?"]


async def test_an_unreadable_sync_holds_up_nothing(place: Place) -> None:
    """After it, the next event of each conversation brings what is missing."""
    ann = await place.connected()
    groups = [ann.conversation(await place.group()) for _ in range(2)]
    ready = ["ready"] * len(groups)
    await until(
        ann.conversations.subscribe, lambda: [one.snapshot.state for one in groups] == ready
    )
    spoiled = asyncio.Event()

    def spoil(_: Line, frame: Json) -> Sequence[Json]:
        if frame["type"] == "message.created":
            return []
        answers = (frame.get("data") or {}).get("conversations", {})
        if frame["type"] != "reply" or groups[0].id not in answers:
            return [frame]
        spoiled.set()
        return [{**frame, "data": {"conversations": {one: {"status": "ok"} for one in answers}}}]

    place.wire.down.append(spoil)
    for group in groups:
        path = f"/conversations/{group.id}/messages"
        await place.bob.request("POST", path, {"text": "missed"})
    place.wire.lines[-1].cut()
    async with asyncio.timeout(_SECONDS):
        await spoiled.wait()
    place.wire.mend()
    events = ann.events(MessageEvent)
    for group in groups:
        path = f"/conversations/{group.id}/messages"
        await place.bob.request("POST", path, {"text": "later"})
        texts = [(await following(events)).message.text for _ in range(2)]
        assert texts == ["missed", "later"]


async def test_a_repeated_addition_doubles_nothing(place: Place) -> None:
    ann = await place.connected()
    added: list[tuple[Line, Json]] = []

    def see(line: Line, frame: Json) -> Sequence[Json]:
        if frame["type"] == "conversation.added":
            added.append((line, frame))
        return [frame]

    place.wire.down.append(see)
    events, additions = ann.events(MessageEvent), ann.events(ConversationAddedEvent)
    group = await place.bob.create_group("ann", title="Tea")
    path = f"/conversations/{group['id']}/messages"
    await following(additions)
    await place.bob.request("POST", path, {"text": "one"})
    line, frame = added[0]
    line.put(frame)
    await place.bob.request("POST", path, {"text": "two"})

    texts = [(await following(events)).message.text for _ in range(2)]
    assert texts == ["one", "two"]


async def test_presence_that_is_closed_watches_nobody(place: Place) -> None:
    ann = await place.connected()
    presence = Presence(ann)
    presence.watch(["bob"])
    await until(presence.subscribe, lambda: "bob" in presence.snapshot)
    await presence.aclose()

    watches = [
        one["user_ids"] for one in place.wire.lines[-1].commands if one["type"] == "presence.watch"
    ]
    assert watches == [["bob"], []]


@pytest.mark.parametrize("fields", [{"metadata": {"a": object()}}, {"mentions": ["\ud800"]}])
async def test_what_is_no_json_is_refused_at_once(tmp_path: Path, fields: Any) -> None:
    """It keeps no other message from being stored or sent."""
    path = tmp_path / "outbox.sqlite3"
    chat = ChatClient(_NOWHERE, "a-token", outbox=StoredOutbox(path, user_id="ann"))
    await chat.connect()
    with pytest.raises(InvalidRequest, match="JSON"):
        chat.conversation("some").send("Tea?", **fields)
    chat.conversation("some").send("Tea!")
    await chat.flush()
    await chat.aclose()
    assert [one.text for one in chat.pending] == ["Tea!"]


async def test_a_message_is_as_it_was_when_it_was_sent(place: Place) -> None:
    """Also if the app changes its own objects before it leaves."""
    ann = place.client()
    metadata = {"cups": 1}
    sent = ann.conversation(await place.group()).send("Tea?", metadata=metadata)
    metadata["cups"] = 2
    async with ann:
        assert (await asyncio.wait_for(sent, _SECONDS)).metadata == {"cups": 1}


async def test_a_token_from_a_file_may_end_with_a_line(place: Place) -> None:
    async with asyncio.timeout(_SECONDS), ChatClient(place.wire.url, token_of("ann") + "\n") as ann:
        assert ann.user_id == "ann"


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:8000",
        "ws://127.0.0.1:8000",
        "https://",
        "",
        "https://chat/?a=1",
        "https://chat/#a",
    ],
)
def test_a_url_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match=r"https://chat\.example\.com"):
        ChatClient(url, "a-token")


def test_an_async_listener_is_refused() -> None:
    """Nobody would await it."""
    chat = ChatClient(_NOWHERE, "a-token")

    async def listener(_: object = None) -> None: ...

    with pytest.raises(TypeError, match="async"):
        chat.on(MessageEvent, listener)
    with pytest.raises(TypeError, match="async"):
        chat.connection.subscribe(listener)
