"""Nobody who joined late sees an earlier message, whatever door they knock at.

A test holds the table of doors against the API and the socket: a new one must be listed here, with
what it does when a person asks for a message from before their joining.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from pytest_django.fixtures import Settings

from chat.payloads.renderers import render_json
from chat.socket.commands import COMMANDS, handle
from chat.socket.frames import ReceivedCommand
from chat.state import ApplicationState
from messaging.delivery.hub.connections import Connection
from messaging.domain.exceptions import InvalidRequest, MessagingError
from messaging.notifications.decisions import circumstances_of
from messaging.notifications.policy import Stage
from messaging.runtime.instance import Instance
from messaging.services import sessions
from tests.frames import read_frame
from tests.integration.chat import Api, Json, ok, problem, schema, wrong_fields
from tests.integration.chat.rest.files import attach
from tests.outlets import SIGNED_IN_AT, Outlet

SECRET = "secret"
"""It is in each message that Bob may not see, and in nothing else."""


@dataclass(frozen=True, kw_only=True)
class Late:
    """Bob is back in Ann's group, as an admin. He was there before, and wrote then."""

    ann: Api
    bob: Api
    group: str
    theirs: str
    """Ann's message, from before."""
    own: str
    """Bob's own, from before."""
    file: str
    """In Ann's message."""
    state: ApplicationState
    connection: Connection
    frames: list[str]

    @property
    def path(self) -> str:
        return f"/conversations/{self.group}"

    @property
    def hidden(self) -> tuple[str, str]:
        return self.theirs, self.own

    async def command(self, kind: str, **fields: Any) -> Json:
        if "conversations" not in fields:
            fields["conversation_id"] = self.group
        received = ReceivedCommand(id=1, type=kind, fields=fields)
        return await handle(self.state, received, self.connection)

    async def refusal(self, kind: str, **fields: Any) -> MessagingError:
        with pytest.raises(MessagingError) as refused:
            await self.command(kind, **fields)
        return refused.value


@pytest.fixture
def search_is_on(settings: Settings) -> None:
    settings.CHAT_SEARCH = "database"


@pytest_asyncio.fixture
async def late(
    search_is_on: None, instance: Instance, state: ApplicationState, ann: Api, bob: Api
) -> Any:
    answer = await ann.post(
        "/conversations", kind="group", participant_ids=["bob"], history="since_joining"
    )
    group = answer.json()["id"]
    file = (await attach(ann, group, filename=f"{SECRET}.pdf"))["id"]
    theirs = await ann.send(group, SECRET, attachments=[file])
    own = await bob.send(group, f"own {SECRET}")
    for message in (theirs, own):
        ok(await ann.request("PUT", f"/conversations/{group}/messages/{message['id']}/pin"))
    await ann.delete(f"/conversations/{group}/participants/bob")
    assert ok(
        await ann.post(f"/conversations/{group}/participants", user_ids=["bob"], role="admin")
    )
    await instance.start()
    frames: list[str] = []
    connection = await sessions.open_session(
        instance, user_id="bob", signed_in_at=SIGNED_IN_AT, outlet=Outlet(frames.append)
    )
    yield Late(
        ann=ann,
        bob=bob,
        group=group,
        theirs=theirs["id"],
        own=own["id"],
        file=file,
        state=state,
        connection=connection,
        frames=frames,
    )
    sessions.close_session(instance, connection)


def shows_nothing(answer: object) -> None:
    """What is shown of a message, wherever it stands."""
    assert SECRET not in json.dumps(answer)


# What each door does


async def not_found(late: Late, method: str, path: str, **options: Any) -> None:
    """404, as for a message that never was."""
    for message_id in (*late.hidden, "a" * 26):
        answer = await late.bob.request(method, path.format(id=message_id), **options)
        assert problem(answer) == (404, "message_not_found")


def on_message(method: str, after: str = "", **options: Any) -> "Door":
    async def check(late: Late) -> None:
        await not_found(late, method, f"{late.path}/messages/{{id}}{after}", **options)

    return check


async def pages(late: Late) -> None:
    """There is nothing before what one may see, wherever the page begins."""
    path = f"{late.path}/messages"
    for query in ({}, {"before": 3}, {"around": 1}, {"after": 0}, {"around": 3}, {"before": 99}):
        page = ok(await late.bob.get(path, limit=2, **query))
        assert (page["items"], page["has_more_before"]) == ([], False), query
    assert ok(await late.bob.get(path, ids=",".join(late.hidden)))["items"] == []
    await late.ann.send(late.group, "three")
    await late.bob.send(late.group, "four")
    for query in ({}, {"around": 1}, {"after": 0}, {"around": 3}, {"before": 99}):
        page = ok(await late.bob.get(path, limit=2, **query))
        assert [message["text"] for message in page["items"]] == ["three", "four"], query
        assert (page["has_more_before"], page["has_more_after"]) == (False, False)
    page = ok(await late.bob.get(path, before=3))
    assert (page["items"], page["has_more_before"], page["has_more_after"]) == ([], False, True)
    assert len(ok(await late.ann.get(path))["items"]) == 4


async def a_conversation(late: Late) -> None:
    """The latest message is null in every answer, but its number is known."""
    answers = [
        await late.bob.get(late.path),
        await late.bob.patch(late.path, title="Coffee"),
        await late.bob.post(f"{late.path}/participants", user_ids=["cid"]),
    ]
    listed = ok(await late.bob.get("/conversations"))["items"]
    for one in (*map(ok, answers), *listed):
        assert (one["last_message"], one["seq"], one["visible_from"]) == (None, 2, 3)
        shows_nothing(one)
    assert (await late.ann.conversation(late.group))["last_message"]["id"] == late.own
    await late.ann.send(late.group, "three")
    assert (await late.bob.conversation(late.group))["last_message"]["text"] == "three"


async def replies(late: Late) -> None:
    for message_id in (*late.hidden, "a" * 26):
        answer = await late.bob.post(f"{late.path}/messages", text="re", reply_to=message_id)
        assert wrong_fields(answer) == [("reply_to", "does_not_exist")]
        refusal = await late.refusal(
            "message.send", text="re", client_id=message_id, reply_to=message_id
        )
        assert isinstance(refusal, InvalidRequest)
        assert [error.code for error in refusal.errors] == ["does_not_exist"]


async def changes(late: Late) -> None:
    """What happened to an earlier message is a version without a message."""
    since = await late.ann.version(late.group)
    await late.ann.patch(f"{late.path}/messages/{late.theirs}", text=f"changed {SECRET}")
    synced = await late.command("conversation.sync", conversations={late.group: since})
    for found in (
        ok(await late.bob.get(f"{late.path}/changes", since=since)),
        json.loads(render_json(synced))["conversations"][late.group],
    ):
        assert (found["status"], found["version"], found["messages"]) == ("ok", since + 1, [])
        assert found["conversation"]["last_message"] is None
        shows_nothing(found)
    await late.ann.send(late.group, "three")
    found = ok(await late.bob.get(f"{late.path}/changes", since=since, limit=1))
    assert (found["messages"], found["version"], found["more"]) == ([], since + 1, True)
    found = ok(await late.bob.get(f"{late.path}/changes", since=found["version"], limit=1))
    assert [message["text"] for message in found["messages"]] == ["three"]


async def pins(late: Late) -> None:
    assert ok(await late.bob.get(f"{late.path}/pins"))["items"] == []
    assert len(ok(await late.ann.get(f"{late.path}/pins"))["items"]) == 2


async def files(late: Late) -> None:
    """No address of an earlier one, asked for by its id or not."""
    path = f"{late.path}/attachments"
    for query in ({}, {"ids": late.file}):
        assert ok(await late.bob.get(path, **query))["items"] == []
        assert len(ok(await late.ann.get(path, **query))["items"]) == 1


async def reports(late: Late) -> None:
    for message_id in (*late.hidden, "a" * 26):
        answer = await late.bob.post(
            "/reports", conversation_id=late.group, message_id=message_id, reason="spam"
        )
        assert problem(answer) == (404, "message_not_found")


async def deliveries(late: Late) -> None:
    """Nor is Bob among those whom it was for."""
    await not_found(late, "GET", f"{late.path}/messages/{{id}}/delivery")
    shown = ok(await late.ann.get(f"{late.path}/messages/{late.theirs}/delivery"))
    assert shown["items"] == []


async def marks(late: Late) -> None:
    answer = await late.bob.request("PUT", f"{late.path}/unread", json={"seq": 2})
    assert problem(answer) == (404, "message_not_found")


async def search(late: Late) -> None:
    index = late.state.instance.search
    assert index is not None
    await index.catch_up()
    assert ok(await late.bob.get("/search", q=SECRET))["items"] == []
    assert len(ok(await late.ann.get("/search", q=SECRET))["items"]) == 2


def refused_command(kind: str, **fields: Any) -> "Door":
    async def check(late: Late) -> None:
        for message_id in (*late.hidden, "a" * 26):
            refusal = await late.refusal(kind, message_id=message_id, **fields)
            assert refusal.code == "message_not_found"

    return check


async def nothing(late: Late) -> None:
    """It neither takes nor shows a message."""


Door = Callable[[Late], Awaitable[None]]
TEXT: Json = {"json": {"text": "changed"}}
PATHS: Mapping[str, Door] = {
    "list_messages": pages,
    "get_message": on_message("GET"),
    "edit_message": on_message("PATCH", **TEXT),
    "delete_message": on_message("DELETE"),
    "pin_message": on_message("PUT", "/pin"),
    "unpin_message": on_message("DELETE", "/pin"),
    "list_pins": pins,
    "add_reaction": on_message("PUT", "/reactions/tea"),
    "remove_reaction": on_message("DELETE", "/reactions/tea"),
    "list_reactions": on_message("GET", "/reactions/tea"),
    "list_attachments": files,
    "search_messages": search,
    "get_delivery": deliveries,
    "report_message": reports,
    "send_message": replies,
    "list_changes": changes,
    "list_conversations": a_conversation,
    "create_conversation": a_conversation,
    "get_conversation": a_conversation,
    "update_conversation": a_conversation,
    "add_participants": a_conversation,
    "mark_unread": marks,
    **dict.fromkeys(
        (
            *("list_blocks", "block_person", "unblock_person", "list_users", "get_presence"),
            *("update_participant", "remove_participant", "list_receipts", "mark_read"),
            *("get_conversation_preferences", "update_conversation_preferences", "set_typing"),
            *("unmark_unread", "create_development_token", "log_out_everywhere"),
            *("list_devices", "register_device", "remove_device", "get_me", "update_me"),
            *("get_preferences", "update_preferences"),
            *("announce_attachment", "complete_attachment"),
        ),
        nothing,
    ),
}
"""By the id of the operation."""
COMMANDS_: Mapping[str, Door] = {
    "message.send": replies,
    "message.edit": refused_command("message.edit", text="changed"),
    "message.delete": refused_command("message.delete"),
    "reaction.add": refused_command("reaction.add", emoji="tea"),
    "reaction.remove": refused_command("reaction.remove", emoji="tea"),
    "conversation.sync": changes,
    **dict.fromkeys(
        (
            *("receipt.read", "receipt.delivered", "typing.start", "typing.stop", "ping"),
            *("receipts.sync", "auth.refresh", "presence.watch", "activity"),
        ),
        nothing,
    ),
}


def test_every_door_is_listed() -> None:
    """Add a new one to the tables above, and say what it does."""
    operations = {
        operation["operationId"]
        for item in schema()["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict)
        and operation.get("security") != [{"service": []}]  # not for people
    }
    assert PATHS.keys() == operations
    assert COMMANDS_.keys() == COMMANDS.keys()


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, id="+".join(names))
        for check, names in {
            door: [name for name, one in {**PATHS, **COMMANDS_}.items() if one is door]
            for door in (*PATHS.values(), *COMMANDS_.values())
        }.items()
        if check is not nothing
    ],
)
async def test_a_door(late: Late, check: Door) -> None:
    await check(late)
    for frame in late.frames:
        shows_nothing(read_frame(frame))


async def test_no_push(instance: Instance, late: Late) -> None:
    """Not even one that waited while Bob was out."""
    conversation = await instance.store.get_conversation(late.group)
    assert conversation is not None
    found = await instance.store.get_messages(late.group, late.hidden)

    for message in found.values():
        known = circumstances_of("bob", conversation, message, Stage.SENT, read=False)
        assert not known.participant


async def test_switching_concerns_later_joiners(ann: Api, bob: Api, cid: Api) -> None:
    """Those who are there keep what they see, and those who come back see what holds then."""
    group = await ann.group(bob)
    path = f"/conversations/{group}"
    await ann.send(group)
    ok(await ann.patch(path, history="since_joining"))
    ok(await ann.post(f"{path}/participants", user_ids=["cid"]))
    assert [await first_seen(person, group) for person in (ann, bob, cid)] == [1, 1, 2]

    await ann.send(group)
    ok(await ann.patch(path, history="full"))
    assert [await first_seen(person, group) for person in (ann, bob, cid)] == [1, 1, 2]
    await cid.delete(f"{path}/participants/me")
    ok(await ann.patch(path, history="since_joining"))
    await ann.delete(f"{path}/participants/bob")
    ok(await ann.post(f"{path}/participants", user_ids=["bob"]))
    assert await first_seen(bob, group) == 3


async def first_seen(person: Api, group: str) -> int:
    """Where the history begins for this person."""
    seq: int = (await person.conversation(group))["visible_from"]
    page = ok(await person.get(f"/conversations/{group}/messages"))
    assert [one["seq"] for one in page["items"][:1]] in ([], [seq])
    return seq
