"""What the doctor says of webhook endpoints and of the moderation hook."""

from datetime import UTC, datetime

import pytest

from messaging.doctor.findings import Level
from messaging.doctor.webhooks import examine_webhooks
from messaging.models import ModerationHookRecord, WebhookEndpointRecord

pytestmark = pytest.mark.django_db(transaction=True)


async def test_without_endpoints() -> None:
    assert [one.level for one in await examine_webhooks()] == [Level.OK]


async def test_endpoints_that_fail() -> None:
    """One that was switched off, one that fails now, and URLs that can never be reached."""
    endpoints = WebhookEndpointRecord.objects
    await endpoints.acreate(url="https://a.example/", enabled=False, switched_off_for="it is gone")
    await endpoints.acreate(url="https://b.example/", failing_since=datetime.now(UTC))
    await endpoints.acreate(url="https://10.0.0.1/")
    await ModerationHookRecord.objects.acreate(url="http://10.0.0.1/", secret="")

    found = await examine_webhooks()

    assert [one.level for one in found] == [
        Level.WARNING,
        Level.WARNING,
        Level.PROBLEM,
        Level.PROBLEM,
    ]
    assert "it is gone" in found[0].text
