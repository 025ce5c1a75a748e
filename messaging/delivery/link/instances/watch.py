"""Watches the other instances: hears their beacons and beats, and reports which have ended.

Beacons go to all while there are few instances. Among many instances, each beats instead.
"""

import time
from collections.abc import Callable, Collection
from typing import Protocol

import structlog

from messaging.delivery.link.beacon import BEACON_SECONDS
from messaging.delivery.link.encoding import VERSION
from messaging.delivery.link.instances.peers import Peers
from messaging.delivery.link.messages import Beacon
from messaging.instruments.log_sampling import Sparing
from messaging.redis.beats import NAMES_EVERY, Beats

logger = structlog.get_logger(__name__)

MAX_BEACONS = 100
"""The most instances that send their beacons to all, unless a setting says otherwise."""
_OVERLAP_SECONDS = (NAMES_EVERY + 2) * BEACON_SECONDS
_MAX_NAMED = 10


class PeerListener(Protocol):
    """Receives reports on the other instances, and knows which of them are registered."""

    @property
    def registered(self) -> Collection[str]:
        """Return the boot ids of the other instances in the registry."""

    def met(self, boot_id: str) -> None:
        """Note an instance that sends beacons and is not registered."""

    def ended(self, boot_id: str, heard_at: float) -> None:
        """Handle the end of an instance without a goodbye, with the time when it was last heard by
        the monotonic clock."""


class InstanceWatch:
    def __init__(
        self,
        *,
        listener: PeerListener,
        look_back: Callable[[float], None],
        lines: Sparing,
        beats: Beats | None,
        max_beacons: int,
    ) -> None:
        """Create a watch. `look_back` is called with a time of the monotonic clock since when
        commits may have been missed. Without `beats`, beacons always go to all."""
        self._listener = listener
        self._look_back = look_back
        self._lines = lines
        self._beats = beats
        self._max_beacons = max_beacons
        self._peers = Peers(time.monotonic())
        self._quiet_since: float | None = None

    def start(self, now: float) -> None:
        self._peers = Peers(now)
        self._quiet_since = None

    async def leave(self) -> None:
        """Stop to beat, within a second."""
        if self._beats is not None:
            await self._beats.leave()

    async def close(self) -> None:
        if self._beats is not None:
            await self._beats.close()

    @property
    def alive(self) -> frozenset[str]:
        """Return the instances that have not ended, by boot id, as far as is known."""
        return self._peers.alive

    @property
    def count(self) -> int:
        """Return the number of instances, this one included, as far as is known."""
        return len(self._peers.alive) + 1

    @property
    def quiet(self) -> bool:
        """Return whether the beats of this instance replace its beacons to all, and every other
        instance has a group of its own."""
        return self._peers.need_no_beacons(time.monotonic(), most=self._max_beacons)

    def needs_beacon(self) -> bool:
        """Return whether the next beacon must go to all. Those of an instance that becomes quiet go
        on until the others have read it in its beats."""
        if not self.quiet:
            self._quiet_since = None
            return True
        now = time.monotonic()
        if self._quiet_since is None:
            self._quiet_since = now
        return now < self._quiet_since + _OVERLAP_SECONDS

    @property
    def use_other_addresses(self) -> bool:
        """Return whether another instance uses other Redis addresses, or another order of them, so
        that its events may not arrive here. False without beats."""
        return self._beats is not None and self._peers.use_other_addresses(
            self._beats.own.addresses
        )

    def common_version(self) -> int:
        """Return the newest version of messages that all instances read."""
        return self._peers.common_version(time.monotonic(), highest=VERSION)

    def link_restored(self, now: float) -> None:
        self._peers.link_restored(now)

    async def beat(self) -> None:
        """Renew the own beat, and note those of the others."""
        if self._beats is None:
            return
        beats = await self._beats.beat(quiet=self.quiet)
        if beats is not None:
            missed_since = self._peers.note_beats(beats, time.monotonic())
            if missed_since is not None:
                self._look_back(missed_since)
                self._say("link.beats_missed")

    def on_beacon(self, beacon: Beacon, sender: str) -> None:
        """Handle a beacon of another instance."""
        if sender not in self._listener.registered:
            self._listener.met(sender)
        missed_since = self._peers.note_beacon(
            sender,
            beacon.number,
            time.monotonic(),
            reads=beacon.reads,
            needs_beacons=not beacon.echo,
        )
        if missed_since is not None:
            self._look_back(missed_since)
            self._say("link.beacons_missed", boot_id=sender)

    def on_goodbye(self, sender: str) -> None:
        """Handle the goodbye of another instance."""
        self._peers.goodbye(sender)

    def check(self, now: float) -> None:
        """Report the instances whose lease has ended. Call this only while the link is up."""
        self._peers.note_registered(self._listener.registered, now)
        ended = self._peers.pop_ended(now)
        if not ended:
            return
        self._look_back(min(heard_at for _, heard_at in ended))
        unsaid = self._lines.take()
        if unsaid is not None:
            named = [boot_id for boot_id, _ in ended[:_MAX_NAMED]]
            logger.warning("link.peer_ended", boot_ids=named, ended=len(ended), unsaid=unsaid)
        for boot_id, heard_at in ended:
            self._listener.ended(boot_id, heard_at)

    def _say(self, action: str, **values: str) -> None:
        unsaid = self._lines.take()
        if unsaid is not None:
            logger.info(action, unsaid=unsaid, **values)
