"""Names and pictures over REST."""

from collections.abc import Callable

import pytest

from chat.authentication import issue_development_token
from messaging.runtime.instance import Instance
from messaging.services.account import profiles
from tests.integration.chat import Api, Json, ok, problem, wrong_fields
from tests.integration.chat.services.test_cost import billed
from tests.outlets import SIGNED_IN_AT

MakeApi = Callable[[str], Api]
PICTURE = "https://example.com/ann.jpg?size=64"


def user(user_id: str, name: str | None = None, picture: str | None = None) -> Json:
    return {"user_id": user_id, "name": name, "picture": picture, "is_service": False}


async def users(by: Api, *user_ids: str) -> list[Json]:
    page = ok(await by.get("/users", user_ids=",".join(user_ids)))
    assert page["next_cursor"] is None
    items: list[Json] = page["items"]
    return items


async def members(by: Api, group: str, **query: object) -> Json:
    return ok(await by.get("/users", conversation_id=group, **query))


async def test_ones_own_profile(ann: Api) -> None:
    """Field by field; null removes one."""
    me = ok(await ann.get("/me"))
    assert me.items() >= user("ann").items()

    assert ok(await ann.patch("/me", name="Ann Lee")).items() >= user("ann", "Ann Lee").items()
    me = ok(await ann.patch("/me", picture=PICTURE))
    assert me.items() >= user("ann", "Ann Lee", PICTURE).items()
    assert me.keys() == {*user("ann"), "limits", "unread_total"}
    assert ok(await ann.patch("/me")) == ok(await ann.get("/me")) == me

    me = ok(await ann.patch("/me", name=None))
    assert me.items() >= user("ann", None, PICTURE).items()


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"name": ""}, [("name", "blank")]),
        ({"name": "\u200b"}, [("name", "blank")]),
        ({"name": "x" * 101}, [("name", "max_length")]),
        ({"name": "Ann\nLee"}, [("name", "invalid")]),
        ({"name": "\u202eAnn"}, [("name", "invalid_characters")]),
        ({"name": 7}, [("name", "invalid")]),
        ({"picture": ""}, [("picture", "invalid")]),
        ({"picture": "http://example.com/a"}, [("picture", "invalid")]),
        ({"picture": "https://a.b/" + "x" * 2_048}, [("picture", "max_length")]),
        ({"picture": []}, [("picture", "invalid")]),
        ({"name": "Ann", "picture": "x"}, [("picture", "invalid")]),
        ({"user_id": "bob"}, [("user_id", "unknown")]),
        ({"is_service": True}, [("is_service", "unknown")]),
    ],
)
async def test_what_is_refused_changes_nothing(
    ann: Api, body: Json, wrong: list[tuple[str, str]]
) -> None:
    before = ok(await ann.get("/me"))

    assert wrong_fields(await ann.patch("/me", **body)) == wrong
    assert ok(await ann.get("/me")) == before


async def test_whom_one_shares_a_conversation_with(ann: Api, bob: Api, cid: Api) -> None:
    """And oneself, each once and in the order asked for; of others not even that they exist."""
    await bob.patch("/me", name="Bob", picture=PICTURE)
    await cid.patch("/me", name="Cid")
    await ann.group(bob)
    assert await users(ann, "cid", "bob", "ann", "nobody", "bob") == [
        user("bob", "Bob", PICTURE),
        user("ann"),
    ]
    assert await users(cid, "ann", "bob") == []

    group = await ann.group(cid)
    assert await users(ann, "cid") == [user("cid", "Cid")]
    await ann.delete(f"/conversations/{group}/participants/cid")
    assert await users(ann, "cid") == []
    assert await users(cid, "ann", "cid") == [user("cid", "Cid")]


async def test_a_change_shows_at_once(ann: Api, bob: Api) -> None:
    await ann.direct(bob)
    assert await users(ann, "bob") == [user("bob")]
    await bob.patch("/me", name="Bob")
    assert await users(ann, "bob") == [user("bob", "Bob")]
    await bob.patch("/me", name=None)
    assert await users(ann, "bob") == [user("bob")]


async def test_the_people_of_a_conversation(ann: Api, bob: Api, cid: Api, api: MakeApi) -> None:
    """And those who left it, in pages; nobody learns who is in a conversation of others."""
    await bob.patch("/me", name="Bob")
    group = await ann.group(bob, cid)
    await bob.delete(f"/conversations/{group}/participants/me")
    expected = [user("ann"), user("bob", "Bob"), user("cid")]

    page = await members(ann, group)
    assert sorted(page["items"], key=lambda one: one["user_id"]) == expected
    assert page["next_cursor"] is None
    found = []
    cursor: dict[str, str] = {}
    while True:
        page = await members(ann, group, limit=2, **cursor)
        found += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert sorted(found, key=lambda one: one["user_id"]) == expected

    assert problem(await bob.get("/users", conversation_id=group))[1] == "not_a_participant"
    direct = await ann.direct(cid)
    assert problem(await bob.get("/users", conversation_id=direct))[1] == "conversation_not_found"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, ""),
        ({"user_ids": "bob", "conversation_id": "x"}, ""),
        ({"user_ids": "bob", "limit": 7}, ""),
        ({"user_ids": "bob", "cursor": "Ym9i"}, ""),
        ({"user_ids": ",".join(f"p{number}" for number in range(101))}, "user_ids"),
        ({"user_ids": "," * 3_000}, "user_ids"),
        ({"conversation_id": "x" * 129}, "conversation_id"),
        *[({"conversation_id": "{group}", "limit": n}, "limit") for n in (0, 101, "x", -1)],
        *[({"conversation_id": "{group}", "cursor": c}, "cursor") for c in ("", "x", "Li4=", "🦆")],
        ({"ids": "bob"}, "ids"),
    ],
)
async def test_a_bad_request_names_the_field(
    ann: Api, query: dict[str, object], field: str
) -> None:
    group = await ann.group()
    query = {key: group if value == "{group}" else value for key, value in query.items()}

    answer = await ann.get("/users", **query)

    assert [name for name, _ in wrong_fields(answer)] == [field]


@pytest.mark.parametrize("odd", ["erased:x", "__x__", "..", "a b", "\u0000", "ä" * 9])
async def test_ids_that_nobody_has_are_left_out(ann: Api, odd: str) -> None:
    answer = await ann.get("/users", user_ids=f"ann,{odd}")

    if odd == "\u0000":
        assert wrong_fields(answer)
    else:
        assert ok(answer)["items"] == [user("ann")]


async def test_a_service_is_none_of_the_people(ann: Api) -> None:
    """It writes into conversations without being in them. One that does not exist is answered in
    the same way."""
    assert await users(ann, "service:bot", "bob") == [
        {"user_id": "service:bot", "name": None, "picture": None, "is_service": True}
    ]


async def test_what_it_costs(instance: Instance, ann: Api, api: MakeApi) -> None:
    """A read for each person, once; one's own conversations, where no socket shows them."""
    await instance.start()
    people = [f"p{number}" for number in range(40)]
    group = await ann.group(*map(api, people))
    await ann.get("/me/preferences")
    await instance.epochs.stop()  # it reads by itself, now and then

    with billed(reads=1 + len(people)):
        assert len(await users(ann, *people)) == len(people)
    with billed(reads=1):
        await users(ann, *people)
    with billed(reads=len(people) + 2):  # who is in it, and a profile that is not known yet
        page = await members(ann, group)
    assert len(page["items"]) == len(people) + 1


async def sign_in(api: Api, token: str) -> Json:
    return ok(await api.request("GET", "/me", headers={"Authorization": f"Bearer {token}"}))


async def test_a_first_sign_in_brings_name_and_picture(ann: Api, bob: Api) -> None:
    """With its first answer; what is set stays, as does what was removed."""
    await ann.direct(bob)
    assert await users(bob, "ann") == [user("ann")]

    me = await sign_in(ann, issue_development_token("ann", name="Ann"))
    assert me.items() >= user("ann", "Ann").items()
    assert await users(bob, "ann") == [user("ann", "Ann")]
    me = await sign_in(ann, issue_development_token("ann", name="Anna", picture=PICTURE))
    assert me.items() >= user("ann", "Ann", PICTURE).items()
    await ann.patch("/me", name=None, picture=None)
    me = await sign_in(ann, issue_development_token("ann", name="Anne", picture=PICTURE))
    assert me.items() >= user("ann").items()


async def test_a_sign_in_of_somebody_who_is_shut_out_brings_nothing(
    instance: Instance, ann: Api, bob: Api
) -> None:
    await ann.direct(bob)
    token = issue_development_token("ann", name="Ann")
    await ann.delete("/me/sessions")

    answer = await ann.request("GET", "/me", headers={"Authorization": f"Bearer {token}"})

    assert problem(answer) == (401, "token_revoked")
    assert await users(bob, "ann") == [user("ann")]


async def test_a_later_sign_in_costs_a_read_at_most(instance: Instance) -> None:
    offered = {"name": "Ann", "picture": PICTURE}
    await instance.access.get("ann")

    async def complete() -> None:
        await profiles.complete_profile(
            instance, user_id="ann", signed_in_at=SIGNED_IN_AT, offered=offered
        )

    with billed(reads=2, writes=1):
        await complete()
    with billed(reads=1):
        await complete()
    with billed():
        await complete()
