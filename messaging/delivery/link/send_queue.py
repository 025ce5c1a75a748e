"""The send queue: one publish carries all waiting messages of a group.

Publishes are round trips to Redis, one at a time. All commits during one go together into the next.
If many conversations wait because Redis is slow, everything goes to the group of all instances at
once, so no conversation waits for the others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from messaging.delivery.batch import Batch, SoftEvent
from messaging.delivery.link.messages import LinkMessage, PeopleChanged

_MAX_ITEMS = 1_000
_MAX_CHARACTERS = 2 * 1024 * 1024
"""The maximum in one publish, except for a single item. Redis drops a subscriber with 32 MiB of
unread data (https://redis.io/docs/latest/develop/reference/clients/#output-buffer-limits)."""
_MAX_WAITING = 10_000
MAX_CHARACTERS_WAITING = 64 * 1024 * 1024
_EACH = 500
"""The characters of a message besides its frames, texts and user ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMessage:
    message: LinkMessage
    conversation_id: str
    version: int | None = None
    """The version that it reports; None if losing it is harmless."""
    repeated: bool = False
    """Whether it reports again what was published before, so that only its loss is noted."""
    added: Sequence[str] = ()
    size: int = field(init=False)
    """Approximate number of characters."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", _EACH + _characters_in(self.message))


class SendQueue:
    def __init__(self, everybody: str, *, many_groups: Callable[[], float]) -> None:
        """Create a queue. `everybody` is the group of all instances, to which everything goes while
        more than `many_groups` groups wait."""
        self._everybody = everybody
        self._many_groups = many_groups
        self._groups: dict[str, list[OutboundMessage]] = {}
        self._count = 0
        self._characters = 0

    def __len__(self) -> int:
        return self._count

    def characters(self) -> int:
        """Return the approximate number of waiting characters."""
        return self._characters

    @property
    def full(self) -> bool:
        return self._count >= _MAX_WAITING or self._characters >= MAX_CHARACTERS_WAITING

    def put(self, group: str, item: OutboundMessage) -> None:
        self._groups.setdefault(group, []).append(item)
        self._count += 1
        self._characters += item.size

    def take(self) -> tuple[str, Sequence[OutboundMessage]]:
        """Return the next publish: a group and its messages, first in, first out."""
        if len(self._groups) > self._many_groups():
            return self._everybody, self._take_from(list(self._groups))
        group = next(iter(self._groups))
        return group, self._take_from([group])

    def clear(self) -> Sequence[OutboundMessage]:
        """Empty the queue, and return its messages."""
        items = [item for waiting in self._groups.values() for item in waiting]
        self._groups.clear()
        self._count = self._characters = 0
        return items

    def _take_from(self, groups: Sequence[str]) -> Sequence[OutboundMessage]:
        taken: list[OutboundMessage] = []
        characters = 0
        for group in groups:
            waiting = self._groups.pop(group)
            for position, item in enumerate(waiting):
                if taken and (len(taken) == _MAX_ITEMS or characters + item.size > _MAX_CHARACTERS):
                    self._groups[group] = waiting[position:]
                    break
                taken.append(item)
                characters += item.size
            if group in self._groups:
                break
        self._count -= len(taken)
        self._characters -= characters
        return taken


def _characters_in(message: LinkMessage) -> int:
    """Return the characters of everything in a message that may be long."""
    match message:
        case Batch():
            frames = sum(len(one.frame) + len(one.announcement or "") for one in message.deliveries)
            own = sum(len(one.frame) for one in message.replacements or ())
            last = None if message.state is None else message.state.last_message
            return frames + own + (0 if last is None else len(last.text or ""))
        case SoftEvent():
            return len(message.frame or "") + len(message.own_frame or "")
        case PeopleChanged():
            return sum(map(len, message.added))
        case _:
            return 0
