"""Searching messages over REST."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from pytest_django.fixtures import Settings

from messaging.runtime.instance import Instance
from tests.integration.chat import Api, Json, ok, problem, wrong_fields


@pytest.fixture(autouse=True)
def _search_is_on(settings: Settings) -> None:
    settings.CHAT_SEARCH = "database"


@pytest_asyncio.fixture
async def find(instance: Instance) -> Callable[..., Any]:
    """Search once the index has everything: `await find(ann, "tea")`."""

    async def search(person: Api, q: str, **query: Any) -> list[Json]:
        assert instance.search is not None
        await instance.search.catch_up()
        items: list[Json] = ok(await person.get("/search", q=q, **query))["items"]
        return items

    return search


def texts(items: list[Json]) -> list[str]:
    return [item["message"]["text"] for item in items]


async def test_the_newest_comes_first_with_its_snippet(
    ann: Api, bob: Api, find: Callable[..., Any]
) -> None:
    group = await ann.group(bob)
    for text in ("One cup of tea", "coffee", "Team meeting", "No TEA, please"):
        await ann.send(group, text)
    found = await find(bob, "tea")
    assert texts(found) == ["No TEA, please", "Team meeting", "One cup of tea"]
    assert found[0]["snippet"] == [
        {"text": "No ", "match": False},
        {"text": "TEA", "match": True},
        {"text": ", please", "match": False},
    ]
    assert found[0]["message"]["my_reactions"] == []
    assert texts(await find(bob, '"cup of"')) == ["One cup of tea"]


async def test_pages_follow_each_other(ann: Api, bob: Api, find: Callable[..., Any]) -> None:
    group = await ann.group(bob)
    for number in range(7):
        await ann.send(group, f"tea {number}")
    assert len(await find(ann, "tea")) == 7
    shown: list[str] = []
    query: dict[str, Any] = {"q": "tea", "limit": 3}
    for size in (3, 3, 1):
        page = ok(await bob.get("/search", **query))
        assert len(page["items"]) == size
        shown += texts(page["items"])
        query["cursor"] = page["next_cursor"]
    assert page["next_cursor"] is None
    assert shown == [f"tea {number}" for number in reversed(range(7))]


async def test_filters_narrow_the_search(
    ann: Api, bob: Api, cid: Api, find: Callable[..., Any]
) -> None:
    group, direct = await ann.group(bob, cid), await ann.direct(bob)
    await ann.send(group, "tea of ann")
    await cid.send(group, "tea of cid")
    late = await bob.send(direct, "tea of bob")
    assert len(await find(ann, "tea")) == 3
    assert texts(await find(ann, "tea", conversation_id=direct)) == ["tea of bob"]
    assert texts(await find(ann, "tea", sender_id="cid")) == ["tea of cid"]
    assert texts(await find(cid, "tea")) == ["tea of cid", "tea of ann"]
    at = datetime.fromisoformat(late["created_at"])
    day = timedelta(days=1)
    assert len(await find(ann, "tea", before=(at + day).isoformat())) == 3
    assert await find(ann, "tea", after=(at + day).isoformat()) == []
    assert await find(ann, "tea", before=(at - day).isoformat()) == []
    assert "tea of bob" not in texts(await find(ann, "tea", before=late["created_at"]))
    assert "tea of bob" not in texts(await find(ann, "tea", after=late["created_at"]))


async def test_what_one_may_not_read_is_not_found(
    ann: Api, bob: Api, cid: Api, find: Callable[..., Any]
) -> None:
    group = await ann.group(bob)
    await ann.send(group, "tea")
    assert len(await find(bob, "tea")) == 1
    await ann.delete(f"/conversations/{group}/participants/bob")
    assert ok(await bob.get("/search", q="tea"))["items"] == []  # whatever the index knows
    assert await find(cid, "tea") == []
    assert problem(await bob.get("/search", q="tea", conversation_id=group)) == (
        403,
        "not_a_participant",
    )


async def test_an_edit_and_a_deletion_show_at_once(
    ann: Api, bob: Api, find: Callable[..., Any]
) -> None:
    """The index follows later."""
    group = await ann.group(bob)
    message = await ann.send(group, "tea")
    await ann.send(group, "tea too")
    assert len(await find(bob, "tea")) == 2
    path = f"/conversations/{group}/messages/{message['id']}"
    await ann.patch(path, text="coffee")
    assert texts(ok(await bob.get("/search", q="tea"))["items"]) == ["tea too"]
    assert texts(await find(bob, "coffee")) == ["coffee"]
    await ann.delete(path)
    assert ok(await bob.get("/search", q="coffee"))["items"] == []
    assert await find(bob, "coffee") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "q"),
        ({"q": "a"}, "q"),
        ({"q": "a" * 201}, "q"),
        ({"q": "!!"}, "q"),
        ({"q": "tea", "cursor": "none"}, "cursor"),
        ({"q": "tea", "before": "yesterday"}, "before"),
        ({"q": "tea", "limit": 101}, "limit"),
    ],
)
async def test_a_wrong_query_is_named(ann: Api, query: dict[str, Any], field: str) -> None:
    assert [name for name, _ in wrong_fields(await ann.get("/search", **query))] == [field]


@pytest.mark.parametrize(
    "text", ['a" OR b*', "NEAR(a b)", "a:b", "x' & 'y", "tea'; --", "a\\b", "^a"]
)
async def test_a_query_is_words_and_no_language(
    ann: Api, bob: Api, find: Callable[..., Any], text: str
) -> None:
    group = await ann.group(bob)
    await ann.send(group, text)
    assert texts(await find(ann, text)) == [text]


async def test_search_can_be_off(settings: Settings, ann: Api, instance: Instance) -> None:
    instance.search = None
    assert problem(await ann.get("/search", q="tea")) == (404, "not_found")


async def test_each_instance_with_its_own_file_has_no_search(
    settings: Settings, ann: Api, instance: Instance
) -> None:
    instance.search = None
    settings.CHAT_STORE, settings.REDIS = "firestore", {"address": "redis://127.0.0.1:1"}
    answer = await ann.get("/search", q="tea")
    assert problem(answer) == (503, "search_unavailable")


async def test_an_index_that_is_behind_says_so(
    ann: Api, bob: Api, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A walk has begun an hour ago."""
    assert instance.search is not None
    assert "X-Search-Behind" not in (await ann.get("/search", q="tea")).headers
    began = datetime.now(UTC) - timedelta(hours=1)
    await instance.search.catch_up()
    await instance.following.rebuild("search")
    await instance.search.catch_up()
    behind = (await ann.get("/search", q="tea")).headers
    assert began
    assert "X-Search-Behind" not in behind or int(behind["X-Search-Behind"]) >= 0
