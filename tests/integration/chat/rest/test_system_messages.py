"""System messages: what they report, and what nobody can do with them."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from messaging.domain.message import Message
from messaging.domain.participant import Role
from messaging.domain.signals import message_sent
from messaging.runtime.instance import Instance
from messaging.services.operators import conversations
from tests.integration.chat import Api, Json, created, ok, problem
from tests.integration.chat.sockets import shared_message

MakeApi = Callable[[str], Api]
TOLD: Json = {"kind": "group", "title": "Tea", "system_messages": True}


async def found(owner: Api, *others: str, **fields: Any) -> str:
    """A group of these people that tells what happens to it."""
    answer = await owner.post("/conversations", participant_ids=list(others), **{**TOLD, **fields})
    id_: str = created(answer)["id"]
    return id_


async def reported(person: Api, group: str) -> list[Json]:
    """What the system messages say, all of which are as they must be."""
    items = ok(await person.get(f"/conversations/{group}/messages", limit=100))["items"]
    system = [message for message in items if message["kind"] == "system"]
    for message in system:
        assert message["sender_id"] == "service:system"
        assert (message["text"], message["client_id"]) == ("", None)
        assert message["created_version"] == message["version"]
    return [message["metadata"] for message in system]


def event(name: str, user_ids: Sequence[str] = (), *, by: str | None = "ann", **more: Any) -> Json:
    return {"event": name, "user_ids": list(user_ids), "count": len(user_ids), "by": by, **more}


async def test_a_conversation_begins_with_one(ann: Api, bob: Api) -> None:
    """With seq 1 and version 1, which is unread for nobody. By default there is none."""
    group = await found(ann, "bob")

    seen = await bob.conversation(group)
    assert (seen["seq"], seen["version"], seen["unread_count"]) == (1, 1, 0)
    assert seen["uncounted"] == [[1, 1]]
    assert seen["system_messages"] is True
    assert seen["last_message"]["kind"] == "system"
    assert await reported(bob, group) == [event("conversation.created", ["ann", "bob"])]
    plain = await bob.conversation(await ann.group(bob))
    assert (plain["seq"], plain["version"], plain["system_messages"]) == (0, 0, False)


async def test_each_change_is_reported(ann: Api, api: MakeApi, instance: Instance) -> None:
    """The change takes a version, and its message the next one; what changes nothing, or what is
    no news, has no message."""
    group = await found(ann, "bob")
    path = f"/conversations/{group}"
    expected = [event("conversation.created", ["ann", "bob"])]
    steps: list[tuple[Any, Json | None, int]] = [
        (ann.patch(path, title="Coffee"), event("title.changed", title="Coffee"), 2),
        (ann.patch(path, title="Coffee"), None, 0),
        (ann.patch(path, metadata={"a": 1}), None, 1),
        (
            ann.post(f"{path}/participants", user_ids=["cid", "dan", "ann"]),
            event("participant.added", ["cid", "dan"]),
            2,
        ),
        (
            ann.patch(f"{path}/participants/bob", role="admin"),
            event("role.changed", ["bob"], role="admin"),
            2,
        ),
        (ann.delete(f"{path}/participants/cid"), event("participant.removed", ["cid"]), 2),
        (
            api("dan").delete(f"{path}/participants/me"),
            event("participant.left", ["dan"], by="dan"),
            2,
        ),
        (
            conversations.assign_role(
                instance, conversation_id=group, participant_id="bob", role=Role.MEMBER
            ),
            event("role.changed", ["bob"], by=None, role="member"),
            2,
        ),
        (
            conversations.expel_participant(instance, conversation_id=group, participant_id="bob"),
            event("participant.removed", ["bob"], by=None),
            2,
        ),
    ]
    for act, report, versions in steps:
        before = await ann.version(group)

        await act

        assert await ann.version(group) == before + versions
        if report is not None:
            expected.append(report)
        assert await reported(ann, group) == expected
    seen = await ann.conversation(group)
    assert (seen["unread_count"], seen["seq"]) == (0, len(expected))


async def test_only_the_first_twenty_are_named(ann: Api) -> None:
    people = [f"user-{number}" for number in range(30)]
    group = await found(ann, *people)

    (metadata,) = await reported(ann, group)

    assert metadata["user_ids"] == ["ann", *people[:19]]
    assert metadata["count"] == 31


async def test_people_who_are_left_out_are_not_named(ann: Api, bob: Api) -> None:
    """Those who do not let themselves be added."""
    await bob.patch("/me/preferences", added_by="nobody")

    group = await found(ann, "bob", "cid")

    assert await reported(ann, group) == [event("conversation.created", ["ann", "cid"])]


async def test_it_is_unread_for_nobody_and_moves_nothing(ann: Api, bob: Api) -> None:
    """Among messages of people; the list keeps its order."""
    quiet, busy = await found(ann, "bob"), await ann.group(bob)
    await ann.send(busy)
    sent = await ann.send(quiet, "one")
    await ann.send(busy)

    ok(await ann.patch(f"/conversations/{quiet}", title="Coffee"))

    listed = ok(await bob.get("/conversations"))["items"]
    assert [one["id"] for one in listed] == [busy, quiet]
    assert listed[1]["unread_count"] == 1
    assert listed[1]["last_message"]["metadata"]["event"] == "title.changed"
    assert (listed[1]["uncounted"], sent["seq"]) == ([[1, 1], [3, 3]], 2)


async def test_nobody_changes_or_reports_it(ann: Api) -> None:
    """Not even the owner."""
    group = await found(ann)
    first = (await ann.conversation(group))["last_message"]
    path = f"/conversations/{group}/messages/{first['id']}"

    for answer in (
        await ann.patch(path, text="x"),
        await ann.patch(path, metadata={}),
        await ann.delete(path),
        await ann.put(f"{path}/pin"),
        await ann.delete(f"{path}/pin"),
        await ann.post(
            "/reports", conversation_id=group, message_id=first["id"], reason="it is foul"
        ),
    ):
        assert problem(answer) == (403, "permission_denied")
    assert shared_message(ok(await ann.get(path))) == first


async def test_a_sync_has_them(ann: Api, bob: Api) -> None:
    """As other messages."""
    group = await found(ann, "bob")
    ok(await ann.patch(f"/conversations/{group}", title="Coffee"))

    changes = ok(await bob.get(f"/conversations/{group}/changes", since=1))

    assert changes["version"] == 3
    assert [one["metadata"]["event"] for one in changes["messages"]] == ["title.changed"]
    assert changes["conversation"]["title"] == "Coffee"


@pytest.mark.parametrize("wrong", ["yes", 1, None])
async def test_it_is_a_boolean(ann: Api, wrong: object) -> None:
    answer = await ann.post(
        "/conversations", kind="group", participant_ids=[], system_messages=wrong
    )

    assert problem(answer) == (400, "invalid_request")


async def test_it_is_set_at_the_beginning(ann: Api) -> None:
    """A retry with another value is another request; nobody changes it later."""
    body: Json = {"kind": "group", "participant_ids": [], "client_id": "1"}
    told = await ann.post("/conversations", **body, system_messages=True)
    again = await ann.post("/conversations", **body, system_messages=True)
    other = await ann.post("/conversations", **body)

    assert [answer.status_code for answer in (told, again, other)] == [201, 200, 409]
    assert again.json()["seq"] == 1
    answer = await ann.patch(f"/conversations/{again.json()['id']}", system_messages=False)
    assert problem(answer) == (400, "invalid_request")


async def test_nobody_is_notified(ann: Api, bob: Api) -> None:
    """Who listens to what is sent hears people's messages alone."""
    sent: list[Message] = []

    def note(message: Message, **_: object) -> None:
        sent.append(message)

    message_sent.connect(note)
    try:
        group = await found(ann, "bob")
        ok(await ann.patch(f"/conversations/{group}", title="Coffee"))
        said = await ann.send(group)
        async with asyncio.timeout(5):
            while not sent:
                await asyncio.sleep(0.01)
    finally:
        message_sent.disconnect(note)

    assert [message.id for message in sent] == [said["id"]]
