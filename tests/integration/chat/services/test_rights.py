"""Who may do what: every act, by whoever they are in the conversation, at each of its doors.

The third door is the admin, whose acts are those of operators and no participant's: its table is in
`tests/integration/admin/test_permissions.py`.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from chat.socket import commands
from messaging.domain.identifiers import random_id
from messaging.instruments.metrics import STORE_DOCUMENTS
from messaging.runtime.instance import Instance
from messaging.services.operators import conversations, people
from tests.integration.chat import Api, problem
from tests.integration.chat.rest.test_refusals import operations
from tests.unit.chat.wire import Wire

_PREFIX = "/api/v1/conversations/{conversation_id}"

MakeApi = Callable[[str], Api]

OWNER, ADMIN, MEMBER = "owner", "admin", "member"
FROZEN = "member of a frozen group"
REMOVED, STRANGER, BANNED = "removed", "stranger", "banned"
DIRECT, BLOCKED = "in a direct conversation", "blocked in a direct conversation"

GROUP = (OWNER, ADMIN, MEMBER)
INSIDE = (*GROUP, FROZEN, DIRECT, BLOCKED)
STANDINGS = (*INSIDE, REMOVED, STRANGER, BANNED)

REFUSALS = {
    REMOVED: "not_a_participant",
    STRANGER: "not_a_participant",
    BANNED: "banned",
    BLOCKED: "blocked",
}
"""The code of the 403; `permission_denied` for everybody else."""


@dataclass(frozen=True, kw_only=True)
class Act:
    name: str
    may: tuple[str, ...]
    rest: tuple[str, str, dict[str, Any] | None] | None = None
    """Method, path below the conversation (or the whole, with a slash before it) and body."""
    command: tuple[str, dict[str, Any]] | None = None
    """Type and fields, besides the conversation."""
    blocked_or_not: bool = False
    """Whether it is refused in a direct conversation anyway, blocked or not."""


ACTS = [
    Act(name="see it", rest=("GET", "", None), may=INSIDE),
    Act(name="read", rest=("GET", "messages", None), may=INSIDE),
    Act(name="read one", rest=("GET", "messages/{theirs}", None), may=INSIDE),
    Act(name="what changed", rest=("GET", "changes?since=0", None), may=INSIDE),
    Act(name="who has read", rest=("GET", "receipts", None), may=INSIDE),
    Act(name="see own settings", rest=("GET", "preferences", None), may=INSIDE),
    Act(name="own settings", rest=("PATCH", "preferences", {"notify": "none"}), may=INSIDE),
    Act(
        name="send",
        rest=("POST", "messages", {"text": "x"}),
        command=("message.send", {"text": "x", "client_id": "1"}),
        may=(*GROUP, DIRECT),
    ),
    Act(
        name="edit one's own",
        rest=("PATCH", "messages/{own}", {"text": "x"}),
        command=("message.edit", {"message_id": "{own}", "text": "x"}),
        may=(*GROUP, DIRECT),
    ),
    Act(
        name="delete one's own",
        rest=("DELETE", "messages/{own}", None),
        command=("message.delete", {"message_id": "{own}"}),
        may=(*GROUP, DIRECT, BLOCKED),  # what is frozen may be evidence
    ),
    Act(
        name="edit another's",
        rest=("PATCH", "messages/{theirs}", {"text": "x"}),
        command=("message.edit", {"message_id": "{theirs}", "text": "x"}),
        may=(),
        blocked_or_not=True,
    ),
    Act(
        name="delete another's",
        rest=("DELETE", "messages/{theirs}", None),
        command=("message.delete", {"message_id": "{theirs}"}),
        may=(OWNER, ADMIN),
        blocked_or_not=True,
    ),
    Act(name="list the files", rest=("GET", "attachments", None), may=INSIDE),
    Act(name="mark as unread", rest=("PUT", "unread", {"seq": 1}), may=INSIDE),
    Act(name="remove the unread mark", rest=("DELETE", "unread", None), may=INSIDE),
    Act(name="read some", rest=("GET", "messages?ids={own},{theirs}", None), may=INSIDE),
    Act(name="see the pins", rest=("GET", "pins", None), may=INSIDE),
    Act(name="pin", rest=("PUT", "messages/{theirs}/pin", None), may=(OWNER, ADMIN, DIRECT)),
    Act(name="unpin", rest=("DELETE", "messages/{own}/pin", None), may=(OWNER, ADMIN, DIRECT)),
    *(
        Act(
            name=name,
            rest=(method, "messages/{theirs}/reactions/👍", None),
            command=(f"reaction.{kind}", {"message_id": "{theirs}", "emoji": "👍"}),
            may=(*GROUP, DIRECT),
        )
        for name, method, kind in (
            ("react", "PUT", "add"),
            ("take a reaction back", "DELETE", "remove"),
        )
    ),
    Act(name="see who reacted", rest=("GET", "messages/{theirs}/reactions/👍", None), may=INSIDE),
    Act(
        name="mention everyone",
        rest=("POST", "messages", {"text": "x", "mentions_all": True}),
        command=("message.send", {"text": "x", "client_id": "1", "mentions_all": True}),
        may=(OWNER, ADMIN),
    ),
    Act(
        name="change the metadata",
        rest=("PATCH", "", {"metadata": {"a": 1}}),
        may=(OWNER, ADMIN),
        blocked_or_not=True,
    ),
    Act(name="who got one's own", rest=("GET", "messages/{own}/delivery", None), may=INSIDE),
    Act(
        name="who got another's",
        rest=("GET", "messages/{theirs}/delivery", None),
        may=(OWNER, ADMIN),
        blocked_or_not=True,
    ),
    Act(
        name="report",
        rest=(
            "POST",
            "/reports",
            {"message_id": "{theirs}", "conversation_id": "{id}", "reason": "foul"},
        ),
        may=INSIDE,
    ),
    Act(
        name="mark as read",
        rest=("POST", "read", {"seq": 1}),
        command=("receipt.read", {"seq": 1}),
        may=INSIDE,
    ),
    Act(name="acknowledge", command=("receipt.delivered", {"seq": 1}), may=INSIDE),
    Act(
        name="type",
        rest=("POST", "typing", {}),
        command=("typing.start", {}),
        may=INSIDE,  # which is shown to nobody who blocks them
    ),
    Act(name="stop typing", command=("typing.stop", {}), may=INSIDE),
    Act(
        name="rename", rest=("PATCH", "", {"title": "New"}), may=(OWNER, ADMIN), blocked_or_not=True
    ),
    Act(
        name="add a member",
        rest=("POST", "participants", {"user_ids": ["new"]}),
        may=(OWNER, ADMIN),
        blocked_or_not=True,
    ),
    *(
        Act(
            name=f"add an {role}",
            rest=("POST", "participants", {"user_ids": ["new"], "role": role}),
            may=(OWNER,),
            blocked_or_not=True,
        )
        for role in (ADMIN, OWNER)
    ),
    Act(
        name="remove a member",
        rest=("DELETE", "participants/other-member", None),
        may=(OWNER, ADMIN),
        blocked_or_not=True,
    ),
    *(
        Act(
            name=f"remove an {role}",
            rest=("DELETE", f"participants/other-{role}", None),
            may=(OWNER,),
            blocked_or_not=True,
        )
        for role in (ADMIN, OWNER)
    ),
    Act(
        name="promote a member",
        rest=("PATCH", "participants/other-member", {"role": "admin"}),
        may=(OWNER,),
        blocked_or_not=True,
    ),
    Act(
        name="promote oneself",
        rest=("PATCH", "participants/me", {"role": "owner"}),
        may=(OWNER,),
        blocked_or_not=True,
    ),
    Act(
        name="leave",
        rest=("DELETE", "participants/me", None),
        may=(*GROUP, FROZEN),
        blocked_or_not=True,
    ),
]


@pytest.fixture
def person(api: MakeApi) -> Api:
    return api("person")


async def names_for(instance: Instance, standing: str, person: Api, api: MakeApi) -> dict[str, str]:
    """A conversation in which they are what `standing` says; a message of theirs in it, and one of
    somebody else's."""
    founder, writer = api("other-owner"), api("other-member")
    if standing in {DIRECT, BLOCKED}:
        await writer.delete("/blocks/person")  # of the act before
        conversation = await writer.direct(person)
    else:
        conversation = await founder.group(writer)
        role = standing if standing in GROUP else MEMBER
        for user_id, given in (("other-admin", ADMIN), ("person", role)):
            answer = await founder.post(
                f"/conversations/{conversation}/participants", user_ids=[user_id], role=given
            )
            assert answer.status_code == 200
    theirs = await writer.send(conversation, "somebody else's")
    own = await person.send(conversation, "their own")
    names = {
        "id": conversation,
        "theirs": theirs["id"],
        "own": own["id"],
        "since": str(theirs["version"] - 1),
    }
    if standing == REMOVED:
        await founder.delete(f"/conversations/{conversation}/participants/person")
    if standing == BANNED:
        await people.ban_person(instance, person_id="person")
    if standing == FROZEN:
        await conversations.set_frozen(instance, conversation_id=conversation, frozen=True)
    if standing == BLOCKED:
        assert (await writer.request("PUT", "/blocks/person")).status_code == 204
    return names


def refusal(act: Act, standing: str) -> str:
    if standing == BLOCKED and act.blocked_or_not:
        return "permission_denied"
    return REFUSALS.get(standing, "permission_denied")


def filled(body: Mapping[str, Any] | None, names: Mapping[str, str]) -> dict[str, Any] | None:
    if body is None:
        return None
    return {
        name: value.format(**names) if isinstance(value, str) else value
        for name, value in body.items()
    }


async def over_rest(act: Act, asking: Api, names: Mapping[str, str]) -> httpx.Response:
    assert act.rest is not None
    method, path, body = act.rest
    where = path if path.startswith("/") else f"/conversations/{{id}}/{path}".rstrip("/")
    return await asking.request(method, where.format(**names), json=filled(body, names))


def reads(act: Act) -> bool:
    """Whether it changes nothing, so that others may follow it in the same conversation."""
    return act.rest is not None and act.rest[0] == "GET"


@pytest.mark.parametrize("standing", sorted({one for act in ACTS for one in act.may}))
async def test_what_they_may_see_over_rest(
    instance: Instance, api: MakeApi, person: Api, standing: str, subtests: pytest.Subtests
) -> None:
    names = await names_for(instance, standing, person, api)
    for act in ACTS:
        if reads(act) and standing in act.may:
            with subtests.test(act.name):
                answer = await over_rest(act, person, names)

                assert answer.is_success, answer.text


@pytest.mark.parametrize("standing", sorted({one for act in ACTS for one in act.may}))
async def test_what_they_may_over_rest(
    instance: Instance, api: MakeApi, person: Api, standing: str, subtests: pytest.Subtests
) -> None:
    for act in ACTS:
        if act.rest and not reads(act) and standing in act.may:
            with subtests.test(act.name):
                names = await names_for(instance, standing, person, api)

                answer = await over_rest(act, person, names)

                assert answer.is_success, answer.text


@pytest.mark.parametrize("standing", STANDINGS)
async def test_what_they_may_not_over_rest(
    instance: Instance, api: MakeApi, person: Api, standing: str, subtests: pytest.Subtests
) -> None:
    """One act after the other: a refused one changes nothing."""
    names = await names_for(instance, standing, person, api)
    asking = api("nobody") if standing == STRANGER else person
    for act in ACTS:
        if act.rest is None or standing in act.may:
            continue
        with subtests.test(act.name):
            answer = await over_rest(act, asking, names)

            assert problem(answer) == (403, refusal(act, standing))
            assert "somebody else's" not in answer.text


@pytest.mark.parametrize("standing", STANDINGS)
async def test_on_the_socket(
    instance: Instance, api: MakeApi, person: Api, standing: str, subtests: pytest.Subtests
) -> None:
    """A refused act changes nothing; after another one, the next has a conversation of its own."""
    names = await names_for(instance, standing, person, api)
    socket = Wire(instance, "nobody" if standing == STRANGER else "person")
    try:
        if standing == BANNED:
            assert await socket.close_code() == 4503
            return
        await socket.opened()
        for act in sorted(ACTS, key=lambda act: standing in act.may):
            if act.command is None:
                continue
            with subtests.test(act.name):
                if standing in act.may:
                    names = await names_for(instance, standing, person, api)
                kind, fields = act.command

                answer = await socket.ask(
                    kind, conversation_id=names["id"], **(filled(fields, names) or {})
                )

                if standing in act.may:
                    assert answer["type"] == "reply", answer
                else:
                    assert (answer["type"], answer["status"]) == ("error", 403)
                    assert answer["code"] == refusal(act, standing)
    finally:
        await socket.end()


@pytest.mark.parametrize("standing", STANDINGS)
async def test_syncing(instance: Instance, api: MakeApi, person: Api, standing: str) -> None:
    """Of what somebody is not in, a sync answers that it is forbidden, and nothing else."""
    names = await names_for(instance, standing, person, api)
    socket = Wire(instance, "nobody" if standing == STRANGER else "person")
    try:
        if standing == BANNED:
            assert await socket.close_code() == 4503
            return
        await socket.opened()

        missing = random_id()
        answer = await socket.ask(
            "conversation.sync", conversations={names["id"]: int(names["since"]), missing: 0}
        )

        changes = answer["data"]["conversations"]
        assert changes[missing]["status"] == "forbidden"
        assert changes[names["id"]]["status"] == ("ok" if standing in INSIDE else "forbidden")
        assert ("somebody else's" in str(changes)) is (standing in INSIDE)
    finally:
        await socket.end()


@pytest.mark.parametrize("again", [False, True], ids=["first", "again"])
@pytest.mark.parametrize("door", ["rest", "command"])
async def test_a_guess_costs_the_same_whether_it_exists_or_not(
    instance: Instance, api: MakeApi, door: str, again: bool, subtests: pytest.Subtests
) -> None:
    """Ids of direct conversations follow from two user ids: neither the answer nor the number and
    kind of the store's operations tells who talks with whom."""
    nobody = api("nobody")
    socket = Wire(instance, "nobody")
    try:
        await socket.opened()
        await instance.epochs.stop()  # these read by themselves, now and then
        await instance.attachments.sweep.stop()
        for number, act in enumerate(act for act in ACTS if getattr(act, door)):
            with subtests.test(act.name):
                exists = await _written(api(f"writer-{number}"), api(f"other-{number}"))

                async def attempt(
                    names: dict[str, str], act: Act = act
                ) -> tuple[Any, Counter[tuple[str, str]]]:
                    before = _operations()
                    refused = await _refused(act, door, nobody, socket, names)
                    return refused, _operations() - before

                if again:
                    await attempt(exists)
                found = await attempt(exists)
                never = {name: random_id() for name in ("id", "own", "theirs")}
                no_message = {**exists, "own": random_id(), "theirs": random_id()}

                assert found == await attempt({**exists, **never}) == await attempt(no_message)
                assert found[0][-1] == "conversation_not_found"
    finally:
        await socket.end()


async def _written(writer: Api, other: Api) -> dict[str, str]:
    """A conversation and its message. Its notification is decided upon: nothing else is under
    way."""
    conversation = await writer.direct(other)
    looked_up = _operations()["get_recipients", "read"]
    theirs = await writer.send(conversation, "secret", client_id="1")
    async with asyncio.timeout(5):
        while _operations()["get_recipients", "read"] == looked_up:
            await asyncio.sleep(0.01)
    return {"id": conversation, "own": theirs["id"], "theirs": theirs["id"], "since": "0"}


async def _refused(
    act: Act, door: str, asking: Api, socket: Wire, names: dict[str, str]
) -> tuple[int, str]:
    if door == "command":
        assert act.command is not None
        kind, fields = act.command
        given = filled(fields, names) or {}
        frame = await socket.ask(kind, conversation_id=names["id"], **given)
        return frame["status"], frame["code"]
    return problem(await over_rest(act, asking, names))


def _operations() -> Counter[tuple[str, str]]:
    """How many documents the store was asked for, by operation and kind."""
    counted: Counter[tuple[str, str]] = Counter()
    for metric in STORE_DOCUMENTS.collect():
        for sample in metric.samples:
            if sample.name.endswith("_total"):
                counted[sample.labels["operation"], sample.labels["kind"]] += int(sample.value)
    return counted


def test_every_endpoint_and_command_has_its_row() -> None:
    """Of those about one conversation."""
    rows = set()
    for act in ACTS:
        if act.rest is not None and not act.rest[1].startswith("/"):
            method, path, _ = act.rest
            path = re.sub(r"{own}|{theirs}", "{message_id}", path.partition("?")[0])
            path = re.sub("(?<=reactions/).+", "{emoji}", path)
            rows.add((method, re.sub("(?<=participants/).+", "{user_id}", path)))
    assert rows == {
        (method, path.removeprefix(_PREFIX).removeprefix("/"))
        for _, method, path in operations()
        if path.startswith(_PREFIX)
    }

    assert {act.command[0] for act in ACTS if act.command is not None} == {
        kind
        for kind, command in commands.COMMANDS.items()
        if "conversation_id" in command.serializer().fields
    }
