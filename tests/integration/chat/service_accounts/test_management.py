"""What the scope `manage` does: conversations for others, people, freezes, deletions, profiles."""

import asyncio
from collections.abc import Callable

import pytest
from pytest_django.fixtures import Settings

from messaging.runtime.instance import Instance
from messaging.stores.database.audit import AuditFilter, AuditTrail
from tests.integration.chat import Api, created, ok, problem, wrong_fields
from tests.integration.chat.one_commit import in_one_commit
from tests.integration.chat.service_accounts import GROUP, ServiceApi

MakeApi = Callable[[str], Api]


async def test_a_group_for_others(
    ann: Api, bob: Api, service: ServiceApi, settings: Settings
) -> None:
    """Its owner is a person, and the service is not in it; it has no quotas."""
    settings.CHAT_RATE_LIMITS = True
    settings.CHAT_LIMITS = {"conversations_per_day": 1}

    founded = created(
        await service.post("/conversations", title="Order 7", system_messages=True, **GROUP)
    )
    second = await service.found(title="Order 8")

    assert founded["added"] == ["bob"]
    roles = [(one["user_id"], one["role"]) for one in founded["participants"]]
    assert roles == [("ann", "owner"), ("bob", "member")]
    assert founded["last_message"]["metadata"]["by"] == "service:shop"
    seen = ok(await service.get(f"/conversations/{second}"))
    assert (seen["title"], seen["unread_count"], seen["visible_from"]) == ("Order 8", 0, 1)
    assert len(ok(await bob.get("/conversations"))["items"]) == 2


async def test_a_retry_is_the_services_own(ann: Api, service: ServiceApi) -> None:
    """Its client ids are not those of the owner; the owner is part of the content."""
    mine = created(
        await ann.post("/conversations", kind="group", participant_ids=["bob"], client_id="7")
    )

    first = await service.found(client_id="7")

    assert first != mine["id"]
    assert await service.found(client_id="7") == first
    other = await service.post("/conversations", **{**GROUP, "owner_id": "cid"}, client_id="7")
    assert problem(other) == (409, "client_id_reused")


async def test_a_direct_conversation_for_others(ann: Api, bob: Api, service: ServiceApi) -> None:
    """Is the one that these two people have, unless one of them blocks the other."""
    pair = {"kind": "direct", "owner_id": "ann", "participant_ids": ["bob"]}

    founded = created(await service.post("/conversations", **pair))

    assert (
        ok(await bob.post("/conversations", kind="direct", participant_ids=["ann"]))["id"]
        == (founded["id"])
    )
    await ann.put("/blocks/cid")
    blocked = await service.post("/conversations", **{**pair, "participant_ids": ["cid"]})
    assert problem(blocked) == (403, "blocked")


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"owner_id": None}, "owner_id", "null"),
        ({"owner_id": "service:shop"}, "owner_id", "reserved"),
        ({"owner_id": "erased:x"}, "owner_id", "reserved"),
        ({"owner_id": "me"}, "owner_id", "invalid"),
        ({"participant_ids": ["service:shop"]}, "participant_ids.0", "reserved"),
    ],
)
async def test_who_may_be_in_a_conversation(
    service: ServiceApi, fields: dict[str, object], field: str, code: str
) -> None:
    answer = await service.post("/conversations", **{**GROUP, **fields})

    assert wrong_fields(answer) == [(field, code)]


async def test_the_owner_is_required(service: ServiceApi) -> None:
    answer = await service.post("/conversations", kind="group", participant_ids=["bob"])

    assert wrong_fields(answer) == [("owner_id", "required")]


async def test_people_and_roles(ann: Api, bob: Api, api: MakeApi, service: ServiceApi) -> None:
    """Whoever does not want to be added is left out, and the last owner stays."""
    group = await service.found(system_messages=True)
    await api("dan").patch("/me/preferences", added_by="nobody")
    path = f"/conversations/{group}/participants"

    added = ok(await service.post(path, user_ids=["cid", "dan", "bob"], role="admin"))

    assert added["added"] == ["cid", "bob"]
    assert added["last_message"]["metadata"]["by"] == "service:shop"
    assert ok(await service.patch(f"{path}/bob", role="owner"))["role"] == "owner"
    assert (await service.delete(f"{path}/ann")).status_code == 204
    assert problem(await ann.get(f"/conversations/{group}")) == (403, "not_a_participant")
    assert (await service.delete(f"{path}/cid")).status_code == 204
    last = await service.patch(f"{path}/bob", role="member")
    assert problem(last) == (403, "permission_denied")
    assert problem(await service.delete(f"{path}/nobody")) == (404, "not_found")
    pair = created(
        await service.post("/conversations", kind="direct", owner_id="ann", participant_ids=["bob"])
    )["id"]
    fixed = await service.post(f"/conversations/{pair}/participants", user_ids=["cid"])
    assert problem(fixed) == (403, "permission_denied")


async def test_fields_and_freezes(ann: Api, bob: Api, service: ServiceApi) -> None:
    """In one request and one version; a direct conversation can be frozen and nothing else."""
    group, pair = await ann.group(bob), await ann.direct(bob)
    mine = (await bob.send(group))["id"]

    changed = ok(
        await service.patch(
            f"/conversations/{group}", title="Closed", frozen=True, metadata={"a": 1}
        )
    )

    assert (changed["title"], changed["frozen"], changed["version"]) == ("Closed", True, 2)
    assert problem(await bob.post(f"/conversations/{group}/messages", text="x"))[0] == 403
    assert problem(await bob.delete(f"/conversations/{group}/messages/{mine}"))[0] == 403
    assert ok(await service.patch(f"/conversations/{group}", frozen=False))["frozen"] is False
    await bob.send(group)
    assert ok(await service.patch(f"/conversations/{pair}", frozen=True))["frozen"]
    titled = await service.patch(f"/conversations/{pair}", title="x")
    assert problem(titled) == (403, "permission_denied")
    assert wrong_fields(await service.patch(f"/conversations/{group}")) == [("title", "required")]


async def test_a_conversation_is_deleted(ann: Api, bob: Api, service: ServiceApi) -> None:
    """For everyone, with its messages; again changes nothing; a direct one stays."""
    group, pair = await ann.group(bob), await ann.direct(bob)
    message = (await ann.send(group))["id"]

    for _ in range(2):
        assert (await service.delete(f"/conversations/{group}")).status_code == 204

    assert problem(await ann.get(f"/conversations/{group}")) == (403, "not_a_participant")
    gone = await service.get(f"/conversations/{group}")
    assert problem(gone) == (404, "conversation_not_found")
    text = await service.post(f"/conversations/{group}/messages", text="x")
    assert problem(text) == (404, "conversation_not_found")
    versions = await service.get(f"/conversations/{group}/messages/{message}/versions")
    assert problem(versions) == (404, "message_not_found")
    assert problem(await service.delete(f"/conversations/{pair}")) == (403, "permission_denied")
    nothing = await service.delete(f"/conversations/{'a' * 26}")
    assert problem(nothing) == (404, "conversation_not_found")


async def test_earlier_texts(ann: Api, service: ServiceApi) -> None:
    """The oldest first, the last is the present one; none of a deleted message."""
    group = await ann.group()
    sent = await ann.send(group, "one")
    path = f"/conversations/{group}/messages/{sent['id']}"
    assert ok(await service.get(f"{path}/versions"))["items"] == [
        {"text": "one", "written_at": sent["created_at"]}
    ]

    edited = ok(await ann.patch(path, text="two"))

    assert ok(await service.get(f"{path}/versions"))["items"] == [
        {"text": "one", "written_at": sent["created_at"]},
        {"text": "two", "written_at": edited["edited_at"]},
    ]
    await ann.delete(path)
    assert ok(await service.get(f"{path}/versions"))["items"] == []
    unknown = await service.get(f"/conversations/{group}/messages/{'a' * 26}/versions")
    assert problem(unknown) == (404, "message_not_found")


async def test_profiles(ann: Api, bob: Api, service: ServiceApi, instance: Instance) -> None:
    """Also of somebody who never signed in, and the service's own."""
    await ann.group(bob)
    await ann.patch("/me", picture="https://example.com/ann.jpg")

    named = ok(await service.put("/users/ann", name="Ann"))

    assert named == {
        "user_id": "ann",
        "name": "Ann",
        "picture": "https://example.com/ann.jpg",
        "is_service": False,
    }
    assert ok(await bob.get("/users", user_ids="ann"))["items"] == [named]
    own = ok(await service.put("/users/service:shop", name="The shop"))
    assert (own["name"], own["is_service"]) == ("The shop", True)
    assert ok(await service.put("/users/ann", name="Ann", picture=None))["picture"] is None
    assert wrong_fields(await service.put("/users/service:other", name="x")) == [
        ("user_id", "reserved")
    ]
    assert wrong_fields(await service.put("/users/ann", name="\u200b")) == [("name", "blank")]


async def test_a_role_and_a_removal_in_one_commit(
    instance: Instance, ann: Api, bob: Api, service: ServiceApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer cannot name the role of a person who is removed at the same moment."""
    group = await ann.group(bob)
    path = f"/conversations/{group}/participants/bob"

    changed, removed = await in_one_commit(
        instance,
        monkeypatch,
        ann.send(group),
        service.patch(path, role="admin"),
        service.delete(path),
    )

    assert removed.status_code == 204
    assert problem(changed) == (404, "not_found")


async def test_a_retry_after_the_owner_has_left(ann: Api, bob: Api, service: ServiceApi) -> None:
    """The service gets the group that it has created, although the owner has left it. It does not
    get a group that was deleted, because nobody is in it."""
    group = await service.found(client_id="1")
    ok(await service.patch(f"/conversations/{group}/participants/bob", role="owner"))
    assert (await ann.delete(f"/conversations/{group}/participants/me")).status_code == 204

    again = ok(await service.post("/conversations", **GROUP, client_id="1"))

    assert (again["id"], again["added"]) == (group, ["bob"])


async def test_a_request_that_is_cut_off_is_in_the_history(
    ann: Api, service: ServiceApi, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service does not leave the audit trail by disconnecting: what it asked for may be done."""
    group = await ann.group()
    begun = asyncio.Event()

    async def hang(*_: object) -> None:
        begun.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(instance.deletions, "complete", hang)
    request = asyncio.create_task(service.delete(f"/conversations/{group}"))
    await begun.wait()
    request.cancel()
    await asyncio.wait([request])

    await instance.service_history.stop()
    ((_, action), *_) = await instance.service_accounts.list_actions("shop", limit=1)
    assert (action.method, action.path, action.status) == (
        "DELETE",
        f"/api/v1/conversations/{group}",
        499,
    )
    (entry,) = await AuditTrail(instance.database).list_entries(
        AuditFilter(conversation_id=group), limit=10
    )
    assert (entry.entry.action, entry.entry.failure) == (
        "DELETE conversations/{conversation_id}",
        "499",
    )
