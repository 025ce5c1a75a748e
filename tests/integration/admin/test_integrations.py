"""What operators connect: endpoints of webhooks, and the rules of moderation."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from django.contrib.admin.models import LogEntry
from django.db.models.signals import pre_save
from pytest_django.fixtures import Settings

from messaging.domain.integrations.moderation import MAX_WORDS
from messaging.domain.integrations.webhooks import DeliveryState
from messaging.models import (
    ModerationHookRecord,
    WebhookDeliveryRecord,
    WebhookEndpointRecord,
    WordListRecord,
)
from messaging.runtime.instance import Instance
from tests.instances import new_instance
from tests.integration.admin import Operator, text_of
from tests.integration.chat import Api, problem

ENDPOINT = "../messaging/webhookendpointrecord/"
DELIVERY = "../messaging/webhookdeliveryrecord/"
HOOK = "../messaging/moderationhookrecord/"
WORDS = "../messaging/wordlistrecord/"


@pytest_asyncio.fixture
async def instance(transactional_db: None, settings: Settings) -> AsyncIterator[Instance]:
    """On SQL: these tables are in the same database on every store."""
    settings.CHAT_OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    async with new_instance() as instance:
        await instance.start()
        yield instance


async def test_an_endpoint(root: Operator) -> None:
    """Its secret is shown once, and can be replaced; then both sign for a day."""
    form = {"url": "https://app.example/hooks", "events": ["message.created"], "enabled": "on"}
    shown = await root.post(f"{ENDPOINT}add/", form)
    endpoint = await WebhookEndpointRecord.objects.aget()
    assert endpoint.secret in shown.text
    assert "no-store" in shown.headers["Cache-Control"]
    assert endpoint.events == ["message.created"]

    page = await root.get(f"{ENDPOINT}{endpoint.pk}/change/")
    assert endpoint.secret not in page.text
    replaced = await root.act(ENDPOINT, "replace_secret", str(endpoint.pk))
    renewed = await WebhookEndpointRecord.objects.aget()
    assert renewed.secret in replaced.text
    assert (renewed.previous_secret, renewed.previous_until is None) == (endpoint.secret, False)
    assert not await LogEntry.objects.filter(change_message__contains=renewed.secret).aexists()


@pytest.mark.parametrize("url", ["https://10.0.0.1/", "https://169.254.169.254/", "ftp://x/", "x"])
async def test_a_url_that_is_refused(root: Operator, url: str) -> None:
    for path in (ENDPOINT, HOOK):
        answer = await root.post(f"{path}add/", {"url": url, "fallback": "allow"})
        assert 'class="errorlist"' in answer.text
    assert not await WebhookEndpointRecord.objects.aexists()
    assert not await ModerationHookRecord.objects.aexists()


async def test_an_endpoint_is_switched_on_again(root: Operator) -> None:
    endpoint = await WebhookEndpointRecord.objects.acreate(
        url="https://app.example/", enabled=False, switched_off_for="it answered 410 Gone"
    )
    form = {"url": endpoint.url, "enabled": "on"}
    await root.post(f"{ENDPOINT}{endpoint.pk}/change/", form)
    endpoint = await WebhookEndpointRecord.objects.aget()
    assert (endpoint.enabled, endpoint.switched_off_for) == (True, "")


async def test_a_test_event_and_a_replay(root: Operator) -> None:
    endpoint = await WebhookEndpointRecord.objects.acreate(
        url="https://app.example/", enabled=False, secret="whsec_aGVsbG8="
    )
    await root.act(ENDPOINT, "send_test_event", str(endpoint.pk))
    event = await WebhookDeliveryRecord.objects.aget()
    assert (event.type, event.state) == ("webhook.test", DeliveryState.WAITING)

    await WebhookDeliveryRecord.objects.aupdate(state=DeliveryState.FAILED)
    assert "webhook.test" in text_of(await root.get(DELIVERY))
    await root.act(DELIVERY, "replay", str(event.pk))
    assert (await WebhookDeliveryRecord.objects.aget()).state == DeliveryState.WAITING
    assert (await root.get(f"{DELIVERY}add/")).status_code == 403


async def test_a_word_list(instance: Instance, root: Operator, ann: Api) -> None:
    """Lines are tidied, and the list holds for what is sent next."""
    group = await ann.group()
    form = {"name": "Spam", "action": "block", "words": " spam \r\n\r\nspam\r\n*casino*"}
    await root.post(f"{WORDS}add/", {**form, "enabled": "on"})
    assert (await WordListRecord.objects.aget()).words == "spam\n*casino*"
    await instance.moderation.refresh()
    sent = await ann.post(f"/conversations/{group}/messages", text="Casinos")
    assert problem(sent) == (403, "refused_by_moderation")

    for words in ("*", "x" * 201, "\u200b"):
        answer = await root.post(f"{WORDS}add/", {**form, "name": "Other", "words": words})
        assert 'class="errorlist"' in answer.text, words


async def test_there_is_one_hook(root: Operator) -> None:
    form = {"url": "https://app.example/", "fallback": "refuse", "enabled": "on"}
    shown = await root.post(f"{HOOK}add/", form)
    hook = await ModerationHookRecord.objects.aget()
    assert hook.secret in shown.text
    assert (await root.get(f"{HOOK}add/")).status_code == 403


async def test_more_words_than_the_server_takes(root: Operator) -> None:
    """All lists that are on count together. A list that is off does not count."""
    first = await WordListRecord.objects.acreate(
        name="Long", action="block", words="\n".join(f"word{n}" for n in range(MAX_WORDS))
    )
    form = {"name": "Spam", "action": "block", "words": "spam"}

    answer = await root.post(f"{WORDS}add/", {**form, "enabled": "on"})
    assert f"at most {MAX_WORDS} words together" in text_of(answer)
    await root.post(f"{WORDS}add/", form)
    spam = await WordListRecord.objects.aget(name="Spam")
    assert not spam.enabled

    await WordListRecord.objects.filter(pk=first.pk).aupdate(enabled=False)
    await root.post(f"{WORDS}{spam.pk}/change/", {**form, "enabled": "on"})
    assert (await WordListRecord.objects.aget(name="Spam")).enabled


async def test_what_changes_while_an_operator_saves(root: Operator) -> None:
    """Is kept: the admin writes only what the operator changes."""
    endpoint = await WebhookEndpointRecord.objects.acreate(url="https://app.example/", secret="a")
    hook = await ModerationHookRecord.objects.acreate(url="https://app.example/", secret="a")
    failing = datetime(2026, 1, 1, tzinfo=UTC)

    def change(sender: Any, **_: Any) -> None:
        if sender is WebhookEndpointRecord:
            sender.objects.update(failing_since=failing, enabled=False)
        if sender is ModerationHookRecord:
            sender.objects.update(secret="b", enabled=False)

    pre_save.connect(change)
    try:
        form = {"url": "https://new.example/", "enabled": "on", "fallback": "allow"}
        await root.post(f"{ENDPOINT}{endpoint.pk}/change/", form)
        await root.post(f"{HOOK}{hook.pk}/change/", form)
        await root.act(ENDPOINT, "replace_secret", str(endpoint.pk))
    finally:
        pre_save.disconnect(change)

    saved = await WebhookEndpointRecord.objects.aget()
    assert (saved.url, saved.previous_secret) == ("https://new.example/", "a")
    assert (saved.enabled, saved.failing_since) == (False, failing)
    kept = await ModerationHookRecord.objects.aget()
    assert (kept.url, kept.secret, kept.enabled) == ("https://new.example/", "b", False)
    assert kept.changed_at > hook.changed_at
