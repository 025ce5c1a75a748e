"""The conversations that this process follows: from the first local socket in one until a minute
after the last.

The streams of conversations that are no longer followed are kept, within bounds. If nothing has
happened since, the delivery continues from there.
"""

import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Protocol

from messaging.delivery.hub.connections import Connections
from messaging.delivery.hub.streams.stream import Stream

_LINGER_SECONDS = 60.0
_MAX_RELEASED = 10_000


class Subscriptions(Protocol):
    """The part of the link that is used here: subscriptions to the events of conversations."""

    def follow(self, conversation_id: str) -> None: ...
    def unfollow(self, conversation_id: str) -> None: ...


class Following:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._subscriptions: Subscriptions | None = None
        self.streams: dict[str, Stream] = {}
        """The followed conversations, by id."""
        self._released: OrderedDict[str, Stream] = OrderedDict()
        self._leaving: OrderedDict[str, float] = OrderedDict()

    def attach(self, subscriptions: Subscriptions) -> None:
        self._subscriptions = subscriptions

    def latest(self, conversation_id: str) -> Stream | None:
        """Return the last known state of a conversation that is or was followed; None if it was
        never followed, or long ago."""
        return self.streams.get(conversation_id) or self._released.get(conversation_id)

    def begin(
        self,
        conversation_id: str,
        version: int,
        seq: int,
        participants: Mapping[str, int],
        *,
        count: int | None,
    ) -> Stream:
        """Follow a conversation from a state that was just read, or from a later known one. Do not
        call this for a followed conversation. `participants` are those who matter here, as in
        `Roster`; `count` is the number of all, if known."""
        stream = self._released.pop(conversation_id, None)
        if stream is None or stream.version < version:
            stream = Stream(
                conversation_id,
                version,
                seq,
                participants,
                count=count,
                connections=self._connections,
            )
        else:
            stream.resume(version, participants, count)
        self.streams[conversation_id] = stream
        if self._subscriptions is not None:
            self._subscriptions.follow(conversation_id)
        return stream

    def leave_if_nobody(self, stream: Stream) -> None:
        """Keep following for another minute a conversation that no client here knows it is in."""
        if not stream.announced_to:
            self._leaving[stream.conversation_id] = time.monotonic() + _LINGER_SECONDS
            self._leaving.move_to_end(stream.conversation_id)

    def tidy(self) -> None:
        """Stop following the conversations that nobody here has been in for a minute."""
        now = time.monotonic()
        while self._leaving:
            conversation_id, deadline = next(iter(self._leaving.items()))
            if deadline > now:
                return
            del self._leaving[conversation_id]
            stream = self.streams.get(conversation_id)
            if stream is None or stream.announced_to:
                continue
            if stream.is_filling:  # its result may concern a person here
                self.leave_if_nobody(stream)
            else:
                self._release(stream)

    def clear(self) -> None:
        """Stop following everything at once, and forget what was kept of earlier conversations."""
        for stream in self.streams.values():
            stream.release()
            if self._subscriptions is not None:
                self._subscriptions.unfollow(stream.conversation_id)
        self.streams.clear()
        self._released.clear()
        self._leaving.clear()

    def _release(self, stream: Stream) -> None:
        del self.streams[stream.conversation_id]
        stream.release()
        self._released[stream.conversation_id] = stream
        if len(self._released) > _MAX_RELEASED:
            self._released.popitem(last=False)
        if self._subscriptions is not None:
            self._subscriptions.unfollow(stream.conversation_id)
