"""The base of all API views: DRF's request, content negotiation and schema, on the event loop.

DRF 3.18 has no async views. This class replaces its `dispatch`: it authenticates the caller, awaits
the handler, and turns every exception into the one error shape.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

import structlog
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView as RestAPIView

from chat.authentication import Identity, bearer_token, require_unrevoked
from chat.errors import Problem, problem_of, problem_response
from chat.exceptions import INVALID
from chat.limits import limited
from chat.limits.strangers import network_of
from chat.limits.throttling import (
    count_violations_here,
    require_few_violations,
    require_rate,
    turn,
    violations_in,
)
from chat.payloads.decoding import DocumentDecoder, NotAccepted
from chat.payloads.parsers import StrictJSONParser
from chat.payloads.serializers import validated
from chat.rest import service_access
from chat.rest.accounting import account
from chat.rest.http_responses import http_response, without_content
from chat.rest.requests import (
    APIRequest,
    accepts_json,
    give_length,
    require_few_parameters,
    size_of,
)
from chat.state import ApplicationState, state_of
from messaging.domain.exceptions import InvalidRequest, RateLimited
from messaging.domain.identifiers import is_stored_id
from messaging.domain.integrations.service_accounts import ServiceCaller
from messaging.redis.rate_limits import Rate
from messaging.runtime.instance import Instance
from messaging.services import sessions

Handler = Callable[..., Awaitable[Response]]

_CLIENT_GONE = 499
"""The status in logs, metrics and histories of a request whose client disconnected before the
answer; nginx uses the same."""


class APIView(RestAPIView):
    """Has coroutines `get`, `post`, … as handlers. They take the request and the parts of the path
    as keyword arguments, and return a `Response` of plain data."""

    public = False
    """Whether requests need no token."""

    quiet = False
    """Whether requests are not logged: those of probes."""

    sensitive: ClassVar[frozenset[str]] = frozenset()
    """The methods that first ask the issuer whether the token is still valid."""

    scopes: ClassVar[service_access.Scopes] = service_access.NO_SCOPES
    """The scopes of a service account that open each method. Every method is named."""

    service_only: ClassVar[frozenset[str]] = frozenset()
    """The methods that are not for people."""

    user_id: str
    """The id of the caller, or of the person on whose behalf a service account calls."""

    signed_in_at: datetime
    """When the caller signed in."""

    caller: ServiceCaller | None = None
    """The service account whose token the request has, once its rate has room."""

    service: ServiceCaller | None = None
    """The service account that acts by itself; None for a person, or on behalf of one."""

    on_behalf = False
    """Whether a service account acts on behalf of a person."""

    _methods: ClassVar[Sequence[str]] = ()

    def __init_subclass__(cls, **options: Any) -> None:
        """List the methods once for each class. `head` is that of the class: Django would set a
        method on each view, which then refers to itself."""
        super().__init_subclass__(**options)
        if "get" in vars(cls) and "head" not in vars(cls):
            cls.head = cls.get  # type: ignore[attr-defined]
        cls._methods = [name.upper() for name in cls.http_method_names if hasattr(cls, name)]

    def _allowed_methods(self) -> list[str]:
        return list(self._methods)

    @cached_property
    def state(self) -> ApplicationState:
        """Return the state of the application that serves the request. Raises NoInstance."""
        return state_of(self.request)

    @property
    def instance(self) -> Instance:
        """Return the instance that serves the request. Raises NoInstance."""
        return self.state.instance

    async def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        begun = time.monotonic()
        try:
            async with asyncio.timeout(limited.seconds_left(_scope(request))):
                response = await self._handle(request, *args, **kwargs)
        except asyncio.CancelledError:
            # The client has gone. What it asked for may be done nevertheless.
            self._record(request, _CLIENT_GONE, begun)
            raise
        except Exception as error:  # noqa: BLE001 - the one funnel from exceptions to HTTP
            problem = problem_of(error)
            response = problem_response(problem, _request_id(request))
            if not hasattr(self, "user_id"):
                if problem.status == 429:
                    response["Connection"] = "close"  # the client behind a flood is unknown
            elif self.caller is None:  # the rate of a service account bounds its refusals
                self._count_violations(problem.code, size_of(request))
            if problem.status == 405:
                response["Allow"] = ", ".join(self.allowed_methods)
        self._record(request, response.status_code, begun)
        return response

    def _record(self, request: HttpRequest, status: int, begun: float) -> None:
        """Count and log a request, and note one of a service account in its history."""
        if self.caller is not None:
            service_access.note_action(self.instance, request, self.caller, status)
        match = request.resolver_match
        account(
            request.method,
            match.route if match is not None else "",
            status,
            time.monotonic() - begun,
            allowed=self.allowed_methods,
            quiet=self.quiet,
        )

    async def _handle(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.args, self.kwargs = args, kwargs
        self.request = APIRequest(request)
        self.format_kwarg = None
        if self.public:
            return await self._respond(request, **kwargs)
        token, identity = await _authenticated(request)
        if identity.service is not None:
            return await self._serve(request, token, identity, **kwargs)
        service_access.require_person(request, self.service_only)
        self.user_id, self.signed_in_at = identity.user_id, identity.signed_in_at
        structlog.contextvars.bind_contextvars(user_id=identity.user_id)
        async with turn(self.state.turns.requests, identity.user_id):
            # Check the rate first, so that it also limits banned and logged-out people.
            await require_few_violations(self.instance.local_rates, identity.user_id)
            await require_rate(self.instance.rates, self.rate(), identity.user_id)
            await sessions.require_admitted(
                self.instance, user_id=identity.user_id, signed_in_at=identity.signed_in_at
            )
            if request.method in self.sensitive:
                await require_unrevoked(self.state.tokens, self.instance, token, identity)
            return await self._respond(request, **kwargs)

    async def _serve(
        self, request: HttpRequest, token: str, identity: Identity, **kwargs: Any
    ) -> HttpResponse:
        """Answer a service account, at its own rate."""
        service = identity.service
        assert service is not None
        self.user_id, self.signed_in_at = identity.user_id, identity.signed_in_at
        structlog.contextvars.bind_contextvars(service=service.name, user_id=identity.user_id)
        async with turn(self.state.turns.service_requests, service.name):
            await require_rate(
                self.instance.rates, service_access.service_rate(service), service.user_id
            )
            await sessions.require_admitted(
                self.instance, user_id=identity.user_id, signed_in_at=identity.signed_in_at
            )
            # Meanwhile the token may have been revoked, or its scopes changed.
            service = (await self.state.service_tokens.authenticate(token)).service
            assert service is not None
            self.caller = service
            if request.method in self.allowed_methods and request.method != "OPTIONS":
                actor = await service_access.admitted_actor(
                    self.instance,
                    request,
                    service,
                    self.scopes.get(request.method, service_access.NOTHING),
                )
                self.user_id, self.service = actor.user_id, actor.service
                self.on_behalf = actor.service is None
                structlog.contextvars.bind_contextvars(user_id=actor.user_id)
            return await self._respond(request, **kwargs)

    async def _respond(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if is_stored_id(kwargs.get("conversation_id", "")):
            structlog.contextvars.bind_contextvars(conversation_id=kwargs["conversation_id"])
        require_few_parameters(request)
        give_length(request)
        if not accepts_json(request):
            self.perform_content_negotiation(self.request)
        if request.method == "OPTIONS":
            return without_content(204, {"Allow": ", ".join(self.allowed_methods)})
        if request.method not in self.allowed_methods:
            raise MethodNotAllowed(request.method or "")
        handler: Handler = getattr(self, request.method.lower())
        return http_response(await handler(self.request, **kwargs))

    def _count_violations(self, code: str, size: int) -> None:
        """Count a refused document: an invalid one as a frame is counted, one beyond a rate only
        if it is long. The rate of requests bounds all others."""
        count = violations_in(size) - (code not in INVALID)
        if count and (code in INVALID or code == RateLimited.code):
            count_violations_here(self.instance.local_rates, self.user_id, count)

    def rate(self) -> Rate:
        """Return the rate that this request counts for."""
        return self.state.person_rates.requests

    def body(
        self, serializer_class: type[Serializer[Any]], typed: DocumentDecoder | None = None
    ) -> dict[str, Any]:
        """Return the validated body. `typed` is an optional typed decoder of the same document.

        Raises InvalidJSON, PayloadTooLarge, ValidationError.
        """
        media_type = self.request.content_type.partition(";")[0].strip().lower()
        if typed is not None and media_type == StrictJSONParser.media_type:
            # Bytes that are not UTF-8 go to the parser, which refuses them.
            with contextlib.suppress(NotAccepted, UnicodeDecodeError):
                return typed.decode(self.request.body.decode())
        return validated(serializer_class, self.request.data)

    def query(self, serializer_class: type[Serializer[Any]]) -> dict[str, Any]:
        """Return the validated query string.

        Raises InvalidRequest for a duplicate name, ValidationError.
        """
        names: dict[str, str] = {}
        for name, values in self.request.query_params.lists():
            if len(values) != 1:
                raise InvalidRequest.of(name, "This parameter must appear only once.", "repeated")
            names[name] = values[0]
        return validated(serializer_class, names)


async def _authenticated(request: HttpRequest) -> tuple[str, Identity]:
    """Return the token and its identity. Raises the same errors as `identify`."""
    shown = _scope(request).get(limited.SHOWN)
    if isinstance(shown, Exception):
        raise shown
    token = bearer_token(request.META.get("HTTP_AUTHORIZATION"))
    if isinstance(shown, Identity):
        return token, shown
    address = network_of(request.META.get("REMOTE_ADDR", ""))
    return token, await state_of(request).shown_tokens.identify(token, address)


async def _require_room(request: HttpRequest) -> None:
    """Count a request to an unknown path: for the person of its valid token, otherwise for its
    address. A request that was already counted would wait here for the slot that it holds."""
    scope = _scope(request)
    shown = scope.get(limited.SHOWN)
    if isinstance(shown, Identity):
        state = state_of(request)
        async with turn(state.turns.requests, shown.user_id):
            await require_rate(state.instance.rates, state.person_rates.requests, shown.user_id)
    elif "HTTP_AUTHORIZATION" in request.META and not scope.get(limited.COUNTED, False):
        await state_of(request).strangers.require_room(request.META.get("REMOTE_ADDR", ""))


def _scope(request: HttpRequest) -> Mapping[str, Any]:
    """Return the notes of the limits in front of Django; empty without them."""
    scope: Mapping[str, Any] = getattr(request, "scope", {})
    return scope


def _request_id(request: HttpRequest) -> str:
    return getattr(request, "request_id", "")


async def not_found(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """Answer a path under the API that does not exist."""
    problem = Problem(code="not_found", detail="The API has no such path. See /api/docs.")
    try:
        async with asyncio.timeout(limited.seconds_left(_scope(request))):
            await _require_room(request)
    except (RateLimited, TimeoutError) as refused:
        problem = problem_of(refused)
    return problem_response(problem, _request_id(request))
