"""Where a connection's frames go in tests that need no socket."""

from collections.abc import Callable
from datetime import UTC, datetime

from messaging.delivery.hub.connections import Connection, Ending
from messaging.delivery.shared_frames import SharedFrames
from messaging.runtime.instance import Instance

SIGNED_IN_AT = datetime(2026, 1, 1, tzinfo=UTC)
"""Of whoever connects in a test where it makes no difference."""


class Outlet:
    """Hands every frame to `take`, and keeps why it was ended."""

    def __init__(self, take: Callable[[str], object]) -> None:
        self._take = take
        self.ended: list[Ending] = []

    def put(self, frame: str) -> None:
        self._take(frame)

    def put_shared(self, frames: SharedFrames) -> None:
        for text in frames.texts:
            self._take(text)

    def end(self, reason: Ending) -> None:
        self.ended.append(reason)


def make_connection(
    connection_id: str,
    user_id: str,
    outlet: Outlet,
    signed_in_at: datetime = SIGNED_IN_AT,
) -> Connection:
    return Connection(connection_id, user_id, outlet, signed_in_at=signed_in_at)


def everybody_leaves(instance: Instance) -> None:
    """These clients do not hear that they are sent away: an instance that ends would wait."""
    for connection in instance.hub.connections.everyone():
        instance.hub.sessions.disconnect(connection)
