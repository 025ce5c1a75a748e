"""Search on PostgreSQL: a `tsvector` under a GIN index.

The vectors are written as they are stored. PostgreSQL's own parser would split words in its own way
(https://www.postgresql.org/docs/current/datatype-textsearch.html).

A GIN index yields its rows in no order: all rows with a word are read before the newest is known.
So the newest messages are looked at first, without the index; frequent words are among them. Then
the messages with the words are read, if they are few, or else those of the person. If both are
many, further messages are looked at without the index, the newest first.

Each step has a bound. Only the time limit of a statement bounds what the planner reads with
statistics that are far wrong.
"""

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from messaging.search.query import Query, Term
from messaging.search.sql.dialect import Found, Row, Wanted, page, portions
from messaging.stores.sql.connections.cursors import native_cursor

NEWEST = 5_000
"""The messages that are looked at first, without the index: a few milliseconds."""
MATCHES = 20_000, 100_000
"""The most messages with the words that are read, before and after those of a person with few."""
FEW_OWN, OWN = 20_000, 100_000
"""The most messages of a person that are read, between these and after them."""
WALKED = 100_000
"""The messages that are looked at in the end, without the index."""
_MAX_PLACE = 16_383
_MAX_PLACES = 255
"""The places of a word that a vector keeps."""
# Each column is one text: the driver would write each element of an array on its own.
_INSERT = """INSERT INTO messaging_search_message
    (position, conversation_id, seq, message_id, words, vector)
    SELECT position, conversation_id, seq, message_id, '', vector::tsvector
    FROM unnest(
        string_to_array(%s, ' ')::bigint[], string_to_array(%s, ' '),
        string_to_array(%s, ' ')::bigint[], string_to_array(%s, ' '), string_to_array(%s, '|')
    ) AS given (position, conversation_id, seq, message_id, vector)
    ON CONFLICT (position) DO NOTHING"""
_REMOVE = """DELETE FROM messaging_search_message m
    USING unnest(%s::text[], %s::bigint[]) AS given (conversation_id, seq)
    WHERE m.conversation_id = given.conversation_id AND m.seq = given.seq"""
_AMONG_NEWEST = """SELECT m.position, m.conversation_id, m.seq, m.message_id
    FROM (
        SELECT * FROM messaging_search_message
        WHERE position BETWEEN %(first)s AND %(last)s ORDER BY position DESC LIMIT %(most)s
    ) m
    JOIN messaging_search_membership s
        ON s.user_id = %(user_id)s AND s.conversation_id = m.conversation_id
        AND s.visible_from <= m.seq
    WHERE m.vector @@ %(match)s::tsquery
    ORDER BY m.position DESC LIMIT %(limit)s"""
_LAST_OF_NEWEST = """SELECT position FROM messaging_search_message
    WHERE position BETWEEN %(first)s AND %(last)s
    ORDER BY position DESC LIMIT 1 OFFSET %(most)s - 1"""
# A row of NULL says that there are too many. MATERIALIZED: the planner would otherwise walk through
# all messages, hoping for an early hit.
_AMONG_MATCHES = """WITH matches AS MATERIALIZED (
        SELECT position, conversation_id, seq, message_id FROM messaging_search_message
        WHERE vector @@ %(match)s::tsquery AND position BETWEEN %(first)s AND %(last)s
        LIMIT %(most)s + 1
    ), counted AS MATERIALIZED (SELECT COUNT(*) AS number FROM matches)
    (
        SELECT m.position, m.conversation_id, m.seq, m.message_id
        FROM matches m
        JOIN messaging_search_membership s
            ON s.user_id = %(user_id)s AND s.conversation_id = m.conversation_id
            AND s.visible_from <= m.seq
        WHERE (SELECT number FROM counted) <= %(most)s
        ORDER BY m.position DESC LIMIT %(limit)s
    )
    UNION ALL SELECT NULL, NULL, NULL, NULL FROM counted WHERE number > %(most)s"""
_COUNT_OWN = """SELECT SUM(GREATEST(0, last_seq - visible_from + 1)) FROM (
        SELECT s.visible_from, COALESCE((
            SELECT MAX(m.seq) FROM messaging_search_message m
            WHERE m.conversation_id = s.conversation_id
        ), 0) AS last_seq
        FROM messaging_search_membership s WHERE s.user_id = %(user_id)s
    ) own"""
# OFFSET 0 keeps the planner from joining with the whole table.
_AMONG_OWN = """SELECT m.* FROM messaging_search_membership s
    CROSS JOIN LATERAL (
        SELECT position, conversation_id, seq, message_id FROM messaging_search_message
        WHERE conversation_id = s.conversation_id AND seq >= s.visible_from
            AND position BETWEEN %(first)s AND %(last)s AND vector @@ %(match)s::tsquery
        OFFSET 0
    ) m
    WHERE s.user_id = %(user_id)s
    ORDER BY m.position DESC LIMIT %(limit)s"""


class PostgresqlDialect:
    def insert(self, database: BaseDatabaseWrapper, rows: Sequence[Row]) -> int:
        inserted = 0
        with native_cursor(database) as cursor:
            for portion in portions(rows):
                positions, conversations, seqs, ids, words = zip(*portion, strict=True)
                columns = [map(str, positions), conversations, map(str, seqs), ids]
                vectors = [_vector(one.split(" ")) for one in words]
                cursor.execute(_INSERT, [*map(" ".join, columns), "|".join(vectors)])
                inserted += cursor.rowcount
        return inserted

    def remove(self, database: BaseDatabaseWrapper, places: Sequence[tuple[str, int]]) -> None:
        with native_cursor(database) as cursor:
            cursor.execute(_REMOVE, list(map(list, zip(*places, strict=True))))

    def find(self, cursor: CursorWrapper, wanted: Wanted) -> Found:
        return _Search(cursor, wanted).run()


class _Search:
    """One search, from the newest messages to older ones."""

    def __init__(self, cursor: CursorWrapper, wanted: Wanted) -> None:
        self._cursor = cursor
        self._wanted = wanted
        self._places: list[Any] = []
        match = _match(wanted.query, wanted.scopes)
        self._parameters: dict[str, Any] = {**wanted.parameters, "match": match}

    def run(self) -> Found:
        few, many = MATCHES
        if self._looked(NEWEST) or self._matched(few):
            return page(self._places, self._wanted)
        own = self._count_own()
        if own <= FEW_OWN:
            return self._among_own()
        if self._matched(many):
            return page(self._places, self._wanted)
        if own <= OWN:
            return self._among_own()
        if self._looked(WALKED):
            return page(self._places, self._wanted)
        return Found(places=self._places, below=self._parameters["last"] + 1)

    def _looked(self, most: int) -> bool:
        """Look at so many messages, and return whether the search is at its end."""
        self._places += self._fetch(_AMONG_NEWEST, most)
        if len(self._places) == self._wanted.limit:
            return True
        self._cursor.execute(_LAST_OF_NEWEST, self._parameters)
        last = self._cursor.fetchone()
        if last is None:
            return True
        self._parameters["last"] = last[0] - 1
        return False

    def _matched(self, most: int) -> bool:
        """Read all messages with the words, unless there are more than this. Return whether that
        was done."""
        found = self._fetch(_AMONG_MATCHES, most)
        if found and found[0][0] is None:
            return False
        self._places += sorted(found, reverse=True)
        return True

    def _count_own(self) -> int:
        """Return how many messages the person may see, at most."""
        self._cursor.execute(_COUNT_OWN, self._parameters)
        (own,) = self._cursor.fetchone()
        return own or 0

    def _among_own(self) -> Found:
        self._places += self._fetch(_AMONG_OWN)
        return page(self._places, self._wanted)

    def _fetch(self, statement: str, most: int = 0) -> list[Any]:
        self._parameters |= {"most": most, "limit": self._wanted.limit - len(self._places)}
        self._cursor.execute(statement, self._parameters)
        return list(self._cursor.fetchall())


def _match(query: Query, scopes: Sequence[Sequence[str]]) -> str:
    """Return the `tsquery` for all terms, and one of each list of scopes."""
    terms = [_term(term) for term in query.terms]
    any_of = ["(" + " | ".join([f"'{one}'" for one in scope]) + ")" for scope in scopes]
    return " & ".join([*any_of, *terms])


def _vector(words: Sequence[str]) -> str:
    if len(words) <= _MAX_PLACE and len(set(words)) == len(words):
        return " ".join([f"'{word}':{place}" for place, word in enumerate(words, 1)])
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
