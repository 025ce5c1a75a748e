"""The history of service accounts: their requests, and when their tokens were last used.

Actions are stored once a second. If the process is killed within this second, they are only in the
log.
"""

import asyncio
from dataclasses import asdict
from datetime import datetime, timedelta

import structlog

from messaging.concurrency.loops import repeat
from messaging.concurrency.tasks import TaskSet
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.integrations.service_accounts import ServiceAction, ServiceCaller
from messaging.stores.database.service_accounts import ServiceAccountStore

logger = structlog.get_logger(__name__)

_MAX_WAITING = 10_000
_PAUSE_SECONDS = 1.0
_USED_STEP = timedelta(minutes=1)


class ServiceHistory:
    def __init__(self, store: ServiceAccountStore) -> None:
        self._store = store
        self._waiting: list[ServiceAction] = []
        self._dropped = 0
        self._used: dict[str, datetime] = {}
        """The use of tokens that is not stored yet, by their ids."""
        self._stored_use: dict[str, datetime] = {}
        """The latest stored use. Only valid tokens are noted, and their number is bounded."""
        self._noted = asyncio.Event()
        self._storing = asyncio.Lock()
        self._tasks: TaskSet[None] = TaskSet()

    def start(self) -> None:
        self._tasks.start(repeat(self._step, failed="service_history.failed"))

    async def stop(self) -> None:
        """Store what waits, unless the database is unavailable. What is being stored is not
        interrupted: it would be lost, or stored twice."""
        try:
            async with self._storing:
                await self._tasks.stop()
        finally:
            await self._tasks.stop()
        await self._store_waiting()

    def note_use(self, caller: ServiceCaller, at: datetime) -> None:
        """Note that a token was used. It is stored once a minute."""
        stored = self._stored_use.get(caller.token_id)
        if stored is None or at - stored >= _USED_STEP:
            self._used[caller.token_id] = at
            self._noted.set()

    def note(self, action: ServiceAction) -> None:
        """Add a request to the history. Beyond the bound it is only in the log."""
        if len(self._waiting) >= _MAX_WAITING:
            self._dropped += 1
            return
        self._waiting.append(action)
        self._noted.set()

    async def _step(self) -> None:
        await self._noted.wait()
        await asyncio.sleep(_PAUSE_SECONDS)
        self._noted.clear()
        async with self._storing:
            await self._store_waiting()

    async def _store_waiting(self) -> None:
        actions, self._waiting = self._waiting, []
        used, self._used = self._used, {}
        if not actions and not used:
            return
        try:
            await self._store.record(actions, used)
        except StoreUnavailable:
            self._wait_again(actions, used)
            return
        except Exception:
            logger.exception("service_history.batch_refused", actions=len(actions))
            if not await self._store_each(actions, used):
                return  # the database is unavailable again
        self._stored_use |= used
        if self._dropped:
            logger.error("service_history.dropped", actions=self._dropped)
            self._dropped = 0

    async def _store_each(self, actions: list[ServiceAction], used: dict[str, datetime]) -> bool:
        """Store each action by itself, after the database has refused all of them together. What it
        refuses again is only in the log. Return whether nothing waits for the database."""
        for number, action in enumerate(actions):
            try:
                await self._store.record([action], {})
            except StoreUnavailable:
                self._wait_again(actions[number:], used)
                return False
            except Exception as error:  # noqa: BLE001 - the others must still be stored
                self._dropped += 1
                fields = asdict(action)
                del fields["audited"]
                fields["service"] = fields.pop("name")
                logger.error("service_history.refused", **fields, reason=repr(error))
        try:
            await self._store.record([], used)
        except StoreUnavailable:
            self._wait_again([], used)
            return False
        except Exception:
            logger.exception("service_history.use_refused", tokens=sorted(used))
        return True

    def _wait_again(self, actions: list[ServiceAction], used: dict[str, datetime]) -> None:
        """Keep what the database did not take, before what came meanwhile."""
        waiting = actions + self._waiting
        self._waiting = waiting[:_MAX_WAITING]
        self._dropped += len(waiting) - len(self._waiting)
        self._used = used | self._used
        self._noted.set()
