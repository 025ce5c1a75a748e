"""A server behind a wire that can be spoiled, and clients of the package."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from chat_client import ChatClient
from config.development.ports import free_port
from tests.acceptance.examples import create_service
from tests.clients.checking.wire import Wire
from tests.clients.rest import Rest, http_client, token_of
from tests.databases import environment_on_sqlite, migrate
from tests.servers.forked import forked_instance

PACKAGE = Path(__file__).resolve().parents[3] / "clients/python"
PYTHON_PATH = os.pathsep.join([str(PACKAGE / "src"), str(PACKAGE.parents[1])])
"""For programs of their own."""

Connect = Callable[..., Any]


@dataclass(slots=True)
class Place:
    """What the clients of a test talk to."""

    wire: Wire
    ann: Rest
    bob: Rest
    stack: AsyncExitStack
    tokens: list[bool] = field(default_factory=list)
    """Of each token that ann's clients asked for: whether the one before had expired."""

    def client(self, **options: Any) -> ChatClient:
        """A client of ann, behind the wire."""

        async def token(*, expired: bool) -> str:
            self.tokens.append(expired)
            return token_of("ann")

        return ChatClient(self.wire.url, token, **options)

    async def connected(self, **options: Any) -> ChatClient:
        """A client of ann that is connected until the test ends."""
        return await self.stack.enter_async_context(self.client(**options))

    async def connected_bob(self) -> ChatClient:
        """One of bob, with a token that stays the same."""
        client = ChatClient(self.wire.url, token_of("bob"))
        return await self.stack.enter_async_context(client)

    async def group(self) -> str:
        """The id of a new group of ann and bob."""
        group = await self.ann.create_group("bob", title=f"Group {uuid4()}")
        id_: str = group["id"]
        return id_

    async def texts(self, conversation_id: str) -> list[str]:
        """As the store has them."""
        return [one["text"] for one in await self.ann.history(conversation_id)]


@pytest.fixture(scope="package", name="environment")
def _environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("server")
    return environment_on_sqlite(
        folder,
        CHAT_RATE_LIMITS="off",
        CHAT_FILES_DIR=str(folder / "files"),
    )


@pytest.fixture(scope="package", name="server_port")
def _server_port(environment: dict[str, str]) -> Iterator[int]:
    """The port of one instance on SQLite, without Redis."""
    port = free_port()
    migrate(environment)
    with forked_instance(port, environment=environment):
        yield port


@pytest.fixture(scope="package")
def service_token(environment: dict[str, str], server_port: int) -> str:
    """Of a service account with all scopes that the examples have."""
    return create_service(environment)


@pytest.fixture
async def place(server_port: int) -> AsyncIterator[Place]:
    async def token(user_id: str) -> str:
        return token_of(user_id)

    async with (
        Wire(server_port, token) as wire,
        http_client(f"http://127.0.0.1:{server_port}") as http,
        AsyncExitStack() as stack,
    ):
        yield Place(wire, Rest(http, "ann"), Rest(http, "bob"), stack)
