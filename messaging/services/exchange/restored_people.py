"""The people whom a load brings back after their erasure: they are erased again."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from messaging.domain.conversation import Conversation
from messaging.exchange.importing.converters import CONVERTERS
from messaging.exchange.named import people_of_conversation, people_of_message
from messaging.exchange.reading import Line
from messaging.exchange.records import (
    ConversationEnd,
    FullMessage,
    FullReport,
    Header,
    Person,
    Position,
)
from messaging.personal_data.evidence import Evidence, hash_of
from messaging.services.operators.restored_erasures import Reapplied, Reapplying
from messaging.stores import Stores

_REASON = "A file from before the erasure was loaded."
_CLOCKS_DIFFER = timedelta(minutes=10)


class RestoredPeople:
    def __init__(
        self,
        hashes: frozenset[str] = frozenset(),
        found: Mapping[str, int] | None = None,
        *,
        cut_off: datetime | None = None,
    ) -> None:
        """Create it. `hashes` are those of all erased people, `found` is what an earlier load of
        the file has found. `cut_off`: when that load began, if it was cut off. It did not know who
        was erased since then."""
        self._hashes = hashes
        self._cut_off = cut_off
        self.found = dict(found or {})
        """By user id, in how many loaded conversations an erased person is named."""
        self._unsure: set[str] = set()
        """Those of them whom only a second look has found, after a load that was cut off."""

    def note(self, user_ids: Iterable[str], *, conversations: int = 0) -> None:
        """Note people whose data were stored, with the number of conversations that name them."""
        if not self._hashes:
            return
        for user_id in user_ids:
            if user_id in self.found or hash_of(user_id) in self._hashes:
                self.found[user_id] = self.found.get(user_id, 0) + conversations

    def look_again(self, lines: Iterable[Line], hashes: frozenset[str]) -> None:
        """Note the people whom lines that were loaded name, and whose erasure has ended since the
        load began. `hashes` are those of all erased people by now. Without such an erasure, no line
        is read; after a load that was cut off, all lines are."""
        new = hashes if self._cut_off is not None else hashes - self._hashes
        if not new:
            return
        later = RestoredPeople(new)
        known = set(self.found)
        people: set[str] = set()
        for line in lines:
            match line.record:
                case Person() as person:
                    later.note([person.user_id])
                case Conversation() as conversation:
                    people = people_of_conversation(conversation)
                case Position() as one:
                    people.add(one.position.user_id)
                case FullMessage() as full:
                    people |= people_of_message(full)
                case ConversationEnd():
                    later.note(people, conversations=1)
                case FullReport() as full:
                    later.note([full.report.reporter_id, full.report.author_id])
        self.found |= later.found  # it has counted all lines
        self._unsure = {one for one in later.found if hash_of(one) in self._hashes} - known

    def was_erased_meanwhile(self, user_id: str, erased_at: datetime) -> bool:
        """Return false for a person whom the load that was cut off knew as erased: it has noted
        them itself, if it has brought them back."""
        if user_id not in self._unsure or self._cut_off is None:
            return True
        return erased_at > self._cut_off - _CLOCKS_DIFFER


async def erase_again(
    stores: Stores, evidence: Evidence, restored: RestoredPeople, *, header: Header, command: str
) -> Reapplied:
    """Ask again for the erasure of the people whom a file brought back, unless they were back when
    it was made. An import does not tell when its export was made. Raises StoreUnavailable,
    FilesUnavailable."""
    reapplying = Reapplying(stores, command=command, reason=_REASON)
    for user_id, conversations in restored.found.items():
        receipt = await evidence.get(hash_of(user_id))
        erased_at = datetime.fromisoformat(receipt["erased_at"])
        if not restored.was_erased_meanwhile(user_id, erased_at):
            continue
        if header.source in CONVERTERS or header.made_at < erased_at:
            await reapplying.erase(user_id, erased_at=erased_at, restored=conversations)
    return reapplying.done(other_keys=await evidence.has_other_keys())
