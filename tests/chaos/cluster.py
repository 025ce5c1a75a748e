"""A cluster to break: instances, their Redis and the Firestore emulator, and relays in between."""

import asyncio
import random
import re
import signal
import ssl
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import httpx

from config.development.instances import uvicorn_command
from config.development.ports import free_port
from config.development.processes import Process
from tests import databases
from tests.chaos.notifications import APPLICATION, NOTIFIED_MANAGE, Notifications
from tests.chaos.redis_servers import MASTER, RedisServer, Sentinel
from tests.chaos.relay import Relay
from tests.clients.rest import http_client
from tests.releases import PRESENT, Release
from tests.servers.commands import MANAGE, serve_command
from tests.servers.environment import isolated_environment
from tests.servers.forked import forked_instance
from tests.servers.postgres import postgres_server
from tests.servers.proxies import PROXIES, UPSTREAM, Proxy

_SQL, _FIRESTORE = "DATABASE_URL", "FIRESTORE_EMULATOR_HOST"
_PORT = re.compile(r"(?<=:)(\d+)(?=/|$)")
_DRAIN_SECONDS = 40.0
_READY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Front:
    """A proxy before all instances, as a client sees it."""

    name: str
    url: str
    trust: ssl.SSLContext
    behind: Sequence["Instance"]
    proxy: Proxy
    up: bool = True

    def label(self, headers: Mapping[str, str]) -> str:
        """Who answered with these headers: the proxy, and what the instance behind it runs, if the
        proxy names the instance."""
        port = headers.get(UPSTREAM, "").rpartition(":")[2]
        releases = [one.release.name for one in self.behind if str(one.port) == port]
        return " behind ".join([*releases, self.name])


class Instance:
    """One instance, always on the same port, with its own ways to Redis and to the store."""

    def __init__(
        self, name: str, environment: Mapping[str, str], application: str, *, proxied: bool = False
    ) -> None:
        """`proxied`: run it as production does."""
        self.name = name
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.up = False
        self.trust: ssl.SSLContext | None = None
        self.release = PRESENT
        """What it runs at its next start."""
        self.log_before = ""
        """What its run before this one has logged, if that was terminated."""
        self.redis: Relay
        self.store: Relay
        self._environment = {**environment, "INSTANCE_ID": name}
        self._application = application
        self._proxied = proxied
        self._running = ExitStack()
        self._process: Process | None = None

    def label(self, headers: Mapping[str, str]) -> str:
        """What answers here."""
        return self.release.name

    async def start(self) -> None:
        def run() -> Process:
            return self._running.enter_context(
                forked_instance(
                    self.port,
                    environment=self._environment,
                    command=self._command(),
                    directory=self.release.directory,
                )
            )

        self._process = await asyncio.to_thread(run)
        self.up = True

    def _command(self) -> Sequence[str]:
        """Return the command that the release's own documentation recommends, if a proxy is in
        front."""
        python = self.release.python
        if not self._proxied:
            return uvicorn_command(self.port, application=self._application, python=python)
        if self.release is PRESENT:
            manage = NOTIFIED_MANAGE if self._application == APPLICATION else MANAGE
            return serve_command(self.port, manage=manage)
        bound = ("--ws-max-size", "131072")
        return uvicorn_command(self.port, *bound, application=self._application, python=python)

    async def become_ready(self) -> None:
        """Wait until `/health/ready` answers 200. Raises TimeoutError."""
        async with asyncio.timeout(_READY_SECONDS), httpx.AsyncClient(trust_env=False) as http:
            while (await http.get(f"{self.url}/health/ready")).status_code != 200:
                await asyncio.sleep(0.1)

    async def kill(self) -> None:
        """kill -9: no goodbye of any kind."""
        self.up = False
        self._signal(signal.SIGKILL)
        await self.close()

    async def terminate(self) -> int | None:
        """SIGTERM, and wait for its end; its exit status, None if it had to be killed."""
        assert self._process is not None
        self.up = False
        self._signal(signal.SIGTERM)
        try:
            return await asyncio.to_thread(self._process.wait, _DRAIN_SECONDS)
        except subprocess.TimeoutExpired:
            return None
        finally:
            self.log_before = self._process.output()
            await self.close()

    def hang(self) -> None:
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def output(self) -> str:
        """What this run of it has logged."""
        return self._process.output() if self._process is not None and self.up else ""

    def ended(self, connection_id: str) -> bool:
        """Whether it has let this socket go."""
        lines = self.output().splitlines()
        return any("session.closed" in line and connection_id in line for line in lines)

    def sessions(self) -> int:
        """How many sockets it believes to have."""
        output = self.output()
        return output.count("session.opened") - output.count("session.closed")

    async def close(self) -> None:
        self.up = False
        await asyncio.to_thread(self._running.close)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)


@dataclass(slots=True, kw_only=True)
class Cluster:
    """Enter the context to start it; everything is gone when it is left."""

    folder: Path
    """Where its files are."""
    emulator: str
    """host:port of the Firestore emulator."""
    count: int = 3
    sentinel: bool = False
    addresses: int = 1
    """How many Redis addresses there are, without a Sentinel."""
    postgres: bool = False
    """Whether to store in a PostgreSQL of its own instead."""
    sqlite: bool = False
    """Whether to store in a SQLite file that the instances share instead; no relay is before it."""
    application: str = "config.asgi:application"
    settings: Mapping[str, str] = field(default_factory=dict)
    release: Release = PRESENT
    """What creates the database and runs at first."""
    notified: bool = False
    """Whether there are a queue, a worker and a push service."""
    gated: bool = False
    """Whether the way to the queue can be shut (`notifications.gate`)."""
    small: bool = False
    """Whether the crowd is so small that the queue can run in our own process."""
    proxies: Sequence[str] = ()
    """The proxies that people reach the instances through (`tests.servers.proxies`); without any,
    each request and socket goes to an instance that is up. With proxies, no relays are before Redis
    and the store."""

    instances: list[Instance] = field(init=False, default_factory=list)
    redis: RedisServer = field(init=False)
    replica: RedisServer | None = field(init=False, default=None)
    more_redis: list[RedisServer] = field(init=False, default_factory=list)
    """The Redis at each further address."""
    notifications: Notifications | None = field(init=False, default=None)
    fronts: Sequence["Instance | Front"] = field(init=False, default=())
    """Where people connect."""
    _environment: Mapping[str, str] = field(init=False, default_factory=dict)
    _exit: AsyncExitStack = field(init=False, default_factory=AsyncExitStack)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as exit_:
            settings = await self._start_notifications(exit_) if self.notified else {}
            redis = await self._start_redis(exit_)
            self._environment = {**redis, **settings, **self._start_store(exit_)}
            for number in range(1, self.count + 1):
                self.instances.append(await self._prepare(exit_, f"instance-{number}"))
            await asyncio.to_thread(migrate, self.release, self._environment)
            await asyncio.gather(*(one.start() for one in self.instances))
            fronts = [self._start_proxy(exit_, name) for name in self.proxies]
            self.fronts = fronts or self.instances
            if self.notifications is not None:
                await self.notifications.start_worker(self._environment, self.release)
            self._exit = exit_.pop_all()
        return self

    @property
    def environment(self) -> Mapping[str, str]:
        """What a management command needs; of the store without a relay."""
        return self._environment

    async def leave_out(self, *instances: Instance) -> None:
        """Tell the proxies that have to be told to send nothing new to these instances, and to use
        all others."""
        ports = [one.port for one in instances]
        for front in self.fronts:
            if isinstance(front, Front) and front.proxy.leave_out is not None:
                await asyncio.to_thread(front.proxy.leave_out, ports)

    async def verify(self, *, repair: bool = False) -> tuple[bool, str]:
        """What `manage.py verify_conversations` says of all that is stored: whether it is right,
        or was made right, and the words."""
        command = ["verify_conversations", "--all", *(["--repair"] if repair else [])]
        try:
            return True, await asyncio.to_thread(PRESENT.manage, self._environment, *command)
        except subprocess.CalledProcessError as error:
            return False, error.stdout + error.stderr
        except subprocess.TimeoutExpired as error:
            return False, str(error)

    async def __aexit__(self, *exc_info: object) -> None:
        await self._exit.aclose()

    async def _start_redis(self, exit_: AsyncExitStack) -> Mapping[str, str]:
        more = {"REDIS_URL": ""}
        if self.sentinel:
            sentinel = await exit_.enter_async_context(Sentinel())
            self.redis, self.replica = sentinel.master, sentinel.replica
            more |= {"REDIS_SENTINELS": sentinel.address, "REDIS_SENTINEL_MASTER": MASTER}
        else:
            self.redis = await exit_.enter_async_context(RedisServer())
            for _ in range(1, self.addresses):
                self.more_redis.append(await exit_.enter_async_context(RedisServer()))
        return isolated_environment(
            self.folder,
            CHAT_RATE_LIMITS="off",
            **more,
            **self.settings,
        )

    async def _start_notifications(self, exit_: AsyncExitStack) -> Mapping[str, str]:
        self.application = APPLICATION
        self.notifications = Notifications(self.folder, apart=not self.small, gated=self.gated)
        exit_.push_async_callback(self.notifications.close)
        return await self.notifications.start(exit_)

    def _start_proxy(self, exit_: AsyncExitStack, name: str) -> Front:
        ports = [one.port for one in self.instances]
        proxy = exit_.enter_context(PROXIES[name](*ports))
        url = f"https://127.0.0.1:{proxy.port}"
        return Front(name, url, proxy.trust, self.instances, proxy)

    def _start_store(self, exit_: AsyncExitStack) -> Mapping[str, str]:
        if self.sqlite:
            return {"CHAT_STORE": "sql", _SQL: f"sqlite:///{self.folder}/chat.sqlite3"}
        firestore = {"GOOGLE_CLOUD_PROJECT": f"chaos-{uuid4().hex}", _FIRESTORE: self.emulator}
        if self.postgres:  # the store may be moved to Firestore
            server = exit_.enter_context(postgres_server(durable=False))
            return {"CHAT_STORE": "sql", _SQL: server, **({} if self.notified else firestore)}
        return {"CHAT_STORE": "firestore", **firestore}

    async def _prepare(self, exit_: AsyncExitStack, name: str) -> Instance:
        own = {**self._environment}
        if self.proxies:
            own["REDIS_URL"] = f"redis://127.0.0.1:{self.redis.port}/0"
            one = Instance(name, own, self.application, proxied=True)
            one.release = self.release
            exit_.push_async_callback(one.close)
            return one
        redis = await exit_.enter_async_context(Relay(self.redis.port))
        if not self.sqlite:
            place = _SQL if self.postgres else _FIRESTORE
            before, port, after = _PORT.split(self._environment[place])
            store = await exit_.enter_async_context(Relay(int(port)))
            own[place] = f"{before}{store.port}{after}"
        if not self.sentinel:
            ports = [redis.port, *(server.port for server in self.more_redis)]
            own["REDIS_URL"] = ",".join(f"redis://127.0.0.1:{port}/0" for port in ports)
        one = Instance(name, own, self.application)
        one.release = self.release
        one.redis = redis
        if not self.sqlite:
            one.store = store
        exit_.push_async_callback(one.close)
        return one


def migrate(release: Release, environment: Mapping[str, str]) -> None:
    if release is PRESENT:
        databases.migrate(environment)
    else:
        release.manage(environment, "migrate", "--verbosity", "0")


class Balancer:
    """What stands before the instances: each request and socket goes to one that is up."""

    def __init__(
        self,
        instances: Sequence[Instance | Front],
        chance: random.Random,
        *,
        present: bool = True,
    ) -> None:
        """`present`: the instances run the present release, never the previous one."""
        self.present = present
        self.failures: Counter[str] = Counter()
        """How many requests were answered with 500 or above, by release or proxy, status, method,
        code."""
        self._instances = instances
        self._chance = chance
        self._https = [
            [http_client(one.url, trust=one.trust) for _ in range(4)] for one in instances
        ]

    def pick(self) -> Instance | Front:
        up = [one for one in self._instances if one.up]
        return self._chance.choice(up or self._instances)

    async def request(
        self, method: str, url: str, *, json: Any, params: Any, headers: Any
    ) -> httpx.Response:
        one = self.pick()
        http = self._chance.choice(self._https[self._instances.index(one)])
        answer = await http.request(method, url, json=json, params=params, headers=headers)
        if answer.is_server_error:
            who = one.label(answer.headers)
            what = f"{who}: {answer.status_code} {method} {_code(answer)}"
            self.failures[what] += 1
        return answer

    async def aclose(self) -> None:
        await asyncio.gather(*(http.aclose() for https in self._https for http in https))


def _code(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["code"])
    except (ValueError, KeyError, TypeError):
        return "without a code"
