"""Welcome: who may be added to a group by whom.

People who must not be added are left out silently, so that a request reveals no block and no
setting.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from messaging.domain.people import AddedBy, Privacy
from messaging.runtime.instance import Instance
from messaging.stores.people import LEFT_LIFETIME


async def welcome(
    instance: Instance, user_id: str, people: Sequence[str], *, conversation_id: str | None = None
) -> Sequence[str]:
    """Return the people whom this person may add to a group; None is a new group.

    Left out are people with `added_by: nobody`, people who block this person, people who left this
    group voluntarily within the last day, and people who are being erased. Each takes one read.
    Raises StoreUnavailable.
    """
    known = await instance.people.get_privacy(people)
    return [one for one in people if _may_be_added(known[one], user_id, conversation_id)]


def _may_be_added(privacy: Privacy, by: str, conversation_id: str | None) -> bool:
    if privacy.added_by is AddedBy.NOBODY or by in privacy.blocked or privacy.erasing:
        return False
    left_at = None if conversation_id is None else privacy.left.get(conversation_id)
    return left_at is None or left_at <= datetime.now(UTC) - LEFT_LIFETIME
