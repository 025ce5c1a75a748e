"""History: read one message or a page."""

from collections.abc import Sequence
from dataclasses import dataclass

from messaging.changes.messages.changed import require_visible
from messaging.domain.conversation import Conversation
from messaging.domain.identifiers import is_stored_id, require_message_id
from messaging.domain.message import Message
from messaging.domain.own.visible import visible_from
from messaging.runtime.instance import Instance
from messaging.services.rules.rights import access_conversation, read_conversation, still_in


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePage:
    messages: Sequence[Message]
    has_more_before: bool
    has_more_after: bool


async def get_message(
    instance: Instance, *, user_id: str, conversation_id: str, message_id: str
) -> Message:
    """Return a message. Raises ConversationNotFound, NotAParticipant, MessageNotFound,
    StoreUnavailable."""
    conversation = await access_conversation(
        instance, user_id=user_id, conversation_id=conversation_id
    )
    require_message_id(message_id)
    found = await instance.store.get_messages(conversation_id, [message_id])
    conversation = await still_in(instance, conversation, user_id, found.values())
    return require_visible(conversation, user_id, found, message_id)


async def get_messages(
    instance: Instance, *, user_id: str, conversation_id: str, message_ids: Sequence[str]
) -> Sequence[Message]:
    """Return those of the messages that exist and that a person may see, in the order of the ids.
    Raises ConversationNotFound, NotAParticipant, StoreUnavailable."""
    conversation = await access_conversation(
        instance, user_id=user_id, conversation_id=conversation_id
    )
    wanted = [id_ for id_ in dict.fromkeys(message_ids) if is_stored_id(id_)]
    found = await instance.store.get_messages(conversation_id, wanted)
    conversation = await still_in(instance, conversation, user_id, found.values())
    visible = visible_from(conversation, user_id)
    return [found[id_] for id_ in wanted if id_ in found and found[id_].seq >= visible]


async def list_messages(
    instance: Instance,
    *,
    user_id: str,
    conversation_id: str,
    before: int | None = None,
    after: int | None = None,
    around: int | None = None,
    limit: int,
) -> MessagePage:
    """Return a page of messages, ascending by `seq`: before or after a seq (exclusive), around one
    (inclusive), or the latest. Raises ConversationNotFound, NotAParticipant, StoreUnavailable.

    A page has no message that the person may not see, and `has_more_before` is false above those.
    The messages never come from a cached copy. A client joins this page to live events, so a
    message missing between them would stay missing.
    """
    conversation = await access_conversation(
        instance, user_id=user_id, conversation_id=conversation_id
    )
    store = instance.store
    if before is None and after is None and around is None:
        found = await store.list_latest_messages(conversation_id, limit=limit)
        conversation = await still_in(instance, conversation, user_id, found)
        visible = visible_from(conversation, user_id)
        messages = [message for message in found if message.seq >= visible]
        more = bool(messages) and messages[0].seq > visible
        return MessagePage(messages=messages, has_more_before=more, has_more_after=False)
    visible = visible_from(conversation, user_id)
    if before is not None:
        conversation = await _reaching(instance, conversation, before - 1, user_id)
        last = max(min(before - 1, conversation.seq), 0)
        first = last - limit + 1
    elif after is not None:
        first = max(after + 1, visible)
        last = first + limit - 1
    else:
        conversation = await _reaching(instance, conversation, around or 0, user_id)
        first = max(min(around or 0, conversation.seq) - limit // 2, visible)
        last = first + limit - 1
    first = max(first, visible)
    messages = []
    if first <= last:
        messages = list(await store.list_messages(conversation_id, first_seq=first, last_seq=last))
    conversation = await still_in(instance, conversation, user_id, messages)
    if visible_from(conversation, user_id) > visible:  # the person left and came back meanwhile
        visible = visible_from(conversation, user_id)
        messages = [message for message in messages if message.seq >= visible]
    if (messages and messages[-1].seq == last) or first > last:
        # A full page, or an empty one: the conversation knows whether there is more.
        conversation = await _reaching(instance, conversation, last + 1, user_id)
    return MessagePage(
        messages=messages,
        has_more_before=first > visible and (bool(messages) or conversation.seq > 0),
        has_more_after=conversation.seq > last,
    )


async def _reaching(
    instance: Instance, conversation: Conversation, seq: int, user_id: str
) -> Conversation:
    """Return the conversation, read again if this copy does not contain this message number. If
    there is no such message, return it as it is."""
    if conversation.seq >= seq:
        return conversation
    return await read_conversation(instance, user_id=user_id, conversation_id=conversation.id)
