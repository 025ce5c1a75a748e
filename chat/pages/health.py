"""Health checks for load balancers: whether the process is alive, and whether it can serve."""

from collections.abc import Sequence

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from chat.rest.openapi.described import described
from chat.rest.views.base import APIView
from messaging.domain.health import Condition
from messaging.redis.client import failing_reasons
from messaging.runtime.instance import Instance


@described(exclude=True)
class LiveView(APIView):
    public = True
    quiet = True

    async def get(self, request: Request) -> Response:
        """Answer 200 while the event loop runs."""
        return Response({"status": "ok"})


@described(exclude=True)
class ReadyView(APIView):
    public = True
    quiet = True

    async def get(self, request: Request) -> Response:
        """Answer 200 while requests can be served; degraded is not down.

        A draining instance still serves requests, but asks for no more. The store is queried every
        few seconds. The other dependencies have the state of their latest use.
        """
        instance = self.instance
        checks = {
            "store": await instance.readiness.store(),
            "redis": _redis_condition(instance),
            "clock": instance.readiness.clock,
            "tokens": self.state.tokens.condition,
            **instance.notifications.conditions,
        }
        conditions = set(checks.values())
        status = "ok"
        if instance.draining:
            status = "draining"
        elif Condition.UNAVAILABLE in conditions:
            status = "unavailable"
        elif Condition.DEGRADED in conditions:
            status = "degraded"
        document = {"status": status, "instance_id": instance.id, "checks": checks}
        reasons = {
            "redis": failing_reasons(),
            "redis_addresses": _down_addresses(instance),
            "store": _store_reasons(instance),
        }
        if any(reasons.values()):
            document["reasons"] = {name: found for name, found in reasons.items() if found}
        return Response(document, status=200 if status in {"ok", "degraded"} else 503)


def _down_addresses(instance: Instance) -> Sequence[str]:
    """Return the Redis addresses through which no events arrive, without passwords."""
    return [] if instance.link is None else instance.link.down_addresses


def _store_reasons(instance: Instance) -> Sequence[str]:
    """Return what an operator has still to do after a move of the store."""
    if instance.store_watch.former:
        return ["chat_store_not_set"]
    used = instance.store_watch.move.in_force
    if not used:
        return []
    return ["chat_store_not_confirmed" if used == settings.CHAT_STORE else "chat_store_not_set"]


def _redis_condition(instance: Instance) -> Condition:
    if instance.link is None:
        return Condition.UNUSED
    return Condition.DEGRADED if instance.degraded or failing_reasons() else Condition.OK
