"""Moderation: what operators do to people. Who an operator is, the admin knows."""

import structlog

from messaging.exceptions import InvalidRequest
from messaging.identifiers import is_user_id
from messaging.instance import get_instance

logger = structlog.get_logger(__name__)


async def ban_person(*, person_id: str) -> None:
    """Shut somebody out: what they ask for is refused from now on, and their sockets are closed
    on every instance; that is waited for, up to a second. Banning again changes nothing.

    Raises InvalidRequest, StoreUnavailable.
    """
    await _set_banned(person_id, banned=True)


async def unban_person(*, person_id: str) -> None:
    """Let somebody in again. Raises InvalidRequest, StoreUnavailable."""
    await _set_banned(person_id, banned=False)


async def _set_banned(person_id: str, *, banned: bool) -> None:
    if not is_user_id(person_id):
        raise InvalidRequest.of("person_id", "This is not a user id.")
    instance = get_instance()
    await instance.start()
    await instance.apply_access(await instance.people.set_banned(person_id, banned=banned))
    logger.info("person.banned" if banned else "person.unbanned", person_id=person_id)
