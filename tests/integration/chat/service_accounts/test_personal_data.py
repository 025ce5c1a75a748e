"""What the scope `export` does: a service has people erased, and follows the jobs."""

from messaging.models import AuditEntryRecord, ServiceActionRecord
from messaging.personal_data.erasure import Erasure
from messaging.personal_data.runner import Jobs
from messaging.runtime.instance import Instance
from tests.integration.chat import Api, ok, problem, wrong_fields
from tests.integration.chat.service_accounts.conftest import MakeService


async def test_a_person_is_erased(
    ann: Api, bob: Api, instance: Instance, make_service: MakeService
) -> None:
    """202 at once; the job tells the rest, to the service that asked and to nobody else."""
    service = await make_service("shop", "export")
    group = await ann.group(bob)
    await bob.send(group, "of Bob")
    await instance.jobs.stop()

    accepted = await service.delete("/users/bob")
    again = await service.delete("/users/bob")

    assert accepted.status_code == again.status_code == 202
    job_id = accepted.json()["job_id"]
    assert again.json() == {"job_id": job_id}
    waiting = ok(await service.get(f"/jobs/{job_id}"))
    assert waiting == {
        "id": job_id,
        "kind": "erase",
        "state": "waiting",
        "progress": {},
        "result": None,
    }
    other = await make_service("other", "export")
    assert problem(await other.get(f"/jobs/{job_id}")) == (404, "not_found")
    assert problem(await ann.get(f"/jobs/{job_id}")) == (403, "permission_denied")

    parts = instance.jobs.parts
    await Jobs(parts, owner="test", erasure=Erasure(parts, settle_seconds=0)).run_one(job_id)

    done = ok(await service.get(f"/jobs/{job_id}"))
    assert done["state"] == "done"
    assert done["progress"]["messages"] == 1
    assert done["result"]["removed"] == done["progress"]
    assert (await ann.conversation(group))["last_message"]["text"] is None
    await instance.service_history.stop()
    assert not await ServiceActionRecord.objects.filter(path__contains="bob").aexists()
    audited = AuditEntryRecord.objects.filter(action="person.erase_requested")
    assert {one.actor async for one in audited} == {"shop"}


async def test_each_signed_url_of_an_export_is_audited(
    bob: Api, instance: Instance, make_service: MakeService
) -> None:
    """A look at the state of a job is not: the answer has no data of the person."""
    service = await make_service("shop", "export")
    await bob.group()
    await instance.jobs.stop()
    job_id = (await service.post("/users/bob/export")).json()["job_id"]
    addressed = AuditEntryRecord.objects.filter(action="person.export_addressed")

    assert ok(await service.get(f"/jobs/{job_id}"))["result"] is None
    await instance.service_history.stop()
    recorded = {one.action async for one in AuditEntryRecord.objects.all()}
    assert recorded == {"person.export_requested"}
    await instance.jobs.run_one(job_id)
    for _ in range(2):
        assert ok(await service.get(f"/jobs/{job_id}"))["result"]["url"]

    entries = [one async for one in addressed.select_related("person")]
    assert [(one.actor, one.person and one.person.user_id) for one in entries] == [
        ("shop", "bob"),
        ("shop", "bob"),
    ]


async def test_who_cannot_be_erased(ann: Api, make_service: MakeService) -> None:
    """Services and malformed ids; and nobody without the scope."""
    service = await make_service("shop", "export")

    for user_id, code in (
        ("service:shop", "reserved"),
        ("erased:x", "reserved"),
        ("a%20b", "invalid"),
    ):
        refused = await service.delete(f"/users/{user_id}")
        assert problem(refused) == (400, "invalid_request")
        assert wrong_fields(refused) == [("user_id", code)]
    manager = await make_service("manager", "manage")
    assert problem(await manager.delete("/users/ann")) == (403, "scope_missing")
    assert problem(await ann.delete("/users/bob")) == (403, "permission_denied")
    assert problem(await service.get("/jobs/unknown")) == (404, "not_found")
