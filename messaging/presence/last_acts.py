"""When people were last active, as far as this instance knows. The others learn of it through
Redis, where the latest time counts, whichever instance writes it first."""

import time
from collections.abc import Iterable, Mapping
from itertools import islice

from cachetools import LRUCache
from redis.asyncio.client import Pipeline

_KEPT_SECONDS = 30 * 24 * 3600
_MAX_KNOWN = 10_000
_MAX_WRITTEN = 1_000
"""In one write, whose commands take 20 ms to make. Nothing else runs meanwhile."""

_MOVE_FORWARD = """
local kept = redis.pcall('GET', KEYS[1])
local at = type(kept) == 'string' and tonumber(kept) or 0
-- Ahead of the clock of Redis: somebody else has written it.
if at >= tonumber(ARGV[1]) and at <= redis.call('TIME')[1] + 60 then return end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
"""


class LastActs:
    """Times are in seconds since the epoch, by user id."""

    def __init__(self) -> None:
        self._known: LRUCache[str, float] = LRUCache(_MAX_KNOWN)
        self._unwritten: dict[str, float] = {}
        """The earliest first. While Redis is gone, the latest are kept."""

    def note(self, user_id: str, *, shared: bool) -> None:
        """Record that a person has just acted. `shared`: whether there is a Redis to write it
        to."""
        now = time.time()
        self._known[user_id] = now
        if shared:
            self._unwritten.pop(user_id, None)
            self._unwritten[user_id] = now
            self._make_room()

    def merged(self, user_ids: Iterable[str], elsewhere: Mapping[str, float]) -> dict[str, float]:
        """Return when these people last acted, here or elsewhere, without those of whom nothing is
        known."""
        acted_at = dict(elsewhere)
        for user_id in user_ids:
            if user_id in self._known:
                acted_at[user_id] = max(self._known[user_id], acted_at.get(user_id, 0.0))
        return acted_at

    def take(self) -> Mapping[str, float]:
        """Return what is to be written next. `put_back` it if that fails."""
        taken = dict(islice(self._unwritten.items(), _MAX_WRITTEN))
        for user_id in taken:
            del self._unwritten[user_id]
        return taken

    @property
    def many_wait(self) -> bool:
        """Return whether as many wait as one write takes, as after an outage."""
        return len(self._unwritten) >= _MAX_WRITTEN

    def put_back(self, taken: Mapping[str, float]) -> None:
        """Keep what Redis may not have accepted, before what came meanwhile."""
        newer = self._unwritten
        earlier = {user_id: at for user_id, at in taken.items() if user_id not in newer}
        self._unwritten = {**earlier, **newer}
        self._make_room()

    def _make_room(self) -> None:
        while len(self._unwritten) > _MAX_KNOWN:
            del self._unwritten[next(iter(self._unwritten))]


def write(pipeline: Pipeline, acted: Mapping[str, float]) -> None:
    """Add the commands that write these times. A later time in Redis stays."""
    for user_id, at in acted.items():
        pipeline.eval(_MOVE_FORWARD, 1, key_of(user_id), f"{at:.3f}", str(_KEPT_SECONDS))


def key_of(user_id: str) -> str:
    """Return the key in Redis of a person's last act."""
    return f"chat:presence:acted:{user_id}"
