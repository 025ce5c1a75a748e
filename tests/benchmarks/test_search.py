"""How long a search takes in a large index, and what the index costs those who send."""

import asyncio
import contextlib
import itertools
import os
import random
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from django.db import DEFAULT_DB_ALIAS
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import atomic
from pytest_django import Settings

from messaging.domain.conversation import ConversationKind
from messaging.domain.identifiers import derived_id
from messaging.runtime.instance import Instance
from messaging.search.positions import position_of
from messaging.search.scopes import conversation_scope, sender_scope
from messaging.search.sql.dialect import Row, dialect_of
from messaging.search.words import words_of
from messaging.services import conversations, messages
from messaging.services.search.searches import search_messages
from messaging.stores.sql.connections.calls import Calls
from messaging.stores.sql.connections.clock import stored_time
from tests.instances import new_instance

MESSAGES = int(os.environ.get("MESSAGES", "1000000"))
LARGE, SMALL = 2_000, 20_000
"""How many conversations there are. The large ones have four fifths of all messages."""
_AT_ONCE = 20_000
_FIRST = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = {
    "the": 0.5,
    "and": 0.2,
    "common": 0.1,
    "tea": 0.01,
    "coffee": 0.001,
    "rare": 0.0001,
}
"""How many of the messages have each word."""
ELSEWHERE = "elsewhere"
"""A word of every tenth message in the conversations that nobody below is in."""
PEOPLE = {
    "ann": [*range(1_000)],
    "cid": [*range(100), *range(LARGE, LARGE + 900)],
    "eve": [*range(LARGE, LARGE + 1_000)],
}
"""The 1,000 conversations of each, by number: large ones, some of both, and small ones."""
FREQUENT_MS, SELECTIVE_MS = 500, 100
_SEARCHES = int(os.environ.get("SEARCHES", "40"))
SENDER = sender_scope("bob")
SELECTIVE = ("tea", "coffee", "rare", "tea coffee", '"tea and"', "coff", "the rare")
FREQUENT = ("the", "and the", "common", "co", "th", "and t", '"and the"', ELSEWHERE)


def texts(seed: int) -> Iterator[str]:
    """Sentences of about twelve words, of which most are of a vocabulary of 20,000."""
    draw = random.Random(seed)
    filler = [f"{draw.choice('abcdefghijklmnoprstuvw')}{number:x}" for number in range(20_000)]
    while True:
        words = draw.choices(filler, k=10)
        words += [word for word, share in WORDS.items() if draw.random() < share]
        draw.shuffle(words)
        yield " ".join(words)


@dataclass(frozen=True, slots=True)
class Written:
    """A message of the benchmark."""

    id: str
    place: int
    seq: int
    text: str
    created_at: datetime


def places() -> Iterator[int]:
    """The number of the conversation of each message."""
    large, small = itertools.cycle(range(LARGE)), itertools.cycle(range(LARGE, LARGE + SMALL))
    for number in range(MESSAGES):
        yield next(small) if number % 5 == 4 else next(large)


def written() -> Iterator[Written]:
    lengths = [0] * (LARGE + SMALL)
    draw = random.Random(3)
    for number, (place, text) in enumerate(zip(places(), texts(1), strict=False)):
        lengths[place] += 1
        more = f" {ELSEWHERE}" if 1_000 <= place < LARGE and draw.random() < 0.1 else ""
        at = _FIRST + timedelta(seconds=number)
        yield Written(derived_id("message", str(number)), place, lengths[place], text + more, at)


def insert(
    database: BaseDatabaseWrapper, table: str, columns: str, rows: Iterable[Sequence[Any]]
) -> None:
    """Insert rows by the fastest way that the database has."""
    with database.cursor() as cursor:
        if database.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for one in rows:
                    copy.write_row(one)
            return
        marks = ", ".join(["%s"] * len(columns.split(",")))
        cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", list(rows))


def fill(database: BaseDatabaseWrapper) -> None:
    """Store the conversations and messages as sends would have, and index them."""
    ids = [derived_id("conversation", str(number)) for number in range(LARGE + SMALL)]
    sizes = Counter(places())
    first = stored_time(database, _FIRST)
    insert(
        database,
        "messaging_conversation",
        "id, kind, created_at, updated_at, active_at, seq, version, sent_seq, preferences,"
        " blocked_by, frozen, content_hash, commit_id, revision",
        (
            (id_, "group", first, first, first, size, size, "{}", "{}", "[]", False, "", "", 1)
            for id_, size in ((id_, sizes[number]) for number, id_ in enumerate(ids))
        ),
    )
    in_ = [(ids[place], user_id) for user_id, mine in PEOPLE.items() for place in mine]
    in_ += [(id_, "bob") for id_ in ids]
    columns = "conversation_id, user_id, role, joined_version, position"
    rows = ((*one, "owner", 0, 0) for one in in_)
    insert(database, "messaging_participant", columns, rows)
    columns = "conversation_id, user_id, visible_from"
    insert(database, "messaging_search_membership", columns, ((*one, 1) for one in in_))
    with without_words(database):
        fill_messages(database, ids)


def fill_messages(database: BaseDatabaseWrapper, ids: Sequence[str]) -> None:
    source = written()
    while some := list(itertools.islice(source, _AT_ONCE)):
        insert(
            database,
            "messaging_message",
            "id, conversation_id, seq, version, created_version, sender_id, text, created_at,"
            " mentions, content_hash",
            (
                (
                    *(one.id, ids[one.place], one.seq, one.seq, one.seq, "bob", one.text),
                    *(stored_time(database, one.created_at), "[]", ""),
                )
                for one in some
            ),
        )
        dialect_of(database).insert(database, [row(one, ids[one.place]) for one in some])


def row(one: Written, conversation_id: str) -> Row:
    words = [conversation_scope(conversation_id), SENDER, *words_of(one.text)]
    return position_of(one.created_at, one.id), conversation_id, one.seq, one.id, " ".join(words)


@contextmanager
def without_words(database: BaseDatabaseWrapper) -> Iterator[None]:
    """Index the words once at the end, which takes a part of the time."""
    if database.vendor == "postgresql":
        index = "messaging_search_message_vector"
        after = [f"CREATE INDEX {index} ON messaging_search_message USING gin (vector)"]
        before = f"DROP INDEX {index}"
    else:
        trigger = "messaging_search_added"
        with database.cursor() as cursor:
            cursor.execute("SELECT sql FROM sqlite_master WHERE name = %s", [trigger])
            (create,) = cursor.fetchone()
        rebuild = "INSERT INTO messaging_search_words(messaging_search_words) VALUES ('rebuild')"
        before, after = f"DROP TRIGGER {trigger}", [create, rebuild]
    with database.cursor() as cursor:
        cursor.execute(before)
    yield
    with database.cursor() as cursor:
        for statement in after:
            cursor.execute(statement)


def in_one_transaction(database: BaseDatabaseWrapper) -> None:
    with atomic(using=database.alias):
        fill(database)


def analyze(database: BaseDatabaseWrapper) -> None:
    """Let the planner of PostgreSQL know what there is, as its autovacuum does in time."""
    if database.vendor == "postgresql":
        with database.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


@asynccontextmanager
async def large_index(settings: Settings) -> AsyncIterator[Instance]:
    settings.CHAT_SEARCH = "database"
    filling = Calls(using=DEFAULT_DB_ALIAS, timeout=3600)
    begun = time.monotonic()
    await filling.write("fill", in_one_transaction)
    await filling.write("fill", analyze)
    await filling.close()
    print(f"\n{MESSAGES:,} messages: stored and indexed in {time.monotonic() - begun:.0f} s")
    async with new_instance() as instance:
        assert instance.search is not None
        yield instance


@dataclass(frozen=True, slots=True)
class Taken:
    """What searches took in milliseconds, and the hits of the first page."""

    p95: float
    cpu: float
    """The mean, of this process and of PostgreSQL."""
    found: int


async def measure(instance: Instance, server: Sequence[int], user_id: str, q: str) -> Taken:
    taken, found, began = [], 0, cpu_seconds(server)
    for number in range(_SEARCHES):
        before = time.perf_counter()
        page = await search_messages(
            instance, user_id=user_id, q=q, conversation_id=None, limit=20 if number % 2 else 50
        )
        taken.append((time.perf_counter() - before) * 1000)
        found = max(found, len(page.items))
    cpu = (cpu_seconds(server) - began) * 1000 / _SEARCHES
    return Taken(statistics.quantiles(taken, n=20)[-1], cpu, found)


def cpu_seconds(server: Sequence[int]) -> float:
    """The CPU that this process and these processes of a server have taken."""
    took = time.process_time()
    for pid in server:
        with contextlib.suppress(OSError):  # it has ended
            took += int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    return took


def server_of(database: BaseDatabaseWrapper) -> Sequence[int]:
    """The processes of PostgreSQL that serve connections."""
    if database.vendor != "postgresql":
        return []
    with database.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'")
        return [pid for (pid,) in cursor.fetchall()]


async def report(instance: Instance) -> dict[str, float]:
    figures = {}
    finding = Calls(using=DEFAULT_DB_ALIAS, timeout=60)
    for user_id in PEOPLE:
        for q in (*SELECTIVE, *FREQUENT):
            server = await finding.read("find", server_of)
            taken = await measure(instance, server, user_id, q)
            most = SELECTIVE_MS if q in SELECTIVE else FREQUENT_MS
            mark = "" if taken.p95 <= most else "  ABOVE"
            print(
                f"  {user_id} {q:<12} {taken.found:>3} hits  p95 {taken.p95:7.1f} ms"
                f"  CPU {taken.cpu:6.1f} ms{mark}",
                flush=True,
            )
            figures[f"{user_id}: {q}"] = taken.p95 / most
    await finding.close()
    return figures


@pytest.mark.benchmark
async def test_a_search_in_a_large_index_is_quick(
    each_database: str, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        async with large_index(settings) as instance:
            figures = await report(instance)
    assert not {one: share for one, share in figures.items() if share > 1}


# What the index costs those who send

_SENDS = 1_500
_GROUPS = 100


@pytest_asyncio.fixture
async def groups(transactional_db: None, settings: Settings) -> AsyncIterator[None]:
    yield


async def cpu_per_send(settings: Settings, search: str) -> float:
    """The milliseconds of CPU that this process and PostgreSQL take for each send, with what
    follows it."""
    settings.CHAT_SEARCH = search
    finding = Calls(using=DEFAULT_DB_ALIAS, timeout=60)
    async with new_instance() as instance:
        await instance.start()
        ids = []
        for number in range(_GROUPS):
            founded = await conversations.create_conversation(
                instance,
                user_id=f"p{number}",
                kind=ConversationKind.GROUP,
                participant_ids=["bob"],
            )
            ids.append(founded.own.conversation.id)
        if instance.search is not None:
            await instance.following.sweep()  # the next one, of what was sent before, comes later
            await instance.search.catch_up()
        written = texts(2)

        async def talk(number: int) -> None:
            for _ in range(_SENDS // _GROUPS):
                await messages.send_message(
                    instance,
                    user_id=f"p{number}",
                    conversation_id=ids[number],
                    text=next(written),
                )

        began_with = await finding.read("find", server_of)
        before = cpu_seconds(began_with)
        await asyncio.gather(*map(talk, range(_GROUPS)))
        if instance.search is not None:
            await instance.search.catch_up()
        server = await finding.read("find", server_of)
        assert set(began_with) <= set(server)  # otherwise what they took is unknown
        took = cpu_seconds(server) - before
    await finding.close()
    return took / _SENDS * 1000


@pytest.mark.benchmark
async def test_the_index_costs_a_send_little(
    each_database: str, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    figures: dict[str, list[float]] = {"off": [], "database": []}
    for number in range(7):
        order = ["off", "database"] if number % 2 else ["database", "off"]
        for search in order:
            figures[search].append(await cpu_per_send(settings, search))
    ratios = [on / off for on, off in zip(figures["database"], figures["off"], strict=True)]
    ratio = statistics.median(ratios)
    with capsys.disabled():
        on, off = (statistics.median(figures[name]) for name in ("database", "off"))
        print(f"\nCPU per send: {on:.3f} ms with the index, {off:.3f} ms without: {ratio:.2f} ×")
    assert ratio <= 1.15
