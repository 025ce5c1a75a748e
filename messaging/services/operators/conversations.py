"""Operators' actions on conversations and messages."""

from collections.abc import Collection
from dataclasses import replace

import structlog

from messaging.changes.change import ConversationChange
from messaging.changes.interventions import (
    OPERATOR,
    AssignRole,
    ChangeConversation,
    EmptyConversation,
    ExpelParticipant,
    RedactMessage,
)
from messaging.domain.change import COMMIT_TIME
from messaging.domain.exceptions import MessagingError, Unavailable
from messaging.domain.files.stored_attachment import AttachmentStatus
from messaging.domain.identifiers import require_conversation_id, require_message_id
from messaging.domain.participant import Role
from messaging.runtime.instance import Instance

logger = structlog.get_logger(__name__)


async def redact_message(instance: Instance, *, conversation_id: str, message_id: str) -> None:
    """Delete a message's content for everyone, including the copies in its reports and the files.
    Idempotent.

    Raises ConversationNotFound, MessageNotFound, StoreUnavailable.
    """
    require_message_id(message_id)
    await _submit(
        instance, "message.redacted", conversation_id, RedactMessage(message_id=message_id)
    )
    await _remove_reported_files(instance, await instance.reports.delete_copies(message_id))
    instance.attachments.sweep.wake()


async def _remove_reported_files(instance: Instance, attachment_ids: Collection[str]) -> None:
    """Let the sweep remove files at once that a report has kept. If this fails, the sweep finds
    within a day that no report keeps them any more."""
    store = instance.attachments.store
    for one in (await store.get(list(attachment_ids))).values() if attachment_ids else ():
        if one.status is AttachmentStatus.DELETED:
            await store.replace(one, replace(one, sweep_at=COMMIT_TIME))


async def set_frozen(instance: Instance, *, conversation_id: str, frozen: bool) -> None:
    """Freeze a conversation, or unfreeze it. While it is frozen, only owners and admins can write;
    in a direct conversation nobody can. Raises ConversationNotFound, StoreUnavailable."""
    name = "conversation.frozen" if frozen else "conversation.unfrozen"
    await _submit(instance, name, conversation_id, ChangeConversation(fields={"frozen": frozen}))


async def expel_participant(
    instance: Instance, *, conversation_id: str, participant_id: str
) -> None:
    """Remove a participant of any role from a group. Its last owner is removed last.

    Raises ConversationNotFound, NotFound, PermissionDenied, StoreUnavailable.
    """
    change = ExpelParticipant(participant_id=participant_id)
    await _submit(instance, "participant.expelled", conversation_id, change)


async def assign_role(
    instance: Instance, *, conversation_id: str, participant_id: str, role: Role
) -> None:
    """Change the role of a participant. Raises the same errors as `expel_participant`."""
    change = AssignRole(participant_id=participant_id, role=role)
    await _submit(instance, "participant.role_assigned", conversation_id, change)


async def delete_conversation(
    instance: Instance, *, conversation_id: str, by: str = OPERATOR
) -> None:
    """Remove all people from a group at once, then delete all its messages. If this is interrupted
    after the first step, a sweep completes it within two minutes.

    An empty shell with the version stays under its id. So if the group is created again with the
    same `client_id`, it does not start below the versions that clients have seen. Direct
    conversations cannot be deleted: freeze them, and redact their messages.

    Raises ConversationNotFound, PermissionDenied, StoreUnavailable.
    """
    require_conversation_id(conversation_id)
    due_at = await instance.deletions.begin(conversation_id)
    try:
        await _submit(instance, "conversation.deleted", conversation_id, EmptyConversation(by=by))
    except Unavailable:
        raise  # it may be applied: a sweep looks
    except MessagingError:
        await instance.deletions.abandon(conversation_id, due_at)
        raise
    await instance.deletions.complete(conversation_id, due_at)


async def _submit(
    instance: Instance, action: str, conversation_id: str, change: ConversationChange
) -> None:
    require_conversation_id(conversation_id)
    await instance.writer.submit(conversation_id, change)
    logger.info(action, conversation_id=conversation_id)
