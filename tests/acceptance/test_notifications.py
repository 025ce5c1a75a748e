"""Ten stories of whose phone rings, with every part real: Redis, the Firestore emulator, SQS, a
worker process, and FCM over HTTP."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from messaging.notifications.queue.sqs import create_queues
from tests.acceptance.conftest import Run, kept_loop
from tests.clients.client import Client
from tests.clients.rest import Data, Refused, Rest, http_client
from tests.notifications.fcm_server import PROJECT, Arrived, FcmServer
from tests.notifications.sqs_server import aws_environment, sqs_client
from tests.notifications.workers import worker

_GRACE_SECONDS = 8


@dataclass
class Story:
    """Ann writes to Bob; what happens meanwhile is the story."""

    name: str
    devices: int = 1
    ann: Rest = field(init=False)
    bob: Rest = field(init=False)
    conversation_id: str = field(init=False)
    message: Data = field(init=False)
    sent_at: float = field(init=False)

    async def begin(self, http: Any) -> None:
        self.ann, self.bob = (Rest(http, f"{who}-{self.name}") for who in ("ann", "bob"))
        for number in range(self.devices):
            body = {"token": self.token(number), "platform": "android"}
            await self.bob.request("PUT", f"/devices/phone-{number}", body)
        conversation = await self.ann.create_group(f"bob-{self.name}", title=self.name)
        self.conversation_id = conversation["id"]
        await self.ann.make_admin(self.conversation_id, f"bob-{self.name}")

    def token(self, number: int = 0) -> str:
        return f"token-{self.name}-{number}"

    async def send(self, **fields: Any) -> None:
        path = f"/conversations/{self.conversation_id}/messages"
        self.message = await self.ann.request("POST", path, {"text": "Hello", **fields})
        self.sent_at = time.monotonic()

    async def push(self) -> Data:
        """Return the decision whether to push the message to Bob, once it is made: with the reason,
        which only Bob gets. If Bob may not ask any more, return what Ann gets."""
        path = f"/conversations/{self.conversation_id}/messages/{self.message['id']}/delivery"
        async with asyncio.timeout(30):
            while True:
                (item,) = (await self.ann.request("GET", path))["items"]
                if item["push"]["verdict"] != "pending":
                    with suppress(Refused):
                        (item,) = (await self.bob.request("GET", path))["items"]
                    push: Data = item["push"]
                    return push
                await asyncio.sleep(0.1)

    async def outcome(self) -> str:
        push = await self.push()
        return f"{push['verdict']} {push['reason']}"


class Stories:
    def __init__(self, http: Any, url: str) -> None:
        self._http = http
        self._url = url
        self._test = uuid4().hex[:6]

    async def new(self, name: str, *, devices: int = 1) -> Story:
        story = Story(f"{name}-{self._test}", devices)
        await story.begin(self._http)
        return story

    @asynccontextmanager
    async def connected(self, story: Story) -> AsyncIterator[Client]:
        """Bob, with a socket that knows of the conversation."""
        async with Client(f"bob-{story.name}", self._url, self._http) as bob:
            await bob.wait_until_loaded(story.conversation_id)
            # An instance that has just started is known to the others by its first beacon.
            async with asyncio.timeout(10):
                while (await self._status(story)) != "online":
                    await asyncio.sleep(0.1)
            yield bob

    async def _status(self, story: Story) -> str:
        """Of Bob, as Ann's instance knows it."""
        path = f"/presence?user_ids=bob-{story.name}"
        (item,) = (await story.ann.request("GET", path))["items"]
        status: str = item["status"]
        return status


@pytest.fixture
def queue_url(sqs_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in aws_environment(sqs_url).items():
        monkeypatch.setenv(name, value)
    return create_queues(f"stories-{uuid4().hex[:6]}", hidden=60)


def pushes(fcm: FcmServer, story: Story, kind: str = "message") -> list[Arrived]:
    tokens = {story.token(number) for number in range(story.devices)}
    return [one for one in fcm.arrived if one.target in tokens and one.data["type"] == kind]


@pytest.mark.timeout(300)
async def test_ten_stories(
    run_guarded: Run,
    redis_server: str,
    firestore_emulator: str,
    sqs_url: str,
    queue_url: str,
    fcm: FcmServer,
    tmp_path: Path,
) -> None:
    """Each with exactly the pushes that it should have, and the reason readable.

    The worker is not there yet when the messages are sent, so that there is a meanwhile.
    """
    environment = {
        "CHAT_STORE": "firestore",
        "FIRESTORE_EMULATOR_HOST": firestore_emulator,
        "REDIS_URL": redis_server,
        "NOTIFICATION_QUEUE_URL": queue_url,
        **aws_environment(sqs_url),
        **fcm.environment(tmp_path),
        "GOOGLE_CLOUD_PROJECT": PROJECT,
    }
    async with AsyncExitStack() as open_:
        instances = open_.enter_context(run_guarded(2, **environment))
        open_.enter_context(kept_loop(instances))
        url = instances.urls[0]
        http = await open_.enter_async_context(http_client(url))
        stories = Stories(http, url)
        there = Stories(
            await open_.enter_async_context(http_client(instances.urls[1])), instances.urls[1]
        )

        offline = await stories.new("offline")
        online = await stories.new("online")
        stale = await stories.new("stale")
        muted = await stories.new("muted")
        mentioned = await stories.new("mentioned")
        read_first = await stories.new("read-first")
        deleted_first = await stories.new("deleted-first")
        removed_first = await stories.new("removed-first")
        two_devices = await stories.new("two-devices", devices=2)
        quiet = await stories.new("quiet")
        everybody = [
            *(offline, online, stale, muted, mentioned, read_first, deleted_first),
            *(removed_first, two_devices, quiet),
        ]

        # Bob is on the other instance.
        online_bob = await open_.enter_async_context(there.connected(online))
        await open_.enter_async_context(there.connected(stale))
        await online_bob.command("activity", active=True)
        tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        path = f"/conversations/{muted.conversation_id}/preferences"
        await muted.bob.request("PATCH", path, {"muted_until": tomorrow})
        path = f"/conversations/{mentioned.conversation_id}/preferences"
        await mentioned.bob.request("PATCH", path, {"notify": "mentions"})
        now = datetime.now(UTC)
        hours = {
            "time_zone": "UTC",
            "from": f"{now - timedelta(hours=1):%H:%M}",
            "to": f"{now + timedelta(hours=1):%H:%M}",
        }
        await quiet.bob.request("PATCH", "/me/preferences", {"quiet_hours": hours})

        for story in everybody:
            mentions = [f"bob-{story.name}"] if story is mentioned else []
            await story.send(mentions=mentions)
        await online_bob.wait_until(
            lambda: bool(online_bob.stays(online.conversation_id)[-1].messages), "the message"
        )
        await online_bob.command("receipt.delivered", conversation_id=online.conversation_id, seq=1)
        path = f"/conversations/{read_first.conversation_id}/read"
        await read_first.bob.request("POST", path, {"seq": 1})
        path = f"/conversations/{deleted_first.conversation_id}/messages"
        await deleted_first.ann.request("DELETE", f"{path}/{deleted_first.message['id']}")
        await removed_first.ann.remove(removed_first.conversation_id, f"bob-{removed_first.name}")

        run = open_.enter_context(worker({**instances.environment}))
        outcomes = {
            story.name.rpartition("-")[0]: await story.outcome()
            for story in everybody
            if story is not removed_first
        }

        assert outcomes == {
            "offline": "sent absent",
            "online": "dropped acknowledged",
            "stale": "sent not_acknowledged",
            "muted": "dropped muted",
            "mentioned": "sent absent",
            "read-first": "dropped acknowledged",
            "deleted-first": "dropped deleted",
            "two-devices": "sent absent",
            "quiet": "dropped quiet_hours",
        }
        # Reading on one of two devices clears the notification on both.
        path = f"/conversations/{two_devices.conversation_id}/read"
        await two_devices.bob.request("POST", path, {"seq": 1})
        async with asyncio.timeout(15):
            while len(pushes(fcm, two_devices, "clear")) < 2:
                await asyncio.sleep(0.1)
        assert sorted(
            (one.target, one.data["tag"]) for one in pushes(fcm, two_devices, "clear")
        ) == [(two_devices.token(number), two_devices.conversation_id) for number in (0, 1)]

        rung = {story.name.rpartition("-")[0]: len(pushes(fcm, story)) for story in everybody}
        assert rung == {
            "offline": 1,
            "online": 0,
            "stale": 1,
            "muted": 0,
            "mentioned": 1,
            "read-first": 0,
            "deleted-first": 0,
            "removed-first": 0,
            "two-devices": 2,
            "quiet": 0,
        }
        assert len(fcm.arrived) == 5 + 2
        assert pushes(fcm, stale)[0].at - stale.sent_at >= _GRACE_SECONDS - 1
        (first,) = pushes(fcm, offline)
        assert first.message["notification"]["title"] == offline.name
        assert first.message["notification"]["body"].endswith(
            ": Hello"
        )  # a group's names its sender
        assert first.message["android"]["notification"]["tag"] == offline.conversation_id
        assert first.message["apns"]["payload"]["aps"]["badge"] == 1
        assert "token-" not in run.output()
        assert "Hello" not in run.output()
        async with asyncio.timeout(30):
            while _left(queue_url, sqs_url):  # done, and about to be deleted
                await asyncio.sleep(0.1)


def _left(queue_url: str, sqs_url: str) -> int:
    """Jobs that are still in the queue, hidden ones too."""
    client = sqs_client(sqs_url)
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = client.get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)
    return sum(int(found["Attributes"][name]) for name in names)
