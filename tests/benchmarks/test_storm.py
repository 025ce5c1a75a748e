"""A storm: two thousand sockets come back to one instance in the same moment."""

import json
import re
from pathlib import Path
from statistics import median, quantiles

import pytest

from config.development.instances import instance, uvicorn_command
from config.development.ports import free_port
from tests.benchmarks.children import Figures, children, together
from tests.benchmarks.sockets import MARK
from tests.clients.rest import Rest, http_client, token_of
from tests.databases import migrate
from tests.servers.environment import isolated_environment

GROUP = 20
READS = re.compile(
    r'^chat_store_documents_total\{kind="read",operation="list_memberships"\} (\S+)$',
    re.MULTILINE,
)


async def storm(folder: Path, *, people: int, connected: int, seconds: float) -> Figures:
    """Two sockets to a person, all at once, while others get a message every 50 ms."""
    environment = isolated_environment(folder)
    migrate(environment)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    watchers = [f"watcher-{number}" for number in range(connected)]
    users = [f"user-{number}" for number in range(people)]
    with (
        instance(port, environment=environment, command=uvicorn_command(port)),
        children(2, module="tests.benchmarks.sockets") as (here, away),
    ):
        async with http_client(url) as http:
            watched = (await Rest(http, "sender").create_group(*watchers, title="Here"))["id"]
            for first in range(0, people, GROUP):
                owner, *others = users[first : first + GROUP]
                await Rest(http, owner).create_group(*others, title="Away")
        tokens = [token_of(user_id) for user_id in watchers]
        together([here], "connect", port=port, path="/ws/v1", tokens=tokens, greeted=True)
        command = {
            "id": "NUMBER",
            "type": "message.send",
            "conversation_id": watched,
            "client_id": "NUMBER",
            "text": f"{MARK} Is it as fast as before?",
        }
        sender = {"token": token_of("sender"), "command": json.dumps(command)}
        together(
            [here], "begin", port=port, path="/ws/v1", greeted=True, window=0, marks=2, **sender
        )
        (calm,) = together([here], "pulse", every=0.05, seconds=seconds / 2)
        before = await conversation_lists(url)

        returning = [token_of(user_id) for user_id in users for _ in range(2)]
        away.ask("storm", port=port, path="/ws/v1", tokens=returning)
        here.ask("pulse", every=0.05, seconds=seconds)
        back, meanwhile = away.answer(), here.answer()
        queries = await conversation_lists(url) - before
    return {
        "slowest": max(back["seconds"]),
        "median": median(back["seconds"]),
        "refusals": back["refusals"],
        "queries": queries,
        "calm": percentile_99(calm["seconds"]),
        "meanwhile": percentile_99(meanwhile["seconds"]),
    }


async def conversation_lists(url: str) -> int:
    """How many lists were read: each of these people is in one conversation."""
    async with http_client(url) as http:
        found = READS.search((await http.get("/metrics")).text)
    return int(float(found[1])) if found is not None else 0


def percentile_99(values: list[float]) -> float:
    return quantiles(values, n=100)[98]


@pytest.mark.benchmark
async def test_storm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All are back within a minute, for at most a query per person that comes, and those who are
    here have their events within a second meanwhile (p99)."""
    people = 1_000
    figures = await storm(tmp_path, people=people, connected=100, seconds=10)

    with capsys.disabled():
        print(
            f"\na storm of {2 * people:,} sockets on one instance: back after "
            f"{figures['median']:.1f} s (median), {figures['slowest']:.1f} s (slowest); "
            f"{figures['refusals']} sent away; {figures['queries']} queries for {people:,} people; "
            f"p99 of the connected {figures['meanwhile'] * 1_000:.0f} ms, "
            f"{figures['calm'] * 1_000:.0f} ms before"
        )
    assert figures["slowest"] < 60
    assert figures["queries"] <= people
    assert figures["meanwhile"] < max(1, 3 * figures["calm"])  # where a machine is busy already


async def test_storm_in_short(tmp_path: Path) -> None:
    """The same in little: everybody is back."""
    figures = await storm(tmp_path, people=40, connected=5, seconds=1)

    assert figures["queries"] > 0
    assert figures["slowest"] > 0
