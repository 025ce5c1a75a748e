"""Notifications, dead letters and the overview in the admin."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from pytest_django.fixtures import Settings

from messaging import __version__
from messaging.domain.recipients import Decision, Verdict
from messaging.instruments.metrics import NOTIFICATION_JOBS, PUSHES, SOCKETS
from messaging.notifications.jobs import ClearJob, encode
from messaging.notifications.queue.sqs import Entry, SqsQueue, create_queues
from messaging.runtime import figures
from messaging.runtime.figures import Figures
from messaging.runtime.instance import Instance
from messaging.stores.decisions import ChunkKey
from tests.integration.admin import Operator, rows_of, text_of
from tests.integration.chat import Api


async def test_why_somebody_was_not_told(ann: Api, bob: Api, root: Operator) -> None:
    """The page of a message's notifications names everybody, with a reason."""
    message = await ann.send(await ann.group(bob), "between us")
    path = f"notification/{message['conversation_id']}.{message['id']}/change/"

    async with asyncio.timeout(10):
        while "no_device" not in (page := await root.page(path)):
            await asyncio.sleep(0.05)

    assert "bob dropped no_device" in page
    assert "between us" not in page
    query = f"{message['conversation_id']} {message['id']}"
    assert len(rows_of(await root.get("notification/", q=query))) == 0  # there is nothing to do
    assert message["id"] in await root.page("notification/", q=query)


async def test_those_that_failed_are_listed(
    ann: Api, bob: Api, root: Operator, instance: Instance
) -> None:
    message = await ann.send(await ann.group(bob))
    key = ChunkKey(conversation_id=message["conversation_id"], message_id=message["id"], chunk=1)
    failed = Decision(verdict=Verdict.FAILED, reason="unavailable", at=datetime.now(UTC))
    later = datetime.now(UTC) + timedelta(days=1)
    await instance.decisions.record(key, {"bob": failed}, expires_at=later)

    page = await root.page("notification/")

    assert message["id"] in page
    assert "bob: unavailable" in page


@pytest.fixture
def queue_url(sqs_url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> str:
    """A queue with one for its dead letters."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", sqs_url)
    url = create_queues(f"admin-{uuid4().hex}", hidden=60)
    settings.NOTIFICATION_QUEUE_URL = url
    return url


async def test_dead_letters_are_looked_at_and_replayed(queue_url: str, root: Operator) -> None:
    """Looking leaves them where they are; only those that were chosen are replayed."""
    queue = SqsQueue(queue_url)
    dead = await queue.dead_letters()
    assert dead is not None
    for number in range(3):
        job = ClearJob(
            conversation_id=f"conversation-{number}", user_id="ann", read_seq=1, made_at=number
        )
        await dead.send([Entry(body=encode(job))])
    await dead.send([Entry(body="not a job")])

    for _ in range(2):
        answer = await root.get("deadletter/")
        assert len(rows_of(answer)) == 4
        assert "conversation-2" in answer.text
        assert "not a job" in answer.text
    done = await root.act("deadletter/", "replay", rows_of(answer)[0])

    assert "done." in text_of(done)
    (replayed,) = await queue.receive(10, hidden=60)
    assert "conversation-0" in replayed.body
    assert len(rows_of(await root.get("deadletter/"))) == 3
    await queue.close()
    await dead.close()


async def test_there_may_be_no_queue(root: Operator) -> None:
    assert "each instance sends its own pushes" in await root.page("deadletter/")


async def test_the_overview(
    ann: Api, bob: Api, root: Operator, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This instance, by its live figures; the page comes again by itself."""
    monkeypatch.setattr(figures, "FIGURES_SECONDS", 0.2)
    SOCKETS.set(0)  # counted for the process, in which other tests leave some behind
    PUSHES.labels(kind="message", result="sent").inc(7)
    NOTIFICATION_JOBS.labels("direct", "failed").inc(3)
    await ann.send(await ann.group(bob))
    expected = (r"dropped: no_device [1-9]\d*", r"\d+\.\d ms")
    async with asyncio.timeout(10):
        while True:
            answer = await root.get("process/")
            page = text_of(answer)
            if all(re.search(pattern, page) for pattern in expected):
                break
            await ann.get("/conversations")  # a call whose latency the next figures show
            await asyncio.sleep(0.05)

    assert answer.headers["Refresh"] == "10"
    assert f"{instance.id} instance {__version__} live 0 unused" in page
    assert "Sockets 0" in page
    assert re.search(r"Messages/s \d+\.\d", page)
    assert re.search(r"Deliveries/s \d+\.\d", page)
    for kind in ("read", "write"):
        assert re.search(rf"Documents/s: {kind} \d+\.\d", page)
    assert re.search(r"sent [1-9]\d*", page)
    assert re.search(r"direct: failed [1-9]\d*", page)
    assert "each process shows only its own figures" in page


async def test_an_overview_without_others(
    root: Operator, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Redis does not answer, the page says that it is not the whole."""

    async def no_answer() -> tuple[list[Figures], bool]:
        return [instance.figures.own()], False

    monkeypatch.setattr(instance.figures, "all", no_answer)

    assert "Redis does not answer" in await root.page("process/")
