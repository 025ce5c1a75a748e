"""Search on PostgreSQL: a `tsvector` under a GIN index.

The vectors are written as they are stored. PostgreSQL's own parser would split words in its own way
(https://www.postgresql.org/docs/current/datatype-textsearch.html).
"""

from collections.abc import Sequence

from django.db.backends.utils import CursorWrapper

from messaging.search.query import Query, Term
from messaging.search.sql.dialect import Row

_MAX_PLACE = 16_383
_MAX_PLACES = 255
"""The places of a word that a vector keeps."""
_INSERT = """INSERT INTO messaging_search_message
    (position, conversation_id, seq, message_id, words, vector)
    VALUES (%s, %s, %s, %s, '', %s::tsvector)"""
_SEARCH = """SELECT m.position, m.conversation_id, m.seq, m.message_id
    FROM messaging_search_message m
    JOIN messaging_search_membership s
        ON s.user_id = %(user_id)s AND s.conversation_id = m.conversation_id
        AND s.visible_from <= m.seq
    WHERE m.vector @@ %(match)s::tsquery AND m.position BETWEEN %(first)s AND %(last)s
    ORDER BY m.position DESC LIMIT %(limit)s"""


class PostgresqlDialect:
    search = _SEARCH

    def insert(self, cursor: CursorWrapper, rows: Sequence[Row]) -> None:
        cursor.executemany(_INSERT, [(*row[:4], _vector(row[4])) for row in rows])

    def match(self, query: Query, scopes: Sequence[Sequence[str]]) -> str:
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
