"""Which statements of `manage.py migrate` hold which lock of PostgreSQL, and for how long."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import psycopg

APPLICATION = "chat-migrate"
LOGGED = f"-c application_name={APPLICATION} -c log_min_duration_statement=0"
"""`PGOPTIONS` of a command whose statements are to be found in the log."""

_PREFIX = "%m|%a|"
_LINE = re.compile(
    r"^(?P<at>\S+ \S+) \w+\|(?P<application>[^|]*)\|LOG:\s+duration: (?P<ms>[0-9.]+) ms\s+"
    r"(?P<phase>statement|parse|bind|execute)[^:]*: (?P<text>.*)$"
)
_MIGRATION = re.compile(
    r"INSERT INTO \"django_migrations\" .*VALUES \('(\w+)', '(\w+)'", re.IGNORECASE
)
_LOCKS = (
    (r"ALTER TABLE .* ADD CONSTRAINT .* FOREIGN KEY", "SHARE ROW EXCLUSIVE"),
    (r"ALTER TABLE", "ACCESS EXCLUSIVE"),
    (r"(CREATE|DROP) INDEX CONCURRENTLY", "SHARE UPDATE EXCLUSIVE"),
    (r"CREATE (UNIQUE )?INDEX", "SHARE"),
    (r"CREATE TRIGGER", "SHARE ROW EXCLUSIVE"),
)
"""https://www.postgresql.org/docs/15/explicit-locking.html"""
_TABLE = re.compile(r'(?:ALTER TABLE|\bON) (?:ONLY )?"?(\w+)"?', re.IGNORECASE)
_NEW = re.compile(r'CREATE TABLE "?(\w+)"?', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Held:
    """A lock of a table that existed before the migration."""

    migration: str
    statement: str
    table: str
    lock: str
    seconds: float
    """From the beginning of the statement to the end of its transaction, with the wait for the
    lock."""

    def __str__(self) -> str:
        return (
            f"{self.migration}: {self.lock} of {self.table} for {self.seconds * 1000:.1f} ms: "
            f"{self.statement[:90]}"
        )


@dataclass(frozen=True, slots=True)
class _Statement:
    end: float
    seconds: float
    text: str


def log_statements(url: str) -> None:
    """Let the server of this database name the application in each line of its log."""
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"ALTER SYSTEM SET log_line_prefix = '{_PREFIX}'")
        server.execute("SELECT pg_reload_conf()")


def held_locks(log: str) -> list[Held]:
    """Return the locks of the migrations in this log of a server, in their order."""
    held: list[Held] = []
    released: list[tuple[_Statement, float]] = []
    """The statements of the present migration, and when each gave up its lock."""
    transaction: list[_Statement] | None = None
    migration, new = "", set[str]()
    for one in _statements(log):
        if one.text.startswith("BEGIN"):
            transaction = []
        elif one.text.startswith(("COMMIT", "ROLLBACK")):
            released += [(statement, one.end) for statement in transaction or ()]
            transaction = None
        elif recorded := _MIGRATION.search(one.text):
            migration = f"{recorded[1]}.{recorded[2]}"
        elif transaction is not None:
            transaction.append(one)
        else:
            released.append((one, one.end))
        new |= set(_NEW.findall(one.text))
        if migration and transaction is None:
            held += _held(migration, released, new)
            released, migration, new = [], "", set()
    return held


def _held(
    migration: str, statements: list[tuple[_Statement, float]], new: set[str]
) -> Iterator[Held]:
    for statement, until in statements:
        lock = next((lock for begin, lock in _LOCKS if re.match(begin, statement.text)), None)
        table = _TABLE.search(statement.text)
        if lock is not None and table is not None and table[1] not in new:
            seconds = until - statement.end + statement.seconds
            yield Held(migration, statement.text, table[1], lock, seconds)


def _statements(log: str) -> Iterator[_Statement]:
    """Yield what the command executed. A statement that the driver prepares has three lines."""
    spent = 0.0
    for line in log.replace("\n\t", " ").splitlines():
        found = _LINE.match(line)
        if found is None or found["application"] != APPLICATION:
            continue
        spent += float(found["ms"]) / 1000
        if found["phase"] in ("statement", "execute"):
            at = datetime.fromisoformat(found["at"]).timestamp()
            yield _Statement(at, spent, " ".join(found["text"].split()))
            spent = 0.0
