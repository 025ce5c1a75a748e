"""The other instances: which are alive, whose beacons were missed, and whose lease has ended.

This is a state machine without input or output. All times are by the monotonic clock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from messaging.delivery.link.beacon import BEACON_SECONDS, REPEATS

LEASE_SECONDS = 8.0
_MAX_PEERS = 256
"""Further instances are ignored. Each sends a beacon a second to all the others."""
_MAX_STRANGERS = 4
"""How many instances that were never in the registry may end at the same time; further ones are
ignored. Redis may refuse the entry of a real instance, but many without an entry are forged."""
_MAX_ENDED = 1_000
_SETTLE_SECONDS = 3 * BEACON_SECONDS
"""The time after which every live instance has sent a beacon."""
_STRANGER_SECONDS = 10.0
"""The minimum time between two unknown instances that are not in the registry and have been sending
for some time. Their earlier commits are read from the store."""
_UNNOTICED_SECONDS = 5.0
"""How long an instance may be in the registry before this one has read it."""


@dataclass(slots=True)
class _Peer:
    heard_at: float
    lease_end: float
    number: int | None
    """The number of its last beacon; None if a jump means nothing, see `Peers.link_restored`."""
    reads: int = 1
    """The highest version of messages that it reads, from its last beacon."""
    registered: bool = False
    """Whether it was in the registry at the latest read."""


class Peers:
    def __init__(self, now: float) -> None:
        self._peers: dict[str, _Peer] = {}
        self._ended: dict[str, _Peer | None] = {}
        """The ended instances, with their last state: anyone on Redis could forge a goodbye."""
        self._looked_for_stranger_at = now - _STRANGER_SECONDS
        self._registered: frozenset[str] = frozenset()
        self._listening_since = now

    def note_beacon(self, boot_id: str, number: int, now: float, *, reads: int = 1) -> float | None:
        """Note a beacon. Return the time since when the sender's commits may have been missed here,
        if that is further back than a beacon reaches; otherwise None.

        Its numbers only rise. If one falls, the previous one was not its own.
        """
        known = self._peers.get(boot_id) or self._ended.get(boot_id)
        registered = boot_id in self._registered
        if known is not None and known.number == number:
            return None  # a repetition
        just_begun = now < self._listening_since + 2 * BEACON_SECONDS
        new = known is None and number >= REPEATS and not just_begun
        if new and not registered:
            # Anyone can invent one, and each makes this instance read far back in the store.
            if now < self._looked_for_stranger_at + _STRANGER_SECONDS:
                return None  # its next beacon is enough
            self._looked_for_stranger_at = now
        if boot_id not in self._peers and not self._make_room(boot_id):
            return None
        self._ended.pop(boot_id, None)
        self._peers[boot_id] = _Peer(now, now + LEASE_SECONDS, number, reads, registered)
        if known is not None:
            expected = known.number is None or 0 < number - known.number < REPEATS
            return None if expected else known.heard_at
        return self._listening_since if new else None

    @property
    def alive(self) -> frozenset[str]:
        """Return the instances that have not ended, as far as is known."""
        return frozenset(self._peers)

    def common_version(self, now: float, *, highest: int) -> int:
        """Return the highest version of messages that every live instance reads, as far as is
        known; version 1 until every instance has had time to send a beacon."""
        if now < self._listening_since + _SETTLE_SECONDS:
            return 1
        return min([highest, *(peer.reads for peer in self._peers.values())])

    def goodbye(self, boot_id: str) -> None:
        """Note that an instance has shut down in order, with everything published."""
        peer = self._peers.pop(boot_id, None)
        if peer is not None or len(self._ended) < _MAX_ENDED:
            self._ended[boot_id] = peer or self._ended.get(boot_id)
        while len(self._ended) > _MAX_ENDED:
            del self._ended[next(iter(self._ended))]

    def note_registered(self, boot_ids: Iterable[str], now: float) -> None:
        """Note the instances in the registry, so that one that crashes before its first beacon is
        missed too."""
        self._registered = frozenset(boot_ids)
        for boot_id in self._registered & self._peers.keys():
            self._peers[boot_id].registered = True
        for boot_id in self._registered - self._peers.keys() - self._ended.keys():
            if not self._make_room(boot_id):
                break
            heard_at, lease_end = now - _UNNOTICED_SECONDS, now + LEASE_SECONDS
            self._peers[boot_id] = _Peer(heard_at, lease_end, 0, registered=True)
        self._ended = {one: peer for one, peer in self._ended.items() if one in self._registered}

    def link_restored(self, now: float) -> None:
        """Accept any number in the next beacons: missed changes are read from the store anyway. An
        instance that stays silent from now on has ended meanwhile."""
        self._listening_since = now
        for peer in self._peers.values():
            peer.number = None
            peer.lease_end = now + LEASE_SECONDS
        for ended in self._ended.values():
            if ended is not None:
                ended.number = None

    def pop_ended(self, now: float) -> Sequence[tuple[str, float]]:
        """Return the instances whose lease has ended without a goodbye, each with the time of its
        last beacon: those of the registry, and up to four others. Call this only while the own link
        is up: without it no beacon arrives."""
        ended = {id_: peer for id_, peer in self._peers.items() if peer.lease_end < now}
        for boot_id in ended:
            self.goodbye(boot_id)
        strangers = [boot_id for boot_id, peer in ended.items() if not peer.registered]
        for invented in strangers[_MAX_STRANGERS:]:
            del ended[invented]
        return [(boot_id, peer.heard_at) for boot_id, peer in ended.items()]

    def _make_room(self, boot_id: str) -> bool:
        """Return whether one more instance can be tracked. One of the registry replaces one that
        was never in it."""
        if len(self._peers) < _MAX_PEERS:
            return True
        if boot_id not in self._registered:
            return False
        stranger = next((id_ for id_, peer in self._peers.items() if not peer.registered), None)
        if stranger is None:
            return False
        del self._peers[stranger]
        return True
