"""The two shops of `examples`, with a customer who orders; each order has a conversation. And the
bot."""

import re
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import httpx

from config.development.ports import free_port
from tests.acceptance.examples import EXAMPLES, Chat, require_node, site
from tests.clients.rest import Rest, http_client

_SECONDS = 60.0
"""A busy machine takes seconds for the hash of a password."""


class Shop(Protocol):
    customer: str
    """The user id of its customer in the chat."""
    hook: str
    """The URL of its endpoint."""

    def order(self, item: str) -> None:
        """Order something. The shop creates a conversation, and sends a system message into it."""

    def counted(self) -> Mapping[str, int]:
        """Return how many messages of people the shop has counted in each conversation."""


async def conversations_of(shop: Shop, chat: Chat) -> list[str]:
    """The ids of the conversations of the shop's customer."""
    async with http_client(chat.url) as client:
        return list(await Rest(client, shop.customer).list_conversations())


class DjangoShop:
    customer = "customer-1"

    def __init__(self, address: str, browser: httpx.Client, folder: Path) -> None:
        self.hook = f"{address}/hooks/chat"
        self._browser = browser
        self._database = folder / "shop.sqlite3"
        password = uuid4().hex
        self._submit("/join", username="ann", password1=password, password2=password)

    def order(self, item: str) -> None:
        self._submit("/orders", item=item)

    def counted(self) -> Mapping[str, int]:
        with closing(sqlite3.connect(self._database)) as database:
            return dict(database.execute("SELECT conversation_id, messages FROM shop_order"))

    def _submit(self, path: str, **fields: str) -> None:
        token = self._browser.cookies.get("shop_csrf")
        if token is None:
            form = self._browser.get("/join").text
            found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
            assert found is not None
            token = found[1]
        answer = self._browser.post(path, data={"csrfmiddlewaretoken": token, **fields})
        assert answer.status_code == 302, answer.text


class NodeShop:
    customer = "member-ben"

    def __init__(self, address: str, browser: httpx.Client) -> None:
        self.hook = f"{address}/hooks/chat"
        self._browser = browser
        browser.post("/login", json={"name": "ben"}).raise_for_status()

    def order(self, item: str) -> None:
        self._browser.post("/orders", json={"item": item}).raise_for_status()

    def counted(self) -> Mapping[str, int]:
        orders = self._browser.get("/").json()["orders"]
        return {order["conversationId"]: order["messages"] for order in orders}


@contextmanager
def bot(chat: Chat) -> Iterator[str]:
    """Run the bot, and return the URL of its endpoint."""
    port = free_port()
    command = (sys.executable, "bot.py", str(port))
    with site(*command, chat=chat, port=port, folder=EXAMPLES / "bot") as url:
        yield f"{url}/"


@contextmanager
def django_shop(chat: Chat, folder: Path) -> Iterator[Shop]:
    port = free_port()
    command = (sys.executable, "run.py", str(port))
    place = EXAMPLES / "django-site"
    with (
        site(*command, chat=chat, port=port, folder=place, SHOP_FOLDER=str(folder)) as address,
        httpx.Client(base_url=address, timeout=_SECONDS) as browser,
    ):
        yield DjangoShop(address, browser, folder)


@contextmanager
def node_shop(chat: Chat, folder: Path) -> Iterator[Shop]:
    require_node("node-site")
    port = free_port()
    place = EXAMPLES / "node-site"
    with (
        site("node", "server.js", chat=chat, port=port, folder=place, PORT=str(port)) as address,
        httpx.Client(base_url=address, timeout=_SECONDS) as browser,
    ):
        yield NodeShop(address, browser)
