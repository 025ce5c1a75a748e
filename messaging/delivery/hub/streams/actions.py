"""The actions of a stream. The hub executes them in order and without an await in between.

One action contains all connections that it concerns: there is no object per socket.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from messaging.delivery.hub.connections import Connection
from messaging.domain.conversation import Conversation


class Deliver(Struct, frozen=True, gc=False):
    """Write the frame of the next version to these connections."""

    frame: str
    connections: Sequence[Connection]


class Replay(Struct, frozen=True, gc=False):
    """Write the frames from the version `since` to the state that was read. A connection gets only
    the frames above its floor."""

    since: int
    connections: Sequence[Connection]
    floors: Mapping[Connection, int]


class Announce(Struct, frozen=True, gc=False):
    """Inform these clients that they are in the conversation."""

    connections: Sequence[Connection]
    frame: str | None
    """None: encode the state that the stream was given."""


class Withdraw(Struct, frozen=True, gc=False):
    """Inform these clients that they are no longer in the conversation."""

    connections: Sequence[Connection]
    notify: bool
    """Whether to send `conversation.removed`. A delivered removal is its own notice."""


class Fill(Struct, frozen=True, gc=False):
    """Read the missing versions, until the stream requests no further read."""

    wait: bool
    """Whether the missing versions may still arrive."""


class Reread(Struct, frozen=True, gc=False):
    """Read the conversation and introduce its state: a connected person here may be in it."""


class Read(Struct, frozen=True, gc=False):
    """A read of the store that a stream has requested."""

    since: int
    """The version that was delivered last when the read began."""
    known: int
    """The highest version known then."""
    state: Conversation | None
    """A state of the conversation above `since` that is already available; None: read it."""


Action = Deliver | Replay | Announce | Withdraw | Fill | Reread
