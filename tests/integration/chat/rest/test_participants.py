"""The people of a group over REST: who may add, remove and promote whom."""

import asyncio
from collections.abc import Callable

import httpx
import pytest

from messaging.runtime.instance import Instance
from tests.integration.chat import Api, ok, problem, wrong_fields
from tests.integration.chat.one_commit import in_one_commit

MakeApi = Callable[[str], Api]
ROLES = ("owner", "admin", "member")


@pytest.fixture
async def club(api: MakeApi) -> str:
    """A group with everybody: `owner`, `owner2`, `admin`, `admin2`, `member`, `member2`."""
    owner = api("owner")
    answer = await owner.post(
        "/conversations", kind="group", participant_ids=["member", "member2"], title="Club"
    )
    id_: str = answer.json()["id"]
    for role in ("owner", "admin"):
        people = [f"{role}2"] if role == "owner" else [role, f"{role}2"]
        ok(await owner.post(f"/conversations/{id_}/participants", user_ids=people, role=role))
    return id_


async def roles(person: Api, conversation: str) -> dict[str, str]:
    people = (await person.conversation(conversation))["participants"]
    return {one["user_id"]: one["role"] for one in people}


# Adding


async def test_who_is_added_joins_at_that_version(ann: Api, bob: Api) -> None:
    """With earlier history to read and nothing unread."""
    group = await ann.group()
    await ann.send(group, "before")

    added = ok(await ann.post(f"/conversations/{group}/participants", user_ids=["bob"]))

    assert added["version"] == 2
    assert added["participants"][1] == {"user_id": "bob", "role": "member", "joined_version": 2}
    seen = await bob.conversation(group)
    assert (seen["unread_count"], seen["read_seq"]) == (0, 1)
    history = ok(await bob.get(f"/conversations/{group}/messages"))
    assert [message["text"] for message in history["items"]] == ["before"]


async def test_adding_who_is_there_changes_nothing(ann: Api, bob: Api) -> None:
    """200, no version, and their role stays."""
    group = await ann.group(bob)
    before = await ann.conversation(group)

    again = await ann.post(f"/conversations/{group}/participants", user_ids=["bob"], role="owner")

    assert ok(again) == before | {"added": ["bob"]}


async def test_several_people_take_one_version(ann: Api) -> None:
    """One per request that changed something; who is there already is left alone."""
    group = await ann.group()

    added = ok(
        await ann.post(f"/conversations/{group}/participants", user_ids=["bob", "ann", "cid"])
    )

    assert (added["version"], added["participant_count"]) == (1, 3)


async def test_coming_back(ann: Api, bob: Api) -> None:
    """As a member with nothing unread, whatever one was before; what was said meanwhile is
    history."""
    group = await ann.group(bob)
    await ann.patch(f"/conversations/{group}/participants/bob", role="admin")
    await bob.patch(f"/conversations/{group}/preferences", notify="none")
    await ann.delete(f"/conversations/{group}/participants/bob")
    await ann.send(group, "meanwhile")

    await ann.post(f"/conversations/{group}/participants", user_ids=["bob"])

    seen = await bob.conversation(group)
    assert seen["participants"][1] == {
        "user_id": "bob",
        "role": "member",
        "joined_version": seen["version"],
    }
    assert seen["unread_count"] == 0
    assert ok(await bob.get(f"/conversations/{group}/preferences"))["notify"] == "all"
    history = ok(await bob.get(f"/conversations/{group}/messages"))
    assert [message["text"] for message in history["items"]] == ["meanwhile"]


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"user_ids": []}, ["user_ids"]),
        ({"user_ids": "bob"}, ["user_ids"]),
        ({"user_ids": [None]}, ["user_ids.0"]),
        ({"user_ids": ["bob", "."]}, ["user_ids.1"]),
        ({"user_ids": ["bob"], "role": "king"}, ["role"]),
        ({}, ["user_ids"]),
    ],
)
async def test_nobody_is_added_by_a_wrong_request(
    ann: Api, wrong: dict[str, object], fields: list[str]
) -> None:
    group = await ann.group()

    answer = await ann.post(f"/conversations/{group}/participants", **wrong)

    assert [name for name, _ in wrong_fields(answer)] == fields
    assert await ann.version(group) == 0


async def test_a_group_is_full_at_a_thousand(ann: Api) -> None:
    """One too many adds nobody of the request."""
    others = [f"user-{number}" for number in range(998)]
    group = (await ann.post("/conversations", kind="group", participant_ids=others)).json()["id"]

    refused = await ann.post(f"/conversations/{group}/participants", user_ids=["x", "y"])
    added = await ann.post(f"/conversations/{group}/participants", user_ids=["x"])

    assert wrong_fields(refused) == [("user_ids", "max_length")]
    assert ok(added)["participant_count"] == 1000


# Leaving


async def test_whoever_left_has_nothing_there_any_more(ann: Api, bob: Api) -> None:
    """Neither to read nor to write, and it is not in their list."""
    group = await ann.group(bob)
    left = await bob.delete(f"/conversations/{group}/participants/me")

    assert left.status_code == 204
    attempts = [
        bob.get(f"/conversations/{group}"),
        bob.patch(f"/conversations/{group}", title="Mine"),
        bob.get(f"/conversations/{group}/messages"),
        bob.post(f"/conversations/{group}/messages", text="Still here"),
        bob.get(f"/conversations/{group}/changes", since=0),
        bob.post(f"/conversations/{group}/read", seq=0),
        bob.get(f"/conversations/{group}/receipts"),
        bob.post(f"/conversations/{group}/typing"),
        bob.get(f"/conversations/{group}/preferences"),
        bob.patch(f"/conversations/{group}/preferences", notify="all"),
        bob.post(f"/conversations/{group}/participants", user_ids=["bob"]),
        bob.patch(f"/conversations/{group}/participants/me", role="owner"),
        bob.delete(f"/conversations/{group}/participants/ann"),
        bob.delete(f"/conversations/{group}/participants/me"),
    ]
    for answer in await asyncio.gather(*attempts):
        assert problem(answer) == (403, "not_a_participant")
    assert ok(await bob.get("/conversations"))["items"] == []


async def test_removing_who_is_not_there(ann: Api) -> None:
    """404, whatever the id looks like."""
    group = await ann.group()
    for nobody in ("bob", "__x__", "🦆"):
        answer = await ann.delete(f"/conversations/{group}/participants/{nobody}")
        assert problem(answer) == (404, "not_found")


async def test_the_last_owner_stays_while_others_do(ann: Api, bob: Api) -> None:
    """Somebody else has to own the group first; the last person of all may leave."""
    group = await ann.group(bob)
    assert problem(await ann.delete(f"/conversations/{group}/participants/me")) == (
        403,
        "permission_denied",
    )

    ok(await ann.patch(f"/conversations/{group}/participants/bob", role="owner"))

    assert (await ann.delete(f"/conversations/{group}/participants/me")).status_code == 204
    assert (await bob.delete(f"/conversations/{group}/participants/me")).status_code == 204


async def test_the_people_of_a_direct_conversation_are_fixed(ann: Api, bob: Api) -> None:
    """Nobody is added, removed or promoted, and nobody leaves."""
    path = f"/conversations/{await ann.direct(bob)}/participants"
    for answer in (
        await ann.post(path, user_ids=["cid"]),
        await ann.delete(f"{path}/bob"),
        await ann.delete(f"{path}/me"),
        await ann.patch(f"{path}/me", role="owner"),
    ):
        assert problem(answer) == (403, "permission_denied")


# Roles

ALLOWED = {204: True, 200: True, 403: False}


def allowed(answer: httpx.Response) -> bool:
    if answer.status_code == 403:
        assert problem(answer) == (403, "permission_denied")
    return ALLOWED[answer.status_code]


@pytest.mark.parametrize(
    ("actor", "may_add"),
    [("owner", ROLES), ("admin", ("member",)), ("member", ())],
)
async def test_who_may_add_whom(
    api: MakeApi, club: str, actor: str, may_add: tuple[str, ...]
) -> None:
    """Only owners add owners and admins."""
    for role in ROLES:
        answer = await api(actor).post(
            f"/conversations/{club}/participants", user_ids=[f"new-{role}"], role=role
        )
        assert allowed(answer) is (role in may_add)


@pytest.mark.parametrize(
    ("actor", "may_remove"),
    [("owner", ROLES), ("admin", ("member",)), ("member", ())],
)
async def test_who_may_remove_whom(
    api: MakeApi, club: str, actor: str, may_remove: tuple[str, ...]
) -> None:
    """Owners anybody, admins members, members nobody; everybody may leave."""
    for role in ROLES:
        answer = await api(actor).delete(f"/conversations/{club}/participants/{role}2")
        assert allowed(answer) is (role in may_remove)
    assert allowed(await api(actor).delete(f"/conversations/{club}/participants/me")) is (
        actor != "owner"  # who has removed the other owner
    )


@pytest.mark.parametrize("actor", ROLES)
@pytest.mark.parametrize("role", ROLES)
async def test_only_owners_give_roles(api: MakeApi, club: str, actor: str, role: str) -> None:
    """To anybody, themselves included."""
    for person in ("owner2", "admin2", "member2"):
        answer = await api(actor).patch(f"/conversations/{club}/participants/{person}", role=role)
        assert allowed(answer) is (actor == "owner")
        if actor == "owner":
            assert (answer.json()["user_id"], answer.json()["role"]) == (person, role)
    mine = await api(actor).patch(f"/conversations/{club}/participants/me", role="owner")
    assert allowed(mine) is (actor == "owner")


async def test_a_group_keeps_an_owner(ann: Api, bob: Api) -> None:
    """The last one cannot become less."""
    group = await ann.group(bob)

    answer = await ann.patch(f"/conversations/{group}/participants/me", role="member")

    assert problem(answer) == (403, "permission_denied")
    assert await roles(ann, group) == {"ann": "owner", "bob": "member"}


async def test_the_same_role_is_no_version(ann: Api, bob: Api) -> None:
    group = await ann.group(bob)

    ok(await ann.patch(f"/conversations/{group}/participants/bob", role="member"))

    assert await ann.version(group) == 0


async def test_two_owners_leave_at_once(ann: Api, bob: Api, cid: Api) -> None:
    """One of them stays the owner, whoever was faster."""
    group = await ann.group(bob, cid)
    await ann.patch(f"/conversations/{group}/participants/bob", role="owner")

    answers = await asyncio.gather(
        *(one.delete(f"/conversations/{group}/participants/me") for one in (ann, bob))
    )

    assert sorted(answer.status_code for answer in answers) == [204, 403]
    assert "owner" in (await roles(cid, group)).values()


@pytest.mark.parametrize("role", ["king", "", None, 1, ["owner"]])
async def test_no_such_role(ann: Api, bob: Api, role: object) -> None:
    group = await ann.group(bob)

    answer = await ann.patch(f"/conversations/{group}/participants/bob", role=role)

    assert [name for name, _ in wrong_fields(answer)] == ["role"]


async def test_a_role_and_a_removal_in_one_commit(
    instance: Instance, ann: Api, bob: Api, cid: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer cannot name the role of a person who is removed at the same moment."""
    group = await ann.group(bob, cid)
    path = f"/conversations/{group}/participants/bob"

    changed, removed = await in_one_commit(
        instance, monkeypatch, ann.send(group), ann.patch(path, role="admin"), ann.delete(path)
    )

    assert removed.status_code == 204
    assert problem(changed) == (404, "not_found")
