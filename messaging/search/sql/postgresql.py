"""Search on PostgreSQL: a `tsvector` under a GIN index.

The vectors are written as they are stored. PostgreSQL's own parser would split words in its own way
(https://www.postgresql.org/docs/current/datatype-textsearch.html).

A GIN index yields its rows in no order: all rows with a word are read before the newest is known.
So the newest messages are looked at first, without the index; frequent words are among them. Then
the planner chooses between the messages with the words and those of the person, which are all read.
"""

from collections.abc import Sequence

from django.db.backends.utils import CursorWrapper

from messaging.search.query import Query, Term
from messaging.search.sql.dialect import Found, Row, Wanted, page

NEWEST = 5_000
"""The messages that are looked at without the index: a few milliseconds."""
_MAX_PLACE = 16_383
_MAX_PLACES = 255
"""The places of a word that a vector keeps."""
_INSERT = """INSERT INTO messaging_search_message
    (position, conversation_id, seq, message_id, words, vector)
    VALUES (%s, %s, %s, %s, '', %s::tsvector)
    ON CONFLICT (position) DO NOTHING"""
_AMONG_NEWEST = """SELECT m.position, m.conversation_id, m.seq, m.message_id
    FROM (
        SELECT * FROM messaging_search_message
        WHERE position BETWEEN %(first)s AND %(last)s ORDER BY position DESC LIMIT %(newest)s
    ) m
    JOIN messaging_search_membership s
        ON s.user_id = %(user_id)s AND s.conversation_id = m.conversation_id
        AND s.visible_from <= m.seq
    WHERE m.vector @@ %(match)s::tsquery
    ORDER BY m.position DESC LIMIT %(limit)s"""
_LAST_OF_NEWEST = """SELECT position FROM messaging_search_message
    WHERE position BETWEEN %(first)s AND %(last)s
    ORDER BY position DESC LIMIT 1 OFFSET %(newest)s - 1"""
# MATERIALIZED: the planner would otherwise walk through all messages, hoping for an early hit.
_AMONG_ALL = """WITH found AS MATERIALIZED (
        SELECT m.position, m.conversation_id, m.seq, m.message_id
        FROM messaging_search_membership s
        JOIN messaging_search_message m
            ON m.conversation_id = s.conversation_id AND m.seq >= s.visible_from
        WHERE s.user_id = %(user_id)s AND m.vector @@ %(match)s::tsquery
            AND m.position BETWEEN %(first)s AND %(last)s
    )
    SELECT * FROM found ORDER BY position DESC LIMIT %(limit)s"""


class PostgresqlDialect:
    def insert(self, cursor: CursorWrapper, rows: Sequence[Row]) -> int:
        cursor.executemany(_INSERT, [(*row[:4], _vector(row[4])) for row in rows])
        inserted: int = cursor.rowcount
        return inserted

    def find(self, cursor: CursorWrapper, wanted: Wanted) -> Found:
        match = _match(wanted.query, wanted.scopes)
        parameters = {**wanted.parameters, "match": match, "newest": NEWEST}
        cursor.execute(_AMONG_NEWEST, parameters)
        newest = cursor.fetchall()
        if len(newest) == wanted.limit:
            return page(newest, wanted)
        cursor.execute(_LAST_OF_NEWEST, parameters)
        last = cursor.fetchone()
        if last is None:
            return Found(places=newest, below=None)
        parameters |= {"last": last[0] - 1, "limit": wanted.limit - len(newest)}
        cursor.execute(_AMONG_ALL, parameters)
        return page([*newest, *cursor.fetchall()], wanted)


def _match(query: Query, scopes: Sequence[Sequence[str]]) -> str:
    """Return the `tsquery` for all terms, and one of each list of scopes."""
    terms = [_term(term) for term in query.terms]
    any_of = ["(" + " | ".join([f"'{one}'" for one in scope]) + ")" for scope in scopes]
    return " & ".join([*any_of, *terms])


def _vector(words: Sequence[str]) -> str:
    places: dict[str, list[str]] = {}
    for place, word in enumerate(words, 1):
        listed = places.setdefault(word, [])
        if len(listed) < _MAX_PLACES:
            listed.append(str(min(place, _MAX_PLACE)))
    return " ".join(f"'{word}':{','.join(listed)}" for word, listed in places.items())


def _term(term: Term) -> str:
    """Return a term in the language of `tsquery`. Words have no quotes and no backslashes."""
    words = [f"'{word}'" for word in term.words]
    if term.is_prefix:
        words[-1] += ":*"
    return f"({' <-> '.join(words)})"
