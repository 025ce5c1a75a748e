"""`manage.py apply_retention`, and what the doctor and the admin say of retention."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django.fixtures import Settings

from messaging.doctor.findings import Finding, Level
from messaging.doctor.retention import examine_retention
from messaging.models import (
    AuditEntryRecord,
    ConversationRecord,
    JobRecord,
    MessageRecord,
    RetentionRuleRecord,
)
from messaging.runtime.instance import Instance
from tests.integration.chat import Api, ok
from tests.integration.doctor.findings import only
from tests.integration.personal_data.conftest import everywhere_at_length
from tests.integration.personal_data.retention import age, apply, old_group

MakeApi = Callable[[str], Api]


def command(*options: str) -> Any:
    out = StringIO()
    call_command("apply_retention", *options, stdout=out, stderr=StringIO())
    written = out.getvalue()
    return json.loads(written) if written.startswith("{") else written


async def filled(instance: Instance, who: Api, count: int = 3) -> str:
    group = await old_group(instance, who.user_id)
    for number in range(count):
        await who.send(group, f"text {number}")
    await age(instance, group, days=31)
    return group


@everywhere_at_length
async def test_a_dry_run_counts_and_changes_nothing(
    instance: Instance, api: MakeApi, settings: Settings
) -> None:
    settings.CHAT_RETENTION_GROUP_DAYS = 30
    group = await filled(instance, api("ann"))
    before = await api("ann").conversation(group)

    counted = await sync_to_async(command)("--dry-run")

    assert counted["messages"] == {"direct": 0, "group": 3}
    assert counted["conversations"] == {"direct": 0, "group": 1}
    assert await api("ann").conversation(group) == before
    items = ok(await api("ann").get(f"/conversations/{group}/messages"))["items"]
    assert [one["text"] for one in items] == ["text 0", "text 1", "text 2"]
    assert not await JobRecord.objects.aexists()
    assert (await apply(instance)).counts["group_messages"] == 3


async def test_without_a_setting_there_is_nothing_to_do(instance: Instance, api: MakeApi) -> None:
    await filled(instance, api("ann"))

    assert "for ever" in await sync_to_async(command)()
    assert not await JobRecord.objects.aexists()


async def test_a_running_instance_does_it(
    instance: Instance, api: MakeApi, settings: Settings
) -> None:
    """And its sockets hear of each message, also without Redis. The command waits."""
    settings.CHAT_RETENTION_GROUP_DAYS = 30
    group = await filled(instance, api("ann"))
    instance.jobs.start()

    result = await sync_to_async(command)("--rate", "500")

    assert result["messages"] == {"direct": 0, "group": 3}
    items = ok(await api("ann").get(f"/conversations/{group}/messages"))["items"]
    assert [one["text"] for one in items] == [None, None, None]
    assert (await JobRecord.objects.aget()).owner == ""


@pytest.mark.fuzz
async def test_without_an_instance_the_command_does_it(
    instance: Instance, api: MakeApi, settings: Settings
) -> None:
    """It fails if a conversation fails."""
    settings.CHAT_RETENTION_GROUP_DAYS = 30
    broken, group = await filled(instance, api("ann")), await filled(instance, api("ann"))
    damaged = MessageRecord.objects.filter(conversation_id=broken, seq=1)
    await damaged.aupdate(attachments=[{"broken": True}])

    with pytest.raises(CommandError, match="1 conversations failed"):
        await sync_to_async(command)()

    items = ok(await api("ann").get(f"/conversations/{group}/messages"))["items"]
    assert [one["text"] for one in items] == [None, None, None]


@pytest.mark.parametrize("options", [["--rate", "0"], ["--rate", "1001"], ["--limit", "-1"]])
def test_wrong_options_are_refused(options: list[str]) -> None:
    with pytest.raises(CommandError, match="Give a whole number"):
        command(*options)


async def test_the_doctor_misses_a_run(store_settings: None, settings: Settings) -> None:
    async def level() -> Level:
        (finding,) = await examine_retention()
        return finding.level

    assert await level() is Level.OK
    await RetentionRuleRecord.objects.acreate(conversation_id="a" * 26, days=7, reason="short")
    assert await level() is Level.WARNING
    now = datetime.now(UTC)
    job = await JobRecord.objects.acreate(
        id="j" * 26, kind="retention", state="done", requested_at=now, finished_at=now
    )
    assert await level() is Level.OK
    job.finished_at = now - timedelta(days=3)
    await job.asave()
    assert await level() is Level.WARNING


async def test_the_doctor_sees_a_run_that_takes_long(
    store_settings: None, settings: Settings
) -> None:
    """The first one may take days. It is no reason to warn while an instance works on it, or while
    it is tried again; it is one if no instance does, or if it always fails."""
    settings.CHAT_RETENTION_GROUP_DAYS = 30
    now = datetime.now(UTC)
    run = JobRecord(
        id="j" * 26,
        kind="retention",
        state="running",
        requested_at=now - timedelta(days=5),
        due_at=now - timedelta(days=5),
        leased_until=now + timedelta(minutes=1),
        counts={"group_messages": 7},
    )

    async def seen(**changes: object) -> Sequence[Finding]:
        for name, value in changes.items():
            setattr(run, name, value)
        await run.asave()
        return await examine_retention()

    (finding,) = await seen()
    assert (finding.level, "7 messages" in finding.text) == (Level.OK, True)
    (finding,) = await seen(leased_until=None, due_at=now, attempts=1)
    assert finding.level is Level.OK
    only(await seen(attempts=5), Level.WARNING, "failed 5 times", "log")
    only(
        await seen(attempts=0, due_at=now - timedelta(hours=1)),
        Level.WARNING,
        "No instance works",
        "apply_retention",
    )


async def test_a_dry_run_names_what_cannot_be_read(
    instance: Instance, api: MakeApi, settings: Settings
) -> None:
    """It counts the others, and fails in the end."""
    settings.CHAT_RETENTION_GROUP_DAYS = 30
    broken, _ = await filled(instance, api("ann")), await filled(instance, api("ann"))
    row, _ = await filled(instance, api("ann")), await filled(instance, api("ann"))
    damaged = MessageRecord.objects.filter(conversation_id=broken)
    await damaged.aupdate(attachments=[{"broken": True}])
    conversations = ConversationRecord.objects.filter(id=row)
    await conversations.aupdate(preferences={"ann": {"muted_until": "king"}})
    out = StringIO()

    with pytest.raises(CommandError, match="2 conversations failed"):
        await sync_to_async(call_command)("apply_retention", "--dry-run", stdout=out)

    counted = json.loads(out.getvalue())
    assert set(counted["failed_conversations"]) == {broken, row}
    assert counted["conversations"] == {"direct": 0, "group": 2}
    await damaged.aupdate(attachments=None)
    await conversations.aupdate(preferences={})
    assert (await sync_to_async(command)("--dry-run"))["conversations"]["group"] == 4


def test_an_operator_sets_the_retention_of_a_conversation(
    client: Client, store_settings: None
) -> None:
    """The audit trail records it; a wrong number of days is refused."""
    client.force_login(User.objects.create_superuser("root"))
    url = "/admin/messaging/retentionrulerecord/add/"
    form = {"conversation_id": "a" * 26, "days": "0", "reason": "court order"}
    assert client.post(url, form).status_code == 200
    assert client.post(url, {**form, "days": "7", "conversation_id": "?"}).status_code == 200
    assert not RetentionRuleRecord.objects.exists()

    assert client.post(url, {**form, "days": "7"}).status_code == 302
    assert client.post(url, {**form, "conversation_id": "b" * 26, "days": ""}).status_code == 302

    rules = RetentionRuleRecord.objects.order_by("conversation_id")
    assert list(rules.values_list("days", "created_by")) == [(7, "root"), (None, "root")]
    entry = AuditEntryRecord.objects.filter(action="retention.set").first()
    assert entry is not None
    assert (entry.conversation_id, entry.reason) == ("a" * 26, "court order")
    assert entry.detail["days"] == "7"
