"""Every form in which Redis may be given, and what is left of one that is only half of use."""

import asyncio
import gc
import hashlib
import re
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
import redis
import structlog
from channels_redis.pubsub import RedisPubSubChannelLayer
from pytest_django.fixtures import Settings

from config.development.instances import development_environment
from config.development.ports import free_port
from config.development.processes import NotReady, Process
from config.development.redis import run_redis
from messaging.doctor.findings import Level
from messaging.doctor.redis_server import examine_redis
from messaging.domain.conversation import Conversation
from messaging.notifications.badges import Badges
from messaging.presence import presence as presence_module
from messaging.presence.presence import Presence
from messaging.redis.client import make_redis
from messaging.redis.hosts import Host, find_redis
from messaging.redis.rate_limits import Rate, Rates
from messaging.redis.raw_layer import FORMAT
from messaging.redis.subscriber import Subscriber
from messaging.stores.sql.store import SqlStore
from tests.conftest import skip_or_fail
from tests.databases import migrate
from tests.integration.redis.certificates import write_certificate
from tests.integration.redis.redis_relay import RedisRelay
from tests.links import PATIENCE, Side, Socket, hurry
from tests.moments import lapse
from tests.servers.forked import forked_instance
from tests.servers.redis import redis_server, run_sentinel
from tests.unit.messaging import send

_EXAMPLE = Path(__file__).resolve().parents[3] / "deploy/redis"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two instances on one Redis, with ann on this one and bob on the other."""

    here: Side
    there: Side
    presence: Presence
    bob: Socket
    group: Conversation

    async def event_crosses(self) -> None:
        """One more message, and the next thing that bob gets."""
        before = await self.here.store.get_conversation(self.group.id)
        assert before is not None
        await self.here.commit(self.group, send(self.group.id, "ann"))
        assert await self.bob.next() == ("message.created", before.version + 1)

    async def bob_becomes(self, *, online: bool) -> None:
        async with asyncio.timeout(PATIENCE):
            while ("bob" in await self.presence.online(["bob"])) is not online:
                await asyncio.sleep(0.05)


Meet = Callable[[Host], Awaitable[Pair]]


@pytest.fixture
def collected() -> Iterator[None]:
    """What a test left to the garbage collector is gone before the next one begins."""
    yield
    gc.collect()


@pytest_asyncio.fixture
async def meet(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Meet]:
    """Start two instances on this Redis."""
    hurry(monkeypatch)
    monkeypatch.setattr(presence_module, "_HEARTBEAT_SECONDS", 0.2)
    store = SqlStore(timeout=10)
    started: list[tuple[Side, Presence, Any]] = []

    async def start(host: Host) -> Pair:
        for _ in range(2):
            side, client = Side(host, store, "chat"), make_redis(host)
            presence = Presence(side.hub.connections, client, boot_id=side.boot_id)
            started.append((side, presence, client))
            side.start(connected=await presence.start())
        (here, presence, _), (there, its_presence, _) = started
        group = await here.found("ann", "bob")
        await here.connect("ann")
        bob = await there.connect("bob")
        its_presence.changed("bob")
        return Pair(here, there, presence, bob, group)

    yield start
    for side, presence, client in started:
        await presence.stop()
        await client.aclose()
        await side.stop()
    await store.close()


def at(url: str) -> Host:
    (host,) = find_redis(url=url, sentinels=[], master="")
    return host


def with_access(url: str, access: str) -> str:
    return url.replace("redis://", f"redis://{access}@")


async def link_is_up(*sides: Side) -> None:
    async with asyncio.timeout(3 * PATIENCE):
        while not all(side.link.up and not side.polling.degraded for side in sides):
            await asyncio.sleep(0.05)


# Forms


async def test_a_password(meet: Meet) -> None:
    with redis_server("--requirepass", "s3:cret/") as url:
        pair = await meet(at(with_access(url, ":s3%3Acret%2F")))
        await pair.event_crosses()
        await pair.bob_becomes(online=True)
        assert pair.here.link.up


async def test_a_user_of_its_own(meet: Meet) -> None:
    """Who may touch nothing but keys and channels whose names begin with `chat`."""
    user = ("chat", "on", ">secret", "resetkeys", "~chat:*", "resetchannels", "&chat*", "+@all")
    with redis_server("--user", *user, "--user", "default", "off") as url:
        pair = await meet(at(with_access(url, "chat:secret")))
        await link_is_up(pair.here, pair.there)
        await pair.event_crosses()
        await pair.bob_becomes(online=True)
        with redis.Redis.from_url(with_access(url, "chat:secret")) as client:
            assert client.acl_log() == []  # nothing was refused


async def test_the_user_of_the_example_has_every_right_that_is_needed(
    meet: Meet, tmp_path: Path, settings: Settings
) -> None:
    """`deploy/redis` as it is, with a password, and a user who reads what was refused."""
    digest = hashlib.sha256(b"secret").hexdigest()
    users = (_EXAMPLE / "users.acl").read_text().replace("0" * 64, digest)
    file = tmp_path / "users.acl"
    file.write_text(f"{users}user operator on >operator ~* &* +@all\n")
    configured = (_EXAMPLE / "redis.conf").read_text()
    (limit,) = re.findall(r"^client-output-buffer-limit (.*)$", configured, re.MULTILINE)
    with redis_server("--aclfile", file, "--client-output-buffer-limit", *limit.split()) as url:
        settings.REDIS = host = at(with_access(url, "chat:secret"))
        pair = await meet(host)
        await link_is_up(pair.here, pair.there)
        await pair.event_crosses()
        await pair.bob_becomes(online=True)
        client = make_redis(host)
        assert client is not None
        rate = Rate(name="test", per_second=1, burst=1)
        assert await Rates(client).take(rate, "ann") == 0
        assert await Badges(client).add("c", 1, ["bob"]) == {"bob": 1}
        assert await Badges(client).count("bob") == 1
        await client.aclose()
        levels = {finding.level for finding in await examine_redis()}
        with redis.Redis.from_url(with_access(url, "operator:operator")) as operator:
            refused = {entry["object"] for entry in operator.acl_log()}

    assert Level.PROBLEM not in levels
    assert refused <= {"info"}  # of doctor, which does without


def test_the_documented_rights_are_those_of_the_example() -> None:
    page = (_EXAMPLE.parents[1] / "docs/settings.md").read_text()
    (documented,) = re.findall(r"^> (\+ping .*)$", page, re.MULTILINE)
    user = (_EXAMPLE / "users.acl").read_text().splitlines()[1]

    assert user.partition("-@all ")[2] == documented


@pytest.mark.parametrize("verified", [True, False])
async def test_tls(meet: Meet, tmp_path: Path, verified: bool) -> None:
    """With the certificate of the CA, or with whatever certificate Redis shows."""
    certificate, key = write_certificate(tmp_path)
    options = f"ssl_ca_certs={certificate}" if verified else "ssl_cert_reqs=none"
    with tls_server(certificate, key) as port:
        pair = await meet(at(f"rediss://127.0.0.1:{port}/0?{options}"))
        await link_is_up(pair.here, pair.there)
        await pair.event_crosses()
        await pair.bob_becomes(online=True)


async def test_tls_with_a_certificate_that_nobody_vouches_for(meet: Meet, tmp_path: Path) -> None:
    """It is not trusted, and the log says why nothing crosses but through the store."""
    certificate, key = write_certificate(tmp_path)
    with tls_server(certificate, key) as port, structlog.testing.capture_logs() as lines:
        pair = await meet(at(f"rediss://127.0.0.1:{port}/0"))
        await pair.event_crosses()
    assert not pair.here.link.up
    assert any("CERTIFICATE_VERIFY_FAILED" in line.get("error", "") for line in lines)


@contextmanager
def tls_server(certificate: Path, key: Path) -> Iterator[int]:
    port = free_port()
    files = ("--tls-cert-file", certificate, "--tls-key-file", key, "--tls-auth-clients", "no")
    with ExitStack() as parts:
        try:
            # The plain port is given twice, and the last one counts.
            parts.enter_context(run_redis(port, "--tls-port", str(port), "--port", "0", *files))
        except NotReady as built_without_tls:
            skip_or_fail(str(built_without_tls))
        yield port


async def test_an_idle_connection_still_receives(redis_server: str) -> None:
    """redis-py 8 ends one that has nothing to read for five seconds, and whoever waits on it."""
    prefix = uuid4().hex
    subscriber = Subscriber(at(redis_server), prefix=prefix)
    layer = RedisPubSubChannelLayer(
        hosts=[at(redis_server)], prefix=prefix, serializer_format=FORMAT
    )
    await subscriber.group_add("idle")

    await lapse(6.5)

    await layer.group_send("idle", {"data": b"still there"})
    async with asyncio.timeout(PATIENCE):
        assert await subscriber.receive() == {"data": b"still there"}
    await subscriber.flush()
    await layer.flush()


async def test_a_connection_that_takes_all_and_says_nothing(meet: Meet, redis_server: str) -> None:
    """No end of it is ever seen: the link listens on a new one."""
    port = urlsplit(redis_server).port
    assert port is not None
    async with RedisRelay(port) as relay:
        pair = await meet(at(f"redis://127.0.0.1:{relay.port}/0"))
        await link_is_up(pair.here, pair.there)
        await pair.event_crosses()

        relay.swallow()
        await pair.here.becomes_degraded(True)
        await pair.event_crosses()

        await link_is_up(pair.here, pair.there)
        await pair.event_crosses()
        await pair.bob_becomes(online=True)


# A Redis that is only half of use


@contextmanager
def full() -> Iterator[str]:
    with redis_server("--maxmemory", "1", "--maxmemory-policy", "noeviction") as url:
        yield url


@contextmanager
def read_only() -> Iterator[str]:
    with redis_server() as master:
        port = urlsplit(master).port
        with redis_server("--replicaof", f"127.0.0.1 {port}") as url:
            yield url


@pytest.mark.parametrize("server", [full, read_only])
async def test_a_redis_that_takes_no_writes(
    meet: Meet, server: Callable[[], AbstractContextManager[str]]
) -> None:
    """Events cross, for they are not written. Who is on other instances is not known; the log
    says so once."""
    with server() as url, structlog.testing.capture_logs() as lines:
        pair = await meet(at(url))
        await link_is_up(pair.here, pair.there)
        for _ in range(5):
            await pair.event_crosses()
        assert await pair.presence.online(["ann", "bob"]) == {"ann"}
        await lapse(2.5)  # it is tried again every second
        assert pair.here.link.up
        assert pair.there.link.up
    (reason, _) = (line["error"] for line in lines if line["event"] == "presence.not_written")
    assert reason.startswith(("OutOfMemoryError: ", "ReadOnlyError: "))


async def test_a_wrong_password(meet: Meet) -> None:
    """Events cross through the store, and the log says why, once for each part."""
    with redis_server("--requirepass", "right") as url, structlog.testing.capture_logs() as lines:
        pair = await meet(at(with_access(url, ":wrong")))
        assert pair.here.polling.degraded
        for _ in range(5):
            await pair.event_crosses()
        assert await pair.presence.online(["ann", "bob"]) == {"ann"}
        await lapse(2.5)  # it is tried again every second
    warnings = [line for line in lines if line["log_level"] not in ("debug", "info")]
    refused = [line["event"] for line in warnings if "invalid username" in line.get("error", "")]
    parts = ["beats.not_written", "link.publish_failed", "presence.not_written"]
    assert sorted(refused) == sorted(parts * 2)
    assert not any("wrong" in str(line) for line in lines)


async def test_an_instance_with_a_wrong_password(tmp_path: Path) -> None:
    """It starts, is ready, and says that it is degraded."""
    port = free_port()
    with redis_server("--requirepass", "right") as url:
        environment = development_environment(
            DATABASE_URL=f"sqlite:///{tmp_path}/db.sqlite3",
            REDIS_URL=with_access(url, ":wrong"),
            DJANGO_SETTINGS_MODULE="config.settings",  # the run of the tests exports its own
        )
        migrate(environment)
        with forked_instance(port, environment=environment) as process:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
                assert (await client.get("/health/ready")).status_code == 200
                assert 'chat_link_state{state="down"} 1.0' in (await client.get("/metrics")).text
            output = process.output()
    assert "invalid username-password pair" in output
    assert "Traceback" not in output


# Sentinel


@dataclass(frozen=True, slots=True)
class Sentinels:
    host: Host
    master: Process


@pytest.fixture
def sentinels() -> Iterator[Sentinels]:
    """A master and a replica that ask for a password, watched by a sentinel that does not. It is
    the second one in the setting: nobody is at home at the first."""
    name, ports, sentinel_port = "Chat", (free_port(), free_port()), free_port()
    access = ("--requirepass", "secret", "--masterauth", "secret")
    with ExitStack() as parts:
        master = parts.enter_context(run_redis(ports[0], *access))
        parts.enter_context(run_redis(ports[1], *access, "--replicaof", f"127.0.0.1 {ports[0]}"))
        settings = (
            f"auth-pass {name} secret",
            f"down-after-milliseconds {name} 2000",
            f"failover-timeout {name} 5000",
        )
        parts.enter_context(run_sentinel(sentinel_port, name, ports[0], *settings))
        _wait_for_replica(sentinel_port, name)
        (host,) = find_redis(
            url="",
            sentinels=[f"127.0.0.1:{free_port()}", f"127.0.0.1:{sentinel_port}"],
            master=f"redis://:secret@{name}/0",
        )
        yield Sentinels(host, master)


def _wait_for_replica(sentinel_port: int, name: str) -> None:
    end = time.monotonic() + 30
    with redis.Redis(port=sentinel_port) as client:
        while not any(
            replica["master-link-status"] == "ok" for replica in client.sentinel_slaves(name)
        ):
            assert time.monotonic() < end
            time.sleep(0.1)


# channels_redis leaves the connections to the sentinels, and what they are made of, to the garbage
# collector.
@pytest.mark.filterwarnings("ignore:unclosed Connection:ResourceWarning")
@pytest.mark.filterwarnings("ignore:unclosed <StreamWriter:ResourceWarning")
@pytest.mark.usefixtures("collected")
async def test_the_master_dies(meet: Meet, sentinels: Sentinels) -> None:
    """The replica is elected, both links find it, nothing was lost in between."""
    # Sooner than in production, that this is over sooner. It has to be less than an election takes.
    pair = await meet({**sentinels.host, "health_check_interval": 1})
    await link_is_up(pair.here, pair.there)
    await pair.event_crosses()
    await pair.bob_becomes(online=True)

    sentinels.master.send_signal(signal.SIGKILL)
    await pair.here.becomes_degraded(True)
    await pair.event_crosses()

    await link_is_up(pair.here, pair.there)
    await pair.event_crosses()
    await pair.bob_becomes(online=True)
