"""The door on the SQL store: the whole ASGI application in this process, without a network; for
the socket, a real server."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from blockbuster import blockbuster_ctx
from grpc.aio import init_grpc_aio, shutdown_grpc_aio

from chat.state import ApplicationState
from config.application import Application
from config.development.ports import free_port
from messaging.runtime.instance import Instance
from tests.clients.rest import Rest, http_client
from tests.databases import migrate
from tests.instances import new_instance
from tests.integration.chat import Api, check_answer
from tests.integration.chat.sockets import (
    ALLOWED_ORIGIN,
    INSTANCE_ID,
    Server,
    Socket,
    credentials,
)
from tests.servers.environment import isolated_environment
from tests.servers.forked import forked_instance

MakeApi = Callable[[str], Awaitable[Api]]


@pytest_asyncio.fixture
async def instance(transactional_db: None) -> AsyncIterator[Instance]:
    """The instance of this process, new for each test, on the test database."""
    async with new_instance() as instance:
        yield instance


@pytest.fixture
def state(instance: Instance) -> Iterator[ApplicationState]:
    """The state of the application."""
    state = ApplicationState(instance)
    yield state
    state.close()


@pytest.fixture
def application(instance: Instance, state: ApplicationState) -> Application:
    """The application on it, which starts it with the first request, as under daphne."""
    return Application(instance, state=state)


@pytest_asyncio.fixture
async def api(application: Application) -> AsyncIterator[Callable[[str], Api]]:
    """The API as a person sees it: `api("ann")`. Every answer is held against the schema, and
    whatever blocks the event loop on the way raises."""
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(
        transport=transport,
        base_url="http://testserver/api/v1",
        event_hooks={"response": [check_answer]},
    ) as client:
        init_grpc_aio()  # or the last channel to be collected joins gRPC's thread, on the loop
        with blockbuster_ctx() as watch:
            # Where a subtest's result goes: to the terminal, or to the process that runs the tests.
            writing = watch.functions["io.BufferedWriter.write"]
            writing.can_block_in("_pytest/_io/terminalwriter.py", {"flush"})
            writing.can_block_in("execnet/gateway_base.py", {"write"})
            yield lambda user_id: Api(client, user_id)
        shutdown_grpc_aio()


@pytest.fixture
def ann(api: Callable[[str], Api]) -> Api:
    return api("ann")


@pytest.fixture
def bob(api: Callable[[str], Api]) -> Api:
    return api("bob")


@pytest.fixture
def cid(api: Callable[[str], Api]) -> Api:
    return api("cid")


@pytest.fixture(scope="session", name="server")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real server for all tests of the socket; each has people of its own."""
    environment = isolated_environment(
        tmp_path_factory.mktemp("server"), INSTANCE_ID=INSTANCE_ID, ALLOWED_ORIGINS=ALLOWED_ORIGIN
    )
    migrate(environment)
    port = free_port()
    with forked_instance(port, environment=environment):
        yield Server(port)


@pytest_asyncio.fixture
async def http(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with http_client(server.url) as client:
        yield client


@pytest_asyncio.fixture
async def people(
    server: Server, http: httpx.AsyncClient
) -> AsyncIterator[Callable[..., Awaitable[Socket]]]:
    """Connect somebody: `await people("ann")`; their `hello` is the first event. The same name
    is the same person all through a test, and another one in the next."""
    test = uuid4().hex[:8]
    async with AsyncExitStack() as open_connections:

        async def enter(name: str) -> Socket:
            user_id = f"{name}-{test}"
            connection = await open_connections.enter_async_context(
                server.open(additional_headers=credentials(user_id))
            )
            return Socket(connection, user_id, Rest(http, user_id))

        yield enter
