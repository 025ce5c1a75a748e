"""One's own settings in a conversation: pinned and archived; and where one was mentioned."""

from collections.abc import Callable
from typing import Any

import pytest
import pytest_asyncio

from messaging.runtime.instance import Instance
from messaging.services import sessions
from tests.documents import counted_documents
from tests.frames import read_frame
from tests.integration.chat import Api, Json, ok, wrong_fields
from tests.outlets import SIGNED_IN_AT, Outlet

DEFAULTS = {
    "muted_until": None,
    "notify": "all",
    "pinned": False,
    "archived": False,
    "archived_seq": None,
}
Events = Callable[[], list[Json]]


@pytest_asyncio.fixture
async def updates(instance: Instance, bob: Api) -> Any:
    """The events about his settings that Bob's own socket got since the last call."""
    frames: list[str] = []
    await instance.start()
    connection = await sessions.open_session(
        instance, user_id="bob", signed_in_at=SIGNED_IN_AT, outlet=Outlet(frames.append)
    )

    def taken() -> list[Json]:
        events = [read_frame(frame) for frame in frames]
        frames.clear()
        return [one for one in events if one["type"] == "preferences.updated"]

    yield taken
    sessions.close_session(instance, connection)


async def set_own(person: Api, group: str, **changes: Any) -> Json:
    return ok(await person.patch(f"/conversations/{group}/preferences", **changes))


async def own(person: Api, group: str) -> Json:
    """One's settings there, as every answer shows them."""
    settings = ok(await person.get(f"/conversations/{group}/preferences"))
    one = await person.conversation(group)
    (listed,) = [item for item in await names(person, full=True) if item["id"] == group]
    changes = ok(await person.get(f"/conversations/{group}/changes", since=one["version"]))
    for shown in (one, listed, changes["conversation"]):
        assert {name: shown[name] for name in DEFAULTS} == settings
    return settings


async def names(person: Api, *, full: bool = False, **query: Any) -> list[Any]:
    """The list, page after page."""
    found: list[Any] = []
    while True:
        page = ok(await person.get("/conversations", **query))
        found += page["items"] if full else [item["title"] for item in page["items"]]
        if page["next_cursor"] is None:
            return found
        query["cursor"] = page["next_cursor"]


async def test_settings_are_ones_own(ann: Api, bob: Api, updates: Events) -> None:
    """Each by itself; nobody else sees them, and they are no change of the conversation."""
    group = await ann.group(bob)
    await ann.send(group)
    assert await own(bob, group) == DEFAULTS

    assert await set_own(bob, group, pinned=True) == {**DEFAULTS, "pinned": True}
    assert await set_own(bob, group, archived=True, notify="none") == {
        **DEFAULTS,
        "pinned": True,
        "archived": True,
        "archived_seq": 1,
        "notify": "none",
    }
    expected = {**DEFAULTS, "archived": True, "archived_seq": 1, "notify": "none"}
    assert await set_own(bob, group, pinned=False) == expected

    events = updates()
    assert [event["data"]["preferences"] for event in events][-1] == expected
    assert len(events) == 3
    assert {event["data"]["conversation_id"] for event in events} == {group}
    assert await own(bob, group) == expected
    assert await own(ann, group) == DEFAULTS
    assert await ann.version(group) == 1


async def test_a_flag_costs_one_write_beside_the_conversation(
    instance: Instance, ann: Api, bob: Api
) -> None:
    """A send that is under way is not disturbed: the conversation's token stays."""
    group = await ann.group(bob)
    before = await instance.store.get_conversation(group)
    costs = []
    for pinned in (True, False, True):
        written = counted_documents()["write"]
        await set_own(bob, group, pinned=pinned, archived=pinned)
        costs.append(counted_documents()["write"] - written)

    assert min(costs) == 1, costs  # what runs in the background may write beside one of them
    after = await instance.store.get_conversation(group)
    assert before is not None
    assert after is not None
    assert after.token == before.token


async def test_a_message_of_others_unarchives(ann: Api, bob: Api) -> None:
    """One's own does not, and neither does one that is deleted; but a later one does."""
    group = await ann.group(bob)
    path = f"/conversations/{group}/messages"
    await ann.send(group)
    await set_own(bob, group, archived=True)
    for _ in range(3):
        await bob.send(group)
    assert (await own(bob, group))["archived"]

    sent = await ann.send(group)
    shown = await own(bob, group)
    assert (shown["archived"], shown["archived_seq"]) == (False, 1)  # enough to derive the next
    await ann.delete(f"{path}/{sent['id']}")
    assert (await own(bob, group))["archived"]
    await bob.send(group)
    await ann.send(group)
    assert not (await own(bob, group))["archived"]
    await set_own(bob, group, archived=True)
    assert (await own(bob, group))["archived"]
    assert (await set_own(bob, group, archived=False))["archived_seq"] is None
    assert not (await own(bob, group))["archived"]


async def test_many_own_messages_leave_it_archived_within_a_bound(ann: Api, bob: Api) -> None:
    """Where only the messages tell who wrote them, some are read, and not all."""
    group = await ann.group(bob)
    await bob.get("/conversations")  # the first request reads who Bob is
    await set_own(bob, group, archived=True)
    for _ in range(3):
        await bob.send(group)
    sent = await ann.send(group)
    await ann.delete(f"/conversations/{group}/messages/{sent['id']}")
    before = counted_documents()["read"]
    (listed,) = ok(await bob.get("/conversations"))["items"]
    assert listed["archived"]
    assert counted_documents()["read"] - before <= 2 + 4

    for _ in range(20):
        await bob.send(group)
    sent = await ann.send(group)
    await ann.delete(f"/conversations/{group}/messages/{sent['id']}")
    (listed,) = ok(await bob.get("/conversations"))["items"]
    assert not listed["archived"]


async def test_quiet_conversations_wait_for_a_mention(ann: Api, bob: Api) -> None:
    quiet, muted = await ann.group(bob), await ann.group(bob)
    await set_own(bob, quiet, archived=True, notify="mentions")
    await set_own(bob, muted, archived=True, muted_until="2999-01-01T00:00:00Z")

    for group in (quiet, muted):
        await ann.send(group)
        assert (await own(bob, group))["archived"]
        await ann.send(group, mentions=["bob"])
        assert not (await own(bob, group))["archived"]


async def test_where_one_was_mentioned(ann: Api, bob: Api) -> None:
    """The latest mention by others that one has not read; none if it was deleted."""
    group = await ann.group(bob)

    async def mentioned() -> int | None:
        one = await bob.conversation(group)
        (listed,) = await names(bob, full=True)
        assert one["mentioned_seq"] == listed["mentioned_seq"]
        seq: int | None = one["mentioned_seq"]
        return seq

    assert await mentioned() is None
    await ann.send(group, mentions=["bob"])
    assert await mentioned() == 1
    latest = await ann.send(group, mentions=["ann", "bob"])
    await ann.send(group)
    assert await mentioned() == 2
    assert (await ann.conversation(group))["mentioned_seq"] is None
    await ann.delete(f"/conversations/{group}/messages/{latest['id']}")
    assert await mentioned() is None
    await ann.send(group, mentions_all=True)
    assert await mentioned() == 4
    ok(await bob.post(f"/conversations/{group}/read", seq=4))
    assert await mentioned() is None
    await ann.send(group, mentions=["bob"])
    assert await mentioned() == 5
    await bob.send(group, mentions=["bob"])
    assert await mentioned() is None


async def test_filtered_lists(ann: Api, bob: Api, cid: Api) -> None:
    """A page may be short or empty and go on; all pages together have everything once."""
    titles = [f"Group {number}" for number in range(9)]
    groups = [await ann.group(bob, title=title) for title in titles]
    direct = await cid.direct(bob)
    for group in groups[::2]:
        await set_own(bob, group, archived=True)
    archived, others = titles[::2], titles[1::2]

    for limit in (1, 2, 3, 50):
        assert sorted(await names(bob, archived="true", limit=limit)) == archived
        assert sorted(await names(bob, archived="false", kind="group", limit=limit)) == others
        assert len(await names(bob, archived="false", limit=limit)) == len(others) + 1
        assert await names(bob, kind="direct", limit=limit) == [None]
    assert (await names(bob, kind="direct", full=True))[0]["id"] == direct
    assert len(await names(bob)) == 10


@pytest.mark.parametrize("limit", [1, 4, 10])
async def test_a_filtered_page_has_a_bound(ann: Api, bob: Api, limit: int) -> None:
    """At most four documents are read for each entry of the page, and none of it is returned
    twice."""
    for _ in range(25):
        await ann.group(bob)
    ok(await bob.get("/conversations"))

    before = counted_documents()["read"]
    page = ok(await bob.get("/conversations", archived="true", limit=limit))

    assert counted_documents()["read"] - before <= 4 * limit
    assert page["items"] == []
    assert page["next_cursor"] is not None


@pytest.mark.parametrize(
    ("name", "value"),
    [("archived", "1"), ("archived", "yes"), ("archived", ""), ("kind", "all"), ("kind", "")],
)
async def test_no_filter(ann: Api, name: str, value: str) -> None:
    answer = await ann.get("/conversations", **{name: value})
    assert [field for field, _ in wrong_fields(answer)] == [name]


@pytest.mark.parametrize("name", ["pinned", "archived"])
@pytest.mark.parametrize("value", ["true", 1, None, [], {}])
async def test_no_flag(ann: Api, name: str, value: object) -> None:
    group = await ann.group()
    answer = await ann.patch(f"/conversations/{group}/preferences", **{name: value})
    assert [field for field, _ in wrong_fields(answer)] == [name]
