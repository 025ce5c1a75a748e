"""Nobody who should be rung is missed, nobody else is rung, whatever is killed meanwhile."""

import asyncio
import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from config.development.instances import uvicorn_command
from config.development.ports import free_port
from config.development.processes import Process
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.recipients import Decision
from messaging.notifications.queue.sqs import create_queues
from messaging.stores.firestore.decisions import FirestoreDecisionStore
from messaging.stores.firestore.store import FirestoreStore
from tests.benchmarks.conftest import VARIABLE
from tests.benchmarks.crowd import DUE, Circle, Crowd
from tests.clients.rest import Refused, http_client
from tests.databases import migrate
from tests.notifications.fcm_server import PROJECT, FcmServer
from tests.notifications.sqs_server import Gate, aws_environment, sqs_client, sqs_process
from tests.notifications.workers import worker
from tests.servers.environment import isolated_environment
from tests.servers.forked import forked_instance
from tests.servers.redis import redis_server as run_redis

_LONGEST_IN_FLIGHT_SECONDS = 10.0
_READS_AT_ONCE = 16
_NOTHING_RINGS_SECONDS = 90.0
_NAMES = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    messages: int
    conversations: int
    per_second: float
    outages: int
    """How often SQS is killed and revived."""
    outage_seconds: float
    kills: int
    """How often a worker is killed."""
    duplicates: int
    """How many jobs the queue delivers once more."""
    grace: int = 8
    lease: int = 20

    @property
    def options(self) -> str:
        return json.dumps({"grace": self.grace, "lease": self.lease})


@pytest.fixture
def queue_process() -> Iterator[str]:
    with sqs_process() as url:
        yield url


@asynccontextmanager
async def product(
    scale: Scale,
    emulator: str,
    sqs_url: str,
    folder: Path,
    fcm: FcmServer,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[tuple[list[str], Gate, Mapping[str, str]]]:
    """Two instances behind a gate to SQS; the values are their URLs, the gate, and what a worker
    needs to know."""
    with ExitStack() as running:
        gate = running.enter_context(Gate(sqs_url).run())
        for name, value in aws_environment(sqs_url).items():
            monkeypatch.setenv(name, value)
        variables = {
            **fcm.environment(folder),
            **aws_environment(gate.url),
            "DJANGO_SETTINGS_MODULE": "tests.notifications.settings",
            "TEST_NOTIFICATIONS": scale.options,
            "CHAT_STORE": "firestore",
            "CHAT_RATE_LIMITS": "off",
            "GOOGLE_CLOUD_PROJECT": f"{PROJECT}-{uuid4().hex[:6]}",
            "FIRESTORE_EMULATOR_HOST": emulator,
            "REDIS_URL": running.enter_context(run_redis()),
            "NOTIFICATION_QUEUE_URL": create_queues(f"q-{uuid4().hex[:6]}", hidden=scale.lease),
        }
        environment = isolated_environment(folder, **variables)
        migrate(environment)
        ports = [free_port(), free_port()]
        for number, port in enumerate(ports, 1):
            own = {**environment, "INSTANCE_ID": f"instance-{number}"}
            command = uvicorn_command(port, application="tests.notifications.asgi:application")
            running.enter_context(forked_instance(port, environment=own, command=command))
        yield [f"http://127.0.0.1:{port}" for port in ports], gate, environment


class Workers:
    """Two workers; one that is killed is followed by another."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._running: list[tuple[ExitStack, Process]] = []

    def start(self) -> None:
        stack = ExitStack()
        self._running.append((stack, stack.enter_context(worker(self._environment))))

    def kill_one(self) -> None:
        stack, process = self._running.pop(0)
        process.send_signal(signal.SIGKILL)
        stack.close()

    def close(self) -> None:
        for stack, _ in self._running:
            stack.close()


async def rung_as_they_should(
    scale: Scale, emulator: str, sqs_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, emulator)
    with FcmServer().run() as fcm:
        async with (
            product(scale, emulator, sqs_url, folder, fcm, monkeypatch) as (
                urls,
                gate,
                environment,
            ),
            AsyncExitStack() as open_,
        ):
            http = [await open_.enter_async_context(http_client(url)) for url in urls]
            crowd = Crowd(http, urls)
            await crowd.found(scale.conversations)
            connected = await open_.enter_async_context(crowd.connected())
            workers = Workers(environment)
            open_.callback(workers.close)
            for _ in range(2):
                await asyncio.to_thread(workers.start)
            queue = sqs_client(sqs_url)
            url = environment["NOTIFICATION_QUEUE_URL"]
            witness = Witness(fcm, environment["GOOGLE_CLOUD_PROJECT"])
            open_.push_async_callback(witness.close)
            mischief = asyncio.create_task(make_mischief(scale, gate, workers, queue, url, witness))
            begin = time.monotonic()
            sent = await send_all(scale, crowd.circles)
            sending = time.monotonic() - begin
            await mischief
            expected = due(sent)
            await wait_until_quiet(fcm, expected, queue, url)
            report(scale, fcm, sent, expected, connected, sending, witness)


class Witness:
    """Knows the pushes that were in flight when a worker was killed: made, and not written down."""

    def __init__(self, fcm: FcmServer, project: str) -> None:
        self.in_flight: list[set[tuple[str, str]]] = []
        self._fcm = fcm
        self._store = FirestoreStore(project=project)
        self._decisions = FirestoreDecisionStore(self._store)

    async def look(self) -> None:
        """Right after a kill. Other pushes may be among them, which were not killed."""
        since = time.monotonic() - _LONGEST_IN_FLIGHT_SECONDS
        await self._last_pushes_have_arrived()
        recent = {
            (one.data["conversation_id"], one.data["message_id"], one.target)
            for one in tuple(self._fcm.arrived)
            if one.at > since
        }
        messages = {(conversation_id, message_id) for conversation_id, message_id, _ in recent}
        places = asyncio.Semaphore(_READS_AT_ONCE)

        async def read(message: tuple[str, str]) -> Mapping[str, Decision]:
            while True:
                try:
                    async with places:
                        return await self._decisions.list_decisions(*message)
                except StoreUnavailable:
                    await asyncio.sleep(0.1)

        found = await asyncio.gather(*map(read, messages))
        known = dict(zip(messages, found, strict=True))
        self.in_flight.append(
            {
                (message_id, user_id)
                for conversation_id, message_id, user_id in recent
                if (decision := known[conversation_id, message_id].get(user_id)) is None
                or decision.verdict is None
            }
        )

    async def _last_pushes_have_arrived(self) -> None:
        """The killed worker's last pushes may still be with the threads of FCM: they have them
        before a request that is made now, and count them as arrived when they answer."""
        async with httpx.AsyncClient() as client:
            await client.post(f"{self._fcm.url}/token", content=b"")
        asked = self._fcm.asked
        async with asyncio.timeout(30):
            while len(self._fcm.arrived) < asked:
                await asyncio.sleep(0.01)

    async def close(self) -> None:
        await self._store.close()


def due(sent: Mapping[str, tuple[Circle, float]]) -> set[tuple[str, str]]:
    """Each message and person that is to be pushed."""
    return {
        (message_id, user_id)
        for message_id, (circle, _) in sent.items()
        for user_id, kind in circle.people.items()
        if kind in DUE
    }


async def send_all(scale: Scale, circles: list[Circle]) -> dict[str, tuple[Circle, float]]:
    """The circle of each message, and when it was acknowledged."""
    sent: dict[str, tuple[Circle, float]] = {}
    chosen = random.Random(7)
    tasks: set[asyncio.Task[None]] = set()

    async def send(circle: Circle, number: int) -> None:
        while True:
            try:
                message = await circle.sender.send(circle.id, f"Message {number}", f"m{number}")
            except (Refused, httpx.HTTPError):
                await asyncio.sleep(0.5)
            else:
                sent[message["id"]] = circle, time.monotonic()
                return

    begin = time.monotonic()
    for number in range(scale.messages):
        await asyncio.sleep(max(begin + number / scale.per_second - time.monotonic(), 0))
        task = asyncio.create_task(send(chosen.choice(circles), number))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    while tasks:
        await asyncio.wait(tasks)
    assert len(sent) == scale.messages
    return sent


async def make_mischief(
    scale: Scale,
    gate: Gate,
    workers: Workers,
    queue: Any,
    url: str,
    witness: "Witness",
) -> None:
    """Outages, kills and duplicates, spread over the time of sending."""
    seconds = scale.messages / scale.per_second
    steps = ["outage"] * scale.outages + ["kill"] * scale.kills
    random.Random(3).shuffle(steps)
    pause = seconds / (len(steps) + 1)
    duplicating = asyncio.create_task(duplicate(scale, queue, url, seconds))
    for step in steps:
        await asyncio.sleep(pause)
        if step == "outage":
            gate.shut()
            await asyncio.sleep(scale.outage_seconds)
            gate.reopen()
        else:
            await asyncio.to_thread(workers.kill_one)
            await witness.look()
            await asyncio.to_thread(workers.start)
    await duplicating


async def duplicate(scale: Scale, queue: Any, url: str, seconds: float) -> None:
    """Queue jobs once more that are in the queue, behind its gate."""
    made = 0
    end = time.monotonic() + seconds
    while made < scale.duplicates and time.monotonic() < end:
        answer = await asyncio.to_thread(
            queue.receive_message, QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0
        )
        for message in answer.get("Messages", []):
            await asyncio.to_thread(queue.send_message, QueueUrl=url, MessageBody=message["Body"])
            made += 1
        await asyncio.sleep(0.05)


async def wait_until_quiet(
    fcm: FcmServer, expected: set[tuple[str, str]], queue: Any, url: str
) -> None:
    """Everybody is rung and nothing is in the queue any more, or nothing has rung for long."""
    arrived, since = 0, time.monotonic()
    while time.monotonic() < since + _NOTHING_RINGS_SECONDS:
        answer = await asyncio.to_thread(
            queue.get_queue_attributes, QueueUrl=url, AttributeNames=list(_NAMES)
        )
        left = sum(int(answer["Attributes"][name]) for name in _NAMES)
        if left == 0 and expected <= pushed(fcm).keys():
            return
        if len(fcm.arrived) > arrived:
            arrived, since = len(fcm.arrived), time.monotonic()
        await asyncio.sleep(0.5)


def pushed(fcm: FcmServer) -> Counter[tuple[str, str]]:
    return Counter((one.data["message_id"], one.target) for one in tuple(fcm.arrived))


def report(
    scale: Scale,
    fcm: FcmServer,
    sent: Mapping[str, tuple[Circle, float]],
    expected: set[tuple[str, str]],
    connected: int,
    sending: float,
    witness: Witness,
) -> None:
    found = pushed(fcm)
    missed = expected - found.keys()
    wrong = found.keys() - expected
    repeats = sum(found.values()) - len(found)
    repeated = {one for one, times in found.items() if times > 1}
    in_flight = [len(one) for one in witness.in_flight]
    tags = {
        (one.data["message_id"], one.message["android"]["notification"]["tag"])
        for one in fcm.arrived
    }
    delays = sorted(
        one.at - sent[one.data["message_id"]][1]
        for one in fcm.arrived
        if one.data["message_id"] in sent
    )
    print(
        f"\n{len(sent)} messages in {sending:.0f} s over {scale.conversations} conversations,"
        f" {connected} people connected; {scale.outages} outages of SQS of"
        f" {scale.outage_seconds:.0f} s, {scale.kills} kills, {scale.duplicates} duplicates\n"
        f"due {len(expected)}, pushed {sum(found.values())}, missed {len(missed)},"
        f" wrongly {len(wrong)}, repeated {repeats} (in flight at the kills: {in_flight})\n"
        f"from the answer to the push: median {delays[len(delays) // 2]:.1f} s,"
        f" p99 {delays[len(delays) * 99 // 100]:.1f} s, slowest {delays[-1]:.1f} s"
    )
    assert missed == set()
    assert wrong == set()
    assert repeated <= set().union(*witness.in_flight)
    assert repeats <= sum(in_flight)
    assert len(tags) == len({message_id for message_id, _ in found})


@pytest.mark.timeout(300)
async def test_short_run(
    firestore_emulator: str, sqs_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same with a little of everything."""
    scale = Scale(
        messages=150,
        conversations=20,
        per_second=30,
        outages=1,
        outage_seconds=1.5,
        kills=1,
        duplicates=20,
        grace=2,
        lease=4,
    )
    await rung_as_they_should(scale, firestore_emulator, sqs_url, tmp_path, monkeypatch)


@pytest.mark.benchmark
async def test_ten_thousand_messages(
    own_emulator: str, queue_process: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """300 conversations of 2–5 people, half of them connected, SQS killed twice, a worker three
    times, 500 jobs delivered twice."""
    scale = Scale(
        messages=int(os.environ.get("MESSAGES", "10000")),
        conversations=300,
        per_second=40,
        outages=2,
        outage_seconds=8,
        kills=3,
        duplicates=500,
    )
    await rung_as_they_should(scale, own_emulator, queue_process, tmp_path, monkeypatch)
