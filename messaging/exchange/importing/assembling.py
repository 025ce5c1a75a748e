"""Makes records of the items of an export: ids of ours, numbers, and what derives from messages.

The times stay. Everything counts as read. The same export makes the same records each time, so an
import can be repeated.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from messaging.changes.emoji import require_emoji
from messaging.changes.text_rules import is_blank
from messaging.domain.conversation import Conversation, ConversationKind, History
from messaging.domain.exceptions import InvalidRequest
from messaging.domain.fields.earlier_texts import NO_EARLIER_TEXTS, EarlierTexts
from messaging.domain.files.stored_attachment import AttachmentStatus, StoredAttachment
from messaging.domain.identifiers import (
    content_hash,
    derived_id,
    digest,
    direct_conversation_id,
    is_user_id,
)
from messaging.domain.message import Message, PersonReactions, ReactionSummary
from messaging.exchange.checking import MAX_TEXT_BYTES
from messaging.exchange.importing import foreign
from messaging.exchange.importing.people import People
from messaging.exchange.importing.staging import Staging, problem
from messaging.exchange.reading import Problem
from messaging.exchange.records import FullMessage, Person

MAX_PARTICIPANTS = 1_000
_KINDS, _KINDS_EACH, _SHOWN = 20, 5, 10
_PINS = 50
_FILES = 10
_NOT_OF_IDS = re.compile(r"[^A-Za-z0-9_.@:-]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """A conversation of the export. Its messages are assembled one by one."""

    source: foreign.Conversation
    conversation: Conversation
    """Without what derives from the messages."""
    origin: foreign.Origin
    visible_since: Mapping[str, datetime]
    """The times from which on participants may see the messages, unless they may see all."""


class Assembling:
    def __init__(self, staging: Staging, *, product: str, people: Mapping[str, str]) -> None:
        """Create it. `people` are the user ids of ours by those of the product; others are kept,
        or made well-formed."""
        self._staging = staging
        self._product = product
        self._people = people

    def user_id(self, id_: str) -> str:
        """Return the user id of a person of the product."""
        own = self._people.get(id_, id_)
        if is_user_id(own):
            return own
        plain = _NOT_OF_IDS.sub("_", own)[:100]
        return f"{self._product}:{plain}:{digest('user', own).hex()[:8]}"

    def people(self) -> Iterator[Person]:
        """Yield the people, each once."""
        seen = set()
        for one in self._staging.people():
            user_id = self.user_id(one.id)
            if user_id not in seen:
                seen.add(user_id)
                yield Person(user_id=user_id, name=one.name, picture=one.picture)

    def conversations(self) -> Iterator[Assembled | Problem]:
        """Yield the conversations that have a participant.

        Two people have one direct conversation: the first of the export. Others of the same people
        are groups.
        """
        directs = set()
        for source, origin in self._staging.conversations():
            people = People(self._staging.members(source.id), user_id=self.user_id)
            if not people.ids:
                self._staging.leave_out("conversations without people")
                continue
            if len(people.ids) > MAX_PARTICIPANTS:
                reason = f"The conversation has more than {MAX_PARTICIPANTS} people."
                yield problem(origin, reason)
                continue
            direct_id = None
            if source.direct and len(people.ids) == 2:
                direct_id = direct_conversation_id(*people.ids)
            if direct_id in directs:
                direct_id = None
            directs.add(direct_id)
            yield self._assembled(source, origin, people, direct_id)

    def _assembled(
        self,
        source: foreign.Conversation,
        origin: foreign.Origin,
        people: People,
        direct_id: str | None,
    ) -> Assembled:
        first = next(self._staging.messages(source.id), None)
        at = source.created_at or (first[0].at if first else datetime(2000, 1, 1, tzinfo=UTC))
        at = min(at, first[0].at) if first else at
        owner = None if source.owner is None else self.user_id(source.owner)
        direct = direct_id is not None
        conversation = Conversation(
            id=direct_id or derived_id("import", self._product, source.id),
            kind=ConversationKind.DIRECT if direct else ConversationKind.GROUP,
            title=None if direct else source.title,
            history=(
                History.SINCE_JOINING if source.since_joining and not direct else History.FULL
            ),
            participants=people.of_direct() if direct else people.of_group(owner),
            created_at=at,
            updated_at=at,
            active_at=at,
            content_hash=content_hash("import", self._product, source.id),
        )
        return Assembled(
            source=source,
            conversation=conversation,
            origin=origin,
            visible_since=people.visible_since,
        )

    def messages(self, assembled: Assembled) -> Iterator[FullMessage | Problem]:
        """Yield the messages of a conversation."""
        counter = _Counter()
        for source, origin in self._staging.messages(assembled.source.id):
            made = self._message(assembled.conversation.id, source, origin, counter)
            if made is not None:
                yield made

    def _message(
        self,
        conversation_id: str,
        source: foreign.Message,
        origin: foreign.Origin,
        counter: "_Counter",
    ) -> FullMessage | Problem | None:
        acts = self._staging.acts(source.conversation, source.id)
        edits = self._edits(source, acts)
        deleted_at = source.deleted_at or self._deleted_at(source, acts)
        text = edits[-1].text if edits else source.text
        if deleted_at is None and is_blank(text) and not source.files:
            self._staging.leave_out("messages without a text and without files")
            return None
        if len(text.encode()) > MAX_TEXT_BYTES:
            return problem(origin, f"The text has more than {MAX_TEXT_BYTES} bytes.")
        counter.seq += 1
        id_ = self._message_id(source.conversation, source.id)
        edited_at = edits[-1].at if edits else source.edited_at
        pinned = source.pinned or any(isinstance(one, foreign.Pin) for one in acts)
        message = Message(
            id=id_,
            conversation_id=conversation_id,
            seq=counter.seq,
            version=counter.seq,
            sender_id=self.user_id(source.sender),
            client_id=None,
            text=text,
            reply_to=self._reply_to(source),
            mentions=tuple(dict.fromkeys(map(self.user_id, source.mentions)))[:50],
            created_at=source.at,
            edited_at=edited_at,
            content_hash=content_hash("import", id_),
            created_version=counter.seq,
        )
        if deleted_at is not None:
            gone = replace(message, text=None, mentions=(), reply_to=None, edited_at=None)
            return FullMessage(message=replace(gone, deleted_at=deleted_at))
        if pinned and counter.pins < _PINS:
            counter.pins += 1
            message = replace(message, pinned_at=source.at)
        elif pinned:
            self._staging.leave_out(f"pins beyond {_PINS} in a conversation")
        reactions = self._reactions(id_, [one for one in acts if isinstance(one, foreign.Reaction)])
        files = self._files(message, source)
        return FullMessage(
            message=replace(message, reactions=_summary(reactions)),
            earlier=_earlier(source, edits),
            reactions=sorted(reactions, key=lambda one: one.user_id),
            files=[file for file, _ in files],
            paths={file.id: path for file, path in files},
        )

    def _edits(self, source: foreign.Message, acts: Sequence[foreign.Act]) -> list[foreign.Edit]:
        edits = [one for one in acts if isinstance(one, foreign.Edit)]
        own = [one for one in edits if one.by == source.sender]
        if len(own) < len(edits):
            self._staging.leave_out("edits of messages of others", len(edits) - len(own))
        return sorted(own, key=lambda one: one.at)

    def _deleted_at(self, source: foreign.Message, acts: Sequence[foreign.Act]) -> datetime | None:
        deletions = [one for one in acts if isinstance(one, foreign.Deletion)]
        own = [one.at for one in deletions if one.by == source.sender]
        if deletions and not own:
            what = "deletions by others of messages that the export still has"
            self._staging.leave_out(what, len(deletions))
        return min(own, default=None)

    def _message_id(self, conversation: str, id_: str) -> str:
        return derived_id("import", self._product, conversation, id_)

    def _reply_to(self, source: foreign.Message) -> str | None:
        if source.reply_to is None or source.reply_to == source.id:
            return None
        if not self._staging.has_message(source.conversation, source.reply_to):
            self._staging.leave_out("references to messages that the export does not have")
            return None
        return self._message_id(source.conversation, source.reply_to)

    def _reactions(
        self, message_id: str, acts: Sequence[foreign.Reaction]
    ) -> list[PersonReactions]:
        own: dict[str, list[str]] = {}
        kinds: set[str] = set()
        for act in acts:
            try:
                emoji = require_emoji(act.emoji)
            except InvalidRequest:
                self._staging.leave_out("reactions that are no emoji")
                continue
            emojis = own.setdefault(self.user_id(act.person), [])
            if emoji in emojis:
                continue
            if len(emojis) == _KINDS_EACH or len(kinds | {emoji}) > _KINDS:
                self._staging.leave_out("reactions beyond 5 of a person or 20 on a message")
                continue
            kinds.add(emoji)
            emojis.append(emoji)
        return [
            PersonReactions(message_id=message_id, user_id=user_id, emojis=tuple(emojis))
            for user_id, emojis in own.items()
            if emojis
        ]

    def _files(
        self, message: Message, source: foreign.Message
    ) -> list[tuple[StoredAttachment, str]]:
        if len(source.files) > _FILES:
            self._staging.leave_out(
                f"files beyond {_FILES} of a message", len(source.files) - _FILES
            )
        return [
            (
                StoredAttachment(
                    id=derived_id("import", message.id, str(number), file.path),
                    conversation_id=message.conversation_id,
                    owner_id=message.sender_id,
                    filename=file.name,
                    content_type=file.content_type or "",
                    size=0,
                    created_at=message.created_at,
                    status=AttachmentStatus.PENDING,
                    message_id=message.id,
                    seq=message.seq,
                ),
                file.path,
            )
            for number, file in enumerate(source.files[:_FILES])
        ]


@dataclass(slots=True)
class _Counter:
    seq: int = 0
    pins: int = 0


def _summary(reactions: Sequence[PersonReactions]) -> dict[str, ReactionSummary]:
    people: dict[str, list[str]] = {}
    for one in reactions:
        for emoji in one.emojis:
            people.setdefault(emoji, []).append(one.user_id)
    return {
        emoji: ReactionSummary(count=len(ids), user_ids=tuple(ids[:_SHOWN]))
        for emoji, ids in people.items()
    }


def _earlier(source: foreign.Message, edits: Sequence[foreign.Edit]) -> EarlierTexts:
    earlier = NO_EARLIER_TEXTS
    text, at = source.text, source.at
    for edit in edits:
        earlier = earlier.adding(text, at)
        text, at = edit.text, edit.at
    return earlier
