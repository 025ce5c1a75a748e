"""Actions of the admin ask before they change something."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest_asyncio
from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.test import RequestFactory

from messaging.domain.integrations.webhooks import DeliveryState
from messaging.models import (
    AuditEntryRecord,
    ModerationHookRecord,
    WebhookDeliveryRecord,
    WebhookEndpointRecord,
)
from messaging.runtime.instance import Instance
from tests.instances import new_instance
from tests.integration.admin import Operator, text_of
from tests.integration.chat import Api

ENDPOINT = "../messaging/webhookendpointrecord/"
DELIVERY = "../messaging/webhookdeliveryrecord/"
HOOK = "../messaging/moderationhookrecord/"
HARMLESS = {("webhookendpointrecord", "send_test_event"), ("auditentryrecord", "export")}
"""`docs/admin.md` names them: they change and destroy nothing."""


@pytest_asyncio.fixture
async def instance(transactional_db: None) -> AsyncIterator[Instance]:
    """On SQL: the actions are the same on every store."""
    async with new_instance() as instance:
        await instance.start()
        yield instance


def registered(request: HttpRequest) -> Iterator[tuple[str, str, str]]:
    """The app, the model and the name of each action that somebody is offered."""
    for model in filter(admin.site.is_registered, apps.get_models()):
        for name in admin.site.get_model_admin(model).get_actions(request):
            yield model._meta.app_label, str(model._meta.model_name), name


async def test_each_action_asks(root: Operator, ann: Api) -> None:
    """Also one that is registered tomorrow, unless it is among the harmless ones."""
    group = await ann.group()
    await WebhookEndpointRecord.objects.acreate(pk=1, url="https://a.example/", enabled=False)
    await ModerationHookRecord.objects.acreate(pk=1, url="https://b.example/")
    request = RequestFactory().get("/")
    request.user = root.user
    actions = list(registered(request))
    assert {one[1:] for one in actions} >= HARMLESS
    assert len(actions) > 25

    unasked = set()
    for app, model, name in actions:
        path = f"../{app}/{model}/"
        if model == "message":
            path += f"?conversation={group}"
            await root.post(path, {"look": "1", "reason": "Why not"})
        answer = await root.act(path, name, "1", confirmed=False)
        asks = any(f'name="{field}"' in answer.text for field in ("confirmed", "post"))
        if answer.status_code != 200 or not asks:
            unasked.add((model, name))
    assert unasked == HARMLESS


async def test_a_secret_is_replaced_once_it_is_confirmed(root: Operator) -> None:
    """Of an endpoint and of the hook; and of one row only."""
    endpoint = await WebhookEndpointRecord.objects.acreate(url="https://a.example/", secret="a")
    other = await WebhookEndpointRecord.objects.acreate(url="https://b.example/", secret="b")
    hook = await ModerationHookRecord.objects.acreate(url="https://c.example/", secret="c")

    for path, key, url in ((ENDPOINT, endpoint.pk, "a.example"), (HOOK, hook.pk, "c.example")):
        asked = text_of(await root.act(path, "replace_secret", str(key), confirmed=False))
        assert "for the next 24 hours" in asked
        assert url in asked
    two = await root.act(ENDPOINT, "replace_secret", str(endpoint.pk), str(other.pk))
    assert "Choose one row." in text_of(two)

    assert [row.secret async for row in WebhookEndpointRecord.objects.order_by("pk")] == ["a", "b"]
    assert (await ModerationHookRecord.objects.aget()).secret == "c"
    await root.act(HOOK, "replace_secret", str(hook.pk))
    assert (await ModerationHookRecord.objects.aget()).previous_secret == "c"
    entry = await AuditEntryRecord.objects.aget()
    assert entry.action == "moderationhookrecord.replace_secret"
    assert entry.detail == {"rows": "1", "keys": str(hook.pk)}


async def test_all_events_of_a_list_are_replayed_once_it_is_confirmed(root: Operator) -> None:
    """More than a page names; the form of the confirmation chooses them all again."""
    endpoint = await WebhookEndpointRecord.objects.acreate(url="https://a.example/", enabled=False)
    now = datetime.now(UTC)
    await WebhookDeliveryRecord.objects.abulk_create(
        WebhookDeliveryRecord(
            endpoint=endpoint,
            webhook_id=f"msg_{number}",
            type="webhook.test",
            state=DeliveryState.FAILED.value,
            at=now,
            expires_at=now + timedelta(days=1),
        )
        for number in range(102)
    )
    failed = WebhookDeliveryRecord.objects.filter(state=DeliveryState.FAILED.value)
    keys = [str(row.pk) async for row in failed[:100]]

    asked = await root.act(DELIVERY, "replay", *keys, confirmed=False, select_across="1")
    assert "and 2 more" in text_of(asked)
    assert 'name="select_across" value="1"' in asked.text
    assert await failed.acount() == 102

    await root.act(DELIVERY, "replay", *keys, select_across="1")
    assert await failed.acount() == 0
