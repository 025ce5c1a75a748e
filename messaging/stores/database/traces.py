"""What the tables of `DATABASE_URL` keep about a person besides the store: the search index, the
log of webhooks, the history of service accounts, and the admin's own history."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from django.contrib.admin.models import LogEntry
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.db.transaction import atomic

from messaging.domain.integrations.webhooks import DeliveryState, WebhookEvent
from messaging.models import (
    SearchMembershipRecord,
    SearchMessageRecord,
    ServiceActionRecord,
    WebhookDeliveryRecord,
)
from messaging.stores.sql.connections.calls import Calls
from messaging.stores.sql.connections.clock import now

LOOKED_AT = 2_000
"""The most rows that one statement looks at: no index finds an id in a text."""
_REPR_LENGTH = 200
"""Of Django."""
_MERGED_PAGES = 64
_MERGE = """INSERT INTO messaging_search_words(messaging_search_words, rank)
    VALUES ('merge', %s)"""


class _Table(NamedTuple):
    """A table whose rows name people in a text."""

    find: Callable[[BaseDatabaseWrapper, str], QuerySet[Any]]
    """Returns the rows that may name a person."""
    replace: Callable[[Any, str, str], Sequence[str]]
    """Replaces an id in a row, and returns the fields that have changed."""


class TraceStore:
    """Every method can be repeated, and may raise `StoreUnavailable`."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def remove_from_search(self, conversation_id: str, seqs: Sequence[int]) -> int:
        """Remove messages from the search index. Return how many it had."""
        if not seqs:
            return 0
        return await self._calls.write("erase_search", _remove_messages, conversation_id, seqs)

    async def remove_membership(self, conversation_id: str, user_id: str) -> None:
        """Remove a person from a conversation in the search index."""
        await self._calls.write("erase_membership", _remove_membership, conversation_id, user_id)

    async def merge_search(self) -> None:
        """Remove the words of deleted messages from the index of SQLite. FTS5 keeps them in older
        segments until it merges them (https://www.sqlite.org/fts5.html#the_merge_command). Each
        step is a short transaction of its own."""
        if self._calls.vendor != "sqlite":
            return
        await self._calls.write("merge_search", _merge, -_MERGED_PAGES)
        while await self._calls.write("merge_search", _merge, _MERGED_PAGES):
            pass

    async def replace_in_webhooks(self, user_id: str, erased_id: str) -> int:
        """Name the person by another id in events that wait, and in those that were delivered; but
        not in `user.erased`, which tells endpoints who was erased."""
        return await self._replace(
            "erase_webhooks", _Table(_deliveries, _in_delivery), user_id, erased_id
        )

    async def forget_erased_event(self, job_id: str, erased_id: str) -> bool:
        """Replace the user id in the events `user.erased` of a job. Those that still wait for an
        endpoint keep it. Return whether none waits."""
        return await self._calls.write("forget_erased", _forget_erased, job_id, erased_id)

    async def replace_in_service_history(self, user_id: str, erased_id: str) -> int:
        return await self._replace(
            "erase_service_history", _Table(_actions, _in_action), user_id, erased_id
        )

    async def replace_in_admin_history(self, user_id: str, erased_id: str) -> int:
        """Replace the id in the history of the person's page, and in the values of forms."""
        return await self._replace(
            "erase_admin_history", _Table(_log_entries, _in_log), user_id, erased_id
        )

    async def _replace(self, operation: str, table: _Table, user_id: str, erased_id: str) -> int:
        """Replace an id in all rows, some at a time by their ids: reads find them, and writes
        change no other rows. Return how many were changed."""
        changed = after = 0
        last: int | None = 0
        while last is not None:
            last, found = await self._calls.read(operation, _look, table, user_id, after)
            if found:
                changed += await self._calls.write(
                    operation, _change, table, user_id, erased_id, found
                )
            after = last or after
        return changed


def _look(
    database: BaseDatabaseWrapper, table: _Table, user_id: str, after: int
) -> tuple[int | None, Sequence[int]]:
    """Return the id of the last row that was looked at, None at the end of the table; and the ids
    of the rows that may name the person."""
    records = table.find(database, user_id)
    rows = records.model._default_manager.using(database.alias).filter(id__gt=after)
    last = list(rows.order_by("id").values_list("id", flat=True)[LOOKED_AT - 1 : LOOKED_AT])
    found = records.filter(id__gt=after, **({"id__lte": last[0]} if last else {}))
    return (last[0] if last else None), list(found.values_list("id", flat=True))


def _change(
    database: BaseDatabaseWrapper, table: _Table, user_id: str, erased_id: str, ids: Sequence[int]
) -> int:
    changed = 0
    with atomic(using=database.alias):
        for record in table.find(database, user_id).filter(id__in=ids):
            if fields := table.replace(record, user_id, erased_id):
                record.save(update_fields=fields)
                changed += 1
    return changed


def _remove_messages(
    database: BaseDatabaseWrapper, conversation_id: str, seqs: Sequence[int]
) -> int:
    records = SearchMessageRecord.objects.using(database.alias)
    removed, _ = records.filter(conversation_id=conversation_id, seq__in=seqs).delete()
    return removed


def _remove_membership(database: BaseDatabaseWrapper, conversation_id: str, user_id: str) -> None:
    records = SearchMembershipRecord.objects.using(database.alias)
    records.filter(conversation_id=conversation_id, user_id=user_id).delete()


def _merge(database: BaseDatabaseWrapper, pages: int) -> bool:
    """Merge some pages; a negative number begins to merge all segments into one. Return whether
    there was something to merge."""
    with database.cursor() as cursor:
        before = database.connection.total_changes
        cursor.execute(_MERGE, [pages])
        return bool(database.connection.total_changes - before >= 2)


def _deliveries(database: BaseDatabaseWrapper, user_id: str) -> QuerySet[Any]:
    records = WebhookDeliveryRecord.objects.using(database.alias)
    quoted = f'"{user_id}"'  # a user id needs no escapes in JSON
    named = records.annotate(text=Cast("detail", TextField())).filter(text__contains=quoted)
    return named.exclude(type=WebhookEvent.USER_ERASED.value)


def _in_delivery(record: WebhookDeliveryRecord, user_id: str, erased_id: str) -> Sequence[str]:
    record.detail = replaced(record.detail, user_id, erased_id)
    return ["detail"]


def _forget_erased(database: BaseDatabaseWrapper, job_id: str, erased_id: str) -> bool:
    records = WebhookDeliveryRecord.objects.using(database.alias)
    about = records.filter(type=WebhookEvent.USER_ERASED.value, about=job_id)
    waits = Q(state=DeliveryState.WAITING.value, expires_at__gt=now(database))
    with atomic(using=database.alias):
        for record in about.exclude(waits).select_for_update():
            record.detail = {**record.detail, "user_id": erased_id}
            record.save(update_fields=["detail"])
        return not about.filter(waits).exists()


def replaced(value: Any, user_id: str, erased_id: str) -> Any:
    """Return JSON data with another id in the place of a user id."""
    if isinstance(value, Mapping):
        return {
            erased_id if name == user_id else name: replaced(one, user_id, erased_id)
            for name, one in value.items()
        }
    if isinstance(value, list):
        return [replaced(one, user_id, erased_id) for one in value]
    return erased_id if value == user_id else value


def _actions(database: BaseDatabaseWrapper, user_id: str) -> QuerySet[Any]:
    records = ServiceActionRecord.objects.using(database.alias)
    inside, last = f"/{user_id}/", f"/{user_id}"
    return records.filter(Q(person_id=user_id) | Q(path__contains=inside) | Q(path__endswith=last))


def _in_action(record: ServiceActionRecord, user_id: str, erased_id: str) -> Sequence[str]:
    parts = (erased_id if part == user_id else part for part in record.path.split("/"))
    record.path = "/".join(parts)
    if record.person_id == user_id:
        record.person_id = erased_id
    return ["path", "person_id"]


def _log_entries(database: BaseDatabaseWrapper, user_id: str) -> QuerySet[Any]:
    own = Q(object_id=user_id, content_type__model="person")
    named = own | Q(object_repr__contains=user_id) | Q(change_message__contains=user_id)
    return LogEntry.objects.using(database.alias).filter(named)


def _in_log(entry: LogEntry, user_id: str, erased_id: str) -> Sequence[str]:
    old = (entry.object_id, entry.object_repr, entry.change_message)
    new = (
        erased_id if entry.object_id == user_id else entry.object_id,
        _replaced_word(entry.object_repr, user_id, erased_id)[:_REPR_LENGTH],
        _replaced_word(entry.change_message, user_id, erased_id),
    )
    if new == old:  # the id is a part of a longer one
        return ()
    entry.object_id, entry.object_repr, entry.change_message = new
    return ["object_id", "object_repr", "change_message"]


def _replaced_word(text: str, user_id: str, erased_id: str) -> str:
    """Replace an id, but not where it is a part of a longer id."""
    pattern = rf"(?<![A-Za-z0-9_.@:-]){re.escape(user_id)}(?![A-Za-z0-9_@:-]|\.[A-Za-z0-9])"
    return re.sub(pattern, erased_id, text)
