"""The follower that keeps the search index: the messages that can be found, and who may see them.

The index has a message as long as it is neither deleted nor without words. It has the memberships
of a conversation as they are after the changes that it has handled.
"""

from collections.abc import Collection, Mapping, Sequence

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet

from messaging.domain.conversation import Conversation
from messaging.domain.message import Message
from messaging.followers.follower import Followed
from messaging.models import SearchMembershipRecord, SearchMessageRecord
from messaging.search.positions import position_of
from messaging.search.scopes import conversation_scope, sender_scope
from messaging.search.sql.dialect import Row, dialect_of
from messaging.search.words import words_of

FOLLOWER = "search"
_DELETED_AT_ONCE = 500
"""The messages of an absent conversation that one transaction removes: sends wait for it."""


class SearchFollower:
    """Implements `messaging.followers.follower.LocalFollower`."""

    name = FOLLOWER
    from_beginning = True

    def write(self, database: BaseDatabaseWrapper, followed: Sequence[Followed]) -> Collection[str]:
        unfinished = []
        changed: list[Message] = []
        outdated: list[tuple[str, int]] = []
        for one in followed:
            conversation = one.conversation
            if conversation.seq == 0 and not conversation.participants:  # it was deleted
                if _deleted(database, conversation.id):
                    unfinished.append(conversation.id)
                continue
            if one.changes is None:  # a repair may have lowered `seq`
                _messages(database, conversation.id).filter(seq__gt=conversation.seq).delete()
            if one.people_may_differ:
                _keep_people(database, conversation)
            created = one.created
            outdated += [
                (conversation.id, message.seq)
                for message in one.messages
                if message.id not in created
            ]
            changed += one.messages
        if outdated:
            dialect_of(database).remove(database, outdated)
        _add(database, changed)
        return unfinished

    def forget(self, database: BaseDatabaseWrapper, conversation_id: str) -> bool:
        return _deleted(database, conversation_id)


def _add(database: BaseDatabaseWrapper, messages: Sequence[Message]) -> None:
    """Add those of the messages that have words."""
    rows: dict[int, Row] = {}
    senders: dict[str, str] = {}
    for message in messages:
        words = words_of(message.text) if message.text and message.deleted_at is None else []
        if words:
            position = position_of(message.created_at, message.id)
            while position in rows:
                position += 1
            sender = senders.get(message.sender_id)
            if sender is None:
                sender = senders[message.sender_id] = sender_scope(message.sender_id)
            scopes = (conversation_scope(message.conversation_id), sender)
            place = (position, message.conversation_id, message.seq, message.id)
            rows[position] = (*place, " ".join([*scopes, *words]))
    if not rows:
        return
    dialect = dialect_of(database)
    if dialect.insert(database, list(rows.values())) < len(rows):
        dialect.insert(database, _moved_to_free(database, rows))


def _moved_to_free(database: BaseDatabaseWrapper, rows: Mapping[int, Row]) -> list[Row]:
    """Return those of the messages whose positions other messages have, with free positions."""
    records = SearchMessageRecord.objects.using(database.alias)
    taken = dict(records.filter(position__in=list(rows)).values_list("position", "message_id"))
    moved: list[Row] = []
    used = set(rows)
    for position, row in rows.items():
        if taken[position] != row[3]:
            other = position + 1
            while other in used or records.filter(position=other).exists():
                other += 1
            used.add(other)
            moved.append((other, *row[1:]))
    return moved


def _keep_people(database: BaseDatabaseWrapper, conversation: Conversation) -> None:
    """Make the memberships of a conversation those of its participants."""
    records = SearchMembershipRecord.objects.using(database.alias)
    listed = records.filter(conversation_id=conversation.id)
    known = dict(listed.values_list("user_id", "visible_from"))
    wanted = {one.user_id: one.visible_from for one in conversation.participants.values()}
    if changed := [one for one, first in known.items() if wanted.get(one) != first]:
        listed.filter(user_id__in=changed).delete()
    records.bulk_create(
        [
            SearchMembershipRecord(
                user_id=user_id, conversation_id=conversation.id, visible_from=visible_from
            )
            for user_id, visible_from in wanted.items()
            if known.get(user_id) != visible_from
        ]
    )


def _deleted(database: BaseDatabaseWrapper, conversation_id: str) -> bool:
    """Remove a conversation, and return whether some of its messages are left."""
    records = SearchMembershipRecord.objects.using(database.alias)
    records.filter(conversation_id=conversation_id).delete()
    messages = _messages(database, conversation_id)
    positions = list(messages.values_list("position", flat=True)[: _DELETED_AT_ONCE + 1])
    messages.filter(position__in=positions[:_DELETED_AT_ONCE]).delete()
    return len(positions) > _DELETED_AT_ONCE


def _messages(database: BaseDatabaseWrapper, conversation_id: str) -> QuerySet[SearchMessageRecord]:
    return SearchMessageRecord.objects.using(database.alias).filter(conversation_id=conversation_id)
