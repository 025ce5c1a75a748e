"""Follows the moves of the store, in a process that uses it.

The state of a move is in `DATABASE_URL`. Each process looks at it every two seconds, and is listed
there from before its first write to its end. While something is being moved, it records what it
changes, and writes only under a lease of some seconds. In a freeze it lets the writes in progress
end, reports what they have changed, and refuses others until the freeze ends: by the command, or
after its time. If another kind of store is in force, the process uses that one from then on.

A process that starts while the database does not answer cannot know which store is in force. It
refuses all operations until then, on Firestore too. So does a process whose `CHAT_STORE` names the
store that a confirmed move has left.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import structlog

from messaging.concurrency.loops import repeat
from messaging.concurrency.retries import until_answered
from messaging.concurrency.tasks import start_task, stop_tasks
from messaging.domain.exceptions import StoreUnavailable
from messaging.instruments.metrics import STORE_MOVE_PHASE, STORE_SWITCHES
from messaging.stores.database.moves import MoveStore
from messaging.stores.switching.guard import WriteGuard
from messaging.stores.switching.move import FormerStore, Move, Phase, Report
from messaging.stores.switching.switchable import SwitchableStores

logger = structlog.get_logger(__name__)

LEASE_SECONDS = 6.0
"""For how long a process may write after it has last reached the database."""
_LOOK_SECONDS = 2.0
_REPORT_SECONDS = 20.0
_FOLLOW_SECONDS = 0.5
_FREEZE_SECONDS = 0.05
_RETRY_SECONDS = 0.2


def settle_seconds(timeout: float) -> float:
    """Return the time after which a write that had no answer can no longer be applied, given the
    timeout of the store."""
    return 2 * timeout + 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessIdentity:
    boot_id: str
    name: str
    role: str
    setting: str
    """Its `CHAT_STORE`."""


class StoreWatch:
    """`on_switch` is called after another kind of store was taken into use."""

    def __init__(
        self,
        switchable: SwitchableStores,
        identity: ProcessIdentity,
        *,
        on_switch: Callable[[], object] = lambda: None,
    ) -> None:
        self.stores = switchable.stores
        self.move = Move()
        """The state of the move when it was last read."""
        self.on_switch = on_switch
        self._stores = switchable
        self._identity = identity
        self._moves = MoveStore(self.stores.database)
        self._settle_seconds = settle_seconds(self.stores.conversations.timeout)
        self._guard: WriteGuard | None = None
        self._guarded_at = 0.0
        self._fresh = False
        """Whether it was listed before its first write."""
        self._reached = False
        """Whether the stores of the target have answered."""
        self._reaching: list[asyncio.Task[None]] = []
        self._acknowledged = 0
        self._told = 0
        """The step that the database knows as acknowledged."""
        self._listed = False
        self._reported_at = float("-inf")
        self._failed = False
        """Whether the database has not answered the latest step."""
        self._task: asyncio.Task[None] | None = None

    @property
    def kind(self) -> str:
        """Return the kind of store in use."""
        return self._stores.kind

    @property
    def former(self) -> bool:
        """Return whether `CHAT_STORE` names the store that a confirmed move has left. Then all
        operations are refused."""
        return self.move.has_left(self._identity.setting)

    async def choose(self) -> None:
        """Use the kind of store that is in force, in a process that does not write. Raises
        FormerStore, StoreUnavailable."""
        move = await self._moves.look()
        self._use(move.kind_for(self._identity.setting))

    async def start(self, role: str) -> None:
        """Be listed, use the kind of store that is in force, and follow from then on. If the
        database does not answer in time, all operations are refused until it does. They are also
        refused while `CHAT_STORE` names the store that a confirmed move has left."""
        self._identity = replace(self._identity, role=role)
        self._fresh = True
        try:
            self._follow(await self._report())
            self._stores.shut(self.former)
        except StoreUnavailable:
            logger.warning("store_move.unknown")
            self._stores.shut(True)
            self._failed = True
        except Exception:  # chat goes on with the kind of `CHAT_STORE`
            logger.exception("store_move.failed")
            self._fresh = False
        self._task = start_task(repeat(self._step, failed="store_move.failed", pause=_LOOK_SECONDS))

    async def stop(self) -> None:
        """Be listed no more. In a move, nothing can be written from then on."""
        if self._task is None:
            return
        await stop_tasks(self._task, *self._reaching)
        self._task, self._reaching = None, []
        if not self._listed:
            return
        touched: list[str] = []
        if self._guard is not None:
            self._guard.frozen = True
            if not self._guard.quiet:
                return  # the command waits until nothing can be applied any more
            touched = self._guard.pop_touched()
        try:
            await self._moves.leave(self._identity.boot_id, touched)
        except StoreUnavailable:
            logger.warning("store_move.not_left")

    async def _step(self) -> None:
        await asyncio.sleep(self._pause)
        try:
            if self._report_due:
                move = await self._report()
            else:
                move = await self._moves.look()
            self._follow(move)
        except StoreUnavailable:
            if self._guard is not None:
                # The store in use may be another one by now.
                self._stores.shut(self._guard.lapsed_seconds > LEASE_SECONDS)
            self._failed = True
        else:
            self._stores.shut(self.former)
            self._failed = False

    @property
    def _report_due(self) -> bool:
        guard, unsaid = self._guard, time.monotonic() - self._reported_at
        if guard is None:
            return unsaid >= _REPORT_SECONDS
        if not guard.frozen:
            return True
        # All processes look often then, and a report locks the row that they share.
        news = self._told < self.move.step and self._may_acknowledge(guard)
        return news or unsaid >= _FOLLOW_SECONDS

    @property
    def _pause(self) -> float:
        """Return the seconds until the next step."""
        if self._guard is not None and self._guard.frozen:
            return _FREEZE_SECONDS
        if self._failed:
            return _RETRY_SECONDS if self._guard is not None or self._fresh else _LOOK_SECONDS
        return _LOOK_SECONDS if self._guard is None and not self._report_due else _FOLLOW_SECONDS

    async def _report(self) -> Move:
        """Report what was changed, and what is acknowledged: in a freeze, once nothing more can
        change."""
        guard, begun = self._guard, time.monotonic()
        joined = self._acknowledged > 0
        if guard is not None and self._may_acknowledge(guard):
            self._acknowledged = self.move.step
        touched = [] if guard is None else guard.pop_touched()
        try:
            move = await self._moves.report(
                Report(
                    boot_id=self._identity.boot_id,
                    name=self._identity.name,
                    role=self._identity.role,
                    setting=self._identity.setting,
                    kind=self.kind,
                    step=self._acknowledged,
                    watched=self._fresh or joined,
                    lease=None if guard is None else LEASE_SECONDS,
                    touched=touched,
                )
            )
        except BaseException:
            if guard is not None:
                guard.touch(touched)
            raise
        self._listed, self._reported_at, self._told = True, begun, self._acknowledged
        if guard is not None:
            guard.lease(begun + LEASE_SECONDS)
        return move

    def _may_acknowledge(self, guard: WriteGuard) -> bool:
        settled = self._fresh or time.monotonic() - self._guarded_at >= self._settle_seconds
        if not settled or not self._reached:
            return False
        return not guard.frozen or guard.quiet

    def _follow(self, move: Move) -> None:
        """Do what the state of the move asks for."""
        moved = move.phase is not self.move.phase
        if moved:
            logger.info("store_move.phase", phase=move.phase.value, step=move.step)
        kind = self._kind_in(move)
        if move.phase is Phase.IDLE:
            self._use(kind)
            self._unguard()
        else:
            guard = self._guard or self._guard_writes()
            guard.frozen = move.phase is Phase.FREEZING
            self._use(kind)
            if not self._reaching:
                self._reaching = [start_task(self._reach(move.target))]
        self.move = move
        for phase in Phase:
            STORE_MOVE_PHASE.labels(phase.value).set(phase is move.phase)

    def _kind_in(self, move: Move) -> str:
        """Return the kind of store to use: the present one if none may be used."""
        try:
            return move.kind_for(self._identity.setting)
        except FormerStore as error:
            if not self.former:
                logger.error("store_move.former_store", error=str(error))
            return self.kind

    def _use(self, kind: str) -> None:
        """Use a kind of store from now on."""
        if kind == self.kind:
            return
        logger.warning("store_move.switched", before=self.kind, kind=kind)
        self._stores.use(kind)
        STORE_SWITCHES.inc()
        self._reported_at = float("-inf")  # the command waits for it
        self.on_switch()

    def _guard_writes(self) -> WriteGuard:
        """Record writes from now on. Until the next report, nobody counts on the lease."""
        now = time.monotonic()
        self._guard = guard = WriteGuard(
            settle_seconds=self._settle_seconds,
            # Until the next step. Who looks whether a late write was applied must not look in a
            # store that is no longer in use.
            on_late=partial(self._stores.shut, True),
        )
        guard.lease(now + LEASE_SECONDS)
        self._guarded_at, self._acknowledged, self._told, self._reached = now, 0, 0, False
        self._stores.guard(guard)
        return guard

    def _unguard(self) -> None:
        self._fresh = False
        if self._guard is not None:
            self._guard = None
            self._stores.guard(None)
        for task in self._reaching:
            task.cancel()
        self._reaching = []

    async def _reach(self, kind: str) -> None:
        """Connect to the stores of the target, so that the switch takes no time."""
        while not self._reached:
            try:
                stores = await asyncio.to_thread(self._stores.other, kind)
                await until_answered(stores.conversations.now)
                self._reached = True
            except Exception:  # missing credentials, for example
                logger.exception("store_move.target_unusable", kind=kind)
                await asyncio.sleep(_REPORT_SECONDS)
