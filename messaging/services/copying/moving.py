"""Moves the store into the other kind while people chat: copies it, follows the changes, freezes
all processes for seconds, and switches them.

Promises:
- Nothing is switched unless the copy is complete: every process has stopped writing, what it has
  changed is copied, and comparing it once more finds no difference.
- A freeze lasts `FREEZE_SECONDS` at most. If that does not suffice, people write on, and the
  command tries again. It also ends if this process dies.
- A process that ended without a word may have changed something that it has not recorded. The
  command then compares everything again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from messaging.concurrency.retries import retried
from messaging.domain.exceptions import StoreUnavailable
from messaging.services.copying.copying import StoreCopy
from messaging.services.copying.placement import NotACopy, epoch_of
from messaging.services.copying.touched import TouchedCopy
from messaging.services.exchange.conversation_reading import ChangesTooFast
from messaging.stores import Stores
from messaging.stores.database.moves import MoveStore
from messaging.stores.switching.move import Move, Phase, StoreProcess
from messaging.stores.switching.watch import settle_seconds

FREEZE_SECONDS = 4.0
MAX_SKEW_SECONDS = 2.0
"""The most that the clocks of both stores may differ: times of both are compared after a switch."""
SILENT_SECONDS = 60.0
"""Only a process that has been silent for longer can be declared to have ended."""
_JOIN_SECONDS = 60.0
_SWITCH_SECONDS = 60.0
_PAUSE_SECONDS = 0.5
_FREEZE_PAUSE_SECONDS = 0.05
_KEYS = 500
_SHOWN = 20
_FEW = 100
"""A freeze begins once a round copies at most so much, within a second."""
_SHORT_SECONDS = 1.0
_ROUNDS = 20
"""After so many rounds, a freeze is tried anyway."""


class MoveFailed(Exception):
    """The move has stopped. The argument says why, and what to do."""


class Unheard(MoveFailed):
    """Some processes do not take part. The argument names them."""

    def __init__(self, processes: Sequence[StoreProcess]) -> None:
        super().__init__(", ".join(one.name for one in processes))
        self.processes = processes


class StoreMove:
    def __init__(
        self,
        moves: MoveStore,
        copy: StoreCopy,
        source: Stores,
        target: Stores,
        *,
        owner: str,
        say: Callable[[str], object],
        silent_are_gone: bool = False,
    ) -> None:
        """Create it. `owner` holds the lease. `say` gets a line about each step. With
        `silent_are_gone`, processes that have been silent for a minute have ended."""
        self._moves = moves
        self._copy = copy
        self._source = source
        self._target = target
        self._touched = TouchedCopy(source, target)
        self._owner = owner
        self._say = say
        self._silent_are_gone = silent_are_gone
        self._settled = settle_seconds(source.conversations.timeout)
        self.frozen_seconds = 0.0
        """How long the latest freeze has lasted, until the switch."""

    async def run(self, *, attempts: int) -> None:
        """Move the store. The move has begun. `attempts`: how often to freeze at most.

        Raises MoveFailed, the errors of `StoreCopy.copy_everything`, StoreUnavailable.
        """
        await self._require_equal_clocks()
        self._own(await self._moves.thaw(self._owner))  # a killed command may have frozen it
        for attempt in range(1, attempts + 1):
            await self._join()
            await self._pass()
            await self._catch_up()
            refused = await self._freeze()
            if refused is None:
                self._say(f"Switched after a freeze of {self.frozen_seconds:.1f} s.")
                return
            self._say(f"Freeze {attempt} ended without a switch: {refused}")
            await asyncio.sleep(min(attempt, 10))
        raise MoveFailed(
            f"{attempts} attempts to freeze failed. People chat on in the former store. Run the "
            "command again at a quiet time, or abort the move."
        )

    async def wait_for_processes(self, kind: str) -> None:
        """Wait until every process uses a kind of store. Raises Unheard."""

        async def lagging() -> Sequence[StoreProcess]:
            return [one for one in await self._processes() if one.kind != kind]

        await _until_none(lagging, _SWITCH_SECONDS)

    async def _require_equal_clocks(self) -> None:
        here = await retried(self._target.conversations.now)
        there = await retried(self._source.conversations.now)
        skew = abs((there - here).total_seconds())
        if skew > MAX_SKEW_SECONDS:
            raise MoveFailed(
                f"The clocks of the two stores differ by {skew:.0f} seconds. Synchronise them by "
                "NTP."
            )

    async def _join(self) -> None:
        """Wait until every process records what it changes."""
        step = (await self._following()).step

        async def missing() -> Sequence[StoreProcess]:
            return [one for one in await self._processes() if not _writes_at(one, step)]

        await _until_none(missing, _JOIN_SECONDS)

    async def _pass(self) -> None:
        """Compare everything, unless that was done since all processes record their changes."""
        while not await self._has_passed():
            at = await retried(self._moves.now)
            await self._copy.copy_everything()
            if damaged := sorted(self._copy.damaged):
                raise MoveFailed(
                    f"These conversations cannot be read, so that they would be lost: "
                    f"{', '.join(damaged[:_SHOWN])}. Repair them in the store, and run the command "
                    "again."
                )
            self._own(await retried(self._moves.passed, self._owner, at))
            self._say("Everything is copied. Following the changes.")

    async def _has_passed(self) -> bool:
        passed_at = (await self._following()).passed_at
        if passed_at is None:
            return False
        return all(
            one.unwatched_until is None or one.unwatched_until < passed_at
            for one in await self._processes()
        )

    async def _catch_up(self) -> None:
        """Copy what was changed, until little is left."""
        loop = asyncio.get_running_loop()
        for _ in range(_ROUNDS):
            begun = loop.time()
            copied = await self._copy_touched()
            if copied <= _FEW and loop.time() - begun <= _SHORT_SECONDS:
                return
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _copy_touched(self) -> int:
        """Copy everything that is recorded as changed. Return how much that was."""
        copied = 0
        while touched := await retried(self._moves.list_touched, limit=_KEYS):
            try:
                await self._touched.copy(one.key for one in touched)
            except ChangesTooFast:
                return copied + len(touched)  # they stay recorded
            await retried(self._moves.settle, touched)
            copied += len(touched)
            if len(touched) < _KEYS:
                break
        return copied

    async def _freeze(self) -> str | None:
        """Stop all writes, copy the rest, and switch. Return None, or why that was not possible in
        time; then everybody writes again."""
        loop = asyncio.get_running_loop()
        begun, refused = loop.time(), "it was cut off."
        try:
            refused = await self._switch() or ""
        except TimeoutError:
            refused = f"not everything was copied within {FREEZE_SECONDS:g} s."
        except StoreUnavailable:
            refused = "a store did not answer."
        finally:
            self.frozen_seconds = loop.time() - begun
            if refused:
                await retried(self._moves.thaw, self._owner)
        if refused and not await self._is_switched():
            return refused
        return None

    async def _switch(self) -> str | None:
        """Return why it was not switched. Raises TimeoutError, StoreUnavailable."""
        async with asyncio.timeout(FREEZE_SECONDS):
            if not await self._moves.freeze(self._owner, seconds=FREEZE_SECONDS):
                return "a process has ended without a word."
            if reason := await self._copy_rest():
                return reason
            if not await self._moves.switch(self._owner):
                return "something was changed in the end, or the time was over."
        return None

    async def _is_switched(self) -> bool:
        """Return whether a switch without an answer was applied."""
        move = await retried(self._moves.look)
        return move.phase is Phase.IDLE and move.in_force == move.target

    async def _copy_rest(self) -> str | None:
        """Copy the rest once every process has stopped writing. Return why that failed."""
        move = await self._moves.look()
        while waiting := [one for one in await self._processes() if one.step < move.step]:
            if (await self._moves.look()).step != move.step:
                return f"{_names(waiting)} did not stop writing in time."
            await asyncio.sleep(_FREEZE_PAUSE_SECONDS)
        if await epoch_of(self._source) != await epoch_of(self._target):
            raise NotACopy
        while touched := await self._moves.list_touched(limit=_KEYS):
            keys = [one.key for one in touched]
            await self._touched.copy(keys)
            if await self._touched.copy(keys):
                return "the copy differed from its source after it was written."
            await self._moves.settle(touched)
        return None

    async def _following(self) -> Move:
        """Return the state. Raises MoveFailed unless it is being followed."""
        move = await retried(self._moves.look)
        if move.phase is Phase.IDLE or move.owner != self._owner:
            raise MoveFailed("Somebody else has ended or taken over this move.")
        return move

    def _own(self, done: bool) -> None:
        if not done:
            raise MoveFailed("Somebody else has ended or taken over this move.")

    async def _processes(self) -> Sequence[StoreProcess]:
        """Return the processes that may write, or may still have to be switched. Those whose lease
        has ended so long ago that nothing of them can be applied any more are dropped, and those
        that are declared to have ended."""
        found = await retried(self._moves.list_processes)
        dead = [one for one in found if self._has_ended(one)]
        if dead:
            self._say(f"{_names(dead)} ended without a word, or cannot reach the database.")
            await retried(self._moves.drop, [one.boot_id for one in dead])
        return [one for one in found if one not in dead]

    def _has_ended(self, process: StoreProcess) -> bool:
        if self._silent_are_gone and process.unseen_seconds > SILENT_SECONDS:
            return True
        return process.lapsed_seconds is not None and process.lapsed_seconds > self._settled


def _writes_at(process: StoreProcess, step: int) -> bool:
    """Return whether a process has acknowledged a step, and has a lease."""
    has_lease = process.lapsed_seconds is not None and process.lapsed_seconds < 0
    return has_lease and process.step >= step


async def _until_none(
    missing: Callable[[], Awaitable[Sequence[StoreProcess]]], seconds: float
) -> None:
    """Wait until no process is missing. Raises Unheard after so many seconds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while found := await missing():
        if loop.time() > end:
            raise Unheard(found)
        await asyncio.sleep(_PAUSE_SECONDS)


def _names(processes: Sequence[StoreProcess]) -> str:
    return ", ".join(one.name for one in processes)
