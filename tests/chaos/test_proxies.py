"""Instances that are rolled behind proxies. `make chaos` has the whole, with each proxy."""

import asyncio
import json
import time
from dataclasses import replace
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from tests.chaos import report
from tests.chaos.cases import CASES
from tests.chaos.cluster import Cluster, Front, Instance
from tests.chaos.conftest import Say
from tests.chaos.crowd import Size
from tests.chaos.scene import play
from tests.clients.rest import token_of
from tests.conftest import skip_or_fail
from tests.frames import read_frame
from tests.servers.proxies import PROXIES, ProxyMissing

_SMALL = Size(people=12, tabs=2, conversations=4, largest=8, rate=8)
_CASE = replace(CASES["rolled-behind-nginx"], delivers_within=None)
_IDLE_SECONDS = 130.0
"""Twice as long as each of the limits of the proxies, and more."""


@pytest.mark.timeout(300)
async def test_a_rolling_restart_fails_no_request(tmp_path: Path, say: Say) -> None:
    """The crowd comes through nginx, HAProxy and Caddy, while the three instances are restarted: no
    answer of 500 or above, nothing lost, and everybody back in time."""
    cluster = Cluster(folder=tmp_path, emulator="", sqlite=True, proxies=tuple(PROXIES))
    try:
        async with cluster:
            outcome = await play(_CASE, cluster, seed=1, size=_SMALL, say=say, short=True)
    except ProxyMissing as missing:
        skip_or_fail(str(missing))
        raise

    say(report.row(outcome))
    assert outcome.passed, "\n".join(report.details(outcome))


@pytest.mark.chaos
async def test_a_quiet_socket_outlives_the_limits_of_proxies(tmp_path: Path) -> None:
    """A client that only answers heartbeats, for two minutes."""
    cluster = Cluster(folder=tmp_path, emulator="", count=1, sqlite=True, proxies=tuple(PROXIES))

    async def stay(front: Front | Instance) -> None:
        url = f"{front.url.replace('http', 'ws', 1)}/ws/v1"
        headers = {"Authorization": f"Bearer {token_of('ann')}"}
        async with connect(
            url, additional_headers=headers, proxy=None, ssl=front.trust, ping_interval=None
        ) as socket:
            end = time.monotonic() + _IDLE_SECONDS
            kinds = []
            while time.monotonic() < end:
                kinds.append(read_frame(await socket.recv())["type"])
                if kinds[-1] == "heartbeat":
                    await socket.send(json.dumps({"id": 1, "type": "ping"}))
            assert kinds.count("heartbeat") >= 4

    async with cluster:
        await asyncio.gather(*map(stay, cluster.fronts))
