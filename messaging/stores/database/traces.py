"""What the tables of `DATABASE_URL` keep about a person besides the store: the search index, the
log of webhooks, the history of service accounts, and the admin's own history."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.contrib.admin.models import LogEntry
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q, TextField
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

_AT_ONCE = 500
_REPR_LENGTH = 200
"""Of Django."""
_Step = tuple[Sequence[int], int]
"""The ids of the rows that were looked at, and how many were changed."""
_MERGED_PAGES = 64
_MERGE = """INSERT INTO messaging_search_words(messaging_search_words, rank)
    VALUES ('merge', %s)"""


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
        return await self._repeat("erase_webhooks", _replace_in_webhooks, user_id, erased_id)

    async def forget_erased_event(self, job_id: str, erased_id: str) -> bool:
        """Replace the user id in the events `user.erased` of a job. Those that still wait for an
        endpoint keep it. Return whether none waits."""
        return await self._calls.write("forget_erased", _forget_erased, job_id, erased_id)

    async def replace_in_service_history(self, user_id: str, erased_id: str) -> int:
        return await self._repeat("erase_service_history", _replace_in_actions, user_id, erased_id)

    async def replace_in_admin_history(self, user_id: str, erased_id: str) -> int:
        return await self._repeat("erase_admin_history", _replace_in_log, user_id, erased_id)

    async def _repeat(
        self,
        operation: str,
        work: Callable[[BaseDatabaseWrapper, str, str, int], _Step],
        user_id: str,
        erased_id: str,
    ) -> int:
        """Run a write over all rows, some at a time by their ids. Return how many it changed."""
        done = after = 0
        while True:
            ids, changed = await self._calls.write(operation, work, user_id, erased_id, after)
            done += changed
            if not ids:
                return done
            after = ids[-1]


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


def _replace_in_webhooks(
    database: BaseDatabaseWrapper, user_id: str, erased_id: str, after: int
) -> _Step:
    records = WebhookDeliveryRecord.objects.using(database.alias)
    quoted = f'"{user_id}"'  # a user id needs no escapes in JSON
    named = records.annotate(text=Cast("detail", TextField())).filter(text__contains=quoted)
    named = named.exclude(type=WebhookEvent.USER_ERASED.value)
    with atomic(using=database.alias):
        found = list(named.filter(id__gt=after).order_by("id")[:_AT_ONCE])
        for record in found:
            record.detail = replaced(record.detail, user_id, erased_id)
            record.save(update_fields=["detail"])
    return [one.pk for one in found], len(found)


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


def _replace_in_actions(
    database: BaseDatabaseWrapper, user_id: str, erased_id: str, after: int
) -> _Step:
    records = ServiceActionRecord.objects.using(database.alias)
    inside, last = f"/{user_id}/", f"/{user_id}"
    named = Q(person_id=user_id) | Q(path__contains=inside) | Q(path__endswith=last)
    with atomic(using=database.alias):
        found = list(records.filter(named, id__gt=after).order_by("id")[:_AT_ONCE])
        for record in found:
            parts = (erased_id if part == user_id else part for part in record.path.split("/"))
            record.path = "/".join(parts)
            if record.person_id == user_id:
                record.person_id = erased_id
            record.save(update_fields=["path", "person_id"])
    return [one.pk for one in found], len(found)


def _replace_in_log(
    database: BaseDatabaseWrapper, user_id: str, erased_id: str, after: int
) -> _Step:
    """Replace the id in the history of the person's page, and in the values of forms."""
    entries = LogEntry.objects.using(database.alias)
    own = Q(object_id=user_id, content_type__model="person")
    named = own | Q(object_repr__contains=user_id) | Q(change_message__contains=user_id)
    changed = 0
    with atomic(using=database.alias):
        found = list(entries.filter(named, id__gt=after).order_by("id")[:_AT_ONCE])
        for entry in found:
            old = (entry.object_id, entry.object_repr, entry.change_message)
            new = (
                erased_id if entry.object_id == user_id else entry.object_id,
                _replaced_word(entry.object_repr, user_id, erased_id)[:_REPR_LENGTH],
                _replaced_word(entry.change_message, user_id, erased_id),
            )
            if new != old:  # the id may be a part of a longer one
                entry.object_id, entry.object_repr, entry.change_message = new
                entry.save(update_fields=["object_id", "object_repr", "change_message"])
                changed += 1
    return [one.pk for one in found], changed


def _replaced_word(text: str, user_id: str, erased_id: str) -> str:
    """Replace an id, but not where it is a part of a longer id."""
    pattern = rf"(?<![A-Za-z0-9_.@:-]){re.escape(user_id)}(?![A-Za-z0-9_@:-]|\.[A-Za-z0-9])"
    return re.sub(pattern, erased_id, text)
