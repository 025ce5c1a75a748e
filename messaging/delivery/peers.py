"""The other instances: who is heard from, who was not heard for a while, and whose lease ended.

No input or output here. The link tells what it hears; all moments are of the monotonic clock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from messaging.delivery.beacon import BEACON_SECONDS, REPEATS

LEASE_SECONDS = 8.0
_NEWS_SECONDS = 5.0
"""How long an instance may be in the registry before anybody here has looked."""


@dataclass(slots=True)
class _Peer:
    heard_at: float
    lease_end: float
    number: int | None
    """Of its last beacon; None where a jump would tell nothing, see `Peers.link_restored`."""


class Peers:
    def __init__(self, now: float) -> None:
        self._peers: dict[str, _Peer] = {}
        self._ended: set[str] = set()
        self._listening_since = now

    def heard(self, boot_id: str, number: int, now: float) -> float | None:
        """A beacon came. Returns the moment after which what its sender committed may have been
        missed here, where it lies further back than a beacon reaches; else None."""
        self._ended.discard(boot_id)
        known = self._peers.get(boot_id)
        self._peers[boot_id] = _Peer(now, now + LEASE_SECONDS, number)
        if known is not None:
            jumped = known.number is not None and number - known.number >= REPEATS
            return known.heard_at if jumped else None
        just_begun = now < self._listening_since + 2 * BEACON_SECONDS
        return None if number < REPEATS or just_begun else self._listening_since

    @property
    def alive(self) -> frozenset[str]:
        """Those heard of that have not ended, as far as is known."""
        return frozenset(self._peers)

    def goodbye(self, boot_id: str) -> None:
        """It has ended in order, with everything published."""
        self._peers.pop(boot_id, None)
        self._ended.add(boot_id)

    def registered(self, boot_ids: Iterable[str], now: float) -> None:
        """These are in the registry: one that ends before its first beacon is missed as well."""
        registered = set(boot_ids)
        for boot_id in registered - self._peers.keys() - self._ended:
            self._peers[boot_id] = _Peer(now - _NEWS_SECONDS, now + LEASE_SECONDS, 0)
        self._ended &= registered

    def link_restored(self, now: float) -> None:
        """Everybody has been silent. What was missed is read from the store anyway, so their
        next beacons may have any number; whoever stays silent now has ended meanwhile."""
        self._listening_since = now
        for peer in self._peers.values():
            peer.number = None
            peer.lease_end = now + LEASE_SECONDS

    def pop_ended(self, now: float) -> Sequence[tuple[str, float]]:
        """Those whose lease has ended without a goodbye, each with the moment it was heard last.
        Only to be asked while the own link is up: without it nobody is heard."""
        ended = [
            (boot_id, peer.heard_at)
            for boot_id, peer in self._peers.items()
            if peer.lease_end < now
        ]
        for boot_id, _ in ended:
            self.goodbye(boot_id)
        return ended
