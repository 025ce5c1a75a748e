"""Who may ask: logged out, banned, blocked, or too often."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.core import signing
from pytest_django.fixtures import Settings

from chat.authentication import issue_development_token
from chat.state import ApplicationState
from messaging.domain.exceptions import InvalidRequest, StoreUnavailable
from messaging.redis.rate_limits import Rate
from messaging.runtime.instance import Instance
from messaging.services.operators import people
from messaging.services.rules import visibility
from tests.integration.chat import Api, ok, problem, wrong_fields
from tests.unit.chat.wire import Wire

MakeApi = Callable[[str], Api]


async def test_after_logging_out_the_token_is_refused(ann: Api, bob: Api, api: MakeApi) -> None:
    """Everybody else's, and one of a new sign-in, is not."""
    await ann.get("/me")

    answer = await ann.delete("/me/sessions")

    assert (answer.status_code, answer.content) == (204, b"")
    for _ in range(2):
        assert problem(await ann.get("/me")) == (401, "token_revoked")
    assert problem(await ann.delete("/me/sessions")) == (401, "token_revoked")
    ok(await bob.get("/me"))
    ok(await api("ann").get("/me"))


async def test_a_banned_person_is_refused_everything(
    instance: Instance, ann: Api, bob: Api, api: MakeApi
) -> None:
    """Until the ban is lifted."""
    group = await ann.group(bob)

    await people.ban_person(instance, person_id="ann")

    for person in (ann, api("ann")):
        assert problem(await person.get("/me")) == (403, "banned")
        sent = await person.post(f"/conversations/{group}/messages", text="hello")
        assert problem(sent) == (403, "banned")
    await bob.send(group)
    await people.unban_person(instance, person_id="ann")
    ok(await ann.get(f"/conversations/{group}"))


async def test_the_store_is_asked_of_a_person_once(
    ann: Api, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What changes is told."""
    asked = []
    get_access = instance.people.get_access

    async def watched(user_id: str) -> object:
        asked.append(user_id)
        return await get_access(user_id)

    monkeypatch.setattr(instance.people, "get_access", watched)
    for _ in range(5):
        await ann.get("/me")

    assert asked == ["ann"]


# Blocks


async def put(person: Api, path: str) -> tuple[int, bytes]:
    answer = await person.request("PUT", path)
    return answer.status_code, answer.content


@pytest.mark.parametrize("blocker", ["ann", "bob"])
async def test_blocked_people_do_not_write_to_each_other(ann: Api, bob: Api, blocker: str) -> None:
    """In either direction; neither anew nor by changing what was written. Reading, taking back and
    groups go on."""
    by, other = (ann, bob) if blocker == "ann" else (bob, ann)
    direct, group = await ann.direct(bob), await ann.group(bob)
    mine = await ann.send(direct, "mine", client_id="1")
    messages = f"/conversations/{direct}/messages"

    assert await put(by, f"/blocks/{other.user_id}") == (204, b"")

    for person in (ann, bob):
        assert problem(await person.post(messages, text="hello")) == (403, "blocked")
        ok(await person.get(messages))
        await person.send(group)
    assert problem(await ann.patch(f"{messages}/{mine['id']}", text="new")) == (403, "blocked")
    again = await ann.post(messages, text="mine", client_id="1")
    assert again.status_code == 200
    assert (await ann.delete(f"{messages}/{mine['id']}")).status_code == 204

    assert (await by.delete(f"/blocks/{other.user_id}")).status_code == 204
    await other.send(direct, "hello again")


@pytest.mark.parametrize("blocker", ["ann", "bob"])
async def test_blocked_people_type_unseen(
    instance: Instance, ann: Api, bob: Api, blocker: str
) -> None:
    """From the moment of the block, though nothing was read of the conversation since."""
    by, other = (ann, bob) if blocker == "ann" else (bob, ann)
    typing = f"/conversations/{await ann.direct(bob)}/typing"
    sockets = {person.user_id: Wire(instance, person.user_id) for person in (ann, bob)}
    try:
        for socket in sockets.values():
            await socket.opened()
        assert (await other.post(typing)).status_code == 202
        assert (await sockets[by.user_id].frame())["type"] == "typing.started"

        assert await put(by, f"/blocks/{other.user_id}") == (204, b"")
        for person in (ann, bob):
            assert (await person.post(typing)).status_code == 202

        for socket in sockets.values():
            socket.command(id="last", type="ping")
            assert (await socket.frame()).get("id") == "last"
    finally:
        for socket in sockets.values():
            await socket.end()


async def test_a_block_of_which_nothing_was_heard(
    ann: Api, bob: Api, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made on another instance while Redis lost the word: a copy is believed for a minute, not for
    ever; and where the store does not answer either, an older one is."""
    direct = await ann.direct(bob)
    typing, watching = Wire(instance, "ann"), Wire(instance, "bob")
    try:
        await typing.opened()
        await watching.opened()
        await instance.store.set_blocked(direct, "bob", blocked=True)
        assert (await ann.post(f"/conversations/{direct}/typing")).status_code == 202
        assert (await watching.frame())["type"] == "typing.started"

        monkeypatch.setattr(visibility, "_BLOCKS_SECONDS", 0)
        for away in (False, True):
            if away:
                monkeypatch.setattr(instance.store, "get_conversation", fail)
            assert (await ann.post(f"/conversations/{direct}/typing")).status_code == 202
        watching.command(id="last", type="ping")
        assert (await watching.frame()).get("id") == "last"
    finally:
        await typing.end()
        await watching.end()


async def fail(*args: object) -> None:
    raise StoreUnavailable


@pytest.mark.parametrize("founder", ["ann", "bob"])
async def test_blocked_people_found_no_direct_conversation(
    ann: Api, bob: Api, founder: str
) -> None:
    """Whoever asks; a group they may share. One that is there is shown."""
    person, other = (ann, bob) if founder == "ann" else (bob, ann)
    await put(ann, "/blocks/bob")

    direct = {"kind": "direct", "participant_ids": [other.user_id]}
    assert problem(await person.post("/conversations", **direct)) == (403, "blocked")
    await person.group(other)

    await ann.delete("/blocks/bob")
    await person.direct(other)
    await put(ann, "/blocks/bob")
    assert (await person.post("/conversations", **direct)).status_code == 200


async def test_a_block_made_while_the_conversation_is_founded(
    ann: Api, bob: Api, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of the two sees the other: nothing can be sent."""
    create = instance.store.create_conversation

    async def meanwhile(conversation: object) -> object:
        await put(bob, "/blocks/ann")
        return await create(conversation)  # type: ignore[arg-type]

    monkeypatch.setattr(instance.store, "create_conversation", meanwhile)
    direct = await ann.direct(bob)

    answer = await ann.post(f"/conversations/{direct}/messages", text="hello")
    assert problem(answer) == (403, "blocked")


async def test_ones_own_blocks(ann: Api, bob: Api) -> None:
    """By user id; blocking again and unblocking whoever is not blocked is fine."""
    assert ok(await ann.get("/blocks")) == {"items": []}
    for _ in range(2):
        assert await put(ann, "/blocks/zoe") == (204, b"")
    await put(ann, "/blocks/bob")
    assert ok(await ann.get("/blocks")) == {"items": [{"user_id": "bob"}, {"user_id": "zoe"}]}
    assert ok(await bob.get("/blocks")) == {"items": []}

    for _ in range(2):
        assert (await ann.delete("/blocks/zoe")).status_code == 204
    assert ok(await ann.get("/blocks")) == {"items": [{"user_id": "bob"}]}


@pytest.mark.parametrize("user_id", ["ann", "me", "a b", "__x__", "x" * 129])
async def test_who_cannot_be_blocked(ann: Api, user_id: str) -> None:
    """Oneself, and nobody's id."""
    answer = await ann.request("PUT", f"/blocks/{user_id}")
    assert wrong_fields(answer) == [("user_id", "invalid")]


async def test_so_many_people_can_be_blocked(ann: Api, settings: Settings) -> None:
    settings.CHAT_LIMITS = {"blocks": 2}
    for user_id in ("x", "y", "y"):
        assert await put(ann, f"/blocks/{user_id}") == (204, b"")

    answer = await ann.request("PUT", "/blocks/z")

    assert wrong_fields(answer) == [("user_id", "max_length")]


# Rates


async def test_too_many_sends(
    ann: Api, bob: Api, settings: Settings, state: ApplicationState
) -> None:
    """Twenty at once. Other requests, and other people, are not held up."""
    settings.CHAT_RATE_LIMITS = True
    # Nothing is refilled meanwhile, however slow the machine is.
    slow = replace(state.person_rates.sends, per_second=0.01)
    state.person_rates = replace(state.person_rates, sends=slow)
    group = await ann.group(bob)
    path = f"/conversations/{group}/messages"

    answers = [await ann.post(path, text=str(number)) for number in range(21)]

    assert [answer.status_code for answer in answers] == [201] * 20 + [429]
    assert problem(answers[20]) == (429, "rate_limited")
    assert 1 <= int(answers[20].headers["Retry-After"]) <= 100
    ok(await ann.get(path))
    await bob.send(group)


async def test_too_much_typing(ann: Api, settings: Settings) -> None:
    """One start and one stop in three seconds."""
    settings.CHAT_RATE_LIMITS = True
    path = f"/conversations/{await ann.group()}/typing"

    statuses = [
        (await ann.post(path, typing=typing)).status_code for typing in (True, True, False, False)
    ]

    assert statuses == [202, 429, 202, 429]


@pytest.mark.parametrize("shut_out", ["ban", "log out"])
async def test_refusals_of_who_is_shut_out_have_a_rate(
    instance: Instance, state: ApplicationState, ann: Api, settings: Settings, shut_out: str
) -> None:
    """They are looked up, too."""
    settings.CHAT_RATE_LIMITS = True
    few = Rate(name="requests", per_second=0.001, burst=5)
    state.person_rates = replace(state.person_rates, requests=few)
    if shut_out == "ban":
        await people.ban_person(instance, person_id="ann")
    else:
        await people.log_out_person(instance, person_id="ann")

    answers = [problem(await ann.get("/me")) for _ in range(6)]

    refused = (403, "banned") if shut_out == "ban" else (401, "token_revoked")
    assert answers == [refused] * 5 + [(429, "rate_limited")]


async def test_too_many_requests(ann: Api, settings: Settings) -> None:
    settings.CHAT_RATE_LIMITS = True

    statuses: list[int] = []
    while 429 not in statuses and len(statuses) < 3_000:  # a slow machine refills meanwhile
        answer = await ann.get("/blocks")
        statuses.append(answer.status_code)

    assert set(statuses[:300]) == {200}
    assert statuses[-1] == 429
    assert "Connection" not in answer.headers  # a person with a token keeps theirs


async def test_long_invalid_documents_have_a_rate(ann: Api, bob: Api, settings: Settings) -> None:
    """Each counts by its length, over all endpoints. Short ones are a bug of the client, which
    learns what is wrong."""
    settings.CHAT_RATE_LIMITS = True
    many = list(range(10_000))

    statuses: list[int] = []
    while 429 not in statuses and len(statuses) < 100:  # a slow machine refills meanwhile
        answer = await ann.post("/conversations", kind="group", participant_ids=many)
        statuses.append(answer.status_code)

    assert set(statuses[:8]) == {400}
    assert statuses[-1] == 429
    assert int(answer.headers["Retry-After"]) >= 1
    assert problem(await ann.get("/me")) == (429, "rate_limited")
    ok(await bob.get("/me"))
    short = [await bob.post("/conversations", kind="nothing") for _ in range(30)]
    assert {one.status_code for one in short} == {400}


async def test_a_ban_that_ends(ann: Api, instance: Instance) -> None:
    """Ends by itself, here and in what is kept of it."""
    until = datetime.now(UTC) + timedelta(seconds=1)
    await people.ban_person(instance, person_id="ann", until=until)
    assert problem(await ann.get("/me")) == (403, "banned")

    async with asyncio.timeout(10):
        while (await ann.get("/me")).status_code == 403:
            await asyncio.sleep(0.05)

    assert datetime.now(UTC) >= until
    ok(await ann.get("/me"))


async def test_an_operator_logs_somebody_out(instance: Instance, ann: Api, api: MakeApi) -> None:
    """As they could themselves."""
    await people.log_out_person(instance, person_id="ann")

    assert problem(await ann.get("/me")) == (401, "token_revoked")


@pytest.mark.parametrize("reserved", ["service:bot", "erased:abc"])
async def test_reserved_ids_are_nobodys(ann: Api, reserved: str) -> None:
    """They are refused wherever a person is named, and as the user of a token."""
    group = await ann.group()

    for path, named in (
        ("/conversations", {"kind": "group", "participant_ids": [reserved]}),
        ("/conversations", {"kind": "direct", "participant_ids": [reserved]}),
        (f"/conversations/{group}/participants", {"user_ids": [reserved]}),
    ):
        assert problem(await ann.post(path, **named)) == (400, "invalid_request")
    assert problem(await ann.request("PUT", f"/blocks/{reserved}")) == (400, "invalid_request")
    with pytest.raises(InvalidRequest, match="reserved"):
        issue_development_token(reserved)
    token = signing.Signer(sep=".", salt="chat.development-token").sign_object([reserved, 1])
    answer = await ann.request("GET", "/me", headers={"Authorization": f"Bearer {token}"})
    assert problem(answer) == (401, "not_authenticated")
