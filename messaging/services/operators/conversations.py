"""Supervision: what operators do to conversations and messages. Who an operator is, and what they
may do, the admin knows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from messaging.commits.acts import SMALL_ACT, Outcome
from messaging.domain.entities import (
    Change,
    ChangeType,
    Conversation,
    ConversationKind,
    Message,
    Role,
)
from messaging.domain.exceptions import MessageNotFound, PermissionDenied
from messaging.domain.uncounted import ALL_COUNTED
from messaging.runtime.app import get_instance
from messaging.services.messages import deleted
from messaging.services.participants import require_present, with_role, without_participants
from messaging.services.rules.rights import (
    require_conversation_id,
    require_group,
    require_message_id,
)

logger = structlog.get_logger(__name__)

OPERATOR = "__operator__"
"""Stands in changes for whoever made them; no user id has this form."""

_DELETED_AT_ONCE = 300


async def redact_message(*, conversation_id: str, message_id: str) -> None:
    """Take a message's content away for everybody, the copies in reports of it among it; again is
    fine.

    Raises ConversationNotFound, MessageNotFound, StoreUnavailable.
    """
    require_message_id(message_id)
    act = _Intervene(
        reads=(message_id,),
        change=lambda conversation, messages: deleted(
            conversation, _require_message(messages, message_id), by=OPERATOR
        ),
    )
    await _submit("message.redacted", conversation_id, act)
    await get_instance().reports.delete_copies(message_id)


async def set_frozen(*, conversation_id: str, frozen: bool) -> None:
    """Stop a conversation: only owners and admins write in it until that is undone. In a direct
    one nobody does. Raises ConversationNotFound, StoreUnavailable."""
    act = _Intervene(change=lambda conversation, _: _frozen(conversation, frozen))
    name = "conversation.frozen" if frozen else "conversation.unfrozen"
    await _submit(name, conversation_id, act)


async def expel_participant(*, conversation_id: str, participant_id: str) -> None:
    """Remove anybody from a group, whatever their role; its last owner is removed last.

    Raises ConversationNotFound, NotFound, PermissionDenied, StoreUnavailable.
    """

    def expelled(conversation: Conversation, _: Mapping[str, Message]) -> Outcome:
        require_group(conversation, "two people, always the same")
        participant = require_present(conversation, participant_id)
        return without_participants(conversation, [participant], by=OPERATOR)

    await _submit("participant.expelled", conversation_id, _Intervene(change=expelled))


async def assign_role(*, conversation_id: str, participant_id: str, role: Role) -> None:
    """Give somebody in a group another role. Raises as `expel_participant`."""

    def assigned(conversation: Conversation, _: Mapping[str, Message]) -> Outcome:
        require_group(conversation, "no roles")
        return with_role(conversation, participant_id, role, by=OPERATOR)

    await _submit("participant.role_assigned", conversation_id, _Intervene(change=assigned))


async def delete_conversation(*, conversation_id: str) -> None:
    """Remove everybody from a group at once, then everything that was said in it. After
    StoreUnavailable do it again: what is gone already stays so.

    An empty shell stays under its id and keeps the version, so that whoever founds the group
    again with the same `client_id` does not begin below what clients have seen. Direct
    conversations are fixed to their two people for ever: freeze them, redact what was said.

    Raises ConversationNotFound, PermissionDenied, StoreUnavailable.
    """

    def emptied(conversation: Conversation, _: Mapping[str, Message]) -> Outcome:
        if conversation.kind is ConversationKind.DIRECT:
            raise PermissionDenied("A direct conversation can be frozen, but not deleted.")
        if not conversation.participants:
            return Outcome(conversation=conversation)
        bare = replace(conversation, title=None, last_message=None, seq=0, uncounted=ALL_COUNTED)
        return without_participants(bare, list(conversation.participants.values()), by=OPERATOR)

    await _submit("conversation.deleted", conversation_id, _Intervene(change=emptied))
    catalogue = get_instance().catalogue
    while await catalogue.delete_messages(conversation_id, limit=_DELETED_AT_ONCE):
        pass


@dataclass(frozen=True, slots=True, kw_only=True)
class _Intervene:
    """What an operator changes, whoever takes part."""

    change: Callable[[Conversation, Mapping[str, Message]], Outcome]
    reads: Sequence[str] = ()
    creates: None = None
    size: int = SMALL_ACT

    def authorize(self, conversation: Conversation) -> None:
        """Pass: the admin has authorized the operator."""

    def evaluate(self, conversation: Conversation, messages: Mapping[str, Message]) -> Outcome:
        return self.change(conversation, messages)


def _frozen(conversation: Conversation, frozen: bool) -> Outcome:
    if conversation.frozen is frozen:
        return Outcome(conversation=conversation)
    after = replace(conversation, frozen=frozen, version=conversation.version + 1)
    change = Change(
        type=ChangeType.CONVERSATION_UPDATED,
        version=after.version,
        conversation=after,
        by=OPERATOR,
    )
    return Outcome(conversation=after, change=change)


def _require_message(messages: Mapping[str, Message], message_id: str) -> Message:
    if message_id not in messages:
        raise MessageNotFound
    return messages[message_id]


async def _submit(action: str, conversation_id: str, act: _Intervene) -> None:
    require_conversation_id(conversation_id)
    instance = get_instance()
    await instance.start()
    await instance.writer.submit(conversation_id, act)
    logger.info(action, conversation_id=conversation_id)
