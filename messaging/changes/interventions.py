"""Changes by operators and service accounts, who need not be participants. The admin, or a scope,
has authorized them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from messaging.changes.change import SMALL_CHANGE, Outcome
from messaging.changes.conversations import FIXED_FIELDS, with_fields
from messaging.changes.messages.changed import with_changed_message
from messaging.changes.messages.deleting import deleted
from messaging.changes.messages.reporting import Event, with_report
from messaging.changes.needs import Known, Needs
from messaging.changes.participants import (
    FIXED_PEOPLE,
    require_present,
    with_participants,
    with_role,
    without_participants,
)
from messaging.changes.rights import require_group, require_people
from messaging.domain.change import Change, ChangeType
from messaging.domain.conversation import Conversation, ConversationKind
from messaging.domain.exceptions import MessageNotFound, PermissionDenied
from messaging.domain.participant import Role
from messaging.domain.uncounted import ALL_COUNTED

OPERATOR = "__operator__"
"""Represents an operator as the author of a change. No user id has this form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Intervention:
    by: str = OPERATOR
    """The author: an operator, or the user id of a service account."""
    creates: None = None
    size: int = SMALL_CHANGE

    @property
    def needs(self) -> Needs | None:
        return None

    @property
    def reported_by(self) -> str | None:
        """Return the author that a system message names. Operators are not named."""
        return None if self.by == OPERATOR else self.by

    def authorize(self, conversation: Conversation) -> None:
        """Pass for an operator, who sees every conversation; a service sees those with people.
        Raises ConversationNotFound."""
        if self.by != OPERATOR:
            require_people(conversation)


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactMessage(_Intervention):
    """Delete a message's content for everyone. Raises MessageNotFound, PermissionDenied."""

    message_id: str
    sent_by: str | None = None
    """The only sender whose messages may be deleted; None is anybody."""

    @property
    def needs(self) -> Needs:
        return Needs(messages=(self.message_id,))

    def apply(self, conversation: Conversation, known: Known) -> Outcome:
        message = known.messages.get(self.message_id)
        if message is None:
            raise MessageNotFound
        if self.sent_by is not None and message.sender_id != self.sent_by:
            raise PermissionDenied("This needs the scope manage: another has sent the message.")
        return deleted(conversation, message, by=self.by)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireMessage(_Intervention):
    """Turn a message that is too old into a tombstone, without the digest of its content. The
    tombstone of a message that was deleted before loses the digest too: whoever guesses a short
    text could check it. Where nothing is left to remove, nothing changes."""

    message_id: str

    @property
    def needs(self) -> Needs:
        return Needs(messages=(self.message_id,))

    def apply(self, conversation: Conversation, known: Known) -> Outcome:
        message = known.messages.get(self.message_id)
        if message is None:
            return Outcome(conversation=conversation)
        if message.deleted_at is None:
            return deleted(conversation, message, by=self.by, content_hash="")
        if not message.content_hash:
            return Outcome(conversation=conversation, message=message)
        return with_changed_message(
            conversation, message, by=self.by, as_=ChangeType.MESSAGE_DELETED, content_hash=""
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeConversation(_Intervention):
    """Replace some fields of a conversation, such as `frozen`. While it is frozen, only owners and
    admins can write. Nothing else of a direct conversation can be changed."""

    fields: Mapping[str, Any]

    def apply(self, conversation: Conversation, _: Known) -> Outcome:
        if self.fields.keys() - {"frozen"}:
            require_group(conversation, FIXED_FIELDS)
        return with_fields(conversation, self.fields, by=self.by)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmitParticipants(_Intervention):
    """Add people to a group. Raises InvalidRequest if it would become too large."""

    user_ids: tuple[str, ...]
    role: Role

    def apply(self, conversation: Conversation, _: Known) -> Outcome:
        require_group(conversation, FIXED_PEOPLE)
        return with_participants(conversation, self.user_ids, self.role, by=self.by)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpelParticipant(_Intervention):
    """Remove a participant of any role.

    Raises NotFound. Raises PermissionDenied for the last owner of a group with other participants.
    """

    participant_id: str

    def apply(self, conversation: Conversation, _: Known) -> Outcome:
        require_group(conversation, FIXED_PEOPLE)
        participant = require_present(conversation, self.participant_id)
        outcome = without_participants(conversation, [participant], by=self.by)
        return with_report(
            outcome, Event.PARTICIPANT_REMOVED, by=self.reported_by, user_ids=[self.participant_id]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignRole(_Intervention):
    """Change the role of a participant. Raises the same errors as `ExpelParticipant`."""

    participant_id: str
    role: Role

    def apply(self, conversation: Conversation, _: Known) -> Outcome:
        require_group(conversation, "no roles")
        outcome = with_role(conversation, self.participant_id, self.role, by=self.by)
        return with_report(
            outcome,
            Event.ROLE_CHANGED,
            by=self.reported_by,
            user_ids=[self.participant_id],
            role=self.role.value,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EmptyConversation(_Intervention):
    """Remove all participants of a group at once, with all content, and with everything that names
    a person: no erasure would find it any more. Raises PermissionDenied for a direct
    conversation."""

    def authorize(self, conversation: Conversation) -> None:
        """Pass, also if it has no people any more: a deletion that was interrupted goes on."""

    def apply(self, conversation: Conversation, _: Known) -> Outcome:
        if conversation.kind is ConversationKind.DIRECT:
            raise PermissionDenied("A direct conversation cannot be deleted. Freeze it instead.")
        bare = replace(
            conversation,
            title=None,
            metadata=None,
            picture=None,
            last_message=None,
            seq=0,
            uncounted=ALL_COUNTED,
            sent_seq={},
            mentioned_seq={},
            preferences={},
            blocked_by=frozenset(),
            last_sender_id="",
            content_hash="",
        )
        if conversation.participants:
            return without_participants(bare, list(conversation.participants.values()), by=self.by)
        if bare == conversation or not conversation.version:  # deleted before, or being loaded
            return Outcome(conversation=conversation)
        after = replace(bare, version=conversation.version + 1)  # everybody had left it
        change = Change(
            type=ChangeType.CONVERSATION_UPDATED,
            version=after.version,
            conversation=after,
            by=self.by,
        )
        return Outcome(conversation=after, change=change)
