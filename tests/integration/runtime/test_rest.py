"""An instance at rest does next to nothing."""

import time
from pathlib import Path

from config.development.instances import instance
from config.development.ports import free_port
from tests.databases import migrate
from tests.moments import lapse
from tests.servers.commands import serve_command
from tests.servers.environment import isolated_environment

_SETTLES = 6.0
"""Seconds after which what a start brings is over."""
_SECONDS = 5.0
_MOST = 16.0
"""Wakes a second. Each beacon and beat has a round trip to Redis, and so have the beacons of
others; ten times a second, somebody would look for nothing."""


def wakes(pid: int) -> int:
    """How often the event loop of a process has waited."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "voluntary_ctxt_switches":
            return int(value)
    raise AssertionError


async def test_it_seldom_wakes(redis_server: str, tmp_path: Path) -> None:
    """Beside Redis, so with everything that two instances do for each other."""
    environment = isolated_environment(tmp_path, REDIS_URL=redis_server)
    migrate(environment)
    port = free_port()
    with instance(port, environment=environment, command=serve_command(port)) as process:
        await lapse(_SETTLES)
        before, begun = wakes(process.pid), time.monotonic()
        await lapse(_SECONDS)
        rate = (wakes(process.pid) - before) / (time.monotonic() - begun)

    print(f"{rate:.1f} wakes a second")
    assert rate <= _MOST
