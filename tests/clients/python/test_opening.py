"""`open` and what follows it return when the conversation is there, whenever they are called."""

import asyncio

import pytest

from chat_client import (
    ChatClient,
    ConversationRemovedEvent,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    SessionEnded,
)
from tests.clients.checking.wire import Line
from tests.clients.python.conftest import Place
from tests.clients.python.waiting import until
from tests.clients.rest import token_of


async def _with_messages(place: Place, count: int) -> str:
    group = await place.group()
    for number in range(1, count + 1):
        await place.bob.send(group, f"Message {number}", f"{group}-{number}")
    return group


async def test_open_before_hello(place: Place) -> None:
    """The page of a link: the client knows the id, and has no connection yet."""
    id_ = await _with_messages(place, 2)
    client = place.client()
    await client.connect()
    async with asyncio.timeout(20), client.conversation(id_).opened() as shown:
        assert shown.is_loaded
        assert [one.text for one in shown.messages] == ["Message 1", "Message 2"]
        assert shown.receipts["bob"].read_seq == 2
        conversation = client.conversation(id_)
        await conversation.load_older()
        conversation.read()
        await conversation.mark_unread()
        assert conversation.snapshot.conversation is not None
        assert conversation.snapshot.conversation.marked_unread == 2
    await client.aclose()


async def test_what_is_called_before_it_is_loaded_waits(place: Place) -> None:
    id_ = await _with_messages(place, 60)
    client = place.client()
    await client.connect()
    conversation = client.conversation(id_)
    opening = asyncio.ensure_future(conversation.open())
    conversation.read()
    async with asyncio.timeout(20):
        await asyncio.gather(opening, conversation.load_older())
        assert len(conversation.snapshot.messages) == 60
        shown = conversation.snapshot.conversation
        await until(
            conversation.subscribe,
            lambda: getattr(conversation.snapshot.conversation, "read_seq", 0) == 60,
        )
    assert shown is not None
    await client.aclose()


async def test_mark_unread_before_it_is_loaded(place: Place) -> None:
    id_, empty = await _with_messages(place, 3), await place.group()
    client = place.client()
    await client.connect()
    async with asyncio.timeout(20):
        await client.conversation(id_).mark_unread()
        shown = client.conversation(id_).snapshot.conversation
        assert shown is not None
        assert shown.marked_unread == 3
        with pytest.raises(InvalidRequest) as refused:
            await client.conversation(empty).mark_unread()
    assert refused.value.detail == "The conversation is empty."
    await client.aclose()


async def test_a_conversation_that_hello_left_out(place: Place) -> None:
    """It is loaded, and its events come."""
    id_ = await _with_messages(place, 1)

    def forget(line: Line, frame: dict[str, object]) -> list[dict[str, object]]:
        if frame["type"] == "hello":
            data = frame["data"]
            assert isinstance(data, dict)
            data["conversations"].pop(id_, None)
            data["truncated"] = True
        return [frame]

    place.wire.down.append(forget)
    client = await place.connected()
    conversation = client.conversation(id_)
    async with asyncio.timeout(20), conversation.opened():
        await place.bob.send(id_, "Message 2", f"{id_}-2")
        await until(conversation.subscribe, lambda: len(conversation.snapshot.messages) == 2)


async def test_a_refusal(place: Place) -> None:
    """There is no such conversation, or the person is not in it."""
    secret = (await place.bob.create_group("cid", title="Secret"))["id"]
    client = await place.connected()
    removed: list[object] = []
    client.on(ConversationRemovedEvent, removed.append)
    async with asyncio.timeout(20):
        for id_ in ("none", secret):
            conversation = client.conversation(id_)
            conversation.read()
            for work in (
                conversation.open(),
                conversation.load_older(),
                conversation.mark_unread(),
            ):
                with pytest.raises((NotFound, PermissionDenied)):
                    await work
            with pytest.raises((NotFound, PermissionDenied)):
                async with conversation.opened():
                    pass
            assert conversation.snapshot.state == "absent"
    assert removed == []  # the person was not in them


async def test_the_end_of_the_session(place: Place) -> None:
    """It raises before `connect`, at `aclose`, and when the server ends the session."""
    id_ = await _with_messages(place, 1)
    idle = place.client()
    with pytest.raises(SessionEnded):
        await idle.conversation(id_).open()
    await idle.aclose()

    asked = asyncio.Event()

    async def no_token(*, expired: bool) -> str:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    waiting = ChatClient(place.wire.url, no_token)
    await waiting.connect()
    opening = asyncio.ensure_future(waiting.conversation(id_).open())
    await asked.wait()
    await waiting.aclose()
    async with asyncio.timeout(20):
        with pytest.raises(SessionEnded):
            await opening


async def test_the_server_ends_the_session(place: Place) -> None:
    """Requests that no answer comes to do not keep `open` waiting. The next session shows it."""
    id_ = await _with_messages(place, 1)
    bob = ChatClient(place.wire.url, token_of("bob"))
    async with bob:
        target, place.wire.target_port = place.wire.target_port, 9  # nobody listens there
        conversation = bob.conversation(id_)
        opening = asyncio.ensure_future(conversation.open())
        place.wire.lines[-1].close(4503)
        async with asyncio.timeout(20):
            with pytest.raises(SessionEnded) as refused:
                await opening
            assert refused.value.close_code == 4503
            with pytest.raises(SessionEnded):
                await conversation.load_older()
            place.wire.target_port = target
            await bob.connect()
            await until(conversation.subscribe, lambda: conversation.snapshot.is_loaded)


async def test_it_goes_on_over_reconnects(place: Place) -> None:
    id_ = await _with_messages(place, 1)
    client = await place.connected()
    target, place.wire.target_port = place.wire.target_port, 9
    opening = asyncio.ensure_future(client.conversation(id_).open())
    place.wire.lines[-1].cut()
    await until(client.connection.subscribe, lambda: client.connection.snapshot.state == "waiting")
    place.wire.target_port = target
    async with asyncio.timeout(60):
        await opening
    assert client.conversation(id_).snapshot.is_loaded
