"""Writes what operators look at and do into the audit trail, before they see the answer."""

from collections.abc import Mapping
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model
from django.http import HttpRequest

from chat.models import (
    Conversation,
    DeadLetter,
    Message,
    Notification,
    Person,
    Report,
    ServiceAccount,
)
from messaging.domain.personal_data.audit import Actor, ActorKind, AuditEntry
from messaging.stores.database.audit import write_entries

_PERSON, _REASON = "user", "reason"
"""The form fields that name a person, and that give a reason."""


def note(
    request: HttpRequest,
    action: str,
    row: Model | None,
    *,
    values: Mapping[str, Any] | None = None,
    failure: str = "",
) -> None:
    """Add an entry about an operator. `values`: those of the form that was confirmed. Raises
    Django's DatabaseError: what cannot be recorded is not shown."""
    given = dict(values or {})
    named = place_of(row)
    if _PERSON in given:
        named["person_id"] = given.pop(_PERSON)
    entry = AuditEntry(
        actor=Actor(kind=ActorKind.OPERATOR, name=request.user.get_username()),
        action=action,
        reason=str(given.pop(_REASON, "")),
        failure=failure,
        detail={
            **named.pop("detail", {}),
            **{name: str(value) for name, value in given.items()},
        },
        request_id=getattr(request, "request_id", ""),
        **named,
    )
    write_entries(connections[DEFAULT_DB_ALIAS], [entry])


def place_of(row: Model | None) -> dict[str, Any]:
    """Return the fields of an entry that say what a row of the admin is about."""
    match row:
        case Person():
            return {"person_id": row.user_id}
        case Conversation():
            return {"conversation_id": row.id}
        case Message():
            conversation_id, _, message_id = row.pk.partition(".")
            return {"conversation_id": conversation_id, "message_id": message_id}
        case Report():
            place = {"conversation_id": row.conversation, "message_id": row.message}
            return {**place, "person_id": row.author or None}
        case Notification() | DeadLetter():
            return {"conversation_id": row.conversation, "message_id": row.message}
        case ServiceAccount():
            return {"detail": {"service": row.name}}
    return {}
