"""The versions that the store has shown to this process, to detect a restored backup.

Reads are strongly consistent: a read that begins after a version was seen shows that version or a
later one. If it shows a lower version, or the same version from another commit, a backup was
restored. Only answers of the store count, never messages of other instances.

This module does no input or output.
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
"""The number of conversations, and of positions. Each takes about 300 bytes, whatever clients
store."""
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
    """A witness of one store object. It is bounded, and evicts the least recently seen."""

    def __init__(self) -> None:
        self.on_contradiction: Callable[[], None] = lambda: None
        """Called each time a restore is detected."""
        self._history = 0
        self._number = 0
        self._seen: OrderedDict[str, _Seen] = OrderedDict()
        self._latest: tuple[datetime, str] | None = None
        self._positions: OrderedDict[tuple[str, str], float] = OrderedDict()

    def moved_position(self, conversation_id: str, user_id: str) -> None:
        """Record that this process has moved a person's position, which was authorized before."""
        key = (conversation_id, user_id)
        self._positions[key] = time.monotonic()
        self._positions.move_to_end(key)
        if len(self._positions) > _MAX_KNOWN:
            self._positions.popitem(last=False)

    def pop_positions(self) -> Mapping[str, Sequence[str]]:
        """Return and drop the positions of the last two minutes, as people by conversation id.
        After a restore they may be beyond the last message; then new messages would not count as
        unread."""
        horizon = time.monotonic() - _POSITION_SECONDS
        found: dict[str, list[str]] = {}
        for (conversation_id, user_id), at in self._positions.items():
            if at >= horizon:
                found.setdefault(conversation_id, []).append(user_id)
        self._positions.clear()
        return found

    @property
    def latest(self) -> str | None:
        """Return the id of the conversation with the latest change that the store has shown. If a
        restore loses anything seen here, it loses this."""
        return None if self._latest is None else self._latest[1]

    @property
    def history(self) -> int:
        """Return the id of the history. It changes when `forget` is called: earlier reads belong to
        another history."""
        return self._history

    def begin(self) -> Mark:
        """Return a mark to take before a call to the store, and to pass with the answer."""
        return Mark(self._history, self._number)

    def committed(self, mark: Mark, conversation: Conversation) -> None:
        """Check the answer of a commit. Raises CommitUnknown for an answer from before `forget`."""
        if mark.history != self._history:
            raise CommitUnknown
        self._note(conversation)

    def read(self, mark: Mark, *conversations: Conversation) -> None:
        """Check a conversation that was read. Raises StoreUnavailable for an answer from before
        `forget`; a retry helps."""
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
        """Check ids and versions of conversations that were read in part. They are compared, but
        not recorded. Raises the same errors as `read`."""
        self._require_current(mark)
        for conversation_id, version in versions:
            seen = self._seen_before(mark, conversation_id)
            if seen is not None and version < seen.version:
                self._contradicted(conversation_id, seen, version)

    def absent(self, mark: Mark, conversation_id: str) -> None:
        """Check the absence of a conversation. Raises the same errors as `read`."""
        self._require_current(mark)
        seen = self._seen_before(mark, conversation_id)
        if seen is not None:
            self._contradicted(conversation_id, seen, None)

    def forget(self) -> None:
        """Start a new history."""
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
