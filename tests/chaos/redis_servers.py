"""The Redis of a cluster: killed, stopped, started again on its port; or one under a Sentinel."""

import asyncio
import signal
from contextlib import AsyncExitStack, ExitStack
from typing import Any, Self

import redis.asyncio

from config.development.ports import free_port
from config.development.processes import Process
from config.development.redis import run_redis
from tests.servers.redis import run_sentinel

MASTER = "chat"


async def command(port: int, *words: str, password: str | None = None) -> Any:
    async with redis.asyncio.Redis(port=port, password=password) as client:
        return await client.execute_command(*words)  # type: ignore[no-untyped-call]


class RedisServer:
    """One server, always on the same port, always empty when it starts."""

    def __init__(self, *options: str) -> None:
        self.port = free_port()
        self._options = options
        self._running = ExitStack()
        self._process: Process | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await asyncio.to_thread(self._running.close)

    async def start(self) -> None:
        def run() -> Process:
            return self._running.enter_context(run_redis(self.port, *self._options))

        self._process = await asyncio.to_thread(run)

    async def kill(self) -> None:
        """It is gone at once, with all that it held."""
        self._signal(signal.SIGKILL)
        await asyncio.to_thread(self._running.close)

    def hang(self) -> None:
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    async def command(self, *words: str, password: str | None = None) -> Any:
        return await command(self.port, *words, password=password)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)


class Sentinel:
    """A master with a replica, and a Sentinel that puts the one in the other's place."""

    def __init__(self) -> None:
        self.master = RedisServer()
        self.replica = RedisServer("--replicaof", f"127.0.0.1 {self.master.port}")
        self._port = free_port()
        self._exit = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as exit_:
            await exit_.enter_async_context(self.master)
            await exit_.enter_async_context(self.replica)
            running = exit_.enter_context(ExitStack())
            settings = (f"down-after-milliseconds {MASTER} 1000", f"failover-timeout {MASTER} 5000")
            sentinel = run_sentinel(self._port, MASTER, self.master.port, *settings)
            await asyncio.to_thread(running.enter_context, sentinel)
            await self._wait_for_replica()
            self._exit = exit_.pop_all()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._exit.aclose()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._port}"

    async def _wait_for_replica(self) -> None:
        """Until the Sentinel knows of it: before that there is nobody to take over."""
        async with asyncio.timeout(20):
            while not await command(self._port, "SENTINEL", "REPLICAS", MASTER):
                await asyncio.sleep(0.2)
