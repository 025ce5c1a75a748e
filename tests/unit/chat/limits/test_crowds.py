"""Crowds: all addresses without a token together, and nobody else is kept waiting."""

import asyncio
from typing import Any

import orjson
import pytest

from chat.authentication import issue_development_token
from chat.limits import crowds
from tests.unit.chat.limits.test_strangers import Inner, ask, door_to

ADDRESSES = crowds.PLACES + 3


@pytest.fixture(autouse=True)
def _limits(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CHAT_RATE_LIMITS = True
    monkeypatch.setattr(crowds, "PATIENCE_SECONDS", 0.2)


async def full(inner: Inner, path: str) -> tuple[Any, list[asyncio.Task[Any]]]:
    """An application, all of whose places for such paths are taken, and who waits beyond them."""
    inner.open.clear()
    application = door_to(inner)
    tasks = [
        asyncio.create_task(ask(application, f"198.51.100.{number}", path))
        for number in range(ADDRESSES)
    ]
    async with asyncio.timeout(30):
        while inner.inside < crowds.PLACES:
            await asyncio.sleep(0)
    return application, tasks


@pytest.mark.parametrize(
    "path",
    ["/metrics", "/", "/api/schema", "/api/asyncapi", "/api/docs", "/api/v1/me", "/admin/login/"],
)
async def test_who_waits_too_long_is_refused(path: str) -> None:
    """However many addresses ask."""
    inner = Inner()
    _, tasks = await full(inner, path)

    refused, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    start, body = refused.pop().result()
    while sum(task.done() for task in tasks) < 3:
        await asyncio.sleep(0.01)
    inner.open.set()
    answers = [answer[0]["status"] for answer in await asyncio.gather(*tasks)]

    assert start["status"] == 503
    assert dict(start["headers"])[b"retry-after"] == b"1"
    assert orjson.loads(body["body"])["code"] == "overloaded"
    assert sorted(answers) == [204] * crowds.PLACES + [503] * 3
    assert inner.most_inside == crowds.PLACES


async def test_a_full_queue_refuses_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowds, "PATIENCE_SECONDS", 30.0)
    monkeypatch.setattr(crowds, "MAX_WAITING", 3)
    inner = Inner()
    application, tasks = await full(inner, "/metrics")

    async with asyncio.timeout(20):
        answer = await ask(application, "203.0.113.50")
    inner.open.set()

    assert answer[0]["status"] == 503
    assert [one[0]["status"] for one in await asyncio.gather(*tasks)] == [204] * ADDRESSES


async def test_others_are_not_kept_waiting() -> None:
    """Probes, requests with a valid token, and the other group of pages."""
    inner = Inner()
    application, tasks = await full(inner, "/metrics")
    authorization = (b"authorization", f"Bearer {issue_development_token('ann')}".encode())

    others = [
        asyncio.create_task(ask(application, "203.0.113.51", "/health/live")),
        asyncio.create_task(ask(application, "203.0.113.52", "/api/v1/me", authorization)),
        asyncio.create_task(ask(application, "203.0.113.53", "/admin/")),
    ]
    async with asyncio.timeout(30):
        while inner.inside < crowds.PLACES + len(others):
            await asyncio.sleep(0)
    inner.open.set()

    assert [one[0]["status"] for one in await asyncio.gather(*others)] == [204] * 3
    await asyncio.gather(*tasks)
