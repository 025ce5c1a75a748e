"""The move to the other kind of store, as its processes and its command see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Phase(StrEnum):
    IDLE = "idle"
    """Nothing is being moved."""
    FOLLOWING = "following"
    """The store is copied; processes record what they change."""
    FREEZING = "freezing"
    """No process writes any more, or it is about to stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    phase: Phase = Phase.IDLE
    step: int = 0
    """It grows with each change of the phase."""
    source: str = ""
    target: str = ""
    """The kinds of stores of the latest move."""
    in_force: str = ""
    """The kind of store that every process uses; empty if `CHAT_STORE` decides."""
    owner: str = ""
    """The command that moves or copies; empty if none has a lease."""
    passed_at: datetime | None = None
    """When the latest complete comparison of both stores began; None if the copy may lack
    something that is not recorded as a change."""
    moved_to: str = ""
    """The target of the latest switch. `CHAT_STORE` must name it once the move is confirmed. Empty
    if nothing was moved, or an operator has allowed the former store."""

    def kind_for(self, setting: str) -> str:
        """Return the kind of store that a process with this `CHAT_STORE` uses. Raises
        FormerStore."""
        if self.has_left(setting):
            raise FormerStore(setting, self.moved_to)
        return self.in_force or setting

    def has_left(self, setting: str) -> bool:
        """Return whether a confirmed move has left the store that this `CHAT_STORE` names."""
        return not self.in_force and self.moved_to not in {"", setting}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreProcess:
    """A process that uses the store, as it has last reported."""

    boot_id: str
    name: str
    role: str
    """`instance`, `worker` or `command`."""
    setting: str
    """Its `CHAT_STORE`."""
    kind: str
    """The kind of store that it uses."""
    step: int
    """The step of the move that it has acknowledged."""
    unseen_seconds: float
    """The seconds since its latest report."""
    lapsed_seconds: float | None
    """The seconds since it may not write any more; negative while it may. None if it has not joined
    the move."""
    unwatched_until: datetime | None
    """Until when it may have written something without recording it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a process says of itself."""

    boot_id: str
    name: str
    role: str
    setting: str
    kind: str
    step: int = 0
    watched: bool = False
    """Whether it records what it changes."""
    lease: float | None = None
    """For how many seconds it may write; None outside of a move."""
    touched: Sequence[str] = ()
    """What it has changed since its latest report."""


@dataclass(frozen=True, slots=True)
class Touched:
    key: str
    stamp: int


class FormerStore(Exception):
    """A confirmed move has left the store that `CHAT_STORE` names. The argument is a sentence for
    operators."""

    def __init__(self, setting: str, moved_to: str) -> None:
        super().__init__(
            f"CHAT_STORE is {setting}, but the store was moved to {moved_to}. Set "
            f"CHAT_STORE={moved_to}. If you mean the {setting} store, run `manage.py move_store "
            "--forget` first."
        )


class Busy(Exception):
    """Another command moves or copies the store. The argument is its id."""
