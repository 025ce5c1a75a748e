"""Writes the people of a copy, to SQL."""

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import atomic

from messaging.exchange.records import Person
from messaging.models import DeviceRecord, PersonRecord, RecipientRecord
from messaging.stores.recipients import token_digest
from messaging.stores.sql.connections.clock import now
from messaging.stores.sql.exchange.writing import person_columns, settings_of
from messaging.stores.sql.recipients import device_columns


def write_person(database: BaseDatabaseWrapper, person: Person) -> None:
    alias, user_id = database.alias, person.user_id
    people, devices = PersonRecord.objects.using(alias), DeviceRecord.objects.using(alias)
    columns = person_columns(person)
    with atomic(using=alias):
        known = people.filter(user_id=user_id)
        access = known.values_list("valid_after", "banned_until").first() or (None, None)
        if access != (person.valid_after, person.banned_until):
            columns["access_changed_at"] = now(database)
        people.update_or_create(user_id=user_id, defaults=columns)
        RecipientRecord.objects.using(alias).update_or_create(
            user_id=user_id, defaults={"settings": settings_of(person)}
        )
        devices.filter(user_id=user_id).delete()
        devices.filter(token_digest__in=list(map(token_digest, person.devices))).delete()
        devices.bulk_create(
            DeviceRecord(user_id=user_id, device_id=device.id, **device_columns(device))
            for device in person.devices
        )


def remove_person(database: BaseDatabaseWrapper, user_id: str) -> None:
    with atomic(using=database.alias):
        for model in (DeviceRecord, RecipientRecord, PersonRecord):
            model.objects.using(database.alias).filter(user_id=user_id).delete()
