"""The file of a person's export, in the exchange format: what they wrote and set, and what is kept
about them. Of other people it has only who is in a conversation."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

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
    Record,
)
from messaging.personal_data.own_conversations import conversation_ids
from messaging.personal_data.parts import Parts

_PAGE = 200


@dataclass(slots=True, kw_only=True)
class Exported:
    """How much was written."""

    records: int = 0
    bytes: int = 0
    conversations: int = 0
    messages: int = 0
    reports: int = 0

    def counts(self) -> dict[str, int]:
        return {
            "conversations": self.conversations,
            "messages": self.messages,
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
        access = await parts.people.get_access(user_id)
        profile = (await parts.people.get_profiles([user_id]))[user_id]
        privacy = (await parts.people.get_privacy([user_id]))[user_id]
        recipient = (await parts.recipients.get_recipients([user_id]))[user_id]
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
        conversation = await parts.store.get_conversation(conversation_id)
        if conversation is None:
            return
        self._put(_own_view(conversation, user_id))
        positions = await parts.store.get_read_positions(user_id, [conversation_id])
        if position := positions.get(conversation_id):
            self._put(Position(conversation_id=conversation_id, position=position))
        own = after = 0
        while page := await parts.exchange.list_full_messages(
            conversation_id, after_seq=after, limit=_PAGE
        ):
            for full in page:
                if full.message.sender_id == user_id:
                    self._put(_without_others(full, user_id))
                    own += 1
            after = page[-1].message.seq
            await self._page_read()
        self._put(ConversationEnd(conversation_id=conversation_id, messages=own))
        exported.messages += own
        exported.conversations += 1
        await self._page_read()

    async def _reports(self) -> None:
        """Write the reports that the person made, without the copies of what others wrote."""
        after = ""
        while page := await self._parts.reports.list_reports_by(
            self._user_id, limit=_PAGE, after=after
        ):
            for report in page:
                self._put(FullReport(report=report))
            self.exported.reports += len(page)
            after = page[-1].id
            await self._page_read()

    async def _page_read(self) -> None:
        if self._on_page is not None:
            await self._on_page(self.exported)

    def _put(self, record: Record) -> None:
        line = encode(record)
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
