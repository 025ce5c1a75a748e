"""Changes by operators, who need not be participants. The admin has authorized them."""

from dataclasses import dataclass, replace

from messaging.changes.change import SMALL_CHANGE, Outcome
from messaging.changes.messages.deleting import deleted
from messaging.changes.messages.reporting import Event, with_report
from messaging.changes.needs import Known, Needs
from messaging.changes.participants import require_present, with_role, without_participants
from messaging.changes.rights import require_group
from messaging.domain.change import Change, ChangeType
from messaging.domain.conversation import Conversation, ConversationKind
from messaging.domain.exceptions import MessageNotFound, PermissionDenied
from messaging.domain.participant import Role
from messaging.domain.uncounted import ALL_COUNTED

OPERATOR = "__operator__"
"""Represents an operator as the author of a change. No user id has this form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Intervention:
    creates: None = None
    size: int = SMALL_CHANGE

    @property
    def needs(self) -> Needs | None:
        return None

    def authorize(self, conversation: Conversation) -> None:
        """Pass: an operator sees every conversation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactMessage(_Intervention):
    """Delete a message's content for everyone. Raises MessageNotFound."""

    message_id: str

    @property
    def needs(self) -> Needs:
        return Needs(messages=(self.message_id,))

    def apply(self, conversation: Conversation, known: Known) -> Outcome:
        message = known.messages.get(self.message_id)
        if message is None:
            raise MessageNotFound
        return deleted(conversation, message, by=OPERATOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeConversation(_Intervention):
    """Freeze a conversation, so that only owners and admins can write, or unfreeze it."""

    frozen: bool

    def apply(self, conversation: Conversation, _: Known) -> Outcome:
        if conversation.frozen is self.frozen:
            return Outcome(conversation=conversation)
        after = replace(conversation, frozen=self.frozen, version=conversation.version + 1)
        change = Change(
            type=ChangeType.CONVERSATION_UPDATED,
            version=after.version,
            conversation=after,
            by=OPERATOR,
        )
        return Outcome(conversation=after, change=change)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpelParticipant(_Intervention):
    """Remove a participant of any role.

    Raises NotFound. Raises PermissionDenied for the last owner of a group with other participants.
    """

    participant_id: str

    def apply(self, conversation: Conversation, _: Known) -> Outcome:
        require_group(conversation, "two people, always the same")
        participant = require_present(conversation, self.participant_id)
        outcome = without_participants(conversation, [participant], by=OPERATOR)
        return with_report(
            outcome, Event.PARTICIPANT_REMOVED, by=None, user_ids=[self.participant_id]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignRole(_Intervention):
    """Change the role of a participant. Raises the same errors as `ExpelParticipant`."""

    participant_id: str
    role: Role

    def apply(self, conversation: Conversation, _: Known) -> Outcome:
        require_group(conversation, "no roles")
        outcome = with_role(conversation, self.participant_id, self.role, by=OPERATOR)
        return with_report(
            outcome,
            Event.ROLE_CHANGED,
            by=None,
            user_ids=[self.participant_id],
            role=self.role.value,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EmptyConversation(_Intervention):
    """Remove all participants of a group at once, with its title and latest message. Raises
    PermissionDenied for a direct conversation."""

    def apply(self, conversation: Conversation, _: Known) -> Outcome:
        if conversation.kind is ConversationKind.DIRECT:
            raise PermissionDenied("A direct conversation cannot be deleted. Freeze it instead.")
        if not conversation.participants:
            return Outcome(conversation=conversation)
        bare = replace(conversation, title=None, last_message=None, seq=0, uncounted=ALL_COUNTED)
        return without_participants(bare, list(conversation.participants.values()), by=OPERATOR)
