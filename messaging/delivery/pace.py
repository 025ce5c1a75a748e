"""Pace: publish a person's receipts at once, and then at most once a second with the latest.

A client that acknowledges every message of a long page one by one would cause as many events for
every socket of the conversation. Each receipt replaces the one before it, so the latest is enough.

Guarantee: the latest receipt is published within a second, also when the instance stops. If the
store does not answer, it is tried again each second. The number of entries is bounded: beyond it,
the oldest are published early.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from messaging.concurrency.tasks import TaskSet
from messaging.domain.exceptions import MessagingError, StoreUnavailable

logger = structlog.get_logger(__name__)

SECONDS = 1.0
_MAX_KNOWN = 20_000

Key = tuple[str, str, str]
"""The kind of receipt, the conversation and the person."""
Publish = Callable[[], Awaitable[None]]


@dataclass(slots=True, eq=False)
class _Turn:
    """The second after an event."""

    latest: Publish | None = None
    timer: asyncio.TimerHandle | None = None


class Pace:
    def __init__(self, *, seconds: float = SECONDS, most: int = _MAX_KNOWN) -> None:
        self._seconds = seconds
        self._most = most
        self._turns: OrderedDict[Key, _Turn] = OrderedDict()
        """The oldest first."""
        self._tasks: TaskSet[None] = TaskSet()

    def __len__(self) -> int:
        return len(self._turns)

    async def publish(self, key: Key, publish: Publish) -> None:
        """Publish at once, or at the end of the current second, replacing a waiting receipt.

        `publish` decides what to publish when it is called, because rights and settings may have
        changed since. If it raises StoreUnavailable, it is called again later; this raises it too
        if there is no later, because the instance stops, or the store was restored.
        """
        turn = self._turns.get(key)
        if turn is not None:
            turn.latest = publish
            return
        turn = self._turns[key] = _Turn()
        self._make_room()
        await self._carry_out(key, turn, publish)

    def clear(self) -> None:
        """Drop everything, published or not."""
        for turn in self._turns.values():
            if turn.timer is not None:
                turn.timer.cancel()
            turn.latest = None  # a running publish would continue with it
        self._turns.clear()

    async def stop(self, *, seconds: float = 10.0) -> None:
        """Publish everything that waits, within this time: a hanging store must not delay the
        shutdown."""
        while self._turns:
            self._end_oldest()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._tasks.join()
        finally:
            await self._tasks.stop()

    async def _carry_out(self, key: Key, turn: _Turn, publish: Publish) -> None:
        """Publish one receipt. The second begins when it is published, so that the latest comes
        last."""
        try:
            await publish()
        except StoreUnavailable:
            if self._turns.get(key) is not turn:
                raise
            if turn.latest is None:
                turn.latest = publish
        except asyncio.CancelledError:
            # The socket that it came from has closed.
            if turn.latest is None:
                turn.latest = publish
            raise
        finally:
            if self._turns.get(key) is turn:
                loop = asyncio.get_running_loop()
                turn.timer = loop.call_later(self._seconds, self._end, key, turn)
            else:
                self._start(turn.latest)

    def _end(self, key: Key, turn: _Turn) -> None:
        turn.timer = None
        if turn.latest is None:
            del self._turns[key]
            return
        publish, turn.latest = turn.latest, None
        self._turns.move_to_end(key)
        self._run(self._carry_out(key, turn, publish))

    def _make_room(self) -> None:
        while len(self._turns) > self._most:
            self._end_oldest()

    def _end_oldest(self) -> None:
        _, turn = self._turns.popitem(last=False)
        if turn.timer is not None:  # otherwise it is being published, and continues
            turn.timer.cancel()
            self._start(turn.latest)

    def _start(self, publish: Publish | None) -> None:
        if publish is not None:
            self._run(publish())

    def _run(self, work: Awaitable[None]) -> None:
        self._tasks.start(_guarded(work))


async def _guarded(work: Awaitable[None]) -> None:
    try:
        await work
    except MessagingError as refused:
        logger.debug("receipt.withheld", code=refused.code)
    except Exception:
        # A bug, and nobody waits for an answer.
        logger.exception("receipt.not_published")
