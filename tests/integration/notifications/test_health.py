"""Readiness names what notifications depend on; without it an instance is degraded, not down."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest_asyncio
from pytest_django import Settings

from config.application import Application
from messaging.runtime.instance import Instance
from tests.integration.notifications import found, until
from tests.notifications.fcm_server import FcmServer
from tests.notifications.sqs_server import Gate


@pytest_asyncio.fixture
async def http(instance: Instance) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=Application(instance))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


async def ready(http: httpx.AsyncClient) -> tuple[int, str, dict[str, Any]]:
    """Status, the whole in a word, and the conditions of what notifications need."""
    answer = await http.get("/health/ready")
    document = answer.json()
    checks = {name: document["checks"][name] for name in ("queue", "push")}
    return answer.status_code, document["status"], checks


async def test_the_queue_goes_and_returns(
    instance: Instance, http: httpx.AsyncClient, gate: Gate, queue_url: str, settings: Settings
) -> None:
    """Meanwhile jobs are carried out directly."""
    settings.NOTIFICATION_QUEUE_URL = queue_url
    group = await found(instance, "bob")
    assert await ready(http) == (200, "ok", {"queue": "ok", "push": "ok"})

    gate.shut()
    await group.send()
    await until(lambda: instance.notifications.conditions["queue"] == "degraded")
    assert await ready(http) == (200, "degraded", {"queue": "degraded", "push": "ok"})

    gate.reopen()
    while instance.notifications.conditions["queue"] != "ok":
        await group.send()
    assert await ready(http) == (200, "ok", {"queue": "ok", "push": "ok"})


async def test_firebase_lets_nobody_in(
    instance: Instance, http: httpx.AsyncClient, fcm: FcmServer
) -> None:
    """Without an access token nothing is pushed."""
    fcm.token_status = 403
    group = await found(instance, "bob")
    await instance.start()
    await group.send()

    await until(lambda: instance.notifications.conditions["push"] == "degraded")
    assert await ready(http) == (200, "degraded", {"queue": "unused", "push": "degraded"})
