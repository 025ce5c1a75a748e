"""One real server, on which everything is let loose."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from websockets.asyncio.client import connect

from config.development.ports import free_port
from config.development.processes import Process
from tests.clients.rest import token_of
from tests.databases import migrate
from tests.fuzz.doors import Doors
from tests.servers.environment import isolated_environment
from tests.servers.forked import forked_instance


@pytest.fixture(scope="session")
def port() -> int:
    return free_port()


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder: Path = tmp_path_factory.mktemp("fuzz")
    return isolated_environment(folder, INSTANCE_ID="fuzzed")


@pytest.fixture(scope="session")
def server(port: int, environment: dict[str, str]) -> Iterator[Process]:
    migrate(environment)
    with forked_instance(port, environment=environment) as process:
        yield process


@pytest.fixture
def url(server: Process, port: int) -> str:
    return f"http://127.0.0.1:{port}"


@pytest_asyncio.fixture
async def ann(url: str) -> AsyncIterator[Doors]:
    headers = {"Authorization": f"Bearer {token_of('ann')}"}
    async with (
        httpx.AsyncClient(
            base_url=f"{url}/api/v1", headers=headers, trust_env=False, timeout=30
        ) as rest,
        connect(
            f"ws{url[4:]}/ws/v1",
            additional_headers=headers,
            proxy=None,
            max_size=None,
            max_queue=None,  # events are read only on the way to an answer
            ping_interval=None,
            close_timeout=0.1,
        ) as socket,
    ):
        await socket.recv()  # hello
        yield Doors(rest, socket)
