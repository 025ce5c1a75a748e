"""What changed since a version, over REST."""

import asyncio

import pytest
from pytest_django.fixtures import Settings

from tests.integration.chat import Api, Json, ok, problem, wrong_fields


async def changes(person: Api, conversation: str, since: int, **query: int) -> Json:
    return ok(await person.get(f"/conversations/{conversation}/changes", since=since, **query))


async def test_the_present_state_of_what_changed(ann: Api, bob: Api) -> None:
    """Each message once, at its latest version, ascending by version; people and title are in
    the conversation."""
    group = await ann.group(bob)
    first, second = await ann.send(group, "one"), await bob.send(group, "two")
    path = f"/conversations/{group}/messages"
    await ann.patch(f"/conversations/{group}", title="Coffee")
    await ann.patch(f"{path}/{first['id']}", text="edited")
    await bob.delete(f"{path}/{second['id']}")

    answer = await changes(bob, group, 1)

    assert (answer["status"], answer["version"], answer["more"]) == ("ok", 5, False)
    assert [(m["id"], m["version"], m["text"]) for m in answer["messages"]] == [
        (first["id"], 4, "edited"),
        (second["id"], 5, None),
    ]
    assert answer["conversation"] == await bob.conversation(group)


async def test_nothing_changed(ann: Api) -> None:
    group = await ann.group()
    await ann.send(group)

    answer = await changes(ann, group, 1)

    assert (answer["status"], answer["version"], answer["messages"]) == ("ok", 1, [])


async def test_with_more_one_asks_again_from_there(ann: Api) -> None:
    """Page by page, everything once."""
    group = await ann.group()
    sent = [await ann.send(group, str(number)) for number in range(5)]

    seen, since, pages = [], 0, 0
    more = True
    while more:
        answer = await changes(ann, group, since, limit=2)
        seen += answer["messages"]
        since, more = answer["version"], answer["more"]
        pages += 1

    assert (seen, since, pages) == (sent, 5, 3)


async def test_a_full_page_at_the_end_has_no_more(ann: Api) -> None:
    group = await ann.group()
    for _ in range(2):
        await ann.send(group)

    assert (await changes(ann, group, 0, limit=2))["more"] is False


async def test_a_version_that_lies_in_the_future(ann: Api) -> None:
    """Reset: load it again."""
    group = await ann.group()
    await ann.send(group)

    answer = await changes(ann, group, 2)

    assert answer.pop("epoch")
    assert answer == {
        "status": "reset",
        "version": 1,
        "messages": [],
        "conversation": None,
        "more": False,
    }


async def test_who_was_out_and_came_back_loads_again(ann: Api, bob: Api) -> None:
    """From any version before they came back."""
    group = await ann.group(bob)
    await ann.send(group)
    await ann.delete(f"/conversations/{group}/participants/bob")
    await ann.post(f"/conversations/{group}/participants", user_ids=["bob"])

    statuses = [(await changes(bob, group, since))["status"] for since in range(4)]

    assert statuses == ["reset", "reset", "reset", "ok"]
    assert (await changes(ann, group, 0))["status"] == "ok"


@pytest.mark.parametrize(("limit", "status"), [(5, "ok"), (4, "reset")])
async def test_too_much_to_replay(ann: Api, settings: Settings, limit: int, status: str) -> None:
    """Messages count, not versions: one that was edited ten times is one."""
    settings.CHAT_LIMITS = {"changed_messages": limit}
    group = await ann.group()
    sent = [await ann.send(group, str(number)) for number in range(5)]
    for number in range(10):
        path = f"/conversations/{group}/messages/{sent[0]['id']}"
        await ann.patch(path, text=f"edit {number}")

    assert (await changes(ann, group, 0))["status"] == status


async def test_a_thousand_changes(ann: Api) -> None:
    """The limit of the contract."""
    group = await ann.group()
    for _ in range(10):
        await asyncio.gather(*(ann.send(group) for _ in range(100)))
    assert (await changes(ann, group, 0))["status"] == "ok"

    await ann.send(group)

    assert (await changes(ann, group, 0))["status"] == "reset"
    assert (await changes(ann, group, 1))["status"] == "ok"


async def test_strangers_are_refused(ann: Api, bob: Api, cid: Api) -> None:
    group, direct = await ann.group(bob), await ann.direct(bob)

    assert problem(await cid.get(f"/conversations/{group}/changes", since=0)) == (
        403,
        "not_a_participant",
    )
    assert problem(await cid.get(f"/conversations/{direct}/changes", since=0)) == (
        404,
        "conversation_not_found",
    )


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "since"),
        ({"since": -1}, "since"),
        ({"since": "x"}, "since"),
        ({"since": "1.0"}, "since"),
        ({"since": 2**53}, "since"),
        ({"since": 0, "limit": 101}, "limit"),
        ({"since": 0, "before": 1}, "before"),
    ],
)
async def test_wrong_questions(ann: Api, query: dict[str, object], field: str) -> None:
    group = await ann.group()

    answer = await ann.get(f"/conversations/{group}/changes", **query)

    assert [name for name, _ in wrong_fields(answer)] == [field]
