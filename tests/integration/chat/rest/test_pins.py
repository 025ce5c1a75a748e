"""Pinned messages, messages by their ids, and messages that mention everyone."""

from collections.abc import Callable

import pytest

from messaging.domain.identifiers import random_id
from tests.integration.chat import Api, Json, created, ok, problem, wrong_fields
from tests.integration.chat.sockets import shared_message

MakeApi = Callable[[str], Api]


def pin_of(message: Json) -> str:
    return f"/conversations/{message['conversation_id']}/messages/{message['id']}/pin"


async def pins(person: Api, group: str) -> list[Json]:
    found: list[Json] = ok(await person.get(f"/conversations/{group}/pins"))["items"]
    return found


async def test_pinning(ann: Api, bob: Api) -> None:
    """A new version with the time; once more is no change. The latest pin comes first."""
    group = await ann.group(bob)
    one, two = await ann.send(group, "one"), await bob.send(group, "two")

    pinned = ok(await ann.put(pin_of(two)))
    assert ok(await ann.put(pin_of(two))) == pinned
    assert pinned == {**two, "version": 3, "pinned_at": pinned["pinned_at"]}
    assert pinned["pinned_at"] is not None
    first = ok(await ann.put(pin_of(one)))

    assert sorted(await pins(bob, group), key=str) == sorted([first, pinned], key=str)
    assert [one["pinned_at"] for one in await pins(bob, group)] == sorted(
        [first["pinned_at"], pinned["pinned_at"]], reverse=True
    )
    seen = await bob.conversation(group)
    assert (seen["version"], seen["pinned_count"], seen["last_message"]) == (
        4,
        2,
        shared_message(pinned),
    )
    assert (seen["unread_count"], seen["seq"]) == (0, 2)

    unpinned = ok(await ann.delete(pin_of(two)))
    assert ok(await ann.delete(pin_of(two))) == unpinned == {**two, "version": 5}
    assert await pins(bob, group) == [first]
    assert (await bob.conversation(group))["pinned_count"] == 1


async def test_deleting_unpins(ann: Api) -> None:
    group = await ann.group()
    sent = await ann.send(group)
    await ann.put(pin_of(sent))

    await ann.delete(f"/conversations/{group}/messages/{sent['id']}")

    assert await pins(ann, group) == []
    assert (await ann.conversation(group))["pinned_count"] == 0
    assert problem(await ann.put(pin_of(sent))) == (404, "message_not_found")
    assert problem(await ann.delete(pin_of(sent))) == (404, "message_not_found")


async def test_who_may_pin(api: MakeApi) -> None:
    """Owner and admin in a group; both in a direct conversation; nobody from outside."""
    owner, member = api("owner"), api("member")
    group = await owner.group(member)
    await owner.post(f"/conversations/{group}/participants", user_ids=["admin"], role="admin")
    sent = await member.send(group)

    assert problem(await member.put(pin_of(sent))) == (403, "permission_denied")
    assert problem(await api("eve").put(pin_of(sent))) == (403, "not_a_participant")
    assert problem(await api("eve").get(f"/conversations/{group}/pins")) == (
        403,
        "not_a_participant",
    )
    ok(await api("admin").put(pin_of(sent)))
    assert problem(await member.delete(pin_of(sent))) == (403, "permission_denied")
    direct = await owner.direct(member)
    said = await owner.send(direct)
    ok(await member.put(pin_of(said)))
    assert problem(await api("eve").put(pin_of(said))) == (404, "conversation_not_found")


async def test_nobody_pins_where_somebody_blocks(ann: Api, bob: Api) -> None:
    """As nobody sends there."""
    direct = await ann.direct(bob)
    sent = await ann.send(direct)
    await ann.put("/blocks/bob")

    assert problem(await bob.put(pin_of(sent))) == (403, "blocked")


async def test_fifty_pins(ann: Api) -> None:
    """Then another must be unpinned first; one that is pinned stays so."""
    group = await ann.group()
    sent = [await ann.send(group, str(number)) for number in range(51)]
    for message in sent[:50]:
        ok(await ann.put(pin_of(message)))

    assert wrong_fields(await ann.put(pin_of(sent[50]))) == [("message_id", "too_many")]
    ok(await ann.put(pin_of(sent[0])))
    assert len(await pins(ann, group)) == 50
    ok(await ann.delete(pin_of(sent[7])))
    ok(await ann.put(pin_of(sent[50])))


async def test_no_such_message(ann: Api) -> None:
    group, other = await ann.group(), await ann.group()
    elsewhere = await ann.send(other)
    for message_id in (random_id(), elsewhere["id"], "x", "🦆"):
        path = f"/conversations/{group}/messages/{message_id}/pin"
        for answer in (await ann.put(path), await ann.delete(path)):
            assert problem(answer) == (404, "message_not_found")


# By ids


async def test_messages_by_their_ids(ann: Api, bob: Api) -> None:
    """In the order asked for, each once; those that do not exist here are left out."""
    group, other = await ann.group(bob), await ann.group(bob)
    one, two = await ann.send(group, "one"), await bob.send(group, "two")
    elsewhere = await ann.send(other)
    path = f"/conversations/{group}/messages"
    ids = [two["id"], random_id(), "x", "", one["id"], elsewhere["id"], two["id"]]

    answer = ok(await bob.get(path, ids=",".join(ids)))

    assert answer == {"items": [two, one]}
    await ann.delete(f"{path}/{one['id']}")
    (tombstone,) = ok(await bob.get(path, ids=one["id"]))["items"]
    assert tombstone["deleted_at"] is not None
    assert ok(await bob.get(path, ids=","))["items"] == []


async def test_at_most_a_hundred_ids(ann: Api) -> None:
    """And no other place beside them."""
    path = f"/conversations/{await ann.group()}/messages"

    assert ok(await ann.get(path, ids=",".join(["x"] * 100))) == {"items": []}
    many = await ann.get(path, ids=",".join(["x"] * 101))
    assert wrong_fields(many) == [("ids", "max_length")]
    for name in ("before", "after", "around"):
        assert problem(await ann.get(path, ids="x", **{name: 1})) == (400, "invalid_request")


async def test_ids_are_for_participants(ann: Api, api: MakeApi) -> None:
    group = await ann.group()
    sent = await ann.send(group)

    answer = await api("eve").get(f"/conversations/{group}/messages", ids=sent["id"])

    assert problem(answer) == (403, "not_a_participant")


# Everyone


@pytest.mark.parametrize(("role", "allowed"), [("owner", True), ("admin", True), ("member", False)])
async def test_who_may_mention_everyone(api: MakeApi, role: str, allowed: bool) -> None:
    owner = api("owner")
    group = await owner.group(api("member"))
    await owner.post(f"/conversations/{group}/participants", user_ids=["admin"], role="admin")

    answer = await api(role).post(
        f"/conversations/{group}/messages", text="hi", mentions_all=True, client_id="1"
    )

    if allowed:
        assert created(answer)["mentions_all"] is True
    else:
        assert problem(answer) == (403, "permission_denied")
        assert (await owner.conversation(group))["seq"] == 0


async def test_nobody_mentions_everyone_in_a_direct_conversation(ann: Api, bob: Api) -> None:
    """It has neither owner nor admin."""
    path = f"/conversations/{await ann.direct(bob)}/messages"

    assert problem(await ann.post(path, text="hi", mentions_all=True)) == (403, "permission_denied")
    assert wrong_fields(await ann.post(path, text="hi", mentions_all="yes")) == [
        ("mentions_all", "invalid")
    ]
