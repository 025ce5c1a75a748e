"""`chat-client/history` with a real server, in Node, and its hook in Chromium."""

import asyncio
from uuid import uuid4

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.clients.javascript.browser import Place, _server_port, at, bundled
from tests.clients.javascript.conftest import PACKAGE, Run
from tests.clients.rest import Rest, http_client, token_of

__all__ = ["_server_port", "at"]

_MESSAGES = 260
_READ = 100


@pytest.fixture(scope="module")
def script(run: Run, tmp_path_factory: pytest.TempPathFactory) -> str:
    return bundled(run, "react_page.jsx", tmp_path_factory.mktemp("page"))


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="conversation_id")
async def _conversation_id(server_port: int) -> str:
    """A group in which Bob said much, and Ann has read 100 messages. The next one is deleted."""
    async with http_client(f"http://127.0.0.1:{server_port}") as http:
        ann, bob = Rest(http, "ann"), Rest(http, "bob")
        id_: str = (await ann.create_group("bob", title=f"History {uuid4()}"))["id"]
        places = asyncio.Semaphore(8)

        async def say(number: int) -> None:
            async with places:
                await bob.send(id_, f"Message {number}", f"{number}")

        async with asyncio.TaskGroup() as saying:
            for number in range(_MESSAGES):
                saying.create_task(say(number))
        path = f"/conversations/{id_}/messages"
        [unread] = (await ann.request("GET", path, after=_READ, limit=1))["items"]
        await ann.request("POST", f"/conversations/{id_}/read", {"seq": _READ})
        await bob.request("DELETE", f"{path}/{unread['id']}")
        return id_


@pytest.mark.asyncio(loop_scope="session")
async def test_the_hook_jumps_and_comes_back(at: Place, conversation_id: str) -> None:
    """To the first unread message, in strict mode."""
    page = await at.open()
    await page.evaluate("id => window.page.setPast(id)", conversation_id)
    messages = page.locator("#past li")
    await expect(messages).to_have_count(50)
    await page.get_by_text("First unread").click()
    await expect(page.locator("#past .unread")).to_have_attribute("data-seq", "102")
    await page.get_by_text("Newer").click()
    await expect(messages).to_have_count(100)
    await page.get_by_text("Latest").click()
    await expect(messages.last).to_have_attribute("data-seq", str(_MESSAGES))
    await expect(messages).to_have_count(50)


def test_it_shows_what_the_store_has(run: Run, server_port: int, conversation_id: str) -> None:
    """From the first unread message on, in both directions, while messages change."""
    printed = run(
        *("node", "--no-warnings", "--experimental-websocket"),
        PACKAGE / "test" / "programs" / "history.js",
        *(f"http://127.0.0.1:{server_port}", conversation_id, token_of("ann"), token_of("bob")),
    )

    assert printed == "It shows what the store has.\n"
