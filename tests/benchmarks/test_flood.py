"""What somebody who just writes notices of another person's flood, on one instance with the limits
that production has. A round is a quiet stretch and one in the flood, and the median of the rounds
counts."""

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

import pytest

from config.development.instances import instance
from config.development.ports import free_port
from tests.benchmarks.flood import FLOODER
from tests.clients.client import Client
from tests.clients.rest import Rest, http_client
from tests.databases import migrate
from tests.servers.environment import isolated_environment

_CHECKOUT = Path(__file__).resolve().parents[2]
_APART_SECONDS = 0.12
"""Between sends: below one's own limit."""


@pytest.fixture
def port(redis_server: str, tmp_path: Path) -> Iterator[int]:
    environment = isolated_environment(
        tmp_path, CHAT_RATE_LIMITS="on", REDIS_URL=redis_server.removesuffix("/0") + "/6"
    )
    migrate(environment)
    port = free_port()
    with instance(port, environment=environment):
        yield port


@contextlib.contextmanager
def flooded(port: int, group: str) -> Iterator[None]:
    command = [sys.executable, "-m", "tests.benchmarks.flood", str(port), group]
    with subprocess.Popen(command, cwd=_CHECKOUT) as process:
        try:
            time.sleep(2)  # it has begun by then, and had its first bursts
            yield
            assert process.poll() is None
        finally:
            process.kill()


async def p99(writer: Client, group: str, sends: int) -> float:
    """Of the seconds from a send to its reply."""
    taken = []
    for number in range(sends):
        begun = time.perf_counter()
        await writer.send(group, "hello", f"{begun}-{number}")
        taken.append(time.perf_counter() - begun)
        await asyncio.sleep(_APART_SECONDS)
    return quantiles(taken, n=100)[98]


async def measure(port: int, *, rounds: int, sends: int) -> list[tuple[float, float]]:
    """Quiet and flooded, of each round."""
    figures = []
    url = f"http://127.0.0.1:{port}"
    async with http_client(url) as http, Client("ann", url, http) as ann:
        spammed = (await Rest(http, FLOODER).create_group(title="Spam"))["id"]
        group = (await ann.rest.create_group("bob", title="Tea"))["id"]
        for _ in range(rounds):
            quiet = await p99(ann, group, sends)
            with flooded(port, spammed):
                figures.append((quiet, await p99(ann, group, sends)))
        assert not ann.violations
    return figures


async def test_a_flood_is_borne(port: int) -> None:
    """Short, and without looking at the clock: the other's sends are all answered."""
    await measure(port, rounds=1, sends=10)


@pytest.mark.benchmark
async def test_a_flood_leaves_others_their_pace(port: int) -> None:
    figures = await measure(port, rounds=5, sends=100)
    quiet, during = (median(column) for column in zip(*figures, strict=True))
    print(
        f"\np99 of a neighbour's sends: quiet {quiet * 1e3:.1f} ms, flooded {during * 1e3:.1f} ms"
    )
    for one, other in figures:
        print(f"  {one * 1e3:8.1f} ms  {other * 1e3:8.1f} ms")

    assert during <= max(2 * quiet, quiet + 0.05)
