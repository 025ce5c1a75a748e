"""The conversations that this process follows: from the first socket in one of them until a minute
after the last.

Of those that it has let go of it keeps what it knew, within bounds: where nothing happened since,
it goes on from there.
"""

import time
from collections import OrderedDict
from collections.abc import Mapping, Set
from typing import Protocol

from messaging.delivery.hub.connections import Connection
from messaging.delivery.hub.stream import Stream

_LINGER_SECONDS = 60.0
_MAX_FORGOTTEN = 10_000


class Subscriptions(Protocol):
    """What is needed of the link: which conversations' events are to come here."""

    def follow(self, conversation_id: str) -> None: ...
    def unfollow(self, conversation_id: str) -> None: ...


class Following:
    def __init__(self) -> None:
        self._subscriptions: Subscriptions | None = None
        self._streams: dict[str, Stream] = {}
        self._forgotten: OrderedDict[str, Stream] = OrderedDict()
        self._leaving: OrderedDict[str, float] = OrderedDict()

    def attach(self, subscriptions: Subscriptions) -> None:
        self._subscriptions = subscriptions

    def __getitem__(self, conversation_id: str) -> Stream:
        return self._streams[conversation_id]

    def get(self, conversation_id: str) -> Stream | None:
        """None for what is not followed."""
        return self._streams.get(conversation_id)

    @property
    def ids(self) -> Set[str]:
        return self._streams.keys()

    def latest(self, conversation_id: str) -> Stream | None:
        """The last state known here; None for what was never followed, or long ago."""
        return self._streams.get(conversation_id) or self._forgotten.get(conversation_id)

    def begin(
        self,
        conversation_id: str,
        version: int,
        seq: int,
        participants: Mapping[str, int],
        *,
        count: int | None,
    ) -> Stream:
        """From a state just read, or from what was known before if that is later. Not to be called
        for what is followed already. `participants`: those who matter here, as `Stream` keeps
        them; `count`: the number of all, if it is known."""
        stream = self._forgotten.pop(conversation_id, None)
        if stream is None or stream.version < version:
            stream = Stream(conversation_id, version, seq, participants, count=count)
        else:
            for user_id, joined in participants.items():
                stream.learn(user_id, version, joined)
            if stream.version == version:
                stream.count = count if stream.count is None else stream.count
        self._streams[conversation_id] = stream
        stream.followed = True
        if self._subscriptions is not None:
            self._subscriptions.follow(conversation_id)
        return stream

    def withdraw(self, stream: Stream, connection: Connection) -> None:
        """This connection's client is not in the conversation any more."""
        stream.withdraw(connection)
        self.leave_if_nobody(stream)

    def leave_if_nobody(self, stream: Stream) -> None:
        """A conversation of which nobody here was told is followed for another minute."""
        if not stream.told:
            self._leaving[stream.conversation_id] = time.monotonic() + _LINGER_SECONDS
            self._leaving.move_to_end(stream.conversation_id)

    def tidy(self) -> None:
        """Let go of the conversations that nobody here has been in for a minute."""
        now = time.monotonic()
        while self._leaving:
            conversation_id, deadline = next(iter(self._leaving.items()))
            if deadline > now:
                return
            del self._leaving[conversation_id]
            stream = self._streams.get(conversation_id)
            if stream is None or stream.told:
                continue
            if stream.filling:  # what comes of it may concern somebody here
                self.leave_if_nobody(stream)
            else:
                self._forget(stream)

    def clear(self) -> None:
        """Let go of everything at once, and of what was kept of earlier conversations."""
        for stream in self._streams.values():
            stream.followed = False
            for connection in tuple(stream.told):
                stream.withdraw(connection)
            if self._subscriptions is not None:
                self._subscriptions.unfollow(stream.conversation_id)
        self._streams.clear()
        self._forgotten.clear()
        self._leaving.clear()

    def _forget(self, stream: Stream) -> None:
        del self._streams[stream.conversation_id]
        stream.followed = False
        self._forgotten[stream.conversation_id] = stream
        if len(self._forgotten) > _MAX_FORGOTTEN:
            self._forgotten.popitem(last=False)
        if self._subscriptions is not None:
            self._subscriptions.unfollow(stream.conversation_id)
