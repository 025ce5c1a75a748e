"""What an endpoint gets: every change once, in the order of its conversation, with the objects of
REST."""

from typing import Any

import pytest

from messaging.models import WebhookDeliveryRecord
from messaging.runtime.instance import Instance
from messaging.wire.representations import timestamp
from tests.integration.chat import Api, ok
from tests.integration.webhooks import Endpoint


@pytest.fixture(params=["sql", "firestore"])
def store(request: pytest.FixtureRequest) -> Any:
    return request.param


async def test_every_change(endpoint: Endpoint, ann: Api, bob: Api) -> None:
    """Each change of a conversation is an event of its own type. The second send waits for the
    first delivery, so that the checkpoint is known."""
    await endpoint.switch_on()
    group = await ann.group(bob)
    (created,) = await endpoint.has(1)
    message = await ann.send(group, "hello")
    path = f"/conversations/{group}/messages/{message['id']}"
    ok(await bob.put(f"{path}/reactions/👍"))
    ok(await ann.patch(path, text="hello again"))
    ok(await ann.patch(f"/conversations/{group}", title="Coffee"))
    ok(await ann.post(f"/conversations/{group}/participants", user_ids=["cid"]))
    await ann.delete(f"/conversations/{group}/participants/cid")
    other = await ann.send(group, "bye")
    events = await endpoint.has(8)

    assert created["type"] == "conversation.created"
    assert created["data"]["conversation"]["id"] == group
    assert [(one["type"], one["data"]["version"]) for one in events] == [
        ("conversation.created", 0),
        ("message.created", 1),
        ("reaction.updated", 2),
        ("message.updated", 3),
        ("conversation.updated", 4),
        ("participant.added", 5),
        ("participant.removed", 6),
        ("message.created", 7),
    ]
    reaction = events[2]["data"]
    assert (reaction["by"], reaction["emoji"], reaction["added"]) == ("bob", "👍", True)
    assert reaction["message"]["reactions"]["👍"]["count"] == 1
    assert events[3]["data"]["message"]["text"] == "hello again"
    assert events[4]["data"]["conversation"]["title"] == "Coffee"
    assert events[5]["data"]["participants"][0]["user_id"] == "cid"
    assert (events[6]["data"]["by"], events[6]["data"]["conversation_id"]) == ("ann", group)
    shown = {name: value for name, value in other.items() if name != "my_reactions"}
    assert events[7]["data"]["message"] == shown

    await ann.delete(f"/conversations/{group}/messages/{other['id']}")
    deleted = (await endpoint.has(9))[8]
    assert (deleted["type"], deleted["data"]["message"]["text"]) == ("message.deleted", None)
    assert len(endpoint.requests) == 9


async def test_a_report(instance: Instance, endpoint: Endpoint, ann: Api, bob: Api) -> None:
    group = await ann.group(bob)
    message = await bob.send(group, "foul")
    await endpoint.switch_on("report.created")

    made = await ann.post(
        "/reports", message_id=message["id"], conversation_id=group, reason="foul"
    )
    (event,) = await endpoint.has(1)

    assert event["type"] == "report.created"
    assert event["data"]["report"]["id"] == made.json()["id"]
    assert event["data"]["report"]["author_id"] == "bob"


async def test_an_id_is_of_its_epoch(instance: Instance, endpoint: Endpoint, ann: Api) -> None:
    await endpoint.switch_on("message.created")
    group = await ann.group()
    message = await ann.send(group)
    (event,) = await endpoint.has(1)

    epoch = await instance.epochs.get()
    assert list(endpoint.accepted) == [f"evt_{epoch.id}_{group}_{message['version']}"]
    assert event["timestamp"] == message["created_at"]
    stored = await instance.store.get_messages(group, [message["id"]])
    assert event["timestamp"] == timestamp(stored[message["id"]].created_at)


async def test_the_log(endpoint: Endpoint, ann: Api) -> None:
    """It has ids and answers, and no text."""
    await endpoint.switch_on("message.created")
    group = await ann.group()
    await ann.send(group, "a secret")
    await endpoint.has(1)

    async def logged() -> bool:
        return await WebhookDeliveryRecord.objects.filter(state="delivered").aexists()

    await endpoint.until(logged)
    row = await WebhookDeliveryRecord.objects.values().aget()
    assert (row["type"], row["status"], row["conversation_id"]) == ("message.created", 200, group)
    assert "a secret" not in str(row)


async def test_a_push_that_failed(instance: Instance, endpoint: Endpoint, ann: Api) -> None:
    """The worker's notifier says so, once for the same people."""
    await endpoint.switch_on("push.failed")
    group = await ann.group()
    message = await ann.send(group)

    for _ in range(2):
        await instance.notifications.parts.announce_failed(group, message["id"], ["bob"])
    (event,) = await endpoint.has(1)

    assert event["data"] == {
        "conversation_id": group,
        "message_id": message["id"],
        "user_ids": ["bob"],
    }
