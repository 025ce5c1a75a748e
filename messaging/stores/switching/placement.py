"""Makes the stores of a process from the settings, with the watch of a move."""

from django.conf import settings

from messaging.stores.database.moves import MoveStore
from messaging.stores.sql.connections.calls import Calls
from messaging.stores.switching.switchable import SwitchableStores
from messaging.stores.switching.watch import ProcessIdentity, StoreWatch


def make_store_watch(name: str, boot_id: str) -> StoreWatch:
    """Return a watch over stores of the kind that `CHAT_STORE` names, until the watch knows
    better."""
    kind: str = settings.CHAT_STORE
    identity = ProcessIdentity(boot_id=boot_id, name=name, role="command", setting=kind)
    return StoreWatch(SwitchableStores(kind), identity)


async def kind_in_force(database: Calls) -> str:
    """Return the kind of store that every process uses: after a move, until it is confirmed, not
    that of `CHAT_STORE`. Raises FormerStore, StoreUnavailable."""
    return (await MoveStore(database).look()).kind_for(settings.CHAT_STORE)
