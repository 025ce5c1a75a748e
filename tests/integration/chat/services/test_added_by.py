"""Who may be added to groups, by whom, and how many a day."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import pytest
from pytest_django.fixtures import Settings

from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.people import Privacy
from messaging.runtime.instance import Instance
from messaging.services import participants
from tests.instances import new_instance
from tests.integration.chat import Api, Json, ok, problem
from tests.integration.chat.services.test_cost import billed

MakeApi = Callable[[str], Api]


async def add(by: Api, group: str, *people: str) -> Json:
    return ok(await by.post(f"/conversations/{group}/participants", user_ids=list(people)))


async def found(by: Api, *people: str, **fields: str) -> tuple[int, Json]:
    answer = await by.post(
        "/conversations", kind="group", participant_ids=list(people), title="Tea", **fields
    )
    return answer.status_code, answer.json()


def people_of(conversation: Json) -> list[str]:
    return [person["user_id"] for person in conversation["participants"]]


@pytest.mark.parametrize("how", ["nobody", "block"])
async def test_who_is_not_to_be_added_is_left_out(ann: Api, bob: Api, cid: Api, how: str) -> None:
    """Without a word: by a new group and by an old one. Others add somebody who blocks only one."""
    if how == "nobody":
        settings = ok(await bob.patch("/me/preferences", added_by="nobody"))
        assert settings["added_by"] == "nobody"
    else:
        assert (await bob.request("PUT", "/blocks/ann")).status_code == 204

    status, group = await found(ann, "bob", "dan")
    assert (status, people_of(group), group["added"]) == (201, ["ann", "dan"], ["dan"])
    version = group["version"]
    again = await add(ann, group["id"], "bob", "dan")
    assert (again["version"], again["added"]) == (version, ["dan"])
    more = await add(ann, group["id"], "bob", "eve")
    assert (people_of(more), more["added"]) == (["ann", "dan", "eve"], ["eve"])
    status, alone = await found(ann, "bob")
    assert (status, people_of(alone), alone["added"]) == (201, ["ann"], [])
    assert (await bob.get(f"/conversations/{group['id']}")).status_code == 403

    _, other = await found(cid, "bob")
    assert other["added"] == ([] if how == "nobody" else ["bob"])
    if how == "nobody":
        await bob.patch("/me/preferences", added_by="anyone")
    else:
        await bob.delete("/blocks/ann")
    assert (await add(ann, group["id"], "bob"))["added"] == ["bob"]


async def test_who_left_is_not_brought_back(ann: Api, bob: Api, cid: Api) -> None:
    """Within a day, to this group; who was removed is."""
    group, other = await ann.group(bob, cid), await ann.group(cid)
    assert (await bob.delete(f"/conversations/{group}/participants/me")).status_code == 204
    assert (await ann.delete(f"/conversations/{group}/participants/cid")).status_code == 204

    assert (await add(ann, group, "bob", "cid"))["added"] == ["cid"]
    assert (await add(ann, other, "bob"))["added"] == ["bob"]


async def test_who_has_just_left_is_not_brought_back_by_an_older_copy(
    instance: Instance, ann: Api, bob: Api, cid: Api
) -> None:
    """They left on another instance, of which this one has not heard; who was removed there is
    added again."""
    group = await ann.group(bob, cid)
    async with new_instance() as other:
        await participants.remove_participant(
            other, user_id="bob", conversation_id=group, participant_id="bob"
        )
        await participants.remove_participant(
            other, user_id="ann", conversation_id=group, participant_id="cid"
        )
    copy = instance.cache.get(group)
    assert copy is not None
    assert {"bob", "cid"} <= copy.participants.keys()

    assert (await add(ann, group, "bob", "cid"))["added"] == ["cid"]


async def test_the_last_owner_who_may_not_leave_has_not_left(ann: Api, bob: Api, cid: Api) -> None:
    """They are added again by whoever removes them afterwards."""
    group = await ann.group(bob, cid)
    assert problem(await ann.delete(f"/conversations/{group}/participants/me"))[0] == 403
    await ann.patch(f"/conversations/{group}/participants/bob", role="owner")
    await bob.delete(f"/conversations/{group}/participants/ann")

    assert (await add(bob, group, "ann"))["added"] == ["ann"]


async def test_the_hash_covers_whom_the_request_named(ann: Api, bob: Api) -> None:
    """A retry is a retry, whoever was left out; with other people it is another request."""
    await bob.patch("/me/preferences", added_by="nobody")
    status, first = await found(ann, "bob", "cid", client_id="1")
    assert (status, first["added"]) == (201, ["cid"])

    status, again = await found(ann, "cid", "bob", client_id="1")
    assert (status, again["id"], again["added"]) == (200, first["id"], ["cid"])
    assert (await found(ann, "cid", client_id="1"))[0] == 409


async def test_what_a_direct_conversation_answers(ann: Api, bob: Api) -> None:
    """`added_by` is for groups."""
    await bob.patch("/me/preferences", added_by="nobody")
    for status in (201, 200):
        answer = await ann.post("/conversations", kind="direct", participant_ids=["ann", "bob"])
        assert (answer.status_code, answer.json()["added"]) == (status, ["bob"])


async def test_so_many_conversations_a_day(ann: Api, bob: Api, settings: Settings) -> None:
    """Of either kind. What is there already is answered, and counts nothing; nor does what was
    refused for another reason."""
    settings.CHAT_RATE_LIMITS = True
    settings.CHAT_LIMITS = {"conversations_per_day": 3, "people_added_per_day": 100}
    assert ok(await ann.get("/me"))["limits"]["conversations_per_day"] == 3
    direct = await ann.direct(bob)
    for _ in range(3):
        assert await ann.direct(bob) == direct
    for _ in range(3):
        status, kept = await found(ann, "bob", client_id="1")
        assert status in {200, 201}
        assert (await found(ann, "cid", client_id="1"))[0] == 409
    assert (await found(ann))[0] == 201

    refused = await ann.post("/conversations", kind="group", participant_ids=[], title="Tea")
    assert problem(refused) == (429, "rate_limited")
    assert 1 < int(refused.headers["Retry-After"]) <= 24 * 60 * 60
    other = await ann.post("/conversations", kind="direct", participant_ids=["dan"])
    assert problem(other) == (429, "rate_limited")
    assert (await found(ann, "bob", client_id="1"))[1]["id"] == kept["id"]
    assert (await found(ann, "cid", client_id="1"))[0] == 409
    assert await ann.direct(bob) == direct
    assert (await found(bob))[0] == 201


async def test_so_many_people_a_day(ann: Api, bob: Api, settings: Settings) -> None:
    """Whoever is named for a group and not in it counts, whatever becomes of it; in a request at a
    time all of them or none."""
    settings.CHAT_RATE_LIMITS = True
    settings.CHAT_LIMITS = {"people_added_per_day": 5}
    await bob.patch("/me/preferences", added_by="nobody")
    _, group = await found(ann, "bob", "cid")
    path = f"/conversations/{group['id']}/participants"
    assert (await add(ann, group["id"], "dan", "cid"))["added"] == ["dan", "cid"]

    refused = await ann.post(path, user_ids=["p1", "p2", "p3"])

    assert problem(refused) == (429, "rate_limited")
    assert (await add(ann, group["id"], "p1", "p2"))["added"] == ["p1", "p2"]
    assert problem(await ann.post(path, user_ids=["p3"])) == (429, "rate_limited")
    assert problem(
        await ann.post("/conversations", kind="group", participant_ids=["x"], title="Tea")
    ) == (429, "rate_limited")
    assert (await found(ann))[0] == 201
    assert (await add(ann, group["id"], "dan"))["added"] == ["dan"]


async def test_no_more_get_in_at_once(ann: Api, settings: Settings) -> None:
    settings.CHAT_RATE_LIMITS = True
    settings.CHAT_LIMITS = {"conversations_per_day": 3}

    answers = await asyncio.gather(*(found(ann) for _ in range(10)))

    assert sorted(status for status, _ in answers) == [201] * 3 + [429] * 7


async def test_a_known_client_id_costs_no_look_at_its_people(
    instance: Instance, ann: Api, settings: Settings
) -> None:
    """Nor anything of the day's quota: it is looked for before anything else."""
    settings.CHAT_RATE_LIMITS = True
    settings.CHAT_LIMITS = {"conversations_per_day": 1, "people_added_per_day": 50}
    people = [f"p{number}" for number in range(50)]
    status, first = await found(ann, *people, client_id="1")
    assert status == 201
    await instance.start()
    await instance.epochs.get()  # the first look at a store writes its epoch

    with billed(reads=1):
        assert (await found(ann, *people[1:], client_id="1"))[0] == 409
    with billed(reads=2):  # and one's own position
        status, again = await found(ann, *people, client_id="1")

    assert (status, again["id"], again["added"]) == (200, first["id"], people)


async def test_an_outage_costs_nothing_of_the_quota(
    instance: Instance, ann: Api, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the reads before anything is written: nothing was created or added."""
    settings.CHAT_RATE_LIMITS = True
    settings.CHAT_LIMITS = {"conversations_per_day": 2, "people_added_per_day": 2}
    _, group = await found(ann)
    asked = asyncio.Event()

    async def fail(people: Sequence[str]) -> Mapping[str, Privacy]:
        raise StoreUnavailable

    async def hang(people: Sequence[str]) -> Mapping[str, Privacy]:
        asked.set()
        await asyncio.get_running_loop().create_future()
        raise AssertionError

    with monkeypatch.context() as outage:
        outage.setattr(instance.people, "get_privacy", fail)
        for _ in range(3):
            assert (await found(ann, "bob"))[0] == 503
            path = f"/conversations/{group['id']}/participants"
            assert (await ann.post(path, user_ids=["bob"])).status_code == 503
        outage.setattr(instance.people, "get_privacy", hang)
        for request in (found(ann, "bob"), add(ann, group["id"], "bob")):
            asked.clear()
            task = asyncio.create_task(request)
            await asked.wait()
            task.cancel()
            await asyncio.wait([task])

    assert (await add(ann, group["id"], "bob"))["added"] == ["bob"]
    assert (await found(ann, "bob"))[0] == 201
