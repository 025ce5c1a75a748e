"""Search on SQLite: an FTS5 table, which triggers keep equal to the words of the messages.

The table keeps which messages have a word, and not where (`detail=none`): that takes half of the
work and of the space. Each message that is read is compared with the phrases.

FTS5 yields rows by descending position as it reads them (https://www.sqlite.org/fts5.html), those
of others too; and it merges the lists of all words with a prefix before the first row. So a search
looks at the newest messages first: frequent words are among them. Then it reads all messages of the
person, if these are few, or if FTS5 would merge long lists, or else those with the words.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import orjson
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from messaging.search.query import Query, Term
from messaging.search.sql.dialect import Found, Row, Wanted, page, portions
from messaging.stores.sql.connections.cursors import native_cursor

NEWEST = 2_500
"""The messages that are looked at first: some milliseconds."""
NEXT = 25_000
"""The most that are looked at next, if the page should then be full."""
FEW_OWN, OWN = 20_000, 100_000
"""The messages of a person that are read, before and after those with the words."""
MERGED = 10
"""How many entries of a prefix FTS5 merges in the time in which one message is read. The messages
of a person, if they are at most `OWN`, are read before a longer list is merged."""
MATCHES = 20_000, 100_000
"""The messages with the words that are looked at first, and then again."""

# One statement for many rows: at the end of a statement that fires triggers, FTS5 writes a segment,
# and it merges the segments later.
_INSERT = """INSERT INTO messaging_search_message
    (position, conversation_id, seq, message_id, words)
    SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),
        json_extract(value, '$[3]'), json_extract(value, '$[4]')
    FROM json_each(?) WHERE TRUE
    ON CONFLICT (position) DO NOTHING"""
_REMOVE = """DELETE FROM messaging_search_message WHERE position IN (
        SELECT m.position FROM json_each(?) given CROSS JOIN messaging_search_message m
            ON m.conversation_id = json_extract(given.value, '$[0]')
            AND m.seq = json_extract(given.value, '$[1]')
    )"""
_VOCABULARY = """CREATE VIRTUAL TABLE IF NOT EXISTS temp.messaging_search_vocabulary
    USING fts5vocab(main, messaging_search_words, row)"""
# No word has the last code point.
_ENTRIES = """SELECT doc FROM temp.messaging_search_vocabulary
    WHERE term >= %(prefix)s AND term < %(prefix)s || char(1114111)"""
_HITS = "SELECT m.position, m.conversation_id, m.seq, m.message_id"
# CROSS JOIN keeps the order of the tables (https://www.sqlite.org/optoverview.html#crossjoin), and
# so the order of the rows: to sort them would take all of them.
_SEEN = """CROSS JOIN messaging_search_membership s
        ON s.user_id = %(user_id)s AND s.conversation_id = m.conversation_id
        AND s.visible_from <= m.seq"""
_NEWEST = """SELECT position, conversation_id, seq, message_id, words
    FROM messaging_search_message
    WHERE position BETWEEN %(first)s AND %(last)s ORDER BY position DESC"""
_AMONG_NEWEST = f"""{_HITS} FROM ({_NEWEST} LIMIT %(most)s) m {_SEEN}
    WHERE {{words}} LIMIT %(limit)s"""
_LAST_OF_NEWEST = f"SELECT position FROM ({_NEWEST} LIMIT 1 OFFSET %(most)s - 1)"  # noqa: S608  constants
_MATCHES = """SELECT rowid AS position FROM messaging_search_words
    WHERE messaging_search_words MATCH %(match)s AND rowid BETWEEN %(first)s AND %(last)s
    ORDER BY rowid DESC"""
_AMONG_MATCHES = f"""{_HITS} FROM ({_MATCHES} LIMIT %(most)s) w
    CROSS JOIN messaging_search_message m ON m.position = w.position {_SEEN}
    WHERE {{words}} LIMIT %(limit)s"""
_LAST_OF_MATCHES = f"{_MATCHES} LIMIT 1 OFFSET %(most)s - 1"
_COUNT_OWN = """SELECT SUM(MAX(0, last_seq - visible_from + 1)) FROM (
        SELECT s.visible_from, COALESCE((
            SELECT MAX(m.seq) FROM messaging_search_message m
            WHERE m.conversation_id = s.conversation_id
        ), 0) AS last_seq
        FROM messaging_search_membership s WHERE s.user_id = %(user_id)s
    )"""
_AMONG_OWN = f"""{_HITS} FROM messaging_search_membership s
    CROSS JOIN messaging_search_message m
        ON m.conversation_id = s.conversation_id AND m.seq >= s.visible_from
    WHERE s.user_id = %(user_id)s AND m.position BETWEEN %(first)s AND %(last)s AND {{words}}
    ORDER BY m.position DESC LIMIT %(limit)s"""
_HAS = "INSTR(' ' || m.words || ' ', %({name})s)"


class SqliteDialect:
    def insert(self, database: BaseDatabaseWrapper, rows: Sequence[Row]) -> int:
        inserted = 0
        with native_cursor(database) as cursor:
            for portion in portions(rows):
                cursor.execute(_INSERT, [orjson.dumps(portion).decode()])
                inserted += cursor.rowcount
        return inserted

    def remove(self, database: BaseDatabaseWrapper, places: Sequence[tuple[str, int]]) -> None:
        with native_cursor(database) as cursor:
            cursor.execute(_REMOVE, [orjson.dumps(places).decode()])

    def find(self, cursor: CursorWrapper, wanted: Wanted) -> Found:
        return _Search(cursor, wanted).run()


class _Search:
    """One search, from the newest messages to older ones."""

    def __init__(self, cursor: CursorWrapper, wanted: Wanted) -> None:
        self._cursor = cursor
        self._wanted = wanted
        self._places: list[Any] = []
        self._parameters: dict[str, Any] = {
            **wanted.parameters,
            "match": _match(wanted.query, wanted.scopes),
        }
        self._words = self._conditions()

    def run(self) -> Found:
        if self._looked(_AMONG_NEWEST, _LAST_OF_NEWEST, NEWEST):
            return page(self._places, self._wanted)
        if (following := self._promising()) and self._looked(
            _AMONG_NEWEST, _LAST_OF_NEWEST, following
        ):
            return page(self._places, self._wanted)
        own = self._count_own()
        if own <= FEW_OWN or (own <= OWN and self._has_frequent_prefix(own * MERGED)):
            return self._among_own()
        for most in MATCHES:
            if self._looked(_AMONG_MATCHES, _LAST_OF_MATCHES, most):
                return page(self._places, self._wanted)
            if own <= OWN:
                return self._among_own()
        return Found(places=self._places, below=self._parameters["last"] + 1)

    def _promising(self) -> int:
        """Return how many more of the newest messages should fill the page; 0 if too many."""
        if not self._places:
            return 0
        wanted = 2 * NEWEST * (self._wanted.limit - len(self._places)) // len(self._places)
        return wanted if wanted <= NEXT else 0

    def _has_frequent_prefix(self, most: int) -> bool:
        """Return whether FTS5 would merge more entries than this."""
        prefixes = [term.words[-1] for term in self._wanted.query.terms if term.is_prefix]
        return any(self._has_more_entries(prefix, most) for prefix in prefixes)

    def _has_more_entries(self, prefix: str, most: int) -> bool:
        """Return whether all words with this prefix have more entries than this. To count them
        takes a tenth of the time to merge them, and ends early."""
        self._cursor.execute(_VOCABULARY)
        self._cursor.execute(_ENTRIES, {"prefix": prefix})
        entries = accumulate(found for (found,) in iter(self._cursor.fetchone, None))
        return any(one > most for one in entries)

    def _looked(self, among: str, last_of: str, most: int) -> bool:
        """Look at so many messages, and return whether the search is at its end."""
        self._parameters["most"] = most
        self._fetch(among)
        if len(self._places) == self._wanted.limit:
            return True
        self._cursor.execute(last_of, self._parameters)
        last = self._cursor.fetchone()
        if last is None:
            return True
        self._parameters["last"] = last[0] - 1
        return False

    def _among_own(self) -> Found:
        self._fetch(_AMONG_OWN)
        return page(self._places, self._wanted)

    def _fetch(self, statement: str) -> None:
        self._parameters["limit"] = self._wanted.limit - len(self._places)
        self._cursor.execute(statement.format(words=self._words), self._parameters)
        self._places += self._cursor.fetchall()

    def _count_own(self) -> int:
        """Return how many messages the person may see, at most."""
        self._cursor.execute(_COUNT_OWN, self._parameters)
        (own,) = self._cursor.fetchone()
        return own or 0

    def _conditions(self) -> str:
        """Return the condition that a message has all terms, and one of each list of scopes."""
        any_of = [[_phrase(term)] for term in self._wanted.query.terms]
        any_of += [[f" {one} " for one in scope] for scope in self._wanted.scopes]
        conditions = []
        for number, phrases in enumerate(any_of):
            names = [f"words_{number}_{other}" for other in range(len(phrases))]
            self._parameters |= zip(names, phrases, strict=True)
            conditions.append(" OR ".join([_HAS.format(name=name) for name in names]))
        return " AND ".join([f"({one})" for one in conditions])


def _match(query: Query, scopes: Sequence[Sequence[str]]) -> str:
    """Return the FTS5 expression for all words, and one of each list of scopes."""
    any_of = ["(" + " OR ".join([f'"{one}"' for one in scope]) + ")" for scope in scopes]
    words = [word for term in query.terms for word in _words(term)]
    return " AND ".join([*any_of, *dict.fromkeys(words)])


def _words(term: Term) -> Sequence[str]:
    """Return the words of a term in FTS5's language. They have no quotes."""
    words = [f'"{word}"' for word in term.words]
    if term.is_prefix:
        words[-1] += " *"
    return words


def _phrase(term: Term) -> str:
    """Return a term as a part of the words of a message."""
    return f" {' '.join(term.words)}" + ("" if term.is_prefix else " ")
