"""Messages as answers show them to one person: with the person's own reactions."""

from collections.abc import Mapping, Sequence

from messaging.domain.message import Message
from messaging.runtime.instance import Instance
from messaging.services.reactions import own_reactions
from messaging.wire.representations import Data, personal_message_data


async def own_messages(
    instance: Instance, *, user_id: str, messages: Sequence[Message]
) -> list[Data]:
    """Return messages of one conversation, in order. Raises StoreUnavailable."""
    with_reactions = [message for message in messages if message.reactions]
    own: Mapping[str, Sequence[str]] = {}
    if with_reactions:
        own = await own_reactions(instance, user_id=user_id, messages=with_reactions)
    return [personal_message_data(message, own.get(message.id, ())) for message in messages]


async def own_message(instance: Instance, *, user_id: str, message: Message) -> Data:
    """Return one message. Raises StoreUnavailable."""
    (shown,) = await own_messages(instance, user_id=user_id, messages=[message])
    return shown
