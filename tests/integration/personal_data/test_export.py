"""A person is exported: one file of what they wrote and set, which expires."""

import hashlib
import json
from collections.abc import Callable, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.management import CommandError, call_command

from messaging.domain.personal_data.audit import Actor, ActorKind
from messaging.domain.personal_data.jobs import Job, JobState
from messaging.exchange.lines import decode
from messaging.files.keys import new_part, stored_key
from messaging.files.storage import Served
from messaging.models import AuditEntryRecord, JobRecord
from messaging.personal_data import own_conversations
from messaging.personal_data.requests import request_export
from messaging.personal_data.runner import Jobs
from messaging.runtime.instance import Instance
from tests.integration.chat import Api
from tests.integration.personal_data import PAST, places_of
from tests.integration.personal_data.conftest import everywhere_at_length
from tests.integration.personal_data.planted import World, plant
from tests.integration.personal_data.test_erasure import erase
from tests.integration.stores.exchange.chats import problems
from tests.metrics import sampled

BY = Actor(kind=ActorKind.COMMAND, name="test")
MakeApi = Callable[[str], Api]
SERVED = Served(content_type="application/jsonl", disposition="attachment")


async def export(instance: Instance, jobs: Jobs, user_id: str) -> Job:
    asked = await request_export(instance.database, person_id=user_id, by=BY)
    done = await jobs.run_one(asked.id)
    assert done is not None
    return done


async def content_of(instance: Instance, job: Job, folder: Path) -> bytes:
    """The file of an export, from the storage."""
    (key,) = await instance.attachments.storage.list_parts(job.id)
    target = folder / "fetched.jsonl"
    await instance.attachments.storage.fetch(key, target, most=1 << 20)
    return target.read_bytes()


def check_lines(lines: Sequence[bytes], world: World) -> None:
    records: list[dict[str, Any]] = [json.loads(line) for line in lines]
    kinds = [record["record"] for record in records]
    assert (kinds[0], kinds[-1]) == ("header", "end")
    assert kinds.count("conversation") == 4
    texts = [record["text"] for record in records if record["record"] == "message"]
    assert len(texts) == 6
    assert {text for text in texts if text} == {
        f"{word} {world.mark}" for word in ("hello", "late", "bye", "alone", "direct")
    }
    whole = b"".join(lines).decode()
    for mine in (f"early {world.mark}", f"token-{world.mark}", f"why {world.mark}"):
        assert mine in whole
    for others in ("of Ann", "answer", "foul"):
        assert others not in whole
    (first,) = [record for record in records if record.get("id") == world.message]
    me = world.eve.user_id
    assert first["reacted"] == [{"user_id": me, "emojis": ["tea"]}]
    assert first["reactions"] == {"tea": {"count": 1, "user_ids": [me]}}
    (reaction,) = [record for record in records if record["record"] == "reaction"]
    assert reaction == {
        "record": "reaction",
        "conversation_id": world.group,
        "message_id": world.theirs,
        "user_id": me,
        "emojis": ["tea"],
    }
    assert world.bob.user_id not in json.dumps([reaction, first])


@everywhere_at_length
async def test_it_has_what_the_person_wrote_and_nothing_of_others(
    instance: Instance, jobs: Jobs, api: MakeApi, tmp_path: Path
) -> None:
    """In the exchange format, with a digest."""
    world = await plant(instance, api)

    done = await export(instance, jobs, world.eve.user_id)

    assert done.state is JobState.DONE
    assert done.result is not None
    content = await content_of(instance, done, tmp_path)
    lines = content.splitlines(keepends=True)
    for line in lines:
        decode(line)
    check_lines(lines, world)
    assert done.result["sha256"] == hashlib.sha256(content).hexdigest()
    assert (done.result["bytes"], done.result["records"]) == (len(content), len(lines))
    assert done.counts == {"conversations": 4, "messages": 6, "reactions": 1, "reports": 1}
    assert any("export of a person" in str(one) for one in problems(content))


async def test_it_has_every_conversation_once(
    instance: Instance, jobs: Jobs, api: MakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are; and a direct one that has no position since an earlier erasure."""
    monkeypatch.setattr(own_conversations, "PAGE", 3)
    monkeypatch.setattr(own_conversations, "POSITIONS", 2)
    eve, ann = api("eve"), api("ann")
    expected = [await eve.group(ann) for _ in range(4)]
    expected += [await eve.direct(api(name)) for name in ("ann", "bob", "cid")]
    left = await ann.group(eve)
    await eve.delete(f"/conversations/{left}/participants/me")
    for unread in expected[-2:]:
        await instance.stores.erasure.remove_position(unread, "eve")

    done = await export(instance, jobs, "eve")

    lines = (await content_of(instance, done, tmp_path)).splitlines()
    records = [json.loads(line) for line in lines]
    ids = [record["id"] for record in records if record["record"] == "conversation"]
    assert sorted(ids) == sorted([*expected, left])


async def test_it_has_the_reports_of_the_person_alone(
    instance: Instance, jobs: Jobs, api: MakeApi, tmp_path: Path
) -> None:
    """It reads no others."""
    eve, ann = api("eve"), api("ann")
    group = await eve.group(ann)
    for who, other in ((eve, ann), (ann, eve)):
        message = await other.send(group, "hello")
        body = {"message_id": message["id"], "conversation_id": group, "reason": "foul"}
        assert (await who.post("/reports", **body)).status_code == 201
    before = reports_read()

    done = await export(instance, jobs, "eve")

    lines = (await content_of(instance, done, tmp_path)).splitlines()
    (report,) = [one for one in map(json.loads, lines) if one["record"] == "report"]
    assert report["reporter_id"] == "eve"
    assert reports_read() - before == 2  # the report, and the query that finds no more


async def test_the_file_expires(instance: Instance, jobs: Jobs, api: MakeApi) -> None:
    """With the name of the person in the job."""
    world = await plant(instance, api)
    done = await export(instance, jobs, world.eve.user_id)
    assert await jobs.run_one(done.id) is None  # not yet
    await JobRecord.objects.filter(id=done.id).aupdate(due_at=PAST)

    await jobs.run_one(done.id)

    record = await JobRecord.objects.aget(id=done.id)
    assert (record.person_id, record.notes, record.due_at) == ("", {}, None)
    assert record.result is not None
    assert record.result["expired"] is True
    assert await instance.attachments.storage.list_parts(done.id) == []


async def test_an_erasure_deletes_the_exports(instance: Instance, jobs: Jobs, api: MakeApi) -> None:
    world = await plant(instance, api)
    done = await export(instance, jobs, world.eve.user_id)

    await erase(instance, jobs, world.eve.user_id)

    assert await instance.attachments.storage.list_parts(done.id) == []
    assert (await JobRecord.objects.aget(id=done.id)).person_id == ""
    assert not [place for place in await places_of(f"hello {world.mark}") if "file" in place]


async def test_an_erasure_meanwhile_leaves_no_file(
    instance: Instance, jobs: Jobs, tmp_path: Path
) -> None:
    """Even if the process of the export stores the file at that moment, and is killed."""
    parts = instance.jobs.parts
    folder = parts.attachments.storage
    asked = await request_export(instance.database, person_id="eve", by=BY)
    await parts.jobs.claim(owner="killed", seconds=60, job_id=asked.id)
    await parts.jobs.end_exports("eve")
    source = tmp_path / "late.jsonl"
    source.write_bytes(b"late")
    await folder.put(source, stored_key(asked.id, new_part()), SERVED)
    record = await JobRecord.objects.aget(id=asked.id)
    assert (record.state, record.person_id) == ("failed", "")
    assert record.due_at is not None
    await JobRecord.objects.filter(id=asked.id).aupdate(due_at=PAST)

    await jobs.run_one(asked.id)

    assert await folder.list_parts(asked.id) == []
    record = await JobRecord.objects.aget(id=asked.id)
    assert (record.state, record.result, record.due_at) == ("failed", None, None)


async def test_the_command_writes_a_new_file(
    instance: Instance, api: MakeApi, tmp_path: Path
) -> None:
    """And records it in the audit trail."""
    world = await plant(instance, api)
    output = tmp_path / "eve.jsonl"

    printed = await sync_to_async(_command)(world.eve.user_id, output)

    assert output.stat().st_mode & 0o777 == 0o600
    assert "4 conversations, 6 messages" in printed
    check_lines(output.read_bytes().splitlines(keepends=True), world)
    with pytest.raises(CommandError, match="exists"):
        await sync_to_async(_command)(world.eve.user_id, output)
    entry = await AuditEntryRecord.objects.filter(action="person.exported").afirst()
    assert entry is not None
    assert entry.actor == "export_user"


def reports_read() -> float:
    """The reports that exports have read so far."""
    labels = [
        {"operation": operation, "kind": "read"}
        for operation in ("list_full_reports", "list_reports_by")
    ]
    name = "chat_store_documents_total"
    return sum(sampled(name, **one) for one in labels)


def _command(user_id: str, output: Path) -> str:
    out = StringIO()
    call_command("export_user", user_id, "--output", str(output), stdout=out)
    return out.getvalue()
