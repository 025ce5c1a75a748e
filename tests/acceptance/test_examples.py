"""The sites in `examples`, run as their pages say, beside the chat."""

import re
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
from playwright.async_api import Browser, Page, expect
from standardwebhooks import Webhook

from chat_client import ChatClient
from config.development.ports import free_port
from config.development.processes import Process
from tests.acceptance.examples import EXAMPLES, SECRET, Chat, create_service, require_node, site
from tests.clients.python.bots import answers_texts
from tests.clients.rest import token_of
from tests.databases import migrate
from tests.servers.environment import isolated_environment
from tests.servers.forked import forked_instance, run_python


@pytest.fixture(scope="module")
def page_port() -> int:
    """Of a page on another origin, which the chat allows."""
    return free_port()


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory, page_port: int) -> Iterator[Chat]:
    """A chat with a service account."""
    origin = f"http://127.0.0.1:{page_port}"
    environment = isolated_environment(tmp_path_factory.mktemp("chat"), ALLOWED_ORIGINS=origin)
    migrate(environment)
    token = create_service(environment)
    port = free_port()
    with forked_instance(port, environment=environment):
        yield Chat(f"http://127.0.0.1:{port}", token)


def event(message: Any) -> tuple[dict[str, str], bytes]:
    """The headers and the body of an event, signed as the chat signs it."""
    now = datetime.now(UTC)
    id_ = f"msg_{uuid4().hex}"
    data = {"conversation_id": message["conversation_id"], "message": message}
    document = {"type": "message.created", "timestamp": message["created_at"], "data": data}
    body = orjson.dumps(document)
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign(id_, now, body.decode()),
    }, body


def _receives_each_event_once(
    chat: Chat, address: str, customer: str, conversation: str, counted: Callable[[], int]
) -> None:
    """A forged one is refused; a repeat changes nothing; a question is answered once."""
    headers, body = event(chat.send(customer, conversation, "status?"))
    hook = f"{address}/hooks/chat"
    forged = httpx.post(hook, content=body + b" ", headers=headers)
    assert forged.status_code == 400

    for _ in range(3):
        assert httpx.post(hook, content=body, headers=headers).status_code == 204

    *_, question, answer = chat.messages(customer, conversation)
    assert (question["text"], question["sender_id"]) == ("status?", customer)
    assert answer["sender_id"] == "service:shop"
    assert "shipped" in answer["text"]
    own, body = event(answer)
    assert httpx.post(hook, content=body, headers=own).status_code == 204
    assert chat.messages(customer, conversation)[-1]["id"] == answer["id"]
    assert counted() == 1


def _has_a_conversation(chat: Chat, customer: str, name: str) -> str:
    """The one of the order, with its system messages, under the name of the site's user."""
    (conversation,) = chat.get(customer, "/conversations")["items"]
    assert {one["user_id"]: one["role"] for one in conversation["participants"]} == {
        customer: "owner",
        "support": "member",
    }
    placed, shipped = chat.messages(customer, conversation["id"])
    assert [one["kind"] for one in (placed, shipped)] == ["system", "system"]
    assert [one["metadata"]["event"] for one in (placed, shipped)] == [
        *("order.placed", "order.shipped"),
    ]
    (profile,) = chat.get("support", f"/users?user_ids={customer}")["items"]
    assert profile["name"] == name
    id_: str = conversation["id"]
    return id_


@pytest.mark.asyncio(loop_scope="session")
async def test_the_django_site(
    chat: Chat, page_port: int, tmp_path: Path, chromium: Browser
) -> None:
    """Its sessions give tokens, and their cookies replace none of the chat's. A customer and the
    support chat about an order. Its hooks answer."""
    folder = EXAMPLES / "django-site"
    settings = {"SHOP_FOLDER": str(tmp_path), "CHAT_TOKEN": chat.token}
    password = uuid4().hex
    command = (sys.executable, "run.py", str(page_port))
    with site(*command, chat=chat, port=page_port, folder=folder, **settings) as address:
        superuser = {"USERNAME": "sue", "PASSWORD": password, "EMAIL": "sue@example.com"}
        named = {f"DJANGO_SUPERUSER_{name}": value for name, value in superuser.items()}
        run_python(
            *("run.py", "createsuperuser", "--noinput"),
            environment={"DJANGO_SETTINGS_MODULE": "shop.settings", **settings, **named},
            directory=folder,
            check=True,
        )
        ann, sue = await chromium.new_page(), await chromium.new_page()  # each with a context
        await ann.goto(f"{address}/join")
        await _fill_in(ann, Username="ann", Password=password, Password_confirmation=password)
        await expect(ann.get_by_role("heading")).to_have_text("Hello ann")
        await _fill_in(ann, Item="Tea")
        await sue.goto(address)
        await _fill_in(sue, Username="sue", Password=password)
        await sue.get_by_text("Order 1: Tea").click()
        await sue.get_by_role("button", name="Ship").click()
        await expect(sue.get_by_text("Order 1: Tea: shipped")).to_be_visible()
        customer = "customer-2"
        token = (await (await ann.request.get(f"{address}/chat/token")).json())["token"]
        me = httpx.get(f"{chat.url}/api/v1/me", headers={"Authorization": f"Bearer {token}"})
        assert me.json()["user_id"] == customer
        conversation = _has_a_conversation(chat, customer, "ann")
        cookies = {cookie.get("name") for cookie in await ann.context.cookies()}
        assert cookies == {"shop_session", "shop_csrf"}

        await ann.get_by_text("Order 1: Tea").click()
        await _fill_in(ann, Message="When?")
        await expect(sue.locator("#unread")).to_have_text("1")
        await sue.get_by_text("Order 1: Tea").click()
        await expect(sue.get_by_role("listitem").last).to_have_text("Customer: When?")
        await expect(sue.locator("#unread")).to_have_text("0")
        await _fill_in(sue, Message="Now!")
        await expect(ann.get_by_role("listitem")).to_have_text(
            ["Shop: order.placed", "Shop: order.shipped", "You: When?", "Support: Now!"]
        )
        chat.delete_latest("support", conversation)
        await expect(ann.get_by_role("listitem").last).to_have_text("Support: (deleted)")
        await ann.get_by_role("button", name="Sign out").click()
        await expect(ann.get_by_label("Username")).to_be_visible()
        chat.send("support", conversation, "It is there.")
        await _fill_in(ann, Username="ann", Password=password)
        await expect(ann.get_by_role("heading")).to_have_text("Hello ann")
        assert '<b id="unread">1</b>' in await (await ann.request.get(address)).text()
        await ann.context.close()
        await sue.context.close()

        def counted() -> int:
            with closing(sqlite3.connect(tmp_path / "shop.sqlite3")) as database:
                (number,) = database.execute("SELECT messages FROM shop_order").fetchone()
            return int(number)

        _receives_each_event_once(chat, address, customer, conversation, counted)


async def _fill_in(page: Page, **fields: str) -> None:
    """Fill in a form by the names that a person sees, and send it."""
    for label, value in fields.items():
        name = label.replace("_", " ")
        await page.get_by_label(re.compile(rf"^{name}:?$")).filter(visible=True).fill(value)
    await page.keyboard.press("Enter")


def test_the_node_site(chat: Chat) -> None:
    """The same without a framework, with the official library of JavaScript. The orders of the next
    start are other ones, though their numbers begin again."""
    folder = EXAMPLES / "node-site"
    require_node("node-site")
    port = free_port()
    with (
        site("node", "server.js", chat=chat, port=port, folder=folder, PORT=str(port)) as address,
        httpx.Client(base_url=address, timeout=60) as browser,
    ):
        assert browser.get("/chat/token").status_code == 401
        customer = browser.post("/login", json={"name": "bob"}).json()["user"]["id"]
        assert customer == "member-bob"
        browser.post("/orders", json={"item": "Tea"}).raise_for_status()
        browser.post("/orders/ship", json={"id": 1}).raise_for_status()
        token = browser.get("/chat/token").json()["token"]
        me = httpx.get(f"{chat.url}/api/v1/me", headers={"Authorization": f"Bearer {token}"})
        assert me.json()["user_id"] == customer

        conversation = _has_a_conversation(chat, customer, "bob")
        chat.send("support", conversation, "It is on its way.")
        assert browser.get("/").json()["unread"] == 1

        def counted() -> int:
            number: int = browser.get("/").json()["orders"][0]["messages"]
            return number

        _receives_each_event_once(chat, address, customer, conversation, counted)
    with (
        site("node", "server.js", chat=chat, port=port, folder=folder, PORT=str(port)) as address,
        httpx.Client(base_url=address, timeout=60) as browser,
    ):
        browser.post("/login", json={"name": "bob"}).raise_for_status()
        order = browser.post("/orders", json={"item": "Coffee"}).raise_for_status().json()
        assert order["id"] == 1
        assert order["conversationId"] != conversation


@pytest.mark.asyncio(loop_scope="session")
async def test_the_react_app(chat: Chat, page_port: int, chromium: Browser) -> None:
    """Two people chat on a page whose origin is not the server's."""
    folder = EXAMPLES / "react-app"
    require_node("react-app")
    port = page_port
    with site("node", "serve.js", chat=chat, port=port, folder=folder, PORT=str(port)) as address:
        complaints: list[str] = []
        pages = []
        for name in ("rob", "ria"):
            page = await chromium.new_page()  # with a context of its own
            page.on("pageerror", lambda error: complaints.append(str(error)))
            await page.goto(address)
            await page.get_by_label("Who are you?").fill(name)
            await page.get_by_text("Sign in").click()
            await expect(page.get_by_role("status").first).to_have_text("live")
            pages.append(page)
        rob, ria = pages

        await rob.get_by_label("Write to").fill("ria")
        await rob.get_by_text("Start").click()
        await rob.get_by_label("Message", exact=True).fill("Tea?")
        await expect(rob.locator(".messages")).to_be_visible()
        await rob.keyboard.press("Enter")
        await expect(rob.locator(".message.mine")).to_have_text("Tea?")
        await expect(ria).to_have_title("(1) Chat")
        await ria.get_by_role("button", name="Tea?").click()
        await expect(ria.locator(".message")).to_contain_text(["Tea?"])
        await expect(ria).to_have_title("Chat")
        await ria.get_by_label("Message", exact=True).press_sequentially("Yes")
        await expect(rob.locator(".typing")).to_have_text("ria is typing…")
        await ria.keyboard.press("Enter")
        await expect(rob.locator(".message:not(.mine)")).to_contain_text(["Yes"])
        await expect(rob.locator(".typing")).to_have_text("")
        for page in pages:
            await page.close()
    assert complaints == []


@pytest.mark.asyncio(loop_scope="session")
async def test_the_page(chat: Chat, page_port: int, chromium: Browser) -> None:
    """Two people chat on a page without a build step, whose origin is not the server's."""
    command = (sys.executable, "-m", "http.server", str(page_port), "--bind", "127.0.0.1")
    with site(*command, chat=chat, port=page_port, folder=EXAMPLES.parent) as address:
        complaints: list[str] = []
        pages = []
        for name in ("alice", "bob"):
            page = await chromium.new_page()  # with a context of its own
            page.on("pageerror", lambda error: complaints.append(str(error)))
            await page.goto(f"{address}/examples/page/?user={name}&chat={chat.url}")
            pages.append(page)
        alice, bob = pages

        await alice.get_by_label("Message").fill("Tea?")
        await alice.keyboard.press("Enter")
        await expect(bob.get_by_role("listitem")).to_have_text(["alice: Tea?"])
        await bob.get_by_label("Message").fill("Yes!")
        await bob.keyboard.press("Enter")
        await expect(alice.get_by_role("listitem")).to_have_text(["alice: Tea?", "bob: Yes!"])
        (tea,) = chat.get("bob", "/conversations?kind=direct")["items"]
        chat.delete_latest("bob", tea["id"])
        await expect(alice.get_by_role("listitem")).to_have_text(["alice: Tea?", "bob: (deleted)"])
        for page in pages:
            await page.close()
    assert complaints == []


async def test_the_node_bot(chat: Chat) -> None:
    """It answers, once it has said that it hears, and says why an answer was refused."""
    require_node("node-bot")
    bot = Process(
        ("npm", "start"),
        ready=lambda: "live" in bot.output().split(),
        environment={"CHAT_URL": chat.url, "CHAT_TOKEN": token_of("node-bot")},
        directory=EXAMPLES / "node-bot",
    )
    with bot:
        async with ChatClient(chat.url, token_of("ned")) as ned:
            await answers_texts(ned, "node-bot")
        assert "Only owners and admins may send messages" in bot.output()
