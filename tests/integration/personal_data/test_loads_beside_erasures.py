"""A load beside the erasure of a person whom its file names, and a load that was killed: whoever
was erased stays erased."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.management import CommandError, call_command

from messaging.doctor.findings import Level
from messaging.doctor.loads import examine_loads
from messaging.domain.participant import ReadPosition
from messaging.domain.personal_data.jobs import Job, JobState
from messaging.exchange.records import Person
from messaging.models import (
    ConversationRecord,
    DeletionRecord,
    JobRecord,
    LoadRecord,
    MessageRecord,
)
from messaging.personal_data.erasure import Erasure
from messaging.personal_data.evidence import Evidence
from messaging.personal_data.requests import request_erasure
from messaging.personal_data.runner import Jobs
from messaging.redis.traces import RedisTraces
from messaging.runtime.instance import Instance
from messaging.services.exchange.file_loading import load_file
from messaging.services.exchange.loading import Load
from messaging.services.exchange.resuming import Place, Resuming
from messaging.stores import Stores
from messaging.stores.database.loads import LoadStore
from tests.integration.chat import Api
from tests.integration.doctor.findings import not_well, only
from tests.integration.personal_data import places_of
from tests.integration.personal_data.conftest import everywhere_at_length
from tests.integration.personal_data.test_erasure import BY, erase
from tests.integration.personal_data.test_loaded import noted
from tests.integration.stores.exchange.chats import dumped, loaded
from tests.integration.stores.exchange.small_files import DIRECT, file_with, messages_of

MakeApi = Callable[[str], Api]
Act = Callable[[], Awaitable[object]]


class ActingTraces(RedisTraces):
    """The last step of an erasure before its receipt. Somebody acts after it, once."""

    def __init__(self, act: Act) -> None:
        super().__init__(None)
        self._acts = [act]

    async def remove(self, user_id: str) -> int:
        removed = await super().remove(user_id)
        if self._acts:
            await self._acts.pop()()
        return removed


class ActingExchange:
    """The store of a load. Somebody acts when the positions of a conversation are there, once."""

    def __init__(self, exchange: Any, act: Act) -> None:
        self._exchange = exchange
        self._acts = [act]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._exchange, name)

    async def put_positions(self, conversation_id: str, positions: list[ReadPosition]) -> None:
        await self._exchange.put_positions(conversation_id, positions)
        if self._acts:
            await self._acts.pop()()


async def load(path: Path, stores: Stores, evidence: Evidence) -> list[str]:
    """Load a file, and return what is said about it."""
    said: list[str] = []
    problems = await load_file(
        path,
        Load(stores),
        stores,
        evidence=evidence,
        command="load_conversations",
        on_progress=lambda *_: None,
        show=said.append,
    )
    assert problems == 0
    return said


def erasing_with(instance: Instance, act: Act) -> Jobs:
    """Jobs in whose erasure somebody acts between the last look at the store and the receipt."""
    parts = replace(instance.jobs.parts, redis=ActingTraces(act))
    return Jobs(parts, owner="test", erasure=Erasure(parts, settle_seconds=0))


async def texts(instance: Instance) -> bytes:
    return await dumped(instance.stores)


@everywhere_at_length
async def test_a_load_that_ends_before_the_receipt_is_there(
    instance: Instance, api: MakeApi, tmp_path: Path
) -> None:
    """The load cannot know of the erasure; so the erasure looks once more."""
    await api("ann").group(api("bob"))
    path = tmp_path / "old.jsonl"
    person = Person(user_id="ann", name="Ann of the file", blocked=("cid",))
    path.write_bytes(file_with(["of Ann"], person))
    evidence = Evidence(instance.attachments.storage)
    said: list[str] = []

    async def act() -> None:
        said.extend(await load(path, instance.stores, evidence))

    asked = await request_erasure(instance.database, person_id="ann", by=BY)
    done = await erasing_with(instance, act).run_one(asked.id)

    assert done is not None
    assert (done.state, said) == (JobState.DONE, [])
    assert done.result is not None
    assert done.result["removed"]["messages"] == 1
    assert b"of Ann" not in await texts(instance)
    assert await instance.people.get_blocks(["ann"]) == {"ann": frozenset()}
    assert not await instance.stores.erasure.list_positions("ann", limit=1)


@everywhere_at_length
async def test_a_load_that_is_in_a_conversation_when_the_erasure_ends(
    instance: Instance, jobs: Jobs, api: MakeApi, tmp_path: Path
) -> None:
    """The erasure leaves the incomplete conversation to the load, with the position by which it is
    found; the load asks for another erasure."""
    await api("ann").group(api("bob"))
    path = tmp_path / "old.jsonl"
    conversation, _ = messages_of(DIRECT, [])
    people = {"bob": conversation.participants["bob"]}
    left = replace(conversation, participants=people)  # Ann has left it, her messages are there
    path.write_bytes(file_with(["of Ann"], conversation=left))
    done: list[Job] = []

    async def act() -> None:
        done.append(await erase(instance, jobs, "ann"))

    exchange: Any = ActingExchange(instance.stores.exchange, act)
    stores = replace(instance.stores, exchange=exchange)
    said = await load(path, stores, Evidence(instance.attachments.storage))

    assert [one.state for one in done] == [JobState.DONE]
    again = await JobRecord.objects.exclude(id=done[0].id).aget()
    assert said == [f"A restored person is erased again: job {again.id}."]
    assert b"of Ann" in await texts(instance)
    await jobs.run_one(again.id)
    assert b"of Ann" not in await texts(instance)
    assert not await instance.stores.erasure.list_positions("ann", limit=1)


@everywhere_at_length
async def test_a_load_that_was_killed_and_goes_on(
    instance: Instance, jobs: Jobs, api: MakeApi, tmp_path: Path
) -> None:
    """It did not know whom an erasure has removed since it began."""
    path = tmp_path / "old.jsonl"
    file = file_with(["of Ann"])
    path.write_bytes(file)
    await loaded(file, instance.stores)
    epoch = (await instance.stores.epochs.read_epoch()).epoch.id
    lines = file.splitlines(keepends=True)
    place = Place(line=len(lines) - 1, at=len(b"".join(lines[:-1])))
    Resuming(path, load_id="file", target=epoch).note(place, restored={})
    await noted(instance, "ann", erased_at=datetime.now(UTC))
    await noted(instance, "bob", erased_at=datetime.now(UTC) - timedelta(days=1))

    said = await load(path, instance.stores, Evidence(instance.attachments.storage))

    job = await JobRecord.objects.aget()
    assert job.person_id == "ann"  # and not Bob, whom the killed load knew of
    assert f"A restored person is erased again: job {job.id}." in said
    await jobs.run_one(job.id)
    assert b"of Ann" not in await texts(instance)


async def test_blocks_of_a_file_count_as_brought_back(instance: Instance, tmp_path: Path) -> None:
    """Also if the store still has the revocation of the person's sign-ins."""
    await instance.people.log_out("ann")
    await noted(instance, "ann", erased_at=datetime.now(UTC))
    path = tmp_path / "old.jsonl"
    conversation, _ = messages_of(DIRECT, [])
    people = {"bob": conversation.participants["bob"]}
    person = Person(user_id="ann", blocked=("cid",))
    path.write_bytes(
        file_with([], person, conversation=replace(conversation, participants=people, version=1))
    )

    said = await load(path, instance.stores, Evidence(instance.attachments.storage))

    assert len(said) == 1
    assert (await JobRecord.objects.aget()).person_id == "ann"


async def begun(instance: Instance, *, seen_ago: timedelta) -> None:
    """A load that has begun a conversation, and that was last seen so long ago."""
    conversation, full = messages_of(DIRECT, ["of Ann", "more of Ann"])
    exchange = instance.stores.exchange
    shell = await exchange.begin_load(conversation, "file")
    await exchange.add_messages(shell, full[:1])
    await instance.deletions.begin(conversation.id)
    await LoadStore(instance.database).begin("file", file="old.jsonl", command="load_conversations")
    await LoadRecord.objects.aupdate(seen_at=datetime.now(UTC) - seen_ago)


def give_up() -> str:
    out = StringIO()
    call_command("load_conversations", "--give-up", stdout=out, stderr=StringIO())
    return out.getvalue()


@everywhere_at_length
async def test_a_load_that_was_killed_is_given_up(
    instance: Instance, jobs: Jobs, tmp_path: Path
) -> None:
    """The doctor names it. What is incomplete goes at once, and whom it has brought back is erased
    again."""
    other, _ = messages_of(replace(DIRECT, id="c" * 26), [])
    await loaded(file_with(["early of Ann"], conversation=other), instance.stores)
    await begun(instance, seen_ago=timedelta(hours=1))
    await noted(instance, "ann", erased_at=datetime.now(UTC))
    only(await examine_loads(), Level.WARNING, "old.jsonl", "last seen", "--give-up")

    printed = await sync_to_async(give_up)()

    assert "Gave up the load of old.jsonl" in printed
    assert "1 incomplete conversations were removed." in printed
    job = await JobRecord.objects.aget()
    assert f"A restored person is erased again: job {job.id}." in printed
    await jobs.run_one(job.id)
    assert await places_of("of Ann") == {}
    assert not_well(await examine_loads()) == []
    assert "0 incomplete" in await sync_to_async(give_up)()


async def test_a_damaged_conversation_is_named_and_the_rest_is_given_up(
    instance: Instance,
) -> None:
    damaged, _ = messages_of(replace(DIRECT, id="c" * 26), [])
    await loaded(file_with(["early of Ann"], conversation=damaged), instance.stores)
    await instance.deletions.begin(damaged.id)
    await begun(instance, seen_ago=timedelta(hours=1))
    broken = ConversationRecord.objects.filter(id=damaged.id)
    await broken.aupdate(preferences={"ann": {"muted_until": "king"}})

    with pytest.raises(CommandError, match=f"These conversations cannot be read: {damaged.id}"):
        await sync_to_async(give_up)()

    assert not await LoadRecord.objects.aexists()
    assert not await MessageRecord.objects.exclude(conversation_id=damaged.id).aexists()


async def test_a_running_load_is_left_alone(instance: Instance) -> None:
    await begun(instance, seen_ago=timedelta(0))

    printed = await sync_to_async(give_up)()

    assert "The load of old.jsonl runs, and is left alone." in printed
    assert await places_of("of Ann")
    findings = await examine_loads()
    assert not_well(findings) == []
    assert "old.jsonl" in findings[0].text


async def test_the_doctor_misses_an_instance_that_removes(instance: Instance) -> None:
    """What a load or a deletion has left, without a load that is known."""
    await begun(instance, seen_ago=timedelta(0))
    await LoadRecord.objects.all().adelete()
    await DeletionRecord.objects.aupdate(due_at=datetime.now(UTC) - timedelta(hours=1))

    only(await examine_loads(), Level.WARNING, "1 conversations wait", "instance")

    await instance.deletions.sweep()
    assert not_well(await examine_loads()) == []


async def test_a_load_that_ends_is_forgotten(instance: Instance, tmp_path: Path) -> None:
    """Also one that ends at a line, and one that is stopped: they have looked for erased people."""
    path = tmp_path / "chat.jsonl"
    path.write_bytes(file_with(["of Ann"]))
    await load(path, instance.stores, Evidence(instance.attachments.storage))

    assert not await LoadRecord.objects.aexists()
    path.write_bytes(file_with(["other of Ann"], id_="other"))
    with pytest.raises(CommandError, match="stopped there"):
        await sync_to_async(call_command)(
            "load_conversations", str(path), stdout=StringIO(), stderr=StringIO()
        )
    assert not await LoadRecord.objects.aexists()


@pytest.mark.parametrize("arguments", [[], ["file.jsonl", "--give-up"]])
async def test_either_a_file_or_give_up(arguments: list[str]) -> None:
    with pytest.raises(CommandError, match="--give-up"):
        await sync_to_async(call_command)("load_conversations", *arguments)
