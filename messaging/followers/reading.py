"""Reads from the store what follows a checkpoint.

This costs one read for the conversation, and one for each changed message, at least one.
"""

from datetime import datetime

from messaging.domain.message import Message
from messaging.followers.follower import NOTHING, Followed
from messaging.stores.conversations import Store
from messaging.stores.exchange import is_shell

MAX_MESSAGES = 200
"""Of one `Followed`."""
_STEP = 50


class Gone(Exception):
    """The store does not have the conversation."""


async def read_after(
    store: Store,
    conversation_id: str,
    version: int,
    *,
    from_beginning: bool,
    started_at: datetime,
    epoch: str,
) -> Followed | None:
    """Return what follows a version, or None if nothing does. Raises Gone, StoreUnavailable.

    With the version `NOTHING`, this is all that is stored, or without `from_beginning` what was
    sent since `started_at` or later.
    """
    conversation = await store.get_conversation(conversation_id)
    if conversation is None:
        raise Gone
    if is_shell(conversation):  # it is being loaded
        return None
    since, whole = version, False
    if version == NOTHING and from_beginning:
        whole = True
    elif version == NOTHING and conversation.created_at < started_at:
        first = await _first_since(store, conversation_id, conversation.seq, started_at)
        if first is not None:
            since = (first.created_version or first.version) - 1
        else:
            since = conversation.version - (conversation.updated_at >= started_at)
    if since >= conversation.version and not whole:
        return None
    messages = await store.list_changed_messages(
        conversation_id,
        since=max(since, 0),
        until=conversation.version,
        limit=MAX_MESSAGES,
    )
    more = len(messages) == MAX_MESSAGES and messages[-1].version < conversation.version
    return Followed(
        conversation=conversation,
        since=since,
        version=messages[-1].version if more else conversation.version,
        messages=messages,
        whole=whole,
        more=more,
        epoch=epoch,
    )


async def _first_since(
    store: Store, conversation_id: str, seq: int, started_at: datetime
) -> Message | None:
    """Return the first message that was sent since a time, read from the latest back."""
    first: Message | None = None
    while seq > 0:
        page = await store.list_messages(
            conversation_id, first_seq=max(seq - _STEP + 1, 1), last_seq=seq
        )
        new = [message for message in page if message.created_at >= started_at]
        first = new[0] if new else first
        if len(new) < len(page) or not page:
            break
        seq -= _STEP
    return first
