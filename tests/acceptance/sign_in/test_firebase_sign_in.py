"""`examples/firebase-sign-in`: Firebase's SDK in Chromium, and firebase-admin in the chat."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, WebSocket, expect

from config.development.instances import uvicorn_command
from config.development.ports import free_port
from tests.acceptance.examples import EXAMPLES, Chat, require_node, site
from tests.acceptance.sign_in import CERTIFICATES_VARIABLE
from tests.acceptance.sign_in.identity_toolkit import (
    HOUR,
    IdentityToolkit,
    identity_toolkit,
)
from tests.databases import migrate
from tests.servers.environment import isolated_environment
from tests.servers.forked import forked_instance
from tests.unit.chat.firebase import PROJECT, Key

_FOLDER = EXAMPLES / "firebase-sign-in"
_PASSWORD = "of-the-tests"
_SECONDS = 20

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Visit:
    """A page, and what it sends and receives on its sockets."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.sockets: list[WebSocket] = []
        self.sent: list[Any] = []
        self.received: list[Any] = []
        self._changed = asyncio.Event()
        page.on("websocket", self._opened)

    async def enter(self, name: str, button: str, password: str = _PASSWORD) -> None:
        await self.page.get_by_label("Email").fill(f"{name}@example.com")
        await self.page.get_by_label("Password").fill(password)
        await self.page.get_by_role("button", name=button).click()

    async def is_live(self) -> None:
        await expect(self.page.get_by_role("status")).to_have_text("live")

    async def link(self) -> str:
        """The one for a person to write to."""
        return await self.page.get_by_role("link").inner_text()

    async def say(self, text: str) -> None:
        await self.page.get_by_label("Message").fill(text)
        await self.page.keyboard.press("Enter")

    async def shows(self, *texts: str) -> None:
        await expect(self.page.get_by_role("listitem")).to_have_text(list(texts))

    async def sign_out(self) -> None:
        await self.page.get_by_role("button", name="Sign out").click()

    async def is_signed_out(self) -> None:
        """Nothing of the person is left: no socket, and nothing to see."""
        await expect(self.page.get_by_label("Email")).to_be_visible()
        await expect(self.page.get_by_role("main")).to_have_count(0)
        await self.until(lambda: all(socket.is_closed() for socket in self.sockets))

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for frames, or for the ends of sockets, until this holds."""
        async with asyncio.timeout(_SECONDS):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    def _opened(self, socket: WebSocket) -> None:
        self.sockets.append(socket)
        socket.on("framesent", lambda frame: self._note(self.sent, frame))
        socket.on("framereceived", lambda frame: self._note(self.received, frame))
        socket.on("close", lambda _: self._changed.set())

    def _note(self, frames: list[Any], frame: str | bytes) -> None:
        frames.append(json.loads(frame))
        self._changed.set()


@asynccontextmanager
async def visitor(chromium: Browser) -> AsyncIterator[BrowserContext]:
    """A browser profile. Its pages may complain of nothing."""
    context = await chromium.new_context()
    complaints: list[str] = []
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    yield context
    await context.close()
    assert complaints == []


async def visit(context: BrowserContext, address: str) -> Visit:
    one = Visit(await context.new_page())
    await one.page.goto(address)
    return one


@contextmanager
def chat_with(origin: str, folder: Path, **settings: str) -> Iterator[Chat]:
    """A chat that accepts ID tokens, for pages of this origin."""
    environment = isolated_environment(
        folder,
        CHAT_AUTH="firebase",
        ALLOWED_ORIGINS=origin,
        GOOGLE_CLOUD_PROJECT=PROJECT,
        **settings,
    )
    migrate(environment)
    port = free_port()
    application = "tests.acceptance.sign_in.asgi:application"
    command = uvicorn_command(port, application=application)
    with forked_instance(port, environment=environment, command=command):
        yield Chat(f"http://127.0.0.1:{port}", token="")


@pytest.fixture(scope="module")
def toolkit() -> Iterator[IdentityToolkit]:
    with identity_toolkit() as running:
        yield running


@pytest.fixture(scope="module", name="page_port")
def _page_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def chat(
    toolkit: IdentityToolkit, page_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Chat]:
    """A chat that verifies signatures, as in production. It has no credentials of Firebase."""
    with chat_with(
        f"http://127.0.0.1:{page_port}",
        tmp_path_factory.mktemp("chat"),
        FIREBASE_AUTH_EMULATOR_HOST="",
        GOOGLE_APPLICATION_CREDENTIALS="",
        NO_GCE_CHECK="true",
        **{CERTIFICATES_VARIABLE: toolkit.certificates_url},
    ) as running:
        yield running


@pytest.fixture(scope="module")
def address(chat: Chat, toolkit: IdentityToolkit, page_port: int) -> Iterator[str]:
    """Of the page."""
    require_node("firebase-sign-in")
    with site(
        *("node", "serve.js"),
        chat=chat,
        port=page_port,
        folder=_FOLDER,
        PORT=str(page_port),
        FIREBASE_AUTH_EMULATOR_HOST=toolkit.host,
        GOOGLE_CLOUD_PROJECT=PROJECT,
    ) as running:
        yield running


def me(chat: Chat, token: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{chat.url}/api/v1/me", headers=headers)


async def test_two_people_sign_in_and_chat(address: str, chat: Chat, chromium: Browser) -> None:
    """The chat knows them by the ID token, whose signature it verifies."""
    async with visitor(chromium) as anns, visitor(chromium) as bobs:
        ann = await visit(anns, address)
        await ann.enter("ann", "Join")
        await ann.is_live()
        bob = await visit(bobs, await ann.link())
        await bob.enter("bob", "Join")
        await bob.say("Tea?")
        await ann.shows("They: Tea?")
        await ann.say("Yes!")
        await bob.shows("You: Tea?", "They: Yes!")
        await ann.page.reload()
        await ann.shows("They: Tea?", "You: Yes!")

    assert me(chat, Key("key-1").sign()).status_code == 401


async def test_the_token_is_refreshed_before_it_ends(
    address: str, chat: Chat, toolkit: IdentityToolkit, chromium: Browser
) -> None:
    """On the open socket. A person who is logged out everywhere signs in again."""
    async with visitor(chromium) as context:
        toolkit.first_seconds = 20
        cid = await visit(context, address)
        await cid.enter("cid", "Join")

        def refreshes() -> list[Any]:
            return [frame for frame in cid.sent if frame["type"] == "auth.refresh"]

        def answers() -> list[Any]:
            ids = [frame["id"] for frame in refreshes()]
            return [frame for frame in cid.received if frame.get("id") in ids]

        await cid.until(lambda: bool(answers()))
        toolkit.first_seconds = HOUR
        (refresh,), (answer,) = refreshes(), answers()
        assert [refresh["token"]] == toolkit.refreshed
        assert answer["type"] == "reply"
        assert len(cid.sockets) == 1
        assert me(chat, refresh["token"]).status_code == 200

        headers = {"Authorization": f"Bearer {refresh['token']}"}
        httpx.delete(f"{chat.url}/api/v1/me/sessions", headers=headers).raise_for_status()
        await cid.is_signed_out()


async def test_a_sign_out_ends_the_chat(address: str, chromium: Browser) -> None:
    """In all tabs. The next person gets a chat of their own, and sees nothing of the former."""
    async with visitor(chromium) as dans, visitor(chromium) as eves:
        dan = await visit(dans, address)
        await dan.enter("dan", "Join")
        await dan.is_live()
        eve = await visit(eves, await dan.link())
        await eve.enter("eve", "Join")
        await eve.say("Secret!")
        await dan.shows("They: Secret!")
        tab = await visit(dans, address)
        await tab.shows("They: Secret!")

        await dan.sign_out()
        await dan.is_signed_out()
        await tab.is_signed_out()

        await dan.enter("dan", "Sign in", password="another one")
        await expect(dan.page.get_by_role("alert")).to_contain_text("invalid-credential")
        await dan.enter("fay", "Join")
        await dan.is_live()
        await dan.shows()
        await dan.sign_out()
        await dan.enter("dan", "Sign in")
        await dan.shows("They: Secret!")


async def test_without_an_account_of_firebase(
    toolkit: IdentityToolkit, tmp_path: Path, chromium: Browser
) -> None:
    """As its page says: the accounts are on this machine, and the chat takes them for Firebase's
    emulator."""
    require_node("firebase-sign-in")
    port, accounts = free_port(), free_port()
    origin, emulator = f"http://127.0.0.1:{port}", f"127.0.0.1:{accounts}"
    with (
        chat_with(
            origin,
            tmp_path,
            FIREBASE_AUTH_EMULATOR_HOST=emulator,
            **{CERTIFICATES_VARIABLE: toolkit.certificates_url},
        ) as chat,
        site(
            *("node", "serve.js"),
            chat=chat,
            port=port,
            folder=_FOLDER,
            PORT=str(port),
            ACCOUNTS_PORT=str(accounts),
            GOOGLE_CLOUD_PROJECT=PROJECT,
        ) as address,
    ):
        async with visitor(chromium) as context:
            await context.route("**/accounts:signUp?*", _with_a_short_life)
            gil = await visit(context, address)
            async with gil.page.expect_response("**/v1/token?*") as refreshed:
                await gil.enter("gil", "Join")
            assert (await refreshed.value).ok
            await gil.is_live()
            await gil.page.reload()
            await gil.is_live()
            await gil.sign_out()
            await gil.enter("gil", "Join")
            await expect(gil.page.get_by_role("alert")).to_contain_text("email-already-in-use")
            await gil.enter("gil", "Sign in")
            await gil.is_live()


async def _with_a_short_life(route: Route) -> None:
    """Tell the SDK that the first token ends at once: it refreshes it before it gives it out."""
    answer = await route.fetch()
    await route.fulfill(response=answer, json={**await answer.json(), "expiresIn": "1"})
