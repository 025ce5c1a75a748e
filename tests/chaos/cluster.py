"""A cluster to break: instances, their Redis and the Firestore emulator, and relays in between."""

import asyncio
import os
import random
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import httpx

from config.development.instances import instance, migrate, uvicorn_command
from config.development.postgres import postgres_server
from config.development.processes import Process, free_port
from tests.acceptance.conftest import isolated_environment
from tests.chaos.redis_servers import MASTER, RedisServer, Sentinel
from tests.chaos.relay import Relay
from tests.clients.rest import http_client

_CHECKOUT = Path(__file__).resolve().parents[2]
_SQL, _FIRESTORE = "DATABASE_URL", "FIRESTORE_EMULATOR_HOST"
_PORT = re.compile(r"(?<=:)(\d+)(?=/|$)")
_DRAIN_SECONDS = 40.0
_VERIFY_SECONDS = 60.0


class Instance:
    """One instance, always on the same port, with its own ways to Redis and to the store."""

    def __init__(self, name: str, environment: Mapping[str, str], application: str) -> None:
        self.name = name
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.up = False
        self.redis: Relay
        self.store: Relay
        self._environment = {**environment, "INSTANCE_ID": name}
        self._application = application
        self._running = ExitStack()
        self._process: Process | None = None

    async def start(self) -> None:
        def run() -> Process:
            return self._running.enter_context(
                instance(
                    self.port,
                    environment=self._environment,
                    command=uvicorn_command(self.port, application=self._application),
                )
            )

        self._process = await asyncio.to_thread(run)
        self.up = True

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
    postgres: bool = False
    """Whether to store in a PostgreSQL of its own instead."""
    sqlite: bool = False
    """Whether to store in a SQLite file that the instances share instead; no relay is before it."""
    application: str = "config.asgi:application"
    settings: Mapping[str, str] = field(default_factory=dict)

    instances: list[Instance] = field(init=False, default_factory=list)
    redis: RedisServer = field(init=False)
    replica: RedisServer | None = field(init=False, default=None)
    _environment: Mapping[str, str] = field(init=False, default_factory=dict)
    _exit: AsyncExitStack = field(init=False, default_factory=AsyncExitStack)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as exit_:
            self._environment = {**await self._start_redis(exit_), **self._start_store(exit_)}
            for number in range(1, self.count + 1):
                self.instances.append(await self._prepare(exit_, f"instance-{number}"))
            await asyncio.to_thread(migrate, self._environment)
            await asyncio.gather(*(one.start() for one in self.instances))
            self._exit = exit_.pop_all()
        return self

    @property
    def environment(self) -> Mapping[str, str]:
        """What a management command needs; of the store without a relay."""
        return self._environment

    async def verify(self, *, repair: bool = False) -> tuple[bool, str]:
        """What `manage.py verify_conversations` says of all that is stored: whether it is right,
        or was made right, and the words."""
        options = ["--repair"] if repair else []

        def run() -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [sys.executable, "manage.py", "verify_conversations", "--all", *options],
                cwd=_CHECKOUT,
                env={**os.environ, **self._environment},
                check=False,
                capture_output=True,
                text=True,
                timeout=_VERIFY_SECONDS,
            )

        try:
            done = await asyncio.to_thread(run)
        except subprocess.TimeoutExpired as error:
            return False, str(error)
        return done.returncode == 0, done.stdout + done.stderr

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
        return isolated_environment(
            self.folder,
            CHAT_RATE_LIMITS="off",
            **more,
            **self.settings,
        )

    def _start_store(self, exit_: AsyncExitStack) -> Mapping[str, str]:
        if self.sqlite:
            return {"CHAT_STORE": "sql", _SQL: f"sqlite:///{self.folder}/chat.sqlite3"}
        if self.postgres:
            return {"CHAT_STORE": "sql", _SQL: exit_.enter_context(postgres_server())}
        project = f"chaos-{uuid4().hex}"
        return {
            "CHAT_STORE": "firestore",
            "GOOGLE_CLOUD_PROJECT": project,
            _FIRESTORE: self.emulator,
        }

    async def _prepare(self, exit_: AsyncExitStack, name: str) -> Instance:
        redis = await exit_.enter_async_context(Relay(self.redis.port))
        own = {**self._environment}
        if not self.sqlite:
            place = _SQL if self.postgres else _FIRESTORE
            before, port, after = _PORT.split(self._environment[place])
            store = await exit_.enter_async_context(Relay(int(port)))
            own[place] = f"{before}{store.port}{after}"
        if not self.sentinel:
            own["REDIS_URL"] = f"redis://127.0.0.1:{redis.port}/0"
        one = Instance(name, own, self.application)
        one.redis = redis
        if not self.sqlite:
            one.store = store
        exit_.push_async_callback(one.close)
        return one


class Balancer:
    """What stands before the instances: each request and socket goes to one that is up."""

    def __init__(self, instances: Sequence[Instance], chance: random.Random) -> None:
        self._instances = instances
        self._chance = chance
        self._https = [[http_client(one.url) for _ in range(4)] for one in instances]

    def pick(self) -> Instance:
        up = [one for one in self._instances if one.up]
        return self._chance.choice(up or self._instances)

    async def request(
        self, method: str, url: str, *, json: Any, params: Any, headers: Any
    ) -> httpx.Response:
        https = self._https[self._instances.index(self.pick())]
        http = self._chance.choice(https)
        return await http.request(method, url, json=json, params=params, headers=headers)

    async def aclose(self) -> None:
        await asyncio.gather(*(http.aclose() for https in self._https for http in https))
