"""Conversations by a service account: create for others, read, change, freeze and delete."""

from collections.abc import Mapping, Sequence
from typing import Any

from messaging.changes.conversations import NewConversation
from messaging.changes.interventions import ChangeConversation
from messaging.changes.needs import Known
from messaging.changes.rights import require_people
from messaging.domain.conversation import Conversation, ConversationKind, History, Posting
from messaging.domain.exceptions import ConversationNotFound, InvalidRequest
from messaging.domain.identifiers import require_conversation_id, require_user_id
from messaging.domain.integrations.service_accounts import Scope, ServiceCaller
from messaging.runtime.instance import Instance
from messaging.services import conversations
from messaging.services.conversations import FoundedConversation
from messaging.services.operators import conversations as operators_conversations
from messaging.services.rules.moderation import moderated_title
from messaging.services.rules.submission import authorize, submit
from messaging.services.sessions import require_not_erasing


async def create_conversation(
    instance: Instance,
    *,
    service: ServiceCaller,
    owner_id: str,
    kind: ConversationKind,
    participant_ids: Sequence[str],
    title: str | None = None,
    client_id: str | None = None,
    metadata: str | None = None,
    picture: str | None = None,
    posting: Posting = Posting.ALL,
    history: History = History.FULL,
    system_messages: bool = False,
) -> FoundedConversation:
    """Create a conversation for others: a group of which `owner_id` is the owner, or the direct
    conversation of `owner_id` and one other person. The service is not in it.

    A service has no quotas, and client ids of its own. People who must not be added to groups by
    the owner are left out. Raises ScopeMissing, InvalidRequest, BeingErased, ClientIdReused,
    Blocked, StoreUnavailable.
    """
    service.require(Scope.MANAGE)
    require_user_id("owner_id", owner_id)
    await require_not_erasing(instance, user_id=owner_id)
    return await conversations.create_conversation(
        instance,
        user_id=owner_id,
        kind=kind,
        participant_ids=participant_ids,
        title=title,
        client_id=client_id,
        metadata=metadata,
        picture=picture,
        posting=posting,
        history=history,
        system_messages=system_messages,
        by_service=True,
        creator_id=service.user_id,
    )


async def get_conversation(
    instance: Instance, *, service: ServiceCaller, conversation_id: str
) -> Conversation:
    """Return a conversation. Raises ScopeMissing, ConversationNotFound, StoreUnavailable."""
    service.require(Scope.MANAGE)
    require_conversation_id(conversation_id)
    conversation = await instance.store.get_conversation(conversation_id)
    if conversation is None:
        raise ConversationNotFound
    require_people(conversation)
    return conversation


async def update_conversation(
    instance: Instance,
    *,
    service: ServiceCaller,
    conversation_id: str,
    changes: Mapping[str, Any],
) -> Conversation:
    """Change the `title`, `metadata`, `picture`, `posting` or `history` of a group, or freeze any
    conversation by `frozen`; at least one is given.

    Raises ScopeMissing, InvalidRequest, ConversationNotFound, PermissionDenied,
    RefusedByModeration, StoreUnavailable.
    """
    service.require(Scope.MANAGE)
    require_conversation_id(conversation_id)
    if not changes:
        raise InvalidRequest.of("title", "Send a field to change.", "required")
    named = {name: value for name, value in changes.items() if name != "frozen"}
    checked = NewConversation(**named).checked()
    fields = {name: getattr(checked, name) for name in named}
    if "frozen" in changes:
        fields["frozen"] = changes["frozen"]
    change = ChangeConversation(by=service.user_id, fields=fields)
    if fields.get("title") and instance.moderation.active:
        conversation = await authorize(instance, conversation_id, change)
        change.apply(conversation, Known())  # refused now, moderation need not judge it
        if fields["title"] != conversation.title:
            fields["title"] = await moderated_title(
                instance, service.user_id, conversation_id, fields["title"]
            )
    return (await submit(instance, conversation_id, change)).conversation


async def delete_conversation(
    instance: Instance, *, service: ServiceCaller, conversation_id: str
) -> None:
    """Remove all people from a group at once, then delete its messages. If this is interrupted
    after the first step, a sweep completes it. Raises ScopeMissing, ConversationNotFound,
    PermissionDenied for a direct conversation, StoreUnavailable."""
    service.require(Scope.MANAGE)
    await operators_conversations.delete_conversation(
        instance, conversation_id=conversation_id, by=service.user_id
    )
