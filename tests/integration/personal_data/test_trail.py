"""Nobody rewrites the audit trail, neither its entries nor the people whom they name."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.db import DatabaseError, connection, transaction

from messaging.domain.personal_data.audit import Actor, ActorKind, AuditEntry
from messaging.models import AuditEntryRecord, AuditSubjectRecord
from messaging.runtime.instance import Instance
from tests.integration.personal_data.test_requests import on_databases


@on_databases
async def test_people_are_erased_from_it_and_never_exchanged(instance: Instance) -> None:
    """And no table of it is emptied at once."""
    trail = instance.jobs.parts.audit
    eve = f"eve-{uuid4().hex}"  # other tests leave their rows in PostgreSQL
    root = Actor(kind=ActorKind.OPERATOR, name="root")
    await trail.record(AuditEntry(actor=root, action="person.viewed", person_id=eve))
    attempts: list[Callable[[], object]] = [
        lambda: AuditSubjectRecord.objects.filter(user_id=eve).update(user_id="somebody"),
        lambda: AuditSubjectRecord.objects.filter(user_id=eve).update(id=0, user_id="erased:x"),
    ]
    if connection.vendor == "postgresql":
        attempts.append(_truncate)

    for attempt in attempts:
        with pytest.raises(DatabaseError, match="never"):
            await sync_to_async(_in_transaction)(attempt)

    assert await trail.replace_person(eve, f"erased:{eve}") == 1
    assert await AuditEntryRecord.objects.filter(person__user_id=f"erased:{eve}").acount() == 1


def _truncate() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE messaging_audit_subject CASCADE")


def _in_transaction(attempt: Callable[[], object]) -> None:
    with transaction.atomic():
        attempt()
