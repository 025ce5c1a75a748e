"""Search on SQLite: an FTS5 table, which triggers keep equal to the words of the messages.

FTS5 yields rows by descending position as it reads them, so a search stops after the last hit that
it returns (https://www.sqlite.org/fts5.html).
"""

from collections.abc import Sequence

from django.db.backends.utils import CursorWrapper

from messaging.search.query import Query, Term
from messaging.search.sql.dialect import Row

_INSERT = """INSERT INTO messaging_search_message
    (position, conversation_id, seq, message_id, words) VALUES (%s, %s, %s, %s, %s)"""
# CROSS JOIN keeps the order of the tables (https://www.sqlite.org/optoverview.html#crossjoin).
_SEARCH = """SELECT m.position, m.conversation_id, m.seq, m.message_id
    FROM messaging_search_words w
    CROSS JOIN messaging_search_message m ON m.position = w.rowid
    CROSS JOIN messaging_search_membership s
        ON s.user_id = %(user_id)s AND s.conversation_id = m.conversation_id
        AND s.visible_from <= m.seq
    WHERE w.words MATCH %(match)s AND w.rowid BETWEEN %(first)s AND %(last)s
    ORDER BY w.rowid DESC LIMIT %(limit)s"""


class SqliteDialect:
    search = _SEARCH

    def insert(self, cursor: CursorWrapper, rows: Sequence[Row]) -> None:
        cursor.executemany(_INSERT, [(*row[:4], " ".join(row[4])) for row in rows])

    def match(self, query: Query, scopes: Sequence[Sequence[str]]) -> str:
        terms = [_term(term) for term in query.terms]
        any_of = ["(" + " OR ".join([f'"{one}"' for one in scope]) + ")" for scope in scopes]
        return " AND ".join([*any_of, *terms])


def _term(term: Term) -> str:
    """Return a term in FTS5's language. Words have no quotes."""
    return f'"{" ".join(term.words)}"' + (" *" if term.is_prefix else "")
