"""Which requests of service accounts the audit trail records, and how.

The trail records each request that changes something, and each request that shows earlier texts. It
leaves out sends and read positions: there are many of them, and the conversation itself shows them.
"""

import re
from http import HTTPStatus

from django.http import HttpRequest

from messaging.domain.identifiers import is_stored_id, is_stored_user_id
from messaging.domain.integrations.service_accounts import ServiceCaller
from messaging.domain.personal_data.audit import Actor, ActorKind, AuditEntry

ACT_AS_IN_META = "HTTP_CHAT_ACT_AS"
_PARAMETER = re.compile(r"<str:(\w+)>")
_PREFIX = "api/v1/"
_SHOWN = frozenset({"conversations/{conversation_id}/messages/{message_id}/versions"})
_NOT_HERE = frozenset(
    {
        "DELETE users/{user_id}",  # the request for the job records it, before the job begins
        "POST users/{user_id}/export",
        "POST conversations/{conversation_id}/messages",
        "POST conversations/{conversation_id}/read",
        "POST conversations/{conversation_id}/typing",
        "PUT conversations/{conversation_id}/unread",
        "DELETE conversations/{conversation_id}/unread",
    }
)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def audited_request(
    request: HttpRequest, service: ServiceCaller, status: int
) -> tuple[AuditEntry, ...]:
    """Return the entries about a request: one for each person whom the path and the header name, at
    least one if it is recorded at all."""
    match = request.resolver_match
    if match is None:
        return ()
    route = _PARAMETER.sub(r"{\1}", match.route).removeprefix(_PREFIX)
    action = f"{request.method} {route}"
    if action in _NOT_HERE or (request.method in _SAFE and route not in _SHOWN):
        return ()
    named = (match.kwargs.get("user_id", ""), request.META.get(ACT_AS_IN_META, ""))
    people = dict.fromkeys(one for one in named if is_stored_user_id(one))
    places = {
        name: value
        for name in ("conversation_id", "message_id")
        if is_stored_id(value := match.kwargs.get(name, ""))
    }
    return tuple(
        AuditEntry(
            actor=Actor(kind=ActorKind.SERVICE, name=service.name),
            action=action,
            person_id=person_id,
            failure=str(status) if status >= HTTPStatus.BAD_REQUEST else "",
            request_id=getattr(request, "request_id", ""),
            **places,
        )
        for person_id in (people or [None])
    )
