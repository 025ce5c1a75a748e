"""TLS through nginx, HAProxy and Caddy, with the configurations of `deploy/`."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from config.development.processes import Process
from tests.clients.rest import token_of
from tests.conftest import skip_or_fail
from tests.frames import read_frame
from tests.integration.config.servers.served import Command, serve_with_daphne, served
from tests.servers.commands import serve_command
from tests.servers.proxies import PROXIES, Proxy, ProxyMissing


def behind_proxy(port: int) -> Any:
    """daphne trusts the proxy's headers only if it is told so."""
    return [*serve_with_daphne(port), "--proxy-headers"]


@dataclass(frozen=True, slots=True)
class Site:
    """A server behind a proxy."""

    proxy: Proxy
    process: Process


@pytest.fixture(
    scope="module",
    params=[
        ("nginx", serve_command),
        ("nginx", behind_proxy),
        ("haproxy", serve_command),
        ("caddy", serve_command),
    ],
    ids=["nginx", "nginx-daphne", "haproxy", "caddy"],
    name="site",
)
def _site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    kind: str
    command: Command
    kind, command = request.param
    folder: Path = tmp_path_factory.mktemp("proxied")
    try:
        with (
            served(command, folder, LOG_FORMAT="json") as (port, process),
            PROXIES[kind](port) as proxy,
        ):
            yield Site(proxy, process)
    except ProxyMissing as missing:
        skip_or_fail(str(missing))


@pytest.fixture(name="proxy")
def _proxy(site: Site) -> Proxy:
    return site.proxy


def opening(proxy: Proxy, user_id: str, **options: Any) -> connect:
    return connect(
        f"wss://127.0.0.1:{proxy.port}/ws/v1",
        ssl=proxy.trust,
        proxy=None,
        subprotocols=[Subprotocol("chat.v1"), Subprotocol(f"bearer.{token_of(user_id)}")],
        **options,
    )


async def frame(socket: ClientConnection) -> Any:
    return read_frame(await socket.recv())


async def ask(socket: ClientConnection, kind: str, **fields: Any) -> Any:
    await socket.send(json.dumps({"id": kind, "type": kind, **fields}))
    while (answer := await frame(socket)).get("id") != kind:
        pass
    return answer


async def test_people_chat_over_tls(proxy: Proxy) -> None:
    """Whole messages, fragmented ones, large ones and control frames."""
    async with (
        httpx.AsyncClient(base_url=f"https://127.0.0.1:{proxy.port}", verify=proxy.trust) as http,
        opening(proxy, "ann") as ann,
        opening(proxy, "bob") as bob,
    ):
        assert (await frame(ann))["type"] == (await frame(bob))["type"] == "hello"
        created = await http.post(
            "/api/v1/conversations",
            json={"kind": "direct", "participant_ids": ["bob"]},
            headers={"Authorization": f"Bearer {token_of('ann')}"},
        )
        assert created.status_code == 201
        place = created.json()["id"]
        assert (await frame(bob))["type"] == "conversation.added"

        text = "Tea? " * 1_000
        sent = await ask(ann, "message.send", conversation_id=place, client_id="1", text=text)
        assert sent["data"]["created"]
        event = await frame(bob)
        assert (event["type"], event["data"]["message"]["text"]) == ("message.created", text)

        command = json.dumps({"id": 2, "type": "ping"})
        await bob.send([command[:3], command[3:9], command[9:]])
        await (await bob.ping())
        assert (await frame(bob))["id"] == 2


async def test_deflate_is_declined_through_the_proxy(proxy: Proxy) -> None:
    """A client may offer it; the frames stay as they are."""
    async with opening(proxy, "ann", compression="deflate") as socket:
        assert socket.protocol.extensions == []
        assert (await frame(socket))["type"] == "hello"
        assert (await ask(socket, "ping"))["type"] == "reply"


async def test_pages_of_this_host_may_open_a_socket(proxy: Proxy) -> None:
    """Those that were loaded over TLS, and no others."""
    host = f"127.0.0.1:{proxy.port}"
    async with opening(proxy, "ann", origin=f"https://{host}") as socket:
        assert (await frame(socket))["type"] == "hello"

    async with opening(proxy, "ann", origin="https://elsewhere.example") as socket:
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4504


async def test_a_client_cannot_choose_its_address(site: Site) -> None:
    """The proxy overwrites what a client says of where it comes from."""
    transport = httpx.AsyncHTTPTransport(verify=site.proxy.trust, local_address="127.0.0.2")
    async with httpx.AsyncClient(
        base_url=f"https://127.0.0.1:{site.proxy.port}", transport=transport
    ) as http:
        page = await http.get("/admin/login/")
        assert page.status_code == 200
        refused = await http.post(
            "/admin/login/",
            data={
                "username": "root",
                "password": "a guess",
                "csrfmiddlewaretoken": http.cookies["csrftoken"],
            },
            headers={"X-Forwarded-For": "203.0.113.9", "Referer": str(page.url)},
        )

    assert refused.status_code == 200
    output = site.process.output()
    assert "127.0.0.2" in output
    assert "203.0.113.9" not in output


async def test_the_proxy_names_each_request(proxy: Proxy) -> None:
    """Its `X-Request-ID` is in the answer, and so in the instance's log; not that of a client."""
    async with httpx.AsyncClient(verify=proxy.trust) as http:
        url = f"https://127.0.0.1:{proxy.port}/api/v1/me"
        answers = [await http.get(url, headers={"X-Request-ID": "mine"}) for _ in range(2)]

    ids = {answer.headers["X-Request-ID"] for answer in answers}
    assert len(ids) == 2
    assert "mine" not in ids
    assert ids == {answer.json()["request_id"] for answer in answers}


@pytest.mark.parametrize(
    "path",
    [
        *("/metrics", "/health/live", "/health/ready"),
        *("/%6detrics", "/%68ealth/live", "/health%2flive", "/health/%72eady"),
    ],
)
async def test_pages_for_operators_are_hidden(path: str, proxy: Proxy) -> None:
    """The proxy itself answers, however a client writes the path."""
    async with httpx.AsyncClient(verify=proxy.trust) as http:
        answer = await http.get(f"https://127.0.0.1:{proxy.port}{path}")

    assert answer.status_code == 404
    assert "application/problem+json" not in answer.headers.get("Content-Type", "")
