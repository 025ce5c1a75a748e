"""Requests of REST, as the modules beside the client need them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol, TypeVar

T = TypeVar("T")


class Requests(Protocol):
    """A `ChatClient`, a `ChatService`, or a person on whose behalf a service acts."""

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = ...,
        body: object = ...,
        kind: type[T],
    ) -> T:
        """Raises ChatError."""

    def now(self) -> datetime:
        """Return the server's time, as far as it is known."""
