"""Loads a checked file of the exchange format into a store, where others may chat meanwhile.

A conversation is invisible until it is complete. Then it is read again, and compared with the file
by its hash. A load that ended goes on: what is stored already is compared, and not written again.

No message that is loaded sends an event or a notification.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from messaging.concurrency.retries import retried
from messaging.domain.conversation import Conversation
from messaging.exchange.lines import Malformed
from messaging.exchange.reading import Line, Problem
from messaging.exchange.records import (
    ConversationEnd,
    End,
    FullMessage,
    FullReport,
    Header,
    Person,
    Position,
    Reaction,
)
from messaging.services.exchange.dumping import Counts
from messaging.services.exchange.loaded_conversations.kept_conversation import KeptConversation
from messaging.services.exchange.loaded_conversations.load_marks import LoadMark
from messaging.services.exchange.loaded_conversations.new_conversation import NewConversation
from messaging.services.exchange.loaded_conversations.results import Differs, Result
from messaging.services.exchange.loaded_conversations.resumed_messages import delete_messages
from messaging.services.exchange.loading_people import Loaded, load_person
from messaging.services.exchange.restored_people import RestoredPeople
from messaging.stores import Stores
from messaging.stores.damage import UNREADABLE, Damaged
from messaging.stores.exchange import AlreadyStored, is_shell


class NotLoaded(Exception):
    """The file cannot be loaded any further. It says why, and whether something was loaded."""

    def __init__(self, problem: Problem, *, nothing: bool = False) -> None:
        """Create it. `nothing`: nothing of the file was loaded."""
        end = "Nothing was loaded." if nothing else "The load stopped there."
        super().__init__(f"{problem} {end}")
        self.problem = problem


class Load:
    def __init__(
        self, stores: Stores, *, on_progress: Callable[[Counts, Line], object] = lambda *_: None
    ) -> None:
        """Create a load. `on_progress` is called after each line at which the load may go on."""
        self._stores = stores
        self._exchange = stores.exchange
        self.on_progress = on_progress
        self._load_id = ""
        self._current: NewConversation | KeptConversation | None = None
        self.counts = Counts()
        self.kept = Counts()
        """The people, conversations and reports that the store had before."""
        self.continued = 0
        """The conversations of them that have the messages of the file and later changes."""
        self.others = 0
        """The conversations of them that have later changes, and not all messages of the file."""
        self.restored = RestoredPeople()
        """The erased people whose data the load has stored."""
        self.on_other: Callable[[str], object] = lambda _: None
        """Is called with a sentence for each of these."""
        self._steps: Mapping[type, Callable[[Any], Any]] = {
            Header: self._pass,
            Person: self._person,
            Conversation: self._begin,
            Position: self._position,
            FullMessage: self._message,
            Reaction: self._pass,
            ConversationEnd: self._end,
            FullReport: self._report,
            End: self._pass,
        }

    async def load(self, lines: Iterable[Line], *, header: Header) -> None:
        """Load lines, which follow the header or a line of `on_progress`.

        Raises NotLoaded, StoreUnavailable.
        """
        self._load_id = header.id
        for line in lines:
            if isinstance(line.record, Malformed):
                raise NotLoaded(Problem(line=line.number, reason=str(line.record)))
            try:
                await self._steps[type(line.record)](line.record)
            except AlreadyStored as there:
                reason = f"The store has something else under the id of {there}."
                raise NotLoaded(Problem(line=line.number, reason=reason)) from there
            except (Differs, Damaged) as failed:
                raise NotLoaded(Problem(line=line.number, reason=str(failed))) from None
            except UNREADABLE as error:
                reason = (
                    f"What the store has of this record cannot be read: {type(error).__name__}. "
                    "See `manage.py verify_conversations`."
                )
                raise NotLoaded(Problem(line=line.number, reason=reason)) from error
            if self._current is None:
                self.on_progress(self.counts, line)

    async def _pass(self, _: Header | Reaction | End) -> None:
        """Store nothing."""

    async def _person(self, person: Person) -> None:
        loaded = await load_person(self._stores, person)
        new = loaded is Loaded.NEW
        self.counts.people += new
        if loaded is not Loaded.KEPT:
            self.restored.note([person.user_id])
        self.kept.people += not new

    async def _begin(self, conversation: Conversation) -> None:
        stored = await retried(self._stores.conversations.get_conversation, conversation.id)
        if stored is not None and not is_shell(stored):
            self._current = KeptConversation(self._stores, conversation, stored)
            return
        begin_load, mark = (
            self._exchange.begin_load,
            LoadMark(self._stores.database, conversation.id),
        )
        await mark.keep()
        begun = await retried(begin_load, conversation, self._load_id)
        if not begun.loading and is_shell(begun.conversation):
            # Another file was not loaded to its end.
            await delete_messages(self._stores, conversation.id)
            begun = await retried(begin_load, conversation, self._load_id)
        if begun.loading:
            self._current = NewConversation(self._stores, conversation, self._load_id, begun, mark)
        else:
            self._current = KeptConversation(self._stores, conversation, begun.conversation)

    async def _position(self, one: Position) -> None:
        assert self._current is not None
        self._current.add_position(one.position)

    async def _message(self, full: FullMessage) -> None:
        assert self._current is not None
        await self._current.add(full)

    async def _end(self, end: ConversationEnd) -> None:
        assert self._current is not None
        result = await self._current.end()
        new = result is Result.NEW
        self.counts.conversations += new
        self.kept.conversations += not new
        self.counts.messages += self._current.messages if new else 0
        self.continued += result is Result.CONTINUED
        if new or result is Result.SAME:  # an earlier load may have stored it
            self.restored.note(self._current.people, conversations=1)
        if result is Result.OTHER:
            self.others += 1
            self.on_other(
                f"Conversation {end.conversation_id} is in the store with later changes, but "
                "without some messages of the file. It is not loaded."
            )
        self._current = None

    async def _report(self, full: FullReport) -> None:
        new = await retried(self._exchange.load_report, full)
        self.counts.reports += new
        if new:
            self.restored.note([full.report.reporter_id, full.report.author_id])
        self.kept.reports += not new
