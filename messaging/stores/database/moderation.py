"""The operators' rules of moderation."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet, Value

from messaging.domain.integrations.moderation import (
    Fallback,
    HookSettings,
    Rules,
    WordAction,
    WordList,
)
from messaging.domain.integrations.secrets import Secrets
from messaging.models import ModerationHookRecord, WordListRecord
from messaging.stores.shared.stored_enums import member_of
from messaging.stores.sql.connections.calls import Calls
from messaging.stores.sql.connections.compiled import Compiled

Fingerprint = tuple[tuple[str, int, object], ...]
"""Each rule with the time of its latest change, as the database returns it; empty without rules. It
changes with every change of a rule, also if the clock of the instance that saved it is behind."""

_CHANGES = Compiled(
    lambda: _changes_of(WordListRecord).union(_changes_of(ModerationHookRecord), all=True)
)


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
    return tuple(sorted(_CHANGES.rows(database)))


def _changes_of(model: type[WordListRecord | ModerationHookRecord]) -> QuerySet[Any, Any]:
    return model._default_manager.values_list(Value(model.__name__), "pk", "changed_at")


def _read(database: BaseDatabaseWrapper) -> Rules:
    lists = WordListRecord.objects.using(database.alias).filter(enabled=True).order_by("id")
    hook = ModerationHookRecord.objects.using(database.alias).filter(enabled=True).first()
    return Rules(
        word_lists=tuple(
            WordList(
                name=one.name,
                action=member_of(WordAction, one.action),
                words=tuple(filter(None, map(str.strip, one.words.splitlines()))),
            )
            for one in lists
        ),
        hook=None if hook is None else _hook(hook),
    )


def _hook(record: ModerationHookRecord) -> HookSettings:
    return HookSettings(
        url=record.url,
        secrets=Secrets(
            present=record.secret,
            previous=record.previous_secret,
            previous_until=record.previous_until,
        ),
        fallback=member_of(Fallback, record.fallback),
    )
