"""Reports in the admin: a queue, and what becomes of it."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
import pytest_asyncio

from messaging.attachments import sweep
from messaging.runtime.instance import Instance
from messaging.stores.firestore import reports as firestore_reports
from messaging.stores.sql import reports as sql_reports
from tests.integration.admin import Operator, rows_of, text_of
from tests.integration.chat import Api, Json, problem
from tests.integration.chat.rest.files import PDF, addresses, attach


@pytest_asyncio.fixture
async def message(ann: Api, bob: Api) -> Json:
    return await bob.send(await ann.group(bob), "something foul")


@pytest_asyncio.fixture
async def report(ann: Api, message: Json) -> str:
    """Of bob's message, by ann."""
    answer = await ann.post(
        "/reports",
        message_id=message["id"],
        conversation_id=message["conversation_id"],
        reason="It is foul.",
    )
    id_: str = answer.json()["id"]
    return id_


async def test_the_queue_has_what_is_open(report: str, root: Operator) -> None:
    """The rest is there on request, and by author."""
    assert rows_of(await root.get("report/")) == [report]
    page = await root.page(f"report/{report}/change/")
    assert "It is foul." in page
    assert "something foul" in page

    await root.act("report/", "dismiss", report)

    assert rows_of(await root.get("report/")) == []
    for query in ({"status": "dismissed"}, {"status": "all"}, {"q": "bob"}, {"q": report}):
        assert rows_of(await root.get("report/", **query)) == [report]
    assert rows_of(await root.get("report/", q="ann")) == []
    assert "root" in await root.page(f"report/{report}/change/")
    assert "The report is already closed." in text_of(await root.act("report/", "dismiss", report))


async def test_what_was_reported_is_shown_after_its_author_deleted_or_changed_it(
    ann: Api, bob: Api, message: Json, report: str, root: Operator
) -> None:
    """Each report has the text of its moment, closed or not; redacting takes it away."""
    path = f"/conversations/{message['conversation_id']}/messages/{message['id']}"
    assert (await bob.patch(path, text="something nice")).status_code == 200
    body = {"message_id": message["id"], "conversation_id": message["conversation_id"]}
    own = (await bob.post("/reports", **body, reason="Mine.")).json()["id"]
    assert (await bob.delete(path)).status_code == 204
    await root.act("report/", "dismiss", report)

    assert "something foul" in await root.page(f"report/{report}/change/")
    assert "something nice" in await root.page(f"report/{own}/change/")

    await root.act("report/", "redact_reported", own)
    for one, text in ((report, "something foul"), (own, "something nice")):
        page = await root.page(f"report/{one}/change/")
        assert text not in page
        assert "(not kept)" in page


async def test_the_message_is_redacted(
    bob: Api, message: Json, report: str, root: Operator
) -> None:
    await root.act("report/", "redact_reported", report)

    path = f"/conversations/{message['conversation_id']}/messages/{message['id']}"
    assert (await bob.get(path)).json()["text"] is None
    assert rows_of(await root.get("report/", status="redacted")) == [report]
    key = f"{message['conversation_id']}.{message['id']}"
    assert f"({report})" in await root.page(f"message/{key}/history/")


async def test_its_author_is_banned(bob: Api, report: str, root: Operator) -> None:
    await root.act("report/", "ban_author", report, until="")

    assert problem(await bob.get("/me")) == (403, "banned")
    assert rows_of(await root.get("report/", status="banned")) == [report]
    history = await root.page("person/bob/history/")
    assert "Ban its author; until: 9999" in history
    assert f"Report about bob ({report})" in history


async def reported_file(ann: Api, bob: Api) -> tuple[str, str, str]:
    """The conversation, the attachment and the report of a file of bob's message, which he has
    deleted."""
    group = await ann.group(bob)
    attachment = await attach(bob, group, PDF, filename="foul <b>.pdf")
    message = await bob.send(group, "", attachments=[attachment["id"]])
    body = {"message_id": message["id"], "conversation_id": group}
    report = (await ann.post("/reports", **body, reason="Look at the file.")).json()["id"]
    assert (await bob.delete(f"/conversations/{group}/messages/{message['id']}")).status_code == 204
    return group, attachment["id"], report


async def link_to_file(root: Operator, report: str) -> str | None:
    answer = await root.get(f"report/{report}/change/")
    assert "foul <b>.pdf" in text_of(answer)
    found = re.search(r'href="([^"]+)" rel="noreferrer"', answer.text)
    return None if found is None else unescape(found.group(1))


async def test_the_files_of_a_reported_message_are_kept_for_operators(
    ann: Api, bob: Api, root: Operator, instance: Instance
) -> None:
    """Its author deleted it, and nobody else sees the file; redacting takes it away at once."""
    group, attachment, report = await reported_file(ann, bob)
    await instance.attachments.sweep.sweep()

    link = await link_to_file(root, report)
    assert link is not None
    assert (await ann.client.get(f"http://testserver{link}")).content == PDF
    assert await addresses(ann, group, attachment) == []

    await root.act("report/", "redact_reported", report)
    await instance.attachments.sweep.sweep()

    assert (await ann.client.get(f"http://testserver{link}")).status_code == 404
    assert "(not kept)" in await root.page(f"report/{report}/change/")


async def test_the_files_of_a_reported_message_go_with_its_copy(
    ann: Api, bob: Api, root: Operator, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ninety days after the report was closed."""
    monkeypatch.setattr(sweep, "REPORTED_PAUSE", timedelta(0))
    monkeypatch.setattr(sweep, "ADDRESS_LIFETIME", timedelta(0))
    _, attachment, report = await reported_file(ann, bob)
    await instance.attachments.sweep.sweep()
    link = await link_to_file(root, report)
    for module in (sql_reports, firestore_reports):
        monkeypatch.setattr(module, "COPY_LIFETIME", timedelta(seconds=-1))
    await root.act("report/", "dismiss", report)

    await instance.attachments.sweep.sweep()

    assert (await ann.client.get(f"http://testserver{link}")).status_code == 404
    assert await instance.attachments.store.get([attachment]) == {}


async def test_a_report_does_not_wait_for_the_storage_of_files(
    ann: Api, bob: Api, root: Operator, end_storage: Callable[[], None]
) -> None:
    """It names the file, and operators can act."""
    _, _, report = await reported_file(ann, bob)
    end_storage()

    assert await link_to_file(root, report) is None
    assert rows_of(await root.get("report/", q=report)) == [report]
    await root.act("report/", "ban_author", report)

    assert problem(await bob.get("/conversations")) == (403, "banned")
