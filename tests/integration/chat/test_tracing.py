"""One trace of one message: from the request through its commit, Redis and another instance's
socket to the push. The collector is real, and so are the exporter and Redis."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
import pytest_asyncio
from pytest_django.fixtures import Settings

from messaging.instruments import tracing
from messaging.instruments.otlp import OtlpTracer
from messaging.runtime.instance import Instance
from messaging.stores.sql.store import SqlStore
from tests.instances import new_instance, use_redis
from tests.integration.chat import Api
from tests.links import PATIENCE, Side
from tests.servers.collector import Collector, Span, collector
from tests.servers.environment import isolated_environment
from tests.servers.forked import run_python

_TRACE, _CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
_SAMPLED = f"00-{_TRACE}-{_CALLER}-01"


@pytest.fixture
def collected() -> Iterator[Collector]:
    with collector() as running:
        yield running


@pytest.fixture
def tracer(collected: Collector, monkeypatch: pytest.MonkeyPatch) -> Iterator[OtlpTracer]:
    """This process traces."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collected.url)
    tracer = OtlpTracer(instance_id="one")
    tracing.start_tracing(tracer)
    yield tracer
    tracing.start_tracing(None)
    tracer.stop()


@pytest_asyncio.fixture
async def instance(
    tracer: OtlpTracer, redis_server: str, transactional_db: None, settings: Settings
) -> AsyncIterator[Instance]:
    use_redis(settings, redis_server)
    async with new_instance() as instance:
        await instance.start()  # it reads the metadata of packages, which blocks
        yield instance


@pytest_asyncio.fixture
async def other(instance: Instance, settings: Settings) -> AsyncIterator[Side]:
    """Another instance on the same store and Redis."""
    config = settings.CHANNEL_LAYERS["default"]["CONFIG"]
    store = SqlStore(timeout=10)
    side = Side(config["hosts"][0], store, config["prefix"])
    side.start()
    async with asyncio.timeout(PATIENCE):
        assert await side.met.get() == instance.boot_id
    yield side
    await side.stop()
    await store.close()


@pytest.fixture
def exported(tracer: OtlpTracer, collected: Collector) -> Callable[..., asyncio.Future[Span]]:
    """Waits until the collector has a span of this name, with these values, and returns it."""

    async def wait(name: str, **values: str) -> Span:
        async with asyncio.timeout(PATIENCE):
            while True:
                await asyncio.to_thread(tracer.flush)
                for span in collected.named(name):
                    if values.items() <= span.values.items():
                        return span
                await asyncio.sleep(0.02)

    return wait  # type: ignore[return-value]


async def test_a_message_is_one_trace_from_the_request_to_the_phone(
    instance: Instance,
    other: Side,
    api: Callable[[str], Api],
    exported: Callable[..., asyncio.Future[Span]],
    collected: Collector,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The trace that the client names. Bob's socket is on the other instance, and Cid has a phone.
    Each step hangs below the one that caused it."""
    ann, bob, cid = api("ann"), api("bob"), api("cid")
    await cid.put("/devices/phone", token="t", token_kind="token", platform="android")
    group = await ann.group(bob, cid)
    socket = await other.connect("bob")

    answer = await ann.request(
        "POST",
        f"/conversations/{group}/messages",
        json={"text": "hello"},
        headers={"traceparent": _SAMPLED, "X-Request-ID": "mine"},
    )
    assert await socket.next() == ("message.created", 1)

    request = await exported("POST /api/v1/conversations/<str:conversation_id>/messages")
    commit = await exported("conversation.commit")
    publish = await exported("link.publish")
    local = await exported("conversation.deliver", **{"chat.path": "local"})
    remote = await exported("conversation.deliver", **{"chat.path": "link"})
    job = await exported("notification.job")
    push = await exported("push.send")
    assert answer.status_code == 201
    spans = (request, commit, publish, local, remote, job, push)
    assert {span.trace for span in spans} == {_TRACE}
    assert request.parent == _CALLER
    assert commit.parent == request.id
    assert {span.parent for span in (publish, local, remote, job)} == {commit.id}
    assert push.parent == job.id
    assert request.values["http.response.status_code"] == 201
    assert request.values["chat.request_id"] == "mine"
    assert remote.values["chat.sockets"] == 1
    assert local.values["chat.sockets"] == 0
    assert push.values["chat.devices"] == 1
    assert all(span.begun <= span.ended for span in spans)
    assert request.service["service.name"] == "chat"
    assert request.service["service.instance.id"] == "one"
    assert "hello" not in repr(collected.spans)
    lines = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    (pushed,) = [line for line in lines if line["event"] == "push.sent"]
    assert pushed["request_id"] == "mine"


@pytest.mark.parametrize(
    "given", ["", "nonsense", f"00-{'0' * 32}-{_CALLER}-01", f"ff-{_TRACE}-{_CALLER}-01"]
)
async def test_a_malformed_parent_begins_a_trace(
    ann: Api, given: str, exported: Callable[..., asyncio.Future[Span]]
) -> None:
    await ann.request("GET", "/me", headers={"traceparent": given} if given else {})

    span = await exported("GET /api/v1/me")
    assert span.parent == ""
    assert span.trace != _TRACE


async def test_a_client_may_ask_for_no_trace(
    ann: Api, tracer: OtlpTracer, collected: Collector
) -> None:
    """By the flag of W3C: nothing of its request is exported."""
    headers = {"traceparent": f"00-{_TRACE}-{_CALLER}-00"}
    await ann.request(
        "POST", "/conversations", json={"kind": "group", "participant_ids": []}, headers=headers
    )

    await asyncio.to_thread(tracer.flush)
    assert [span for span in collected.spans if span.trace == _TRACE] == []


@pytest.mark.parametrize(
    ("error", "failed"), [(asyncio.CancelledError(), False), (ValueError(), True)]
)
async def test_a_client_that_has_gone_is_no_error(
    tracer: OtlpTracer, collected: Collector, error: BaseException, failed: bool
) -> None:
    with pytest.raises(type(error)), tracer.span("request"):
        raise error

    await asyncio.to_thread(tracer.flush)
    assert [span.failed for span in collected.named("request")] == [failed]


_LOADED = """
import sys, config.asgi
from messaging.instruments import tracing
print(type(tracing.tracer).__name__, "opentelemetry.exporter.otlp" in sys.modules)
"""


@pytest.mark.parametrize(
    ("setting", "expected"), [("off", "NoneType False"), ("otlp", "OtlpTracer True")]
)
def test_only_the_setting_loads_opentelemetry(
    setting: str, expected: str, tmp_path: os.PathLike[str]
) -> None:
    environment = isolated_environment(tmp_path, CHAT_TRACES=setting)  # type: ignore[arg-type]

    done = run_python("-c", _LOADED, environment={**os.environ, **environment}, check=True)

    assert done.stdout.split("\n")[-2] == expected
