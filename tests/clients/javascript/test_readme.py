"""The block "What a person can do" of the README does what it says, in Node."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from config.development.ports import free_port
from tests.clients.javascript.conftest import PACKAGE, Run
from tests.clients.rest import Rest, http_client, token_of
from tests.databases import environment_on_sqlite, migrate
from tests.servers.forked import forked_instance

URL, TOKEN, ID = "https://chat.example.com", "a token", "q2m6v5b4x3n7k8j9h0g1f2d3s4"
END = """
console.log(me.user_id, tea.getSnapshot().messages[0].text);
chat.disconnect();
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Of one instance on SQLite, without Redis."""
    environment = environment_on_sqlite(tmp_path_factory.mktemp("server"), CHAT_RATE_LIMITS="off")
    found = free_port()
    migrate(environment)
    with forked_instance(found, environment=environment):
        yield found


@pytest.fixture
async def http(port: int) -> AsyncIterator[httpx.AsyncClient]:
    async with http_client(f"http://127.0.0.1:{port}") as client:
        yield client


@pytest.mark.timeout(120)
async def test_what_a_person_can_do(
    run: Run, http: httpx.AsyncClient, port: int, tmp_path: Path
) -> None:
    readme = (PACKAGE / "README.md").read_text()
    found = re.search(r"## What a person can do\n\n```ts\n(.*?)```", readme, re.DOTALL)
    assert found is not None
    block: str = found[1]
    tea = (await Rest(http, "ann").create_group("bob", title="Tea"))["id"]
    await Rest(http, "bob").send(tea, "Tea?", "readme-1")
    actual = {URL: f"http://127.0.0.1:{port}", TOKEN: token_of("ann"), ID: tea}
    for example, value in actual.items():
        assert block.count(f'"{example}"') == 1
        block = block.replace(f'"{example}"', f'"{value}"')
    modules = tmp_path / "node_modules"
    modules.mkdir()
    (modules / "chat-client").symlink_to(PACKAGE)
    (tmp_path / "block.mjs").write_text(block + END)

    printed = run("node", "--no-warnings", "--experimental-websocket", tmp_path / "block.mjs")

    assert printed == "ann Tea?\n"
