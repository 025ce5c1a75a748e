"""Messages in the admin: operators see of a message what people see of it."""

import re
from collections.abc import Callable
from html import unescape

import httpx
import pytest_asyncio

from messaging.domain.integrations.service_accounts import Scope
from messaging.runtime.instance import Instance
from messaging.services.operators import service_accounts
from tests.integration.admin import Operator, documents_read, rows_of, text_of
from tests.integration.admin.conftest import SignIn
from tests.integration.chat import Api, conversation_id
from tests.integration.chat.rest.files import PDF, addresses, attach
from tests.integration.chat.service_accounts import ServiceApi


@pytest_asyncio.fixture
async def shop(ann: Api, instance: Instance) -> ServiceApi:
    token = await service_accounts.create_account(
        instance.service_accounts, name="shop", scopes=[Scope.SEND], by="root"
    )
    return ServiceApi(ann.client, "shop", token)


async def look(root: Operator, group: str) -> httpx.Response:
    """The list of a conversation's messages, after a reason was given."""
    return await root.post(f"message/?conversation={group}", {"look": "1", "reason": "Why not"})


def shown_in(listed: httpx.Response) -> list[str]:
    """What the rows of a list say, the latest message first."""
    rows = listed.text.partition('id="result_list"')[2].partition("<tbody>")[2].split("</tr>")[:-1]
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", row)).split()) for row in rows]


def links_of(page: str) -> list[str]:
    return [unescape(one) for one in re.findall(r'href="([^"]+)" rel="noreferrer"', page)]


async def send_file(who: Api, group: str, text: str, filename: str) -> tuple[str, str]:
    """The keys of a message with a file, and of the file."""
    attachment = await attach(who, group, PDF, filename=filename)
    message = await who.send(group, text, attachments=[attachment["id"]])
    return f"{group}.{message['id']}", attachment["id"]


async def test_the_files_of_a_message_are_named_and_linked(
    ann: Api, bob: Api, root: Operator
) -> None:
    """With a text and without one: by name in the list, by a link on the page of the message."""
    group = await ann.group(bob)
    key, _ = await send_file(ann, group, "", "<i>foul.pdf")
    await send_file(bob, group, "See this.", "tea.pdf")

    listed = await look(root, group)
    later, earlier = shown_in(listed)
    assert "<i>foul.pdf · application/pdf · 80 bytes" in earlier
    assert "<i>foul" not in listed.text
    assert "See this. tea.pdf · application/pdf" in later
    assert links_of(listed.text) == []

    page = await root.get(f"message/{key}/change/")
    assert "<i>foul.pdf application/pdf" in text_of(page)
    (link,) = links_of(page.text)
    assert (await ann.client.get(f"http://testserver{link}")).content == PDF


async def test_a_file_is_gone_with_its_message(
    ann: Api, bob: Api, root: Operator, instance: Instance
) -> None:
    group = await ann.group(bob)
    key, attachment = await send_file(ann, group, "See this.", "tea.pdf")
    listed = f"message/?conversation={group}"
    await look(root, group)

    asked = await root.act(listed, "redact", key, confirmed=False)
    assert "The text and the files are deleted for everyone" in text_of(asked)
    await root.act(listed, "redact", key)
    await instance.attachments.sweep.sweep()

    page = await root.get(f"message/{key}/change/")
    assert "tea.pdf" not in page.text
    assert "tea.pdf" not in (await root.get(listed)).text
    assert links_of(page.text) == []
    assert await addresses(bob, group, attachment) == []


async def test_a_page_does_not_wait_for_the_storage_of_files(
    ann: Api, root: Operator, end_storage: Callable[[], None]
) -> None:
    """Without an address, it names the file: the text can be read, and the message redacted."""
    group = await ann.group()
    key, _ = await send_file(ann, group, "See this.", "tea.pdf")
    await look(root, group)
    end_storage()

    page = await root.get(f"message/{key}/change/")

    assert page.status_code == 200
    assert "tea.pdf application/pdf" in text_of(page)
    assert "See this." in page.text
    assert links_of(page.text) == []


async def test_only_who_gave_a_reason_sees_the_files(
    ann: Api, bob: Api, operator: SignIn, root: Operator
) -> None:
    """And nobody of support does. Each look is in the audit trail."""
    group = await ann.group(bob)
    key, _ = await send_file(ann, group, "", "tea.pdf")
    await look(root, group)

    other = await operator("other")
    assert "tea.pdf" not in await other.page(f"message/{key}/change/")
    support = await operator("support", group="support")
    assert (await support.get(f"message/{key}/change/")).status_code == 403

    assert "tea.pdf" in await root.page(f"message/{key}/change/")
    trail = await root.page("../messaging/auditentryrecord/", q=group)
    assert "message.viewed" in trail
    assert "messages.viewed" in trail


async def test_what_a_system_message_reports(ann: Api, bob: Api, root: Operator) -> None:
    """The event, and whom it concerns: in the list and on the page."""
    body = {"kind": "group", "participant_ids": ["bob"], "system_messages": True}
    group = conversation_id(await ann.post("/conversations", **body))
    added = await ann.post(f"/conversations/{group}/participants", user_ids=["cid", "dan"])
    assert added.status_code == 200

    listed = await look(root, group)
    assert 'system participant.added {"user_ids": ["cid", "dan"]' in shown_in(listed)[0]
    assert "system conversation.created" in shown_in(listed)[1]
    page = await root.page(f"message/{rows_of(listed)[0]}/change/")
    assert "Kind: system Event: participant.added" in page
    assert '"cid", "dan"' in page


async def test_what_a_service_reports(ann: Api, bob: Api, root: Operator, shop: ServiceApi) -> None:
    """Its own event, its text, and metadata of its own, which no browser reads as HTML."""
    group = await ann.group(bob)
    own = {"event": "order.shipped", "order": "<script>alert(1)</script>", "weight": 1.50}
    await shop.send(group, "It is on its way.", kind="system", metadata=own)
    await shop.send(group, "", kind="system", metadata={"event": "x" * 64, "note": "y" * 3_000})

    listed = await look(root, group)
    bounded, row = shown_in(listed)
    assert "system order.shipped" in row
    assert "It is on its way." in row
    assert '"order": "<script>alert(1)</script>"' in row
    assert len(bounded) < 600
    assert "<script>alert" not in listed.text
    page = await root.get(f"message/{rows_of(listed)[1]}/change/")
    assert '"order": "<script>alert(1)</script>", "weight": 1.5' in text_of(page)
    assert "<script>alert" not in page.text
    assert "y" * 3_000 in await root.page(f"message/{rows_of(listed)[0]}/change/")


async def test_the_metadata_of_a_message(ann: Api, root: Operator) -> None:
    """On its page, with its numbers as they were given."""
    group = await ann.group()
    await ann.send(group, "plain")
    await ann.send(group, "rich", metadata={"colour": "blå", "deep": {"number": 10**20}})
    listed = await look(root, group)
    rich, plain = [await root.page(f"message/{key}/change/") for key in rows_of(listed)]

    assert '"colour": "blå", "deep": { "number": 100000000000000000000 }' in rich
    assert "Kind: text" in rich
    assert "Metadata: –" in plain


async def test_files_and_metadata_cost_the_list_no_read(ann: Api, root: Operator) -> None:
    plain, rich = await ann.group(), await ann.group()
    for number in range(5):
        await ann.send(plain, "hello", metadata={"n": number})
        await send_file(ann, rich, "hello", f"{number}.pdf")
    costs = []
    for group in (plain, rich):
        await look(root, group)
        before = documents_read()
        assert len(rows_of(await root.get(f"message/?conversation={group}"))) == 5
        costs.append(documents_read() - before)

    assert costs[0] == costs[1]
