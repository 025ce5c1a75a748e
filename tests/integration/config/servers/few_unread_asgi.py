"""The application, on whose server 4 MiB of answers may wait to be read."""

from config.asgi import application
from config.servers.slow_readers import UNREAD
from messaging.instruments.memory import MIB

__all__ = ["application"]

UNREAD.weight.most = 4 * MIB
