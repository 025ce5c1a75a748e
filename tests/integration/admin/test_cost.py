"""What the lists cost: as much with ten times as many rows."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from messaging.domain.identifiers import random_id
from messaging.domain.people import FOREVER
from messaging.domain.recipients import Decision, Verdict
from messaging.domain.reports import ReportCopy
from messaging.runtime.instance import Instance
from messaging.stores.conversations import Commit
from messaging.stores.decisions import ChunkKey
from tests.integration.admin import Operator, documents_read, rows_of
from tests.integration.stores import new_conversation, new_report, sending

FEW = 60
MANY = 10 * FEW
_MAX_READS = 120
"""Of 25 rows: on Firestore three or four of each of 16 shards are read, and then some."""


async def fill(instance: Instance, first: int, last: int) -> None:
    """Conversations, reports, people and failures, from one number to another."""
    later = datetime.now(UTC) + timedelta(days=1)
    failed = Decision(verdict=Verdict.FAILED, reason="unavailable", at=datetime.now(UTC))
    places = asyncio.Semaphore(8)

    async def add(number: int) -> None:
        async with places:
            made = await instance.store.create_conversation(
                new_conversation("ann", f"user-{number}")
            )
            await instance.store.commit(
                Commit(before=made, after=replace(made, frozen=True, version=1))
            )
            await instance.reports.put_report(
                new_report(f"user-{number}"), copy=ReportCopy(text="x")
            )
            await instance.people.set_ban(f"user-{number}", until=FOREVER)
            key = ChunkKey(conversation_id=random_id(), message_id=random_id(), chunk=0)
            await instance.decisions.record(key, {"ann": failed}, expires_at=later)

    await asyncio.gather(*map(add, range(first, last)))


async def talk(instance: Instance, conversation_id: str, count: int) -> None:
    for _ in range(count // 20):
        before = await instance.store.get_conversation(conversation_id)
        assert before is not None
        await instance.store.commit(sending(before, *["hello"] * 20))


PATHS = [
    "conversation/",
    "conversation/?q=ann",
    "conversation/?frozen=1",
    "report/",
    "report/?status=all",
    "report/?q=eve",
    "person/",
    "person/?banned=1",
    "notification/",
    "message/?conversation={id}",
]


async def test_lists_open_in_constant_reads(root: Operator, instance: Instance) -> None:
    """And never in many, whatever they list."""
    conversation = await instance.store.create_conversation(new_conversation("bob"))
    path = f"message/?conversation={conversation.id}"
    await root.post(path, {"look": "1", "reason": "to count"})

    async def measure() -> dict[str, int]:
        found = {}
        for path in PATHS:
            before = documents_read()
            answer = await root.get(path.format(id=conversation.id))
            assert answer.status_code == 200
            found[path] = documents_read() - before
            assert rows_of(answer) or path == "notification/"
        return found

    await fill(instance, 0, FEW)
    await talk(instance, conversation.id, FEW)
    few = await measure()
    await fill(instance, FEW, MANY)
    await talk(instance, conversation.id, MANY - FEW)
    many = await measure()

    print(few, many)
    for path in PATHS:
        assert many[path] <= _MAX_READS, path
        # Which shard has how many of the latest differs; nothing grows with the number of rows.
        assert many[path] <= 1.5 * few[path], path
