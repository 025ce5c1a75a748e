"""What this process knows of single changes, until they are delivered: the store shows only what
they have led to.

It is bounded. A change that is not known any more comes as `message.updated` or
`conversation.updated`.
"""

from collections import OrderedDict
from collections.abc import Sequence

from messaging.domain.change import Change, ChangeType
from messaging.webhooks.changes import Hint, Hints, hint_of

MAX_CONVERSATIONS = 5_000
MAX_CHANGES = 100
"""Of one conversation: the latest."""
_MAX_PEOPLE = 100
"""More people in one change are told as a change of the conversation."""


class HintList:
    def __init__(self) -> None:
        self._hints: OrderedDict[str, OrderedDict[int, Hint]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._hints)

    def note(self, conversation_id: str, changes: Sequence[Change]) -> dict[int, Hint]:
        """Keep what a commit of this process changed, and return it. Messages that were created
        need no hint."""
        found = {
            one.version: hint_of(one)
            for one in changes
            if one.type is not ChangeType.MESSAGE_CREATED and len(one.participants) <= _MAX_PEOPLE
        }
        if found:
            self.add(conversation_id, found)
        return found

    def add(self, conversation_id: str, hints: Hints) -> None:
        known = self._hints.setdefault(conversation_id, OrderedDict())
        known.update(hints)
        while len(known) > MAX_CHANGES:
            known.popitem(last=False)
        self._hints.move_to_end(conversation_id)
        if len(self._hints) > MAX_CONVERSATIONS:
            self._hints.popitem(last=False)

    def of(self, conversation_id: str) -> Hints:
        return self._hints.get(conversation_id, {})

    def clear(self) -> None:
        """Forget everything: the store was restored."""
        self._hints.clear()
