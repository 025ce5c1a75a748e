"""From the commit to the device through SQS, and around it where it is away."""

import asyncio
import hashlib
import itertools
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
import redis.asyncio
import structlog
from django.core.management import call_command
from pytest_django import Settings

from messaging.concurrency import retries
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.message import Message
from messaging.domain.signals import instance_lost, message_sent
from messaging.notifications import jobs
from messaging.notifications.devices import lookups
from messaging.notifications.devices.lookups import DeviceLookups
from messaging.notifications.notifier import Notifier
from messaging.notifications.queue import worker as worker_module
from messaging.notifications.queue.sqs import (
    MAX_RECEIVES,
    Entry,
    QueueUnavailable,
    Received,
    SqsQueue,
    create_queues,
)
from messaging.notifications.queue.worker import Worker
from messaging.notifications.sweep import Left, Sweeper
from messaging.runtime.instance import Instance
from messaging.services import messages, participants, presence, receipts, sessions
from messaging.stores.decisions import ChunkKey
from tests.instances import new_instance, use_redis
from tests.integration.notifications import Group, found, outcomes, reasons, register, until
from tests.metrics import sample, sampled
from tests.moments import lapse, next_millisecond
from tests.notifications.fcm_server import Answer, FcmServer, refusal
from tests.notifications.sqs_server import Gate, aws_environment, sqs_client
from tests.outlets import SIGNED_IN_AT, Outlet


@asynccontextmanager
async def working(notifier: Notifier, url: str) -> AsyncIterator[Worker]:
    """A worker in this process, which finishes what it holds."""
    queue = SqsQueue(url)
    worker = Worker(notifier, queue)
    running = asyncio.create_task(worker.run())
    yield worker
    worker.end()
    await running
    await queue.close()


def left(sqs_url: str, url: str) -> int:
    """Jobs in a queue, hidden and delayed ones too."""
    names = [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    ]
    answer = sqs_client(sqs_url).get_queue_attributes(QueueUrl=url, AttributeNames=names)
    return sum(int(answer["Attributes"][name]) for name in names)


def handed_over() -> float:
    """Jobs of which this process knows that the queue has them."""
    return sampled("chat_notification_jobs_total", path="queue", result="sent")


@pytest.fixture
def queued(settings: Settings, queue_url: str) -> str:
    """The instance uses the queue."""
    settings.NOTIFICATION_QUEUE_URL = queue_url
    return queue_url


async def test_without_a_queue(instance: Instance, fcm: FcmServer) -> None:
    """The process that took the message pushes."""
    group = await found(instance, "bob")
    await instance.start()

    message = await group.send()

    await until(lambda: fcm.rung() == {"bob-0": 1})
    await instance.stop()
    assert await reasons(instance, message) == {"bob": "sent absent"}


async def test_each_instance_notifies_of_its_own_messages(
    instance: Instance, fcm: FcmServer
) -> None:
    """Two in one process: where one does not notify, the other does not do it in its place."""
    async with new_instance() as other:
        group = await found(instance, "bob")
        await instance.start()
        await other.start()
        await instance.notifications.stop()

        await group.send()
        await instance.stop()
        await other.stop()

    assert fcm.arrived == []


async def test_through_the_queue(
    instance: Instance, notifier: Notifier, fcm: FcmServer, queued: str, sqs_url: str
) -> None:
    """Ids only; nobody pushes until a worker is there."""
    group = await found(instance, "bob", "cid")
    await instance.start()
    for number in range(25):
        await group.send(f"secret {number}")
    await until(lambda: left(sqs_url, queued) == 25)
    assert fcm.arrived == []
    (peeked,) = sqs_client(sqs_url).receive_message(QueueUrl=queued, VisibilityTimeout=0)[
        "Messages"
    ]
    assert "secret" not in peeked["Body"]

    async with working(notifier, queued):
        await until(lambda: fcm.rung() == {"bob-0": 25, "cid-0": 25})

    assert left(sqs_url, queued) == 0


async def test_the_queue_goes_and_comes_back(
    instance: Instance, notifier: Notifier, fcm: FcmServer, queued: str, sqs_url: str, gate: Gate
) -> None:
    """Meanwhile the process pushes itself; nobody is rung twice."""
    group = await found(instance, "bob")
    await instance.start()
    before = handed_over()
    await group.send()
    await until(lambda: handed_over() == before + 1)
    assert left(sqs_url, queued) == 1

    gate.shut()
    for number in range(2, 6):
        await group.send()
        await until(lambda number=number: fcm.rung()["bob-0"] == number - 1)  # type: ignore[misc]
    gate.reopen()
    sent = await use_again(group, fcm)
    assert left(sqs_url, queued) == 2

    async with working(notifier, queued):
        await until(lambda: left(sqs_url, queued) == 0)
    assert fcm.rung() == {"bob-0": 5 + sent}


async def use_again(group: Group, fcm: FcmServer) -> int:
    """Send until the queue takes a job again: it is left alone for a while after a failure. Returns
    how many were sent; all but the last one are pushed by this process."""
    sent, queued, pushed = 0, handed_over(), fcm.rung().total()

    def all_done() -> bool:
        return handed_over() - queued + fcm.rung().total() - pushed == sent

    while handed_over() == queued:
        await group.send()
        sent += 1
        await until(all_done)
        await asyncio.sleep(0.1)
    return sent


async def test_an_answer_that_does_not_come(
    instance: Instance, notifier: Notifier, fcm: FcmServer, queued: str, sqs_url: str, gate: Gate
) -> None:
    """Sends are answered; the job, which SQS has, runs directly as well, and rings once."""
    group = await found(instance, "bob")
    await instance.start()
    gate.withhold()

    begin = time.monotonic()
    for _ in range(5):
        await group.send()
    assert time.monotonic() - begin < 2

    await until(lambda: fcm.rung() == {"bob-0": 5})
    assert left(sqs_url, queued) >= 1
    gate.reopen()
    async with working(notifier, queued):
        await until(lambda: left(sqs_url, queued) == 0)
    assert fcm.rung() == {"bob-0": 5}


async def test_an_address_that_is_none(
    monkeypatch: pytest.MonkeyPatch, instance: Instance, fcm: FcmServer, queued: str
) -> None:
    """boto3 does not call that an error of its own. It is a queue that is away like any other:
    jobs run directly, and the instance ends."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "localhost:9324")
    group = await found(instance, "bob")
    await instance.start()

    for number in range(1, 4):
        await group.send()
        await until(lambda number=number: fcm.rung()["bob-0"] == number)  # type: ignore[misc]
    async with asyncio.timeout(10):
        await instance.stop()


async def test_deleting_that_fails(
    instance: Instance,
    notifier: Notifier,
    fcm: FcmServer,
    queued: str,
    sqs_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever the reason, the jobs after it are deleted."""
    real = SqsQueue.delete
    tries: list[Any] = []

    async def delete(queue: SqsQueue, received: Any) -> None:
        tries.append(received)
        if len(tries) == 1:
            raise ValueError("not of boto3's own kind")
        await real(queue, received)

    monkeypatch.setattr(SqsQueue, "delete", delete)
    group = await found(instance, "bob")
    await instance.start()

    async with working(notifier, queued):
        await group.send()
        await until(lambda: len(tries) == 1)
        await group.send()
        await until(lambda: fcm.rung() == {"bob-0": 2})
        await until(lambda: left(sqs_url, queued) == 1)


async def test_a_batch_that_is_taken_in_part(
    monkeypatch: pytest.MonkeyPatch, instance: Instance, fcm: FcmServer, settings: Settings
) -> None:
    """What SQS did not take, in an answer that says 200, is pushed directly."""
    group = await found(instance, "bob", "cid")
    with refusing_queue() as (url, taken):
        for name, value in aws_environment(url).items():
            monkeypatch.setenv(name, value)
        settings.NOTIFICATION_QUEUE_URL = f"{url}/123456789012/half"
        await instance.start()
        for _ in range(8):
            await group.send()
        await until(lambda: len(taken) + fcm.rung()["bob-0"] == 8)
        await instance.stop()

    assert taken
    assert fcm.rung()["bob-0"] >= 1


@contextmanager
def refusing_queue() -> Iterator[tuple[str, list[str]]]:
    """An SQS that takes every other entry; the values are its URL and what it took."""
    taken: list[str] = []
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer: dict[str, Any] = {"Successful": [], "Failed": []}
            for entry in request["Entries"]:
                seen.append(entry["MessageBody"])
                if len(seen) % 2:
                    taken.append(entry["MessageBody"])
                    digest = hashlib.md5(entry["MessageBody"].encode()).hexdigest()
                    answer["Successful"].append(
                        {"Id": entry["Id"], "MessageId": "1", "MD5OfMessageBody": digest}
                    )
                else:
                    refused = {"Id": entry["Id"], "Code": "InternalError", "SenderFault": False}
                    answer["Failed"].append(refused)
            content = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", taken
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


async def test_a_pause_that_fcm_wants(
    instance: Instance, notifier: Notifier, fcm: FcmServer, queued: str, sqs_url: str
) -> None:
    """The job goes back to the queue for so long, and is not lost."""
    fcm.answers["bob-0"] = [refusal(429, "RESOURCE_EXHAUSTED", Retry_After="2"), Answer()]
    group = await found(instance, "bob")
    await instance.start()
    await group.send()

    async with working(notifier, queued):
        await until(lambda: fcm.rung() == {"bob-0": 1})

    first, second = fcm.arrived
    assert second.at - first.at >= 1.9
    assert left(sqs_url, queued) == 0


async def test_poison(
    instance: Instance,
    notifier: Notifier,
    queue: SqsQueue,
    queued: str,
    sqs_url: str,
    settings: Settings,
) -> None:
    """Goes to the dead letters, harms nobody else, and can be replayed."""
    settings.CHAT_NOTIFICATIONS = {"lease": 1}
    group = await found(instance, "bob")
    await instance.start()
    dead = await queue.dead_letters()
    assert dead is not None

    await queue.send([Entry(body="poison")])
    async with working(notifier, queued):
        message = await group.send()
        await until_decided(instance, message, 1)
        await until(lambda: left(sqs_url, dead.url) == 1, seconds=30)
    assert await reasons(instance, message) == {"bob": "sent absent"}
    assert left(sqs_url, queued) == 0

    out = StringIO()
    await asyncio.to_thread(call_command, "replay_dead_letters", stdout=out)
    assert out.getvalue() == "1 replayed.\n"
    assert (left(sqs_url, dead.url), left(sqs_url, queued)) == (0, 1)
    await dead.close()


def test_making_the_queues(gate: Gate, sqs_url: str) -> None:
    """Making them again brings them up to date."""
    client = sqs_client(sqs_url)
    out = StringIO()
    call_command("create_notification_queues", "made-here", stdout=out)
    url = out.getvalue().strip().removeprefix("NOTIFICATION_QUEUE_URL=")
    client.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "7"})

    assert create_queues("made-here", hidden=60) == url

    attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["VisibilityTimeout"] == "60"
    policy = json.loads(attributes["RedrivePolicy"])
    assert int(policy["maxReceiveCount"]) == MAX_RECEIVES
    assert policy["deadLetterTargetArn"].endswith(":made-here-dead-letters")


async def test_a_queue_that_is_not_there(queue: SqsQueue, gate: Gate) -> None:
    """Says so, within its time."""
    gate.shut()

    with pytest.raises(QueueUnavailable):
        await queue.send([Entry(body="x")])
    with pytest.raises(QueueUnavailable):
        await queue.receive(1, hidden=60)


async def test_a_worker_says_once_that_it_is_away(
    notifier: Notifier, queue_url: str, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many polls fail meanwhile; and once that it is back."""
    monkeypatch.setattr(worker_module, "_AWAY_SECONDS", 0.02)
    failed = []
    receive = SqsQueue.receive

    async def counted(queue: SqsQueue, most: int, *, hidden: int) -> Sequence[Received]:
        try:
            return await receive(queue, most, hidden=hidden)
        except QueueUnavailable as error:
            failed.append(error)
            raise

    monkeypatch.setattr(SqsQueue, "receive", counted)
    gate.shut()
    with structlog.testing.capture_logs() as lines:
        async with working(notifier, queue_url):
            await until(lambda: len(failed) > 6)
            away = sample("chat_notification_queue_away")
            gate.reopen()
            await until(lambda: lines[-1]["event"] == "queue.recovered")
    said = [line["event"] for line in lines if line["event"].startswith("queue.")]

    assert said == ["queue.unavailable", "queue.recovered"]
    assert away == 1
    assert sample("chat_notification_queue_away") == 0


async def test_a_poll_that_fails_by_a_bug(
    instance: Instance,
    notifier: Notifier,
    fcm: FcmServer,
    queued: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The worker logs it and goes on."""
    receive = SqsQueue.receive
    failures = 0

    async def failing(queue: SqsQueue, most: int, *, hidden: int) -> Sequence[Received]:
        nonlocal failures
        if failures < 2:
            failures += 1
            raise LookupError
        return await receive(queue, most, hidden=hidden)

    monkeypatch.setattr(SqsQueue, "receive", failing)
    group = await found(instance, "bob")
    await instance.start()

    async with working(notifier, queued):
        await group.send()
        await until(lambda: fcm.rung() == {"bob-0": 1})

    assert failures == 2
    assert any("worker.poll_failed" in str(record.msg) for record in caplog.records)


# Who is there


async def test_somebody_who_acknowledges(
    instance: Instance, fcm: FcmServer, settings: Settings
) -> None:
    """Is not rung; whoever has only a tab open is, when the grace is over."""
    settings.CHAT_NOTIFICATIONS = {"grace": 1}
    group = await found(instance, "bob", "cid", "dan")
    await instance.start()
    bob, cid, dan = [await connect(instance, person) for person in ("bob", "cid", "dan")]
    presence.set_activity(instance, connection=bob, active=True)
    presence.set_activity(instance, connection=dan, active=True)
    presence.set_activity(instance, connection=dan, active=False)

    begin = time.monotonic()
    message = await group.send()
    for connection in (bob, cid, dan):
        await receipts.mark_delivered(
            instance,
            user_id=connection.user_id,
            conversation_id=group.id,
            seq=1,
            seen=connection.activity.active,
        )
    await until(lambda: len(fcm.arrived) == 2)

    assert time.monotonic() - begin >= 1
    assert fcm.rung() == {"cid-0": 1, "dan-0": 1}
    await until_decided(instance, message, 2)
    assert await reasons(instance, message) == {
        "cid": "sent not_acknowledged",
        "dan": "sent not_acknowledged",
    }


async def test_an_end_within_the_grace(
    instance: Instance, fcm: FcmServer, settings: Settings
) -> None:
    """Nobody will look later: it is looked now."""
    settings.CHAT_NOTIFICATIONS = {"grace": 300}
    group = await found(instance, "bob")
    await instance.start()
    await connect(instance, "bob")
    await group.send()
    await until(lambda: held() > 0)

    await instance.stop()

    assert fcm.rung() == {"bob-0": 1}


def held() -> float:
    """The weight of the jobs that this process holds."""
    return sampled("chat_cache_bytes", cache="notifications")


async def test_a_push_under_way_at_the_end(instance: Instance, fcm: FcmServer) -> None:
    """Has the rest of the time that an end may take, and what became of it is written down."""
    group = await found(instance, "bob")
    await instance.start()
    fcm.open.clear()
    message = await group.send()
    await until(lambda: fcm.asked == 1)

    stopping = asyncio.create_task(instance.stop())
    ended, _ = await asyncio.wait({stopping}, timeout=2.5)
    assert not ended
    fcm.open.set()
    await stopping

    assert fcm.rung() == {"bob-0": 1}
    assert await reasons(instance, message) == {"bob": "sent absent"}


async def test_what_cannot_be_done_at_the_end_goes_to_the_queue(
    instance: Instance, fcm: FcmServer, queued: str, sqs_url: str, gate: Gate
) -> None:
    """The workers have it then."""
    fcm.answers["bob-0"] = refusal(429, "RESOURCE_EXHAUSTED", Retry_After="70")
    group, other = await found(instance, "bob"), await found(instance, "cid")
    await instance.start()
    gate.shut()
    await group.send()
    await until(lambda: len(fcm.arrived) == 1)
    gate.reopen()
    await use_again(other, fcm)
    assert left(sqs_url, queued) == 1

    await instance.stop()

    assert left(sqs_url, queued) == 2


@pytest.mark.parametrize("retry", [True, False])
async def test_a_goodbye(
    transactional_db: None,
    pushing: None,
    fcm: FcmServer,
    redis_server: str,
    settings: Settings,
    retry: bool,
) -> None:
    """Is not said where a push is left to be tried again and there is no queue: the others look
    for it then."""
    prefix = use_redis(settings, redis_server)
    if retry:
        fcm.answers["bob-0"] = refusal(429, "RESOURCE_EXHAUSTED", Retry_After="70")
    async with (
        new_instance() as instance,
        redis.asyncio.Redis.from_url(redis_server) as client,
        client.pubsub() as heard,
    ):
        group = await found(instance, "bob")
        await instance.start()
        await group.send()
        await until(lambda: len(fcm.arrived) == 1)
        await heard.psubscribe(f"{prefix}*")

        await instance.stop()

        said = []
        while (message := await heard.get_message(timeout=1)) is not None:
            said.append("goodbye" in str(message["data"]))

    assert any(said) is not retry


async def test_read_elsewhere(instance: Instance, fcm: FcmServer) -> None:
    """The notification is taken off all devices, once, and only where there is one."""
    group, quiet = (
        await found(instance, "bob", with_devices=2),
        await found(instance, "bob", with_devices=2),
    )
    await instance.start()
    await receipts.mark_read(instance, user_id="bob", conversation_id=quiet.id, seq=0)
    await group.send()
    await group.send()
    await until(lambda: fcm.rung() == {"bob-0": 2, "bob-1": 2})

    await receipts.mark_read(instance, user_id="bob", conversation_id=group.id, seq=1)
    await receipts.mark_read(instance, user_id="bob", conversation_id=group.id, seq=2)
    await receipts.mark_read(instance, user_id="bob", conversation_id=group.id, seq=2)
    await instance.stop()  # which carries out everything

    assert fcm.rung("clear") == {"bob-0": 1, "bob-1": 1}


@pytest.mark.parametrize("with_redis", [False, True])
async def test_whoever_answers_has_read(
    transactional_db: None,
    pushing: None,
    fcm: FcmServer,
    redis_server: str,
    settings: Settings,
    with_redis: bool,
) -> None:
    """Their own notification is taken off, once for all answers of a moment; an end loses none.
    The notifications of other conversations and people stay."""
    if with_redis:
        use_redis(settings, redis_server)
    bob, cid = f"bob-{uuid4().hex}", f"cid-{uuid4().hex}"
    async with new_instance() as instance:
        one, other = await found(instance, bob, cid), await found(instance, bob)
        await instance.start()
        await one.send()
        await other.send()
        await until(lambda: fcm.rung() == {f"{bob}-0": 2, f"{cid}-0": 1})

        for _ in range(3):
            await messages.send_message(
                instance, user_id=bob, conversation_id=one.id, text="I am coming"
            )
        await until(lambda: fcm.rung() == {f"{bob}-0": 2, f"{cid}-0": 4})
        await instance.notifications.stop()

        assert fcm.rung("clear") == {f"{bob}-0": 1}
        assert await instance.notifications.parts.badges.count(bob) == 1
        assert await instance.notifications.parts.badges.count(cid) == 1


async def test_a_device_that_moved(instance: Instance, fcm: FcmServer) -> None:
    """Gets the messages of whoever has it now, and none of the other's."""
    group = await found(instance, "bob", "cid")
    await register(instance, "cid", token="bob-0")
    await instance.start()

    message = await group.send()
    await until_decided(instance, message, 1)

    assert fcm.rung() == {"bob-0": 1}
    assert await reasons(instance, message) == {"cid": "sent absent"}
    assert (await outcomes(instance, message))["bob"] == "dropped no_device"


# After a crash


async def send_unheard(group: Group) -> Message:
    """Send by an instance that is not started: when this returns, the signal of the message is
    over, and nobody has notified of it."""
    over = asyncio.Event()

    async def note(**_: Any) -> None:
        over.set()

    message_sent.connect(note, sender=group.instance)
    message = await group.send("sent by an instance that died")
    await over.wait()
    message_sent.disconnect(note, sender=group.instance)
    return message


async def test_the_sweep(instance: Instance, fcm: FcmServer) -> None:
    """What was committed and never handed over is notified, by one of those who are left, and
    what was notified is not notified again."""
    group = await found(instance, "bob", "cid")
    before = await send_unheard(group)
    await instance.start()
    after = await group.send("sent by one that lives")
    await until(lambda: fcm.rung() == {"bob-0": 1, "cid-0": 1})
    await until_decided(instance, after, 2)
    assert await reasons(instance, before) == {}

    since = before.created_at - timedelta(seconds=1)
    for _ in range(3):
        await instance_lost.asend(sender=instance, boot_id="dead", since=since)
    await until_decided(instance, before, 2)

    assert fcm.rung() == {"bob-0": 2, "cid-0": 2}
    assert await reasons(instance, before) == {"bob": "sent absent", "cid": "sent absent"}


async def test_a_sweep_looks_at_nothing_older(
    instance: Instance, fcm: FcmServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Than what may have been held. Not even where it was edited since."""
    monkeypatch.setattr(lookups, "HELD_SECONDS", 0)
    group = await found(instance, "bob")
    old = await group.send()
    await next_millisecond()
    new = await group.send()
    await messages.edit_message(
        instance,
        user_id="ann",
        conversation_id=group.id,
        message_id=old.id,
        changes={"text": "edited since"},
    )
    await instance.start()

    await instance_lost.asend(sender=instance, boot_id="dead", since=new.created_at)
    await instance.stop()

    assert [one.data["message_id"] for one in fcm.arrived] == [new.id]


async def test_a_sweep_whose_instance_is_lost_as_well(instance: Instance, fcm: FcmServer) -> None:
    """Taken on, and ended in the middle: the sweep for that instance begins where it did."""
    group = await found(instance, "bob")
    message = await group.send("sent by an instance that died")
    await next_millisecond()
    since, later = message.created_at, datetime.now(UTC)
    await instance.start()

    async def nothing_late(*_: Any) -> None:
        pass

    async def die(left: Left) -> None:
        assert left.message == message
        raise RuntimeError

    elsewhere = Instance()
    parts = elsewhere.notifications.parts
    dying = Sweeper(parts, elsewhere, DeviceLookups(parts.recipients, nothing_late), enqueue=die)
    with pytest.raises(RuntimeError):
        await dying.sweep(boot_id="dead", since=since)
    assert not dying.all_done
    await instance_lost.asend(sender=instance, boot_id="dead", since=since)
    assert await reasons(instance, message) == {}

    await instance_lost.asend(sender=instance, boot_id=elsewhere.boot_id, since=later)
    await until_decided(instance, message, 1)

    assert fcm.rung() == {"bob-0": 1}
    assert await instance.decisions.get_unfinished_sweep(instance.boot_id) is None
    await elsewhere.close()


async def test_a_sweep_that_a_drain_cuts_short(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store is away: the instance ends without a goodbye, for somebody has to go on."""
    monkeypatch.setattr(retries, "RETRY_SECONDS", 0.05)
    await instance.start()
    asked = asyncio.Event()

    async def away(**_: Any) -> None:
        asked.set()
        raise StoreUnavailable

    monkeypatch.setattr(instance.store, "list_changed_conversations", away)
    sweeping = asyncio.create_task(
        instance_lost.asend_robust(sender=instance, boot_id="dead", since=datetime.now(UTC))
    )
    await asked.wait()

    await instance.drain()

    ((_, answer),) = await sweeping
    assert isinstance(answer, StoreUnavailable)
    assert await instance.notifications.stop() is False


async def test_a_sweep_rings_those_who_were_there(instance: Instance, fcm: FcmServer) -> None:
    """Nobody who was added after the message."""
    group = await found(instance, "bob")
    message = await group.send()
    await register(instance, "dan")
    await participants.add_participants(
        instance, user_id="ann", conversation_id=group.id, user_ids=["dan"]
    )
    await instance.start()

    await instance_lost.asend(sender=instance, boot_id="dead", since=message.created_at)
    await instance.stop()

    assert fcm.rung() == {"bob-0": 1}


@pytest.mark.parametrize("acknowledged", [False, True])
async def test_a_sweep_rings_nobody_who_has_read(
    instance: Instance, fcm: FcmServer, acknowledged: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though their acknowledgement went with the instance that died, with or without an earlier
    one that is known."""
    monkeypatch.setattr(lookups, "HELD_SECONDS", 0)
    group = await found(instance, "bob", "cid")
    if acknowledged:
        await group.send()
        await receipts.mark_read(instance, user_id="bob", conversation_id=group.id, seq=1)
        await next_millisecond()
    message = await group.send()
    await instance.store.advance_read(group.id, "bob", message.seq)
    await instance.start()

    await instance_lost.asend(sender=instance, boot_id="dead", since=message.created_at)
    await instance.stop()

    assert fcm.rung() == {"cid-0": 1}


async def test_what_a_sweep_hands_on_is_as_old_as_its_message(
    instance: Instance, fcm: FcmServer, settings: Settings
) -> None:
    """It rings nobody once the message is stale, however late the sweep made its job."""
    settings.CHAT_NOTIFICATIONS = {"stale": 5, "grace": 4}
    group = await found(instance, "bob")
    message = await group.send()
    await instance.start()
    await connect(instance, "bob")
    await lapse(2)  # with the grace it is stale

    await instance_lost.asend(sender=instance, boot_id="dead", since=message.created_at)
    await until_decided(instance, message, 1)

    assert await reasons(instance, message) == {"bob": "dropped stale"}
    assert fcm.arrived == []


@pytest.mark.parametrize("changed", ["added", "removed"])
async def test_a_sweep_knows_who_rang_in_whichever_chunk(
    instance: Instance, fcm: FcmServer, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    """Somebody who came or left since has moved the others from one to the next."""
    monkeypatch.setattr(jobs, "CHUNK_PEOPLE", 2)
    group = await found(instance, "bob", "cid", "dan", "eve")
    before = await send_unheard(group)
    await next_millisecond()
    await instance.start()
    after = await group.send("sent by one that lives")
    await until_decided(instance, after, 4)
    if changed == "added":
        await participants.add_participants(
            instance, user_id="ann", conversation_id=group.id, user_ids=["abe"]
        )
    else:
        await participants.remove_participant(
            instance, user_id="ann", conversation_id=group.id, participant_id="bob"
        )

    await instance_lost.asend(sender=instance, boot_id="dead", since=before.created_at)
    await until_decided(instance, before, 4 if changed == "added" else 3)

    rung = fcm.rung()
    assert rung.pop("bob-0") == (2 if changed == "added" else 1)
    assert rung == {"cid-0": 2, "dan-0": 2, "eve-0": 2}


async def test_a_sweep_beside_what_is_queued(
    instance: Instance,
    notifier: Notifier,
    fcm: FcmServer,
    queued: str,
    sqs_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Makes jobs for the same chunks, though somebody was added since: the claims tell."""
    monkeypatch.setattr(jobs, "CHUNK_PEOPLE", 2)
    group = await found(instance, "bob", "cid", "dan")
    await instance.start()
    message = await group.send()
    await until(lambda: left(sqs_url, queued) == 2)
    await participants.add_participants(
        instance, user_id="ann", conversation_id=group.id, user_ids=["abe"]
    )

    await instance_lost.asend(sender=instance, boot_id="dead", since=message.created_at)
    await until(lambda: left(sqs_url, queued) == 4)
    async with working(notifier, queued):
        await until_decided(instance, message, 3)

    assert fcm.rung() == {"bob-0": 1, "cid-0": 1, "dan-0": 1}


async def test_a_sweep_hands_on_what_was_claimed_in_its_chunk(
    instance: Instance, fcm: FcmServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever claimed it may live: as long as the claim holds nobody else rings, wherever they
    would be counted now."""
    monkeypatch.setattr(jobs, "CHUNK_PEOPLE", 2)
    group = await found(instance, "bob", "cid", "dan")
    message = await group.send()
    key = ChunkKey(conversation_id=group.id, message_id=message.id, chunk=1)
    now = datetime.now(UTC)
    await instance.decisions.claim(
        key,
        ["cid", "dan"],
        now=now,
        until=now + timedelta(seconds=60),
        expires_at=now + timedelta(days=1),
    )
    await participants.remove_participant(
        instance, user_id="ann", conversation_id=group.id, participant_id="bob"
    )
    await instance.start()

    await instance_lost.asend(sender=instance, boot_id="dead", since=message.created_at)
    await instance.stop()

    assert fcm.rung() == {}


@pytest.mark.parametrize("claimed", [False, True])
async def test_a_sweep_outlives_an_outage_of_the_store(
    instance: Instance, fcm: FcmServer, monkeypatch: pytest.MonkeyPatch, claimed: bool
) -> None:
    """In the middle, and where nobody knows whether its claim was applied: nobody else would do
    it."""
    monkeypatch.setattr(retries, "RETRY_SECONDS", 0.05)
    group = await found(instance, "bob")
    sent = [await group.send() for _ in range(60)]
    await instance.start()
    claim = instance.decisions.claim_sweep

    async def claim_without_an_answer(sweep_id: str, *, expires_at: datetime) -> bool:
        if claimed:
            await claim(sweep_id, expires_at=expires_at)
        raise StoreUnavailable

    for store, method, breaking, first in (
        (instance.decisions, "claim_sweep", claim_without_an_answer, 0),
        (instance.store, "list_changed_conversations", _away, 0),
        (instance.store, "list_messages", _away, 1),
        (instance.decisions, "list_decisions", _away, 10),
    ):
        break_twice(monkeypatch, store, method, breaking, first)

    await instance_lost.asend(sender=instance, boot_id="dead", since=sent[0].created_at)

    await until(lambda: fcm.rung() == {"bob-0": 60})


async def _away(*args: Any, **options: Any) -> None:
    raise StoreUnavailable


def break_twice(
    monkeypatch: pytest.MonkeyPatch, store: Any, method: str, breaking: Any, first: int
) -> None:
    """Two calls in a row, counted from zero, find no store."""
    real, numbers = getattr(store, method), itertools.count()

    async def call(*args: Any, **options: Any) -> Any:
        broken = first <= next(numbers) < first + 2
        return await (breaking if broken else real)(*args, **options)

    monkeypatch.setattr(store, method, call)


async def until_decided(instance: Instance, message: Any, people: int) -> None:
    async with asyncio.timeout(15):
        while True:
            decided = await reasons(instance, message)
            if len(decided) == people and not any("None" in one for one in decided.values()):
                return
            await asyncio.sleep(0.02)


async def connect(instance: Instance, user_id: str) -> Any:
    await instance.start()
    return await sessions.open_session(
        instance, user_id=user_id, signed_in_at=SIGNED_IN_AT, outlet=Outlet(lambda frame: None)
    )
