"""What reads of a person's own conversations are measured by, whatever others put into these."""

from collections.abc import Awaitable, Callable, Mapping

from messaging.runtime.instance import Instance
from messaging.services import presence, sessions
from messaging.services.account import own_conversations
from tests.outlets import SIGNED_IN_AT, Outlet

_ASKED = 100

Act = Callable[[Instance, str], Awaitable[None]]


async def _connect(instance: Instance, user_id: str) -> None:
    await instance.start()
    connection = await sessions.open_session(
        instance, user_id=user_id, signed_in_at=SIGNED_IN_AT, outlet=Outlet(lambda frame: None)
    )
    sessions.close_session(instance, connection)
    instance.hub.sessions.invalidate_lists()  # the next one asks the store again
    instance.hub.sessions.revalidate_lists()


async def _unread(instance: Instance, user_id: str) -> None:
    await own_conversations.count_unread(instance, user_id=user_id)


async def _listed(instance: Instance, user_id: str) -> None:
    page = await own_conversations.list_conversations(instance, user_id=user_id, limit=100)
    assert page.items


async def _present(instance: Instance, user_id: str) -> None:
    """Of people with whom nothing is shared, which looks through everything."""
    strangers = [f"stranger-{number}" for number in range(_ASKED)]
    assert await presence.get_presence(instance, user_id=user_id, user_ids=strangers) == []


ACTS: Mapping[str, Act] = {
    "connect": _connect,
    "unread total": _unread,
    "list of 100": _listed,
    "presence of 100": _present,
}
