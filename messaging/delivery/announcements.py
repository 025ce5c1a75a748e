"""Announcements: changes of access, said to the other instances until each has acknowledged.

Whoever makes a change waits up to a second for it. What Redis loses is said again; whoever cannot
be reached at all reads the store meanwhile (`messaging.delivery.polling`).
"""

import asyncio
import itertools
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from messaging.entities import Access
from messaging.tasks import start_task, stop_tasks

logger = structlog.get_logger(__name__)

_WAIT_SECONDS = 1.0
_REPEAT_SECONDS = 0.25
_GIVE_UP_SECONDS = 10.0
_LEAST_SECONDS = 1.0
"""For at least so long it is repeated: an instance that has just begun is not known here yet."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Announcements:
    def __init__(
        self,
        *,
        publish: Callable[[Mapping[str, Any]], None],
        peers: Callable[[], frozenset[str]],
    ) -> None:
        """`publish` says something to all instances; `peers` are the others that are alive."""
        self._publish = publish
        self._peers = peers
        self._numbers = itertools.count(1)
        self._acknowledged: dict[int, set[str]] = {}
        self._heard = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def tell(self, access: Access) -> None:
        """Return once every other instance has closed what is to be closed, or after a second."""
        number = next(self._numbers)
        self._acknowledged[number] = set()
        task = start_task(self._repeat(number, access))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                while missing := self._missing(number):
                    self._heard.clear()
                    await self._heard.wait()
        except TimeoutError:
            logger.warning("access.not_acknowledged", boot_ids=sorted(missing))

    def acknowledged(self, number: int, boot_id: str) -> None:
        if number in self._acknowledged:
            self._acknowledged[number].add(boot_id)
            self._heard.set()

    async def stop(self) -> None:
        await stop_tasks(*self._tasks)

    def _missing(self, number: int) -> frozenset[str]:
        return self._peers() - self._acknowledged.get(number, frozenset())

    async def _repeat(self, number: int, access: Access) -> None:
        message = {"type": "access", "number": number, "access": access_state(access)}
        begun = time.monotonic()
        try:
            while (elapsed := time.monotonic() - begun) < _GIVE_UP_SECONDS:
                if elapsed > _LEAST_SECONDS and not self._missing(number):
                    break
                self._publish(message)
                await asyncio.sleep(_REPEAT_SECONDS)
        finally:
            self._acknowledged.pop(number, None)


def access_state(access: Access) -> list[Any]:
    return [
        access.user_id,
        _micros(access.valid_after),
        _micros(access.banned_until),
        _micros(access.changed_at),
    ]


def read_access(state: list[Any]) -> Access:
    user_id, valid_after, banned_until, changed_at = state
    return Access(
        user_id=user_id,
        valid_after=_moment(valid_after),
        banned_until=_moment(banned_until),
        changed_at=_moment(changed_at),
    )


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - _EPOCH) // _MICROSECOND


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else _EPOCH + micros * _MICROSECOND
