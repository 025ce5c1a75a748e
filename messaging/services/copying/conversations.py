"""Copies a conversation: what has changed in the source since the version that the copy has.

Messages are read by `version`, and written in this order. The conversation is written last, with
the last of them. So a copy that was killed goes on after the highest version that it has, and a
copy of few changes is one write.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from messaging.concurrency.retries import PageSize, retried
from messaging.domain.conversation import Conversation
from messaging.domain.message import Message
from messaging.exchange.lines import encode
from messaging.exchange.records import FullMessage
from messaging.services.copying.files import copy_files, copy_shared_files
from messaging.services.copying.placement import CopyAhead
from messaging.services.exchange.conversation_reading import ChangesTooFast
from messaging.services.exchange.dumping import digest_of, is_deleted
from messaging.services.exchange.loaded_conversations.resumed_messages import delete_messages
from messaging.services.exchange.positions import position_up_to
from messaging.stores import Stores
from messaging.stores.conversations import Conflict
from messaging.stores.copying import Part
from messaging.stores.exchange import AlreadyStored, FullChanges, is_shell, shell_of

_PAGE = 200
_BYTES = 1024 * 1024
_WRITES = 400
"""The bounds of a part: of messages, of bytes, and of reactions and files."""
_MAX_CHANGES = 40_000
"""The most messages that change while a conversation is copied."""
_TRIES = 5
_COPYING, _EMPTYING = "copying", "emptying"
"""The `commit_id` of the shell of a conversation that is copied, and of one that is emptied."""


class CopyChanged(Exception):
    """Somebody else writes into the copy. The argument is the conversation's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What was written of a conversation."""

    messages: int = 0
    new: bool = False
    """Whether the copy did not have it, or not completely."""
    changed: bool = False
    """Whether anything of it was written."""


@dataclass(slots=True)
class _Batch:
    """Messages that are not written yet."""

    messages: dict[str, FullMessage] = field(default_factory=dict)
    size: int = 0
    writes: int = 0

    @property
    def is_full(self) -> bool:
        return len(self.messages) >= _PAGE or self.size > _BYTES or self.writes > _WRITES

    def add(self, full: FullMessage) -> None:
        """Add a message, in place of its earlier state."""
        self.messages[full.message.id] = full
        self.size += len(encode(full))
        self.writes += len(full.reactions) + len(full.files)


class ConversationCopy:
    def __init__(self, source: Stores, target: Stores) -> None:
        self._source = source
        self._target = target

    async def copy(self, conversation_id: str) -> Copied:
        """Make the copy of a conversation equal to its source.

        Raises CopyAhead, CopyChanged, ChangesTooFast, StoreUnavailable.
        """
        for _ in range(_TRIES):
            found = await retried(self._source.conversations.get_conversation, conversation_id)
            if found is None or is_shell(found):
                return Copied()
            try:
                return await _Run(self._source, self._target, found).run()
            except Conflict:
                continue
            except AlreadyStored:
                # A repair of the source has assigned the number of a lost message again.
                await self.empty(conversation_id)
        raise CopyChanged(conversation_id)

    async def is_same(self, conversation_id: str) -> bool | None:
        """Return whether source and copy have the same hash; None if the conversation changes too
        fast to tell. Raises as `copy`."""
        for _ in range(_TRIES):
            source, target = self._source, self._target
            there = await digest_of(source.conversations, source.exchange, conversation_id)
            here = await digest_of(target.conversations, target.exchange, conversation_id)
            if there is None:
                return True
            if here is not None and here.hash == there.hash:
                return True
            if here is not None and here.conversation.version == there.conversation.version:
                return False
            await self.copy(conversation_id)
        return None

    async def empty(self, conversation_id: str) -> None:
        """Remove the content of a conversation from the copy, so that it is copied anew. Raises
        CopyChanged, StoreUnavailable."""
        found = await retried(self._target.conversations.get_conversation, conversation_id)
        if found is None:
            return
        try:
            await empty_copy(self._source, self._target, found)
        except Conflict as error:
            raise CopyChanged(conversation_id) from error


class _Run:
    """One try to copy a conversation."""

    def __init__(self, source: Stores, target: Stores, found: Conversation) -> None:
        self._source = source
        self._target = target
        self._id = found.id
        self._found = found
        """The conversation in the source."""
        self._copy: Conversation | None = None
        """The conversation in the copy."""
        self._begun_at = found.version
        self._copied_to = 0
        """The version up to which the copy had all messages when this run began."""
        self._batch = _Batch()
        self._size = PageSize(_PAGE)
        self._messages = 0

    async def run(self) -> Copied:
        self._copy = copy = await self._read_copy()
        new = copy is None or is_shell(copy)
        if not is_deleted(self._found) and (copy is None or copy.version != self._found.version):
            self._copied_to = await self._copied_version()
            await self._changes(self._copied_to)
        if is_deleted(self._found) and copy is not None:
            # The source may have released them after an earlier look.
            await copy_shared_files(self._source, self._target, self._id)
        written = await self._finish()
        moved = await self._copy_positions()
        changed = written or moved
        return Copied(messages=self._messages, new=new and changed, changed=changed)

    async def _read_copy(self) -> Conversation | None:
        copy = await retried(self._target.conversations.get_conversation, self._id)
        if copy is None:
            return None
        if copy.version > self._found.version:
            raise CopyAhead(self._id)
        if await self._is_wrong(copy):
            return await empty_copy(self._source, self._target, copy)
        return copy

    async def _is_wrong(self, copy: Conversation) -> bool:
        """Return whether the copy may have messages that the source does not have any more: the
        conversation was deleted, or repaired."""
        found = self._found
        if not is_shell(copy):
            other = copy.version == found.version and copy.commit_id != found.commit_id
            return other or copy.seq > found.seq
        last = self._target.copying.last_message_version
        deleted = is_deleted(found)
        return copy.commit_id == _EMPTYING or (deleted and await retried(last, self._id) > 0)

    async def _copied_version(self) -> int:
        """Return the version up to which the copy has all messages. An earlier copy that was killed
        may have written more of them than the conversation tells."""
        if self._copy is None:
            return 0
        version = await retried(self._target.copying.last_message_version, self._id)
        return max(version, self._copy.version)

    async def _changes(self, since: int) -> None:
        """Read the messages with later versions, and the conversation as it is with the last of
        them."""
        changes = 0
        while changes < _MAX_CHANGES:
            page, size = await self._size.read(partial(self._changes_after, since))
            for full in page.messages:
                if self._batch.is_full:
                    await self._flush()
                self._batch.add(full)
            assert page.conversation is not None
            self._found = page.conversation
            if len(page.messages) < size or is_deleted(self._found):
                return
            since = page.messages[-1].message.version
            changes += len(page.messages) if since > self._begun_at else 0
        raise ChangesTooFast(self._id)

    async def _changes_after(self, since: int, size: int) -> FullChanges:
        return await self._source.exchange.read_full_changes(self._id, since=since, limit=size)

    async def _flush(self) -> None:
        """Write the messages of the batch before the rest follows."""
        if self._copy is None:
            shell = shell_of(self._found, _COPYING)
            part = Part(conversation_id=self._id, before=None, after=shell)
            await retried(self._target.copying.write_part, part)
            self._copy = await retried(self._target.conversations.get_conversation, self._id)
        await self._write(after=None)

    async def _finish(self) -> bool:
        """Write the conversation with the last messages. Return whether that was necessary."""
        copy = self._copy
        if copy is not None and not self._batch.messages and _is_equal(copy, self._found):
            return False
        if is_deleted(self._found):
            if copy is not None and (self._messages or copy.seq):
                raise Conflict  # deleted since this run began
            self._batch = _Batch()
        await self._write(after=self._found)
        return True

    async def _write(self, *, after: Conversation | None) -> None:
        messages = list(self._batch.messages.values())
        known = [full.message.id for full in messages if self._may_be_known(full.message)]
        # First the files: after a kill, the next copy would not find them.
        dropped = await self._dropped_files(messages, known)
        await copy_files(self._source, self._target, dropped)
        part = Part(
            conversation_id=self._id,
            before=self._copy,
            after=after,
            messages=messages,
            known=known,
        )
        await retried(self._target.copying.write_part, part)
        self._messages += len(messages)
        self._batch = _Batch()

    def _may_be_known(self, message: Message) -> bool:
        """Return whether the copy may have an earlier state of a message: from before this run, or
        from an earlier part of it."""
        created = message.created_version or 0  # unknown if an earlier release sent it
        return created <= self._copied_to or message.version > self._begun_at

    async def _dropped_files(
        self, messages: Sequence[FullMessage], known: Sequence[str]
    ) -> list[str]:
        """Return the attachments that messages in the copy have, and do not have any more."""
        if not known:
            return []
        present = {file.id for full in messages for file in full.files}
        stored = await retried(self._target.conversations.get_messages, self._id, known)
        had = {file.id for message in stored.values() for file in message.attachments}
        return sorted(had - present)

    async def _copy_positions(self) -> bool:
        """Copy the positions of a conversation. Return whether there were any changes."""
        there = {}
        if not is_deleted(self._found):
            for one in await retried(self._source.conversations.list_read_positions, self._id):
                there[one.user_id] = position_up_to(one, self._found.seq)
        found = await retried(self._target.conversations.list_read_positions, self._id)
        here = {one.user_id: one for one in found}
        changed = [one for user_id, one in there.items() if here.get(user_id) != one]
        for start in range(0, len(changed), _PAGE):
            some = changed[start : start + _PAGE]
            await retried(self._target.exchange.put_positions, self._id, some)
        gone = here.keys() - there.keys()
        for user_id in gone:
            await retried(self._target.erasure.remove_position, self._id, user_id)
        return bool(changed or gone)


async def empty_copy(source: Stores, target: Stores, copy: Conversation) -> Conversation | None:
    """Make a conversation of the copy an empty shell, and return it. It goes on after a kill.
    Raises Conflict, StoreUnavailable."""
    read, write = target.conversations.get_conversation, target.copying.write_part
    await copy_shared_files(source, target, copy.id)
    for mark in (_EMPTYING, _COPYING):
        part = Part(conversation_id=copy.id, before=copy, after=shell_of(copy, mark))
        await retried(write, part)
        target.conversations.witness.forget()  # the version goes back to 0
        await delete_messages(target, copy.id)
        found = await retried(read, copy.id)
        assert found is not None
        copy = found
    return copy


def _is_equal(copy: Conversation, found: Conversation) -> bool:
    """Return whether the conversation is stored as in the source."""
    return copy.commit_id == found.commit_id and encode(copy) == encode(found)
