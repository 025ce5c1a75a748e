"""What the scopes of a service account open, and on whose behalf a request is made.

Each view says for each of its methods which scopes open it (`APIView.scopes`). `act_as` opens it
on behalf of a person, whom the header `Chat-Act-As` names; any other scope opens it to the service
itself.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from django.http import HttpRequest

from chat.rest.audited_requests import ACT_AS_IN_META, audited_request
from messaging.domain.exceptions import PermissionDenied
from messaging.domain.identifiers import require_user_id
from messaging.domain.integrations.service_accounts import Scope, ServiceAction, ServiceCaller
from messaging.redis.rate_limits import Rate
from messaging.runtime.instance import Instance
from messaging.services import sessions

ACT_AS_HEADER = "Chat-Act-As"
_MAX_PATH = 300
_ERASED_ROUTE = "v1/users/<str:user_id>"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

Scopes = Mapping[str, frozenset[Scope]]
"""The scopes that open each method."""
NO_SCOPES: Scopes = MappingProxyType({})
ACT_AS = frozenset({Scope.ACT_AS})
SEND = frozenset({Scope.SEND})
MANAGE = frozenset({Scope.MANAGE})
EXPORT = frozenset({Scope.EXPORT})
NOTHING: frozenset[Scope] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts in a request of a service account."""

    user_id: str
    service: ServiceCaller | None
    """None if the service acts on behalf of a person."""


def require_person(request: HttpRequest, service_only: Collection[str]) -> None:
    """Require that a request is for people, who act for themselves. Raises PermissionDenied."""
    if request.method in service_only:
        raise PermissionDenied("Only a service account may do this.")
    if ACT_AS_IN_META in request.META:
        raise PermissionDenied(
            f"Only a service account may act on behalf of others. Remove {ACT_AS_HEADER}."
        )


def service_rate(service: ServiceCaller) -> Rate:
    """Return the rate of all requests of a service account, on behalf of whomever."""
    per_second = service.requests_per_second
    return Rate(name="service-requests", per_second=per_second, burst=2 * per_second)


async def admitted_actor(
    instance: Instance, request: HttpRequest, service: ServiceCaller, opening: frozenset[Scope]
) -> Actor:
    """Return who acts, if one of the scopes that open the request admits the service.

    Raises ScopeMissing, PermissionDenied, InvalidRequest for a person who cannot exist, Banned for
    a banned person, StoreUnavailable.
    """
    person_id = request.META.get(ACT_AS_IN_META)
    if person_id is None:
        own = opening - ACT_AS
        if not own:
            raise PermissionDenied(_of_people(opening))
        service.require(*own)
        return Actor(user_id=service.user_id, service=service)
    if Scope.ACT_AS not in opening:
        raise PermissionDenied("A service account cannot do this on behalf of a person.")
    service.require(Scope.ACT_AS)
    require_user_id(ACT_AS_HEADER, person_id)
    await sessions.require_not_banned(instance, user_id=person_id)
    return Actor(user_id=person_id, service=None)


def _of_people(opening: frozenset[Scope]) -> str:
    if not opening:
        return "A service account cannot do this."
    return f"A service account does this on behalf of a person: name them in {ACT_AS_HEADER}."


def note_action(
    instance: Instance, request: HttpRequest, service: ServiceCaller, status: int
) -> None:
    """Add a request that changes something to the history of its service account, and what concerns
    the data of people to the audit trail."""
    now = datetime.now(UTC)
    instance.service_history.note_use(service, now)
    audited = audited_request(request, service, status)
    if request.method in _SAFE and not audited:
        return
    instance.service_history.note(
        ServiceAction(
            name=service.name,
            token_id=service.token_id,
            at=now,
            method=request.method or "",
            path=_path(request)[:_MAX_PATH],
            status=status,
            request_id=getattr(request, "request_id", ""),
            person_id=request.META.get(ACT_AS_IN_META, "")[:128] or None,
            audited=audited,
        )
    )


def _path(request: HttpRequest) -> str:
    """Return the path for the history. That of an erasure does not name the person: it would be
    stored after the person is erased."""
    match = request.resolver_match
    if request.method == "DELETE" and match is not None and match.route.endswith(_ERASED_ROUTE):
        return f"/{match.route}".replace("<str:user_id>", "{user_id}")
    return request.path
