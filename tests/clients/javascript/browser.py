"""Pages in Chromium, with a server behind a wire that can be spoiled."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page

from config.development.ports import free_port
from tests.clients.checking.wire import Wire
from tests.clients.javascript.conftest import PACKAGE, Run
from tests.clients.rest import Rest, http_client, token_of
from tests.databases import environment_on_sqlite, migrate
from tests.servers.forked import forked_instance

_HTML = """<!doctype html><link rel="icon" href="data:,"><title>Page</title><div id="root"></div>
<script type="module">{}</script>"""


@dataclass(frozen=True, slots=True)
class Place:
    """One browser profile, and what its pages talk to."""

    context: BrowserContext
    wire: Wire
    ann: Rest
    bob: Rest
    complaints: list[str]

    async def open(self, query: str = "user=ann") -> Page:
        """Open the page, and wait until it is connected."""
        page = await self.context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        await page.goto(f"{self.wire.url}/page?{query}")
        await self.live(page)
        return page

    async def live(self, page: Page) -> None:
        await page.wait_for_function("window.page?.state() === 'live'")


@pytest.fixture(scope="package", name="server_port")
def _server_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of one instance on SQLite."""
    folder, port = tmp_path_factory.mktemp("server"), free_port()
    environment = environment_on_sqlite(
        folder,
        CHAT_RATE_LIMITS="off",
        CHAT_FILES_DIR=str(folder / "files"),
    )
    migrate(environment)
    with forked_instance(port, environment=environment):
        yield port


def bundled(run: Run, source: str, folder: Path) -> str:
    """Return one script of a page of `test/browser`, with all that it imports."""
    bundle = folder / "bundle.js"
    options = (
        "--bundle",
        "--format=esm",
        "--log-level=error",
        "--jsx=automatic",
        '--define:process.env.NODE_ENV="development"',
    )
    esbuild = PACKAGE / "node_modules" / ".bin" / "esbuild"
    run(esbuild, PACKAGE / "test" / "browser" / source, *options, f"--outfile={bundle}")
    return bundle.read_text()


@pytest_asyncio.fixture(loop_scope="session")
async def at(server_port: int, script: str, chromium: Browser) -> AsyncIterator[Place]:
    """A new profile of the browser, whose pages run this script on the origin of the server."""

    async def token(user_id: str) -> str:
        return token_of(user_id)

    async with (
        Wire(server_port, token) as wire,
        http_client(f"http://127.0.0.1:{server_port}") as http,
        await chromium.new_context() as context,
    ):
        wire.page = _HTML.format(script)
        opened = Place(context, wire, Rest(http, "ann"), Rest(http, "bob"), [])
        yield opened
    assert opened.complaints == []
