"""Lists the conversations that may have messages which are too old, from an index of times.

First the direct conversations, then the groups, then the conversations with a rule of their own.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from messaging.domain.conversation import ConversationKind
from messaging.domain.personal_data.retention import RetentionProgress, lifetime_of
from messaging.stores.database.retention import RetentionStore

_PAGE = 100
_KINDS = (ConversationKind.DIRECT, ConversationKind.GROUP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in the list. A list goes on after it."""

    stage: int = 0
    """The index of the kind; beyond the kinds, the rules."""
    at: datetime | None = None
    conversation_id: str = ""

    def to_note(self) -> Mapping[str, Any]:
        at = None if self.at is None else self.at.isoformat()
        return {"stage": self.stage, "at": at, "id": self.conversation_id}

    @classmethod
    def from_note(cls, note: Mapping[str, Any] | None) -> "Place":
        if note is None:
            return cls()
        at = None if note["at"] is None else datetime.fromisoformat(note["at"])
        return cls(stage=note["stage"], at=at, conversation_id=note["id"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    progress: RetentionProgress
    before: datetime
    """Messages from before this time are too old."""
    place: Place


async def list_due(
    store: RetentionStore, *, now: datetime, after: Place = Place()
) -> AsyncIterator[Due]:
    """Yield the conversations that may be due at a time of the store, after a place. Raises
    StoreUnavailable."""
    for stage, kind in enumerate(_KINDS):
        lifetime = lifetime_of(kind)
        if stage >= after.stage and lifetime is not None:
            begin = after if stage == after.stage else Place(stage=stage)
            async for due in _of_kind(store, kind, now - lifetime, begin):
                yield due
    rules = len(_KINDS)
    begin = after if after.stage == rules else Place(stage=rules)
    async for due in _by_rule(store, now, begin):
        yield due


async def _of_kind(
    store: RetentionStore, kind: ConversationKind, before: datetime, place: Place
) -> AsyncIterator[Due]:
    while True:
        page = await store.list_due(
            kind,
            before=before,
            after=None if place.at is None else (place.at, place.conversation_id),
            limit=_PAGE,
        )
        for one in page:
            place = Place(stage=place.stage, at=one.oldest_at, conversation_id=one.conversation_id)
            yield Due(progress=one, before=before, place=place)
        if len(page) < _PAGE:
            return


async def _by_rule(store: RetentionStore, now: datetime, place: Place) -> AsyncIterator[Due]:
    after: str | None = place.conversation_id
    while after is not None:
        page, after = await store.list_due_by_rule(now=now, after=after, limit=_PAGE)
        for one, lifetime in page:
            here = Place(stage=place.stage, conversation_id=one.conversation_id)
            yield Due(progress=one, before=now - lifetime, place=here)
