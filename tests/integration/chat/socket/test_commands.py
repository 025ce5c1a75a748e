"""The commands of the socket, the events they cause, and frames that are none."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from chat.asyncapi import document
from messaging.domain.limits import Limits
from tests.clients.rest import token_of
from tests.integration.chat.sockets import (
    Json,
    Server,
    Socket,
    durable,
    shared_message,
    soft,
    without_time,
)

Enter = Callable[[str], Awaitable[Socket]]

_NO_CONVERSATION = "a" * 26
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_ANOTHER = object()


async def unread(*sockets: Socket) -> list[list[Json]]:
    """What each of the sockets was told since it was asked last, without times."""
    return [[without_time(event) for event in await s.unread_events()] for s in sockets]


async def meet(people: Enter, *names: str, title: str = "Tea") -> tuple[str, list[Socket]]:
    """A group of these people, owned by the first, with a socket for each name. A name that is
    there twice is a person with two sockets."""
    sockets = [await people(name) for name in names]
    others = {socket.user_id: None for socket in sockets if socket.user_id != sockets[0].user_id}
    group = await sockets[0].rest.create_group(*others, title=title)
    await unread(*sockets)
    return group["id"], sockets


# Ids and frames


@pytest.mark.parametrize(
    "command_id",
    [0, 7, -1, 2**53 - 1, 1 - 2**53, "x", "ü 👋", "", "a" * 64, "👋" * 64, "7"],
    ids=repr,
)
async def test_a_reply_has_the_id_of_its_command(people: Enter, command_id: int | str) -> None:
    ann = await people("ann")

    reply = await ann.ask({"id": command_id, "type": "ping"})
    error = await ann.ask({"id": command_id, "type": "nonsense"})

    assert reply == {"id": command_id, "type": "reply", "data": {}}
    assert type(reply["id"]) is type(command_id)
    assert (error["id"], error["type"]) == (command_id, "error")


def ping(command_id: int | str) -> str:
    return json.dumps({"id": command_id, "type": "ping"})


def deep(levels: int) -> str:
    return '{"id":1,"type":"ping","x":' + "[" * levels + "]" * levels + "}"


def padded(size: int) -> str:
    """A frame of as many bytes, which is a ping but for one field too many."""
    empty = '{"id":1,"type":"ping","x":""}'
    return empty.replace('""}', '"' + "a" * (size - len(empty)) + '"}')


def padded_wide(size: int) -> str:
    """The same in characters of two bytes."""
    narrow = padded(size)
    return narrow.replace("aa", "ü")


Error = tuple[Any, int, str, list[tuple[str, str]]]

BAD_ID: Error = (None, 400, "invalid_request", [("id", "invalid")])
NO_JSON: Error = (None, 400, "invalid_json", [])
NO_COMMAND: Error = (None, 400, "invalid_request", [])
TOO_LARGE: Error = (None, 413, "payload_too_large", [])
UNKNOWN_FIELD: Error = (1, 400, "invalid_request", [("x", "unknown")])
UNKNOWN_TYPE: Error = (1, 400, "invalid_request", [("type", "unknown")])

BAD_FRAMES: dict[str, tuple[str | bytes, Error]] = {
    "no-id": ('{"type":"ping"}', BAD_ID),
    "null-id": ('{"id":null,"type":"ping"}', BAD_ID),
    "long-id": (ping("a" * 65), BAD_ID),
    "long-wide-id": (ping("👋" * 65), BAD_ID),
    "true-id": ('{"id":true,"type":"ping"}', BAD_ID),
    "fraction-id": ('{"id":1.5,"type":"ping"}', BAD_ID),
    "float-id": ('{"id":1.0,"type":"ping"}', BAD_ID),
    "exponent-id": ('{"id":1e3,"type":"ping"}', BAD_ID),
    "list-id": ('{"id":[1],"type":"ping"}', BAD_ID),
    "object-id": ('{"id":{},"type":"ping"}', BAD_ID),
    "large-id": (ping(2**53), BAD_ID),
    "64-bit-id": (ping(2**64 - 1), BAD_ID),
    "huge-id": (ping(10**300), BAD_ID),
    "prose": ("hello?", NO_JSON),
    "nothing": ("", NO_JSON),
    "space": (" \n", NO_JSON),
    "half": ('{"id":1,"type":"ping"', NO_JSON),
    "two": ('{"id":1,"type":"ping"}{"id":2,"type":"ping"}', NO_JSON),
    "single-quotes": ("{'id':1,'type':'ping'}", NO_JSON),
    "two-byte-order-marks": ('\ufeff\ufeff{"id":1,"type":"ping"}', NO_JSON),
    "nan": ('{"id":1,"type":"ping","x":NaN}', NO_JSON),
    "infinity": ('{"id":1,"type":"ping","x":-Infinity}', NO_JSON),
    "very-deep": (deep(2_000), NO_JSON),
    "deepest": (deep(32_000), NO_JSON),
    "too-deep": (deep(16), NO_JSON),
    "deep": (deep(15), UNKNOWN_FIELD),
    "raw-control-character": ('{"id":1,"type":"ping","x":"\x00"}', NO_JSON),
    "raw-newline": ('{"id":1,"type":"ping","x":"\n"}', NO_JSON),
    "lone-surrogate": (r'{"id":1,"type":"ping","x":"\ud800"}', UNKNOWN_FIELD),
    "lone-surrogate-in-id": (r'{"id":"\udfff","type":"ping"}', BAD_ID),
    "lone-surrogate-in-type": (r'{"id":1,"type":"\ud800"}', UNKNOWN_TYPE),
    "lone-surrogate-in-name": (
        r'{"id":1,"type":"ping","\ud800":1}',
        (1, 400, "invalid_request", [("\ufffd", "unknown")]),
    ),
    "doubled-name-in-command": (
        '{"id":1,"type":"receipt.read","seq":1,"seq":1,"conversation_id":"a"}',
        NO_JSON,
    ),
    "null": ("null", NO_COMMAND),
    "string": ('"ping"', NO_COMMAND),
    "number": ("7", NO_COMMAND),
    "list": ('[{"id":1,"type":"ping"}]', NO_COMMAND),
    "binary": (b'{"id":1,"type":"ping"}', NO_COMMAND),
    "binary-noise": (b"\x00\xff\xfe", NO_COMMAND),
    "binary-nothing": (b"", NO_COMMAND),
    "largest": (padded(65_536), UNKNOWN_FIELD),
    "too-large": (padded(65_537), TOO_LARGE),
    "largest-wide": (padded_wide(65_536), UNKNOWN_FIELD),
    "too-large-wide": (padded_wide(65_538), TOO_LARGE),
    "no-type": ('{"id":1}', UNKNOWN_TYPE),
    "null-type": ('{"id":1,"type":null}', UNKNOWN_TYPE),
    "list-type": ('{"id":1,"type":["ping"]}', UNKNOWN_TYPE),
    "object-type": ('{"id":1,"type":{}}', UNKNOWN_TYPE),
    "other-case": ('{"id":1,"type":"Ping"}', UNKNOWN_TYPE),
    "an-event": ('{"id":1,"type":"message.created"}', UNKNOWN_TYPE),
    "a-reply": ('{"id":1,"type":"reply"}', UNKNOWN_TYPE),
    "unknown-type": ('{"id":1,"type":"receipt.unknown"}', UNKNOWN_TYPE),
    "dunder-type": ('{"id":1,"type":"__class__"}', UNKNOWN_TYPE),
    "unknown-field": ('{"id":1,"type":"ping","x":1}', UNKNOWN_FIELD),
    "odd-fields": (
        '{"id":1,"type":"ping","message":1,"code":2}',
        (1, 400, "invalid_request", [("code", "unknown"), ("message", "unknown")]),
    ),
    "empty-field-name": (
        '{"id":1,"type":"ping","":1}',
        (1, 400, "invalid_request", [("", "unknown")]),
    ),
}


async def test_a_frame_too_large_by_far(people: Enter) -> None:
    """Beyond 128 KiB nobody reads it to its end (RFC 6455 7.4.1)."""
    ann = await people("ann")

    with pytest.raises(ConnectionClosed) as closed:
        await ann.ask(padded(1_000_000))

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


@pytest.mark.parametrize(("frame", "expected"), BAD_FRAMES.values(), ids=BAD_FRAMES.keys())
async def test_bad_frames(people: Enter, frame: str | bytes, expected: Error) -> None:
    """Answered with an error, with `id: null` where there is no usable one; the socket stays
    open, and the next command is carried out."""
    ann = await people("ann")

    error = await ann.ask(frame)
    await ann.do("ping")

    assert refusal(error) == expected[1:]
    assert error["id"] == expected[0]


def refusal(error: Json) -> tuple[int, str, list[tuple[str, str]]]:
    """Status, code and wrong fields of an error frame, of which nothing is missing."""
    assert error.keys() - {"id", "errors", "retry_after"} == {"type", "code", "detail", "status"}
    assert error["type"] == "error"
    assert error["detail"]
    fields = [(wrong["field"], wrong["code"]) for wrong in error.get("errors", [])]
    return error["status"], error["code"], fields


async def test_text_that_is_no_text(server: Server, people: Enter) -> None:
    """A text frame that is not UTF-8 breaks the protocol itself (RFC 6455 8.1): that socket is
    closed with 1007, as every server does by itself, and no other."""
    ann = await people("ann")
    headers = {"Authorization": f"Bearer {token_of('bob')}"}
    async with server.open(additional_headers=headers) as broken:
        await broken.recv()
        await broken.send(b'{"id":1,"type":"ping\xff"}', text=True)
        with pytest.raises(ConnectionClosed) as closed:
            await broken.recv()

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1007
    await ann.do("ping")


async def test_one_client_id_fifty_times_at_once(people: Enter) -> None:
    """Over five sockets of one person: one message, created once."""
    group, sockets = await meet(people, *["ann"] * 5)
    fields = {"conversation_id": group, "text": "hello", "client_id": "c"}

    async def send(socket: Socket) -> list[Json]:
        for number in range(10):
            await socket.send({"id": number, "type": "message.send", **fields})
        return [await socket.answer() for _ in range(10)]

    answers = [answer for of_one in await asyncio.gather(*map(send, sockets)) for answer in of_one]

    assert len(answers) == 50
    assert len({answer["data"]["message"]["id"] for answer in answers}) == 1
    assert sum(answer["data"]["created"] for answer in answers) == 1


async def test_commands_are_answered_in_order(people: Enter) -> None:
    """Good and bad, quick and slow; more than the server takes in at once."""
    group, (ann,) = await meet(people, "ann")
    frames: list[Json | str] = []
    for number in range(0, 200, 5):
        send = {"conversation_id": group, "text": "hello", "client_id": str(number)}
        frames += [
            {"id": number, "type": "message.send", **send},
            {"id": number + 1, "type": "ping"},
            {"id": number + 2, "type": "conversation.sync", "conversations": {group: 0}},
            {"id": number + 3, "type": "nonsense"},
            "no JSON",
        ]
    for frame in frames:
        await ann.send(frame)

    answers = [await ann.answer() for _ in frames]

    assert [answer["id"] for answer in answers] == [
        frame["id"] if isinstance(frame, dict) else None for frame in frames
    ]
    synced = [answer["data"]["conversations"][group] for answer in answers[2::5]]
    assert [changes["version"] for changes in synced] == list(range(1, 41))


async def test_nothing_is_done_without_an_id(people: Enter) -> None:
    group, (ann,) = await meet(people, "ann")

    error = await ann.ask(
        {"type": "message.send", "conversation_id": group, "text": "x", "client_id": "1"}
    )

    assert refusal(error) == BAD_ID[1:]
    assert (await ann.rest.get_conversation(group))["version"] == 0


async def test_ping(people: Enter) -> None:
    ann = await people("ann")

    assert await ann.command("ping") == {"type": "reply", "data": {}}


# message.send


async def test_sending(people: Enter) -> None:
    """The reply has the message as REST has it; everybody's sockets get the event, the sender's
    own too."""
    group, (ann, ann_too, bob) = await meet(people, "ann", "ann", "bob")

    data = await ann.do(
        "message.send",
        conversation_id=group,
        text=" Hello\n\tover there 👋 ",
        client_id="1",
        mentions=[bob.user_id],
    )
    answer = await bob.do(
        "message.send",
        conversation_id=group,
        text="Hi",
        client_id="1",
        reply_to=data["message"]["id"],
    )

    message = data["message"]
    assert data == {"message": message, "created": True}
    created_at = message.pop("created_at")
    assert _TIMESTAMP.fullmatch(created_at)
    assert message == {
        "id": message["id"],
        "conversation_id": group,
        "seq": 1,
        "version": 1,
        "created_version": 1,
        "sender_id": ann.user_id,
        "client_id": "1",
        "text": " Hello\n\tover there 👋 ",
        "reply_to": None,
        "mentions": [bob.user_id],
        "mentions_all": False,
        "kind": "text",
        "metadata": None,
        "pinned_at": None,
        "attachments": [],
        "reactions": {},
        "edited_at": None,
        "deleted_at": None,
    }
    message["created_at"] = created_at
    assert answer["message"]["reply_to"] == message["id"]
    assert [shared_message(one) for one in await ann.rest.history(group)] == [
        message,
        answer["message"],
    ]
    expected = [
        durable("message.created", group, 1, {"message": message}),
        durable("message.created", group, 2, {"message": answer["message"]}),
    ]
    assert await unread(ann, ann_too, bob) == [expected] * 3


async def test_sending_again(people: Enter) -> None:
    """The same `client_id` with the same content is the same message, by socket or REST; nobody
    is told twice."""
    group, (ann, bob) = await meet(people, "ann", "bob")
    fields = {"conversation_id": group, "text": "once", "client_id": "1"}
    first = await ann.do("message.send", **fields)
    await unread(ann, bob)

    again = await (await people("ann")).do("message.send", **fields)
    by_rest = await ann.rest.send(group, "once", "1")
    anybody_else = await bob.do("message.send", **fields)

    assert again == {"message": first["message"], "created": False}
    assert shared_message(by_rest) == first["message"]
    assert anybody_else["created"] is True
    only = [durable("message.created", group, 2, {"message": anybody_else["message"]})]
    assert await unread(ann, bob) == [only, only]


@pytest.mark.parametrize("other", [{"text": "twice"}, {"mentions": ["bob"]}])
async def test_a_client_id_with_other_content(people: Enter, other: Json) -> None:
    group, (ann, bob) = await meet(people, "ann", "bob")
    fields = {"conversation_id": group, "text": "once", "client_id": "1"}
    await ann.write(**fields)
    await unread(ann, bob)

    error = await ann.command("message.send", **(fields | other))

    assert refusal(error) == (409, "client_id_reused", [])
    assert await unread(ann, bob) == [[], []]


BAD_MESSAGES: dict[str, tuple[Json, list[tuple[str, str]]]] = {
    "no-text": ({"text": None}, [("text", "null")]),
    "number-text": ({"text": 1}, [("text", "invalid")]),
    "blank-text": ({"text": " \n\t\u3000"}, [("text", "blank")]),
    "invisible-text": ({"text": "\u200b\u2060\ufeff\u00ad\u0301\u3164"}, [("text", "blank")]),
    "empty-text": ({"text": ""}, [("text", "blank")]),
    "control-text": ({"text": "a\x1b[2J"}, [("text", "invalid_characters")]),
    "many-returns-text": ({"text": "\r\n" * 9_000 + "\r" * 1_001}, [("text", "max_length")]),
    "c1-text": ({"text": "a\x85"}, [("text", "invalid_characters")]),
    "nul-text": ({"text": "a\x00"}, [("text", "null_characters_not_allowed")]),
    "long-text": ({"text": "a" * 10_001}, [("text", "max_length")]),
    "heavy-text": ({"text": "👋" * 8_193}, [("text", "max_length")]),
    "no-client-id": ({"client_id": _ANOTHER}, [("client_id", "required")]),
    "null-client-id": ({"client_id": None}, [("client_id", "null")]),
    "empty-client-id": ({"client_id": ""}, [("client_id", "invalid")]),
    "long-client-id": ({"client_id": "a" * 129}, [("client_id", "max_length")]),
    "other-client-id": ({"client_id": "ü"}, [("client_id", "invalid")]),
    "number-client-id": ({"client_id": 1}, [("client_id", "invalid")]),
    "no-conversation": ({"conversation_id": _ANOTHER}, [("conversation_id", "required")]),
    "number-conversation": ({"conversation_id": 1}, [("conversation_id", "invalid")]),
    "unknown-reply-to": ({"reply_to": _NO_CONVERSATION}, [("reply_to", "does_not_exist")]),
    "odd-reply-to": ({"reply_to": "../x"}, [("reply_to", "does_not_exist")]),
    "no-list-of-mentions": ({"mentions": "bob"}, [("mentions", "not_a_list")]),
    "attachments": ({"attachments": "x"}, [("attachments", "not_a_list")]),
    "sender": ({"sender_id": "bob"}, [("sender_id", "unknown")]),
    "seq": ({"seq": 7}, [("seq", "unknown")]),
    "version": ({"version": 7}, [("version", "unknown")]),
    "role": ({"role": "owner"}, [("role", "unknown")]),
    "two": (
        {"text": 1, "client_id": 1},
        [("text", "invalid"), ("client_id", "invalid")],
    ),
}


@pytest.mark.parametrize(("fields", "wrong"), BAD_MESSAGES.values(), ids=BAD_MESSAGES.keys())
async def test_what_is_no_message(
    people: Enter, fields: Json, wrong: list[tuple[str, str]]
) -> None:
    """Refused with the field's name, and nobody is told."""
    group, (ann, bob) = await meet(people, "ann", "bob")
    good = {"conversation_id": group, "text": "hello", "client_id": "1"}

    merged = {name: value for name, value in (good | fields).items() if value is not _ANOTHER}
    status, code, named = refusal(await ann.command("message.send", **merged))

    assert (status, code) == (400, "invalid_request")
    assert sorted(named) == sorted(wrong)
    assert await unread(ann, bob) == [[], []]


@pytest.mark.parametrize(
    ("kind", "fields", "wrong"),
    [
        ("message.send", {"text": "a\ud800"}, "text"),
        ("message.send", {"client_id": "\udfff"}, "client_id"),
        ("message.send", {"reply_to": "\ud800"}, "reply_to"),
        ("message.send", {"mentions": ["bob", "\ud800"]}, "mentions.1"),
        ("message.send", {"conversation_id": "\ud800"}, "conversation_id"),
        ("receipt.read", {"seq": 1, "conversation_id": "\udc00\ud800"}, "conversation_id"),
        ("receipt.delivered", {"seq": 1, "conversation_id": "\ud800"}, "conversation_id"),
        ("typing.start", {"conversation_id": "\ud800"}, "conversation_id"),
        ("typing.stop", {"conversation_id": "\ud800"}, "conversation_id"),
        ("conversation.sync", {"conversations": {"\ud800": 1}}, "conversations.\ufffd"),
        ("auth.refresh", {"token": "\ud800"}, "token"),
        ("presence.watch", {"user_ids": ["\ud800"]}, "user_ids.0"),
    ],
)
async def test_a_lone_surrogate_is_answered_with_the_commands_own_id(
    people: Enter, kind: str, fields: Json, wrong: str
) -> None:
    """Refused in every string, with the command's own id and the field's name."""
    ann = await people("ann")
    good = {"conversation_id": _NO_CONVERSATION, "text": "hello", "client_id": "1"}
    frame = {"id": 7, "type": kind, **(good if kind == "message.send" else {}), **fields}

    error = await ann.ask(json.dumps(frame))

    assert error["id"] == 7
    assert refusal(error) == (400, "invalid_request", [(wrong, "invalid_characters")])


async def test_a_byte_order_mark_is_skipped(people: Enter) -> None:
    ann = await people("ann")

    assert await ann.ask("\ufeff" + ping(7)) == {"id": 7, "type": "reply", "data": {}}


async def test_newlines_become_lf(people: Enter) -> None:
    """CRLF and CR, before anything else: the length, and what is sent again, are those of the text
    that is stored."""
    group, (ann,) = await meet(people, "ann")

    message = await ann.write(group, "a\r\nb\rc\n", "1")
    again = await ann.do("message.send", conversation_id=group, text="a\nb\nc\r", client_id="1")
    longest = await ann.write(group, "a\r\n" * 5_000, "2")

    assert message["text"] == "a\nb\nc\n"
    assert again == {"message": message, "created": False}
    assert longest["text"] == "a\n" * 5_000


@pytest.mark.parametrize(
    ("kind", "fields", "named"),
    [
        ("presence.watch", {"user_ids": [1] * 30_000}, [("user_ids", "max_length")]),
        (
            "presence.watch",
            {"user_ids": [1] * 300},
            [(f"user_ids.{index}", "invalid") for index in range(20)],
        ),
        (
            "conversation.sync",
            {"conversations": {str(number): "x" for number in range(100)}},
            [(f"conversations.{index}", "invalid") for index in range(20)],
        ),
        (
            "conversation.sync",
            {"conversations": {str(number): "x" for number in range(5_000)}},
            [("conversations", "max_length")],
        ),
        (
            "ping",
            {f"{number:04}": 1 for number in range(5_000)},
            [(f"{number:04}", "unknown") for number in range(20)],
        ),
        ("ping", {"x" * 60_000: 1}, [("x" * 200, "unknown")]),
    ],
    ids=["length-first", "list", "map", "map-length-first", "names", "long-name"],
)
async def test_a_refusal_does_not_grow(
    people: Enter, kind: str, fields: Json, named: list[tuple[str, str]]
) -> None:
    """With the number or the size of the mistakes: at most twenty are named."""
    ann = await people("ann")

    error = await ann.command(kind, **fields)

    assert refusal(error) == (400, "invalid_request", named)
    assert len(json.dumps(error)) < 4_096


async def test_the_longest_message(people: Enter) -> None:
    """10,000 code points, and 32 KiB."""
    group, (ann,) = await meet(people, "ann")

    await ann.write(group, "ü" * 10_000, "1")
    await ann.write(group, "👋" * 8_192, "2")


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("message.send", {"text": "hello", "client_id": "1"}),
        ("receipt.read", {"seq": 0}),
        ("typing.start", {}),
        ("typing.stop", {}),
    ],
)
async def test_strangers_are_refused(people: Enter, kind: str, fields: Json) -> None:
    """A group says that it is there; a direct conversation does not."""
    group, (ann, bob) = await meet(people, "ann", "bob")
    cid = await people("cid")
    body = {"kind": "direct", "participant_ids": [bob.user_id]}
    direct = await ann.rest.request("POST", "/conversations", body)
    await unread(ann, bob, cid)

    for conversation_id, expected in (
        (group, (403, "not_a_participant", [])),
        (direct["id"], (404, "conversation_not_found", [])),
        (_NO_CONVERSATION, (404, "conversation_not_found", [])),
        ("../admin", (404, "conversation_not_found", [])),
        ("", (400, "invalid_request", [("conversation_id", "blank")])),
    ):
        error = await cid.command(kind, conversation_id=conversation_id, **fields)
        assert refusal(error) == expected
    assert await unread(ann, bob, cid) == [[], [], []]


# receipt.read


async def test_reading(people: Enter) -> None:
    """The reader's own sockets learn how much is unread; the others do not. Reading backwards
    or again changes nothing."""
    group, (ann, bob, bob_too) = await meet(people, "ann", "bob", "bob")
    for number in range(3):
        await ann.write(group, "hello", str(number))
    await unread(ann, bob, bob_too)

    assert await bob.do("receipt.read", conversation_id=group, seq=2) == {
        "read_seq": 2,
        "unread_count": 1,
    }
    position = {"user_id": bob.user_id, "read_seq": 2, "delivered_seq": 2}
    others = soft("receipt.updated", position, group)
    own_position = position | {"unread_count": 1, "marked_unread": None}
    own = soft("receipt.updated", own_position, group)
    assert await unread(ann, bob, bob_too) == [[others], [own], [own]]

    for seq in (2, 1, 0):
        assert await bob_too.do("receipt.read", conversation_id=group, seq=seq) == {
            "read_seq": 2,
            "unread_count": 1,
        }
    assert await unread(ann, bob, bob_too) == [[], [], []]


async def test_own_state_from_another_device(people: Enter) -> None:
    """`since` is the `at` of `hello`, then of the answer before."""
    group, (ann, bob) = await meet(people, "ann", "bob")
    bob_too = await people("bob")
    hello = await bob_too.event()
    for number in range(3):
        await ann.write(group, "hello", str(number))
    await bob.do("receipt.read", conversation_id=group, seq=2)

    answer = await bob_too.do("receipts.sync", since=hello["data"]["at"])

    own = {
        "conversation_id": group,
        "read_seq": 2,
        "unread_count": 1,
        "marked_unread": None,
        "preferences": {
            "muted_until": None,
            "notify": "all",
            "pinned": False,
            "archived": False,
            "archived_seq": None,
        },
    }
    assert answer == {"items": [own], "at": answer["at"], "truncated": False}
    await bob.do("receipt.read", conversation_id=group, seq=3)
    again = await bob_too.do("receipts.sync", since=answer["at"])
    assert again["items"] == [own | {"read_seq": 3, "unread_count": 0}]


@pytest.mark.parametrize(
    ("since", "code"),
    [("yesterday", "invalid"), (0, "invalid"), ("2026-01-01T00:00:00", "naive"), (None, "null")],
)
async def test_receipts_sync_needs_a_time(people: Enter, since: Any, code: str) -> None:
    ann = await people("ann")

    error = await ann.command("receipts.sync", since=since)

    assert refusal(error) == (400, "invalid_request", [("since", code)])


@pytest.mark.parametrize(
    ("seq", "code"),
    [
        (2, "max_value"),
        (2**53, "max_value"),
        (-1, "min_value"),
        ("1", "invalid"),
        (1.0, "invalid"),
        (True, "invalid"),
        (None, "null"),
        (_ANOTHER, "required"),
    ],
)
async def test_what_cannot_be_read(people: Enter, seq: object, code: str) -> None:
    group, (ann, bob) = await meet(people, "ann", "bob")
    await ann.write(group, "hello", "1")
    await unread(ann, bob)

    fields = {} if seq is _ANOTHER else {"seq": seq}
    error = await bob.command("receipt.read", conversation_id=group, **fields)

    assert refusal(error) == (400, "invalid_request", [("seq", code)])
    assert await unread(ann, bob) == [[], []]


# typing.start, typing.stop


@pytest.mark.parametrize(
    ("command", "event"), [("typing.start", "typing.started"), ("typing.stop", "typing.stopped")]
)
async def test_typing(people: Enter, command: str, event: str) -> None:
    """The others see who types and until when at most; the one who types is not told."""
    group, (ann, ann_too, bob) = await meet(people, "ann", "ann", "bob")

    assert await ann.do(command, conversation_id=group) == {}

    (seen,) = await bob.unread_events()
    expires_at = seen["data"]["expires_at"]
    assert _TIMESTAMP.fullmatch(expires_at)
    assert (expires_at > seen["at"]) is (command == "typing.start")
    data = {"user_id": ann.user_id, "expires_at": expires_at}
    assert without_time(seen) == soft(event, data, group)
    await unread(ann, ann_too)


# conversation.sync


async def test_syncing(people: Enter) -> None:
    """The present state of what changed after a version, and the conversation as one sees it."""
    group, (ann, bob) = await meet(people, "ann", "bob")
    first = await ann.write(group, "one", "1")
    second = await ann.write(group, "two", "2")
    path = f"/conversations/{group}/messages"
    edited = await ann.rest.request("PATCH", f"{path}/{first['id']}", {"text": "uno"})

    answers = [
        (await bob.do("conversation.sync", conversations={group: since}))["conversations"]
        for since in (0, 2, 3)
    ]

    conversation = await bob.rest.get_conversation(group)
    for answer, messages in zip(answers, ([second, edited], [edited], []), strict=True):
        assert answer == {
            group: {
                "status": "ok",
                "messages": [{**message, "my_reactions": []} for message in messages],
                "conversation": conversation,
                "version": 3,
                "more": False,
            }
        }


async def test_syncing_many(people: Enter) -> None:
    """Each conversation has an answer of its own: `ok`, `reset` for a version in the future, and
    `forbidden` for what one is not in or is not there."""
    group, (ann, bob) = await meet(people, "ann", "bob")
    other = (await ann.rest.create_group(title="Others"))["id"]
    direct = await ann.rest.request(
        "POST", "/conversations", {"kind": "direct", "participant_ids": ["zoe"]}
    )
    forbidden = [other, direct["id"], _NO_CONVERSATION, "../x", "message", "code"]

    data = await bob.do("conversation.sync", conversations=dict.fromkeys([group, *forbidden], 5))

    answers = data["conversations"]
    assert answers.pop(group)["status"] == "reset"
    nothing: Json = {"messages": [], "conversation": None, "version": 0, "more": False}
    assert answers == {id_: {"status": "forbidden", **nothing} for id_ in forbidden}


async def test_coming_back_is_a_reset(people: Enter) -> None:
    """Whoever left and came back since loads the conversation again."""
    group, (ann, bob) = await meet(people, "ann", "bob")
    await ann.rest.remove(group, bob.user_id)
    await ann.rest.add(group, bob.user_id)

    since_before = await bob.do("conversation.sync", conversations={group: 0})
    since_then = await bob.do("conversation.sync", conversations={group: 2})

    assert since_before["conversations"][group]["status"] == "reset"
    assert since_then["conversations"][group]["status"] == "ok"


async def test_there_is_more(people: Enter) -> None:
    """An answer has a limit; asking again from its version brings the rest, and the limit holds
    for all conversations of a command together."""
    group, (ann,) = await meet(people, "ann")
    sent = [await ann.write(group, "hello", str(number)) for number in range(5)]
    others = {f"{number}": 0 for number in range(99)}

    loaded: list[Json] = []
    version, more = 0, True
    asked = 0
    while more:
        asked += 1
        data = await ann.do("conversation.sync", conversations={group: version, **others})
        changes = data["conversations"][group]
        assert len(changes["messages"]) <= 2
        loaded += changes["messages"]
        version, more = changes["version"], changes["more"]

    assert [shared_message(message) for message in loaded] == sent
    assert version == 5
    assert asked == 3


async def test_syncing_what_is_live_loses_nothing(people: Enter) -> None:
    """Events go on coming, before and after."""
    group, (ann, bob) = await meet(people, "ann", "bob")
    first = await ann.write(group, "one", "1")
    await bob.do("conversation.sync", conversations={group: 0})
    second = await ann.write(group, "two", "2")

    assert await unread(bob) == [
        [
            durable("message.created", group, 1, {"message": first}),
            durable("message.created", group, 2, {"message": second}),
        ]
    ]


@pytest.mark.parametrize(
    ("conversations", "wrong"),
    [
        (None, ("conversations", "null")),
        (_ANOTHER, ("conversations", "required")),
        ([], ("conversations", "not_a_dict")),
        ({}, ("conversations", "empty")),
        ({"a": "1"}, ("conversations.a", "invalid")),
        ({"a": None}, ("conversations.a", "null")),
        ({"a": -1}, ("conversations.a", "min_value")),
        ({"a": 1.5}, ("conversations.a", "invalid")),
        ({"a": 2**53}, ("conversations.a", "max_value")),
        ({"a": {"b": 1}}, ("conversations.a", "invalid")),
        ({"message": "1"}, ("conversations.message", "invalid")),
        (dict.fromkeys(map(str, range(101)), 0), ("conversations", "max_length")),
    ],
    ids=[
        *("null", "missing", "list", "empty", "string", "null-version", "negative"),
        *("fraction", "huge", "nested", "odd-id", "too-many"),
    ],
)
async def test_what_cannot_be_synced(
    people: Enter, conversations: object, wrong: tuple[str, str]
) -> None:
    ann = await people("ann")

    fields = {} if conversations is _ANOTHER else {"conversations": conversations}
    error = await ann.command("conversation.sync", **fields)

    assert refusal(error) == (400, "invalid_request", [wrong])
    assert Limits().sync_conversations == 100


# Events of what is done over REST


async def test_editing_and_deleting(people: Enter) -> None:
    """Each version is told once; what changes nothing is not told."""
    group, (ann, ann_too, bob) = await meet(people, "ann", "ann", "bob")
    message = await ann.write(group, "one", "1")
    await unread(ann, ann_too, bob)
    path = f"/conversations/{group}/messages/{message['id']}"

    edited = await ann.rest.request("PATCH", path, {"text": "uno"})
    await ann.rest.request("PATCH", path, {"text": "uno"})
    await ann.rest.request("DELETE", path)
    await ann.rest.request("DELETE", path)

    deleted = await ann.rest.request("GET", path)
    assert (edited["text"], edited["version"], edited["seq"]) == ("uno", 2, 1)
    assert (deleted["text"], deleted["version"], deleted["seq"]) == (None, 3, 1)
    expected = [
        durable("message.updated", group, 2, {"message": edited}),
        durable("message.deleted", group, 3, {"message": deleted}),
    ]
    assert await unread(ann, ann_too, bob) == [expected] * 3


async def test_title_and_roles(people: Enter) -> None:
    """Both are told as `conversation.updated`, with the conversation as everybody sees it."""
    group, (ann, ann_too, bob) = await meet(people, "ann", "ann", "bob")
    people_path = f"/conversations/{group}/participants"

    await ann.rest.request("PATCH", f"/conversations/{group}", {"title": "Coffee"})
    titled = shared(await ann.rest.get_conversation(group))
    await ann.rest.request("PATCH", f"{people_path}/{bob.user_id}", {"role": "admin"})
    promoted = shared(await bob.rest.get_conversation(group))

    assert titled["title"] == "Coffee"
    assert [person["role"] for person in promoted["participants"]] == ["owner", "admin"]
    expected = [
        durable("conversation.updated", group, 1, {"conversation": titled}),
        durable("conversation.updated", group, 2, {"conversation": promoted}),
    ]
    assert await unread(ann, ann_too, bob) == [expected] * 3


def shared(conversation: Json) -> Json:
    """A conversation without what differs from person to person."""
    of_events = document.make()["components"]["schemas"]["SharedConversation"]["properties"]
    return {name: value for name, value in conversation.items() if name in of_events}


async def test_founding(people: Enter) -> None:
    """Everybody's sockets are told of a new conversation, and it is live on them at once."""
    ann, ann_too, bob = [await people(name) for name in ("ann", "ann", "bob")]
    await unread(ann, ann_too, bob)

    group = (await ann.rest.create_group(bob.user_id, title="Tea"))["id"]

    conversation = shared(await ann.rest.get_conversation(group))
    message = await bob.write(group, "hello", "1")
    expected = [
        soft("conversation.added", {"conversation": conversation}, group),
        durable("message.created", group, 1, {"message": message}),
    ]
    assert await unread(ann, ann_too, bob) == [expected] * 3


async def test_being_added(people: Enter) -> None:
    """Who was there sees `participant.added`; who was added sees `conversation.added`, on every
    socket, and from then on everything."""
    group, (ann, bob) = await meet(people, "ann", "bob")
    cid, cid_too = await people("cid"), await people("cid")
    await ann.write(group, "before", "1")
    await unread(ann, bob, cid, cid_too)

    await ann.rest.add(group, cid.user_id)

    conversation = shared(await ann.rest.get_conversation(group))
    message = await ann.write(group, "welcome", "2")
    person = {"user_id": cid.user_id, "role": "member", "joined_version": 2}
    added = {"participants": [person], "by": ann.user_id}
    created = durable("message.created", group, 3, {"message": message})
    told = [durable("participant.added", group, 2, added), created]
    announced = [soft("conversation.added", {"conversation": conversation}, group), created]
    assert await unread(ann, bob) == [told] * 2
    assert await unread(cid, cid_too) == [announced] * 2
    await cid.do("typing.start", conversation_id=group)
    assert [event["type"] for (event,) in await unread(ann, bob)] == ["typing.started"] * 2


@pytest.mark.parametrize("leaving", [True, False])
async def test_being_removed(people: Enter, leaving: bool) -> None:
    """One's own `participant.removed` is the last thing, on all of one's sockets: no message,
    no typing, no receipt comes after it."""
    group, (ann, bob, bob_too) = await meet(people, "ann", "bob", "bob")
    message = await ann.write(group, "goodbye", "1")

    if leaving:
        await bob.rest.remove(group, "me")
    else:
        await ann.rest.remove(group, bob.user_id)
    after = await ann.write(group, "are they gone?", "2")
    await ann.do("typing.start", conversation_id=group)
    await ann.do("receipt.read", conversation_id=group, seq=2)
    await ann.rest.request("PATCH", f"/conversations/{group}", {"title": "Quiet"})

    person = {"user_id": bob.user_id, "role": "member", "joined_version": 0}
    removed = {"participants": [person], "by": bob.user_id if leaving else ann.user_id}
    until_then = [
        durable("message.created", group, 1, {"message": message}),
        durable("participant.removed", group, 2, removed),
    ]
    assert await unread(bob, bob_too) == [until_then] * 2
    (told,) = await unread(ann)
    durables = [event for event in told if "version" in event]
    assert durables[:3] == [
        *until_then,
        durable("message.created", group, 3, {"message": after}),
    ]
    assert [event["version"] for event in durables] == [1, 2, 3, 4]
    error = await bob.command("message.send", conversation_id=group, text="hm", client_id="1")
    assert refusal(error) == (403, "not_a_participant", [])
    synced = await bob.do("conversation.sync", conversations={group: 2})
    assert synced["conversations"][group]["status"] == "forbidden"


async def test_coming_back(people: Enter) -> None:
    """Removed and added again: live again, with nothing from in between."""
    group, (ann, bob) = await meet(people, "ann", "bob")
    await ann.rest.remove(group, bob.user_id)
    await ann.write(group, "meanwhile", "1")
    await ann.rest.add(group, bob.user_id)
    await ann.write(group, "welcome back", "2")

    (seen,) = await unread(bob)

    assert [(event["type"], event.get("version")) for event in seen] == [
        ("participant.removed", 1),
        ("conversation.added", None),
        ("message.created", 4),
    ]


async def test_strangers_see_nothing(people: Enter) -> None:
    """Whatever happens in a conversation is told to its people alone."""
    cid = await people("cid")
    await unread(cid)
    group, (ann, bob) = await meet(people, "ann", "bob")
    await ann.write(group, "between us", "1")
    await bob.do("typing.start", conversation_id=group)
    await bob.do("receipt.read", conversation_id=group, seq=1)
    await ann.rest.remove(group, bob.user_id)

    assert await unread(cid) == [[]]
