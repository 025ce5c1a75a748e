"""A page of history costs the same wherever in a long conversation it lies."""

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest
from django.db import connections
from pytest_django import DjangoDbBlocker

from messaging.domain.conversation import Conversation
from messaging.stores.sql.store import SqlStore
from tests.integration.stores import new_conversation
from tests.integration.stores.databases import added_database

MESSAGES = 1_000_000
EARLY = 1_000
PAGE = 50
ROUNDS = 20

_LOAD = """
WITH RECURSIVE n(seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM n WHERE seq < ?)
INSERT INTO messaging_message
    (id, conversation_id, seq, version, sender_id, client_id, text, reply_to, mentions,
     created_at, edited_at, deleted_at, content_hash)
SELECT printf('%026d', seq), ?, seq, seq, 'ann', NULL, 'What was said as number ' || seq, NULL,
       '[]', '2026-01-02 03:04:05.678000', NULL, NULL, ''
FROM n
"""


@pytest.fixture
def alias(
    tmp_path: Path, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[str]:
    """A database of Django's in a file of its own."""
    file = tmp_path / "history.sqlite3"
    url = f"sqlite:///{file}"
    with added_database("history", url, django_db_blocker) as alias, django_db_blocker.unblock():
        yield alias
    file.unlink()  # 230 MB, and pytest keeps the folders of its last runs


def load(alias: str, conversation: Conversation) -> None:
    """Fill the conversation with a million messages, and nothing else."""
    with sqlite3.connect(connections.settings[alias]["NAME"]) as database:
        database.execute("PRAGMA synchronous=OFF")
        database.execute(_LOAD, [MESSAGES, conversation.id])
        database.execute(
            "UPDATE messaging_conversation SET seq = ?, version = ?", [MESSAGES, MESSAGES]
        )
    database.close()


async def page_milliseconds(store: SqlStore, conversation: Conversation, last_seq: int) -> float:
    started = time.perf_counter()
    messages = await store.list_messages(
        conversation.id, first_seq=last_seq - PAGE + 1, last_seq=last_seq
    )
    milliseconds = (time.perf_counter() - started) * 1_000
    assert [message.seq for message in messages] == [*range(last_seq - PAGE + 1, last_seq + 1)]
    return milliseconds


@pytest.mark.benchmark
async def test_page_at_message_1000000(alias: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A page at message 1,000,000 takes at most 1.5 times as long as one at 1,000: the median of
    20 each, in turns."""
    store = SqlStore(using=alias)
    conversation = await store.create_conversation(new_conversation("ann", "bob"))
    load(alias, conversation)
    early, late = [], []
    await page_milliseconds(store, conversation, EARLY)  # connects
    for _ in range(ROUNDS):
        early.append(await page_milliseconds(store, conversation, EARLY))
        late.append(await page_milliseconds(store, conversation, MESSAGES))
    await store.close()

    with capsys.disabled():
        print(
            f"\nhistory, pages of {PAGE} on SQLite: at message {EARLY:,} {median(early):.2f} ms, "
            f"at {MESSAGES:,} {median(late):.2f} ms, {median(late) / median(early):.2f} times"
        )
    assert median(late) <= 1.5 * median(early)
