"""What the SQL store promises on PostgreSQL: when the server hangs, dies, or loses an answer."""

import asyncio
import os
import re
import select
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import pytest_asyncio
from pytest_django import DjangoDbBlocker

from config.development.instances import development_environment
from config.development.ports import free_port
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.participant import Notify
from messaging.domain.people import FOREVER
from messaging.domain.reports import ReportStatus
from messaging.stores.conversations import CommitUnknown
from messaging.stores.sql.catalogue import SqlCatalogue
from messaging.stores.sql.reports import SqlReportStore
from messaging.stores.sql.store import SqlStore
from tests.conftest import skip_or_fail
from tests.databases import migrate
from tests.integration.stores import eventually, new_conversation, sending
from tests.integration.stores.databases import added_database, empty
from tests.integration.stores.sql.postgres_relay import At, PostgresRelay
from tests.integration.stores.sql.sql_spies import Gate, around_queries
from tests.moments import lapse
from tests.releases import PRESENT
from tests.servers.forked import forked_instance
from tests.servers.postgres import Cluster, PostgresMissing, new_cluster


class Server:
    """A PostgreSQL that may be ill-treated."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._running = ExitStack()
        self._runs = False

    def start(self) -> None:
        """Nothing, if it runs."""
        if not self._runs:
            self._running.enter_context(self.cluster.run())
            self._runs = True

    def stop(self) -> None:
        """As an administrator does: connections are ended, and told so."""
        self._running.close()
        self._runs = False

    def kill(self) -> None:
        """All of its processes at once; the files are left as they are."""
        pids = self._processes()
        _signal(pids, signal.SIGKILL)
        self.stop()
        until = time.monotonic() + 10
        while any(map(_lives, pids)):  # with its memory, which keeps the next one from starting
            assert time.monotonic() < until
            time.sleep(0.01)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It does nothing any more, while its kernel still takes what it is sent."""
        pids = self._processes()
        _signal(pids, signal.SIGSTOP)
        try:
            yield
        finally:
            _signal(pids, signal.SIGCONT)

    def _processes(self) -> Sequence[int]:
        """The main one first."""
        with psycopg.connect(self.cluster.url) as connection:
            found = connection.execute("SELECT pid FROM pg_stat_activity").fetchall()
        main = int((self.cluster.directory / "postmaster.pid").read_text().split()[0])
        return [main, *(pid for (pid,) in found)]


def _lives(pid: int) -> bool:
    """One that has ended and that nobody has asked about holds nothing any more."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def _signal(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):  # the one that was asked for them has ended
            os.kill(pid, number)


@pytest.fixture(scope="module", name="only_server")
def _only_server(django_db_setup: None) -> Iterator[Server]:
    try:
        with new_cluster() as cluster:
            server = Server(cluster)
            server.start()
            yield server
            server.stop()
    except PostgresMissing as missing:
        skip_or_fail(str(missing))


@pytest.fixture(scope="module", name="only_relay")
def _only_relay(only_server: Server) -> Iterator[PostgresRelay]:
    with PostgresRelay(only_server.cluster.port) as relay:
        yield relay


@pytest.fixture(scope="module", name="only_alias")
def _only_alias(
    only_server: Server, only_relay: PostgresRelay, django_db_blocker: DjangoDbBlocker
) -> Iterator[str]:
    url = only_server.cluster.url.replace(str(only_server.cluster.port), str(only_relay.port))
    with added_database("relayed", url, django_db_blocker) as alias:
        yield alias


@pytest.fixture
def server(only_server: Server) -> Server:
    only_server.start()
    return only_server


@pytest.fixture
def relay(only_relay: PostgresRelay) -> PostgresRelay:
    only_relay.commits = At.PASS
    only_relay.held.clear()
    return only_relay


@pytest.fixture
def alias(
    server: Server, relay: PostgresRelay, only_alias: str, django_db_blocker: DjangoDbBlocker
) -> Iterator[str]:
    """An empty database of Django's on that server, by way of the relay."""
    empty(server.cluster.url)
    with django_db_blocker.unblock():
        yield only_alias


@pytest_asyncio.fixture
async def store(alias: str) -> AsyncIterator[SqlStore]:
    """With a timeout of one second instead of four."""
    store = SqlStore(using=alias, timeout=1)
    yield store
    await store.close()


@pytest_asyncio.fixture
async def created(store: SqlStore) -> Conversation:
    return await store.create_conversation(new_conversation("ann", "bob"))


async def assert_works(store: SqlStore, expected: Conversation) -> None:
    """It reads and writes again, without having been closed."""
    found = await eventually(lambda: store.get_conversation(expected.id))
    assert found == expected
    committed = await store.commit(sending(found, "after"))
    assert await store.get_conversation(expected.id) == committed


async def timed(call: Any) -> tuple[Any, float]:
    """What came of it, and after how many seconds."""
    started = time.monotonic()
    outcomes = await asyncio.gather(call, return_exceptions=True)
    return outcomes[0], time.monotonic() - started


# Lost answers


async def test_answer_of_a_commit_is_lost(
    store: SqlStore, relay: PostgresRelay, created: Conversation
) -> None:
    """A commit that was carried out, and its answer lost, is unknown; its id tells of it."""
    commit = sending(created, "hello")
    relay.commits = At.LOSE_ANSWER

    with pytest.raises(CommitUnknown):
        await store.commit(commit)

    relay.commits = At.PASS
    found = await eventually(lambda: store.get_conversation(created.id))
    assert found is not None
    assert (found.seq, found.commit_id) == (1, commit.commit_id)
    await assert_works(store, found)


async def test_commit_is_lost(store: SqlStore, relay: PostgresRelay, created: Conversation) -> None:
    """A commit that never reached the server is unknown as well; nothing was written."""
    relay.commits = At.LOSE_REQUEST

    with pytest.raises(CommitUnknown):
        await store.commit(sending(created, "hello"))

    relay.commits = At.PASS
    await assert_works(store, created)


async def test_answer_of_a_shared_commit_is_lost(
    store: SqlStore, relay: PostgresRelay, created: Conversation
) -> None:
    """Sends to several conversations that were committed together are all unknown; each was
    carried out."""
    # The relay finds its word in the answer too, which names the conversations.
    named = [replace(new_conversation("ann"), id=f"COMMIT-{number}") for number in range(3)]
    before = [created, *[await store.create_conversation(one) for one in named]]
    commits = [sending(one, "hello") for one in before]
    relay.commits = At.LOSE_ANSWER

    answers = await asyncio.gather(*map(store.commit, commits), return_exceptions=True)

    assert [type(answer) for answer in answers] == [CommitUnknown] * 4
    relay.commits = At.PASS
    for commit in commits:
        found = await eventually(partial(store.get_conversation, commit.before.id))
        assert found is not None
        assert (found.seq, found.commit_id) == (1, commit.commit_id)
        await assert_works(store, found)


# The server ends


async def test_killed_in_the_middle_of_a_commit(
    store: SqlStore, relay: PostgresRelay, server: Server, created: Conversation
) -> None:
    """A server that dies at a commit leaves it unknown; restarted it works, and what was not
    committed is not there."""
    relay.commits = At.HOLD
    committing = asyncio.create_task(store.commit(sending(created, "hello")))
    await asyncio.to_thread(relay.held.wait, 10)

    server.kill()

    with pytest.raises(CommitUnknown):
        await committing
    relay.commits = At.PASS
    await asyncio.to_thread(server.start)
    await assert_works(store, created)


async def test_killed_before_the_commit(
    store: SqlStore, server: Server, created: Conversation
) -> None:
    """A server that dies before the commit is StoreUnavailable: nothing was written."""
    await store.close()
    gate = Gate("INSERT")
    with around_queries(gate):
        committing = asyncio.create_task(store.commit(sending(created, "hello")))
        await asyncio.to_thread(gate.reached.wait, 10)
        server.kill()
        gate.open()

        with pytest.raises(StoreUnavailable):
            await committing

        await asyncio.to_thread(server.start)
        await assert_works(store, created)
        await store.close()


async def test_restarted_in_a_quiet_moment(
    store: SqlStore, server: Server, created: Conversation
) -> None:
    """Connections that ended while nobody used them are replaced before anybody notices."""
    await asyncio.gather(*(store.now() for _ in range(20)))

    server.stop()
    await asyncio.to_thread(server.start)

    await asyncio.gather(*(store.now() for _ in range(20)))
    assert await store.get_conversation(created.id) == created


async def test_outage(store: SqlStore, server: Server, created: Conversation) -> None:
    """While there is no server calls are StoreUnavailable; after five of them at once, but for
    one a second, which finds out that there is one again."""
    server.stop()

    for _ in range(5):
        with pytest.raises(StoreUnavailable):
            await store.now()
    outcome, seconds = await timed(store.commit(sending(created, "hello")))
    assert isinstance(outcome, StoreUnavailable)
    assert seconds < 0.1

    await asyncio.to_thread(server.start)
    await assert_works(store, created)


# The server hangs


async def test_frozen(alias: str, server: Server) -> None:
    """A server that hangs is told within the time that is allowed, by default 4 s, and is used
    again once it goes on: its threads are not lost."""
    store = SqlStore(using=alias)
    created = await store.create_conversation(new_conversation("ann"))
    await asyncio.gather(*(store.now() for _ in range(20)))

    with server.frozen():
        outcomes = await asyncio.gather(
            timed(store.commit(sending(created, "hello"))),
            timed(store.advance_read(created.id, "ann", 1)),
            *(timed(store.get_conversation(created.id)) for _ in range(20)),
        )
        refused, at_once = await timed(store.now())

    assert [type(outcome) for outcome, _ in outcomes[1:]] == [StoreUnavailable] * 21
    assert isinstance(outcomes[0][0], StoreUnavailable | CommitUnknown)
    assert max(seconds for _, seconds in outcomes) < 4.5
    assert isinstance(refused, StoreUnavailable)
    assert at_once < 0.1
    await assert_works(store, created)
    await store.close()


async def test_closing_while_it_hangs(
    store: SqlStore, server: Server, created: Conversation
) -> None:
    """To close takes the time of a call and of connecting, even if nobody waits for the calls."""
    with server.frozen():
        calls = [asyncio.create_task(store.get_conversation(created.id)) for _ in range(20)]
        await lapse(0.05)  # they are on their way to a server that does not answer
        for call in calls:
            call.cancel()

        _, seconds = await timed(store.close())

    assert seconds < 5
    await assert_works(store, created)


async def test_forgotten_calls_free_their_threads(
    store: SqlStore, server: Server, created: Conversation
) -> None:
    """Calls whose caller went away do not keep threads from the others."""
    await asyncio.gather(*(store.now() for _ in range(20)))
    with server.frozen():
        calls = [asyncio.create_task(store.now()) for _ in range(20)]
        await lapse(0.05)  # they are on their way to a server that does not answer
        for call in calls:
            call.cancel()
        await lapse(1.1)

    await assert_works(store, created)


async def test_locked_row(store: SqlStore, server: Server, created: Conversation) -> None:
    """A commit that waits for somebody's lock is StoreUnavailable in time, not unknown: the
    server gave it up."""
    with psycopg.connect(server.cluster.url) as other:
        other.execute("SELECT 1 FROM messaging_conversation FOR UPDATE")

        outcome, seconds = await timed(store.commit(sending(created, "hello")))

    assert isinstance(outcome, StoreUnavailable)
    assert seconds < 1
    await assert_works(store, created)


async def test_abandoned_lock_is_freed(alias: str, created: Conversation) -> None:
    """A process that stops in the middle of a commit keeps others out for less than its timeout."""
    stopped, other = SqlStore(using=alias, timeout=1), SqlStore(using=alias, timeout=4)
    gate = Gate("INSERT")
    with around_queries(gate):
        stopping = asyncio.create_task(timed(stopped.commit(sending(created, "hello"))))
        await asyncio.to_thread(gate.reached.wait, 10)
    committed, seconds = await timed(other.commit(sending(created, "other")))
    gate.open()

    assert isinstance(committed, Conversation)
    assert seconds < 1.5
    await stopping
    await stopped.close()
    assert await other.get_conversation(created.id) == committed
    await other.close()


class Idle:
    """Idles in its transaction, before a query or after it, until the server ends the session."""

    def __init__(self, words: str, *, before: bool) -> None:
        self._words = words
        self._before = before
        self.met = False

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        if self.met or self._words not in sql:
            return execute(sql, params, many, context)
        self.met = True
        connection = context["connection"].connection
        connection.execute("SET idle_in_transaction_session_timeout = 50")
        if self._before:
            self._wait(connection)
            return execute(sql, params, many, context)
        answer = execute(sql, params, many, context)
        self._wait(connection)
        return answer

    def _wait(self, connection: Any) -> None:
        watched = select.poll()
        watched.register(connection.fileno(), select.POLLIN)
        assert watched.poll(10_000)


@pytest.mark.parametrize("before", [True, False])
async def test_a_session_that_idled_in_a_commit(
    alias: str, created: Conversation, before: bool
) -> None:
    """As any other lost connection; where it showed at COMMIT, it is looked up what became of it.
    The next commit has a new connection."""
    store = SqlStore(using=alias, timeout=10)
    idle = Idle('INSERT INTO "messaging_message"', before=before)
    with around_queries(idle):
        with pytest.raises((StoreUnavailable, CommitUnknown)):
            await store.commit(sending(created, "hello"))
        assert idle.met
        await assert_works(store, created)
    await store.close()


async def test_a_session_that_idled_in_a_write(alias: str, created: Conversation) -> None:
    """The same of what is no commit."""
    store = SqlStore(using=alias, timeout=10)
    idle = Idle("FOR UPDATE", before=False)
    muted = {"notify": Notify.NONE}
    with around_queries(idle):
        with pytest.raises(StoreUnavailable):
            await store.set_preferences(created.id, "ann", muted)
        assert idle.met
        await eventually(lambda: store.set_preferences(created.id, "ann", muted))
    found = await store.get_conversation(created.id)
    await store.close()
    assert found is not None
    assert found.preferences["ann"].notify is Notify.NONE


# Indexes


async def test_history_uses_its_index(postgres_store: SqlStore, postgres_server: str) -> None:
    """Pages of history and of changes are stretches of their indexes; nothing is sorted."""
    created = await postgres_store.create_conversation(new_conversation("ann"))
    await postgres_store.commit(sending(created, *["hello"] * 100))
    with psycopg.connect(postgres_server) as connection:
        connection.execute(
            "INSERT INTO messaging_message SELECT 'm' || n, n + 1000, n + 1000, 'ann', NULL, 'hi',"
            " NULL, '[]', now(), NULL, NULL, '', %s FROM generate_series(1, 20000) n",
            [created.id],
        )
        connection.execute("ANALYZE messaging_message")
    await postgres_store.close()

    with explained_queries() as plans:
        await postgres_store.list_messages(created.id, first_seq=10_000, last_seq=10_049)
        await postgres_store.list_changed_messages(created.id, since=10_000, until=20_000, limit=50)
        await postgres_store.close()

    history, changes = plans
    assert "Index Scan using messaging_message_seq" in history
    assert "Index Scan using messaging_message_version" in changes
    assert "Sort" not in history + changes
    assert "Seq Scan" not in history + changes


async def test_conversations_use_indexes(postgres_store: SqlStore, postgres_server: str) -> None:
    """One, a page of somebody's, or what changed: nothing that grows is read through."""
    created = await postgres_store.create_conversation(new_conversation("ann", "bob"))
    await postgres_store.commit(sending(created, "hello"))
    with psycopg.connect(postgres_server) as connection:
        connection.execute(
            "INSERT INTO messaging_conversation (id, kind, created_at, updated_at, active_at,"
            " seq, version, sent_seq, preferences, blocked_by, frozen, content_hash, commit_id,"
            " revision) SELECT 'c' || n, 'group', now(), now() - interval '1 day', now(), 1, 1,"
            " '{}', '{}', '[]', false, '', '', 1 FROM generate_series(1, 20000) n"
        )
        connection.execute(
            "INSERT INTO messaging_participant (conversation_id, user_id, role, joined_version,"
            " position) SELECT 'c' || n, 'user-' || n % 1000 + p, 'member', 0, p"
            " FROM generate_series(1, 20000) n, generate_series(1, 3) p"
        )
        connection.execute(
            "INSERT INTO messaging_message SELECT 'm' || n, 1, 1, 'ann', NULL, 'hi', NULL, '[]',"
            " now(), NULL, NULL, '', 'c' || n FROM generate_series(1, 20000) n"
        )
        connection.execute("ANALYZE")
    await postgres_store.close()

    with explained_queries() as plans:
        await postgres_store.get_conversation(created.id)
        page = await postgres_store.list_conversations("user-7", limit=100)
        await postgres_store.list_changed_conversations(since=created.created_at)
        await postgres_store.close()

    assert len(page.conversations) > 50
    assert len(plans) == 3
    assert not any("Seq Scan" in plan for plan in plans), plans


async def test_lists_of_operators_use_indexes(
    postgres_store: SqlStore, postgres_server: str
) -> None:
    """The first page is the end of an index, a later one starts at its place in it."""
    with psycopg.connect(postgres_server) as connection:
        connection.execute(
            "INSERT INTO messaging_conversation (id, kind, created_at, updated_at, active_at,"
            " seq, version, sent_seq, preferences, blocked_by, frozen, content_hash, commit_id,"
            " revision) SELECT 'c' || n, 'group', now(), now() - n * interval '1 minute', now(),"
            " 0, 0, '{}', '{}', '[]', false, '', '', 1 FROM generate_series(1, 20000) n"
        )
        connection.execute(
            "INSERT INTO messaging_person (user_id, banned_until, blocked)"
            " SELECT 'user-' || n, '9999-01-01', '[]' FROM generate_series(1, 20000) n"
        )
        connection.execute(
            "INSERT INTO messaging_report (id, conversation_id, message_id, author_id, reporter_id,"
            " reason, created_at, status, closed_by) SELECT 'r' || n, 'c', 'm',"
            " 'user-' || n % 1000, 'ann', 'spam', now() - n * interval '1 minute', 'open', ''"
            " FROM generate_series(1, 20000) n"
        )
        connection.execute("ANALYZE")
    catalogue, reports = SqlCatalogue(postgres_store), SqlReportStore(postgres_store)
    middle = (datetime.now(UTC) - timedelta(days=7), "x")
    banned = (FOREVER, "user-9")

    await postgres_store.close()
    with explained_queries() as plans:
        for after in (None, middle):
            await catalogue.list_conversations(limit=25, after=after)
            await catalogue.list_people(limit=25, after="user-5" if after else "")
            await catalogue.list_banned(limit=25, after=banned if after else None)
            await reports.list_reports(limit=25, after=after)
            await reports.list_reports(limit=25, after=after, status=ReportStatus.OPEN)
            await reports.list_reports(limit=25, after=after, author_id="user-7")
        await postgres_store.close()

    shown = "\n".join(plans)
    assert not re.search("Seq Scan on messaging_(conversation|person|report)", shown), shown
    for index, condition in (
        ("messaging_conversation_updated", "updated_at <="),
        ("messaging_person_banned", "banned_until = .*user_id.* >"),
        ("messaging_report_(status|created_at)", "created_at <="),
        ("messaging_report_author", "created_at <="),
    ):
        assert re.search(rf"{index}.*\n\s+Index Cond: .*{condition}", shown), (index, shown)


@contextmanager
def explained_queries() -> Iterator[list[str]]:
    plans: list[str] = []

    def explain(execute: Callable[..., Any], sql: str, params: Any, *rest: Any) -> Any:
        if sql.startswith('SELECT "messaging'):
            cursor = rest[-1]["connection"].connection.cursor()
            cursor.execute(f"EXPLAIN {sql}", params)
            plans.append("\n".join(line for (line,) in cursor.fetchall()))
        return execute(sql, params, *rest)

    with around_queries(explain):
        yield plans


# The whole product


async def test_instance(server: Server) -> None:
    """With a DATABASE_URL of PostgreSQL an instance keeps what it is sent over REST."""
    with psycopg.connect(server.cluster.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE chat")
    url = server.cluster.url.removesuffix("/postgres") + "/chat"
    environment = development_environment(
        DATABASE_URL=url,
        CHAT_STORE="sql",
        REDIS_URL="",
        CHAT_RATE_LIMITS="off",
        DJANGO_SETTINGS_MODULE="config.settings",  # the run of the tests exports its own
    )
    await asyncio.to_thread(migrate, environment)
    token = issue_token("ann", environment)
    port = free_port()
    with forked_instance(port, environment=environment):
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
        ) as client:
            group = {"kind": "group", "title": "Tea", "participant_ids": ["bob"]}
            founded = await client.post("/conversations", json=group)
            assert founded.status_code == 201, founded.text
            path = f"/conversations/{founded.json()['id']}"
            sent = await client.post(f"{path}/messages", json={"text": "hello", "client_id": "1"})
            assert sent.status_code == 201, sent.text
            history = await client.get(f"{path}/messages")

    assert history.json()["items"] == [sent.json()]
    with psycopg.connect(url) as connection:
        stored = connection.execute("SELECT seq, text FROM messaging_message").fetchall()
    assert stored == [(1, "hello")]


def issue_token(user_id: str, environment: dict[str, str]) -> str:
    return PRESENT.manage(environment, "issue_token", user_id).strip()
