"""The application with room for five strangers of an address, which never refills."""

from config.asgi import collecting  # isort: skip  # sets Django up

from chat.limits.strangers import Strangers
from chat.state import ApplicationState
from config.application import Application
from messaging.redis.rate_limits import Rate
from messaging.runtime.instance import Instance

__all__ = ["application"]

BURST = 5
_instance = Instance()
_strangers = Strangers(rate=Rate(name="few", per_second=1 / 3_600, burst=BURST))
application = Application(
    _instance,
    state=ApplicationState(_instance, strangers=_strangers),
    collecting=collecting,
)
