"""Polling: reads changed conversations and changed access from the store while events may be
missing.

An instance polls while its own link is down, while another instance reports in the store that its
link is down (its commits are not published), and once after events may have been missed: after
skipped beacons, and after an instance crashed. Every poll begins where the last complete one began,
less the time by which a commit may be later than its own timestamp.

Not promised: an order among conversations, or more than the latest state of each.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

import structlog

from messaging.concurrency.loops import repeat
from messaging.concurrency.tasks import start_task, stop_tasks
from messaging.delivery.hub.hub import Hub
from messaging.delivery.hub.revocation import AccessList
from messaging.domain.exceptions import StoreUnavailable
from messaging.instruments.metrics import LINK_STATE, POLLED_CONVERSATIONS, POLLS
from messaging.stores.conversations import Store
from messaging.stores.people import PeopleStore

logger = structlog.get_logger(__name__)

_MARGIN_SECONDS = 2.0
_POLL_SECONDS = 2.0
_LOOK_SECONDS = 5.0
_RENEW_SECONDS = 8.0
_LOOK_BACK_SECONDS = 15.0
"""How long the link of another instance may have been down when its note is seen: until it noticed
(3 s), until the note was written (the store's timeout), until this instance looked (5 s)."""
_REJOIN_SECONDS = 1.0
_RETRY_SECONDS = 1.0
_ITEMS_PER_STEP = 100


class LinkState(StrEnum):
    UP = "up"
    DOWN = "down"
    RECOVERING = "recovering"
    """Events arrive again; missed changes are still being read."""


class StoreClock:
    """An estimate of the store's clock from its answers; never ahead of it."""

    def __init__(self) -> None:
        self._offset: float | None = None

    @property
    def known(self) -> bool:
        return self._offset is not None

    def note(self, answered: datetime) -> None:
        """Note the time of an answer that has just arrived. The store's clock is later by now."""
        self._offset = answered.timestamp() - time.monotonic()

    def at(self, moment: float) -> datetime:
        """Return the store's time at a time of the monotonic clock, or slightly less."""
        assert self._offset is not None
        return datetime.fromtimestamp(moment + self._offset, UTC)


class MissedEvents(Protocol):
    """The part of the polling that the link to a Redis uses."""

    def link_down(self, since: float) -> None: ...
    def link_up(self) -> None: ...
    def look_back(self, since: float) -> None: ...
    def is_ahead(self, moment: datetime) -> bool: ...


class Polling:
    def __init__(
        self,
        *,
        store: Store,
        people: PeopleStore,
        hub: Hub,
        access: AccessList,
        boot_id: str,
        on_change: Callable[[bool], None],
    ) -> None:
        """Create the polling. `on_change` is called with True when events may be late from now on,
        and with False once all missed changes have been read."""
        self.state = LinkState.UP
        self._clock = StoreClock()
        self._store = store
        self._people = people
        self._access = access
        self._hub = hub
        self._boot_id = boot_id
        self._on_change = on_change
        self._since: float | None = None
        self._wanted = asyncio.Event()
        self._rejoined_at = 0.0
        self._others_cut_off = False
        self._noted = False
        self._renew_note_at = 0.0
        self._delete_note_at = 0.0
        self._look_now = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def degraded(self) -> bool:
        return self.state is not LinkState.UP

    def start(self) -> None:
        self._show_state()
        works: list[Coroutine[Any, Any, None]] = [
            repeat(self._poll, failed="poll.failed", pause=_RETRY_SECONDS),
            repeat(self._keep_notes, failed="link_note.failed", pause=_RETRY_SECONDS),
        ]
        self._tasks = [start_task(work) for work in works]

    async def stop(self) -> None:
        """Let the note in the store expire: the other instances have not seen everything yet."""
        await stop_tasks(*self._tasks)

    # Reports of the link

    def link_down(self, since: float) -> None:
        """Start to poll: events may be missing since this time."""
        self._enter(LinkState.DOWN)
        self._renew_note_at = 0.0
        self.look_back(since)
        self._look_now.set()

    def link_up(self) -> None:
        """Note that events arrive again. Subscriptions are in force by now, or a moment later."""
        self._enter(LinkState.RECOVERING)
        self._rejoined_at = time.monotonic() + _REJOIN_SECONDS

    def look_back(self, since: float) -> None:
        """Poll once: events may have been missed since this time."""
        self._since = since if self._since is None else min(self._since, since)
        self._wanted.set()

    def store_switched(self) -> None:
        """Poll once, write the own note again and look for those of others: another store is in
        use, which has another clock and no notes."""
        self._clock = StoreClock()
        self._renew_note_at = 0.0
        self._look_now.set()
        self.look_back(time.monotonic() - _LOOK_BACK_SECONDS)

    async def write_note(self) -> None:
        """Inform the other instances that commits here are not published. Raises
        StoreUnavailable."""
        await self._store.put_link_note(self._boot_id)
        self._noted = True

    async def bound(self, since: float) -> datetime:
        """Return a time by the store's clock before the timestamp of every commit that is applied
        after this time of the monotonic clock. A commit may be later than its own timestamp by the
        store's timeout. Raises StoreUnavailable."""
        if not self._clock.known:
            self._clock.note(await self._store.now())
        return self._clock.at(since) - timedelta(seconds=self._store.timeout + _MARGIN_SECONDS)

    def is_ahead(self, moment: datetime) -> bool:
        """Return whether a time lies in the future by the store's clock, so that the store cannot
        have assigned it. Return True while that clock is unknown."""
        if not self._clock.known:
            return True
        return moment > self._clock.at(time.monotonic()) + timedelta(seconds=_MARGIN_SECONDS)

    # Polls

    @property
    def _goes_on(self) -> bool:
        return self.degraded or self._others_cut_off

    async def _poll(self) -> None:
        await self._wanted.wait()
        assert self._since is not None
        since, self._since = self._since, None
        self._wanted.clear()
        begun = time.monotonic()
        answered = False
        try:
            answered = await self._read_changes(since)
        finally:
            if not answered:
                self.look_back(since)
        if not answered:
            await asyncio.sleep(_RETRY_SECONDS)
            return
        if self.state is LinkState.RECOVERING and begun >= self._rejoined_at:
            self._enter(LinkState.UP)
        if self._goes_on:
            self.look_back(begun)
        await asyncio.sleep(_POLL_SECONDS)  # however often `look_back` is called

    async def _read_changes(self, since: float) -> bool:
        """Pass the changes to the hub. Return whether the store has answered."""
        POLLS.inc()
        try:
            bound = await self.bound(since)
            people = await self._people.list_changed_access(since=bound)
            self._access.learn_all(people.people)
            changed = await self._store.list_changed_conversations(since=bound)
        except StoreUnavailable:
            return False
        self._clock.note(changed.read_at)
        history = self._store.witness.history
        POLLED_CONVERSATIONS.inc(len(changed.conversations))
        for number, conversation in enumerate(changed.conversations):
            try:
                self._hub.on_polled_state(conversation)
            except Exception:  # concerns only this conversation
                logger.exception("poll.conversation_failed", conversation_id=conversation.id)
            if number % _ITEMS_PER_STEP == _ITEMS_PER_STEP - 1:
                await asyncio.sleep(0)
                if self._store.witness.history != history:
                    return False  # the store was restored since
        return True

    # Notes in the store

    async def _keep_notes(self) -> None:
        try:
            await self._keep_own_note()
            if self.state is LinkState.UP:
                await self._look_for_others()
        except StoreUnavailable:
            self._renew_note_at = 0.0
        try:
            async with asyncio.timeout(_RETRY_SECONDS if self._note_due else _LOOK_SECONDS):
                await self._look_now.wait()
        except TimeoutError:
            pass
        self._look_now.clear()

    @property
    def _note_due(self) -> bool:
        return self.state is LinkState.DOWN and time.monotonic() >= self._renew_note_at

    async def _keep_own_note(self) -> None:
        if self._note_due:
            self._renew_note_at = time.monotonic() + _RENEW_SECONDS
            await self.write_note()
        elif (
            self._noted and self.state is LinkState.UP and time.monotonic() >= self._delete_note_at
        ):
            await self._store.delete_link_note(self._boot_id)
            self._noted = False

    async def _look_for_others(self) -> None:
        notes = await self._store.list_link_notes()
        self._clock.note(notes.read_at)
        others = notes.boot_ids - {self._boot_id}
        if others and not self._others_cut_off:
            logger.warning("link.others_cut_off", boot_ids=sorted(others))
            self.look_back(time.monotonic() - _LOOK_BACK_SECONDS)
        self._others_cut_off = bool(others)

    def _enter(self, state: LinkState) -> None:
        if state is self.state:
            return
        begins, ends = self.state is LinkState.UP, state is LinkState.UP
        self.state = state
        self._show_state()
        if ends:
            # The others read every five seconds; wait until they have seen everything that was not
            # published.
            self._delete_note_at = time.monotonic() + _LOOK_SECONDS + _POLL_SECONDS
        if begins or ends:
            self._on_change(begins)

    def _show_state(self) -> None:
        for each in LinkState:
            LINK_STATE.labels(each.value).set(each is self.state)
