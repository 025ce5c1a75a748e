"""The file of a person's export, in the exchange format: what they wrote and set, and what is kept
about them. Of other people it has only who is in a conversation.

What cannot be read is left out, and counted: the rest is the person's all the same."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

import structlog

from messaging.concurrency.retries import PageSize, retried
from messaging.domain.conversation import Conversation
from messaging.domain.identifiers import random_id
from messaging.domain.message import ReactionSummary
from messaging.exchange.lines import encode
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
    Record,
)
from messaging.personal_data.own_conversations import conversation_ids
from messaging.personal_data.parts import Parts
from messaging.stores.damage import UNREADABLE, Damaged, read_full_messages
from messaging.stores.exchange import is_shell

logger = structlog.get_logger(__name__)

_PAGE = 200
_MAX_DAMAGED = 100


@dataclass(slots=True, kw_only=True)
class Exported:
    """How much was written."""

    records: int = 0
    bytes: int = 0
    conversations: int = 0
    messages: int = 0
    reactions: int = 0
    """The messages of others to which the person reacted."""
    reports: int = 0
    damaged: list[str] = field(default_factory=list)
    """The conversations that cannot be read, or not all of whose messages can be; the first
    hundred."""

    def counts(self) -> dict[str, int]:
        return {
            "conversations": self.conversations,
            "messages": self.messages,
            "reactions": self.reactions,
            "reports": self.reports,
        }


class PersonExport:
    def __init__(
        self,
        parts: Parts,
        user_id: str,
        *,
        write: Callable[[bytes], object],
        on_page: Callable[[Exported], Awaitable[None]] | None = None,
    ) -> None:
        """Create an export. `write` gets each line and must not block, unless the process serves
        nobody. `on_page` is awaited after each page that was read."""
        self._parts = parts
        self._user_id = user_id
        self._write = write
        self._on_page = on_page
        self.exported = Exported()

    async def run(self) -> Exported:
        """Write the whole file, in constant memory. Raises StoreUnavailable."""
        self._put(Header(made_at=datetime.now(UTC), source=EXPORT_SOURCE, id=random_id()))
        self._put(await self._person())
        async for conversation_id in conversation_ids(
            self._user_id, store=self._parts.store, erasure=self._parts.erasure
        ):
            await self._conversation(conversation_id)
        await self._reports()
        self._put(End(records=self.exported.records))
        await self._page_read()
        return self.exported

    async def _person(self) -> Person:
        parts, user_id = self._parts, self._user_id
        access = await retried(parts.people.get_access, user_id)
        profile = (await retried(parts.people.get_profiles, [user_id]))[user_id]
        privacy = (await retried(parts.people.get_privacy, [user_id]))[user_id]
        recipient = (await retried(parts.recipients.get_recipients, [user_id]))[user_id]
        return Person(
            user_id=user_id,
            name=profile.name,
            picture=profile.picture,
            valid_after=access.valid_after,
            banned_until=access.banned_until,
            settings=recipient.settings,
            blocked=tuple(sorted(privacy.blocked)),
            left=privacy.left,
            devices=recipient.devices,
        )

    async def _conversation(self, conversation_id: str) -> None:
        parts, user_id, exported = self._parts, self._user_id, self.exported
        try:
            conversation = await retried(parts.store.get_conversation, conversation_id)
            if conversation is None or is_shell(conversation):
                return
            line = encode(_own_view(conversation, user_id))
            positions = await retried(parts.store.get_read_positions, user_id, [conversation_id])
        except UNREADABLE as error:
            self._leave_out(Damaged(conversation_id, "its own record, or a position,", error))
            return
        self._line(line)
        if position := positions.get(conversation_id):
            self._put(Position(conversation_id=conversation_id, position=position))
        own = 0
        async for page in self._pages(conversation):
            for full in page:
                own += self._message(full)
            await self._page_read()
        self._put(ConversationEnd(conversation_id=conversation_id, messages=own))
        exported.messages += own
        exported.conversations += 1
        await self._page_read()

    async def _pages(self, conversation: Conversation) -> AsyncIterator[Sequence[FullMessage]]:
        """Yield the readable messages of a conversation up to its present end."""
        after, one_by_one = 0, False
        several, one = PageSize(_PAGE), PageSize(1)
        while after < conversation.seq:
            size = one if one_by_one else several
            try:
                page, _ = await size.read(partial(self._page_after, conversation.id, after))
            except Damaged as damaged:
                if damaged.after_seq > after:  # first those before it
                    one_by_one = True
                    continue
                self._leave_out(damaged)
                after, one_by_one = after + 1, False  # if it is free, the next one is tried
                continue
            if not page:
                return
            yield page
            after = page[-1].message.seq

    async def _page_after(
        self, conversation_id: str, seq: int, limit: int
    ) -> Sequence[FullMessage]:
        return await read_full_messages(
            self._parts.exchange, conversation_id, after_seq=seq, limit=limit
        )

    def _message(self, full: FullMessage) -> bool:
        """Write a message of the person, or their own reactions to it. Return whether it is
        theirs."""
        own = full.message.sender_id == self._user_id
        if not own:
            self._reactions(full)
            return False
        try:
            line = encode(_without_others(full, self._user_id))
        except UNREADABLE as error:
            what = f"the message number {full.message.seq}"
            self._leave_out(Damaged(full.message.conversation_id, what, error))
            return False
        self._line(line)
        return True

    def _leave_out(self, damaged: Damaged) -> None:
        id_, known = damaged.conversation_id, self.exported.damaged
        logger.error("export.damaged", conversation_id=id_, reason=str(damaged))
        if id_ not in known and len(known) < _MAX_DAMAGED:
            known.append(id_)

    def _reactions(self, full: FullMessage) -> None:
        """Write the person's own reactions to the message of somebody else, without the message."""
        for one in full.reactions:
            if one.user_id == self._user_id:
                self._put(
                    Reaction(
                        conversation_id=full.message.conversation_id,
                        message_id=full.message.id,
                        user_id=one.user_id,
                        emojis=one.emojis,
                    )
                )
                self.exported.reactions += 1

    async def _reports(self) -> None:
        """Write the reports that the person made, without the copies of what others wrote."""
        after = ""
        listed = self._parts.reports.list_reports_by
        while page := await retried(listed, self._user_id, limit=_PAGE, after=after):
            for report in page:
                self._put(FullReport(report=report))
            self.exported.reports += len(page)
            after = page[-1].id
            await self._page_read()

    async def _page_read(self) -> None:
        if self._on_page is not None:
            await self._on_page(self.exported)

    def _put(self, record: Record) -> None:
        self._line(encode(record))

    def _line(self, line: bytes) -> None:
        self._write(line)
        self.exported.records += 1
        self.exported.bytes += len(line)


def _own_view(conversation: Conversation, user_id: str) -> Conversation:
    """Return the conversation without what it keeps about other people. A person who has left sees
    nobody."""
    inside = user_id in conversation.participants
    return replace(
        conversation,
        participants=conversation.participants if inside else {},
        title=conversation.title if inside else None,
        metadata=conversation.metadata if inside else None,
        picture=conversation.picture if inside else None,
        sent_seq=_own(conversation.sent_seq, user_id),
        mentioned_seq=_own(conversation.mentioned_seq, user_id),
        preferences={one: own for one, own in conversation.preferences.items() if one == user_id},
        blocked_by=conversation.blocked_by & {user_id},
        last_sender_id=(
            conversation.last_sender_id if inside or conversation.last_sender_id == user_id else ""
        ),
        last_message=None,
    )


def _without_others(full: FullMessage, user_id: str) -> FullMessage:
    """Return a message of the person without the reactions of other people."""
    own = [one for one in full.reactions if one.user_id == user_id]
    summary = ReactionSummary(count=1, user_ids=(user_id,))
    summaries = {emoji: summary for one in own for emoji in one.emojis}
    return replace(full, message=replace(full.message, reactions=summaries), reactions=own)


def _own(numbers: Mapping[str, int], user_id: str) -> dict[str, int]:
    return {one: seq for one, seq in numbers.items() if one == user_id}
