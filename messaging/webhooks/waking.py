"""Wakes the workers: tells them, once in a moment, which conversations have changed here, and what
the store does not show of the changes.

Nothing depends on it. A conversation whose job was lost is found by the sweep of the followers,
within half a minute.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import islice

from messaging.concurrency.loops import repeat
from messaging.concurrency.tasks import start_task, stop_tasks
from messaging.domain.integrations.webhooks import WebhookEvent
from messaging.notifications.jobs import ChangedConversation, ChangeHint, FollowJob, encoded_size
from messaging.webhooks.changes import Hint

PutJob = Callable[[FollowJob], None]

_GATHER_SECONDS = 0.3
_MAX_CONVERSATIONS = 10_000
_CONVERSATIONS_PER_JOB = 100
_HINTS_PER_JOB = 200
_BYTES_PER_JOB = 64 * 1024
"""Approximately: SQS takes 256 KiB. Hints beyond it are left out."""


class Waking:
    def __init__(self, put: PutJob) -> None:
        self._put = put
        self._changed: dict[str, dict[int, Hint]] = {}
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = start_task(repeat(self._step, failed="webhook.waking_failed"))

    async def stop(self) -> None:
        if self._task is not None:
            await stop_tasks(self._task)
            self._task = None
        self._put_all()

    def add(self, conversation_id: str, hints: Mapping[int, Hint]) -> None:
        """Note a changed conversation. Neither waits nor raises."""
        if conversation_id in self._changed or len(self._changed) < _MAX_CONVERSATIONS:
            self._changed.setdefault(conversation_id, {}).update(hints)
            self._wanted.set()

    async def _step(self) -> None:
        await self._wanted.wait()
        self._wanted.clear()
        await asyncio.sleep(_GATHER_SECONDS)
        self._put_all()

    def _put_all(self) -> None:
        changed, self._changed = self._changed, {}
        batch: list[ChangedConversation] = []
        hints = size = 0
        for conversation_id, known in changed.items():
            one = ChangedConversation(id=conversation_id, hints=_encoded(known))
            its_size = encoded_size(one)
            if batch and (
                len(batch) == _CONVERSATIONS_PER_JOB
                or hints + len(one.hints) > _HINTS_PER_JOB
                or size + its_size > _BYTES_PER_JOB
            ):
                self._put(FollowJob(changed=tuple(batch), made_at=time.time()))
                batch, hints, size = [], 0, 0
            batch.append(one)
            hints += len(one.hints)
            size += its_size
        if batch:
            self._put(FollowJob(changed=tuple(batch), made_at=time.time()))


def _encoded(hints: Mapping[int, Hint]) -> tuple[ChangeHint, ...]:
    """Return the latest hints of a conversation, as many as a job may have, ascending by version:
    the worker drops the first ones first."""
    latest = islice(sorted(hints.items(), reverse=True), _HINTS_PER_JOB)
    found: list[ChangeHint] = []
    size = 0
    for version, one in latest:
        hint = ChangeHint(
            version=version, type=one.type.value, about=one.about, detail=dict(one.detail)
        )
        size += encoded_size(hint)
        if size > _BYTES_PER_JOB:
            break
        found.append(hint)
    return tuple(reversed(found))


def decoded(hints: Sequence[ChangeHint]) -> Mapping[int, Hint]:
    """Return the hints of a job. Types that only a later release knows are left out."""
    known = {one.value: one for one in WebhookEvent}
    return {
        one.version: Hint(known[one.type], one.about, one.detail)
        for one in hints
        if one.type in known
    }
