"""Who may send in a group, and what people who are added later see."""

import pytest

from messaging.runtime.instance import Instance
from tests.integration.chat import Api, ok, problem, wrong_fields
from tests.integration.chat.one_commit import in_one_commit

FULL = {"posting": "admins", "history": "since_joining"}


async def test_only_owners_and_admins_send(ann: Api, bob: Api, cid: Api) -> None:
    """Members read, edit what they wrote before, and mark."""
    group = await ann.group(bob, cid)
    path = f"/conversations/{group}"
    ok(await ann.patch(f"{path}/participants/cid", role="admin"))
    before = await bob.send(group, "before", client_id="1")

    changed = ok(await ann.patch(path, posting="admins"))
    assert changed["posting"] == "admins"
    version = changed["version"]

    refused = await bob.post(f"{path}/messages", text="no", client_id="2")
    assert problem(refused) == (403, "posting_restricted")
    assert await ann.version(group) == version
    for person in (ann, cid):
        await person.send(group)
    assert len(ok(await bob.get(f"{path}/messages"))["items"]) == 3
    assert ok(await bob.post(f"{path}/read", seq=3))["unread_count"] == 0
    ok(await bob.patch(f"{path}/messages/{before['id']}", text="after"))
    again = await bob.post(f"{path}/messages", text="before", client_id="1")
    assert again.status_code == 200

    ok(await ann.patch(path, posting="all"))
    await bob.send(group, "yes", client_id="2")


async def test_a_group_begins_with_its_settings(ann: Api, bob: Api) -> None:
    """They are part of what a `client_id` stands for, where they are given."""
    people = {"kind": "group", "participant_ids": ["bob"], "client_id": "1"}
    created = await ann.post("/conversations", **people, **FULL)

    assert created.status_code == 201
    assert {name: created.json()[name] for name in FULL} == FULL
    assert (await bob.conversation(created.json()["id"]))["visible_from"] == 1
    assert (await ann.post("/conversations", **people, **FULL)).status_code == 200
    for other in ({}, {"posting": "admins"}, {**FULL, "history": "full"}):
        answer = await ann.post("/conversations", **people, **other)
        assert problem(answer) == (409, "client_id_reused")
    plain = {**people, "client_id": "2"}
    assert (await ann.post("/conversations", **plain)).status_code == 201
    same = await ann.post("/conversations", **plain, posting="all", history="full")
    assert same.status_code == 200


async def test_what_holds_already_is_no_change(ann: Api) -> None:
    group = await ann.group()
    ok(await ann.patch(f"/conversations/{group}", **FULL))

    assert ok(await ann.patch(f"/conversations/{group}", **FULL))["version"] == 1


async def test_members_change_nothing(ann: Api, bob: Api) -> None:
    group = await ann.group(bob)

    for name, value in FULL.items():
        answer = await bob.patch(f"/conversations/{group}", **{name: value})
        assert problem(answer) == (403, "permission_denied")


@pytest.mark.parametrize("name", FULL)
async def test_a_direct_conversation_has_no_settings(ann: Api, bob: Api, name: str) -> None:
    direct = await ann.direct(bob)
    body = {"kind": "direct", "participant_ids": ["cid"], name: FULL[name]}

    assert wrong_fields(await ann.post("/conversations", **body)) == [(name, "invalid")]
    answer = await ann.patch(f"/conversations/{direct}", **{name: FULL[name]})
    assert problem(answer) == (403, "permission_denied")


@pytest.mark.parametrize("name", FULL)
@pytest.mark.parametrize("value", ["none", "", None, True, 1, ["all"], {}])
async def test_no_setting(ann: Api, name: str, value: object) -> None:
    group = await ann.group()
    body = {"kind": "group", "participant_ids": [], name: value}

    for answer in (
        await ann.post("/conversations", **body),
        await ann.patch(f"/conversations/{group}", **{name: value}),
    ):
        assert [field for field, _ in wrong_fields(answer)] == [name]


async def test_a_title_and_the_removal_of_its_author_in_one_commit(
    instance: Instance, ann: Api, bob: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The change is made. The answer does not show the conversation to a person who was removed
    meanwhile."""
    group = await ann.group(bob)
    path = f"/conversations/{group}"
    ok(await ann.patch(f"{path}/participants/bob", role="admin"))
    renamed, removed = await in_one_commit(
        instance,
        monkeypatch,
        ann.send(group),
        bob.patch(path, title="Coffee"),
        ann.delete(f"{path}/participants/bob"),
    )

    assert removed.status_code == 204
    assert problem(renamed) == (403, "not_a_participant")
    assert (await ann.conversation(group))["title"] == "Coffee"
