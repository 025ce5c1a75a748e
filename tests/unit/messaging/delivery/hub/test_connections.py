"""The connections of one process: who is here."""

from datetime import UTC, datetime

from messaging.delivery.hub.connections import Connection, Connections, Ending
from messaging.delivery.shared_frames import SharedFrames


class Outlet:
    """Takes every frame."""

    def put(self, frame: str) -> None:
        return

    def put_shared(self, frames: SharedFrames) -> None:
        return

    def end(self, reason: Ending) -> None:
        return


def test_who_of_many_people_is_connected() -> None:
    """However many sockets they have, and nobody who has left."""
    connections = Connections()
    opened = [
        Connection(f"{number}", user_id, Outlet(), signed_in_at=datetime.now(UTC))
        for number, user_id in enumerate(("ann", "ann", "bob", "cid"))
    ]
    for connection in opened:
        connections.add(connection)
    connections.remove(opened[2])

    assert connections.among({"ann": 1, "bob": 2, "dan": 3}.keys()) == {"ann"}
