"""Moves read positions forward, with one transaction at a time per person and conversation.

A client that scrolls sends many receipts. While one is being stored, later ones wait together. Then
only the highest is stored.
"""

import asyncio
from dataclasses import dataclass, replace

from messaging.concurrency.tasks import start_task
from messaging.domain.exceptions import StoreUnavailable
from messaging.stores.conversations import Store
from messaging.stores.positions import Advanced

_BUDGET_SECONDS = 4.5

_Key = tuple[str, str]


@dataclass(slots=True, eq=False)
class _Next:
    seq: int
    answer: asyncio.Future[Advanced]
    told: bool = False
    """Whether one of the waiting callers has got the answer. This caller announces the move."""


class ReadPositions:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._next: dict[_Key, _Next] = {}
        self._tasks: dict[_Key, asyncio.Task[None]] = {}

    async def advance(self, conversation_id: str, user_id: str, seq: int) -> Advanced:
        """Call `Store.advance_read`. If several positions are stored together, `moved` is true for
        one of them, which has not given up.

        Raises StoreUnavailable after at most 4.5 seconds, however long the previous ones take.
        """
        try:
            async with asyncio.timeout(_BUDGET_SECONDS):
                return await self._advance((conversation_id, user_id), seq)
        except TimeoutError:
            raise StoreUnavailable from None

    async def drain(self) -> None:
        """Wait until nothing is waiting or in flight."""
        while self._tasks:
            await asyncio.wait(self._tasks.values())

    async def _advance(self, key: _Key, seq: int) -> Advanced:
        waiting = self._next.get(key)
        if waiting is None:
            waiting = self._next[key] = _Next(seq, asyncio.get_running_loop().create_future())
            if key not in self._tasks:
                self._tasks[key] = start_task(self._work(key))
        else:
            waiting.seq = max(waiting.seq, seq)
        advanced = await asyncio.shield(waiting.answer)
        if waiting.told:
            return replace(advanced, moved=False)
        waiting.told = True
        return advanced

    async def _work(self, key: _Key) -> None:
        try:
            while (waiting := self._next.pop(key, None)) is not None:
                try:
                    waiting.answer.set_result(await self._store.advance_read(*key, waiting.seq))
                except Exception as error:  # noqa: BLE001 - every waiting request gets it
                    waiting.answer.set_exception(error)
                    waiting.answer.exception()  # no request may wait any more
        finally:
            del self._tasks[key]
