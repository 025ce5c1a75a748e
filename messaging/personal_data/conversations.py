"""Erases a person from their conversations, one after the other.

The read position goes last. So it marks what is still to be done: after a crash, the next process
finds the conversation again, and repeats it from the page that was stored last.

A conversation that fails holds up no other. One that is being loaded is left to the load: in its
end, it asks for the erasure of everyone who was erased meanwhile.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import structlog

from messaging.changes.change import ConversationChange
from messaging.changes.erasing import (
    EraseFromConversation,
    EraseFromMessage,
    renamed_metadata,
    successor,
)
from messaging.changes.interventions import OPERATOR, AssignRole
from messaging.domain.conversation import Conversation, ConversationKind
from messaging.domain.exceptions import (
    ConversationNotFound,
    NotFound,
    PermissionDenied,
    Unavailable,
)
from messaging.domain.message import Message
from messaging.domain.participant import Role
from messaging.notifications.options import get_options
from messaging.personal_data.own_conversations import participations
from messaging.personal_data.parts import Parts
from messaging.personal_data.progress import LeaseLost, Progress
from messaging.stores.damage import UNREADABLE
from messaging.stores.exchange import is_shell

logger = structlog.get_logger(__name__)

_PAGE = 200
_CHANGES_AT_ONCE = 50
_CONVERSATIONS_AT_ONCE = 50


class ConversationErasure:
    def __init__(
        self, parts: Parts, progress: Progress, *, check: Callable[[], Awaitable[None]]
    ) -> None:
        """Create it. `check` is awaited before each conversation, and ends the erasure by what it
        raises."""
        self._parts = parts
        self._progress = progress
        self._check = check
        self._user_id = progress.job.person_id
        self._erased_id = progress.job.erased_id
        self._passed: set[str] = set()
        """The conversations that this run leaves: they failed, or are being loaded."""
        self._failed: list[str] = []

    async def run(self) -> Sequence[str]:
        """Erase the person from all conversations. Return the ids of those that failed. Raises
        LeaseLost, StoreUnavailable, and what `check` raises."""
        self._passed, self._failed = set(), []
        while ids := await self._left():
            for conversation_id in ids:
                await self._check()
                await self._one(conversation_id)
        return self._failed

    async def _left(self) -> Sequence[str]:
        """Return conversations that still have something of the person."""
        after = ""
        while listed := await self._parts.erasure.list_positions(
            self._user_id, limit=_CONVERSATIONS_AT_ONCE, after=after
        ):
            if left := [one for one in listed if one not in self._passed]:
                return left
            after = listed[-1]
        # A position may be missing: an earlier erasure removed it, and the person came back.
        found: list[str] = []
        async for conversation_id in participations(self._user_id, store=self._parts.store):
            if conversation_id not in self._passed and await self._is_left(conversation_id):
                found.append(conversation_id)
                if len(found) == _CONVERSATIONS_AT_ONCE:
                    break
        return found

    async def _is_left(self, conversation_id: str) -> bool:
        try:
            conversation = await self._parts.store.get_conversation(conversation_id)
        except UNREADABLE:
            return True  # it fails once more, and is named
        return conversation is not None and _keeps(conversation, self._user_id)

    async def _one(self, conversation_id: str) -> None:
        """Erase the person from a conversation. If it fails, note that, and go on."""
        try:
            await self._erase(conversation_id)
        except (LeaseLost, Unavailable):
            raise
        except Exception:
            logger.exception(
                "erasure.conversation_failed",
                job_id=self._progress.job.id,
                conversation_id=conversation_id,
            )
            self._passed.add(conversation_id)
            self._failed.append(conversation_id)

    async def _erase(self, conversation_id: str) -> None:
        parts, progress = self._parts, self._progress
        conversation = await parts.store.get_conversation(conversation_id)
        if conversation is not None and is_shell(conversation):
            self._passed.add(conversation_id)
            return
        if conversation is not None:
            await self._leave(conversation)
            notes = progress.job.notes
            known = notes.get("conversation") == conversation_id
            await self._walk(conversation_id, first=notes.get("seq", 1) if known else 1)
            if conversation.kind is ConversationKind.GROUP:
                await parts.traces.remove_membership(conversation_id, self._user_id)
        await parts.erasure.remove_position(conversation_id, self._user_id)
        progress.count({"conversations": 1})
        progress.note(conversation="", seq=1)
        progress.advance()
        await progress.save()

    async def _leave(self, conversation: Conversation) -> None:
        """Remove the person and what the conversation keeps about them. If it needs another owner,
        appoint one."""
        change = EraseFromConversation(user_id=self._user_id, erased_id=self._erased_id)
        while True:
            heir = successor(conversation, self._user_id)
            if heir is not None:
                role = AssignRole(participant_id=heir, role=Role.OWNER, by=OPERATOR)
                await self._submit(conversation.id, role)
            try:
                await self._submit(conversation.id, change)
            except (PermissionDenied, NotFound):
                # The people have changed at this moment.
                found = await self._parts.store.get_conversation(conversation.id)
                if found is None:
                    return
                conversation = found
            else:
                return

    async def _walk(self, conversation_id: str, *, first: int) -> None:
        """Erase the person from all messages, page by page, up to the present end. The person has
        left, so that nothing of them comes later."""
        while True:
            conversation = await self._parts.store.get_conversation(conversation_id)
            if conversation is None or first > conversation.seq:
                return
            begun = time.monotonic()
            last = min(first + _PAGE - 1, conversation.seq)
            page = await self._parts.store.list_messages(
                conversation_id, first_seq=first, last_seq=last
            )
            await self._erase_from(conversation_id, page)
            first = last + 1
            self._progress.note(conversation=conversation_id, seq=first)
            self._progress.advance()
            await self._progress.save()
            # Half of the time is for the people who chat.
            await asyncio.sleep(time.monotonic() - begun)
            if last == conversation.seq:
                return

    async def _erase_from(self, conversation_id: str, page: Sequence[Message]) -> None:
        parts, user_id = self._parts, self._user_id
        own = [one for one in page if one.sender_id == user_id]
        others = [one for one in page if one.sender_id != user_id]
        keys = [(one.id, user_id) for one in others if one.reactions]
        reacted = await parts.store.reactions.get_reactions(conversation_id, keys)
        reacted_to = {message_id for message_id, _ in reacted}
        mentioning = [one for one in others if user_id in one.mentions]
        reporting = [one for one in others if self._reports(one)]
        listing = [
            one
            for one in others
            if one.id in reacted_to
            or any(user_id in summary.user_ids for summary in one.reactions.values())
        ]
        ids = dict.fromkeys(one.id for one in (*own, *mentioning, *reporting, *listing))
        changes = [
            EraseFromMessage(user_id=user_id, erased_id=self._erased_id, message_id=id_)
            for id_ in ids
        ]
        for start in range(0, len(changes), _CHANGES_AT_ONCE):
            some = changes[start : start + _CHANGES_AT_ONCE]
            await self._submit(conversation_id, *some)
        for message in own:
            if message.reactions:  # those of others, which would be removed later
                await parts.store.reactions.remove_reactions(conversation_id, message.id)
        # If a process was killed after the commit, these are no longer the person's.
        erased = [one for one in page if one.sender_id in {user_id, self._erased_id}]
        found = await parts.traces.remove_from_search(conversation_id, [one.seq for one in erased])
        since = await parts.store.now() - get_options().kept_time - timedelta(days=1)
        recent = [one.id for one in page if one.created_at > since]
        decisions = await parts.erasure.remove_decisions(conversation_id, recent, user_id)
        self._progress.count(
            {
                "messages": len(own),
                "attachments": sum(len(one.attachments) for one in own),
                "mentions": len(mentioning),
                "reactions": len(listing),
                "system_messages": len(reporting),
                "search_entries": found,
                "notification_decisions": decisions,
            }
        )

    def _reports(self, message: Message) -> bool:
        """Return whether a system message names the person."""
        if not message.is_system or message.metadata is None:
            return False
        renamed = renamed_metadata(message.metadata, self._user_id, self._erased_id)
        return renamed != message.metadata

    async def _submit(self, conversation_id: str, *changes: ConversationChange) -> None:
        """Commit changes together. A conversation that is gone needs none."""
        submitted = (self._parts.writer.submit(conversation_id, one) for one in changes)
        for result in await asyncio.gather(*submitted, return_exceptions=True):
            if isinstance(result, BaseException) and not isinstance(result, ConversationNotFound):
                raise result


def _keeps(conversation: Conversation, user_id: str) -> bool:
    """Return whether a conversation keeps more of a person than one of its two people."""
    return (
        conversation.kind is ConversationKind.GROUP
        or user_id in conversation.sent_seq
        or user_id in conversation.mentioned_seq
        or user_id in conversation.preferences
        or user_id in conversation.blocked_by
    )
