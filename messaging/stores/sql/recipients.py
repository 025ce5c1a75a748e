"""Recipients on Django's ORM."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import atomic

from messaging.domain.people import AddedBy, QuietHours, UserSettings
from messaging.domain.recipients import Device, Platform, Recipient, TokenKind
from messaging.models import DeviceRecord, PersonRecord, RecipientRecord
from messaging.stores.recipients import devices_allowed_to_ring, excess_devices, token_digest
from messaging.stores.shared.stored_enums import member_of
from messaging.stores.sql.connections.calls import count
from messaging.stores.sql.people import access_of
from messaging.stores.sql.store import SqlStore

_OF_THE_PERSON = ("private_reading", "added_by")
"""Settings that are columns of `PersonRecord`."""


class SqlRecipientStore:
    """Implements `messaging.stores.recipients.RecipientStore` in the threads of the SQL store."""

    def __init__(self, store: SqlStore) -> None:
        self._calls = store.calls

    async def get_recipients(self, user_ids: Sequence[str]) -> Mapping[str, Recipient]:
        if not user_ids:
            return {}
        found = await self._calls.read(
            "get_recipients", lambda database: _get_recipients(database, user_ids)
        )
        count("get_recipients", read=len(user_ids))
        return found

    async def set_settings(self, user_id: str, changes: Mapping[str, Any]) -> None:
        await self._calls.write(
            "set_settings", lambda database: _set_settings(database, user_id, changes)
        )
        count("set_settings", written=1)

    async def put_device(self, user_id: str, device: Device, *, most: int) -> None:
        await self._calls.write(
            "put_device", lambda database: _put_device(database, user_id, device, most)
        )
        count("put_device", read=2, written=2)

    async def remove_device(
        self, user_id: str, device_id: str, *, token: str | None = None
    ) -> bool:
        removed = await self._calls.write(
            "remove_device", lambda database: _remove_device(database, user_id, device_id, token)
        )
        count("remove_device", read=1, written=2 * removed)
        return removed


def _get_recipients(database: BaseDatabaseWrapper, user_ids: Sequence[str]) -> dict[str, Recipient]:
    records = RecipientRecord.objects.using(database.alias).filter(user_id__in=user_ids)
    wanted = {record.user_id: record.settings for record in records}
    devices: defaultdict[str, list[Device]] = defaultdict(list)
    registered = DeviceRecord.objects.using(database.alias).filter(user_id__in=user_ids)
    for record in registered.order_by("user_id", "device_id"):
        devices[record.user_id].append(read_device(record))
    people = PersonRecord.objects.using(database.alias).in_bulk(list(user_ids))
    return {
        user_id: Recipient(
            user_id=user_id,
            settings=read_settings(wanted.get(user_id, {}), people.get(user_id)),
            devices=devices_allowed_to_ring(
                devices[user_id], access_of(user_id, people.get(user_id))
            ),
            blocked=frozenset(people[user_id].blocked if user_id in people else ()),
        )
        for user_id in user_ids
    }


def _set_settings(database: BaseDatabaseWrapper, user_id: str, changes: Mapping[str, Any]) -> None:
    """Store settings. Those that other people must respect are stored with the person. The row of
    the other settings is rewritten whole by instances of an earlier release."""
    columns = {name: changes[name] for name in _OF_THE_PERSON if name in changes}
    others = {name: value for name, value in changes.items() if name not in columns}
    with atomic(using=database.alias):
        if others:
            records = RecipientRecord.objects.using(database.alias)
            records.get_or_create(user_id=user_id)
            record = records.select_for_update().get(user_id=user_id)
            record.settings |= settings_json(others)
            record.save(update_fields=["settings"])
        if columns:
            people = PersonRecord.objects.using(database.alias)
            people.update_or_create(user_id=user_id, defaults=columns)


def _put_device(database: BaseDatabaseWrapper, user_id: str, device: Device, most: int) -> None:
    digest = token_digest(device)
    records = DeviceRecord.objects.using(database.alias)
    with atomic(using=database.alias):
        records.filter(token_digest=digest).exclude(user_id=user_id, device_id=device.id).delete()
        records.update_or_create(
            user_id=user_id,
            device_id=device.id,
            defaults=device_columns(device),
        )
        own = {record.device_id: read_device(record) for record in records.filter(user_id=user_id)}
        too_many = [one.id for one in excess_devices(own, most)]
        if too_many:
            records.filter(user_id=user_id, device_id__in=too_many).delete()


def _remove_device(
    database: BaseDatabaseWrapper, user_id: str, device_id: str, token: str | None
) -> bool:
    records = DeviceRecord.objects.using(database.alias)
    records = records.filter(user_id=user_id, device_id=device_id)
    if token is not None:
        records = records.filter(token=token)
    removed, _ = records.delete()
    return removed > 0


def device_columns(device: Device) -> dict[str, Any]:
    """Return the columns of a device, except its person and its id."""
    return {
        "token": device.token,
        "token_digest": token_digest(device),
        "token_kind": device.token_kind.value,
        "platform": device.platform.value,
        "registered_at": device.registered_at,
    }


def read_device(record: DeviceRecord) -> Device:
    return Device(
        id=record.device_id,
        token=record.token,
        token_kind=member_of(TokenKind, record.token_kind),
        platform=member_of(Platform, record.platform),
        registered_at=record.registered_at,
    )


def read_settings(stored: Mapping[str, Any], person: PersonRecord | None) -> UserSettings:
    quiet = stored.get("quiet_hours")
    return UserSettings(
        quiet_hours=quiet
        and QuietHours(
            time_zone=quiet["time_zone"],
            start=time.fromisoformat(quiet["from"]),
            end=time.fromisoformat(quiet["to"]),
        ),
        push_text=stored.get("push_text", True),
        private_reading=person is not None and person.private_reading,
        added_by=AddedBy.ANYONE if person is None else member_of(AddedBy, person.added_by),
    )


def settings_json(changes: Mapping[str, Any]) -> dict[str, Any]:
    quiet = changes.get("quiet_hours")
    if quiet is None:
        return dict(changes)
    hours = {
        "time_zone": quiet.time_zone,
        "from": quiet.start.isoformat("minutes"),
        "to": quiet.end.isoformat("minutes"),
    }
    return {**changes, "quiet_hours": hours}
