"""Three instances, everybody sending as fast as they can: who is removed or logged out gets nothing
more, wherever they are connected."""

import asyncio
import itertools
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from config.development.ports import free_port
from config.development.processes import Process
from config.development.redis import run_redis
from tests.clients.rest import Refused, Rest, http_client, token_of
from tests.databases import migrate
from tests.frames import read_frame
from tests.releases import PRESENT
from tests.servers.environment import isolated_environment
from tests.servers.forked import forked_instance

Frame = dict[str, Any]


ROOT, PASSWORD = "root", "for this test alone"
PATIENCE = 15
SOCKETS_EACH = 2
BEFORE = "before"
AFTER = "after"


@contextmanager
def three_instances(folder: Path, postgres_server: str, redis_url: str) -> Iterator[Sequence[str]]:
    """On one Redis and one database of PostgreSQL; their URLs."""
    database = folder.name.replace("-", "_")
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {database}")
    environment = isolated_environment(
        folder,
        DATABASE_URL=f"{postgres_server.rpartition('/')[0]}/{database}",
        REDIS_URL=redis_url,
    )
    migrate(environment)
    given = {"DJANGO_SUPERUSER_USERNAME": ROOT, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    PRESENT.manage({**environment, **given}, "createsuperuser", "--noinput", "--email", "")
    with ExitStack() as running:
        ports = [free_port() for _ in range(3)]
        for number, port in enumerate(ports):
            own = {**environment, "INSTANCE_ID": f"instance-{number}"}
            running.enter_context(forked_instance(port, environment=own))
        yield [f"http://127.0.0.1:{port}" for port in ports]


@pytest.fixture(scope="module")
def cluster(
    postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Sequence[str], Process]]:
    """Three instances, and their Redis, which ends before the tests without one."""
    port = free_port()
    folder = tmp_path_factory.mktemp("shut-out")
    with ExitStack() as running:
        redis = running.enter_context(run_redis(port))
        redis_url = f"redis://127.0.0.1:{port}/0"
        found = running.enter_context(three_instances(folder, postgres_server, redis_url))
        yield found, redis


@pytest.fixture(scope="module")
def urls(cluster: tuple[Sequence[str], Process]) -> Sequence[str]:
    """Of three instances."""
    found, redis = cluster
    assert not redis.ended
    return found


@pytest.fixture(scope="module")
def lonely_urls(cluster: tuple[Sequence[str], Process]) -> Sequence[str]:
    """Of three instances that knew each other until their Redis was killed."""
    found, redis = cluster
    redis.send_signal(signal.SIGKILL)
    for url in found:
        wait_until_degraded(url)
    return found


def wait_until_degraded(url: str) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        answer = httpx.get(f"{url}/health/ready", trust_env=False).json()
        if answer["checks"]["redis"] == "degraded":
            return
        time.sleep(0.1)
    pytest.fail(f"{url} does not miss its Redis.")


class Socket:
    """One of eve's; it notes all that comes until it is closed."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self.frames: list[tuple[float, Frame]] = []
        self.close_code: int | None = None
        self.reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            while True:
                frame = read_frame(await self._connection.recv())
                self.frames.append((time.monotonic(), frame))
        except ConnectionClosed as closed:
            self.close_code = closed.rcvd.code if closed.rcvd is not None else None

    def has(self, kind: str) -> bool:
        return any(frame["type"] == kind for _, frame in self.frames)

    async def until(self, *kinds: str) -> None:
        """Return once a frame of one of these kinds has come."""
        async with asyncio.timeout(PATIENCE):
            while not any(map(self.has, kinds)):
                await asyncio.sleep(0.02)

    @property
    def texts(self) -> list[str]:
        return [
            frame["data"]["message"]["text"]
            for _, frame in self.frames
            if frame["type"] == "message.created"
        ]


class Busy:
    """People on every instance who send one message after the other; what they say tells whether
    they began to before or after."""

    def __init__(self, rests: Sequence[Rest], group: str) -> None:
        self._rests, self._group = rests, group
        self.says = BEFORE
        self.sent = 0
        self._tasks = [asyncio.create_task(self._send(rest)) for rest in rests for _ in range(2)]

    async def _send(self, rest: Rest) -> None:
        for number in itertools.count():
            await rest.send(self._group, self.says, f"{id(asyncio.current_task())}-{number}")
            self.sent += 1

    async def more(self, count: int) -> None:
        """Return once so many more were sent."""
        enough = self.sent + count
        async with asyncio.timeout(PATIENCE):
            while self.sent < enough:
                await asyncio.sleep(0.02)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        for result in await asyncio.gather(*self._tasks, return_exceptions=True):
            assert isinstance(result, asyncio.CancelledError), result


@asynccontextmanager
async def party(
    urls: Sequence[str], name: str, *, senders: int = 3
) -> AsyncIterator[tuple[Sequence[Socket], Busy, Sequence[httpx.AsyncClient], str]]:
    """A group in which ann sends on the first instances, and eve listens on all of them."""
    eve = f"eve-{name}"
    async with AsyncExitStack() as stack:
        https = [await stack.enter_async_context(http_client(url)) for url in urls]
        rests = [Rest(http, "ann") for http in https]
        group = (await rests[0].create_group(eve, title=name))["id"]
        sockets = []
        for url in urls:
            for _ in range(SOCKETS_EACH):
                connection = await stack.enter_async_context(
                    connect(
                        url.replace("http", "ws") + "/ws/v1",
                        additional_headers={"Authorization": f"Bearer {token_of(eve)}"},
                        proxy=None,
                        close_timeout=1,
                    )
                )
                sockets.append(Socket(connection))
        for socket in sockets:
            await socket.until("hello")
        busy = Busy(rests[:senders], group)
        try:
            await busy.more(30)
            for socket in sockets:
                await socket.until("message.created")
            yield sockets, busy, https, group
        finally:
            await busy.stop()
            for socket in sockets:
                socket.reading.cancel()
            await asyncio.gather(*(one.reading for one in sockets), return_exceptions=True)


async def eve_is_removed(urls: Sequence[str], name: str, *, senders: int, within: float) -> None:
    """In the middle of it; on none of her sockets anything of a higher version arrives, and she is
    told on each of them within so many seconds."""
    async with party(urls, name, senders=senders) as (sockets, busy, https, group):
        await Rest(https[0], "ann").remove(group, f"eve-{name}")
        returned = time.monotonic()
        busy.says = AFTER
        for socket in sockets:
            await socket.until(*_REMOVALS)
        await busy.more(60)

        for socket in sockets:
            versions = [
                frame["version"]
                for _, frame in socket.frames
                if frame.get("conversation_id") == group and "version" in frame
            ]
            told = [(at, frame) for at, frame in socket.frames if frame["type"] in _REMOVALS]
            assert len(told) == 1
            assert told[0][0] - returned < within
            assert told[0][1].get("version") in {None, versions[-1]}
            assert versions == sorted(set(versions))
            assert AFTER not in socket.texts
            assert BEFORE in socket.texts


_REMOVALS = ("participant.removed", "conversation.removed")
"""One of them is the last thing that somebody gets of a conversation."""


AT_ONCE = 5.0
"""Seconds, on a machine that is busy with other tests."""
WITHOUT_REDIS = 6.0
"""Seconds. By themselves the instances ask the store every two and take less than three; here they
share two processors with other tests."""


@asynccontextmanager
async def administrator(url: str) -> AsyncIterator[Callable[..., Awaitable[None]]]:
    """Logged in to the admin of one instance; posts forms there."""
    async with httpx.AsyncClient(
        base_url=f"{url}/admin/", timeout=PATIENCE, trust_env=False
    ) as http:

        async def post(path: str, **form: str) -> None:
            token = http.cookies["csrftoken"]
            answer = await http.post(path, data={**form, "csrfmiddlewaretoken": token})
            assert answer.status_code == 302, answer.text

        await http.get("login/")
        await post("login/", username=ROOT, password=PASSWORD, next="/admin/")
        yield post


async def hear_no_more(
    sockets: Sequence[Socket],
    busy: Busy,
    shut_out: Callable[[], Awaitable[None]],
    *,
    within: float = 0,
) -> None:
    """Once `shut_out` has returned, or so many seconds after that, nothing that was begun later
    arrives at any of the sockets, and they are closed."""
    begun = time.monotonic()
    await shut_out()
    returned = time.monotonic()
    busy.says = AFTER
    await busy.more(60)

    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(socket.reading for socket in sockets))
    last = max(at for socket in sockets for at, _ in socket.frames)
    print(
        f"It took {(returned - begun) * 1e3:.0f} ms;"
        f" the last frame came {(last - returned) * 1e3:+.0f} ms after it"
    )
    assert last - returned < max(within, AT_ONCE)
    for socket in sockets:
        assert socket.close_code == 4503
        if not within:
            assert AFTER not in socket.texts
        assert BEFORE in socket.texts


async def eve_logs_out(urls: Sequence[str], name: str, *, within: float = 0) -> None:
    async with party(urls, name) as (sockets, busy, https, _):
        eve = Rest(https[1], f"eve-{name}")

        async def log_out() -> None:
            await eve.request("DELETE", "/me/sessions")

        await hear_no_more(sockets, busy, log_out, within=within)


async def eve_is_banned(urls: Sequence[str], name: str, *, within: float = 0) -> None:
    """And eve gets in nowhere."""
    async with (
        party(urls, name) as (sockets, busy, https, _),
        administrator(urls[2]) as post,
    ):

        async def ban() -> None:
            await post(
                "chat/person/",
                action="ban",
                _selected_action=f"eve-{name}",
                until="",
                confirmed="yes",
            )

        await hear_no_more(sockets, busy, ban, within=within)

        for http in https:
            with pytest.raises(Refused) as refused:
                await Rest(http, f"eve-{name}").request("GET", "/me")
            assert (refused.value.status, refused.value.code) == (403, "banned")


# With a Redis


async def test_after_a_removal_nothing_of_a_higher_version(urls: Sequence[str]) -> None:
    await eve_is_removed(urls, "removed", senders=3, within=AT_ONCE)


async def test_after_logging_out_nothing_that_was_begun_later(urls: Sequence[str]) -> None:
    await eve_logs_out(urls, "logged-out")


async def test_after_a_ban_nothing_that_was_begun_later(urls: Sequence[str]) -> None:
    await eve_is_banned(urls, "banned")


# The same after it was killed: these come last


async def test_without_redis_soon_after_a_removal(lonely_urls: Sequence[str]) -> None:
    """Also where nobody sends, so that only the store tells of it."""
    await eve_is_removed(lonely_urls, "removed-alone", senders=1, within=WITHOUT_REDIS)


async def test_without_redis_soon_after_logging_out(lonely_urls: Sequence[str]) -> None:
    await eve_logs_out(lonely_urls, "logged-out-alone", within=WITHOUT_REDIS)


async def test_without_redis_soon_after_a_ban(lonely_urls: Sequence[str]) -> None:
    await eve_is_banned(lonely_urls, "banned-alone", within=WITHOUT_REDIS)
