"""The move of the store, in `DATABASE_URL`: its state, who writes, and what was changed.

`messaging.stores.switching` is the side of a process that uses the store, and
`messaging.services.copying.moving` the side of the command.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from messaging.stores.database import move_rows as rows
from messaging.stores.sql.connections.calls import Calls
from messaging.stores.switching.move import Move, Report, StoreProcess, Touched


class MoveStore:
    """Every method may raise `StoreUnavailable`; none of them blocks the event loop.

    Methods that take an owner return False if the owner has lost its lease, or the state is another
    one than they expect. Then nothing was changed.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def look(self) -> Move:
        """Return the state of the move."""
        return await self._calls.read("read_store_move", rows.read_move)

    # Processes

    async def report(self, report: Report) -> Move:
        """Record a process, and return the state of the move, in one transaction: so a move either
        sees the process, or the process sees the move. A freeze that has lasted too long ends."""
        return await self._calls.write("report_to_store_move", rows.record_report, report)

    async def leave(self, boot_id: str, touched: Sequence[str] = ()) -> None:
        """Remove a process that writes no more."""
        await self._calls.write("leave_store_move", rows.leave, boot_id, touched)

    async def list_processes(self) -> Sequence[StoreProcess]:
        return await self._calls.read("list_store_processes", rows.list_processes)

    async def drop(self, boot_ids: Collection[str]) -> None:
        """Remove processes that ended without a word. What they have changed in the end may not be
        recorded, so that the next step is a complete comparison."""
        await self._calls.write("drop_store_processes", rows.drop, boot_ids)

    # The command

    async def acquire(self, owner: str, *, seconds: float) -> Move:
        """Make a command the only one that moves or copies, for some seconds. Raises Busy."""
        return await self._calls.write("acquire_store_move", rows.acquire, owner, seconds)

    async def renew(self, owner: str, *, seconds: float) -> bool:
        return await self._calls.write("renew_store_move", rows.renew, owner, seconds)

    async def release(self, owner: str) -> None:
        await self._calls.write("release_store_move", rows.release, owner)

    async def begin(self, owner: str, *, source: str, target: str) -> bool:
        """Begin to follow. `source` becomes the kind in force."""
        return await self._calls.write("begin_store_move", rows.begin, owner, source, target)

    async def now(self) -> datetime:
        """Return the time of the database."""
        return await self._calls.read("store_move_time", rows.now)

    async def passed(self, owner: str, at: datetime) -> bool:
        """Record when a complete comparison, which has ended, began."""
        return await self._calls.write("pass_store_move", rows.passed, owner, at)

    async def list_touched(self, *, limit: int) -> Sequence[Touched]:
        return await self._calls.read("list_touched", rows.list_touched, limit)

    async def settle(self, touched: Collection[Touched]) -> None:
        """Forget changes that are copied, unless they were recorded once more."""
        await self._calls.write("settle_touched", rows.settle, [one.stamp for one in touched])

    async def freeze(self, owner: str, *, seconds: float) -> bool:
        """Ask all processes to stop writing, for some seconds at most."""
        return await self._calls.write("freeze_store_move", rows.freeze, owner, seconds)

    async def thaw(self, owner: str) -> bool:
        """Let all processes write again."""
        return await self._calls.write("thaw_store_move", rows.thaw, owner)

    async def switch(self, owner: str) -> bool:
        """Make the target the kind in force, unless the freeze has ended."""
        return await self._calls.write("switch_store_move", rows.switch, owner)

    async def abort(self, owner: str) -> bool:
        """End a move whose source is still in force."""
        return await self._calls.write("abort_store_move", rows.abort, owner)

    async def confirm(self, owner: str) -> bool:
        """Let `CHAT_STORE` decide from now on, unless something is being moved."""
        return await self._calls.write("confirm_store_move", rows.confirm, owner)

    async def forget(self, owner: str) -> bool:
        """Let `CHAT_STORE` name the former store again, unless a move is not confirmed."""
        return await self._calls.write("forget_store_move", rows.forget, owner)
