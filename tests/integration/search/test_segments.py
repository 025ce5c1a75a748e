"""The work of FTS5 for the messages of one transaction."""

import pytest
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.transaction import atomic

from messaging.search.scopes import conversation_scope
from messaging.search.sql.dialect import Row, dialect_of

CONVERSATION = f"{1:026x}"
MESSAGES = 20


def rows(text: str) -> list[Row]:
    words = f"{conversation_scope(CONVERSATION)} {text}"
    return [(number, CONVERSATION, number, f"{number:026x}", words) for number in range(MESSAGES)]


@pytest.mark.django_db
def test_the_messages_of_a_transaction_are_one_segment() -> None:
    """FTS5 merges segments later: one for each message would double its work. What is removed is a
    segment too. The id of a segment is in its rows (https://www.sqlite.org/fts5.html)."""
    database = connections[DEFAULT_DB_ALIAS]
    assert database.vendor == "sqlite"
    with atomic():
        dialect_of(database).insert(database, rows("green tea"))
    assert segments() == 1

    with atomic():
        dialect_of(database).remove(database, [(CONVERSATION, seq) for seq in range(MESSAGES - 1)])
    assert segments() == 2

    with database.cursor() as cursor:
        cursor.execute("SELECT seq FROM messaging_search_message")
        assert cursor.fetchall() == [(MESSAGES - 1,)]


def segments() -> int:
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT COUNT(DISTINCT segid) FROM messaging_search_words_idx")
        (found,) = cursor.fetchone()
    return int(found)
