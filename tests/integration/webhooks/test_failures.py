"""Endpoints that fail: what is retried, held, passed over, switched off and replayed."""

from datetime import UTC, datetime, timedelta

from asgiref.sync import sync_to_async
from pytest_django.fixtures import Settings

from messaging.domain.integrations.webhooks import (
    RETRIED_FOR,
    SILENT_FOR,
    Attempt,
    DeliveryState,
    EventReference,
    WebhookEvent,
)
from messaging.models import WebhookDeliveryRecord, WebhookEndpointRecord
from messaging.runtime.instance import Instance
from messaging.stores.database.webhooks import WebhookStore
from tests.instances import new_instance
from tests.integration.chat import Api
from tests.integration.webhooks import Endpoint, Json


def texts(events: list[Json], conversation: str) -> list[str]:
    return [
        event["data"]["message"]["text"]
        for event in events
        if event["data"]["conversation_id"] == conversation
    ]


async def test_a_failing_event_is_retried(endpoint: Endpoint, ann: Api) -> None:
    """Its conversation waits for it, in order, and with the same id. Others do not wait."""
    await endpoint.switch_on("message.created")
    one, other = await ann.group(), await ann.group()
    endpoint.refused = one
    await ann.send(one, "a")
    await endpoint.until(lambda: len(endpoint.requests) == 1)
    await ann.send(one, "b")
    await ann.send(other, "c")
    assert texts(await endpoint.has(1), other) == ["c"]
    endpoint.refused = ""

    events = await endpoint.has(3)

    assert texts(events, one) == ["a", "b"]
    assert texts(events, other) == ["c"]
    ids = [webhook_id for webhook_id, body in endpoint.requests if body in events[1:2]]
    assert len(ids) >= 2
    assert len(set(ids)) == 1

    async def settled() -> bool:
        records = WebhookDeliveryRecord.objects
        return not await records.exclude(state=DeliveryState.DELIVERED).aexists()

    await endpoint.until(settled)


async def test_a_success_after_no_answer(instance: Instance, endpoint: Endpoint) -> None:
    """The log no longer says why there was none."""
    await endpoint.switch_on()
    store, at = WebhookStore(instance.database), datetime.now(UTC)
    event = EventReference(id="evt", type=WebhookEvent.MESSAGE_CREATED, at=at)
    await store.note_failure(endpoint.key, event, Attempt(status=None, failure="late", seconds=9))
    await store.log([(endpoint.key, event, Attempt(status=200, seconds=0.1))])

    row = await WebhookDeliveryRecord.objects.aget()
    assert (row.state, row.status, row.failure) == (DeliveryState.DELIVERED, 200, "")


async def test_an_endpoint_that_is_gone(endpoint: Endpoint, ann: Api) -> None:
    """410 switches it off. Switched on again, it gets what has happened since."""
    await endpoint.switch_on("message.created")
    endpoint.answers = [410]
    group = await ann.group()
    await ann.send(group, "a")

    async def is_off() -> bool:
        return not (await endpoint.record()).enabled

    await endpoint.until(is_off)
    assert "410" in (await endpoint.record()).switched_off_for
    await ann.send(group, "b")
    await endpoint.instance.webhooks.refresh()
    assert len(endpoint.requests) == 1

    await WebhookEndpointRecord.objects.filter(pk=endpoint.key).aupdate(enabled=True)
    await endpoint.instance.webhooks.changed(endpoint.key)
    assert texts(await endpoint.has(2), group) == ["a", "b"]


async def test_an_endpoint_that_is_silent_for_days(endpoint: Endpoint, ann: Api) -> None:
    await endpoint.switch_on("message.created")
    since = datetime.now(UTC) - SILENT_FOR
    await WebhookEndpointRecord.objects.filter(pk=endpoint.key).aupdate(failing_since=since)
    await endpoint.instance.webhooks.refresh()
    endpoint.answers = [500]
    await ann.send(await ann.group())

    async def is_off() -> bool:
        return not (await endpoint.record()).enabled

    await endpoint.until(is_off)


async def test_a_success_ends_the_silence(endpoint: Endpoint, ann: Api) -> None:
    await endpoint.switch_on("message.created")
    endpoint.answers = [500]
    await ann.send(await ann.group())

    async def failing() -> bool:
        return (await endpoint.record()).failing_since is not None

    await endpoint.until(failing)
    await endpoint.has(1)

    async def well() -> bool:
        return (await endpoint.record()).failing_since is None

    await endpoint.until(well)


async def test_a_success_of_another_process_ends_the_silence(endpoint: Endpoint, ann: Api) -> None:
    """It had not read yet that requests failed, so it did not note that they succeed again."""
    await endpoint.switch_on("message.created")
    group = await ann.group()
    await ann.send(group, "a")

    async def logged() -> bool:
        return await WebhookDeliveryRecord.objects.filter(state=DeliveryState.DELIVERED).aexists()

    await endpoint.until(logged)
    since = datetime.now(UTC) - SILENT_FOR
    await WebhookEndpointRecord.objects.filter(pk=endpoint.key).aupdate(failing_since=since)
    await endpoint.instance.webhooks.refresh()
    endpoint.answers = [500]
    await ann.send(group, "b")

    assert texts(await endpoint.has(2), group) == ["a", "b"]
    assert (await endpoint.record()).enabled


async def test_an_event_that_fails_for_a_day(endpoint: Endpoint, ann: Api) -> None:
    """It is passed over, the next ones follow, and it can be replayed."""
    await endpoint.switch_on("message.created")
    endpoint.answers = [500, 500]
    group = await ann.group()
    await ann.send(group, "a")
    records = WebhookDeliveryRecord.objects

    async def held() -> bool:
        return await records.filter(state=DeliveryState.HELD).aexists()

    await endpoint.until(held)
    since = datetime.now(UTC) - RETRIED_FOR - timedelta(minutes=1)
    await records.aupdate(first_failed_at=since)
    await ann.send(group, "b")

    assert texts(await endpoint.has(1), group) == ["b"]
    failed = await records.aget(state=DeliveryState.FAILED)
    await records.filter(pk=failed.pk).aupdate(
        state=DeliveryState.WAITING, next_at=datetime.now(UTC)
    )
    assert texts(await endpoint.has(2), group) == ["b", "a"]


async def test_what_was_deleted_meanwhile(endpoint: Endpoint, ann: Api) -> None:
    """A text that was deleted before its delivery does not leave the product."""
    await endpoint.switch_on()
    group = await ann.group()
    await endpoint.has(1)
    endpoint.answers = [500]
    message = await ann.send(group, "a secret")
    await endpoint.until(lambda: len(endpoint.requests) == 2)
    await ann.delete(f"/conversations/{group}/messages/{message['id']}")

    events = await endpoint.has(2)

    assert [one["type"] for one in events] == ["conversation.created", "message.deleted"]


async def test_an_instance_that_ends(endpoint: Endpoint, ann: Api) -> None:
    """Another one delivers what it had not, in order."""
    await endpoint.switch_on()
    group = await ann.group()
    await endpoint.has(1)
    endpoint.answers = [500] * 3
    for text in ("a", "b", "c"):
        await ann.send(group, text)
    await endpoint.until(lambda: len(endpoint.requests) > 1)
    first = endpoint.instance
    await first.stop()

    async with new_instance() as second:
        await second.start()
        await second.webhooks.refresh()
        endpoint.instance, endpoint.answers = second, []
        events = await endpoint.has(4)

    assert texts(events[1:], group) == ["a", "b", "c"]


async def test_what_was_delivered_before_a_failure(endpoint: Endpoint, ann: Api) -> None:
    """It does not come again, also from another process: the checkpoint has moved up to the
    failure."""
    await endpoint.switch_on("message.created")
    group = await ann.group()
    endpoint.answers = [500]
    for text in ("a", "b", "c"):
        await ann.send(group, text)
    await endpoint.until(lambda: len(endpoint.requests) == 1)
    endpoint.answers = [200, 500]
    await endpoint.until(lambda: len(endpoint.requests) == 3)
    first = endpoint.instance
    await first.stop()

    async with new_instance() as second:
        await second.start()
        await second.webhooks.refresh()
        endpoint.instance = second
        assert texts(await endpoint.has(3), group) == ["a", "b", "c"]

    sent = [body["data"]["message"]["text"] for _, body in endpoint.requests]
    assert sent == ["a", "a", "b", "b", "c"]


async def test_an_endpoint_that_is_deleted(
    instance: Instance, endpoint: Endpoint, ann: Api
) -> None:
    """Nothing is left of it."""
    from messaging.models import CheckpointRecord, FollowerRecord  # noqa: PLC0415

    await endpoint.switch_on("message.created")
    await ann.send(await ann.group())
    await endpoint.has(1)

    await sync_to_async((await endpoint.record()).delete)()
    await instance.webhooks.refresh()

    names = {"follower__startswith": "webhook."}
    assert not await CheckpointRecord.objects.filter(**names).aexists()
    assert not await FollowerRecord.objects.filter(name__startswith="webhook.").aexists()
    assert not await WebhookDeliveryRecord.objects.aexists()


async def test_a_test_event(instance: Instance, endpoint: Endpoint) -> None:
    """It reaches the endpoint whatever events it wants."""
    await endpoint.switch_on("report.created")

    await instance.webhooks.put_test(endpoint.key)

    assert (await endpoint.has(1))[0]["type"] == "webhook.test"
    ok_state = WebhookDeliveryRecord.objects.filter(state=DeliveryState.DELIVERED)
    await endpoint.until(ok_state.aexists)


async def test_a_forbidden_address(endpoint: Endpoint, ann: Api, settings: Settings) -> None:
    """No connection is made, and the log says why."""
    settings.CHAT_OUTBOUND_ALLOWED_NETWORKS = []
    await endpoint.switch_on("message.created")
    await ann.send(await ann.group())

    async def refused() -> bool:
        failed = WebhookDeliveryRecord.objects.filter(failure="address_refused")
        return await failed.aexists()

    await endpoint.until(refused)
    assert endpoint.hook.connections == 0
