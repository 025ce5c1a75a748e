"""The participants of a group: add, remove, leave, and change roles."""

from collections.abc import Sequence
from dataclasses import replace

from messaging.changes.needs import Known
from messaging.changes.participants import (
    AddParticipants,
    RemoveParticipant,
    SetRole,
    require_present,
)
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import (
    MessagingError,
    StoreUnavailable,
)
from messaging.domain.identifiers import require_conversation_id, require_user_id
from messaging.domain.participant import Role
from messaging.runtime.instance import Instance
from messaging.services.rules.creation_quotas import Quota
from messaging.services.rules.rights import access_conversation, read_conversation
from messaging.services.rules.submission import submit
from messaging.services.rules.welcome import welcome


async def add_participants(
    instance: Instance,
    *,
    user_id: str,
    conversation_id: str,
    user_ids: Sequence[str],
    role: Role = Role.MEMBER,
    by_service: bool = False,
) -> Conversation:
    """Add people to a group. This requires owner or admin; only an owner adds owners and admins.
    `by_service`: a service account acts on behalf of the person, without quotas.

    People who are already in the group stay unchanged. A new person has nothing unread, even if
    they were in the group before. People who must not be added are left out, see `welcome`, which
    costs one read for each new person. Raises InvalidRequest, ConversationNotFound,
    NotAParticipant, PermissionDenied, RateLimited, StoreUnavailable.
    """
    require_conversation_id(conversation_id)
    for index, person in enumerate(user_ids):
        require_user_id(f"user_ids.{index}", person)
    change = AddParticipants(user_id=user_id, user_ids=tuple(dict.fromkeys(user_ids)), role=role)
    conversation = await _permitting(instance, change, conversation_id)
    judged: set[str] = set()
    while True:
        # Only judged people are in the change. If others have left since this copy of the
        # conversation, the next round judges them: their name in the request does not bring them
        # back unasked.
        new = [
            person
            for person in change.user_ids
            if person not in conversation.participants and person not in judged
        ]
        conversation = await _add_welcome(
            instance, replace(change, user_ids=tuple(new)), conversation_id, by_service=by_service
        )
        judged |= set(new)
        if conversation.participants.keys() | judged >= set(change.user_ids):
            return conversation


async def _add_welcome(
    instance: Instance, change: AddParticipants, conversation_id: str, *, by_service: bool
) -> Conversation:
    """Add those of the people in the change who may be added. Return the present conversation."""
    user_id, people = change.user_id, change.user_ids
    quota = Quota(rates=instance.rates, user_id=user_id, people=len(people), by_service=by_service)
    await quota.take()
    try:
        let_in = await welcome(instance, user_id, people, conversation_id=conversation_id)
    except BaseException:  # nothing is written yet, also if the request was cancelled
        await quota.give_back()
        raise
    try:
        outcome = await submit(instance, conversation_id, replace(change, user_ids=tuple(let_in)))
    except StoreUnavailable:  # it may have succeeded
        raise
    except MessagingError:
        await quota.give_back()
        raise
    return outcome.conversation


async def _permitting(
    instance: Instance, change: "AddParticipants | RemoveParticipant", conversation_id: str
) -> Conversation:
    """Return the conversation if it permits a change. Otherwise raises the refusal, based on a
    state that was just read."""
    user_id = change.user_id
    conversation = await access_conversation(
        instance, user_id=user_id, conversation_id=conversation_id
    )
    try:
        change.apply(conversation, Known())
    except MessagingError:
        conversation = await read_conversation(
            instance, user_id=user_id, conversation_id=conversation_id
        )
        change.apply(conversation, Known())
    return conversation


async def remove_participant(
    instance: Instance, *, user_id: str, conversation_id: str, participant_id: str
) -> None:
    """Remove a participant of a lower role, or leave. The last owner leaves last.

    Raises ConversationNotFound, NotAParticipant, NotFound, PermissionDenied, StoreUnavailable.
    """
    require_conversation_id(conversation_id)
    change = RemoveParticipant(user_id=user_id, participant_id=participant_id)
    if participant_id == user_id:
        # Record this first, so that nobody adds them again in between.
        await _permitting(instance, change, conversation_id)
        await instance.people.note_left(user_id, conversation_id)
    await submit(instance, conversation_id, change)


async def set_role(
    instance: Instance, *, user_id: str, conversation_id: str, participant_id: str, role: Role
) -> Conversation:
    """Change the role of a participant. This requires owner. A group with people has an owner.

    Raises ConversationNotFound, NotAParticipant, NotFound, PermissionDenied, StoreUnavailable.
    """
    require_conversation_id(conversation_id)
    change = SetRole(user_id=user_id, participant_id=participant_id, role=role)
    conversation = (await submit(instance, conversation_id, change)).conversation
    # The conversation is that after the whole commit, which may also have removed this person.
    require_present(conversation, participant_id)
    return conversation
