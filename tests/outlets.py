"""Where a connection's frames go in tests that need no socket."""

from collections.abc import Callable

from messaging.delivery.connection import Ending


class Outlet:
    """Hands every frame to `take`, and keeps why it was ended."""

    def __init__(self, take: Callable[[str], object]) -> None:
        self._take = take
        self.ended: list[Ending] = []

    def put(self, frame: str) -> None:
        self._take(frame)

    def put_soft(self, frame: str, key: str) -> None:
        self._take(frame)

    def end(self, reason: Ending) -> None:
        self.ended.append(reason)
