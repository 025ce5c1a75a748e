"""Rules of the product, each broken by itself: the proof has to notice.

The product knows nothing of this: its classes and modules are changed from outside, for a while.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from messaging.changes import erasing
from messaging.changes.interventions import OPERATOR
from messaging.commits.group_commit import Committed
from messaging.delivery import publisher
from messaging.delivery.publisher import Publisher
from messaging.domain.change import Change, ChangeType
from messaging.domain.message import Message
from messaging.domain.uncounted import Uncounted
from messaging.notifications import decisions
from messaging.services import history, sync
from messaging.services.attachments import downloads
from messaging.services.rules import own_positions
from messaging.stores.sql.store import SqlStore
from messaging.wire import representations
from messaging.wire.events import EventEncoder

Broken = tuple[object, str, Callable[..., Any]]
"""Whose attribute is replaced, its name, and what replaces it."""


def _pinned_count() -> Broken:
    """The event of a pin lacks a field."""
    change = EventEncoder.change

    def without(self: EventEncoder, id_: str, changed: Change, at: datetime, **options: Any) -> str:
        return change(self, id_, dataclasses.replace(changed, pinned_count=None), at, **options)

    return EventEncoder, "change", without


def _reacted_by() -> Broken:
    """The event of a reaction says that somebody else reacted."""
    change = EventEncoder.change

    def by_another(
        self: EventEncoder, id_: str, changed: Change, at: datetime, **options: Any
    ) -> str:
        if changed.reaction is not None:
            changed = dataclasses.replace(changed, by="somebody")
        return change(self, id_, changed, at, **options)

    return EventEncoder, "change", by_another


def _skipped() -> Broken:
    """The version of a new title is never published."""
    publish = Publisher.publish_commit

    def publish_others(self: Publisher, committed: Committed) -> None:
        if committed.changes[-1].type is not ChangeType.CONVERSATION_UPDATED:
            publish(self, committed)

    return Publisher, "publish_commit", publish_others


def _erased() -> Broken:
    """What operators change is never published. Here, these are erasures."""
    publish = Publisher.publish_commit

    def publish_others(self: Publisher, committed: Committed) -> None:
        if committed.changes[-1].by != OPERATOR:
            publish(self, committed)

    return Publisher, "publish_commit", publish_others


def _erased_reactions() -> Broken:
    """An erasure leaves the person's reactions to the messages of others."""
    return erasing, "_without_reactions", lambda message, *_: message.reactions


def _pins() -> Broken:
    """A pin is not in the answer to a sync."""
    listed = SqlStore.list_changed_messages

    async def unpinned(self: SqlStore, *args: Any, **options: Any) -> Sequence[Message]:
        found = await listed(self, *args, **options)
        return [message for message in found if message.pinned_at is None]

    return SqlStore, "list_changed_messages", unpinned


def _own_reactions() -> Broken:
    """The answer to a sync lacks the own reactions."""

    async def none(*_: object, messages: Sequence[Message], **__: object) -> Mapping[str, Any]:
        return {message.id: [] for message in messages}

    return sync, "own_reactions", none


def _unread() -> Broken:
    """Deleted messages count as unread."""

    def count(self: Uncounted, *, seq: int, read_seq: int) -> int:
        return max(seq - read_seq, 0)

    return Uncounted, "unread", count


def _archived() -> Broken:
    """An archived conversation stays archived, whatever others write."""
    return own_positions, "is_archived", lambda *_: True


def _mark() -> Broken:
    """Reading does not end an unread mark."""
    return representations, "current_mark", lambda flags, _: flags.marked_unread


def _late_events() -> Broken:
    """A person who joined late gets the events about earlier messages."""
    return publisher, "replacements", lambda *_: []


def _late_pages() -> Broken:
    """A person who joined late gets pages of earlier messages."""
    return history, "visible_from", lambda *_: 1


def _late_files() -> Broken:
    """A person who joined late gets addresses of earlier files."""
    return downloads, "_is_visible", lambda *_: True


def _late_pushes() -> Broken:
    """A person who joined late gets pushes of earlier messages."""
    return decisions, "may_see", lambda *_: True


SABOTAGES: Mapping[str, Callable[[], Broken]] = {
    sabotage.__name__.removeprefix("_"): sabotage
    for sabotage in (
        *(_pinned_count, _reacted_by, _skipped, _pins, _own_reactions, _unread),
        *(_erased, _erased_reactions),
        *(_archived, _mark, _late_events, _late_pages, _late_files, _late_pushes),
    )
}


@contextmanager
def sabotaged(name: str) -> Iterator[None]:
    """Break a rule, until the context is left."""
    owner, attribute, replacement = SABOTAGES[name]()
    before = getattr(owner, attribute)
    setattr(owner, attribute, replacement)
    try:
        yield
    finally:
        setattr(owner, attribute, before)
