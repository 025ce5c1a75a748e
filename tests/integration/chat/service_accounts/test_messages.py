"""Messages of a service account: texts and system messages, into conversations it is not in."""

import asyncio
from collections.abc import Callable

import pytest

from messaging.domain.message import Message
from messaging.domain.signals import message_sent
from messaging.runtime.instance import Instance
from messaging.services.operators import conversations
from tests.integration.chat import Api, Json, created, ok, problem, wrong_fields
from tests.integration.chat.service_accounts import ServiceApi
from tests.integration.chat.service_accounts.conftest import MakeService

MakeApi = Callable[[str], Api]
SHIPPED: Json = {"kind": "system", "text": "", "metadata": {"event": "order.shipped", "order": 7}}


async def test_a_text_is_a_message_like_others(
    ann: Api, bob: Api, make_service: MakeService
) -> None:
    """Unread for everyone, and the service is a sender with a name and no participant."""
    group = await ann.group(bob)
    bot = await make_service("bot", "send")

    sent = await bot.send(group, "hello", mentions=["bob"], metadata={"a": 1}, client_id="1")

    assert (sent["sender_id"], sent["kind"], sent["seq"]) == ("service:bot", "text", 1)
    assert sent["my_reactions"] == []
    for person in (ann, bob):
        seen = await person.conversation(group)
        assert (seen["unread_count"], seen["last_message"]["id"]) == (1, sent["id"])
        assert [one["user_id"] for one in seen["participants"]] == ["ann", "bob"]
    assert (await bob.conversation(group))["mentioned_seq"] == 1
    again = await bot.post(
        f"/conversations/{group}/messages",
        text="hello",
        mentions=["bob"],
        metadata={"a": 1},
        client_id="1",
    )
    assert (again.status_code, again.json()["id"]) == (200, sent["id"])
    other = await bot.post(f"/conversations/{group}/messages", text="other", client_id="1")
    assert problem(other) == (409, "client_id_reused")
    assert ok(await ann.get("/users", user_ids="service:bot"))["items"][0]["is_service"]
    reply = await ann.send(group, "thanks", reply_to=sent["id"])
    assert (await bot.send(group, "welcome", reply_to=reply["id"]))["reply_to"] == reply["id"]


async def test_neither_a_freeze_nor_posting_stops_it_but_a_block_does(
    ann: Api, bob: Api, make_service: MakeService, instance: Instance
) -> None:
    bot = await make_service("bot", "send")
    group, pair = await ann.group(bob), await ann.direct(bob)
    ok(await ann.patch(f"/conversations/{group}", posting="admins"))
    await conversations.set_frozen(instance, conversation_id=group, frozen=True)

    await bot.send(group)
    await bot.send(pair)
    await bob.request("PUT", "/blocks/ann")

    assert problem(await bot.post(f"/conversations/{pair}/messages", text="x")) == (403, "blocked")
    blocked = await bot.post(f"/conversations/{pair}/messages", **SHIPPED)
    assert problem(blocked) == (403, "blocked")


async def test_what_a_text_of_a_service_cannot_have(
    ann: Api, make_service: MakeService, api: MakeApi
) -> None:
    bot = await make_service("bot", "send")
    group = await ann.group()
    path = f"/conversations/{group}/messages"

    everyone = await bot.post(path, text="x", mentions_all=True)
    assert problem(everyone) == (403, "permission_denied")
    assert wrong_fields(await bot.post(path, text="x", mentions=["eve"])) == [
        ("mentions.0", "not_a_participant")
    ]
    assert wrong_fields(await bot.post(path, text="")) == [("text", "blank")]
    assert wrong_fields(await bot.post(path, text="x", attachments=["a" * 26]))
    nowhere = await bot.post(f"/conversations/{'a' * 26}/messages", text="x")
    assert problem(nowhere) == (404, "conversation_not_found")


async def test_a_system_message_moves_nothing(
    ann: Api, bob: Api, make_service: MakeService, instance: Instance
) -> None:
    """It is the latest message, but nobody's unread, nobody's push, and no list moves; so it
    stands in a sync, and on other instances."""
    bot = await make_service("bot", "send")
    group = await ann.group(bob)
    await ann.send(group)
    await bob.post(f"/conversations/{group}/read", seq=1)
    ok(await bob.patch(f"/conversations/{group}/preferences", archived=True))
    later = await ann.group(bob, title="later")
    before = await bob.conversation(group)
    sent: list[Message] = []

    async def receive(message: Message, **_: object) -> None:
        sent.append(message)

    message_sent.connect(receive)
    try:
        message = created(await bot.post(f"/conversations/{group}/messages", **SHIPPED))
        await ann.send(later)
        while not sent:
            await asyncio.sleep(0.01)
    finally:
        message_sent.disconnect(receive)

    assert (message["kind"], message["sender_id"]) == ("system", "service:bot")
    assert (message["text"], message["metadata"]) == ("", SHIPPED["metadata"])
    assert [one.conversation_id for one in sent] == [later]  # no signal, and so no push
    seen = await bob.conversation(group)
    assert (seen["unread_count"], seen["archived"]) == (0, True)
    assert seen["last_message"]["id"] == message["id"]
    assert seen["uncounted"] == [[2, 2]]
    listed = ok(await bob.get("/conversations"))["items"]
    assert [one["id"] for one in listed] == [later, group]
    changes = ok(await bob.get(f"/conversations/{group}/changes", since=before["version"]))
    assert [one["id"] for one in changes["messages"]] == [message["id"]]


async def test_nobody_touches_a_system_message_but_a_service(
    ann: Api, bob: Api, make_service: MakeService
) -> None:
    group = await ann.group(bob)
    bot, other = await make_service("bot", "send"), await make_service("other", "send")
    manager = await make_service("manager", "manage")
    message = created(await bot.post(f"/conversations/{group}/messages", **SHIPPED))["id"]
    path = f"/conversations/{group}/messages/{message}"

    for answer in (
        await ann.patch(path, text="x"),
        await ann.delete(path),
        await ann.put(f"{path}/pin"),
        await ann.put(f"{path}/reactions/👍"),
        await ann.post("/reports", conversation_id=group, message_id=message, reason="x"),
        await other.delete(path),
    ):
        assert problem(answer) == (403, "permission_denied")
    deleted = await bot.delete(path)
    assert (deleted.status_code, deleted.headers["Chat-Version"]) == (204, "2")
    assert (await manager.delete(path)).headers["Chat-Version"] == "2"
    tombstone = ok(await ann.get(path))
    assert (tombstone["kind"], tombstone["metadata"]) == ("system", None)
    theirs = (await ann.send(group))["id"]
    path = f"/conversations/{group}/messages/{theirs}"
    assert problem(await bot.delete(path)) == (403, "permission_denied")
    assert (await manager.delete(path)).status_code == 204
    assert problem(await manager.delete(f"{path[:-1]}x")) == (404, "message_not_found")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"metadata": None}, "metadata.event"),
        ({"metadata": {"a": 1}}, "metadata.event"),
        ({"metadata": {"event": 1}}, "metadata.event"),
        ({"metadata": {"event": "Two Words"}}, "metadata.event"),
        ({"metadata": {"event": "participant.added"}}, "metadata.event"),
        ({"mentions": ["bob"]}, "mentions"),
        ({"mentions_all": True}, "mentions_all"),
        ({"reply_to": "a" * 26}, "reply_to"),
        ({"attachments": ["a" * 26]}, "attachments"),
        ({"kind": "other"}, "kind"),
    ],
)
async def test_what_a_system_message_must_have(
    ann: Api, service: ServiceApi, fields: Json, wrong: str
) -> None:
    group = await ann.group()

    answer = await service.post(f"/conversations/{group}/messages", **{**SHIPPED, **fields})

    assert [field for field, _ in wrong_fields(answer)] == [wrong]


async def test_a_retry_of_a_system_message(ann: Api, service: ServiceApi) -> None:
    """The same `client_id` is the same message, and as a text another one."""
    path = f"/conversations/{await ann.group()}/messages"
    first = created(await service.post(path, client_id="1", **SHIPPED))

    assert ok(await service.post(path, client_id="1", **SHIPPED))["id"] == first["id"]
    text = await service.post(path, client_id="1", text="x", metadata=SHIPPED["metadata"])
    assert problem(text) == (409, "client_id_reused")
