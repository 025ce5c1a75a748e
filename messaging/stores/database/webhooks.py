"""Webhooks: the endpoints, and the log of their deliveries."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Q
from django.db.transaction import atomic

from messaging.domain.integrations.secrets import Secrets
from messaging.domain.integrations.webhooks import (
    KEPT_FOR,
    Attempt,
    DeliveryState,
    Endpoint,
    EventReference,
    StoredDelivery,
    WebhookEvent,
)
from messaging.models import WebhookDeliveryRecord, WebhookEndpointRecord
from messaging.stores.sql.connections.calls import Calls
from messaging.stores.sql.connections.clock import now
from messaging.stores.sql.connections.compiled import Compiled

_ANY = Compiled(lambda: WebhookEndpointRecord.objects.values_list("id")[:1])
_LOGGED_FOR = timedelta(days=7)
_MAX_LOGGED = 10_000
"""The latest deliveries of an endpoint that the log keeps."""
_PURGED_AT_ONCE = 1_000


class WebhookStore:
    """Every method may raise `StoreUnavailable`; none of them blocks the event loop."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def list_endpoints(self) -> Sequence[Endpoint]:
        """Return all endpoints, also those that are off."""
        return await self._calls.read("list_webhook_endpoints", _list_endpoints)

    async def switch_off(self, endpoint_id: int, reason: str) -> bool:
        """Switch an endpoint off. Return False if it was off already."""
        return await self._calls.write("switch_off_webhook", _switch_off, endpoint_id, reason)

    async def set_failing(self, endpoint_id: int, *, failing: bool) -> None:
        """Note that the requests to an endpoint fail from now on, or that one succeeded."""
        await self._calls.write("set_webhook_failing", _set_failing, endpoint_id, failing)

    async def restart_failing(self, endpoint_id: int, *, since: datetime) -> bool:
        """Note that requests fail from now on, if one has succeeded since then. Return whether one
        has."""
        return await self._calls.write("restart_webhook_failing", _restart, endpoint_id, since)

    async def note_failure(
        self, endpoint_id: int, event: EventReference, attempt: Attempt
    ) -> StoredDelivery:
        """Record that the request of a held event failed. Return it with its number of attempts,
        and the time of the first."""
        return await self._calls.write("note_webhook_failure", _note, endpoint_id, event, attempt)

    async def log(self, delivered: Sequence[tuple[int, EventReference, Attempt]]) -> None:
        """Record deliveries, each with the id of its endpoint."""
        await self._calls.write("log_webhooks", _log, delivered)

    async def pass_over(self, delivery_id: int) -> None:
        """Give an event up. It is kept for a replay."""
        await self._calls.write("pass_over_webhook", _pass_over, delivery_id)

    async def put(self, endpoint_ids: Sequence[int], event: EventReference) -> None:
        """Add an event without a version for these endpoints. Idempotent."""
        await self._calls.write("put_webhook", _put, endpoint_ids, event)

    async def claim_waiting(
        self, *, owner: str, seconds: float, limit: int, away: Collection[int] = ()
    ) -> Sequence[StoredDelivery]:
        """Lease events that are due, of endpoints that are on. `away` has the ids of endpoints that
        are not tried now."""
        return await self._calls.write("claim_webhooks", _claim, owner, seconds, limit, away)

    async def settle(
        self, delivery_id: int, attempt: Attempt, *, state: DeliveryState, retry_after: float = 0.0
    ) -> None:
        """Record the result of a leased event, and end the lease."""
        await self._calls.write("settle_webhook", _settle, delivery_id, attempt, state, retry_after)

    async def remove(self, delivery_id: int) -> None:
        """Remove an event of which nothing is left to tell."""
        await self._calls.write("remove_webhook", _remove, delivery_id)

    async def purge(self) -> None:
        """Delete some of what has expired."""
        await self._calls.write("purge_webhooks", _purge)

    async def waiting(self) -> int:
        """Return how many events are held or wait."""
        return await self._calls.read("count_webhooks", _waiting)


def _list_endpoints(database: BaseDatabaseWrapper) -> Sequence[Endpoint]:
    if not _ANY.rows(database):  # as on most installations
        return []
    records = WebhookEndpointRecord.objects.using(database.alias).order_by("id")
    return [_endpoint(record) for record in records]


def _endpoint(record: WebhookEndpointRecord) -> Endpoint:
    return Endpoint(
        id=record.pk,
        url=record.url,
        secrets=Secrets(
            present=record.secret,
            previous=record.previous_secret,
            previous_until=record.previous_until,
        ),
        events=frozenset(record.events),
        enabled=record.enabled,
        created_at=record.created_at,
        failing_since=record.failing_since,
    )


def _switch_off(database: BaseDatabaseWrapper, endpoint_id: int, reason: str) -> bool:
    records = WebhookEndpointRecord.objects.using(database.alias)
    return bool(
        records.filter(pk=endpoint_id, enabled=True).update(
            enabled=False, switched_off_for=reason, changed_at=now(database)
        )
    )


def _set_failing(database: BaseDatabaseWrapper, endpoint_id: int, failing: bool) -> None:
    records = WebhookEndpointRecord.objects.using(database.alias)
    records.filter(pk=endpoint_id, failing_since__isnull=failing).update(
        failing_since=now(database) if failing else None
    )


def _restart(database: BaseDatabaseWrapper, endpoint_id: int, since: datetime) -> bool:
    log = WebhookDeliveryRecord.objects.using(database.alias).filter(endpoint_id=endpoint_id)
    if not log.filter(state=DeliveryState.DELIVERED, attempted_at__gt=since).exists():
        return False
    records = WebhookEndpointRecord.objects.using(database.alias).filter(pk=endpoint_id)
    records.update(failing_since=now(database))
    return True


def _note(
    database: BaseDatabaseWrapper, endpoint_id: int, event: EventReference, attempt: Attempt
) -> StoredDelivery:
    at = now(database)
    records = WebhookDeliveryRecord.objects.using(database.alias)
    with atomic(using=database.alias):
        record, _ = records.get_or_create(
            endpoint_id=endpoint_id,
            webhook_id=event.id,
            defaults=_fields(event) | {"state": DeliveryState.HELD, "expires_at": at + KEPT_FOR},
        )
        record.state = DeliveryState.HELD.value
        record.attempts += 1
        record.status, record.failure = attempt.status, attempt.failure
        record.attempted_at = at
        record.first_failed_at = record.first_failed_at or at
        record.expires_at = at + KEPT_FOR
        record.save()
    return _delivery(record)


def _log(
    database: BaseDatabaseWrapper, delivered: Sequence[tuple[int, EventReference, Attempt]]
) -> None:
    at = now(database)
    with atomic(using=database.alias):
        known = set(
            WebhookEndpointRecord.objects.using(database.alias).values_list("pk", flat=True)
        )
        rows = [
            WebhookDeliveryRecord(
                endpoint_id=endpoint_id,
                webhook_id=event.id,
                state=DeliveryState.DELIVERED.value,
                attempts=1,
                status=attempt.status,
                attempted_at=at,
                expires_at=at + _LOGGED_FOR,
                **_fields(event),
            )
            for endpoint_id, event, attempt in delivered
            if endpoint_id in known
        ]
        WebhookDeliveryRecord.objects.using(database.alias).bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["endpoint", "webhook_id"],
            update_fields=["state", "status", "failure", "attempted_at", "expires_at"],
        )


def _fields(event: EventReference) -> dict[str, object]:
    return {
        "type": event.type.value,
        "conversation_id": event.conversation_id,
        "version": event.version,
        "about": event.about,
        "detail": dict(event.detail),
        "at": event.at,
    }


def _pass_over(database: BaseDatabaseWrapper, delivery_id: int) -> None:
    records = WebhookDeliveryRecord.objects.using(database.alias).filter(pk=delivery_id)
    records.update(state=DeliveryState.FAILED, expires_at=now(database) + KEPT_FOR)


def _put(database: BaseDatabaseWrapper, endpoint_ids: Sequence[int], event: EventReference) -> None:
    at = now(database)
    records = WebhookDeliveryRecord.objects.using(database.alias)
    for endpoint_id in endpoint_ids:
        records.get_or_create(
            endpoint_id=endpoint_id,
            webhook_id=event.id,
            defaults=_fields(event)
            | {"state": DeliveryState.WAITING, "next_at": at, "expires_at": at + KEPT_FOR},
        )


def _claim(
    database: BaseDatabaseWrapper,
    owner: str,
    seconds: float,
    limit: int,
    away: Collection[int],
) -> Sequence[StoredDelivery]:
    at = now(database)
    records = WebhookDeliveryRecord.objects.using(database.alias)
    free = Q(leased_until__isnull=True) | Q(leased_until__lt=at)
    due = records.filter(
        free,
        state=DeliveryState.WAITING,
        next_at__lte=at,
        endpoint__enabled=True,
        type__in=list(WebhookEvent),  # a later release, which was rolled back, may have more
    ).order_by("next_at", "pk")
    if away:
        due = due.exclude(endpoint_id__in=away)
    if database.features.has_select_for_update_skip_locked:  # SQLite has one writer at a time
        due = due.select_for_update(skip_locked=True, of=("self",))
    with atomic(using=database.alias):
        found = list(due[:limit])
        records.filter(pk__in=[one.pk for one in found]).update(
            owner=owner, leased_until=at + timedelta(seconds=seconds)
        )
    return [_delivery(record) for record in found]


def _settle(
    database: BaseDatabaseWrapper,
    delivery_id: int,
    attempt: Attempt,
    state: DeliveryState,
    retry_after: float,
) -> None:
    at = now(database)
    lifetime = _LOGGED_FOR if state is DeliveryState.DELIVERED else KEPT_FOR
    failed = {} if attempt.good else {"first_failed_at": at}
    records = WebhookDeliveryRecord.objects.using(database.alias).filter(pk=delivery_id)
    if failed:
        records.filter(first_failed_at__isnull=True).update(**failed)
    records.update(
        state=state,
        attempts=F("attempts") + 1,
        status=attempt.status,
        failure=attempt.failure,
        attempted_at=at,
        next_at=at + timedelta(seconds=retry_after),
        owner="",
        leased_until=None,
        expires_at=at + lifetime,
    )


def _remove(database: BaseDatabaseWrapper, delivery_id: int) -> None:
    WebhookDeliveryRecord.objects.using(database.alias).filter(pk=delivery_id).delete()


def _purge(database: BaseDatabaseWrapper) -> None:
    records = WebhookDeliveryRecord.objects.using(database.alias)
    expired = records.filter(expires_at__lt=now(database))
    some = list(expired.values_list("pk", flat=True)[:_PURGED_AT_ONCE])
    records.filter(pk__in=some).delete()
    endpoints = WebhookEndpointRecord.objects.using(database.alias).values_list("pk", flat=True)
    for endpoint_id in endpoints:
        log = records.filter(endpoint_id=endpoint_id, state=DeliveryState.DELIVERED)
        oldest = log.order_by("-pk").values_list("pk", flat=True)[_MAX_LOGGED : _MAX_LOGGED + 1]
        for pk in oldest:
            log.filter(pk__lte=pk).delete()


def _waiting(database: BaseDatabaseWrapper) -> int:
    states = (DeliveryState.HELD, DeliveryState.WAITING)
    records = WebhookDeliveryRecord.objects.using(database.alias)
    return records.filter(state__in=states).count()


def _delivery(record: WebhookDeliveryRecord) -> StoredDelivery:
    return StoredDelivery(
        id=record.pk,
        endpoint_id=record.endpoint_id,
        event=EventReference(
            id=record.webhook_id,
            type=WebhookEvent(record.type),
            at=record.at,
            conversation_id=record.conversation_id,
            version=record.version,
            about=record.about,
            detail=record.detail,
        ),
        attempts=record.attempts,
        first_failed_at=record.first_failed_at,
    )
