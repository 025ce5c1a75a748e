"""A running instance does the jobs that are due; without one, the command does."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO

import pytest
from asgiref.sync import sync_to_async
from django.core.management import CommandError, call_command

from messaging.domain.personal_data.audit import Actor, ActorKind
from messaging.domain.personal_data.jobs import JobState
from messaging.models import JobRecord, LegalHoldRecord
from messaging.personal_data.requests import request_erasure
from messaging.personal_data.runner import Jobs
from messaging.runtime.instance import Instance
from tests.integration.chat import Api, ok

BY = Actor(kind=ActorKind.COMMAND, name="test")
MakeApi = Callable[[str], Api]


async def test_a_running_instance_does_it(instance: Instance, jobs: Jobs, api: MakeApi) -> None:
    """As soon as it is woken."""
    group = await api("ann").group(api("eve"))
    await api("eve").send(group, "of Eve")
    jobs.start()
    try:
        asked = await request_erasure(instance.database, person_id="eve", by=BY)
        jobs.wake()
        async with asyncio.timeout(60):
            while (await JobRecord.objects.aget(id=asked.id)).state != JobState.DONE:
                await asyncio.sleep(0.05)
    finally:
        await jobs.stop()

    items = ok(await api("ann").get(f"/conversations/{group}/messages"))["items"]
    assert [one["text"] for one in items] == [None]


@pytest.mark.fuzz
async def test_the_command_does_it_by_itself(instance: Instance, api: MakeApi) -> None:
    """It waits for a running instance first, and prints the receipt. A hold is said. The job goes
    on after the hold, and after a kill."""
    group = await api("ann").group(api("eve"))
    await api("eve").send(group, "of Eve")
    hold = await LegalHoldRecord.objects.acreate(kind="person", subject="eve", reason="court")
    with pytest.raises(CommandError, match="legal hold"):
        await sync_to_async(_command)()
    await hold.adelete()
    # A process begins with the job that was on hold, and is killed.
    job = await JobRecord.objects.aget()
    killed = {"state": "running", "step": "access", "owner": "killed"}
    await JobRecord.objects.filter(id=job.pk).aupdate(**killed, leased_until=datetime.now(UTC))

    receipt = json.loads(await sync_to_async(_command)())

    assert receipt["removed"]["messages"] == 1
    assert receipt["erased_id"].startswith("erased:")


def _command() -> str:
    out = StringIO()
    call_command("erase_user", "eve", "--yes", stdout=out, stderr=StringIO())
    return out.getvalue()
