"""What people do with messages over the socket, and the events of what they do over REST."""

from collections.abc import Awaitable, Callable

import pytest

from tests.integration.chat.socket.test_commands import meet, refusal, unread
from tests.integration.chat.sockets import Json, Socket, durable, shared_message

Enter = Callable[[str], Awaitable[Socket]]


async def test_editing(people: Enter) -> None:
    """The reply has the message, and everybody is told; the same once more is no event."""
    group, (ann, bob) = await meet(people, "ann", "bob")
    data = await ann.do(
        "message.send", conversation_id=group, text="tpyo", client_id="1", metadata={"a": 1}
    )
    sent = data["message"]
    await unread(ann, bob)
    named = {"conversation_id": group, "message_id": sent["id"]}

    data = await ann.do("message.edit", **named, text="typo", metadata={"a": 2})
    again = await ann.do("message.edit", **named, text="typo", metadata={"a": 2})

    message = data["message"]
    assert again == data == {"message": message}
    changed = {"text": "typo", "metadata": {"a": 2}, "version": 2}
    assert message == {**sent, **changed, "edited_at": message["edited_at"]}
    told = [durable("message.updated", group, 2, {"message": message})]
    assert await unread(ann, bob) == [told, told]


async def test_deleting(people: Enter) -> None:
    """The reply has the version of the tombstone, also the second time."""
    group, (ann, bob) = await meet(people, "ann", "bob")
    sent = await ann.write(group, "oops", "1")
    await unread(ann, bob)
    named = {"conversation_id": group, "message_id": sent["id"]}

    answers = [await ann.do("message.delete", **named) for _ in range(2)]

    assert answers == [{"version": 2}, {"version": 2}]
    for (event,) in await unread(ann, bob):
        assert (event["type"], event["version"]) == ("message.deleted", 2)
        assert event["data"]["message"]["text"] is None
        assert event["data"].keys() == {"message"}


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        ("message.edit", {"text": "mine"}, (403, "permission_denied", [])),
        ("message.delete", {}, (403, "permission_denied", [])),
        ("message.edit", {}, (400, "invalid_request", [("text", "required")])),
        ("message.edit", {"text": " "}, (400, "invalid_request", [("text", "blank")])),
        ("message.edit", {"metadata": 1}, (400, "invalid_request", [("metadata", "not_a_dict")])),
        ("message.edit", {"message_id": "x", "text": "x"}, (404, "message_not_found", [])),
        ("message.delete", {"message_id": "x"}, (404, "message_not_found", [])),
        ("reaction.add", {"emoji": "no" * 20}, (400, "invalid_request", [("emoji", "invalid")])),
        ("reaction.add", {}, (400, "invalid_request", [("emoji", "required")])),
        ("reaction.remove", {"message_id": "x", "emoji": "+1"}, (404, "message_not_found", [])),
    ],
)
async def test_refusals(
    people: Enter, kind: str, fields: Json, expected: tuple[int, str, list[tuple[str, str]]]
) -> None:
    """The same as over REST; nobody is told."""
    group, (ann, bob) = await meet(people, "ann", "bob")
    sent = await ann.write(group, "hello", "1")
    await unread(ann, bob)

    error = await bob.command(
        kind, **{"conversation_id": group, "message_id": sent["id"], **fields}
    )

    assert refusal(error) == expected
    assert await unread(ann, bob) == [[], []]


async def test_pins_are_told(people: Enter) -> None:
    """With the conversation's number of pins, also where a deletion changes it."""
    group, (ann, bob) = await meet(people, "ann", "bob")
    sent = await ann.write(group, "hello", "1")
    await unread(ann, bob)
    path = f"/conversations/{group}/messages/{sent['id']}"

    pinned = await ann.rest.request("PUT", f"{path}/pin")
    edited = await ann.do(
        "message.edit", conversation_id=group, message_id=sent["id"], text="hello!"
    )
    await ann.do("message.delete", conversation_id=group, message_id=sent["id"])

    for told in await unread(ann, bob):
        assert [event["type"] for event in told] == [*["message.updated"] * 2, "message.deleted"]
        assert told[0]["data"] == {"message": shared_message(pinned), "pinned_count": 1}
        assert told[1]["data"] == edited
        assert told[2]["data"]["pinned_count"] == 0


async def test_system_messages_are_told(people: Enter) -> None:
    """After the change that they report, at the next version."""
    ann, bob = await people("ann"), await people("bob")
    body = {"kind": "group", "participant_ids": [bob.user_id], "system_messages": True}
    group = (await ann.rest.request("POST", "/conversations", body))["id"]
    await unread(ann, bob)

    await ann.rest.request("PATCH", f"/conversations/{group}", {"title": "Coffee"})

    for told in await unread(ann, bob):
        assert [(event["type"], event["version"]) for event in told] == [
            ("conversation.updated", 2),
            ("message.created", 3),
        ]
        report = told[1]["data"]["message"]
        assert (report["kind"], report["metadata"]["event"]) == ("system", "title.changed")


async def test_reactions(people: Enter) -> None:
    """The reply has the message; everybody is told who did what; the same once more is no event."""
    group, (ann, bob) = await meet(people, "ann", "bob")
    sent = await ann.write(group, "cake?", "1")
    await unread(ann, bob)
    named = {"conversation_id": group, "message_id": sent["id"], "emoji": "❤"}

    added = await bob.do("reaction.add", **named)
    again = await bob.do("reaction.add", **named)
    removed = await bob.do("reaction.remove", **named)
    too_late = await bob.do("reaction.remove", **named)

    hearts = {"❤️": {"count": 1, "user_ids": [bob.user_id]}}
    assert added == again == {"message": {**sent, "version": 2, "reactions": hearts}}
    assert removed == too_late == {"message": {**sent, "version": 3}}
    about = {"by": bob.user_id, "emoji": "❤️"}
    told = [
        durable("reaction.updated", group, 2, {**added, **about, "added": True}),
        durable("reaction.updated", group, 3, {**removed, **about, "added": False}),
    ]
    assert await unread(ann, bob) == [told, told]


async def test_reactions_in_a_sync(people: Enter) -> None:
    """Only there the socket tells which are one's own."""
    group, (ann, bob) = await meet(people, "ann", "bob")
    sent = await ann.write(group, "cake?", "1")
    named = {"conversation_id": group, "message_id": sent["id"], "emoji": "+1"}
    await bob.do("reaction.add", **named)

    for person, own in ((ann, []), (bob, ["+1"])):
        data = await person.do("conversation.sync", conversations={group: 1})
        (message,) = data["conversations"][group]["messages"]
        assert message["my_reactions"] == own
