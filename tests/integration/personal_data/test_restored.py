"""After a restore, people who were erased since the backup are erased again."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from asgiref.sync import sync_to_async
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from messaging.models import JobRecord, LegalHoldRecord
from messaging.personal_data.evidence import Evidence, hash_of
from messaging.personal_data.requests import request_erasure
from messaging.personal_data.runner import Jobs
from messaging.runtime.instance import Instance
from messaging.services.operators.personal_data import erase_user
from tests.integration.chat import Api, ok
from tests.integration.personal_data.test_erasure import BY, erase

MakeApi = Callable[[str], Api]


async def test_who_was_erased_is_erased_again(instance: Instance, jobs: Jobs, api: MakeApi) -> None:
    """And nobody else. Who came back after the erasure is named for the operator."""
    eve, ann, old = api("eve"), api("ann"), api("old")
    group = await ann.group(eve, old)
    await eve.send(group, "a secret of Eve")
    evidence = Evidence(instance.attachments.storage)
    # The backup has Eve: her receipt is of tomorrow. Old came back after a receipt of yesterday.
    now = datetime.now(UTC)
    for user_id, at in (("eve", now + timedelta(days=1)), ("old", now - timedelta(days=1))):
        await evidence.put(user_id, {"erased_at": at.isoformat()})

    printed = await sync_to_async(_command)()

    assert "'old' was erased and came back" in printed
    job = await JobRecord.objects.aget()
    assert (job.person_id, job.actor) == ("eve", "new_epoch")
    assert job.id in printed
    await jobs.run_one(job.id)
    texts = [one["text"] for one in ok(await ann.get(f"/conversations/{group}/messages"))["items"]]
    assert texts == [None]
    assert "is erased again" not in await sync_to_async(_command)()


async def test_an_erasure_that_never_ended_is_begun_again(
    instance: Instance, jobs: Jobs, api: MakeApi
) -> None:
    """The backup has neither its receipt nor its job. Who came back after its end stays."""
    eve, ann = api("eve"), api("ann")
    group = await ann.group(eve)
    await erase_user(instance, person_id="eve", by=BY, reason="")
    await JobRecord.objects.all().adelete()

    printed = await sync_to_async(_command)()

    job = await JobRecord.objects.aget()
    assert job.id in printed
    done = await jobs.run_one(job.id)
    assert done is not None
    assert done.counts["conversations"] == 1
    await ann.post(f"/conversations/{group}/participants", user_ids=["eve"])
    assert "'eve' was erased and came back" in await sync_to_async(_command)()


@pytest.mark.parametrize("held", [False, True])
async def test_a_job_that_begins_keeps_evidence_of_the_request(
    instance: Instance, jobs: Jobs, held: bool
) -> None:
    """Also if the storage of files did not answer before, and if a legal hold defers the job."""
    if held:
        await LegalHoldRecord.objects.acreate(kind="person", subject="eve", reason="court")
    evidence = Evidence(instance.attachments.storage)
    asked = await request_erasure(instance.database, person_id="eve", by=BY)
    assert not await evidence.list_requests()

    await jobs.run_one(asked.id)

    (hashed,) = await evidence.list_requests()
    assert hashed == hash_of("eve")
    assert (await evidence.get_request(hashed))["job_id"] == asked.id


async def test_without_erasures_nobody_is_looked_for(instance: Instance, api: MakeApi) -> None:
    await api("ann").group()

    assert (await sync_to_async(_command)()).count("\n") == 1
    assert not await JobRecord.objects.aexists()


async def test_a_repeated_erasure_keeps_one_receipt(
    instance: Instance, jobs: Jobs, api: MakeApi
) -> None:
    await api("ann").group(api("eve"))
    evidence = Evidence(instance.attachments.storage)

    await erase(instance, jobs, "eve")
    await erase(instance, jobs, "eve")

    assert len(await evidence.list_hashes()) == 1


async def test_receipts_of_another_key_are_reported(
    instance: Instance, api: MakeApi, settings: Settings
) -> None:
    """Their people cannot be found. With that key, they are."""
    await api("ann").group(api("eve"))
    receipt = {"erased_at": (datetime.now(UTC) + timedelta(days=1)).isoformat()}
    settings.CHAT_ERASURE_KEY = "the key of before"
    await Evidence(instance.attachments.storage).put("eve", receipt)
    settings.CHAT_ERASURE_KEY = "another key"

    with pytest.raises(CommandError, match="another CHAT_ERASURE_KEY"):
        await sync_to_async(_command)()
    assert not await JobRecord.objects.aexists()

    settings.CHAT_ERASURE_KEY = "the key of before"
    assert "is erased again" in await sync_to_async(_command)()


def _command() -> str:
    out = StringIO()
    call_command("new_epoch", stdout=out)
    return out.getvalue()
