"""The application with a fault: whoever sends a message finds that sending does not work."""

from typing import Any, NoReturn

from config.asgi import application
from messaging.services import messages

__all__ = ["application"]


async def _fail(*_: Any, **fields: Any) -> NoReturn:
    raise RuntimeError("a planted fault")


messages.send_message = _fail
