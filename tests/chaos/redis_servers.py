"""The Redis of a cluster: killed, stopped, started again on its port; or one under a Sentinel."""

import asyncio
import signal
import tempfile
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any, Self

import redis.asyncio

from config.development.processes import Process, free_port
from config.development.redis import redis_process

MASTER = "chat"


class RedisServer:
    """One server, always on the same port, always empty when it starts."""

    def __init__(self, *arguments: str) -> None:
        self.port = free_port()
        self._arguments = arguments
        self._running = ExitStack()
        self._process: Process | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await asyncio.to_thread(self._running.close)

    async def start(self) -> None:
        def run() -> Process:
            return self._running.enter_context(redis_process(self.port, *self._arguments))

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
        async with redis.asyncio.Redis(port=self.port, password=password) as client:
            return await client.execute_command(*words)  # type: ignore[no-untyped-call]

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)


class Sentinel:
    """A master with a replica, and a Sentinel that puts the one in the other's place."""

    def __init__(self) -> None:
        self._exit = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as exit_:
            self.master = await exit_.enter_async_context(RedisServer())
            follows = ("--replicaof", f"127.0.0.1 {self.master.port}")
            self.replica = await exit_.enter_async_context(RedisServer(*follows))
            folder = exit_.enter_context(tempfile.TemporaryDirectory(prefix="chat-sentinel-"))
            file = Path(folder) / "sentinel.conf"
            file.write_text(
                f"sentinel monitor {MASTER} 127.0.0.1 {self.master.port} 1\n"
                f"sentinel down-after-milliseconds {MASTER} 1000\n"
                f"sentinel failover-timeout {MASTER} 5000\n"
            )
            self._sentinel = await exit_.enter_async_context(RedisServer(str(file), "--sentinel"))
            self._exit = exit_.pop_all()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._exit.aclose()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._sentinel.port}"

    async def wait_for_replica(self) -> None:
        """Until the Sentinel knows of it: before that there is nobody to take over."""
        async with asyncio.timeout(20):
            while not await self._sentinel.command("SENTINEL", "REPLICAS", MASTER):
                await asyncio.sleep(0.2)
