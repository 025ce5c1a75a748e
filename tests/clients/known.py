"""What a client knows of a conversation, and what a server may do wrong."""

from dataclasses import dataclass, field
from enum import Enum

from tests.clients.rest import Data


class Wrong(Enum):
    """What a server may have done to the one who says so."""

    LOST = "not there"
    DOUBLED = "the same twice"
    DISORDERED = "not in order"
    LEAKED = "of a conversation one is not in"
    HOLE = "a hole of which nobody told"
    LATE = "later than promised"
    BROKEN = "not as the contract says"


@dataclass(frozen=True, slots=True)
class Violation:
    wrong: Wrong
    text: str

    def __str__(self) -> str:
        return f"{self.wrong.value}: {self.text}"


@dataclass(slots=True)
class Arrival:
    seq: int
    version: int
    id: str
    at: float | None
    """When the event was read from the socket (`time.perf_counter`); None for what was loaded."""


@dataclass(slots=True)
class Stay:
    """From being told of a conversation to being told that it is over."""

    messages: list[Arrival] = field(default_factory=list)
    above: int = 0
    """Only messages above this version are here: it was over before it could be loaded."""
    over: bool = False
    cut_short: bool = False
    """Over by `conversation.removed`: the last changes before it may be missing."""


@dataclass(slots=True, eq=False)
class Known:
    """What a client holds of one conversation."""

    stays: list[Stay]
    announced: int
    """The version that `hello` or `conversation.added` named."""
    on_wire: int
    """The highest version named or seen on this socket; events are above it."""
    cursor: int | None = None
    """None until it is loaded."""
    loading: bool = False
    held: list[tuple[Data, float]] = field(default_factory=list)
    latest_sync: int | None = None
    hole_told: bool = False
    """Whether `resync` said that what comes next does not follow what came last."""
    left_unseen: bool = False
    """Over by the answer to a sync: this socket may not have been told yet."""
    seen: set[int] = field(default_factory=set)
    """The versions that came on this socket."""

    messages: dict[str, Data] = field(default_factory=dict)
    floor_seq: int = 0
    """All messages above it are here; some below may be."""
    top_seq: int = 0
    uncounted: set[int] = field(default_factory=set)
    """The numbers of the messages that are unread for nobody."""
    title: str | None = None
    people: frozenset[str] | None = None
    """None where the conversation is too large to list them."""

    @property
    def stay(self) -> Stay:
        return self.stays[-1]

    @property
    def inside(self) -> bool:
        return not self.stay.over
