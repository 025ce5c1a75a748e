"""Parts of the package by themselves: tokens, answers of REST, the outbox and its file."""

import asyncio
import gc
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import convert

from chat_client import (
    ChatClient,
    ChatError,
    ChatService,
    InvalidRequest,
    NotAuthenticated,
    OutboxFull,
    RateLimited,
    Unreachable,
)
from chat_client.concurrency.observable import Store
from chat_client.concurrency.tasks import Tasks
from chat_client.connection.rest import Rest
from chat_client.connection.tokens import Tokens
from chat_client.model.conversation import ConversationModel
from chat_client.model.own import Own
from chat_client.model.positions import Positions
from chat_client.models import Message, Preferences, SyncedChanges
from chat_client.state.outbox import MAX_WAITING, Outbox, Pending
from chat_client.stored_outbox import StoredOutbox

_SECONDS = 20
_NOWHERE = "http://127.0.0.1:1"


async def test_who_needs_another_token_does_not_get_the_expired_one() -> None:
    """Also if it is being fetched for somebody else."""
    fetched = asyncio.Event()
    asked: list[bool] = []

    async def token(*, expired: bool) -> str:
        asked.append(expired)
        await fetched.wait()
        return "another" if expired else "the first"

    tokens = Tokens(token)
    calls = [asyncio.create_task(tokens.fresh(expired=one)) for one in (False, True, True, False)]
    await asyncio.sleep(0)
    fetched.set()
    async with asyncio.timeout(_SECONDS):
        got = await asyncio.gather(*calls)

    assert got == ["the first", "another", "another", "the first"]
    assert asked == [False, True]


async def test_a_token_function_that_is_cancelled_has_failed() -> None:
    """The client tries again later."""

    async def token(*, expired: bool) -> str:
        raise asyncio.CancelledError

    with pytest.raises(Unreachable):
        await Tokens(token).fresh()


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("200 OK", b'"\xff\xfe"'),
        ("200 OK\r\nContent-Encoding: gzip", b"no gzip"),
        ("200 OK", b"<html>Sign in to the Wi-Fi</html>"),
        ("502 Bad Gateway", b'{"code": "\xff"}'),
        ("200 OK", b"[" * 50_000),
        ("502 Bad Gateway", b'{"x": ' + b"[" * 50_000),
        ("400 Bad Request", b"[]"),
        ("400 Bad Request\r\nDate: yesterday", b"[]"),
        ("400 Bad Request\r\nDate: Mon, 30 Nov 2026 12:00:00 -0000", b"[]"),
    ],
)
async def test_an_unreadable_answer_is_a_chat_error(head: str, body: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        lines = f"HTTP/1.1 {head}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(lines.encode() + body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, ChatService(f"http://127.0.0.1:{port}", "svc_a") as service:
        with pytest.raises(ChatError) as refused:
            await service.request("GET", "me")
    assert refused.value.code == "unreadable"


class Holding:
    """A server that refuses each request with this code, but not before `release` is set."""

    def __init__(self, code: str, head: str = "401 Unauthorized") -> None:
        self._head = head
        self.release = asyncio.Event()
        self.asked = asyncio.Event()
        self.tokens: list[str] = []
        self._body = msgspec.json.encode({"code": code})

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.tokens.append(head.partition("Bearer ")[2].partition("\r\n")[0])
        self.asked.set()
        await self.release.wait()
        lines = f"Content-Length: {len(self._body)}\r\nConnection: close\r\n\r\n"
        writer.write(f"HTTP/1.1 {self._head}\r\n{lines}".encode() + self._body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("token_revoked", "token_revoked"),
        ("banned", "banned"),
        # The next token may be another person's: the request is not sent again.
        ("token_expired", "session_ended"),
    ],
)
async def test_an_answer_of_an_earlier_session_is_not_about_the_present_one(
    code: str, expected: str
) -> None:
    made = iter(["of ann", "of bob", "of eve"])

    async def token(*, expired: bool) -> str:
        return next(made)

    holding, tokens = Holding(code), Tokens(token)
    revoked: list[ChatError] = []
    server = await asyncio.start_server(holding.answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    rest = Rest(f"http://127.0.0.1:{port}", tokens, on_revoked=revoked.append)
    async with server, asyncio.timeout(_SECONDS):
        request = asyncio.create_task(rest.request("PATCH", "me", body={"name": "Ann"}))
        await holding.asked.wait()
        tokens.forget()  # ann signs out, and bob signs in
        await tokens.fresh()
        holding.release.set()
        with pytest.raises(ChatError) as refused:
            await request
        await rest.aclose()

    assert refused.value.code == expected
    assert (holding.tokens, tokens.current, revoked) == (["of ann"], "of bob", [])


async def test_a_signed_out_client_forgets_the_token() -> None:
    """The requests before the next sign-in would be those of the person before."""
    asked: list[str] = []

    async def token(*, expired: bool) -> str:
        asked.append("ann" if not asked else "bob")
        return asked[-1]

    holding = Holding("not_authenticated")
    holding.release.set()
    server = await asyncio.start_server(holding.answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    chat = ChatClient(f"http://127.0.0.1:{port}", token)
    async with server, asyncio.timeout(_SECONDS):
        with pytest.raises(NotAuthenticated):
            await chat.request("GET", "me")
        await chat.connect()
        await chat.aclose()
        with pytest.raises(NotAuthenticated):
            await chat.request("GET", "me")
        await chat.aclose()

    assert holding.tokens == ["ann", "bob"]


async def test_a_conversation_beyond_the_quota_of_the_day_is_refused_at_once() -> None:
    holding = Holding("rate_limited", "429 Too Many Requests\r\nRetry-After: 864")
    holding.release.set()
    server = await asyncio.start_server(holding.answer, "127.0.0.1", 0)
    chat = ChatClient(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", "a-token")
    async with server, asyncio.timeout(_SECONDS):
        with pytest.raises(RateLimited) as refused:
            await chat.create_conversation("bob")
        await chat.aclose()

    assert refused.value.retry_after == 864


class Refusing:
    """Carries no message."""

    def __init__(self) -> None:
        self.is_live = True
        self.refused: list[str] = []

    async def carry(self, item: Pending) -> Message:
        raise InvalidRequest(code="invalid_request", status=400)

    def failed(self, item: Pending, error: ChatError) -> None:
        self.refused.append(item.text)


@pytest.mark.parametrize("token", ["", "  ", None, 7, b"bytes", {"token": "t"}, "zw\u00f6lf"])
async def test_what_is_no_token_ends_the_session(token: Any) -> None:
    """With an error that says so, and without the token."""

    async def function(*, expired: bool) -> Any:
        return token

    with pytest.raises(NotAuthenticated, match="token") as refused:
        await Tokens(function).fresh()
    assert str(token) not in str(refused.value) or not str(token).strip()
    with pytest.raises(NotAuthenticated):
        async with asyncio.timeout(_SECONDS), ChatClient(_NOWHERE, function):
            pass


async def test_refused_messages_do_not_fill_the_outbox() -> None:
    """The oldest one makes room."""
    carrier, tasks = Refusing(), Tasks()
    outbox = Outbox(carrier, tasks, lambda _: None, None)
    sent = [outbox.add("some", {"text": str(number)}) for number in range(MAX_WAITING)]
    with pytest.raises(OutboxFull):
        outbox.add("some", {"text": "too many wait"})
    async with asyncio.timeout(_SECONDS):
        await asyncio.wait(sent)
    await asyncio.wait([outbox.add("some", {"text": "one more"})])

    assert len(outbox.items) == MAX_WAITING
    assert (outbox.items[0].text, outbox.items[-1].text) == ("1", "one more")
    await tasks.aclose()


def _client(path: Path) -> ChatClient:
    return ChatClient(_NOWHERE, "a-token", outbox=StoredOutbox(path, user_id="ann"))


async def test_two_calls_of_connect_open_the_file_once(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    chat = _client(path)
    await asyncio.gather(chat.connect(), chat.connect())
    chat.conversation("some").send("Tea?")
    await chat.aclose()

    await chat.connect()  # again: the message is not there twice
    assert [one.text for one in chat.pending] == ["Tea?"]
    await chat.aclose()
    other = _client(path)
    await other.connect()
    assert [one.text for one in other.pending] == ["Tea?"]
    await other.aclose()


async def test_a_cancelled_connect_frees_the_file(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    chat = _client(path)
    connecting = asyncio.create_task(chat.connect())
    await asyncio.sleep(0)
    connecting.cancel()
    await asyncio.wait([connecting])
    assert connecting.cancelled()

    other = _client(path)
    await other.connect()
    await other.aclose()


async def test_a_subscription_keeps_its_conversation() -> None:
    """The app need hold neither the conversation nor the function that ends the subscription."""
    chat, told = ChatClient(_NOWHERE, "a-token"), list[Any]()
    chat.conversation("some").subscribe(lambda: told.append("some"))
    end = chat.conversation("other").subscribe(lambda: told.append("other"))
    gc.collect()
    for id_ in ("some", "other"):
        chat.conversation(id_).send("Tea?")
    await asyncio.sleep(0)
    assert told == ["some", "other"]
    end()
    end()
    chat.conversation("other").send("Tea!")
    await asyncio.sleep(0)
    assert told == ["some", "other"]
    await chat.aclose()


def test_a_change_outside_of_the_event_loop_blocks_no_later_one() -> None:
    store, told = Store(lambda: None), list[Any]()
    store.subscribe(lambda: told.append(None))
    with pytest.raises(RuntimeError):
        store.changed()

    async def change() -> None:
        store.changed()
        await asyncio.sleep(0)

    asyncio.run(change())
    assert told == [None]


def _message(seq: int, version: int) -> dict[str, Any]:
    unset = ("client_id", "metadata", "reply_to", "edited_at", "deleted_at", "pinned_at")
    return {
        **dict.fromkeys(unset),
        "id": f"message-{seq}",
        "conversation_id": "tea",
        "seq": seq,
        "version": version,
        "created_version": version,
        "kind": "text",
        "sender_id": "bob",
        "text": "Tea?",
        "mentions": [],
        "mentions_all": False,
        "attachments": [],
        "reactions": {},
        "created_at": "2026-11-30T12:00:00Z",
    }


def test_a_number_that_is_missing_for_good_costs_no_memory() -> None:
    """After 1,000 later messages, nobody waits for it any more: it would be told as a change."""
    model = ConversationModel("ann", lambda: datetime.now(UTC))
    told: list[int] = []
    for version, seq in enumerate([1, *range(3, 1004), 2], start=1):
        message = _message(seq, version)
        changes = {"status": "ok", "version": version, "more": False, "conversation": None}
        model.apply_changes(convert({**changes, "messages": [message]}, SyncedChanges))
        told += [news.message.seq for news in model.take_news() if news.is_new]
    assert told == [1, *range(3, 1004)]


def test_a_page_from_before_a_deletion_does_not_undo_it() -> None:
    """The conversation stays archived: the message that ended this was deleted."""
    positions = Positions("ann")
    own = Own("ann", positions, lambda: datetime.now(UTC))
    deleted = {**_message(2, 4), "text": None, "deleted_at": "2026-11-30T13:00:00Z"}
    positions.uncount(2)
    own.saw(convert(deleted, Message), is_new=True)
    own.set(
        Preferences(muted_until=None, notify="all", pinned=False, archived=True, archived_seq=1)
    )
    own.saw(convert(_message(2, 2), Message), is_new=False)
    assert own.fields(3)["archived"] is True
