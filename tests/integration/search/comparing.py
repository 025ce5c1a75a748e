"""Compares the index with the store."""

from collections.abc import Mapping, Set
from datetime import UTC, datetime
from typing import NamedTuple

from django.db import DEFAULT_DB_ALIAS
from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.models import (
    CheckpointRecord,
    FollowerRecord,
    SearchMembershipRecord,
    SearchMessageRecord,
    SweepOfFollowersRecord,
)
from messaging.runtime.instance import Instance
from messaging.search.scopes import conversation_scope, sender_scope
from messaging.search.words import words_of
from messaging.stores.conversations import Store
from messaging.stores.sql.connections.calls import Calls


class Indexed(NamedTuple):
    """What the index has, or should have."""

    words: Mapping[tuple[str, int, str], Set[str]]
    """The words and scopes by conversation, seq and message id."""
    people: Set[tuple[str, str, int]]
    """Conversation, person, and the first message that they may see."""


async def require_equal(instance: Instance) -> None:
    """Require that the index has what the store has."""
    calls = Calls(using=DEFAULT_DB_ALIAS, timeout=30)
    found = await calls.write("follow", indexed)
    await calls.close()
    wanted = await expected(instance.store)
    assert found.words == wanted.words
    assert found.people == wanted.people


async def expected(store: Store) -> Indexed:
    words, people = {}, set()
    for conversation_id in await store.list_conversation_ids(limit=1_000):
        conversation = await store.get_conversation(conversation_id)
        assert conversation is not None
        for one in conversation.participants.values():
            people.add((conversation_id, one.user_id, one.visible_from))
        scope = conversation_scope(conversation_id)
        for message in await store.list_messages(
            conversation_id, first_seq=1, last_seq=conversation.seq
        ):
            if message.text and words_of(message.text) and message.deleted_at is None:
                words[conversation_id, message.seq, message.id] = {
                    *(scope, sender_scope(message.sender_id), *words_of(message.text))
                }
    return Indexed(words, people)


def indexed(database: BaseDatabaseWrapper) -> Indexed:
    column = "tsvector_to_array(vector)" if database.vendor == "postgresql" else "words"
    with database.cursor() as cursor:
        if database.vendor == "sqlite":  # raises if its lists of words differ
            cursor.execute(
                "INSERT INTO messaging_search_words(messaging_search_words, rank)"
                " VALUES ('integrity-check', 1)"
            )
        cursor.execute(
            f"SELECT conversation_id, seq, message_id, {column} FROM messaging_search_message"
        )
        words = {
            (conversation_id, seq, id_): set(some.split() if isinstance(some, str) else some)
            for conversation_id, seq, id_, some in cursor.fetchall()
        }
    memberships = SearchMembershipRecord.objects.using(database.alias)
    people = memberships.values_list("conversation_id", "user_id", "visible_from")
    positions = SearchMessageRecord.objects.using(database.alias).values("position").distinct()
    assert positions.count() == len(words)
    return Indexed(words, set(people))


async def end_leases() -> None:
    """Let all leases of killed processes end, as they do in time."""
    past = datetime(2020, 1, 1, tzinfo=UTC)

    def end(database: BaseDatabaseWrapper) -> None:
        for model in (CheckpointRecord, FollowerRecord, SweepOfFollowersRecord):
            leased = model.objects.using(database.alias).filter(leased_until__isnull=False)
            leased.update(leased_until=past)

    calls = Calls(using=DEFAULT_DB_ALIAS, timeout=30)
    await calls.write("follow", end)
    await calls.close()
