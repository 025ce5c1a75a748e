"""The process that measures a person's own reads: `python -m tests.benchmarks.hostile`, see
`benchmarks.children`. The store is that of the environment; it is used in this process, so that
its CPU time is that of the reads."""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import django
from django.db import InternalError

django.setup()

from messaging.domain.change import COMMIT_TIME  # noqa: E402
from messaging.domain.conversation import Conversation, ConversationKind  # noqa: E402
from messaging.domain.exceptions import StoreUnavailable  # noqa: E402
from messaging.domain.identifiers import content_hash, derived_id  # noqa: E402
from messaging.domain.participant import Participant, Role  # noqa: E402
from messaging.instruments.metrics import STORE_DOCUMENTS  # noqa: E402
from messaging.runtime.instance import Instance  # noqa: E402
from messaging.stores.conversations import AlreadyExists, CommitUnknown  # noqa: E402
from tests.benchmarks.own_reads import ACTS  # noqa: E402

_SEEDING = 8


async def seed(
    instance: Instance, user_id: str, groups: int, people: int, seconds: float
) -> dict[str, Any]:
    """Store as many groups of this person as come to be in so long; the answer has how many."""
    store, end = instance.store, time.monotonic() + seconds
    left = iter(range(groups))
    seeded = 0

    async def some() -> None:
        nonlocal seeded
        for number in left:
            stored = False
            while not stored:
                if time.monotonic() > end:
                    return
                try:
                    await store.create_conversation(_group(user_id, number, people))
                    stored = True
                except AlreadyExists:  # by a commit whose answer was lost
                    stored = True
                except (CommitUnknown, StoreUnavailable, InternalError):
                    await asyncio.sleep(0.1)
            seeded += 1

    await asyncio.gather(*(some() for _ in range(_SEEDING)))
    return {"groups": seeded}


def _group(user_id: str, number: int, people: int) -> Conversation:
    names = [*(f"{user_id}-{other}" for other in range(people - 1)), user_id]
    return Conversation(
        id=derived_id("group", user_id, str(number)),
        kind=ConversationKind.GROUP,
        title="Tea",
        participants={
            name: Participant(user_id=name, role=Role.MEMBER, joined_version=0) for name in names
        },
        seq=1,
        version=1,
        created_at=COMMIT_TIME,
        updated_at=COMMIT_TIME,
        active_at=COMMIT_TIME,
        content_hash=content_hash(user_id),
    )


async def act(instance: Instance, name: str, user_id: str) -> dict[str, Any]:
    """Do this once; the answer has wall and CPU seconds, and the documents that were billed."""
    await instance.start()
    while True:
        reads, cpu, begun = _billed(), time.process_time(), time.perf_counter()
        try:
            await ACTS[name](instance, user_id)
            break
        except StoreUnavailable:  # on a machine that is busy with other things
            await asyncio.sleep(0.2)
    return {
        "wall": time.perf_counter() - begun,
        "cpu": time.process_time() - cpu,
        "reads": _billed() - reads,
    }


def _billed() -> float:
    return sum(
        sample.value
        for metric in STORE_DOCUMENTS.collect()
        for sample in metric.samples
        if sample.name.endswith("_total") and sample.labels["kind"] == "read"
    )


_WORK: Mapping[str, Callable[..., Awaitable[dict[str, Any]]]] = {"seed": seed, "act": act}


async def main() -> None:
    instance = Instance()
    while words := await asyncio.to_thread(sys.stdin.readline):
        work, arguments = json.loads(words)
        print(json.dumps(await _WORK[work](instance, **arguments)), flush=True)
    await instance.stop()


if __name__ == "__main__":
    asyncio.run(main())
