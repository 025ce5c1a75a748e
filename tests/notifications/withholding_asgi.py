"""The application without what brings jobs to the queue: as if it were killed just before.

The product knows nothing of this: its class is changed from outside.
"""

from typing import Any

from messaging.notifications.dispatcher import Dispatcher
from tests.notifications.asgi import application

__all__ = ["application"]


def _withhold(self: Dispatcher, job: Any, **options: Any) -> None:
    pass


assert callable(Dispatcher.put), "There is nothing to withhold here any more."
Dispatcher.put = _withhold  # type: ignore[method-assign]
