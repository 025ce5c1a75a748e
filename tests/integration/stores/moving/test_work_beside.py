"""What else is under way while the store is moved: an upload, an erasure, a run of retention, the
search index. Each is refused clearly during the freeze, and goes on in the other store."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from config.application import Application
from messaging.concurrency.tasks import start_task
from messaging.domain.files.stored_attachment import AttachmentStatus
from messaging.domain.personal_data.audit import Actor, ActorKind
from messaging.domain.personal_data.jobs import Job, JobState
from messaging.management.stores import opened_stores
from messaging.models import JobRecord, StoreProcessRecord
from messaging.personal_data.erasure import Erasure
from messaging.personal_data.requests import request_erasure, request_retention
from messaging.personal_data.runner import Jobs
from messaging.runtime.instance import Instance
from messaging.services.copying.copying import StoreCopy
from messaging.services.copying.moving import StoreMove
from messaging.stores.switching.move import Phase
from tests.integration.chat import Api, ok, problem
from tests.integration.chat.rest.files import PDF, announce, attach, complete, upload
from tests.integration.personal_data import places_of
from tests.integration.personal_data.planted import plant
from tests.integration.personal_data.retention import age, old_group
from tests.integration.stores.moving.moves import Both, moving, started, until

pytestmark = pytest.mark.django_db(transaction=True)
BY = Actor(kind=ActorKind.COMMAND, name="test")
_FREEZE_SECONDS = 1.5
"""Of a freeze that ends without a switch."""

MakeApi = Callable[[str], Api]


@pytest.fixture(autouse=True)
def _search_and_files(settings: Settings, tmp_path: Path) -> None:
    settings.CHAT_SEARCH = "database"
    settings.CHAT_FILES_DIR = str(tmp_path / "files")


@asynccontextmanager
async def at_work(both: Both) -> AsyncIterator[tuple[StoreMove, Instance, MakeApi]]:
    """A move from SQL to Firestore that has begun, an instance that takes part, and its API."""
    async with moving(both, "sql", "firestore") as move, started() as instance:
        transport = httpx.ASGITransport(app=Application(instance))
        base_url = "http://testserver/api/v1"
        async with httpx.AsyncClient(transport=transport, base_url=base_url) as client:
            yield move, instance, lambda user_id: Api(client, user_id)


async def copied(both: Both) -> None:
    """Compare everything once. From then on, the changes are recorded."""
    at = await both.moves.now()
    await StoreCopy(both.sql, both.firestore).copy_everything()
    assert await both.moves.passed("test", at)


@asynccontextmanager
async def frozen(both: Both, instance: Instance) -> AsyncIterator[None]:
    """A freeze that ends without a switch."""
    watch = instance.store_watch
    assert await both.moves.freeze("test", seconds=_FREEZE_SECONDS)
    await until(lambda: watch.move.phase is Phase.FREEZING)
    yield
    await until(lambda: watch.move.phase is Phase.FOLLOWING)


async def switched(move: StoreMove, instance: Instance) -> None:
    await move.run(attempts=5)
    await move.wait_for_processes("firestore")
    assert instance.store_watch.kind == "firestore"


@asynccontextmanager
async def own_jobs(instance: Instance) -> AsyncIterator[Jobs]:
    """The jobs of an instance, which the test runs by itself."""
    await instance.jobs.stop()
    parts = instance.jobs.parts
    yield Jobs(parts, owner="test", erasure=Erasure(parts, settle_seconds=0))


async def run_on(jobs: Jobs, job_id: str) -> Job:
    """Run a job that was put off, once."""
    past = timezone.now() - timedelta(seconds=1)
    await JobRecord.objects.filter(id=job_id).aupdate(due_at=past, leased_until=None)
    job = await jobs.run_one(job_id)
    assert job is not None
    return job


async def run_until(jobs: Jobs, job_id: str, **reached: int) -> asyncio.Task[Job | None]:
    """Begin a job, and return once it has counted so much."""
    running = start_task(jobs.run_one(job_id))
    (name, number), *_ = reached.items()
    async with asyncio.timeout(60):
        while (await JobRecord.objects.aget(id=job_id)).counts.get(name, 0) < number:
            assert not running.done(), running
            await asyncio.sleep(0.005)
    return running


async def test_an_upload_goes_on_in_the_other_store(both: Both) -> None:
    """Its announcement, its completion and its message are refused during the freeze; the bytes are
    not, for the files stay where they are."""
    async with at_work(both) as (move, instance, api):
        ann, bob = api("ann"), api("bob")
        group = await ann.group(bob)
        ready = await attach(ann, group)
        begun, content = await announce(ann, group), PDF
        await copied(both)
        async with frozen(both, instance):
            announcing = {"filename": "b.pdf", "content_type": "application/pdf", "size": 9}
            path = f"/attachments/{begun['attachment']['id']}/complete"
            assert (await upload(ann, begun, content)).status_code == 200
            for refused in (
                await ann.post("/attachments", conversation_id=group, **announcing),
                await ann.post(path),
                await ann.post(
                    f"/conversations/{group}/messages",
                    text="a",
                    client_id="1",
                    attachments=[ready["id"]],
                ),
            ):
                assert problem(refused) == (503, "store_unavailable")
                assert int(refused.headers["Retry-After"]) > 0
        await switched(move, instance)

        done = ok(await complete(ann, begun))["attachment"]
        ids = [ready["id"], done["id"]]
        sent = await ann.send(group, "a", client_id="1", attachments=ids)
        assert [one["id"] for one in sent["attachments"]] == ids
        shown = ok(await bob.get(f"/conversations/{group}/attachments", ids=",".join(ids)))
        for one in shown["items"]:
            assert (await bob.client.get(one["url"])).content == content
        assert set(await both.firestore.conversations.attachments.get(ids)) == set(ids)


async def test_an_upload_that_is_checked_during_the_switch_becomes_ready(both: Both) -> None:
    """The check takes seconds. What it was read from is not in use any more at its end."""
    async with at_work(both) as (move, instance, api):
        ann = api("ann")
        group = await ann.group()
        begun = await announce(ann, group, PDF)
        await upload(ann, begun, PDF)
        id_ = begun["attachment"]["id"]
        read_before = (await instance.attachments.store.get([id_]))[id_]
        await switched(move, instance)
        done = await instance.attachments.completions.complete(read_before)
        assert done.status is AttachmentStatus.READY
        assert ok(await complete(ann, begun))["attachment"]["status"] == "ready"
        await ann.send(group, "a", client_id="1", attachments=[id_])


async def test_an_erasure_goes_on_in_the_other_store(both: Both, settings: Settings) -> None:
    """Nothing of the person is left but what the receipt names: also the former store, which an
    erasure does not reach any more."""
    async with at_work(both) as (move, instance, api), own_jobs(instance) as jobs:
        world = await plant(instance, api)
        eve, ann = world.eve, world.ann
        for number in range(20):
            group = await eve.group(ann, title=f"{world.mark} {number}")
            await eve.send(group, f"{world.mark} {number}")
            await ann.patch(f"/conversations/{group}", title=f"Group {number}")
            await eve.patch(f"/conversations/{group}", title=f"Group {number}")
        await copied(both)
        asked = await request_erasure(instance.database, person_id=eve.user_id, by=BY)
        running = await run_until(jobs, asked.id, messages=5)
        async with frozen(both, instance):
            waits = await running
            assert waits is not None
            assert (waits.state, waits.attempts) == (JobState.RUNNING, 1)
            assert waits.counts["messages"] < 20
            assert (await run_on(jobs, asked.id)).attempts == 2
        await switched(move, instance)

        done = await run_on(jobs, asked.id)
        assert instance.search is not None
        await instance.search.catch_up()
        await instance.attachments.sweep.sweep()

    assert done.state is JobState.DONE
    assert 20 < done.counts["messages"] <= 26, "what the freeze cut off may be counted once less"
    settings.CHAT_STORE = "firestore"
    texts = await places_of(world.mark)
    in_documents = {one for one in texts if one.startswith("document ")}
    reported = {one for one in in_documents if "report" in one or "attachments/" in one}
    assert in_documents - reported == set(), "an open report keeps its copy and its file"
    assert done.result is not None
    stays = [one["what"] for one in done.result["stays"]]
    assert any("store of the other kind" in one for one in stays), stays


async def test_an_erasure_without_a_move_names_no_other_store(both: Both) -> None:
    async with started() as instance, own_jobs(instance) as jobs:
        asked = await request_erasure(instance.database, person_id="eve", by=BY)
        done = await jobs.run_one(asked.id)
    assert done is not None
    assert done.result is not None
    stays = [one["what"] for one in done.result["stays"]]
    assert not any("store of the other kind" in one for one in stays)


async def test_retention_goes_on_in_the_other_store(both: Both, settings: Settings) -> None:
    """Each message that is too old becomes a tombstone once."""
    settings.CHAT_RETENTION_GROUP_DAYS = 30
    async with at_work(both) as (move, instance, api), own_jobs(instance) as jobs:
        ann = api("ann")
        group = await old_group(instance, "ann", "bob")
        for number in range(30):
            await ann.send(group, f"old {number}")
        await age(instance, group, days=31)
        version = await ann.version(group)
        young = await ann.send(group, "young")
        await copied(both)
        asked = await request_retention(instance.database, by=BY, rate=10)
        running = await run_until(jobs, asked.id, group_messages=3)
        async with frozen(both, instance):
            waits = await running
            assert waits is not None
            assert (waits.state, waits.attempts) == (JobState.RUNNING, 1)
        await switched(move, instance)

        done = await run_on(jobs, asked.id)
        assert done.state is JobState.DONE
        assert done.result is not None
        assert 20 < done.result["messages"]["group"] <= 30, "as after a kill"
        assert await ann.version(group) == version + 1 + 30
        stored = await both.firestore.conversations.list_messages(group, first_seq=1, last_seq=100)
        assert [one.id for one in stored if one.deleted_at is None] == [young["id"]]


async def test_the_search_index_is_built_through_the_switch(both: Both) -> None:
    """A rebuild that has begun before goes on, and finds what was sent meanwhile."""
    async with at_work(both) as (move, instance, api):
        ann = api("ann")
        groups = [await ann.group() for _ in range(60)]  # more than one step of the walk
        for group in groups:
            await ann.send(group, "zebra")
        assert instance.search is not None
        await instance.search.catch_up()
        await copied(both)
        await instance.following.rebuild("search")
        async with frozen(both, instance):
            await instance.search.walk()
        await switched(move, instance)
        late = await ann.group()
        await ann.send(late, "zebra")
        await ann.send(groups[0], "zebra")
        async with asyncio.timeout(60):
            while sorted(await found(ann)) != sorted([*groups, groups[0], late]):
                await instance.search.walk()
                await instance.search.catch_up()


async def found(who: Api) -> list[str]:
    """Return the conversation of each message that a search finds."""
    ids: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = ok(await who.get("/search", q="zebra", limit=50, **cursor))
        ids += [one["message"]["conversation_id"] for one in page["items"]]
        if page["next_cursor"] is None:
            return ids
        cursor = {"cursor": page["next_cursor"]}


async def test_a_move_waits_for_a_command_that_writes(both: Both) -> None:
    """Such a command shows that it lives, so that `--gone` does not pass over it."""
    async with opened_stores(writer="rebuild_search"):
        records = StoreProcessRecord.objects.filter(name="rebuild_search")
        silent = timezone.now() - timedelta(minutes=5)
        await records.aupdate(seen_at=silent)
        async with asyncio.timeout(30):
            while (await records.aget()).seen_at == silent:
                await asyncio.sleep(0.05)
    assert await sync_to_async(records.count)() == 0


async def test_the_index_is_not_rebuilt_by_a_command_during_a_move(both: Both) -> None:
    """Such a command would go on with the former store after the switch. An instance goes on with a
    rebuild that was begun before."""
    async with moving(both, "sql", "firestore"):
        with pytest.raises(CommandError, match="is being moved to firestore"):
            await sync_to_async(call_command)("rebuild_search")
