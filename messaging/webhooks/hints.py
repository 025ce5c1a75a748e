"""What this process knows of single changes, until they are delivered: the store shows only what
they have led to.

It is bounded in entries and bytes. A change that is not known any more comes as `message.updated`
or `conversation.updated`.
"""

from collections import OrderedDict
from collections.abc import Sequence

from messaging.domain.change import Change, ChangeType
from messaging.instruments.memory import MIB, Weight
from messaging.webhooks.changes import Hint, Hints, hint_of

MAX_CONVERSATIONS = 5_000
MAX_CHANGES = 100
"""Of one conversation: the latest."""
_MAX_PEOPLE = 100
"""More people in one change are told as a change of the conversation."""
_MAX_BYTES = 16 * MIB
_HINT_BYTES, _PERSON_BYTES = 1_500, 500
"""Slightly above the sizes that tracemalloc measures, with ids of 128 characters."""


class HintList:
    def __init__(self) -> None:
        self._hints: OrderedDict[str, OrderedDict[int, Hint]] = OrderedDict()
        self._weight = Weight("webhooks", most=_MAX_BYTES)

    def __len__(self) -> int:
        return len(self._hints)

    @property
    def bytes(self) -> int:
        """Return the approximate bytes of all hints."""
        return self._weight.bytes

    def add(self, conversation_id: str, hints: Hints) -> None:
        """Keep hints. Beyond the bounds, those of a conversation that got none for the longest time
        are dropped."""
        if not hints:
            return
        known = self._hints.setdefault(conversation_id, OrderedDict())
        for version, hint in hints.items():
            if version in known:
                self._weight.bytes -= _weigh(known[version])
            known[version] = hint
            self._weight.bytes += _weigh(hint)
        while len(known) > MAX_CHANGES:
            _, oldest = known.popitem(last=False)
            self._weight.bytes -= _weigh(oldest)
        self._hints.move_to_end(conversation_id)
        while len(self._hints) > MAX_CONVERSATIONS or self._weight.bytes > self._weight.most:
            _, dropped = self._hints.popitem(last=False)
            self._weight.bytes -= sum(map(_weigh, dropped.values()))

    def of(self, conversation_id: str) -> Hints:
        return self._hints.get(conversation_id, {})

    def clear(self) -> None:
        """Forget everything: the store was restored."""
        self._hints.clear()
        self._weight.bytes = 0


def hints_of(changes: Sequence[Change]) -> dict[int, Hint]:
    """Return what is to be remembered of the changes of a commit. Messages that were created need
    no hint."""
    return {
        one.version: hint_of(one)
        for one in changes
        if one.type is not ChangeType.MESSAGE_CREATED and len(one.participants) <= _MAX_PEOPLE
    }


def _weigh(hint: Hint) -> int:
    """Return its approximate bytes, with its share of the conversation's entry."""
    return _HINT_BYTES + _PERSON_BYTES * len(hint.detail.get("participants", ()))
