"""Reads everything that a dump holds, from SQL."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.domain.fields.earlier_texts import EarlierTexts
from messaging.domain.fields.plain import attachments_of
from messaging.domain.files.stored_attachment import StoredAttachment
from messaging.domain.message import Message, PersonReactions
from messaging.domain.people import UserSettings
from messaging.domain.recipients import Device
from messaging.domain.reports import Report, ReportCopy
from messaging.exchange.records import FullMessage, FullReport, Person
from messaging.models import (
    AttachmentRecord,
    DeviceRecord,
    MessageRecord,
    PersonRecord,
    ReactionRecord,
    RecipientRecord,
    ReportCopyRecord,
)
from messaging.stores.catalogue import Place
from messaging.stores.exchange import FullChanges
from messaging.stores.sql import rows
from messaging.stores.sql.attachments import records as attachment_rows
from messaging.stores.sql.catalogue import list_people as list_access
from messaging.stores.sql.connections.transactions import snapshot
from messaging.stores.sql.people import left_groups
from messaging.stores.sql.reads import get_conversation
from messaging.stores.sql.recipients import read_device, read_settings
from messaging.stores.sql.reports import list_reports


def list_people(database: BaseDatabaseWrapper, *, after: str, limit: int) -> list[Person]:
    return people_of(database, [access.user_id for access in list_access(database, limit, after)])


def people_of(database: BaseDatabaseWrapper, ids: Sequence[str]) -> list[Person]:
    """Return what is stored of these people, without those who are unknown."""
    alias = database.alias
    people = PersonRecord.objects.using(alias).in_bulk(ids)
    settings = RecipientRecord.objects.using(alias).in_bulk(ids)
    devices: defaultdict[str, list[Device]] = defaultdict(list)
    registered = DeviceRecord.objects.using(alias).filter(user_id__in=ids)
    for record in registered.order_by("user_id", "device_id"):
        devices[record.user_id].append(read_device(record))
    found = []
    for user_id in ids:
        if user_id not in people and user_id not in settings and user_id not in devices:
            continue
        stored = settings[user_id].settings if user_id in settings else {}
        found.append(_person(user_id, people.get(user_id), stored, tuple(devices.get(user_id, ()))))
    return found


def _person(
    user_id: str, record: PersonRecord | None, stored: Any, devices: tuple[Device, ...]
) -> Person:
    settings: UserSettings = read_settings(stored, record)
    if record is None:
        return Person(user_id=user_id, settings=settings, devices=devices)
    return Person(
        user_id=user_id,
        name=record.name,
        picture=record.picture,
        valid_after=record.valid_after,
        banned_until=record.banned_until,
        settings=settings,
        blocked=tuple(sorted(record.blocked)),
        left=left_groups(record),
        devices=devices,
    )


def list_messages(
    database: BaseDatabaseWrapper, conversation_id: str, *, after_seq: int, limit: int
) -> list[FullMessage]:
    records = MessageRecord.objects.using(database.alias).filter(
        conversation_id=conversation_id, seq__gt=after_seq
    )
    return _full(database, list(records.order_by("seq")[:limit]))


def read_changes(
    database: BaseDatabaseWrapper, conversation_id: str, *, since: int, limit: int
) -> FullChanges:
    records = MessageRecord.objects.using(database.alias).filter(
        conversation_id=conversation_id, version__gt=since
    )
    with snapshot(database):
        return FullChanges(
            conversation=get_conversation(database, conversation_id),
            messages=_full(database, list(records.order_by("version")[:limit])),
        )


def _full(database: BaseDatabaseWrapper, records: Sequence[MessageRecord]) -> list[FullMessage]:
    messages = [(rows.message(record), record.earlier_texts or "") for record in records]
    reacted = _reactions(database, [one for one, _ in messages])
    ids = [one.id for message, _ in messages for one in message.attachments]
    files = _files(database, ids)
    return [
        FullMessage(
            message=message,
            earlier=EarlierTexts(earlier),
            reactions=reacted.get(message.id, ()),
            files=[files[one.id] for one in message.attachments if one.id in files],
        )
        for message, earlier in messages
    ]


def _reactions(
    database: BaseDatabaseWrapper, messages: Sequence[Message]
) -> dict[str, tuple[PersonReactions, ...]]:
    ids = [one.id for one in messages if one.reactions]
    if not ids:
        return {}
    emojis: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    records = ReactionRecord.objects.using(database.alias).filter(message_id__in=ids)
    for message_id, user_id, emoji in records.order_by("position").values_list(
        "message_id", "user_id", "emoji"
    ):
        emojis[message_id, user_id].append(emoji)
    found: defaultdict[str, tuple[PersonReactions, ...]] = defaultdict(tuple)
    for (message_id, user_id), own in sorted(emojis.items()):
        one = PersonReactions(message_id=message_id, user_id=user_id, emojis=tuple(own))
        found[message_id] += (one,)
    return found


def _files(database: BaseDatabaseWrapper, ids: Sequence[str]) -> dict[str, StoredAttachment]:
    if not ids:
        return {}
    records = AttachmentRecord.objects.using(database.alias).filter(id__in=ids)
    return {record.id: attachment_rows.attachment(record) for record in records}


def list_full_reports(
    database: BaseDatabaseWrapper, *, limit: int, after: Place | None
) -> list[FullReport]:
    return full_reports(database, list_reports(database, limit, after, {}))


def full_reports(database: BaseDatabaseWrapper, reports: Sequence[Report]) -> list[FullReport]:
    """Return reports with their copies and the attachments of these."""
    records = ReportCopyRecord.objects.using(database.alias)
    copies = records.in_bulk([report.id for report in reports])
    found = []
    for report in reports:
        record = copies.get(report.id)
        if record is None:
            found.append(FullReport(report=report))
            continue
        copy = ReportCopy(text=record.text, attachments=attachments_of(record.attachments))
        files = _files(database, [one.id for one in copy.attachments])
        found.append(
            FullReport(
                report=report,
                copy=copy,
                copy_expires_at=record.expires_at,
                files=[files[one.id] for one in copy.attachments if one.id in files],
            )
        )
    return found
