"""How an endpoint is switched off, and on again."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.integrations.secrets import Secrets
from messaging.domain.integrations.webhooks import Attempt, Endpoint, EventReference, WebhookEvent
from messaging.webhooks.endpoint import LiveEndpoint
from messaging.webhooks.log import DeliveryLog
from messaging.webhooks.requests import EndpointAway

_AT = datetime(2026, 1, 1, tzinfo=UTC)
_SETTINGS = Endpoint(
    id=1,
    url="https://example.com",
    secrets=Secrets(present="whsec_"),
    events=frozenset(),
    enabled=True,
    created_at=_AT,
)
_GONE, _GOOD = (Attempt(status=status, seconds=0.1) for status in (410, 200))


class FakeStore:
    """A database that can be away."""

    def __init__(self) -> None:
        self.away = False
        self.switched_off: list[int] = []
        self.logged: list[str] = []

    async def switch_off(self, endpoint_id: int, reason: str) -> bool:
        self._answer()
        self.switched_off.append(endpoint_id)
        return True

    async def log(self, delivered: Sequence[tuple[int, EventReference, Attempt]]) -> None:
        self._answer()
        self.logged += [event.id for _, event, _ in delivered]

    def _answer(self) -> None:
        if self.away:
            raise StoreUnavailable


class FakeRequests:
    """An endpoint with these answers."""

    def __init__(self, *answers: Attempt) -> None:
        self._answers = list(answers)

    async def send(self, *_: object) -> Attempt:
        return self._answers.pop(0)


def event(id_: str = "evt") -> EventReference:
    return EventReference(id=id_, type=WebhookEvent.MESSAGE_CREATED, at=_AT)


def live(store: Any, *answers: Attempt) -> LiveEndpoint:
    requests: Any = FakeRequests(*answers)
    return LiveEndpoint(_SETTINGS, requests=requests, store=store, log=DeliveryLog(store))


async def test_it_is_switched_off_once_the_store_answers() -> None:
    """Until then it is asked again."""
    store = FakeStore()
    endpoint = live(store, _GONE, _GONE)
    store.away = True
    with pytest.raises(StoreUnavailable):
        await endpoint.send(event(), b"")
    store.away = False
    assert await endpoint.send(event(), b"") == _GONE
    assert store.switched_off == [1]
    with pytest.raises(EndpointAway):
        await endpoint.send(event(), b"")


async def test_it_is_switched_on_again_at_once() -> None:
    """An operator may be faster than the process that would notice that it was off."""
    endpoint = live(FakeStore(), _GONE, _GOOD)
    await endpoint.send(event(), b"")
    endpoint.use(_SETTINGS)
    assert await endpoint.send(event(), b"") == _GOOD


async def test_the_log_waits_for_the_store() -> None:
    store: Any = FakeStore()
    log = DeliveryLog(store)
    log.add(1, event("first"), _GOOD, settles=True)
    log.add(1, event("second"), _GOOD, settles=False)
    store.away = True
    with pytest.raises(StoreUnavailable):
        await log.flush()
    log.add(1, event("third"), _GOOD, settles=True)
    store.away = False
    await log.flush()
    await log.flush()
    assert store.logged == ["first", "third", "second"]
