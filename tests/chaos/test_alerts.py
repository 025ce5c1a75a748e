"""Faults of a real cluster fire the alert of the runbook, and only what it comes with."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest
import redis.asyncio

from tests.chaos.cluster import Cluster
from tests.chaos.prometheus import (
    FOR_SECONDS,
    SCRAPE_SECONDS,
    PrometheusMissing,
    consequences,
    prometheus,
)
from tests.clients.rest import Refused, Rest, http_client
from tests.conftest import skip_or_fail
from tests.integration.deploy.files import CHECKOUT
from tests.notifications.fcm_server import refusal
from tests.releases import PRESENT
from tests.servers.postgres import PostgresMissing, require_postgres

_SHOWS_SECONDS = 40.0
"""Until the metric shows the fault: an instance notices it by itself, on a busy machine."""
_PATIENCE = 6 * SCRAPE_SECONDS
"""What the busy machine may add to the two scrapes."""
_AFTER_SECONDS = 5.0
"""How long further alerts are waited for."""

_CALM_SECONDS = 90.0
_EPOCH_CHANGED = re.compile(r"^chat_epoch_changes_total [1-9]", re.MULTILINE)

Break = Callable[[Cluster], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    alert: str
    broken: Break
    mended: Break | None = None


async def _garbage(cluster: Cluster) -> None:
    """Another program publishes on the channel of the instances."""
    async with redis.asyncio.Redis(port=cluster.redis.port) as client:
        await client.publish("chat__group__instances", b"nonsense")


async def _guess(cluster: Cluster) -> None:
    """Somebody guesses passwords of the admin."""
    url = f"{cluster.instances[0].url}/admin/login/"
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        page = await http.get(url)
        token = page.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        form = {"username": "root", "password": "wrong", "csrfmiddlewaretoken": token}
        for _ in range(40):
            if (await http.post(url, data=form)).status_code == 429:
                return


async def _new_epoch(cluster: Cluster) -> None:
    """Each instance notices a restored store by itself."""
    await asyncio.to_thread(PRESENT.manage, cluster.environment, "new_epoch")
    async with asyncio.timeout(_SHOWS_SECONDS), httpx.AsyncClient(trust_env=False) as http:
        for one in cluster.instances:
            while not _EPOCH_CHANGED.search((await http.get(f"{one.url}/metrics")).text):
                await asyncio.sleep(0.5)


async def _full(cluster: Cluster, size: str = "1") -> None:
    await cluster.redis.command("CONFIG", "SET", "maxmemory", size)


async def _read_only(cluster: Cluster, value: str = "on") -> None:
    """The database refuses writes. The instances connect anew, and some people try to send."""
    url = cluster.environment["DATABASE_URL"]
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as server:
        await server.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
        await server.execute("SELECT pg_reload_conf()")
    await _sends(cluster)  # only a write shows whether writes are refused


async def _cut_store(cluster: Cluster) -> None:
    for one in cluster.instances:
        one.store.cut()
    await _sends(cluster)


async def _mend_store(cluster: Cluster) -> None:
    for one in cluster.instances:
        one.store.mend()


async def _sends(cluster: Cluster) -> None:
    """Requests of several people for a few seconds, whatever is answered."""
    for one in cluster.instances:
        async with http_client(one.url) as http:
            for number in range(20):
                ann = Rest(http, f"ann-{number}")
                try:
                    async with asyncio.timeout(6):
                        await ann.request(
                            "POST", "/conversations", {"kind": "group", "participant_ids": []}
                        )
                except (Refused, httpx.HTTPError, TimeoutError):
                    pass


async def _cut_redis(cluster: Cluster) -> None:
    cluster.instances[0].redis.cut()


async def _mend_redis(cluster: Cluster) -> None:
    cluster.instances[0].redis.mend()


async def _shut_queue(cluster: Cluster) -> None:
    assert cluster.notifications is not None
    assert cluster.notifications.gate is not None
    await asyncio.to_thread(cluster.notifications.gate.shut)


async def _open_queue(cluster: Cluster) -> None:
    assert cluster.notifications is not None
    assert cluster.notifications.gate is not None
    cluster.notifications.gate.reopen()


async def _refuse_pushes(cluster: Cluster) -> None:
    """FCM refuses the credentials, and somebody without a socket is written to."""
    assert cluster.notifications is not None
    fcm = cluster.notifications.fcm
    fcm.answers["refused"] = refusal(403, "PERMISSION_DENIED")
    async with http_client(cluster.instances[0].url) as http:
        ann, bob = Rest(http, "pushes.ann"), Rest(http, "pushes.bob")
        await bob.request("PUT", "/devices/phone", {"token": "refused", "platform": "android"})
        group = await ann.create_group("pushes.bob", title="Pushes")
        for number in range(5):
            await ann.send(group["id"], f"Ring {number}", f"ring-{number}")


async def _no_worker(cluster: Cluster) -> None:
    assert cluster.notifications is not None
    await cluster.notifications.close()


async def _new_worker(cluster: Cluster) -> None:
    assert cluster.notifications is not None
    await cluster.notifications.start_worker(cluster.environment, PRESENT)


FAULTS = {
    "garbage on Redis": Fault(alert="ChatLinkMessagesRefused", broken=_garbage),
    "an instance is killed": Fault(
        alert="ChatInstanceDown",
        broken=lambda cluster: cluster.instances[1].kill(),
        mended=lambda cluster: cluster.instances[1].start(),
    ),
    "Redis is killed": Fault(
        alert="ChatRedisLinkDown",
        broken=lambda cluster: cluster.redis.kill(),
        mended=lambda cluster: cluster.redis.start(),
    ),
    "one instance loses Redis": Fault(
        alert="ChatRedisLinkDown", broken=_cut_redis, mended=_mend_redis
    ),
    "Redis is full": Fault(
        alert="ChatRedisFailing", broken=_full, mended=lambda cluster: _full(cluster, "0")
    ),
    "passwords are guessed": Fault(alert="ChatOperatorSignInsLimited", broken=_guess),
    "a backup is restored": Fault(alert="ChatStoreRestored", broken=_new_epoch),
    "the store is cut off": Fault(
        alert="ChatStoreBreakerOpen", broken=_cut_store, mended=_mend_store
    ),
    "the database is read-only": Fault(
        alert="ChatStoreWritesRefused",
        broken=_read_only,
        mended=lambda cluster: _read_only(cluster, "off"),
    ),
    "the queue is away": Fault(alert="ChatQueueAway", broken=_shut_queue, mended=_open_queue),
    "FCM refuses pushes": Fault(alert="ChatPushesFailing", broken=_refuse_pushes),
    "no worker runs": Fault(alert="ChatWorkerDown", broken=_no_worker, mended=_new_worker),
}


async def inject(cluster: Cluster, fault: Fault, folder: Path) -> str:
    """Break something beneath a Prometheus of its own, and check what fires. Return what was seen,
    for the report."""
    jobs = {"chat": [one.port for one in cluster.instances]}
    if cluster.notifications is not None:
        jobs["chat-worker"] = [cluster.notifications.port]
    targets = sum(map(len, jobs.values()))
    with prometheus(folder / uuid4().hex, jobs) as watching:
        await _until(lambda: watching.samples("up==1") == targets, seconds=30)
        await asyncio.sleep(2 * SCRAPE_SECONDS)  # `increase` needs samples from before
        # What the fault before this one has left behind is over.
        await _until(lambda: not watching.active(), seconds=_CALM_SECONDS)
        began = time.monotonic()
        await fault.broken(cluster)
        try:
            await _until(lambda: fault.alert in watching.active(), seconds=_SHOWS_SECONDS)
            shown = time.monotonic()
            await _until(
                lambda: fault.alert in watching.firing(),
                seconds=FOR_SECONDS + 2 * SCRAPE_SECONDS + _PATIENCE,
            )
            fired = time.monotonic()
            await asyncio.sleep(_AFTER_SECONDS)
            others = watching.firing() - {fault.alert}
        finally:
            if fault.mended is not None:
                await fault.mended(cluster)
    assert others <= consequences(fault.alert), f"{fault.alert} came with {sorted(others)}"
    return (
        f"{fault.alert}: shown after {shown - began:.1f} s, fired {fired - shown:.1f} s later, "
        f"with {sorted(others)}"
    )


async def _until(holds: Callable[[], bool], *, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(holds):
            await asyncio.sleep(0.2)


def test_the_runbook_names_alerts_as_consequences() -> None:
    page = (CHECKOUT / "docs/runbook.md").read_text()
    alerts = set(re.findall(r"^## (\w+)$", page, re.MULTILINE))

    named = {alert: consequences(alert) for alert in alerts}

    assert any(named.values())
    assert all(names <= alerts - {alert} for alert, names in named.items())


@pytest.mark.timeout(300)
async def test_a_fault_fires_its_alert(tmp_path: Path) -> None:
    """The short form: one fault of one instance."""
    cluster = Cluster(folder=tmp_path, emulator="", count=1, sqlite=True)
    try:
        async with cluster:
            await inject(cluster, FAULTS["garbage on Redis"], tmp_path)
    except PrometheusMissing as missing:
        skip_or_fail(str(missing))


@pytest.mark.chaos
async def test_faults_fire_their_alerts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On two instances with PostgreSQL, a queue and a worker, one fault after the other."""
    try:
        require_postgres()
    except PostgresMissing as missing:
        skip_or_fail(str(missing))
    wrong: list[str] = []
    cluster = Cluster(
        folder=tmp_path, emulator="", count=2, postgres=True, notified=True, gated=True
    )
    async with cluster:
        for name, fault in FAULTS.items():
            try:
                seen = await inject(cluster, fault, tmp_path)
            except (AssertionError, TimeoutError) as error:
                seen = f"{fault.alert}: {error!r}"
                wrong.append(f"{name}: {seen}")
            with capsys.disabled():
                print(f"\n  {name}: {seen}", flush=True)
            await _until(lambda: all(one.up for one in cluster.instances), seconds=30)
    assert not wrong, "\n".join(wrong)
