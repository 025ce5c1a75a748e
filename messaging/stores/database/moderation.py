"""The operators' rules of moderation."""

from datetime import datetime

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Count, Max

from messaging.domain.integrations.moderation import (
    Fallback,
    HookSettings,
    Rules,
    WordAction,
    WordList,
)
from messaging.models import ModerationHookRecord, WordListRecord
from messaging.stores.sql.connections.calls import Calls
from messaging.stores.sql.connections.clock import now

Fingerprint = tuple[tuple[int, datetime | None], ...]
"""Changes with every change of a rule; empty without rules."""


class ModerationStore:
    """Every method may raise `StoreUnavailable`; none of them blocks the event loop."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def fingerprint(self) -> Fingerprint:
        return await self._calls.read("read_moderation_fingerprint", _fingerprint)

    async def read_rules(self) -> Rules:
        """Return the rules in force."""
        return await self._calls.read("read_moderation_rules", _read)


def _fingerprint(database: BaseDatabaseWrapper) -> Fingerprint:
    found = []
    for model in (WordListRecord, ModerationHookRecord):
        records = model.objects.using(database.alias)
        values = records.aggregate(count=Count("pk"), latest=Max("changed_at"))
        found.append((values["count"], values["latest"]))
    return tuple(found) if any(count for count, _ in found) else ()


def _read(database: BaseDatabaseWrapper) -> Rules:
    lists = WordListRecord.objects.using(database.alias).filter(enabled=True).order_by("id")
    hook = ModerationHookRecord.objects.using(database.alias).filter(enabled=True).first()
    return Rules(
        word_lists=tuple(
            WordList(
                name=one.name,
                action=WordAction(one.action),
                words=tuple(filter(None, map(str.strip, one.words.splitlines()))),
            )
            for one in lists
        ),
        hook=None if hook is None else _hook(hook, now(database)),
    )


def _hook(record: ModerationHookRecord, at: datetime) -> HookSettings:
    previous = record.previous_until is not None and record.previous_until > at
    return HookSettings(
        url=record.url,
        secrets=(record.secret, record.previous_secret) if previous else (record.secret,),
        fallback=Fallback(record.fallback),
    )
