"""The audit trail: who looked, who acted, and that nobody changes what it says."""

import json
import re
from datetime import timedelta
from io import StringIO

import pytest
from asgiref.sync import sync_to_async
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messaging.domain.personal_data.audit import Actor, ActorKind, AuditEntry
from messaging.domain.personal_data.jobs import JobState
from messaging.models import AuditEntryRecord, AuditSubjectRecord, LegalHoldRecord
from messaging.personal_data.requests import request_erasure
from messaging.runtime.instance import Instance
from messaging.stores.database.audit import AuditTrail, list_actions
from tests.emptying.management.commands.flush import without_guards
from tests.integration.admin import Operator, rows_of, text_of
from tests.integration.admin.conftest import SignIn
from tests.integration.chat import Api

TRAIL = "../messaging/auditentryrecord/"


@sync_to_async
def entries() -> list[tuple[str, str, str | None, str, str]]:
    """Actor, action, person, conversation and reason of each, the oldest first."""
    records = AuditEntryRecord.objects.order_by("id").select_related("person")
    return [
        (
            one.actor,
            one.action,
            None if one.person is None else one.person.user_id,
            one.conversation_id,
            one.reason,
        )
        for one in records
    ]


async def test_every_view_of_messages_is_recorded(ann: Api, root: Operator) -> None:
    """The reason once, and each page after it."""
    group = await ann.group()
    message = await ann.send(group, "between us")
    messages = f"message/?conversation={group}"

    await root.page(messages)  # asks for the reason, and shows nothing
    assert await entries() == []
    await root.post(messages, {"look": "1", "reason": "Report 7"})
    await root.page(f"message/{group}.{message['id']}/change/")
    await root.page("person/ann/change/")
    await root.page(f"conversation/{group}/change/")

    assert await entries() == [
        ("root", "messages.opened", None, group, "Report 7"),
        ("root", "messages.viewed", None, group, ""),
        ("root", "message.viewed", None, group, ""),
        ("root", "person.viewed", "ann", "", ""),
        ("root", "conversation.viewed", None, group, ""),
    ]
    assert "between us" not in str([one async for one in AuditEntryRecord.objects.values()])


async def test_acts_are_recorded_with_whom_they_concern(ann: Api, bob: Api, root: Operator) -> None:
    """Before they are carried out; a failure has a second entry, with the code of the error."""
    group = await ann.group(bob)

    await root.act("conversation/", "expel", group, user="ann")  # the last owner
    await root.act("conversation/", "expel", group, user="bob")
    await root.act("person/", "ban", "bob", until="")

    values = AuditEntryRecord.objects.order_by("id").values_list(
        "action", "person__user_id", "conversation_id", "failure"
    )
    found = [one async for one in values]
    assert found == [
        ("conversation.expel", "ann", group, ""),
        ("conversation.expel", "ann", group, "permission_denied"),
        ("conversation.expel", "bob", group, ""),
        ("person.ban", "bob", "", ""),
    ]


async def test_nobody_changes_an_entry(ann: Api, root: Operator, instance: Instance) -> None:
    """Neither the admin nor a statement of the application; only entries of more than 30 days
    go."""
    await root.page("person/ann/change/")
    entry = await AuditEntryRecord.objects.aget()

    page = await root.page(f"{TRAIL}{entry.pk}/change/")
    assert "person.viewed" in page
    assert (await root.post(f"{TRAIL}{entry.pk}/change/", {"actor": "x"})).status_code == 403
    assert (await root.get(f"{TRAIL}{entry.pk}/delete/")).status_code == 403
    assert (await root.get(f"{TRAIL}add/")).status_code == 403

    for attempt in (
        lambda: AuditEntryRecord.objects.update(actor="x"),
        lambda: AuditEntryRecord.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError, match="never"):
            await sync_to_async(_in_transaction)(attempt)
    assert (await AuditEntryRecord.objects.aget()).actor == "root"
    with pytest.raises(ValueError, match="always kept"):
        await AuditTrail(instance.database).purge(older_than=timedelta(days=29))


def _in_transaction(attempt: object) -> None:
    with transaction.atomic():
        attempt()  # type: ignore[operator]


async def test_the_trail_is_filtered_and_exported(
    ann: Api, root: Operator, operator: SignIn
) -> None:
    group = await ann.group()
    other = await operator("other")
    await root.page("person/ann/change/")
    await root.page("person/bob/change/")
    await other.page(f"conversation/{group}/change/")

    found = {
        term: len(rows_of(await root.get(TRAIL, q=term))) for term in ("ann", "other", group, "an")
    }
    assert found == {"ann": 1, "other": 1, group: 1, "an": 0}
    assert len(rows_of(await root.get(TRAIL, action="person.viewed"))) == 2
    support = await operator("support", group="support")
    assert (await support.get(TRAIL)).status_code == 403

    keys = rows_of(await root.get(TRAIL))
    exported = await root.act(TRAIL, "export", *keys)
    lines = [json.loads(line) for line in exported.text.splitlines()]
    assert [line["person_id"] for line in lines] == ["ann", "bob", None]
    assert lines[0]["actor"] == {"kind": "operator", "name": "root"}
    assert (await entries())[-1][:2] == ("root", "audit.exported")


async def test_a_hold_that_is_lifted_wakes_the_jobs(root: Operator, instance: Instance) -> None:
    """Otherwise they look for it once an hour."""
    await instance.jobs.stop()
    hold = await LegalHoldRecord.objects.acreate(kind="person", subject="eve", reason="court")
    by = Actor(kind=ActorKind.OPERATOR, name="root")
    asked = await request_erasure(instance.database, person_id="eve", by=by)
    held = await instance.jobs.run_one(asked.id)
    assert held is not None
    assert held.state is JobState.HELD
    assert not await instance.jobs.parts.jobs.is_due()

    await root.post(f"../messaging/legalholdrecord/{hold.pk}/delete/", {"post": "yes"})

    assert await instance.jobs.parts.jobs.is_due()


async def test_its_list_reads_no_column_of_all_entries(ann: Api, root: Operator) -> None:
    """The actions that the filter offers come from an index: one look for each."""
    for _ in range(3):
        await root.page("person/ann/change/")
    await root.page(f"conversation/{await ann.group()}/change/")

    page = await root.get(TRAIL, actor_kind="operator")

    assert len(rows_of(page)) == 4
    for column, offered in (
        ("actor_kind", {"operator", "service", "command"}),
        ("action", {"conversation.viewed", "person.viewed"}),
    ):
        assert set(re.findall(rf"[?;]{column}=([a-z.]+)", page.text)) == offered
    asked, plan = await sync_to_async(_plan_of_actions)()
    assert "DISTINCT" not in asked
    assert "SEARCH entry USING COVERING INDEX messaging_audit_action" in plan
    assert "SCAN messaging_audit_entry" not in plan


async def test_the_command(ann: Api, root: Operator, instance: Instance) -> None:
    """It prints what a filter selects, and deletes what is old enough."""
    await root.page("person/ann/change/")
    trail = AuditTrail(instance.database)
    actor = Actor(kind=ActorKind.SERVICE, name="shop")
    await trail.record(AuditEntry(actor=actor, action="old", person_id="bob"))
    await sync_to_async(_make_older)("old", days=31)

    printed = await sync_to_async(_command)("--person", "ann")
    assert [json.loads(line)["action"] for line in printed] == ["person.viewed", "audit.exported"]
    assert await sync_to_async(_command)("--purge-older-than", "30") == ["1 entries deleted."]
    with pytest.raises(CommandError, match="always kept"):
        await sync_to_async(_command)("--purge-older-than", "29")
    with pytest.raises(CommandError, match="36500 days at most"):
        await sync_to_async(_command)("--purge-older-than", "9" * 20)
    with pytest.raises(CommandError, match="Give an ISO 8601 time"):
        await sync_to_async(_command)("--since", "yesterday")

    assert "old" not in [action for _, action, *_ in await entries()]
    people = AuditSubjectRecord.objects.values_list("user_id", flat=True)
    assert {one async for one in people} == {"ann"}
    assert "audit.purged" in text_of(await root.get(TRAIL))


def _command(*arguments: str) -> list[str]:
    out = StringIO()
    call_command("audit_trail", *arguments, stdout=out)
    return out.getvalue().splitlines()


def _make_older(action: str, **ago: int) -> None:
    """The triggers refuse it, so they are away meanwhile."""

    with without_guards(connection, "messaging_audit_entry"):
        AuditEntryRecord.objects.filter(action=action).update(at=timezone.now() - timedelta(**ago))


def _plan_of_actions() -> tuple[str, str]:
    """Return the statement that lists the actions, and SQLite's plan for it."""
    with CaptureQueriesContext(connection) as queries:
        list_actions(connection, limit=10)
    (asked,) = [one["sql"] for one in queries]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {asked}")
        return asked, "\n".join(str(row[-1]) for row in cursor.fetchall())
