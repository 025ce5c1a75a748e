"""A conversation that cannot be read holds up no other one: each command names it, does the others,
and fails in the end."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.management import CommandError, call_command
from google.cloud import firestore

from messaging.domain.personal_data.jobs import JobState
from messaging.models import ConversationRecord, JobRecord, MessageRecord
from messaging.personal_data.requests import request_erasure
from messaging.personal_data.runner import Jobs
from messaging.runtime.instance import Instance
from messaging.services import sessions
from messaging.services.exchange.dumping import Dump
from messaging.services.operators.findings import Drift
from messaging.services.operators.verification import verify_conversation
from tests.frames import read_frame
from tests.integration.chat import Api, ok
from tests.integration.personal_data import PAST
from tests.integration.personal_data.conftest import everywhere
from tests.integration.personal_data.test_erasure import BY
from tests.integration.personal_data.test_export import content_of, export
from tests.integration.stores.exchange.chats import dumped, problems
from tests.outlets import Outlet

MakeApi = Callable[[str], Api]
BROKEN = [{"broken": True}]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    sound: str
    message: str
    """Of this conversation the message number 2 cannot be read."""
    second: str
    """The id of this message."""
    row: str
    """This one's own record cannot be read."""


async def scene(instance: Instance, api: MakeApi) -> Scene:
    """Three groups of Eve and Ann. In each, Eve has written three messages, the last one is
    Ann's."""
    eve, ann = api("eve"), api("ann")
    groups = []
    for name in ("sound", "message", "row"):
        group = await ann.group(eve, title=name)
        for number in range(3):
            await eve.send(group, f"{name} {number}")
        await ann.send(group, f"{name} of Ann")
        groups.append(group)
    sound, message, row = groups
    second = await damage(instance, message=message, row=row)
    return Scene(sound=sound, message=message, second=second, row=row)


async def damage(instance: Instance, *, message: str, row: str) -> str:
    """Return the id of the message number 2."""
    (second,) = await instance.store.list_messages(message, first_seq=2, last_seq=2)
    await write(message, second.id, BROKEN, row, {"ann": {"muted_until": "king"}})
    return second.id


async def repair(instance: Instance, scene: Scene) -> None:
    (first,) = await instance.store.list_messages(scene.message, first_seq=1, last_seq=1)
    await write(scene.message, first.id, None, scene.row, {}, everything=True)


async def write(
    message: str, id_: str, files: Any, row: str, own: Any, *, everything: bool = False
) -> None:
    """Write the attachments of a message, or of all, and the preferences of a conversation."""
    if settings.CHAT_STORE == "firestore":
        await sync_to_async(_write_documents)(message, None if everything else id_, files, row, own)
        return
    messages = MessageRecord.objects.filter(conversation_id=message)
    await (messages if everything else messages.filter(id=id_)).aupdate(attachments=files)
    await ConversationRecord.objects.filter(id=row).aupdate(preferences=own)


def _write_documents(message: str, id_: str | None, files: Any, row: str, own: Any) -> None:
    client = firestore.Client(project=settings.GOOGLE_CLOUD_PROJECT)
    conversations = client.collection("conversations")
    messages = conversations.document(message).collection("messages")
    ids = [one.id for one in messages.list_documents()] if id_ is None else [id_]
    for one in ids:
        messages.document(one).update({"attachments": files or []})
    last = BROKEN if own else []  # a document has a copy of the latest message
    conversations.document(row).update({"last_message.attachments": last})
    client.close()


def records(lines: Iterable[bytes]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines]


@everywhere
async def test_a_dump_leaves_it_out(instance: Instance, api: MakeApi) -> None:
    """As a whole: the file is complete without it."""
    world, file = await scene(instance, api), BytesIO()
    said: list[str] = []
    dump = Dump(
        store=instance.store,
        exchange=instance.stores.exchange,
        write=file.write,
        on_damaged=said.append,
    )

    await dump.everything(source="test")

    assert dump.damaged == 2
    by_message, by_row = sorted(said, key=lambda one: world.row in one)
    assert f"Conversation {world.message}: the message after number 1 cannot be read" in by_message
    assert f"Conversation {world.row}: its own record" in by_row
    named = [one for one in records(file.getvalue().splitlines()) if one["record"] != "person"]
    assert {one["id"] for one in named if one["record"] == "conversation"} == {world.sound}
    assert problems(file.getvalue()) == []


async def test_the_command_fails_in_the_end(
    instance: Instance, api: MakeApi, tmp_path: Path
) -> None:
    world, errors = await scene(instance, api), StringIO()
    path = tmp_path / "chat.jsonl"

    with pytest.raises(CommandError, match="2 conversations cannot be read"):
        await sync_to_async(call_command)("dump_conversations", str(path), stderr=errors)

    assert world.message in errors.getvalue()
    assert world.row in errors.getvalue()
    with pytest.raises(CommandError, match="1 conversations cannot be read"):
        await sync_to_async(call_command)(
            "dump_conversations", "-", "--conversation", world.row, stderr=StringIO()
        )
    checked = StringIO()
    await sync_to_async(call_command)("load_conversations", str(path), "--dry-run", stdout=checked)
    assert "No problem" in checked.getvalue()


async def test_a_load_stops_at_its_line(instance: Instance, api: MakeApi, tmp_path: Path) -> None:
    """It has to compare the conversation of the file with the one of the store."""
    ann, path = api("ann"), tmp_path / "chat.jsonl"
    group = await ann.group()
    for number in range(3):
        await ann.send(group, f"text {number}")
    path.write_bytes(await dumped(instance.stores))
    kinds = [one["record"] for one in records(path.read_bytes().splitlines())]
    await damage(instance, message=group, row=group)

    for kind in ("conversation", "conversation_end"):
        line = 1 + kinds.index(kind)
        with pytest.raises(CommandError, match=f"line {line}: .*cannot be read"):
            await sync_to_async(call_command)(
                "load_conversations", str(path), stdout=StringIO(), stderr=StringIO()
            )
        await ConversationRecord.objects.aupdate(preferences={})


@everywhere
async def test_an_export_has_the_rest(
    instance: Instance, jobs: Jobs, api: MakeApi, tmp_path: Path
) -> None:
    """All messages but the one that cannot be read. The job names the conversations."""
    world = await scene(instance, api)

    done = await export(instance, jobs, "eve")

    assert done.state is JobState.DONE
    assert done.result is not None
    assert set(done.result["damaged_conversations"]) == {world.message, world.row}
    lines = records((await content_of(instance, done, tmp_path)).splitlines())
    texts = [one["text"] for one in lines if one["record"] == "message"]
    assert sorted(texts) == ["message 0", "message 2", "sound 0", "sound 1", "sound 2"]
    with pytest.raises(CommandError, match="lacks what cannot be read"):
        await sync_to_async(call_command)(
            "export_user", "eve", "--output", str(tmp_path / "eve.jsonl"), stdout=StringIO()
        )
    assert (tmp_path / "eve.jsonl").exists()


@everywhere
async def test_an_erasure_does_the_rest_and_is_not_done(
    instance: Instance, jobs: Jobs, api: MakeApi
) -> None:
    """The job names the conversations. Once they are repaired, it ends."""
    world = await scene(instance, api)
    await instance.people.set_profile("eve", {"name": "Eve"})
    asked = await request_erasure(instance.database, person_id="eve", by=BY)

    failed = await jobs.run_one(asked.id)

    assert failed is not None
    assert (failed.state, failed.attempts) == (JobState.RUNNING, 1)
    assert failed.result is not None
    assert set(failed.result["failed_conversations"]) == {world.message, world.row}
    sound = await instance.store.list_messages(world.sound, first_seq=1, last_seq=3)
    assert {one.text for one in sound} == {None}
    assert (await instance.people.get_profiles(["eve"]))["eve"].name is None
    await repair(instance, world)
    await JobRecord.objects.filter(id=asked.id).aupdate(due_at=PAST)

    done = await jobs.run_one(asked.id)

    assert done is not None
    assert done.state is JobState.DONE
    for group in (world.message, world.row):
        messages = await instance.store.list_messages(group, first_seq=1, last_seq=3)
        assert {one.text for one in messages} == {None}


@everywhere
async def test_a_verification_says_where(instance: Instance, api: MakeApi) -> None:
    world = await scene(instance, api)

    of_message, of_row = [
        (await verify_conversation(store=instance.store, conversation_id=one)).findings
        for one in (world.message, world.row)
    ]

    assert [one.drift for one in (*of_message, *of_row)] == [Drift.UNREADABLE] * 2
    assert "the message number 2 cannot be read" in of_message[0].detail


@everywhere
async def test_a_look_at_the_changes_names_it(instance: Instance, api: MakeApi) -> None:
    """Polls, and the sweeps of followers and retention, therefore find the others."""
    world = await scene(instance, api)

    changed = await instance.store.list_changed_conversations(since=PAST)

    assert list(changed.unreadable) == [world.row]
    assert {one.id for one in changed.conversations} == {world.sound, world.message}


@everywhere
async def test_lists_leave_it_out(instance: Instance, api: MakeApi) -> None:
    """The person's own list, the total of what is unread, `hello`, what a search has found, and the
    lists of the admin."""
    world, ann = await scene(instance, api), api("ann")
    readable = {world.sound, world.message}

    listed: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = ok(await ann.get("/conversations", limit=1, **cursor))
        listed += [one["id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert set(listed) == readable
    assert ok(await ann.get("/me"))["unread_total"] == 0
    frames: list[str] = []
    connection = await sessions.open_session(
        instance, user_id="ann", signed_in_at=datetime.now(UTC), outlet=Outlet(frames.append)
    )
    sessions.close_session(instance, connection)
    assert set(read_frame(frames[0])["data"]["conversations"]) >= readable

    (first,) = await instance.store.list_messages(world.message, first_seq=1, last_seq=1)
    found = await instance.store.get_messages_of({world.message: [first.id, world.second]})
    assert list(found) == [first.id]

    whole = await instance.store.list_conversations("ann", limit=3)
    assert {one.id for one in whole.conversations} == readable
    assert {one.id for one in await instance.catalogue.list_conversations(limit=2)} == readable
