"""A server under attack: one process of the product, its bystanders, and what it is seen to use."""

import asyncio
import json
import os
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from config.development.instances import instance
from config.development.ports import free_port
from config.development.processes import Process
from tests.abuse.bystander import PEOPLE
from tests.abuse.matrix import SERVERS, Settings
from tests.benchmarks.children import Child, children
from tests.clients.rest import Rest, http_client
from tests.databases import migrate
from tests.servers.environment import isolated_environment

_SAMPLE_SECONDS = 0.05
_SETTLE_SECONDS = 30.0
_LOOK_SECONDS = 0.1
_IDLE = 0.2
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Stand:
    """What is measured of one server process."""

    def __init__(self, server: str, process: Process, port: int, bystanders: Child) -> None:
        self.server = server
        self.port = port
        self.bystanders = bystanders
        self._process = process
        self._read_up_to = 0
        self.peak_bytes = self.resident_bytes

    @property
    def alive(self) -> bool:
        return not self._process.ended

    @property
    def resident_bytes(self) -> int:
        _, pages, *_ = Path(f"/proc/{self._process.pid}/statm").read_text().split()
        return int(pages) * _PAGE_BYTES

    @property
    def cpu_seconds(self) -> float:
        words = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / _TICKS

    def new_log_lines(self) -> Sequence[str]:
        """The lines written since this was asked last that are not about work of the bystanders
        or about work that was done for somebody."""
        output = self._process.output()
        new, self._read_up_to = output[self._read_up_to :], len(output)
        return [line for line in new.splitlines() if line.strip() and not _is_done_work(line)]

    def settle(self) -> None:
        """Wait until an earlier attack is over: the server uses little of its core. What is still
        owed to it after half a minute counts against the next."""
        end = time.monotonic() + _SETTLE_SECONDS
        busy = 1.0
        while busy > _IDLE and time.monotonic() < end:
            used, begun = self.cpu_seconds, time.monotonic()
            time.sleep(_LOOK_SECONDS)
            busy = (self.cpu_seconds - used) / (time.monotonic() - begun)
        self.new_log_lines()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch the memory meanwhile; `peak_bytes` is the most that was seen."""
        self.peak_bytes = self.resident_bytes
        left = threading.Event()

        def watch() -> None:
            while not left.wait(_SAMPLE_SECONDS) and self.alive:
                self.peak_bytes = max(self.peak_bytes, self.resident_bytes)

        watching = threading.Thread(target=watch)
        watching.start()
        try:
            yield
        finally:
            left.set()
            watching.join()


def _is_done_work(line: str) -> bool:
    if '"bystander-' in line:
        return True
    try:
        entry = json.loads(line)
    except ValueError:
        return False
    if entry.get("action") in {"session.opened", "session.closed"}:
        return True
    done = entry.get("level") in {"debug", "info"} and entry.get("code", "ok") == "ok"
    return done and entry.get("status", 200) < 400


@contextmanager
def stand(server: str, settings: Settings, folder: Path, *, core: int | None) -> Iterator[Stand]:
    """Run this server with the limits that production has, on this core alone where one is
    named, and bystanders that are connected."""
    environment = isolated_environment(
        folder, **{"CHAT_RATE_LIMITS": "on", "LOG_FORMAT": "json", **settings}
    )
    migrate(environment)
    port = free_port()
    command = SERVERS[server](port)
    if core is not None and (taskset := shutil.which("taskset")):
        command = [taskset, "-c", str(core), *command]
    with (
        instance(port, environment=environment, command=command) as process,
        children(1, module="tests.abuse.bystander") as (bystanders,),
    ):
        group = asyncio.run(_found(port))
        bystanders.ask("settle", port=port, group=group, pid=process.pid)
        bystanders.answer()
        yield Stand(server, process, port, bystanders)


async def _found(port: int) -> str:
    async with http_client(f"http://127.0.0.1:{port}") as http:
        group = await Rest(http, PEOPLE[0]).create_group(*PEOPLE[1:], title="Tea")
    group_id: str = group["id"]
    return group_id
