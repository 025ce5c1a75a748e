"""Conversations over REST: found, list, rename, and one's own settings."""

import asyncio
from collections.abc import Callable

import pytest

from tests.integration.chat import Api, ok, problem, wrong_fields
from tests.integration.chat.sockets import shared_message

MakeApi = Callable[[str], Api]


# Founding


async def test_a_new_group(ann: Api, bob: Api) -> None:
    """Its founder owns it, the others are members; seq and version are 0."""
    answer = await ann.post(
        "/conversations", kind="group", participant_ids=["bob", "cid"], title="Tea"
    )

    assert answer.status_code == 201
    group = answer.json()
    assert (group["kind"], group["title"]) == ("group", "Tea")
    assert group["participants"] == [
        {"user_id": "ann", "role": "owner", "joined_version": 0},
        {"user_id": "bob", "role": "member", "joined_version": 0},
        {"user_id": "cid", "role": "member", "joined_version": 0},
    ]
    assert group["participant_count"] == 3
    assert (group["seq"], group["version"], group["last_message"]) == (0, 0, None)
    assert (group["unread_count"], group["read_seq"]) == (0, 0)
    assert group.pop("added") == ["bob", "cid"]
    assert await bob.conversation(group["id"]) == group


@pytest.mark.parametrize("others", [[], ["ann"], ["bob", "bob", "ann"]])
async def test_a_group_of_any_people(ann: Api, others: list[str]) -> None:
    """Alone as well; naming oneself or somebody twice adds nobody."""
    answer = await ann.post("/conversations", kind="group", participant_ids=others)

    assert answer.status_code == 201
    assert answer.json()["participant_count"] == len({"ann", *others})


@pytest.mark.parametrize("named", [["bob"], ["bob", "ann"], ["bob", "bob"]])
async def test_two_people_have_one_direct_conversation(
    ann: Api, bob: Api, named: list[str]
) -> None:
    """Whoever founds it first: the other gets 200 with the same."""
    founded = await ann.post("/conversations", kind="direct", participant_ids=named)
    again = await bob.post("/conversations", kind="direct", participant_ids=["ann"])

    assert (founded.status_code, again.status_code) == (201, 200)
    assert founded.json() == again.json() | {"added": ["bob"]}
    assert again.json()["added"] == ["ann"]
    assert founded.json()["title"] is None


async def test_two_found_a_direct_conversation_at_once(ann: Api, bob: Api) -> None:
    """One 201, one 200, one conversation."""
    answers = await asyncio.gather(
        ann.post("/conversations", kind="direct", participant_ids=["bob"]),
        bob.post("/conversations", kind="direct", participant_ids=["ann"]),
    )

    assert sorted(answer.status_code for answer in answers) == [200, 201]
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_a_group_is_founded_once_per_client_id(ann: Api, bob: Api) -> None:
    """The retry gets 200 with the group as it stands; the same from somebody else is another."""
    body = {"kind": "group", "participant_ids": ["bob"], "title": "Tea", "client_id": "c-1"}
    founded = await ann.post("/conversations", **body)
    await ann.patch(f"/conversations/{founded.json()['id']}", title="Coffee")

    retried = await ann.post("/conversations", **body)
    others = await bob.post("/conversations", **{**body, "participant_ids": ["ann"]})

    assert (founded.status_code, retried.status_code, others.status_code) == (201, 200, 201)
    assert retried.json()["id"] == founded.json()["id"] != others.json()["id"]
    assert retried.json()["title"] == "Coffee"


@pytest.mark.parametrize("other", [{"title": "Coffee"}, {"participant_ids": ["cid"]}])
async def test_a_client_id_founds_no_second_group(ann: Api, other: dict[str, object]) -> None:
    """The same client_id with other content is 409."""
    body = {"kind": "group", "participant_ids": ["bob"], "title": "Tea", "client_id": "c-1"}
    await ann.post("/conversations", **body)

    answer = await ann.post("/conversations", **{**body, **other})

    assert problem(answer) == (409, "client_id_reused")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"kind": "party"}, "kind"),
        ({"kind": None}, "kind"),
        ({"participant_ids": "bob"}, "participant_ids"),
        ({"participant_ids": {"bob": 1}}, "participant_ids"),
        ({"participant_ids": ["bob", 7]}, "participant_ids.1"),
        ({"participant_ids": ["bob", ""]}, "participant_ids.1"),
        ({"participant_ids": ["bob", "me"]}, "participant_ids.1"),
        ({"participant_ids": ["bob", "__bob__"]}, "participant_ids.1"),
        ({"participant_ids": ["bob", "a/b"]}, "participant_ids.1"),
        ({"participant_ids": ["b" * 129]}, "participant_ids.0"),
        ({"title": ""}, "title"),
        ({"title": " \t"}, "title"),
        ({"title": "\N{ZERO WIDTH SPACE}"}, "title"),
        ({"title": "two\nlines"}, "title"),
        ({"title": "two\r\nlines"}, "title"),
        ({"title": "eet\N{RIGHT-TO-LEFT OVERRIDE}"}, "title"),
        ({"title": "a bell\x07"}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": 7}, "title"),
        ({"client_id": ""}, "client_id"),
        ({"client_id": "x" * 129}, "client_id"),
        ({"client_id": "schön"}, "client_id"),
        ({"client_id": "two\nlines"}, "client_id"),
        ({"owner": "bob"}, "owner"),
    ],
)
async def test_what_no_group_is_founded_with(
    ann: Api, wrong: dict[str, object], field: str
) -> None:
    body = {"kind": "group", "participant_ids": ["bob"], "title": "Tea"}

    answer = await ann.post("/conversations", **{**body, **wrong})

    assert [name for name, _ in wrong_fields(answer)] == [field]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"participant_ids": []}, "participant_ids"),
        ({"participant_ids": ["ann"]}, "participant_ids"),
        ({"participant_ids": ["bob", "cid"]}, "participant_ids"),
        ({"title": "Tea"}, "title"),
    ],
)
async def test_what_no_direct_conversation_is_founded_with(
    ann: Api, wrong: dict[str, object], field: str
) -> None:
    """It is between exactly two, and has no title."""
    answer = await ann.post(
        "/conversations", **{"kind": "direct", "participant_ids": ["bob"], **wrong}
    )

    assert [name for name, _ in wrong_fields(answer)] == [field]


async def test_a_thousand_people_and_not_one_more(ann: Api) -> None:
    """Above 50 people the list of them is shown only where one conversation is asked for."""
    others = [f"user-{number}" for number in range(1000)]

    refused = await ann.post("/conversations", kind="group", participant_ids=others)
    founded = await ann.post("/conversations", kind="group", participant_ids=others[:999])

    assert wrong_fields(refused) == [("participant_ids", "max_length")]
    assert founded.status_code == 201
    assert (founded.json()["participant_count"], founded.json()["participants"]) == (1000, None)
    assert len((await ann.conversation(founded.json()["id"]))["participants"]) == 1000


@pytest.mark.parametrize(("people", "listed"), [(50, True), (51, False)])
async def test_up_to_fifty_people_are_listed(ann: Api, people: int, listed: bool) -> None:
    others = [f"user-{number}" for number in range(people - 1)]

    answer = await ann.post("/conversations", kind="group", participant_ids=others)

    assert (answer.json()["participants"] is not None) is listed


# Listing


async def test_latest_activity_first(ann: Api, bob: Api) -> None:
    """Each with its last message and what is unread of it."""
    old, new = await ann.group(bob, title="Old"), await ann.group(bob, title="New")
    await ann.send(old, "one")
    last = await ann.send(old, "two")

    listed = ok(await bob.get("/conversations"))

    assert [item["id"] for item in listed["items"]] == [old, new]
    assert [item["unread_count"] for item in listed["items"]] == [2, 0]
    assert [item["last_message"] for item in listed["items"]] == [shared_message(last), None]
    assert listed["next_cursor"] is None


async def test_pages_cover_everything_once(ann: Api) -> None:
    ids = [await ann.group() for _ in range(5)]

    seen, cursor = [], None
    for _ in range(3):
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = ok(await ann.get("/conversations", **query))
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]

    assert seen == ids[::-1]
    assert cursor is None


async def test_somebody_elses_cursor_shows_ones_own(ann: Api, bob: Api) -> None:
    """A cursor is a place in time, always filtered by the caller."""
    own = await bob.group(title="Bob's own")
    for _ in range(2):
        await ann.group()
    cursor = ok(await ann.get("/conversations", limit=1))["next_cursor"]

    page = ok(await bob.get("/conversations", cursor=cursor))

    assert [item["id"] for item in page["items"]] == [own]


@pytest.mark.parametrize("cursor", ["", "x", "%00", "e30", "WzEsMl0", "9" * 500, "bnVsbA", "🦆"])
async def test_malformed_cursors(ann: Api, cursor: str) -> None:
    answer = await ann.get("/conversations", cursor=cursor)

    assert [name for name, _ in wrong_fields(answer)] == ["cursor"]


@pytest.mark.parametrize("limit", ["0", "101", "-1", "1000000000", "x", "", "1.5", "1_0", " 5 "])
async def test_malformed_limits(ann: Api, limit: str) -> None:
    answer = await ann.get("/conversations", limit=limit)

    assert [name for name, _ in wrong_fields(answer)] == ["limit"]


async def test_a_parameter_is_given_once(ann: Api) -> None:
    answer = await ann.request("GET", "/conversations?limit=5&limit=6")

    assert wrong_fields(answer) == [("limit", "repeated")]


async def test_unknown_parameters_are_errors(ann: Api) -> None:
    """A misspelt name is not silently ignored."""
    answer = await ann.get("/conversations", limti=5)

    assert wrong_fields(answer) == [("limti", "unknown")]


# One of them


async def test_a_strangers_view(ann: Api, bob: Api, cid: Api) -> None:
    """A group says that one is no participant; a direct conversation says nothing at all,
    whether it exists or not."""
    group, direct = await ann.group(bob), await ann.direct(bob)
    nowhere = "a" * 26
    for path in ("", "/messages", "/receipts", "/preferences", "/changes?since=0"):
        assert problem(await cid.get(f"/conversations/{group}{path}")) == (
            403,
            "not_a_participant",
        )
        unknown = await cid.get(f"/conversations/{nowhere}{path}")
        hidden = await cid.get(f"/conversations/{direct}{path}")
        assert problem(unknown) == (404, "conversation_not_found")
        assert _without_request(hidden.json()) == _without_request(unknown.json())


def _without_request(document: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in document.items() if key != "request_id"}


@pytest.mark.parametrize("identifier", ["x", "..", "__x__", "A" * 26, "%2e%2e", "a" * 27, "🦆"])
async def test_odd_ids_name_nothing(ann: Api, identifier: str) -> None:
    answer = await ann.get(f"/conversations/{identifier}/messages")

    assert answer.status_code == 404


async def test_renaming(ann: Api, bob: Api) -> None:
    """A new title is a new version; the same one again is not."""
    group = await ann.group(bob)

    renamed = ok(await ann.patch(f"/conversations/{group}", title="Coffee"))
    again = ok(await ann.patch(f"/conversations/{group}", title="Coffee"))

    assert (renamed["title"], renamed["version"]) == ("Coffee", 1)
    assert again == renamed == await bob.conversation(group)


async def test_who_may_rename(ann: Api, bob: Api, cid: Api) -> None:
    """Owner and admin; members not, and nobody in a direct conversation."""
    group, direct = await ann.group(bob, cid), await ann.direct(bob)
    await ann.patch(f"/conversations/{group}/participants/bob", role="admin")

    assert (await bob.patch(f"/conversations/{group}", title="B")).status_code == 200
    assert problem(await cid.patch(f"/conversations/{group}", title="C")) == (
        403,
        "permission_denied",
    )
    assert problem(await ann.patch(f"/conversations/{direct}", title="D")) == (
        403,
        "permission_denied",
    )


# My own settings in one


async def test_preferences_are_ones_own(ann: Api, bob: Api) -> None:
    """What is not named stays; nobody else sees it; it is no version."""
    group = await ann.group(bob)
    path = f"/conversations/{group}/preferences"
    flags = {"pinned": False, "archived": False, "archived_seq": None}
    assert ok(await ann.get(path)) == {"muted_until": None, "notify": "all", **flags}

    await ann.patch(path, notify="mentions")
    changed = ok(await ann.patch(path, muted_until="2030-01-01T12:00:00+02:00"))

    assert changed == {"muted_until": "2030-01-01T10:00:00.000Z", "notify": "mentions", **flags}
    assert ok(await ann.get(path)) == changed
    assert ok(await bob.get(path)) == {"muted_until": None, "notify": "all", **flags}
    assert await ann.version(group) == 0
    assert ok(await ann.patch(path, muted_until=None))["muted_until"] is None
    assert ok(await ann.patch(path))["notify"] == "mentions"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"notify": "sometimes"}, "notify"),
        ({"notify": None}, "notify"),
        ({"notify": ["all"]}, "notify"),
        ({"muted_until": "2030-01-01T12:00:00"}, "muted_until"),
        ({"muted_until": "2030-01-01"}, "muted_until"),
        ({"muted_until": "tomorrow"}, "muted_until"),
        ({"muted_until": 1893456000}, "muted_until"),
        ({"muted_until": "9999-12-31T23:59:59-12:00"}, "muted_until"),
        ({"muted_until": "0001-01-01T00:00:00+12:00"}, "muted_until"),
        ({"muted": True}, "muted"),
    ],
)
async def test_wrong_preferences(ann: Api, wrong: dict[str, object], field: str) -> None:
    group = await ann.group()

    answer = await ann.patch(f"/conversations/{group}/preferences", **wrong)

    assert [name for name, _ in wrong_fields(answer)] == [field]


# Me


async def test_me(ann: Api, bob: Api) -> None:
    """Who I am, the limits of the contract, and what is unread in all my conversations."""
    for conversation in (await ann.group(bob), await ann.direct(bob)):
        await ann.send(conversation)

    me = ok(await bob.get("/me"))

    assert (me["user_id"], me["unread_total"]) == ("bob", 2)
    assert me["limits"]["text_characters"] == 10_000
    assert me["limits"]["sends_per_second"] == 10
    assert me["limits"]["requests_per_minute"] == 300
    assert me["limits"]["body_bytes"] == me["limits"]["frame_bytes"] == 64 * 1024
    assert ok(await ann.get("/me"))["unread_total"] == 0
