"""People whom a loaded file names: erasures find them, and are applied to them again."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import chain
from pathlib import Path
from uuid import uuid4

import orjson
import pytest
from asgiref.sync import sync_to_async
from django.core.management import CommandError, call_command

from messaging.domain.conversation import ConversationKind
from messaging.domain.identifiers import random_id
from messaging.domain.message import MessageKind, PersonReactions, ReactionSummary
from messaging.domain.participant import Participant, Role
from messaging.exchange.lines import encode
from messaging.exchange.records import ConversationEnd, End, FullMessage, Header, Person, Record
from messaging.models import JobRecord
from messaging.personal_data.evidence import Evidence
from messaging.personal_data.runner import Jobs
from messaging.runtime.instance import Instance
from messaging.services.exchange.dumping import Counts
from messaging.services.exchange.file_loading import load_file
from messaging.services.exchange.loading import Load
from tests.integration.chat import Api
from tests.integration.personal_data.conftest import everywhere
from tests.integration.personal_data.test_erasure import erase
from tests.integration.stores.exchange.chats import dumped, loaded
from tests.integration.stores.exchange.small_files import AT, DIRECT, file_with, messages_of

MakeApi = Callable[[str], Api]


def foreign_file(tag: str) -> tuple[bytes, dict[str, str]]:
    """A file of another program, without a position: one message of each of three people. All
    others are only named: one by a reaction, one by a mention, one by a system message. Return the
    user ids by what names them too."""
    names = ("member", "author", "reactor", "mentioned", "reported")
    people = {name: f"{name}.{tag}" for name in names}
    member = Participant(user_id=people["member"], role=Role.OWNER, joined_version=0)
    group = replace(
        DIRECT,
        id=random_id(),
        kind=ConversationKind.GROUP,
        participants={member.user_id: member},
    )
    conversation, full = messages_of(group, ["of the author", "of the member", ""])
    author, own, report = (one.message for one in full)
    emojis = PersonReactions(message_id=own.id, user_id=people["reactor"], emojis=("tea",))
    full = [
        replace(full[0], message=replace(author, sender_id=people["author"])),
        FullMessage(
            message=replace(
                own,
                sender_id=member.user_id,
                mentions=(people["mentioned"],),
                reactions={"tea": ReactionSummary(count=1, user_ids=(people["reactor"],))},
            ),
            reactions=(emojis,),
        ),
        FullMessage(
            message=replace(
                report,
                sender_id="service:system",
                kind=MessageKind.SYSTEM,
                metadata=orjson.dumps(
                    {"event": "participant_added", "user_ids": [people["reported"]], "by": None}
                ).decode(),
            )
        ),
    ]
    records: list[Record] = [
        Header(made_at=AT, id=f"file-{tag}"),
        replace(conversation, sent_seq={member.user_id: 2}),
        *full,
        ConversationEnd(conversation_id=group.id, messages=len(full)),
    ]
    lines = map(encode, chain(records, [End(records=len(records))]))
    return b"".join(lines), people


@everywhere
async def test_everyone_whom_a_foreign_file_names_is_erased(
    instance: Instance, jobs: Jobs, api: MakeApi
) -> None:
    """A file of another program may have no read positions, by which erasures find people."""
    file, people = foreign_file(uuid4().hex[:10])
    await loaded(file, instance.stores)
    before = await conversations_of(instance)
    assert all(user_id.encode() in before for user_id in people.values())

    for user_id in people.values():
        done = await erase(instance, jobs, user_id)
        assert done.counts["conversations"] == 1

    left = await conversations_of(instance)
    assert b"of the author" not in left
    assert [user_id for user_id in people.values() if user_id.encode() in left] == []


async def conversations_of(instance: Instance) -> bytes:
    """What a dump has besides people: their sign-ins stay revoked for a day."""
    lines = (await dumped(instance.stores)).splitlines()
    return b"\n".join(line for line in lines if b'"record":"person"' not in line)


def _load(path: Path) -> str:
    out = StringIO()
    call_command("load_conversations", str(path), stdout=out, stderr=StringIO())
    return out.getvalue()


async def noted(instance: Instance, user_id: str, *, erased_at: datetime) -> None:
    """Keep the receipt of an erasure."""
    evidence = Evidence(instance.attachments.storage)
    await evidence.put(user_id, {"erased_at": erased_at.isoformat()})


async def test_whom_an_old_file_brings_back_is_erased_again(
    instance: Instance, jobs: Jobs, api: MakeApi, tmp_path: Path
) -> None:
    """And the command says so. Nobody else; and an operator decides about who came back."""
    path = tmp_path / "old.jsonl"
    path.write_bytes(
        file_with(["of Ann"], Person(user_id="ann", name="Ann"), Person(user_id="bob"))
    )
    for user_id in ("ann", "bob", "cid"):
        await noted(instance, user_id, erased_at=datetime.now(UTC) - timedelta(hours=1))
    await api("bob").group()

    printed = await sync_to_async(_load)(path)

    job = await JobRecord.objects.aget()
    assert (job.person_id, job.actor) == ("ann", "load_conversations")
    assert f"A restored person is erased again: job {job.id}." in printed
    assert "'bob' was erased and came back since." in printed
    await jobs.run_one(job.id)
    assert b"of Ann" not in await dumped(instance.stores)
    assert (await instance.people.get_profiles(["ann"]))["ann"].name is None


async def test_who_was_back_when_the_file_was_made_stays(
    instance: Instance, tmp_path: Path
) -> None:
    """Not so for an import: its export may be of any time."""
    path = tmp_path / "new.jsonl"
    file = file_with(["of Ann"], Person(user_id="ann"))
    path.write_bytes(file)
    await noted(instance, "ann", erased_at=AT - timedelta(days=1))

    assert "erased again" not in await sync_to_async(_load)(path)
    assert not await JobRecord.objects.aexists()

    path.write_bytes(file.replace(b'"source":""', b'"source":"csv"'))
    assert "erased again" in await sync_to_async(_load)(path)
    assert (await JobRecord.objects.aget()).person_id == "ann"


async def test_a_load_that_ends_at_a_line_erases_again_too(
    instance: Instance, tmp_path: Path
) -> None:
    """What is loaded by then stays."""
    path = tmp_path / "old.jsonl"
    conversation, _ = messages_of(DIRECT, [])
    stored = file_with(["another text of Bob"], conversation=conversation)
    await loaded(stored, instance.stores)
    path.write_bytes(file_with(["of Ann"], Person(user_id="ann"), id_="other"))
    await noted(instance, "ann", erased_at=datetime.now(UTC))

    with pytest.raises(CommandError, match="The load stopped there"):
        await sync_to_async(_load)(path)

    assert (await JobRecord.objects.aget()).person_id == "ann"


async def test_whom_an_erasure_during_the_load_removed_is_erased_again(
    instance: Instance, jobs: Jobs, tmp_path: Path
) -> None:
    """The load has read the receipts before. It brings back what came behind the erasure."""
    path = tmp_path / "old.jsonl"
    path.write_bytes(file_with(["of Ann"], Person(user_id="ann", name="Ann")))
    evidence, stores = Evidence(instance.attachments.storage), instance.stores
    said: list[str] = []

    def on_progress(counts: Counts, at: int) -> None:
        if counts.people and not counts.conversations:
            erased = noted(instance, "ann", erased_at=datetime.now(UTC))
            with ThreadPoolExecutor() as threads:
                threads.submit(asyncio.run, erased).result()

    problems = await load_file(
        path,
        Load(stores),
        stores,
        evidence=evidence,
        command="load_conversations",
        on_progress=on_progress,
        show=said.append,
    )

    assert problems == 0
    job = await JobRecord.objects.aget()
    assert (job.person_id, said) == ("ann", [f"A restored person is erased again: job {job.id}."])
    await jobs.run_one(job.id)
    assert b"of Ann" not in await dumped(instance.stores)
