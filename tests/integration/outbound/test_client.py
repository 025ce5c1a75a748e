"""Requests to the URLs of operators: guarded at every connection, bounded in time and bytes."""

import ssl
from collections.abc import AsyncIterator, Sequence
from ipaddress import ip_address
from pathlib import Path

import pytest

from config.development.processes import free_port
from messaging.outbound.addresses import Address
from messaging.outbound.client import MAX_ANSWER_BYTES, Failure, OutboundClient, OutboundFailed
from tests.integration.outbound.hooks import LOOPBACK, Hook, answer
from tests.integration.redis.certificates import write_certificate


@pytest.fixture(name="hook")
async def _hook() -> AsyncIterator[Hook]:
    async with Hook().run() as hook:
        yield hook


class Names:
    """A resolver that answers what a test wants, and counts its look-ups."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[Address]:
        self.asked.append(host)
        texts = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [ip_address(text) for text in texts]


async def failure(client: OutboundClient, url: str, *, seconds: float = 30.0) -> Failure:
    with pytest.raises(OutboundFailed) as caught:
        await client.post(url, body=b"{}", headers={}, seconds=seconds)
    await client.close()
    return caught.value.failure


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "2130706433", "0x7f000001", "0x7f.1", "017700000001", "127.1"),
        *(
            "0",
            "0.0.0.0",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::]",
            "[::127.0.0.1]",
        ),
        *("169.254.169.254", "2852039166", "0xa9fea9fe", "[fd00:ec2::254]"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_forms_of_forbidden_addresses(hook: Hook, scheme: str, host: str) -> None:
    """However a forbidden address is written, no connection is made to it."""
    client = OutboundClient(listed=())
    assert await failure(client, f"{scheme}://{host}:{hook.port}/") is Failure.ADDRESS_REFUSED
    assert hook.connections == 0


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "::ffff:127.0.0.1", "fe80::1%1"])
async def test_a_name_that_resolves_to_a_private_address(hook: Hook, address: str) -> None:
    client = OutboundClient(listed=(), resolve=Names([address]))
    assert await failure(client, f"https://app.example:{hook.port}/") is Failure.ADDRESS_REFUSED
    assert hook.connections == 0


async def test_metadata_is_never_reached() -> None:
    """A listed network that contains it does not admit it."""
    client = OutboundClient(listed=LOOPBACK, resolve=Names(["169.254.169.254"]))
    assert await failure(client, "http://app.example/") is Failure.ADDRESS_REFUSED


async def test_a_name_that_is_rebound(hook: Hook) -> None:
    """Each connection looks the name up once, and uses the address that was checked. A later answer
    is checked anew."""
    names = Names(["127.0.0.1"], ["10.0.0.1"])
    client = OutboundClient(listed=LOOPBACK, resolve=names)
    url = f"http://app.example:{hook.port}/"
    hook.handle = lambda _: answer(200, b"", "Connection: close")
    assert (await client.post(url, body=b"{}", headers={}, seconds=30)).good
    assert names.asked == ["app.example"]
    assert await failure(client, url) is Failure.ADDRESS_REFUSED
    assert hook.connections == 1


async def test_a_redirect_is_an_answer(hook: Hook) -> None:
    """Redirects are not followed."""
    hook.handle = lambda _: answer(302, b"", f"Location: {hook.url}/other")
    client = OutboundClient(listed=LOOPBACK)
    given = await client.post(hook.url, body=b"{}", headers={}, seconds=30)
    assert (given.status, given.good) == (302, False)
    assert len(hook.received) == 1
    await client.close()


async def test_plain_http_stays_in_listed_networks() -> None:
    client = OutboundClient(listed=LOOPBACK, resolve=Names(["93.184.215.14"]))
    assert await failure(client, "http://app.example/") is Failure.ADDRESS_REFUSED


async def test_the_name_is_verified_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TLS verifies the name of the URL, not the address, and `Host` names it."""
    certificate, key = write_certificate(tmp_path, name="app.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    async with Hook(tls=tls).run() as hook:
        client = OutboundClient(listed=LOOPBACK, resolve=Names(["127.0.0.1"]))
        url = f"https://app.example:{hook.port}/a?b=c"
        assert (await client.post(url, body=b"{}", headers={}, seconds=30)).good
        assert hook.received[0].head == "POST /a?b=c HTTP/1.1"
        assert hook.received[0].headers["host"] == f"app.example:{hook.port}"
        other = f"https://other.example:{hook.port}/"
        assert await failure(client, other) is Failure.NOT_CONNECTED


async def test_the_next_address_is_tried(hook: Hook) -> None:
    """A name may have several addresses, of which the first does not answer."""
    client = OutboundClient(listed=LOOPBACK, resolve=Names(["127.0.0.2", "127.0.0.1"]))
    url = f"http://app.example:{hook.port}/"
    assert (await client.post(url, body=b"{}", headers={}, seconds=30)).good
    await client.close()


async def test_nobody_listens(hook: Hook) -> None:
    client = OutboundClient(listed=LOOPBACK)
    url = f"http://127.0.0.1:{free_port()}/"
    assert await failure(client, url) is Failure.NOT_CONNECTED


@pytest.mark.parametrize("given", [None, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"])
async def test_an_answer_that_does_not_come(hook: Hook, given: bytes | None) -> None:
    """The limit holds for the whole answer."""
    hook.handle = lambda _: given
    client = OutboundClient(listed=LOOPBACK)
    assert await failure(client, hook.url, seconds=0.2) is Failure.NO_ANSWER


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (b"SSH-2.0-server\r\n\r\n", Failure.BROKEN_ANSWER),
        (answer(200, b"x" * (MAX_ANSWER_BYTES + 1)), Failure.TOO_LARGE),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1_000_000, Failure.BROKEN_ANSWER),
    ],
)
async def test_a_wrong_answer(hook: Hook, given: bytes, expected: Failure) -> None:
    """An answer that is no HTTP, or is too large, is a failure."""
    hook.handle = lambda _: given
    client = OutboundClient(listed=LOOPBACK)
    assert await failure(client, hook.url) is expected
