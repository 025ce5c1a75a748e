"""What tables besides the store keep about a person, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.models import (
    ServiceActionRecord,
    WebhookDeliveryRecord,
    WebhookEndpointRecord,
)
from messaging.stores.database import traces
from messaging.stores.database.traces import TraceStore
from messaging.stores.sql.store import SqlStore

NAMES = ("ann", "eve", "eve", "annie", "x.eve", "eve", "eve", "bob")
"""Whom the rows of each table name, by their ids."""


def _plant(database: BaseDatabaseWrapper) -> None:
    at = datetime.now(UTC)
    for model in (WebhookDeliveryRecord, WebhookEndpointRecord, ServiceActionRecord):
        model.objects.using(database.alias).all().delete()
    endpoint = WebhookEndpointRecord(url="https://app.example/hooks", secret="whsec_x")
    endpoint.save(using=database.alias)
    for number, name in enumerate(NAMES):
        WebhookDeliveryRecord(
            endpoint=endpoint,
            webhook_id=f"evt_{number}",
            type="participant.removed",
            conversation_id="",
            detail={"by": name, "participants": [{"user_id": name}]},
            at=at,
            state="delivered",
            expires_at=at + timedelta(days=1),
        ).save(using=database.alias)
        ServiceActionRecord(
            name="shop",
            token_id="0" * 12,
            at=at,
            method="PUT",
            path=f"/api/v1/users/{name}",
            status=200,
            request_id="1",
            person_id=name,
        ).save(using=database.alias)


def _names(database: BaseDatabaseWrapper) -> tuple[list[str], list[str]]:
    deliveries = WebhookDeliveryRecord.objects.using(database.alias).order_by("id")
    actions = ServiceActionRecord.objects.using(database.alias).order_by("id")
    assert all(one.path == f"/api/v1/users/{one.person_id}" for one in actions)
    return [one.detail["by"] for one in deliveries], [one.person_id for one in actions]


@pytest.mark.parametrize("looked_at", [1, 2, 3, 8, 100])
async def test_a_person_is_replaced_in_steps(
    database_store: SqlStore, monkeypatch: pytest.MonkeyPatch, looked_at: int
) -> None:
    """In all rows, however many rows a step looks at, and in no other id. Doing it again changes
    nothing."""
    monkeypatch.setattr(traces, "LOOKED_AT", looked_at)
    calls = database_store.calls
    store = TraceStore(calls)
    await calls.write("plant", _plant)
    expected = ["erased:1" if name == "eve" else name for name in NAMES]

    for changed in (4, 0):
        assert await store.replace_in_webhooks("eve", "erased:1") == changed
        assert await store.replace_in_service_history("eve", "erased:1") == changed

    assert await calls.read("names", _names) == (expected, expected)
