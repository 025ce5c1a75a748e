"""Dead letters: list and replay jobs that exceeded the receive limit."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from messaging.notifications.jobs import Job, MalformedJob, decode
from messaging.notifications.options import get_options
from messaging.notifications.queue.sqs import Entry, QueueUnavailable, Received, SqsQueue

_AT_ONCE = 10
_LOOKED_AT_SECONDS = 30
_WAIT_SECONDS = 1


class NoDeadLetters(Exception):
    """This queue has no dead-letter queue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    id: str
    """Assigned by SQS."""
    job: Job | None
    """None if it is not a valid job."""


async def list_dead_letters(url: str, *, most: int) -> Sequence[DeadLetter]:
    """Return some dead letters of the queue at `url`, in no particular order. SQS cannot peek: they
    are received, returned, and hidden from others for a moment.

    Raises NoDeadLetters, QueueUnavailable.
    """
    async with _queues(url) as (_, dead):
        received: list[Received] = []
        try:
            while len(received) < most and (
                some := await dead.receive(_AT_ONCE, hidden=_LOOKED_AT_SECONDS, wait=_WAIT_SECONDS)
            ):
                received += some
        finally:
            await asyncio.gather(*(dead.hide(one, 0) for one in received))
    return [DeadLetter(id=one.id, job=_job(one)) for one in received]


async def replay_dead_letters(url: str, *, ids: Collection[str] | None = None) -> int:
    """Queue dead letters again, all or those with these ids, and return their number. Each is
    deleted only after the queue has accepted it. Sent pushes are not repeated, because their claims
    exist.

    Raises NoDeadLetters, QueueUnavailable.
    """
    replayed = 0
    kept: list[Received] = []
    async with _queues(url) as (queue, dead):
        try:
            while (ids is None or replayed < len(ids)) and (
                letters := await dead.receive(
                    _AT_ONCE, hidden=get_options().lease, wait=_WAIT_SECONDS
                )
            ):
                for letter in letters:
                    if ids is not None and letter.id not in ids:
                        kept.append(letter)
                        continue
                    if await queue.send([Entry(body=letter.body, attributes=letter.attributes)]):
                        raise QueueUnavailable("SQS refused one of the jobs.")
                    await dead.delete([letter])
                    replayed += 1
        finally:
            await asyncio.gather(*(dead.hide(one, 0) for one in kept))
    return replayed


@asynccontextmanager
async def _queues(url: str) -> AsyncIterator[tuple[SqsQueue, SqsQueue]]:
    """Return the queue and its dead-letter queue."""
    queue = SqsQueue(url)
    try:
        dead = await queue.dead_letters()
        if dead is None:
            raise NoDeadLetters("This queue has no dead-letter queue.")
        try:
            yield queue, dead
        finally:
            await dead.close()
    finally:
        await queue.close()


def _job(received: Received) -> Job | None:
    try:
        return decode(received.body)
    except MalformedJob:
        return None
