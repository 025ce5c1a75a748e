"""Events that wait: what an endpoint that is away costs, and what became old meanwhile."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from messaging.domain.change import Change, ChangeType
from messaging.domain.conversation import Conversation
from messaging.domain.integrations.webhooks import EventReference, WebhookEvent
from messaging.domain.message import Message
from messaging.followers.follower import Followed
from messaging.outbound.client import OutboundClient
from messaging.runtime.instance import Instance
from messaging.stores.database.webhooks import WebhookStore
from messaging.webhooks.bodies import Bodies
from messaging.webhooks.conversation_follower import ConversationFollower
from messaging.webhooks.endpoint import LiveEndpoint
from messaging.webhooks.hints import HintList
from messaging.webhooks.log import DeliveryLog
from messaging.webhooks.options import Options
from messaging.webhooks.outbox import Outbox
from messaging.webhooks.requests import EndpointRequests
from tests.integration.chat import Api
from tests.integration.outbound.hooks import LOOPBACK, Hook, Received, answer
from tests.integration.webhooks import Endpoint

EVENTS = 40
AT_ONCE = 8
SOON = Options().request / 2
"""The slow endpoint has not answered, nor has the time for its answer passed."""


@dataclass
class Process:
    """The parts of another process that delivers to one endpoint."""

    live: LiveEndpoint
    store: WebhookStore
    bodies: Bodies

    @property
    def outbox(self) -> Outbox:
        return Outbox(
            store=self.store,
            bodies=self.bodies,
            endpoint=lambda _: self.live,
            owner="other",
            options=Options(),
        )

    @property
    def follower(self) -> ConversationFollower:
        return ConversationFollower(
            self.live, store=self.store, bodies=self.bodies, hints=HintList(), options=Options()
        )


@asynccontextmanager
async def process(instance: Instance, endpoint: Endpoint) -> AsyncIterator[Process]:
    store = WebhookStore(instance.database)
    (settings,) = await store.list_endpoints()
    assert settings.id == endpoint.key
    client = OutboundClient(listed=LOOPBACK)
    live = LiveEndpoint(
        settings,
        requests=EndpointRequests(client, Options(pauses=(60.0,))),
        store=store,
        log=DeliveryLog(store),
    )
    yield Process(live, store, Bodies(instance.store, instance.reports))
    await client.close()


async def test_events_of_an_endpoint_that_is_away_are_not_leased(
    instance: Instance, endpoint: Endpoint
) -> None:
    """A few find out that it is away. The others stay as they are until it is tried again."""
    await endpoint.switch_on()
    await instance.webhooks.stop()
    endpoint.hook.handle = lambda _: b""  # it closes the connection
    async with process(instance, endpoint) as other:
        for number in range(EVENTS):
            event = EventReference(id=f"evt_{number}", type=WebhookEvent.TEST, at=datetime.now(UTC))
            await other.store.put([endpoint.key], event)
        outbox, leased = other.outbox, 0
        while taken := await outbox.begin_due():
            leased += taken
            await outbox.join()

    assert leased <= 2 * AT_ONCE


async def test_an_endpoint_that_takes_its_time_holds_up_no_other(
    instance: Instance, endpoint: Endpoint
) -> None:
    """Its own events wait, and follow as it answers."""
    await endpoint.switch_on("report.created")
    may_answer = asyncio.Event()

    async def hesitate(_: Received) -> bytes:
        await may_answer.wait()
        return answer()

    async with Hook(hesitate).run() as slow:
        hesitant = Endpoint(slow, instance)
        await hesitant.switch_on("report.created")
        store = WebhookStore(instance.database)
        for number in range(EVENTS):
            event = EventReference(id=f"evt_{number}", type=WebhookEvent.TEST, at=datetime.now(UTC))
            await store.put([hesitant.key], event)
        await endpoint.until(lambda: len(slow.received) == AT_ONCE)

        await instance.webhooks.put_test(endpoint.key)
        async with asyncio.timeout(SOON):
            await endpoint.has(1)

        assert len(slow.received) == AT_ONCE
        may_answer.set()
        await endpoint.until(lambda: len(slow.received) == EVENTS)


@pytest.mark.parametrize("seconds", [0.0, 5.0])
async def test_a_text_that_was_deleted_while_it_waited(
    instance: Instance, endpoint: Endpoint, ann: Api, seconds: float
) -> None:
    """A state of this moment is sent as it is, which costs no read. An older one is read again."""
    await endpoint.switch_on("message.created")
    await instance.webhooks.stop()
    group = await ann.group()
    sent = await ann.send(group, "a secret")
    conversation = await instance.store.get_conversation(group)
    message = (await instance.store.get_messages(group, [sent["id"]]))[sent["id"]]
    assert conversation is not None
    await ann.delete(f"/conversations/{group}/messages/{sent['id']}")

    async with process(instance, endpoint) as other:
        await other.follower.deliver(followed(conversation, message, seconds))

    texts = [body["data"]["message"]["text"] for _, body in endpoint.requests]
    assert texts == ([] if seconds else ["a secret"])


def followed(conversation: Conversation, message: Message, seconds: float) -> Followed:
    """The creation of a message, as a process saw it so many seconds ago."""
    change = Change(
        type=ChangeType.MESSAGE_CREATED,
        version=message.version,
        message=message,
        conversation=conversation,
        by=message.sender_id,
    )
    return Followed(
        conversation=conversation,
        since=message.version - 1,
        version=message.version,
        messages=[message],
        changes=[change],
        seen_at=time.monotonic() - seconds,
    )
