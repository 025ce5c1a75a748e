"""What a statement of a migration may not do to a table that is in use on PostgreSQL.

A statement that reads or writes every row holds its lock for as long as that takes: minutes on a
large table, in which nobody sends (https://www.postgresql.org/docs/current/sql-altertable.html).
"""

import re
from collections.abc import Iterator, Sequence

_NAME = r'"?([A-Za-z_][A-Za-z0-9_]*)"?'
_CREATED = re.compile(rf"^CREATE TABLE (?:IF NOT EXISTS )?{_NAME}", re.IGNORECASE)
_INDEX = re.compile(
    rf"^CREATE (?:UNIQUE )?INDEX (CONCURRENTLY )?(?:IF NOT EXISTS )?(?:{_NAME} )?ON {_NAME}",
    re.IGNORECASE,
)
_ALTER = re.compile(rf"^ALTER TABLE (?:IF EXISTS )?(?:ONLY )?{_NAME} (.*)", re.IGNORECASE)
_ADD_COLUMN = re.compile(r"ADD COLUMN (.*)", re.IGNORECASE)
_DEFAULT = re.compile(r"\bDEFAULT\s+(.*?)(?:\s+(?:NOT\s+)?NULL\b|\s+CHECK\b|$)", re.IGNORECASE)
_CONSTANT = re.compile(
    r"\(?(?:'(?:[^']|'')*'(?:::[a-z ]+(?:\[\])?)?|-?[0-9.]+|true|false|null)\)?", re.IGNORECASE
)
_ROWS = re.compile(rf"^(?:UPDATE|DELETE FROM) (?:ONLY )?{_NAME}", re.IGNORECASE)
_WHOLE = re.compile(
    rf"^(TRUNCATE|LOCK|CLUSTER|VACUUM FULL|REINDEX(?! .*CONCURRENTLY))(?: TABLE| INDEX)? {_NAME}",
    re.IGNORECASE,
)

_LOCKING = ((_INDEX, 3), (_ALTER, 1), (_ROWS, 1), (_WHOLE, 2))
_REFERENCED = re.compile(rf"\bREFERENCES {_NAME}", re.IGNORECASE)


def mistakes(statements: Sequence[str]) -> Iterator[str]:
    """Yield what the statements of one migration do wrong. Tables that it creates are empty."""
    new: set[str] = set()
    for statement in statements:
        text = " ".join(statement.split()).rstrip(";")
        if created := _CREATED.match(text):
            new.add(created[1])
        for table, why in _of(text):
            if table not in new:
                yield f"{why}: {text}"


def altered_tables(statements: Sequence[str]) -> set[str]:
    """Return the tables that the statements of one migration lock against those who write, besides
    those that it creates."""
    new: set[str] = set()
    locked: set[str] = set()
    for statement in statements:
        text = " ".join(statement.split()).rstrip(";")
        new |= {created[1] for created in [_CREATED.match(text)] if created}
        for pattern, group in _LOCKING:
            if found := pattern.match(text):
                locked.add(found[group])
        locked |= set(_REFERENCED.findall(text))
    return locked - new


def _of(text: str) -> Iterator[tuple[str, str]]:
    if (index := _INDEX.match(text)) and not index[1]:
        yield index[3], "it builds an index while nobody can write"
    if rows := _ROWS.match(text):
        yield rows[1], "it writes rows in a migration"
    if whole := _WHOLE.match(text):
        yield whole[2], "it locks the table"
    if alter := _ALTER.match(text):
        for action in _actions(alter[2]):
            for why in _altered(action):
                yield alter[1], why


def _actions(text: str) -> Iterator[str]:
    """Split the actions of one ALTER TABLE at the commas between them."""
    depth, quoted, begun = 0, False, 0
    for place, character in enumerate(text):
        quoted ^= character == "'"
        depth += 0 if quoted else {"(": 1, ")": -1}.get(character, 0)
        if character == "," and not quoted and not depth:
            yield text[begun:place].strip()
            begun = place + 1
    yield text[begun:].strip()


def _altered(action: str) -> Iterator[str]:
    if column := _ADD_COLUMN.match(action):
        yield from _added(column[1])
    for pattern, why in _ALTERATIONS.items():
        if re.match(pattern, action, re.IGNORECASE):
            yield why


_ALTERATIONS = {
    r"ADD (CONSTRAINT|CHECK|FOREIGN|UNIQUE|PRIMARY|EXCLUDE)\b"
    r"(?!.*(NOT VALID|USING INDEX))": "it checks a constraint against each row",
    r"ALTER COLUMN \S+ (SET DATA )?TYPE\b": "it writes the table anew",
    r"ALTER COLUMN \S+ SET NOT NULL\b": "it looks for nulls in each row",
    r"SET (LOGGED|UNLOGGED|TABLESPACE|ACCESS METHOD)\b": "it writes the table anew",
}


def _added(column: str) -> Iterator[str]:
    default = _DEFAULT.search(column)
    if default and not _CONSTANT.fullmatch(default[1].strip()):
        yield "it writes a default that is no constant into each row"
    if re.search(r"\bNOT NULL\b", column, re.IGNORECASE) and not default:
        yield "it adds a column that no row may lack"
    if re.search(r"\bGENERATED\b|\b(SMALL|BIG)?SERIAL\b", column, re.IGNORECASE):
        yield "it writes a computed value into each row"
    if re.search(r"\b(REFERENCES|UNIQUE|PRIMARY KEY|CHECK)\b", column, re.IGNORECASE):
        yield "it adds a column with a constraint, which each row is checked against"
