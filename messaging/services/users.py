"""Users: the names and pictures of the people with whom a person shares a conversation."""

from collections.abc import Sequence
from dataclasses import dataclass

from messaging.domain.exceptions import InvalidRequest
from messaging.domain.identifiers import is_service, is_stored_user_id
from messaging.domain.people import Profile
from messaging.runtime.instance import Instance
from messaging.services.rules.companions import companions_among
from messaging.services.rules.cursors import cursor_after, decode_cursor
from messaging.services.rules.rights import access_conversation

MAX_USERS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfilePage:
    items: Sequence[Profile]
    next_cursor: str | None
    """None at the end. The last page may be empty."""


async def list_profiles(
    instance: Instance, *, user_id: str, user_ids: Sequence[str]
) -> Sequence[Profile]:
    """Return the profiles of those people who share a conversation with this person, and the
    person's own, in the order of the request. A service writes into conversations without being in
    them, so each named service is answered; nothing shows whether it exists.

    Each profile that is not cached costs a read. Raises InvalidRequest, StoreUnavailable.
    """
    if len(user_ids) > MAX_USERS:
        raise InvalidRequest.of("user_ids", f"Name at most {MAX_USERS} people.", "max_length")
    wanted = [one for one in dict.fromkeys(user_ids) if is_stored_user_id(one)]
    known = {one for one in wanted if one == user_id or is_service(one)}
    others = [one for one in wanted if one not in known]
    known |= await companions_among(instance, user_id, others)
    return await _profiles(instance, [one for one in wanted if one in known])


async def list_profiles_of_conversation(
    instance: Instance,
    *,
    user_id: str,
    conversation_id: str,
    limit: int = MAX_USERS,
    cursor: str | None = None,
) -> ProfilePage:
    """Return a page of the profiles of the people who are or were in a conversation, in a fixed
    order.

    Each person on the page costs a read, and another one if the profile is not cached. Raises
    InvalidRequest, ConversationNotFound, NotAParticipant, StoreUnavailable.
    """
    after = "" if cursor is None else decode_cursor(cursor)
    await access_conversation(instance, user_id=user_id, conversation_id=conversation_id)
    people = await instance.people.list_members(conversation_id, limit=limit, after=after)
    return ProfilePage(
        items=await _profiles(instance, people),
        next_cursor=cursor_after(people[-1]) if len(people) == limit else None,
    )


async def _profiles(instance: Instance, user_ids: Sequence[str]) -> Sequence[Profile]:
    found = await instance.profiles.get(user_ids)
    return [found[user_id] for user_id in user_ids]
