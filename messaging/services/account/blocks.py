"""Blocks between people.

A block stops direct messages in both directions, and new direct conversations. It is stored in the
document of the blocking person, and in that of their direct conversation if there is one, so that a
send needs no further read.
"""

import structlog

from messaging.domain.exceptions import (
    BeingErased,
    Blocked,
    ConversationNotFound,
    InvalidRequest,
)
from messaging.domain.identifiers import direct_conversation_id, is_stored_user_id, require_user_id
from messaging.domain.limits import get_limits
from messaging.runtime.instance import Instance
from messaging.services.rules.carried_through import carried_through
from messaging.services.rules.stored_blocks import write_block_into_conversation

logger = structlog.get_logger(__name__)


async def list_blocks(instance: Instance, *, user_id: str) -> list[str]:
    """Return the people whom a person blocks, by user id. Raises StoreUnavailable."""
    return sorted((await instance.people.get_blocks([user_id]))[user_id])


async def block_person(instance: Instance, *, user_id: str, person_id: str) -> None:
    """Block a person. Idempotent. Raises InvalidRequest, StoreUnavailable (then block them
    again)."""
    require_user_id("user_id", person_id)
    _require_other(user_id, person_id)
    blocks = (await instance.people.get_blocks([user_id]))[user_id]
    limit = get_limits().blocks
    if person_id not in blocks and len(blocks) >= limit:
        raise InvalidRequest.of(
            "user_id",
            f"You can block at most {limit} people. Unblock a person first.",
            "max_length",
        )
    await _set_block(instance, user_id, person_id, blocked=True)


async def unblock_person(instance: Instance, *, user_id: str, person_id: str) -> None:
    """Unblock a person. Idempotent. Raises the same errors as `block_person`."""
    if not is_stored_user_id(person_id):  # the id may have been blocked before it became reserved
        require_user_id("user_id", person_id)
    _require_other(user_id, person_id)
    await _set_block(instance, user_id, person_id, blocked=False)


async def require_open_pair(instance: Instance, user_id: str, person_id: str) -> None:
    """Require that neither of two people blocks the other, and that no erasure of one of them is
    under way: the new conversation would name a person who was erased. Raises Blocked, BeingErased,
    StoreUnavailable."""
    known = await instance.people.get_privacy([user_id, person_id])
    if person_id in known[user_id].blocked or user_id in known[person_id].blocked:
        raise Blocked
    if known[user_id].erasing or known[person_id].erasing:
        raise BeingErased


@carried_through
async def _set_block(instance: Instance, user_id: str, person_id: str, *, blocked: bool) -> None:
    """Store a block. The person is written first, then the conversation. The creation of a
    conversation uses the reverse order, see `conversations`, so that at least one of the two sees
    the other's write."""
    conversation_id = direct_conversation_id(*sorted((user_id, person_id)))
    await instance.people.set_block(user_id, person_id, blocked=blocked)
    try:
        await write_block_into_conversation(
            instance, conversation_id, user_id, person_id, blocked=blocked
        )
    except ConversationNotFound:
        pass  # the creator of the conversation checks the people
    finally:  # it may have succeeded without an answer
        instance.publisher.publish_person(user_id)
        instance.publisher.publish_blocks(conversation_id)
    logger.info("person.blocked" if blocked else "person.unblocked", person_id=person_id)


def _require_other(user_id: str, person_id: str) -> None:
    if person_id == user_id:
        raise InvalidRequest.of("user_id", "You cannot block yourself. Name another person.")
