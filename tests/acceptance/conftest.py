"""Instances to chat on, each watched by the loop guard (see `guarded_asgi`)."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser

from chat.pages.demo import PEOPLE
from config.development.instances import uvicorn_command
from config.development.ports import free_port
from tests.clients.rest import token_of
from tests.conftest import skip_or_fail
from tests.databases import migrate
from tests.servers.chromium import COMPLETE, ChromiumMissing, running_chromium
from tests.servers.environment import isolated_environment
from tests.servers.forked import forked_instance

pytest.register_assert_rewrite("tests.acceptance.channel", "tests.acceptance.lively")
"""They check what arrived: a failure shows what did not."""

_GUARDED = "tests.acceptance.guarded_asgi:application"


@dataclass(frozen=True, slots=True)
class Instances:
    urls: Sequence[str]
    guard_file: Path
    """Where they write what must not happen on their event loops."""
    environment: Mapping[str, str]


Run = Callable[..., AbstractContextManager[Instances]]


@pytest.fixture(scope="session", name="run_guarded")
def _run_guarded(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run guarded instances in a fresh environment: `run_guarded(2, REDIS_URL=…)`."""

    @contextmanager
    def run(count: int, **settings: str) -> Iterator[Instances]:
        folder = tmp_path_factory.mktemp("instances")
        guard_file = folder / "guard"
        guard_file.touch()
        environment = isolated_environment(
            folder,
            DJANGO_SETTINGS_MODULE="tests.acceptance.settings",
            LOOP_GUARD_FILE=str(guard_file),
            **settings,
        )
        migrate(environment)
        with ExitStack() as running:
            ports = [free_port() for _ in range(count)]
            for number, port in enumerate(ports, start=1):
                own = {**environment, "INSTANCE_ID": f"instance-{number}"}
                command = uvicorn_command(port, "--loop", "asyncio", application=_GUARDED)
                running.enter_context(forked_instance(port, environment=own, command=command))
            urls = [f"http://127.0.0.1:{port}" for port in ports]
            yield Instances(urls, guard_file, environment)

    return run


@pytest.fixture(scope="package")
def running_pair(
    run_guarded: Run, redis_server: str, firestore_emulator: str
) -> Iterator[Instances]:
    with run_guarded(
        2,
        CHAT_STORE="firestore",
        REDIS_URL=redis_server,
        FIRESTORE_EMULATOR_HOST=firestore_emulator,
        GOOGLE_CLOUD_PROJECT=f"test-{uuid4().hex}",
    ) as instances:
        name_people(instances)
        yield instances


@pytest.fixture(scope="package")
def running_one(run_guarded: Run) -> Iterator[Instances]:
    with run_guarded(1) as instances:
        name_people(instances)
        yield instances


def name_people(instances: Instances) -> None:
    """Give the people of the demo page their names. Each gives it to themselves when they open the
    page; until then, it shows the name that it knows, or the user id once it has asked."""
    with httpx.Client(base_url=instances.urls[0], trust_env=False) as http:
        for person in PEOPLE:
            headers = {"Authorization": f"Bearer {token_of(person['user_id'])}"}
            answer = http.patch("/api/v1/me", json={"name": person["name"]}, headers=headers)
            answer.raise_for_status()


@pytest.fixture
def two_instances(running_pair: Instances) -> Iterator[Instances]:
    """Two uvicorn instances on one Redis and one Firestore; `urls` says where."""
    with kept_loop(running_pair):
        yield running_pair


@pytest.fixture
def one_instance(running_one: Instances) -> Iterator[Instances]:
    """One uvicorn instance on SQLite, without a Redis."""
    with kept_loop(running_one):
        yield running_one


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def complete_chromium() -> AsyncIterator[Browser]:
    """A Chromium that shows notifications."""
    try:
        async with running_chromium(COMPLETE) as chromium:
            yield chromium
    except ChromiumMissing as missing:
        skip_or_fail(str(missing))


@contextmanager
def kept_loop(instances: Instances) -> Iterator[None]:
    """Fail if anything has blocked the event loop of an instance since this was asked last."""
    yield
    violations = Counter(instances.guard_file.read_text().splitlines())
    instances.guard_file.write_text("")  # they append
    seen = "\n".join(f"{count} times {line}" for line, count in violations.most_common(20))
    assert not violations, f"On the event loop:\n{seen}"
