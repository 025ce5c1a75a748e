"""The application with room for five strangers of an address, which never refills."""

from chat.limits import strangers
from config.asgi import application
from messaging.redis.rate_limits import Rate

__all__ = ["application"]

BURST = 5
strangers.STRANGERS = Rate(name="few", per_second=1 / 3_600, burst=BURST)
