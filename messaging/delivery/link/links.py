"""The links through several Redis addresses, used like one link.

Each conversation belongs to one address, by a hash of its id. Each address has a link of its own,
with its own beacons. While one address is down, the others go on, and the instance as a whole
counts as cut off: it polls the store, and so do the others, because the conversations of that
address receive no events. It also counts as cut off while another instance uses other addresses, or
another order of them, because that one publishes conversations elsewhere.
"""

import asyncio
import time
import zlib
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime

import structlog

from messaging.concurrency.loops import repeat
from messaging.concurrency.tasks import start_task, stop_tasks
from messaging.delivery.batch import Batch, SoftEvent
from messaging.delivery.link.beacon import BEACON_SECONDS
from messaging.delivery.link.instances.watch import PeerListener
from messaging.delivery.link.link import Link
from messaging.delivery.link.polling import MissedEvents
from messaging.delivery.link.send_queue import MAX_CHARACTERS_WAITING
from messaging.domain.people import Access
from messaging.instruments.memory import show_weight
from messaging.redis.beats import NAMES_EVERY

logger = structlog.get_logger(__name__)

_NOTICED_SECONDS = (NAMES_EVERY + 2) * BEACON_SECONDS
"""The time until the addresses of another instance are known by its beats."""

MakeLink = Callable[[int, MissedEvents, PeerListener], Link]
"""Creates the link of the address with this number, with the polling and the listener to use."""


class Links:
    def __init__(
        self, make: MakeLink, *, count: int, polling: MissedEvents, listener: PeerListener
    ) -> None:
        self._outages = _Outages(polling)
        ends = _Ends(listener, self._living_elsewhere)
        self._links = [
            make(number, self._outages.part(number), ends.part(number)) for number in range(count)
        ]
        self._task: asyncio.Task[None] | None = None
        most = count * MAX_CHARACTERS_WAITING
        show_weight("link", self, Links._waiting_characters, most=most)

    @property
    def up(self) -> bool:
        """Return whether events arrive through every address."""
        return not self.down_addresses

    @property
    def down_addresses(self) -> Sequence[str]:
        """Return the Redis addresses through which no events arrive."""
        return [address for link in self._links for address in link.down_addresses]

    @property
    def peers(self) -> frozenset[str]:
        """Return the other live instances by boot id, as far as is known."""
        return frozenset().union(*(link.peers for link in self._links))

    def start(self, *, connected: bool) -> None:
        """Start the links. `connected`: whether the first Redis has just answered."""
        first, *others = self._links
        first.start(connected=connected)
        for link in others:
            link.start(connected=True)  # it notices within three seconds if not
        self._task = start_task(repeat(self._compare, failed="link.comparison_failed"))

    async def stop(self, *, goodbye: bool) -> None:
        """Stop all links, see `Link.stop`."""
        if self._task is not None:
            await stop_tasks(self._task)
        await asyncio.gather(*(link.stop(goodbye=goodbye) for link in self._links))

    def follow(self, conversation_id: str) -> None:
        self._of(conversation_id).follow(conversation_id)

    def unfollow(self, conversation_id: str) -> None:
        self._of(conversation_id).unfollow(conversation_id)

    def publish_batch(self, batch: Batch) -> None:
        self._of(batch.conversation_id).publish_batch(batch)

    def publish_people(self, conversation_id: str, version: int, added: Sequence[str]) -> None:
        self._of(conversation_id).publish_people(conversation_id, version, added)

    def publish_soft(self, event: SoftEvent) -> None:
        self._of(event.conversation_id).publish_soft(event)

    def publish_blocks(self, conversation_id: str) -> None:
        self._of(conversation_id).publish_blocks(conversation_id)

    async def announce_access(self, access: Access) -> None:
        """Announce a change of access through every address, so that one of them is enough. See
        `Link.announce_access`."""
        await asyncio.gather(*(link.announce_access(access) for link in self._links))

    def repeat(self, conversation_id: str, version: int, user_ids: Iterable[str]) -> None:
        self._of(conversation_id).repeat(conversation_id, version, user_ids)

    def _of(self, conversation_id: str) -> Link:
        return self._links[zlib.crc32(conversation_id.encode()) % len(self._links)]

    def _waiting_characters(self) -> int:
        return sum(link.waiting_characters for link in self._links)

    def _living_elsewhere(self, number: int) -> frozenset[str]:
        """Return the instances that are heard through another address than this one."""
        others = self._links[:number] + self._links[number + 1 :]
        return frozenset().union(*(link.peers for link in others))

    async def _compare(self) -> None:
        """Compare the addresses with those of the other instances."""
        differs = any(link.use_other_addresses for link in self._links)
        if differs and not self._outages.differs:
            logger.error(
                "link.other_addresses",
                addresses=len(self._links),
                hint="Give every instance the same addresses in REDIS_URL, in the same order.",
            )
        self._outages.set_differs(differs=differs)
        await asyncio.sleep(BEACON_SECONDS)


AnyLink = Link | Links


class _Outages:
    """Merges the outages of the links: the polling goes on until the last one is over."""

    def __init__(self, polling: MissedEvents) -> None:
        self._polling = polling
        self._down: set[int] = set()
        self.differs = False

    def part(self, number: int) -> MissedEvents:
        return _PartOfPolling(self, number)

    def set_differs(self, *, differs: bool) -> None:
        if differs and not self.differs:
            self.differs = True
            self._polling.link_down(time.monotonic() - _NOTICED_SECONDS)
        elif self.differs and not differs:
            self.differs = False
            self._up_if_all()

    def link_down(self, number: int, since: float) -> None:
        self._down.add(number)
        self._polling.link_down(since)

    def link_up(self, number: int) -> None:
        self._down.discard(number)
        self._up_if_all()

    def look_back(self, since: float) -> None:
        self._polling.look_back(since)

    def is_ahead(self, moment: datetime) -> bool:
        return self._polling.is_ahead(moment)

    def _up_if_all(self) -> None:
        if not self._down and not self.differs:
            self._polling.link_up()


class _PartOfPolling:
    """The polling, as the link of one address uses it."""

    def __init__(self, outages: _Outages, number: int) -> None:
        self._outages = outages
        self._number = number
        self.look_back = outages.look_back
        self.is_ahead = outages.is_ahead

    def link_down(self, since: float) -> None:
        self._outages.link_down(self._number, since)

    def link_up(self) -> None:
        self._outages.link_up(self._number)


class _Ends:
    """Passes on the end of an instance when it is heard through no address any more."""

    def __init__(
        self, listener: PeerListener, living_elsewhere: Callable[[int], frozenset[str]]
    ) -> None:
        self._listener = listener
        self._living_elsewhere = living_elsewhere

    def part(self, number: int) -> PeerListener:
        return _PartOfListener(self, self._listener, number)

    def ended(self, number: int, boot_id: str, heard_at: float) -> None:
        if boot_id not in self._living_elsewhere(number):
            self._listener.ended(boot_id, heard_at)


class _PartOfListener:
    """The listener, as the link of one address uses it."""

    def __init__(self, ends: _Ends, listener: PeerListener, number: int) -> None:
        self._ends = ends
        self._listener = listener
        self._number = number
        self.met = listener.met

    @property
    def registered(self) -> Collection[str]:
        return self._listener.registered

    def ended(self, boot_id: str, heard_at: float) -> None:
        self._ends.ended(self._number, boot_id, heard_at)
