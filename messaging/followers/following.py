"""The followers of a process, and its turn at the sweep."""

import asyncio
import random
from contextlib import suppress

from messaging.commits.group_commit import Committed
from messaging.concurrency.loops import repeat
from messaging.concurrency.tasks import start_task, stop_tasks
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import StoreUnavailable
from messaging.followers.follower import LocalFollower, RemoteFollower
from messaging.followers.inbox import MAX_BYTES, Inbox
from messaging.followers.local import LocalHandler
from messaging.followers.registry import begin_walk, unregister
from messaging.followers.remote import RemoteHandler
from messaging.followers.runner import EpochSource, Runner
from messaging.followers.sweep import SWEEP_SECONDS, FollowerSweep
from messaging.instruments.memory import Weight
from messaging.stores.conversations import Store
from messaging.stores.sql.connections.calls import Calls

_FIRST_SECONDS = (1.0, 5.0)
"""The pause before the first sweep: a process may replace one that was killed."""


class Following:
    """Add followers before `start`, or while it runs.

    Any number of processes may run the same followers, and each process other ones: all share the
    checkpoints and the sweep.
    """

    def __init__(self, *, store: Store, epochs: EpochSource, calls: Calls, owner: str) -> None:
        """Create it. `calls` are those of `DATABASE_URL`, and `owner` identifies this process."""
        self._store = store
        self._epochs = epochs
        self._calls = calls
        self._owner = owner
        self._weight = Weight("followers", most=MAX_BYTES)
        self._runners: dict[str, Runner] = {}
        self._sweep = FollowerSweep(store=store, calls=calls, owner=owner)
        self._task: asyncio.Task[None] | None = None
        self._has_swept = False

    def add_local(self, follower: LocalFollower) -> Runner:
        """Add a follower that writes into `DATABASE_URL`."""
        inbox = Inbox(self._weight)
        handler = LocalHandler(
            follower, store=self._store, calls=self._calls, inbox=inbox, owner=self._owner
        )
        return self._add(follower, inbox, handler)

    def add_remote(self, follower: RemoteFollower) -> Runner:
        """Add a follower that hands changes to another system."""
        inbox = Inbox(self._weight)
        handler = RemoteHandler(
            follower, store=self._store, calls=self._calls, inbox=inbox, owner=self._owner
        )
        return self._add(follower, inbox, handler)

    async def remove(self, name: str, *, for_good: bool = False) -> None:
        """Stop a follower here. With `for_good`, its checkpoints are deleted. Raises
        StoreUnavailable."""
        runner = self._runners.pop(name, None)
        if runner is not None:
            await runner.stop()
            runner.inbox.forget_changes()  # the others share their bound
        if for_good:
            await self._calls.write("follow", unregister, name)

    def start(self) -> None:
        if self._task is None:
            self._task = start_task(repeat(self._step, failed="followers.sweep_failed"))
            for runner in self._runners.values():
                runner.start()

    async def stop(self) -> None:
        """Stop. Other processes, or the next start, find what is not handled."""
        if self._task is not None:
            await stop_tasks(self._task)
            self._task = None
        await asyncio.gather(*(runner.stop() for runner in self._runners.values()))

    def committed(self, committed: Committed) -> None:
        """Note a commit of this process. This is on the path of every send: it neither waits nor
        reads."""
        for runner in self._runners.values():
            runner.inbox.add_commit(committed)
            runner.wake()

    def founded(self, conversation: Conversation) -> None:
        """Note a conversation that this process has created."""
        for runner in self._runners.values():
            runner.inbox.add_founded(conversation)
            runner.wake()

    def changed(self, conversation_id: str) -> None:
        """Note a conversation that has changed elsewhere."""
        for runner in self._runners.values():
            runner.inbox.add(conversation_id)
            runner.wake()

    async def sweep(self) -> int:
        """Sweep at once, unless another process does. Return how many conversations were ahead of
        a checkpoint. Raises StoreUnavailable."""
        found = await self._sweep.sweep(at_once=True)
        for runner in self._runners.values():
            runner.look()
        return found

    async def rebuild(self, name: str) -> None:
        """Begin a new walk of a follower through everything that is stored. Raises
        StoreUnavailable."""
        await self._calls.write("follow", begin_walk, name)
        if name in self._runners:
            self._runners[name].look()

    def _add(
        self,
        follower: LocalFollower | RemoteFollower,
        inbox: Inbox,
        handler: LocalHandler | RemoteHandler,
    ) -> Runner:
        runner = Runner(
            follower,
            inbox=inbox,
            handler=handler,
            store=self._store,
            epochs=self._epochs,
            calls=self._calls,
            owner=self._owner,
        )
        self._runners[follower.name] = runner
        if self._task is not None:
            runner.start()
        return runner

    async def _step(self) -> None:
        pause = (SWEEP_SECONDS / 2, SWEEP_SECONDS) if self._has_swept else _FIRST_SECONDS
        await asyncio.sleep(random.uniform(*pause))
        self._has_swept = True
        if not self._runners:
            return
        with suppress(StoreUnavailable):  # logged where it was noticed
            if await self._sweep.sweep():
                for runner in self._runners.values():
                    runner.look()
