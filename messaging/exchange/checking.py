"""Checks a file of the exchange format: every problem, with its line, before anything is stored.

`lines.decode` checks each line by itself. This checks what lines say of each other.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from messaging.changes.metadata_rules import require_metadata
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import InvalidRequest
from messaging.domain.limits import BOUNDS
from messaging.exchange.hashing import ConversationHash
from messaging.exchange.lines import Malformed
from messaging.exchange.reading import Line, Problem
from messaging.exchange.records import (
    EXPORT_SOURCE,
    ConversationEnd,
    End,
    FullMessage,
    FullReport,
    Header,
    Person,
    Position,
    Reaction,
)
from messaging.exchange.records_checking import (
    conversation_reasons,
    message_reasons,
    person_reasons,
    position_reasons,
    report_reasons,
    reserved_ids,
)
from messaging.exchange.seen import Seen

MAX_TEXT_BYTES = BOUNDS["text_bytes"][1]
MAX_PARTICIPANTS = BOUNDS["participants"][1]
_RANKS: Mapping[type, int] = {Header: 0, Person: 1, FullReport: 3, End: 4}
"""The order of the records. Those of conversations have rank 2."""


def check(lines: Iterable[Line]) -> Iterator[Problem]:
    """Yield every problem of a file."""
    with Seen() as seen:
        checker = Checker(seen)
        for line in lines:
            yield from checker.check(line)
        yield from checker.finish()


class Checker:
    """Checks the lines of a file one after the other. `check` does it at once."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._rank = -1
        self._lines = 0
        self._last = 0
        """The number of the latest line."""
        self._conversation: Conversation | None = None
        self._hash = ConversationHash()
        self._last_seq = 0
        self._last_user = ""
        self._damaged = False
        """Whether a line of the conversation could not be read: its hash shows nothing more."""
        self._checks: Mapping[type, Callable[[Any, int], Iterator[str]]] = {
            Header: self._header,
            Person: self._person,
            Conversation: self._begin,
            Position: self._position,
            FullMessage: self._message,
            Reaction: self._reaction,
            ConversationEnd: self._end_conversation,
            FullReport: self._report,
            End: self._end,
        }

    def check(self, line: Line) -> Iterator[Problem]:
        record = line.record
        if isinstance(record, Malformed):
            self._damaged = True
            if self._conversation is None:  # it may be the line of a conversation
                self._hash, self._last_seq, self._last_user = ConversationHash(), 0, ""
            found: Iterator[str] = iter([str(record)])
        else:
            found = self._checked(record, line.number)
        for reason in found:
            yield Problem(line=line.number, reason=reason)
        self._lines += 1
        self._last = line.number

    def finish(self) -> Iterator[Problem]:
        if self._rank != _RANKS[End]:
            reason = "The file has no record `end`: it is not complete."
            yield Problem(line=self._last, reason=reason)

    def _checked(self, record: Any, number: int) -> Iterator[str]:
        kind = type(record)
        rank = _RANKS.get(kind, 2)
        if self._rank == -1 and rank:
            yield "The first record of a file is `header`."
        elif rank < self._rank or (rank == self._rank and rank in {0, 4}):
            yield "The record is out of order. See the order in docs/exchange.md."
        if self._conversation is not None and (rank != 2 or kind is Conversation):
            yield f"Conversation {self._conversation.id} has no record `conversation_end`."
            self._conversation = None
        self._rank = max(self._rank, rank)
        yield from self._checks[kind](record, number)

    def _header(self, header: Header, _: int) -> Iterator[str]:
        if header.source == EXPORT_SOURCE:
            yield "The file is the export of a person, without the messages of others. Load a dump."

    def _person(self, person: Person, number: int) -> Iterator[str]:
        yield from self._once("person", person.user_id, number)
        yield from person_reasons(person)

    def _begin(self, conversation: Conversation, number: int) -> Iterator[str]:
        self._conversation, self._hash, self._damaged = conversation, ConversationHash(), False
        self._last_seq, self._last_user = 0, ""
        yield from self._once("conversation", conversation.id, number)
        if len(conversation.participants) > MAX_PARTICIPANTS:
            yield f"The conversation has more than {MAX_PARTICIPANTS} participants."
        yield from conversation_reasons(conversation)
        yield from _metadata(conversation.metadata)
        self._hash.add(conversation)

    def _position(self, one: Position, _: int) -> Iterator[str]:
        yield from self._inside(one.conversation_id)
        yield from reserved_ids(one.position.user_id)
        if self._conversation is not None:
            yield from position_reasons(one.position, self._conversation.seq)
        if self._hash.messages:
            yield "The positions of a conversation come before its messages."
        if one.position.user_id <= self._last_user:
            yield "The positions are not in ascending order of `user_id`, each person once."
        self._last_user = one.position.user_id

    def _message(self, full: FullMessage, number: int) -> Iterator[str]:
        message, conversation = full.message, self._conversation
        yield from self._inside(message.conversation_id)
        yield from self._once("message", message.id, number)
        if message.seq <= self._last_seq:
            yield f"`seq` {message.seq} does not follow {self._last_seq}."
        self._last_seq = max(self._last_seq, message.seq)
        if conversation is not None:
            if message.seq > conversation.seq:
                yield f"`seq` {message.seq} is above that of the conversation."
            if message.version > conversation.version or message.version < 1:
                yield f"`version` {message.version} is not one of the conversation's."
        yield from message_reasons(full)
        if message.text is not None and len(message.text.encode()) > MAX_TEXT_BYTES:
            yield f"The text has more than {MAX_TEXT_BYTES} bytes."
        for one in full.files:
            yield from self._once("attachment", one.id, number)
        yield from _metadata(message.metadata)
        if conversation is not None:
            self._hash.add(full)

    def _reaction(self, _: Reaction, __: int) -> Iterator[str]:
        yield "A record `reaction` belongs to the export of a person. A dump has `reacted` instead."

    def _end_conversation(self, end: ConversationEnd, _: int) -> Iterator[str]:
        yield from self._inside(end.conversation_id)
        if self._conversation is not None and not self._damaged:
            if end.messages != self._hash.messages:
                yield f"The conversation has {self._hash.messages} messages, not {end.messages}."
            elif end.hash is not None and end.hash != self._hash.digest():
                yield "The lines of the conversation do not match its hash."
        self._conversation = None

    def _report(self, full: FullReport, number: int) -> Iterator[str]:
        yield from self._once("report", full.report.id, number)
        yield from report_reasons(full)

    def _end(self, end: End, _: int) -> Iterator[str]:
        if end.records != self._lines:
            yield f"The file has {self._lines} records before its end, not {end.records}."

    def _inside(self, conversation_id: str) -> Iterator[str]:
        if self._conversation is None:
            if not self._damaged:
                yield "The record belongs to no conversation: `conversation` comes first."
        elif self._conversation.id != conversation_id:
            yield f"The record is not of the conversation {self._conversation.id} before it."

    def _once(self, kind: str, id_: str, number: int) -> Iterator[str]:
        before = self._seen.add(kind, id_, number)
        if before is not None:
            yield f"The {kind} {id_} is already in line {before}."


def _metadata(text: str | None) -> Iterator[str]:
    if text is not None:
        try:
            require_metadata(text)
        except InvalidRequest as refused:
            yield " ".join(error.detail for error in refused.errors)
