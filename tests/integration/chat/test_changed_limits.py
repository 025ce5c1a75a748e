"""Limits that an operator has changed: what `GET /me` shows is what holds, above the defaults and
below them."""

import pytest
from pytest_django.fixtures import Settings

from messaging.runtime.instance import Instance
from tests.integration.chat import Api, created, ok, wrong_fields
from tests.unit.chat.wire import Wire


async def test_higher_limits(ann: Api, bob: Api, settings: Settings) -> None:
    settings.CHAT_LIMITS = {
        "text_characters": 12_000,
        "title_characters": 300,
        "participants": 1_200,
        "page": 120,
        "presence_users": 400,
    }
    people = [f"p{number}" for number in range(1_100)]
    group = created(
        await ann.post("/conversations", kind="group", participant_ids=people, title="x" * 250)
    )["id"]
    path = f"/conversations/{group}"

    sent = await ann.send(group, "x" * 11_000)
    ok(await ann.patch(f"{path}/messages/{sent['id']}", text="y" * 12_000))
    ok(await ann.patch(path, title="y" * 300))
    ok(await ann.get(f"{path}/messages", limit=120))
    ok(await ann.get("/conversations", limit=120))
    ok(await ann.get("/presence", user_ids=",".join(people[:400])))

    too_long = await ann.post(f"{path}/messages", text="x" * 12_001)
    assert wrong_fields(too_long) == [("text", "max_length")]
    too_many = await ann.get("/presence", user_ids=",".join(people[:401]))
    assert wrong_fields(too_many) == [("user_ids", "max_length")]
    assert wrong_fields(await ann.get(f"{path}/messages", limit=121)) == [("limit", "max_value")]


async def test_lower_limits(ann: Api, bob: Api, settings: Settings) -> None:
    settings.CHAT_LIMITS = {"text_characters": 10, "title_characters": 5, "page": 2}
    group = await ann.group(bob)
    path = f"/conversations/{group}"
    for _ in range(3):
        await ann.send(group)

    # Whoever asks for a page of the contract gets a smaller one: clients know nothing else.
    for asked in ({}, {"limit": 100}):
        assert len(ok(await ann.get(f"{path}/messages", **asked))["items"]) == 2
        assert len(ok(await ann.get("/users", conversation_id=group, **asked))["items"]) == 2
    for answer, field, code in (
        (await ann.get(f"{path}/messages", limit=101), "limit", "max_value"),
        (await ann.get("/users", conversation_id=group, limit=101), "limit", "max_value"),
        (await ann.post(f"{path}/messages", text="x" * 11), "text", "max_length"),
        (await ann.patch(path, title="x" * 6), "title", "max_length"),
    ):
        assert wrong_fields(answer) == [(field, code)]


@pytest.mark.parametrize("limit", [3, 120])
async def test_a_sync(ann: Api, instance: Instance, settings: Settings, limit: int) -> None:
    settings.CHAT_LIMITS = {"sync_conversations": limit}
    await instance.start()
    socket = Wire(instance, "ann")
    await socket.opened()
    named = {f"{number:026}": 0 for number in range(limit)}

    async def answer(conversations: dict[str, int]) -> str:
        socket.command(id=1, type="conversation.sync", conversations=conversations)
        while (frame := await socket.frame()).get("id") != 1:
            pass
        return str(frame.get("code", frame["type"]))

    assert await answer(named) == "reply"
    assert await answer({**named, "x": 0}) == "invalid_request"
    await socket.end()
