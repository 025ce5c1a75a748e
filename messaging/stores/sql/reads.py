"""The SQL store's reads, each in a number of queries that does not depend on the result."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet

from messaging.domain.conversation import Conversation
from messaging.domain.fields.earlier_texts import EarlierTexts, EditedMessages
from messaging.domain.message import Message
from messaging.models import ConversationRecord, MessageRecord
from messaging.stores.conversations import ChangedConversations, Page
from messaging.stores.damage import log_unreadable
from messaging.stores.shared import paging
from messaging.stores.shared.recent_changes import ChangedPage, Place
from messaging.stores.sql import rows
from messaging.stores.sql.connections import clock
from messaging.stores.sql.connections.cursors import native_cursor
from messaging.stores.sql.conversations import conversations, limited
from messaging.stores.sql.damage.readable import read_in_halves, read_page

_STORED = {
    vendor: f'SELECT 1 FROM "messaging_message" WHERE "id" = {mark} AND "conversation_id" = {mark}'  # noqa: S608  nothing of a request is in it
    for vendor, mark in (("sqlite", "?"), ("postgresql", "%s"))
}


def now(database: BaseDatabaseWrapper) -> datetime:
    ConversationRecord.objects.using(
        database.alias
    ).exists()  # a clock alone does not prove that the store answers
    return clock.now(database)


def get_conversation(database: BaseDatabaseWrapper, conversation_id: str) -> Conversation | None:
    records = ConversationRecord.objects.using(database.alias).filter(id=conversation_id)
    found = conversations(database, records)
    return found[0] if found else None


def list_conversations(
    database: BaseDatabaseWrapper, user_id: str, *, limit: int, after: tuple[datetime, str] | None
) -> Page:
    listed = ConversationRecord.objects.using(database.alias).filter(participants__user_id=user_id)
    if after is not None:
        listed = listed.filter(paging.before(after, value="active_at"))
    latest = limited(listed, order_by=("-active_at", "-id"), limit=limit)
    page = read_page(latest, _whole(database), by="active_at", limit=limit)
    return Page(conversations=page.found, next_cursor=rows.encode_cursor(page.last))


def list_latest_conversations(
    database: BaseDatabaseWrapper, *, limit: int, after: Place | None
) -> list[Conversation]:
    """Return the conversations that changed last, the latest first."""
    found: list[Conversation] = []
    while True:
        listed = ConversationRecord.objects.using(database.alias).all()
        if after is not None:
            listed = listed.filter(paging.before(after, value="updated_at"))
        rest = limit - len(found)
        latest = limited(listed, order_by=("-updated_at", "-id"), limit=rest)
        page = read_page(latest, _whole(database), by="updated_at", limit=rest)
        found += page.found
        after = page.last
        if after is None or len(found) == limit:
            return found


def list_frozen_conversations(
    database: BaseDatabaseWrapper, *, limit: int, after: str
) -> list[Conversation]:
    found: list[Conversation] = []
    while True:
        records = ConversationRecord.objects.using(database.alias).filter(frozen=True, id__gt=after)
        rest = limit - len(found)
        first = limited(records, order_by=("id",), limit=rest)
        page = read_page(first, _whole(database), by="updated_at", limit=rest)
        found += page.found
        if page.last is None or len(found) == limit:
            return found
        _, after = page.last


def list_conversation_ids(database: BaseDatabaseWrapper, *, after: str, limit: int) -> list[str]:
    records = ConversationRecord.objects.using(database.alias).filter(id__gt=after)
    return list(records.order_by("id").values_list("id", flat=True)[:limit])


def list_changed_conversations(
    database: BaseDatabaseWrapper, *, since: datetime, after: Place | None, limit: int
) -> ChangedPage:
    changed = ConversationRecord.objects.using(database.alias).filter(updated_at__gte=since)
    if after is not None:
        changed = changed.filter(paging.beyond(after, value="updated_at"))
    read_at = clock.now(database)  # first: it must not be later than the read
    first = limited(changed, order_by=("updated_at", "id"), limit=limit)
    page = read_page(first, _whole(database), by="updated_at", limit=limit)
    changes = ChangedConversations(
        conversations=page.found, read_at=read_at, unreadable=page.unreadable
    )
    return ChangedPage(changed=changes, last=page.last)


def _whole(
    database: BaseDatabaseWrapper,
) -> Callable[[QuerySet[ConversationRecord]], list[Conversation]]:
    return partial(conversations, database)


def get_messages(
    database: BaseDatabaseWrapper, conversation_id: str, message_ids: Sequence[str]
) -> dict[str, Message]:
    if len(message_ids) == 1 and not _stored(database, conversation_id, message_ids[0]):
        return {}
    found = _messages(database, conversation_id).filter(id__in=message_ids)
    return {record.id: rows.message(record) for record in found}


def get_messages_of(
    database: BaseDatabaseWrapper, wanted: Mapping[str, Sequence[str]]
) -> dict[str, Message]:
    records = MessageRecord.objects.using(database.alias).defer(rows.EARLIER_TEXTS)
    home = {one: conversation_id for conversation_id, ids in wanted.items() for one in ids}

    def read(ids: Sequence[str]) -> list[Message]:
        return [rows.message(one) for one in records.filter(id__in=ids)]

    found, errors = read_in_halves(read, list(home))
    log_unreadable({home[id_]: error for id_, error in errors.items()})
    return {one.id: one for one in found if one.conversation_id == home[one.id]}


def get_edited(
    database: BaseDatabaseWrapper, conversation_id: str, message_ids: Sequence[str]
) -> EditedMessages:
    found = _messages(database, conversation_id).filter(id__in=message_ids).defer(None)
    return {one.id: (rows.message(one), EarlierTexts(one.earlier_texts or "")) for one in found}


def list_messages(
    database: BaseDatabaseWrapper, conversation_id: str, *, first_seq: int, last_seq: int
) -> list[Message]:
    listed = _messages(database, conversation_id).filter(seq__gte=first_seq, seq__lte=last_seq)
    return [rows.message(record) for record in listed.order_by("seq")]


def list_latest_messages(
    database: BaseDatabaseWrapper, conversation_id: str, *, limit: int
) -> list[Message]:
    latest = _messages(database, conversation_id).order_by("-seq")[:limit]
    return [rows.message(record) for record in reversed(latest)]


def list_pinned_messages(
    database: BaseDatabaseWrapper, conversation_id: str, *, limit: int
) -> list[Message]:
    pinned = _messages(database, conversation_id).filter(pinned_at__isnull=False)
    return [rows.message(record) for record in pinned.order_by("-pinned_at", "-seq")[:limit]]


def list_changed_messages(
    database: BaseDatabaseWrapper, conversation_id: str, *, since: int, until: int, limit: int
) -> list[Message]:
    listed = _messages(database, conversation_id).filter(version__gt=since, version__lte=until)
    return [rows.message(record) for record in listed.order_by("version")[:limit]]


def count_changed_messages(
    database: BaseDatabaseWrapper, conversation_id: str, *, since: int, up_to: int
) -> int:
    changed = _messages(database, conversation_id).filter(version__gt=since)
    return changed.values("version")[:up_to].count()  # the index alone contains it


def _stored(database: BaseDatabaseWrapper, conversation_id: str, message_id: str) -> bool:
    """Return whether there is such a message. Each send with a `client_id` that is moderated asks
    for its own, which hardly ever exists: the ORM takes ten times as long as a fixed statement."""
    with native_cursor(database) as cursor:
        cursor.execute(_STORED[database.vendor], (message_id, conversation_id))
        return cursor.fetchone() is not None


def _messages(database: BaseDatabaseWrapper, conversation_id: str) -> QuerySet[MessageRecord]:
    records = MessageRecord.objects.using(database.alias).defer(rows.EARLIER_TEXTS)
    return records.filter(conversation_id=conversation_id)
