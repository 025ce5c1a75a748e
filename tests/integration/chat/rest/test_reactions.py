"""Reactions over REST: add, remove, list, and which are one's own."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from urllib.parse import quote

import pytest
import pytest_asyncio
from pytest_django import Settings

from chat.state import ApplicationState
from messaging.runtime.instance import Instance
from messaging.services.operators import conversations as operators
from tests.integration.chat import Api, Json, ok, problem, wrong_fields

MakeApi = Callable[[str], Api]
NOBODY = "a" * 26


class Said:
    """A message of Ann's in a group with Bob."""

    def __init__(self, group: str, message: Json) -> None:
        self.group = group
        self.id: str = message["id"]
        self.path = f"/conversations/{group}/messages/{self.id}"

    async def react(self, person: Api, emoji: str = "👍") -> Json:
        return ok(await person.request("PUT", self.reaction(emoji)))

    async def take_back(self, person: Api, emoji: str = "👍") -> Json:
        return ok(await person.request("DELETE", self.reaction(emoji)))

    def reaction(self, emoji: str) -> str:
        return f"{self.path}/reactions/{quote(emoji, safe='')}"

    async def own(self, person: Api) -> list[str]:
        return sorted(ok(await person.get(self.path))["my_reactions"])


@pytest_asyncio.fixture
async def said(ann: Api, bob: Api) -> AsyncIterator[Said]:
    group = await ann.group(bob)
    yield Said(group, await ann.send(group))


async def test_adding_and_removing(said: Said, ann: Api, bob: Api) -> None:
    """200 with the message; one version each; nothing becomes unread or more recent."""
    before = await ann.conversation(said.group)

    added = await said.react(bob)

    assert added["reactions"] == {"👍": {"count": 1, "user_ids": ["bob"]}}
    assert (added["my_reactions"], added["version"], added["edited_at"]) == (["👍"], 2, None)
    after = await ann.conversation(said.group)
    assert (after["version"], after["seq"], after["unread_count"]) == (2, 1, 0)
    assert after["last_message"]["reactions"] == added["reactions"]
    assert {**after, "version": 1, "last_message": None, "updated_at": None} == {
        **before,
        "last_message": None,
        "updated_at": None,
    }
    removed = await said.take_back(bob)
    assert (removed["reactions"], removed["my_reactions"], removed["version"]) == ({}, [], 3)


async def test_again_changes_nothing(said: Said, bob: Api) -> None:
    first = await said.react(bob)
    assert await said.react(bob) == first
    removed = await said.take_back(bob)
    assert await said.take_back(bob) == removed
    assert await bob.version(said.group) == 3


async def test_one_emoji_is_one_kind_in_all_its_forms(said: Said, ann: Api, bob: Api) -> None:
    await said.react(ann, "❤")
    both = await said.react(bob, "❤️")
    named = await said.react(bob, "+1")

    assert both["reactions"] == {"❤️": {"count": 2, "user_ids": ["ann", "bob"]}}
    assert named["reactions"]["+1"] == {"count": 1, "user_ids": ["bob"]}
    assert (await said.take_back(ann, "❤"))["my_reactions"] == []


@pytest.mark.parametrize("emoji", ["", " ", "👍👍", "Thumbs", "x" * 33, "🏽", "%ff", "a" * 500])
async def test_what_is_no_emoji(said: Said, ann: Api, emoji: str) -> None:
    for method in ("PUT", "DELETE", "GET"):
        answer = await ann.request(method, said.reaction(emoji))
        if emoji:
            assert wrong_fields(answer) == [("emoji", "invalid")]
        else:
            assert problem(answer) == (404, "not_found")


async def test_limits(said: Said, bob: Api, api: MakeApi, ann: Api) -> None:
    """Five kinds of one person, 20 on a message."""
    people = [ann, bob, api("cid"), api("dan"), api("eve")]
    await ann.post(f"/conversations/{said.group}/participants", user_ids=["cid", "dan", "eve"])
    for number in range(20):
        await said.react(people[number // 5], f"kind-{number}")

    one_more = await people[0].request("PUT", said.reaction("another"))
    assert wrong_fields(one_more) == [("emoji", "too_many")]
    kinds = await people[4].request("PUT", said.reaction("another"))
    assert wrong_fields(kinds) == [("emoji", "too_many")]
    assert (await said.react(people[4], "kind-0"))["reactions"]["kind-0"]["count"] == 2


async def test_who_may_react(said: Said, ann: Api, bob: Api, api: MakeApi) -> None:
    """Who may see the message; nobody a deleted one, or one that does not exist."""
    elsewhere = Said(said.group, {"id": NOBODY})
    gone = Said(said.group, await ann.send(said.group))
    await gone.react(bob)
    await ann.delete(gone.path)
    direct = Said(await ann.direct(bob), {"id": said.id})

    for method in ("PUT", "DELETE"):
        for person, where, expected in (
            (api("cid"), said, (403, "not_a_participant")),
            (api("cid"), direct, (404, "conversation_not_found")),
            (bob, elsewhere, (404, "message_not_found")),
            (bob, Said(said.group, {"id": "x"}), (404, "message_not_found")),
            (bob, Said(NOBODY, {"id": said.id}), (404, "conversation_not_found")),
            (bob, direct, (404, "message_not_found")),
            (bob, gone, (404, "message_not_found")),
        ):
            answer = await person.request(method, where.reaction("👍"))
            assert problem(answer) == expected, (method, where.path)
    assert problem(await api("cid").get(said.reaction("👍"))) == (403, "not_a_participant")
    assert problem(await bob.get(elsewhere.reaction("👍"))) == (404, "message_not_found")


async def test_a_block_refuses_reactions_as_it_refuses_sends(ann: Api, bob: Api) -> None:
    direct = await ann.direct(bob)
    said = Said(direct, await ann.send(direct))
    await said.react(bob)
    await ann.request("PUT", "/blocks/bob")

    for person in (ann, bob):
        for method in ("PUT", "DELETE"):
            assert problem(await person.request(method, said.reaction("👍"))) == (403, "blocked")
    assert await said.own(bob) == ["👍"]


async def test_a_frozen_conversation(said: Said, ann: Api, bob: Api, instance: Instance) -> None:
    """Its owner reacts, its members do not."""
    await operators.set_frozen(instance, conversation_id=said.group, frozen=True)
    refused = await bob.request("PUT", said.reaction("👍"))
    assert problem(refused) == (403, "permission_denied")
    assert (await said.react(ann))["my_reactions"] == ["👍"]


async def test_reactions_count_as_sends(
    said: Said, bob: Api, settings: Settings, state: ApplicationState
) -> None:
    """Twenty at once, together with messages. Reading goes on."""
    settings.CHAT_RATE_LIMITS = True
    # Nothing is refilled meanwhile, however slow the machine is.
    slow = replace(state.person_rates.sends, per_second=0.01)
    state.person_rates = replace(state.person_rates, sends=slow)
    await bob.send(said.group)

    answers = [await bob.request("PUT", said.reaction("👍")) for _ in range(20)]

    assert [answer.status_code for answer in answers] == [200] * 19 + [429]
    assert problem(await bob.request("DELETE", said.reaction("👍"))) == (429, "rate_limited")
    ok(await bob.get(said.reaction("👍")))


async def test_everybody_page_by_page(said: Said, ann: Api, api: MakeApi) -> None:
    """Each person once, whatever others do meanwhile; nobody for another emoji."""
    names = [f"user-{number}" for number in range(13)]
    await ann.post(f"/conversations/{said.group}/participants", user_ids=names)
    await asyncio.gather(*(said.react(api(name)) for name in names))

    found: list[str] = []
    query: dict[str, str | int] = {"limit": 5}
    while True:
        page = ok(await ann.get(said.reaction("👍"), **query))
        found += [item["user_id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]

    assert sorted(found) == sorted(names)
    message = ok(await ann.get(said.path))
    assert message["reactions"]["👍"]["count"] == 13
    assert len(message["reactions"]["👍"]["user_ids"]) == 10
    assert ok(await ann.get(said.reaction("❤️")))["items"] == []
    for wrong in ("x", "W10=", "Li4=", "YS9i"):
        answer = await ann.get(said.reaction("👍"), cursor=wrong)
        assert wrong_fields(answer) == [("cursor", "invalid")]


async def test_ones_own_among_many(said: Said, ann: Api, api: MakeApi) -> None:
    """Also where the summary does not name oneself: in the message, in pages and in changes."""
    names = [f"user-{number}" for number in range(12)]
    await ann.post(f"/conversations/{said.group}/participants", user_ids=names)
    few = Said(said.group, await ann.send(said.group))
    for name in names:
        await said.react(api(name))
        await said.react(api(name), "🎉")
    await few.react(api(names[-1]))

    assert await said.own(api(names[-1])) == sorted(["👍", "🎉"])
    assert await said.own(ann) == []
    for name, own in (
        (names[-1], [sorted(["👍", "🎉"]), ["👍"]]),
        (names[0], [sorted(["👍", "🎉"]), []]),
    ):
        person = api(name)
        page = ok(await person.get(f"/conversations/{said.group}/messages"))
        assert [sorted(item["my_reactions"]) for item in page["items"]] == own
        changes = ok(await person.get(f"/conversations/{said.group}/changes", since=2))
        by_seq = sorted(changes["messages"], key=lambda message: message["seq"])
        assert [sorted(item["my_reactions"]) for item in by_seq] == own
        assert "my_reactions" not in changes["conversation"]["last_message"]


async def test_deleting_and_redacting_remove_them(
    said: Said, ann: Api, bob: Api, instance: Instance
) -> None:
    """From the message at once, and from the store soon after."""
    redacted = Said(said.group, await ann.send(said.group))
    for one in (said, redacted):
        await one.react(bob)
        await one.react(ann, "❤️")
    await ann.delete(said.path)
    await operators.redact_message(instance, conversation_id=said.group, message_id=redacted.id)

    for one in (said, redacted):
        message = ok(await bob.get(one.path))
        assert (message["reactions"], message["my_reactions"]) == ({}, [])
        assert ok(await bob.get(one.reaction("👍")))["items"] == []
        async with asyncio.timeout(10):
            while await instance.store.reactions.get_reactions(said.group, [(one.id, "bob")]):
                await asyncio.sleep(0.01)
