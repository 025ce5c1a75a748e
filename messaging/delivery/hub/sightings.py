"""Recent versions and additions, including those of conversations that this instance does not
follow yet.

They close two races: a newer version is announced while a conversation is being read, and a person
is added while their list is being read for `hello`.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Iterable

_KEPT_SECONDS = 60.0
_MAX_VERSIONS = 20_000
_MAX_ADDED = 20_000
"""About 8 MB at most."""


class RecentSightings:
    def __init__(self) -> None:
        self._versions: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._added: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._added_to: dict[str, set[str]] = {}
        self._forgot_at = -math.inf

    def note_version(self, conversation_id: str, version: int) -> None:
        version = max(version, self.version(conversation_id))
        self._versions[conversation_id] = (version, time.monotonic())
        self._versions.move_to_end(conversation_id)
        self._prune()

    def note_added(self, conversation_id: str, user_ids: Iterable[str]) -> None:
        for user_id in user_ids:
            self._added[user_id, conversation_id] = time.monotonic()
            self._added.move_to_end((user_id, conversation_id))
            self._added_to.setdefault(user_id, set()).add(conversation_id)
        self._prune()

    def clear(self) -> None:
        """Drop everything."""
        self._versions.clear()
        self._added.clear()
        self._added_to.clear()

    def version(self, conversation_id: str) -> int:
        """Return the highest version seen within the last minute; 0 if there was none."""
        return self._versions.get(conversation_id, (0, 0.0))[0]

    def added_to(self, user_id: str) -> frozenset[str]:
        """Return the conversations that this person was added to within the last minute."""
        return frozenset(self._added_to.get(user_id, ()))

    def forgot_since(self, moment: float) -> bool:
        """Return whether additions after this time of the monotonic clock were dropped because
        there were too many."""
        return self._forgot_at >= moment

    def _prune(self) -> None:
        horizon = time.monotonic() - _KEPT_SECONDS
        while self._versions and (
            len(self._versions) > _MAX_VERSIONS or next(iter(self._versions.values()))[1] < horizon
        ):
            self._versions.popitem(last=False)
        while self._added and (
            len(self._added) > _MAX_ADDED or next(iter(self._added.values())) < horizon
        ):
            (user_id, conversation_id), self._forgot_at = self._added.popitem(last=False)
            self._added_to[user_id].discard(conversation_id)
            if not self._added_to[user_id]:
                del self._added_to[user_id]
