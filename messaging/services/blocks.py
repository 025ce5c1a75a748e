"""Blocks: whom somebody does not want to hear from.

Between the two there are no direct messages, in either direction, and no new direct conversation.
A block stands in the document of whoever made it, and in that of the direct conversation where
there is one, so that a send needs no further read.
"""

import structlog

from messaging.domain.exceptions import Blocked, ConversationNotFound, InvalidRequest
from messaging.domain.identifiers import direct_conversation_id, is_stored_user_id
from messaging.domain.limits import get_limits
from messaging.runtime.instance import Instance
from messaging.services.rules.rights import require_user_id

logger = structlog.get_logger(__name__)


async def list_blocks(instance: Instance, *, user_id: str) -> list[str]:
    """Whom one blocks, by user id. Raises StoreUnavailable."""
    return sorted((await instance.people.get_blocks([user_id]))[user_id])


async def block_person(instance: Instance, *, user_id: str, person_id: str) -> None:
    """Block somebody; again is fine. Raises InvalidRequest, StoreUnavailable (then block them
    again)."""
    require_user_id("user_id", person_id)
    _require_other(user_id, person_id)
    blocks = (await instance.people.get_blocks([user_id]))[user_id]
    limit = get_limits().blocks
    if person_id not in blocks and len(blocks) >= limit:
        raise InvalidRequest.of("user_id", f"A person blocks at most {limit} people.", "max_length")
    await _set_block(instance, user_id, person_id, blocked=True)


async def unblock_person(instance: Instance, *, user_id: str, person_id: str) -> None:
    """Block somebody no more; whoever is not blocked stays so. Raises as `block_person`."""
    if not is_stored_user_id(person_id):  # a reserved id may have been blocked before it was one
        require_user_id("user_id", person_id)
    _require_other(user_id, person_id)
    await _set_block(instance, user_id, person_id, blocked=False)


async def require_no_block(instance: Instance, user_id: str, person_id: str) -> None:
    """Raises Blocked, StoreUnavailable."""
    blocks = await instance.people.get_blocks([user_id, person_id])
    if person_id in blocks[user_id] or user_id in blocks[person_id]:
        raise Blocked


async def _set_block(instance: Instance, user_id: str, person_id: str, *, blocked: bool) -> None:
    """First the person, then the conversation; whoever founds one does it the other way round,
    see `conversations`. So at least one of the two sees what the other did."""
    conversation_id = direct_conversation_id(*sorted((user_id, person_id)))
    await instance.people.set_block(user_id, person_id, blocked=blocked)
    try:
        await instance.store.set_blocked(conversation_id, user_id, blocked=blocked)
    except ConversationNotFound:
        pass  # whoever founds it asks the people
    finally:  # it may have been done, though nothing was heard of it
        instance.publisher.publish_privacy(user_id)
        instance.publisher.publish_blocks(conversation_id)
    logger.info("person.blocked" if blocked else "person.unblocked", person_id=person_id)


def _require_other(user_id: str, person_id: str) -> None:
    if person_id == user_id:
        raise InvalidRequest.of("user_id", "You cannot block yourself.")
