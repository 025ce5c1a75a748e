"""Changes that erase a person: from the messages of a conversation, and from the conversation
itself. They are repeatable: where nothing is left of the person, nothing changes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from messaging.changes.change import SMALL_CHANGE, Outcome
from messaging.changes.interventions import OPERATOR
from messaging.changes.messages.changed import with_changed_message
from messaging.changes.messages.deleting import deleted
from messaging.changes.messages.reacting import without_person
from messaging.changes.needs import Known, Needs
from messaging.changes.participants import without_participants
from messaging.domain.change import Change, ChangeType
from messaging.domain.conversation import Conversation, ConversationKind
from messaging.domain.message import Message, PersonReactions, ReactionSummary
from messaging.domain.participant import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class _Erasure:
    user_id: str
    erased_id: str
    """What takes the place of the user id."""
    creates: None = None
    size: int = SMALL_CHANGE

    def authorize(self, conversation: Conversation) -> None:
        """Pass: whoever may erase a person may see every conversation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseFromMessage(_Erasure):
    """Turn a message of the person into a tombstone without the user id, and remove the person's
    reaction to the message of another person, the mention in it, and the name in a system
    message."""

    message_id: str

    @property
    def needs(self) -> Needs:
        return Needs(messages=(self.message_id,), reactions=((self.message_id, self.user_id),))

    def apply(self, conversation: Conversation, known: Known) -> Outcome:
        message = known.messages.get(self.message_id)
        if message is None:
            return Outcome(conversation=conversation)
        if message.sender_id == self.user_id:
            return _without_author(conversation, message, self.erased_id)
        own = known.reactions.get((self.message_id, self.user_id), ())
        changes = self._without_traces(message, own)
        if not changes:
            return Outcome(conversation=conversation, message=message)
        outcome = with_changed_message(conversation, message, by=OPERATOR, **changes)
        if not own:
            return outcome
        none = PersonReactions(message_id=message.id, user_id=self.user_id, emojis=())
        return replace(outcome, reactions=none)

    def _without_traces(self, message: Message, own: tuple[str, ...]) -> dict[str, Any]:
        """Return the new values of the fields that name the person."""
        changes: dict[str, Any] = {}
        if self.user_id in message.mentions:
            changes["mentions"] = tuple(one for one in message.mentions if one != self.user_id)
        reactions = _without_reactions(message, own, self.user_id)
        if reactions != message.reactions:
            changes["reactions"] = reactions
        if message.is_system and message.metadata is not None:
            metadata = renamed_metadata(message.metadata, self.user_id, self.erased_id)
            if metadata != message.metadata:
                changes["metadata"] = metadata
        return changes


def _without_author(conversation: Conversation, message: Message, erased_id: str) -> Outcome:
    """Return the conversation with a tombstone that names nobody. The digest of the content goes
    too: whoever guesses a short text could check it."""
    nobody: dict[str, Any] = {"sender_id": erased_id, "client_id": None, "content_hash": ""}
    if message.deleted_at is None:
        return deleted(conversation, message, by=OPERATOR, **nobody)
    return with_changed_message(
        conversation, message, by=OPERATOR, as_=ChangeType.MESSAGE_DELETED, **nobody
    )


def _without_reactions(
    message: Message, own: tuple[str, ...], user_id: str
) -> Mapping[str, ReactionSummary]:
    """Return the reactions of others. The summary may name a person whose entry is missing."""
    left = message
    for emoji, summary in message.reactions.items():
        if emoji in own or user_id in summary.user_ids:
            left = replace(left, reactions=without_person(left, emoji, user_id))
    return left.reactions


def renamed_metadata(metadata: str, user_id: str, erased_id: str) -> str:
    """Return the metadata of a system message with another id for a person."""
    values = json.loads(metadata)
    if not isinstance(values, dict):
        return metadata
    renamed = {name: _renamed(value, user_id, erased_id) for name, value in values.items()}
    if renamed == values:
        return metadata
    return json.dumps(renamed, ensure_ascii=False, separators=(",", ":"))


def _renamed(value: Any, user_id: str, erased_id: str) -> Any:
    if value == user_id:
        return erased_id
    if isinstance(value, list):
        return [erased_id if one == user_id else one for one in value]
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseFromConversation(_Erasure):
    """Remove the person from a group, and everything that the conversation keeps about them. A
    direct conversation keeps its two people. Raises PermissionDenied for the last owner of a group
    with other people: make another one owner first."""

    needs: None = None

    def apply(self, conversation: Conversation, _: Known) -> Outcome:
        participant = conversation.participants.get(self.user_id)
        if participant is None or conversation.kind is ConversationKind.DIRECT:
            return self._forgotten(conversation)
        outcome = without_participants(conversation, [participant], by=OPERATOR)
        after = self._bare(outcome.conversation)
        if not after.participants:
            after = replace(after, title=None, picture=None, metadata=None)
        assert outcome.change is not None
        return replace(
            outcome, conversation=after, change=replace(outcome.change, conversation=after)
        )

    def _forgotten(self, conversation: Conversation) -> Outcome:
        bare = self._bare(conversation)
        if bare == conversation:
            return Outcome(conversation=conversation)
        after = replace(bare, version=conversation.version + 1)
        change = Change(
            type=ChangeType.CONVERSATION_UPDATED,
            version=after.version,
            conversation=after,
            by=OPERATOR,
        )
        return Outcome(conversation=after, change=change)

    def _bare(self, conversation: Conversation) -> Conversation:
        """Return the conversation without what it keeps about the person besides the role. The
        digest of the request that created a group goes too: it covers the people and the title."""
        gone = self.user_id
        last_sender = conversation.last_sender_id
        is_group = conversation.kind is ConversationKind.GROUP
        return replace(
            conversation,
            sent_seq={one: seq for one, seq in conversation.sent_seq.items() if one != gone},
            mentioned_seq={
                one: seq for one, seq in conversation.mentioned_seq.items() if one != gone
            },
            preferences={one: own for one, own in conversation.preferences.items() if one != gone},
            blocked_by=conversation.blocked_by - {gone},
            last_sender_id=self.erased_id if last_sender == gone else last_sender,
            content_hash="" if is_group else conversation.content_hash,
        )


def successor(conversation: Conversation, user_id: str) -> str | None:
    """Return who must become owner before a person leaves a group: the first admin, else the first
    other person; None if another owner remains, or nobody."""
    others = [one for one in conversation.participants.values() if one.user_id != user_id]
    if user_id not in conversation.participants or not others:
        return None
    if conversation.kind is ConversationKind.DIRECT:
        return None
    if any(one.role is Role.OWNER for one in others):
        return None
    admins = [one for one in others if one.role is Role.ADMIN]
    return (admins or others)[0].user_id
