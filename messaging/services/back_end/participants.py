"""The people of a group by a service account: add, remove, and change roles."""

from collections.abc import Sequence

from messaging.changes.interventions import AdmitParticipants, AssignRole, ExpelParticipant
from messaging.changes.participants import require_present
from messaging.domain.conversation import Conversation
from messaging.domain.identifiers import require_conversation_id, require_user_id
from messaging.domain.integrations.service_accounts import Scope, ServiceCaller
from messaging.domain.participant import Role
from messaging.runtime.instance import Instance
from messaging.services.back_end.conversations import get_conversation
from messaging.services.rules.submission import submit
from messaging.services.rules.welcome import welcome


async def add_participants(
    instance: Instance,
    *,
    service: ServiceCaller,
    conversation_id: str,
    user_ids: Sequence[str],
    role: Role = Role.MEMBER,
) -> Conversation:
    """Add people to a group, with any role and without quotas. People who must not be added are
    left out, see `welcome`, which costs one read for each new person.

    Raises ScopeMissing, InvalidRequest, ConversationNotFound, PermissionDenied, StoreUnavailable.
    """
    service.require(Scope.MANAGE)
    for index, person in enumerate(user_ids):
        require_user_id(f"user_ids.{index}", person)
    conversation = await get_conversation(
        instance, service=service, conversation_id=conversation_id
    )
    new = [one for one in dict.fromkeys(user_ids) if one not in conversation.participants]
    let_in = await welcome(instance, service.user_id, new, conversation_id=conversation_id)
    change = AdmitParticipants(by=service.user_id, user_ids=tuple(let_in), role=role)
    return (await submit(instance, conversation_id, change)).conversation


async def remove_participant(
    instance: Instance, *, service: ServiceCaller, conversation_id: str, participant_id: str
) -> None:
    """Remove a participant of any role. The last owner is removed last.

    Raises ScopeMissing, ConversationNotFound, NotFound, PermissionDenied, StoreUnavailable.
    """
    service.require(Scope.MANAGE)
    require_conversation_id(conversation_id)
    change = ExpelParticipant(by=service.user_id, participant_id=participant_id)
    await submit(instance, conversation_id, change)


async def set_role(
    instance: Instance,
    *,
    service: ServiceCaller,
    conversation_id: str,
    participant_id: str,
    role: Role,
) -> Conversation:
    """Change the role of a participant. Raises the same errors as `remove_participant`."""
    service.require(Scope.MANAGE)
    require_conversation_id(conversation_id)
    change = AssignRole(by=service.user_id, participant_id=participant_id, role=role)
    conversation = (await submit(instance, conversation_id, change)).conversation
    # The conversation is that after the whole commit, which may also have removed this person.
    require_present(conversation, participant_id)
    return conversation
