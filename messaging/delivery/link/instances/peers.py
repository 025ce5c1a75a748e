"""The other instances: which are alive, whose beacons were missed, and whose lease has ended.

An instance is heard by its beacons. If there are many instances, their beacons no longer go to all:
they are quiet, and heard by their beats (`messaging.redis.beats`).

This is a state machine without input or output. All times are by the monotonic clock.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from messaging.delivery.link.beacon import BEACON_SECONDS, REPEATS
from messaging.redis.beats import SILENT_SECONDS, Beating, BeatsRead
from messaging.redis.untrusted_values import MAX_INSTANCES

LEASE_SECONDS = 8.0
_MISSED_SECONDS = 4.0 * BEACON_SECONDS
"""The silence after which commits of an instance may not have arrived here. A silence is seen up to
a beat before its end, and a commit is reported for longer than this silence and a beat
(`messaging.delivery.link.beacon`)."""
_MAX_PEERS = MAX_INSTANCES
"""Further instances are ignored."""
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
    needs_beacons: bool = False
    """Whether its release knows the others by their beacons alone."""
    silence: float = 0.0
    """The seconds since its last beat, at the latest read; 0.0 if that was just before."""
    quiet: bool = False
    """Whether its beats have prolonged its lease last."""


class Peers:
    def __init__(self, now: float) -> None:
        self._peers: dict[str, _Peer] = {}
        self._ended: dict[str, _Peer | None] = {}
        """The ended instances, with their last state: anyone on Redis could forge a goodbye."""
        self._looked_for_stranger_at = now - _STRANGER_SECONDS
        self._registered: frozenset[str] = frozenset()
        self._listening_since = now
        self._beating: Mapping[str, Beating] = {}
        """The instances that beat, as of the last read of all names."""
        self._beats_read_at: float | None = None

    def note_beacon(
        self,
        boot_id: str,
        number: int,
        now: float,
        *,
        reads: int = 1,
        needs_beacons: bool = False,
    ) -> float | None:
        """Note a beacon to all. Return the time since when the sender's commits may have been
        missed here, if that is further back than a beacon reaches; otherwise None.

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
        self._peers[boot_id] = _Peer(
            now,
            now + LEASE_SECONDS,
            number,
            reads,
            registered,
            needs_beacons,
            silence=0.0 if known is None else known.silence,
        )
        if known is not None:
            expected = known.number is None or 0 < number - known.number < REPEATS
            return None if expected else known.heard_at
        return self._listening_since if new else None

    def note_beats(self, beats: BeatsRead, now: float) -> float | None:
        """Note a read of the beats. Return the time since when commits of quiet instances may have
        been missed here: one was silent and beats again, or this instance could not read for some
        time. Otherwise None."""
        missed: list[float] = []
        read_at, self._beats_read_at = self._beats_read_at, now
        if read_at is not None and now - read_at > _MISSED_SECONDS:
            missed += [read_at - SILENT_SECONDS for peer in self._peers.values() if peer.quiet][:1]
        if beats.everyone is not None:
            self._beating = beats.everyone
            self._meet(beats, now)
        for boot_id, beating in self._beating.items():
            peer = self._peers.get(boot_id)
            if peer is None:
                continue  # it has ended
            peer.reads = beating.reads
            if not beating.quiet:
                continue  # its beacons count
            silence = beats.silent.get(boot_id, 0.0)
            if peer.silence > _MISSED_SECONDS >= silence:
                missed.append(peer.heard_at)
            peer.silence = silence
            heard_at = now - max(silence, SILENT_SECONDS)
            if heard_at > peer.heard_at:
                peer.heard_at, peer.lease_end = heard_at, heard_at + LEASE_SECONDS
                peer.quiet = True
        return min(missed, default=None)

    def _meet(self, beats: BeatsRead, now: float) -> None:
        """Add the quiet instances that are not known: they have just started, or counted as
        ended."""
        for boot_id, beating in self._beating.items():
            if not beating.quiet or boot_id in self._peers or boot_id in beats.silent:
                continue
            if not self._make_room(boot_id):
                continue
            peer = self._ended.pop(boot_id, None)
            if peer is None:
                heard_at = now - SILENT_SECONDS
                peer = _Peer(heard_at, heard_at + LEASE_SECONDS, None, beating.reads)
            peer.registered = boot_id in self._registered
            self._peers[boot_id] = peer

    def need_no_beacons(self, now: float, *, most: int) -> bool:
        """Return whether more than `most` instances run, this one included, and every one of them
        knows the others by their beats. False until each has had time to send a beacon."""
        return (
            self._beats_read_at is not None
            and now >= self._listening_since + _SETTLE_SECONDS
            and len(self._peers) >= most
            and not any(peer.needs_beacons for peer in self._peers.values())
        )

    def use_other_addresses(self, addresses: str) -> bool:
        """Return whether a live instance uses other Redis addresses than those of this digest, or
        another order of them. Call this only if there are several: earlier releases use one.

        Anyone on Redis can invent a beacon, so a beacon alone shows nothing.
        """
        return any(
            boot_id in self._peers and beating.addresses != addresses
            for boot_id, beating in self._beating.items()
        ) or any(peer.registered and peer.needs_beacons for peer in self._peers.values())

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
            peer.silence = 0.0
        for ended in self._ended.values():
            if ended is not None:
                ended.number = None

    def pop_ended(self, now: float) -> Sequence[tuple[str, float]]:
        """Return the instances whose lease has ended without a goodbye, each with the time when it
        was last heard: those of the registry, and up to four others. Call this only while the own
        link is up: without it no beacon arrives."""
        read_at = self._beats_read_at
        unread = read_at is not None and now - read_at > SILENT_SECONDS
        ended = {
            boot_id: peer
            for boot_id, peer in self._peers.items()
            if peer.lease_end < now and not (unread and peer.quiet)
        }
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
