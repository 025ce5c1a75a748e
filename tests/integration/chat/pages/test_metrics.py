"""The metrics page: Prometheus can read it, names keep its conventions, everything is documented.

https://prometheus.io/docs/practices/naming/
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import httpx
import pytest
from django.conf import settings
from prometheus_client import REGISTRY, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.chat.sockets import Socket

People = Callable[..., Awaitable[Socket]]

_DOCUMENTED = re.compile(r"^\| `(chat_\w+)` \| (\w+) \| (\S.*) \|$", re.MULTILINE)
_NO_BASE_UNITS = {"milliseconds", "ms", "minutes", "hours", "kilobytes", "megabytes", "percent"}
_TYPES = {"counter", "gauge", "histogram", "summary"}


def families(text: str) -> Mapping[str, Metric]:
    """The product's own metrics by the name under which a query finds them."""
    found = {}
    for family in text_string_to_metric_families(text):
        if family.name.startswith("chat_"):
            total = "_total" if family.type == "counter" else ""
            found[f"{family.name}{total}"] = family
    return found


def own() -> Mapping[str, Metric]:
    return families(generate_latest().decode())


def one_of_them(name: str) -> Metric:
    """It alone, for it takes 100 ms to read all of them. One that counts nothing yet is only among
    all of them."""
    series = [name, *(f"{name}_{end}" for end in ("bucket", "count", "sum", "created"))]
    page = generate_latest(REGISTRY.restricted_registry(series)).decode()
    return families(page).get(name) or own()[name]


@pytest.mark.parametrize("name", own())
def test_a_name(name: str) -> None:
    """A base unit at its end, `_total` for what is counted and for nothing else, a help text, and
    nothing in it that the type says."""
    family = one_of_them(name)
    words = name.split("_")

    assert re.fullmatch(r"chat(_[a-z]+)+", name)
    assert family.type in _TYPES
    assert (words[-1] == "total") is (family.type == "counter")
    assert not _NO_BASE_UNITS & set(words)
    assert not _TYPES & set(words)
    assert "seconds" not in words[:-1]
    if family.type == "histogram":
        assert words[-1] == "seconds"
    assert family.documentation.endswith(".")
    for sample in family.samples:
        assert all(re.fullmatch(r"[a-z]+", label) for label in sample.labels)


def test_all_of_them_are_documented() -> None:
    """In docs/metrics.md, each with its type, and none that there is not."""
    page = Path(settings.BASE_DIR, "docs", "metrics.md").read_text()
    documented = {name: kind for name, kind, _ in _DOCUMENTED.findall(page)}

    assert documented == {name: family.type for name, family in own().items()}


async def test_each_hop_of_a_message(http: httpx.AsyncClient, people: People) -> None:
    """From the request to the acknowledgement, on the page as Prometheus reads it."""
    ann, bob = await people("ann"), await people("bob")
    assert [(await one.event())["type"] for one in (ann, bob)] == ["hello", "hello"]
    before = await scrape(http)
    conversation = await ann.rest.create_group(bob.user_id, title="Tea")
    cid = conversation["id"]
    await ann.rest.send(cid, "hello", "1")
    while (await bob.event())["type"] != "message.created":
        pass
    await bob.do("receipt.delivered", conversation_id=cid, seq=1)
    after = await scrape(http)

    def grown(name: str, **labels: str) -> float:
        return value(after, name, labels) - value(before, name, labels)

    route = "api/v1/conversations/<str:conversation_id>/messages"
    request = {"method": "POST", "route": route, "status": "201"}
    assert grown("chat_http_request_seconds_count", **request) == 1
    command = {"command": "receipt.delivered", "code": "ok"}
    assert grown("chat_command_seconds_count", **command) == 1
    assert grown("chat_commit_seconds_count") == 1
    assert grown("chat_store_seconds_count", operation="commit") == 1
    assert grown("chat_messages_total") == 1
    assert grown("chat_deliveries_total") == 2
    assert grown("chat_delivery_seconds_count", path="local") == 1
    assert grown("chat_acknowledgement_seconds_count") == 1
    assert value(before, "chat_sockets", {}) >= 2


async def test_a_method_of_the_callers_making(http: httpx.AsyncClient) -> None:
    """It makes no series of its own."""
    for method in ("BREW", "PROPFIND"):
        await http.request(method, "/api/v1/me")

    page = (await http.get("/metrics")).text
    assert "BREW" not in page
    assert 'method="other"' in page


async def scrape(http: httpx.AsyncClient) -> Mapping[str, Metric]:
    answer = await http.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    return families(answer.text)


def value(page: Mapping[str, Metric], name: str, labels: Mapping[str, str]) -> float:
    return sum(
        sample.value
        for family in page.values()
        for sample in family.samples
        if sample.name == name and sample.labels == labels
    )
