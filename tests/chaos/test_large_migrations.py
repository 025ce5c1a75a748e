"""The store is migrated while a million messages are stored and sends go on."""

import asyncio
import sqlite3
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.chaos.cluster import Instance, migrate
from tests.chaos.conftest import Say
from tests.chaos.held_locks import LOGGED, held_locks, log_statements
from tests.chaos.redis_servers import RedisServer
from tests.chaos.steady import Instances, steady_sends
from tests.conftest import skip_or_fail
from tests.releases import PRESENT, Release, ReleaseMissing, previous_release
from tests.servers.environment import isolated_environment
from tests.servers.postgres import PostgresMissing, new_cluster, require_postgres

_CONVERSATIONS, _MESSAGES, _PEOPLE = 10_000, 100, 100
"""A million messages, participants and read positions."""
_RATE = 50.0
_SQLITE_RATE = 10.0
_WARM_SECONDS = 3.0
_LOCK_TIMEOUT_SECONDS = 1.0
"""As docs/upgrade.md says."""
_LONGEST_SECONDS = 2.5
"""What a send may take with the longest wait for a lock: after three seconds an instance would
answer 503."""
_TRIES = 20

_SEED = """
INSERT INTO messaging_conversation (id, kind, title, created_at, updated_at, active_at, seq,
    version, sent_seq, preferences, blocked_by, frozen, content_hash, commit_id, revision)
  SELECT 'seeded' || c, 'group', 'Seeded', {now}, {now}, {now}, {messages}, {messages},
    '{{}}', '{{}}', '[]', {false}, '', '', 1 FROM {series_c};
INSERT INTO messaging_message (id, conversation_id, seq, version, sender_id, client_id, text,
    mentions, created_at, content_hash)
  SELECT 'seeded' || c || '.' || m, 'seeded' || c, m, m, 'seeded.person-' || (m % 7), c || '.' || m,
    'A message that somebody wrote some time ago, of an ordinary length.', '[]', {now}, 'hash'
  FROM {series_c} CROSS JOIN {series_m};
INSERT INTO messaging_participant (conversation_id, user_id, role, joined_version, position)
  SELECT 'seeded' || c, 'seeded.person-' || (c * 7 + p), 'member', 1, p
  FROM {series_c} CROSS JOIN {series_p};
INSERT INTO messaging_read_position (conversation_id, user_id, read_seq, delivered_seq)
  SELECT 'seeded' || c, 'seeded.person-' || (c * 7 + p), 1, 1
  FROM {series_c} CROSS JOIN {series_p};
INSERT INTO messaging_person (user_id, blocked)
  SELECT 'seeded.person-' || c, '[]' FROM {series_c};
"""
"""In the schema of the previous release."""


def _seed(database: str) -> str:
    def series(name: str, many: int) -> str:
        if database == "postgresql":
            return f"generate_series(1, {many}) AS {name}"
        numbers = f"SELECT 1 AS {name} UNION ALL SELECT {name} + 1 FROM n WHERE {name} < {many}"
        return f"(WITH RECURSIVE n({name}) AS ({numbers}) SELECT {name} FROM n) AS s{name}"

    return _SEED.format(
        now="now()" if database == "postgresql" else "datetime('now')",
        false="false" if database == "postgresql" else "0",
        messages=_MESSAGES,
        series_c=series("c", _CONVERSATIONS),
        series_m=series("m", _MESSAGES),
        series_p=series("p", _PEOPLE),
    )


@pytest.fixture(name="previous")
def _previous() -> Release:
    try:
        require_postgres()
        return previous_release()
    except (PostgresMissing, ReleaseMissing) as missing:
        skip_or_fail(str(missing))
        raise


@asynccontextmanager
async def _instances(
    environment: Mapping[str, str], release: Release, many: int
) -> AsyncIterator[list[Instance]]:
    async with AsyncExitStack() as exit_:
        started = []
        for number in range(1, many + 1):
            one = Instance(f"instance-{number}", environment, "config.asgi:application")
            one.release = release
            exit_.push_async_callback(one.close)
            await one.start()
            await one.become_ready()
            started.append(one)
        yield started


@contextmanager
def _open_transaction(url: str) -> Iterator[None]:
    """A report or a dump that has read each table, and has not ended."""
    with psycopg.connect(url) as reader:
        for table in ("message", "conversation", "read_position", "person", "participant"):
            reader.execute(f"SELECT 1 FROM messaging_{table} LIMIT 1")
        yield


async def _migrate_until_done(environment: Mapping[str, str]) -> int:
    """Run the command until it succeeds. Return how often it was cancelled."""
    for tries in range(_TRIES):
        try:
            await asyncio.to_thread(migrate, PRESENT, environment)
        except subprocess.CalledProcessError as error:
            if "lock timeout" not in error.stderr:
                raise
        else:
            return tries
    raise AssertionError(f"The migration was cancelled {_TRIES} times.")


@pytest.mark.chaos
async def test_postgresql_is_migrated_while_sends_go_on(
    previous: Release, tmp_path: Path, say: Say
) -> None:
    """With the command of docs/upgrade.md, beneath a long transaction and without one: no send
    fails, and none waits longer than `lock_timeout` allows. Without the transaction, no lock that
    keeps others from writing is held for a quarter of a second."""
    async with AsyncExitStack() as exit_:
        files = exit_.enter_context(new_cluster())
        server = exit_.enter_context(files.run())
        redis = await exit_.enter_async_context(RedisServer())
        redis_url = f"redis://127.0.0.1:{redis.port}/0"
        environment = isolated_environment(tmp_path, DATABASE_URL=files.url, REDIS_URL=redis_url)
        migrate(previous, environment)
        with psycopg.connect(files.url, autocommit=True) as database:
            database.execute(_seed("postgresql"))
            database.execute("VACUUM ANALYZE")
        log_statements(files.url)
        instances = await exit_.enter_async_context(_instances(environment, previous, 2))
        used = Instances([one.url for one in instances])
        exit_.push_async_callback(used.aclose)
        command = {**environment, "PGOPTIONS": f"-c lock_timeout=1s {LOGGED}"}

        async with steady_sends(used, rate=_RATE) as sends:
            await asyncio.sleep(_WARM_SECONDS)
            say(f"before: {sends.since()}")
            began = time.perf_counter()
            with _open_transaction(files.url), pytest.raises(subprocess.CalledProcessError) as no:
                await asyncio.to_thread(migrate, PRESENT, command)
            assert "lock timeout" in no.value.stderr
            say(f"beneath a long transaction: {sends.since(began)}")
            skipped = len(server.output())
            began = time.perf_counter()
            cancelled = await _migrate_until_done(command)
            taken = time.perf_counter() - began
            say(f"migrated in {taken:.1f} s, cancelled {cancelled} times")
            migrated = time.perf_counter()
            say(f"meanwhile: {sends.since(began)}")
            await _replace(instances[1], used)
            began = time.perf_counter()
            await asyncio.sleep(_WARM_SECONDS)
            say(f"on both releases: {sends.since(began)}")

        held = held_locks(server.output()[skipped:])
        for one in held:
            say(str(one))
        assert not sends.failures
        assert not await sends.lost()
        assert sends.before(migrated).longest < _LONGEST_SECONDS
        assert held
        exclusive = [one for one in held if one.lock != "SHARE UPDATE EXCLUSIVE"]
        most = _LOCK_TIMEOUT_SECONDS if cancelled else 0.25
        assert not [str(one) for one in exclusive if one.seconds > most]


async def _replace(one: Instance, used: Instances) -> None:
    """Put an instance of this release into the place of one of the previous release."""
    used.urls.remove(one.url)
    await one.terminate()
    one.release = PRESENT
    await one.start()
    await one.become_ready()
    used.urls.append(one.url)


@pytest.mark.chaos
async def test_sqlite_is_migrated_while_sends_go_on(
    previous: Release, tmp_path: Path, say: Say
) -> None:
    """With the command of docs/upgrade.md, beside an instance: no send fails."""
    environment = isolated_environment(tmp_path)
    path = environment["DATABASE_URL"].removeprefix("sqlite:///")
    migrate(previous, environment)
    with sqlite3.connect(path) as database:
        database.executescript(f"PRAGMA synchronous = OFF; BEGIN; {_seed('sqlite')} COMMIT;")
    database.close()
    size = Path(path).stat().st_size / 2**20
    async with AsyncExitStack() as exit_:
        instances = await exit_.enter_async_context(_instances(environment, previous, 1))
        used = Instances([one.url for one in instances])
        exit_.push_async_callback(used.aclose)

        async with steady_sends(used, rate=_SQLITE_RATE) as sends:
            await asyncio.sleep(_WARM_SECONDS)
            say(f"a file of {size:.0f} MiB, before: {sends.since()}")
            began = time.perf_counter()
            await asyncio.to_thread(migrate, PRESENT, environment)
            say(f"migrated in {time.perf_counter() - began:.1f} s; {sends.since(began)}")

        assert not sends.failures
        assert not await sends.lost()
