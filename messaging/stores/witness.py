"""What the store has shown to this process, so that a restored backup is noticed.

Reads are strongly consistent: a read that begins after a version was seen shows that version or a
later one. Where it shows less, or the same version written by another commit, the store was set
back. Only answers of the store count, never what other instances say.

No input or output here.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import StoreUnavailable
from messaging.stores.conversations import CommitUnknown

logger = structlog.get_logger(__name__)

_MAX_KNOWN = 20_000
"""Conversations, and as many positions. Each takes about 300 bytes, whatever clients store."""
_POSITION_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Mark:
    """The beginning of a call."""

    history: int
    number: int


@dataclass(frozen=True, slots=True)
class _Seen:
    version: int
    commit_id: str
    number: int


class Witness:
    """One for each store object. Bounded, least recently seen out first."""

    def __init__(self) -> None:
        self.on_contradiction: Callable[[], None] = lambda: None
        """Called each time the store is found to have been set back."""
        self._history = 0
        self._number = 0
        self._seen: OrderedDict[str, _Seen] = OrderedDict()
        self._latest: tuple[datetime, str] | None = None
        self._positions: OrderedDict[tuple[str, str], float] = OrderedDict()

    def moved_position(self, conversation_id: str, user_id: str) -> None:
        """This process has moved somebody's position: whether it may was judged before."""
        key = (conversation_id, user_id)
        self._positions[key] = time.monotonic()
        self._positions.move_to_end(key)
        if len(self._positions) > _MAX_KNOWN:
            self._positions.popitem(last=False)

    def pop_positions(self) -> Mapping[str, Sequence[str]]:
        """Return those of the last two minutes, people by conversation id, and forget them. After a
        restore they may be beyond the last message: what comes next would not be unread."""
        horizon = time.monotonic() - _POSITION_SECONDS
        found: dict[str, list[str]] = {}
        for (conversation_id, user_id), at in self._positions.items():
            if at >= horizon:
                found.setdefault(conversation_id, []).append(user_id)
        self._positions.clear()
        return found

    @property
    def latest(self) -> str | None:
        """The id of the conversation with the latest change that the store has shown: where a
        restore forgets anything seen here, it forgets this."""
        return None if self._latest is None else self._latest[1]

    @property
    def history(self) -> int:
        """Changes when `forget` is called: what was read before belongs to another history."""
        return self._history

    def begin(self) -> Mark:
        """Take this before a call to the store, and hand it in with the answer."""
        return Mark(self._history, self._number)

    def committed(self, mark: Mark, conversation: Conversation) -> None:
        """Raises CommitUnknown for an answer from before `forget`."""
        if mark.history != self._history:
            raise CommitUnknown
        self._note(conversation)

    def read(self, mark: Mark, *conversations: Conversation) -> None:
        """Raises StoreUnavailable for an answer from before `forget`: asking again helps."""
        self._require_current(mark)
        for conversation in conversations:
            seen = self._seen_before(mark, conversation.id)
            if seen is not None and (
                conversation.version < seen.version
                or (
                    conversation.version == seen.version
                    and conversation.commit_id != seen.commit_id
                )
            ):
                self._contradicted(conversation.id, seen, conversation.version)
            else:
                self._note(conversation)

    def listed(self, mark: Mark, versions: Iterable[tuple[str, int]]) -> None:
        """Ids and versions of conversations that were read in part: they are compared, and not
        remembered. Raises as `read`."""
        self._require_current(mark)
        for conversation_id, version in versions:
            seen = self._seen_before(mark, conversation_id)
            if seen is not None and version < seen.version:
                self._contradicted(conversation_id, seen, version)

    def absent(self, mark: Mark, conversation_id: str) -> None:
        """The store has no such conversation. Raises as `read`."""
        self._require_current(mark)
        seen = self._seen_before(mark, conversation_id)
        if seen is not None:
            self._contradicted(conversation_id, seen, None)

    def forget(self) -> None:
        """The store has another history from now on."""
        self._history += 1
        self._seen.clear()
        self._latest = None

    def _require_current(self, mark: Mark) -> None:
        if mark.history != self._history:
            raise StoreUnavailable

    def _seen_before(self, mark: Mark, conversation_id: str) -> _Seen | None:
        seen = self._seen.get(conversation_id)
        return None if seen is None or seen.number > mark.number else seen

    def _note(self, conversation: Conversation) -> None:
        known = self._seen.get(conversation.id)
        if known is not None and known.version >= conversation.version:
            self._seen.move_to_end(conversation.id)
            return
        self._number += 1
        self._seen[conversation.id] = _Seen(
            conversation.version, conversation.commit_id, self._number
        )
        self._seen.move_to_end(conversation.id)
        if len(self._seen) > _MAX_KNOWN:
            self._seen.popitem(last=False)
        if self._latest is None or conversation.updated_at >= self._latest[0]:
            self._latest = (conversation.updated_at, conversation.id)

    def _contradicted(self, conversation_id: str, seen: _Seen, version: int | None) -> None:
        logger.warning(
            "store.set_back",
            conversation_id=conversation_id,
            seen_version=seen.version,
            version=version,
        )
        self.on_contradiction()
