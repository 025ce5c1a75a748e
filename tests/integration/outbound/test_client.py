"""Requests to the URLs of operators: guarded at every connection, bounded in time and bytes."""

from collections.abc import AsyncIterator, Sequence

import pytest

from config.development.ports import free_port
from messaging.outbound.answers import MAX_ANSWER_BYTES
from messaging.outbound.client import OutboundClient
from messaging.outbound.failures import Failure, OutboundFailed
from tests.integration.outbound.hooks import LOOPBACK, Hook, answer
from tests.integration.outbound.names import Names
from tests.unit.messaging.outbound.test_addresses import EVERYTHING, FORBIDDEN, METADATA

FORBIDDEN_HOSTS = [
    # 127.0.0.1: with parts left out, decimal, hexadecimal, octal, in other digits and as a name.
    *("127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "2130706433"),
    *("0x7f000001", "0x7f.1", "0x7f.0.0.1", "0x7F.0x0.0x0.0x1"),
    *("017700000001", "0177.1", "0177.0.0.1", "0177.0.0.01"),
    *("①②⑦.⓪.⓪.①", "１２７.0.0.1", "127。0。0。1", "localhost", "LOCALHOST"),
    # Any address of the machine, and addresses of private networks.
    *("0", "0.0.0.0", "10.0.0.1", "167772161", "172.16.0.1", "192.168.1.1", "100.64.0.1"),
    *("198.18.0.1", "224.0.0.1", "255.255.255.255", "4294967295"),
    # The same by IPv6: mapped, compatible, translated, NAT64, 6to4, Teredo, ISATAP, with a zone.
    *("[::1]", "[0:0:0:0:0:0:0:1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"),
    *("[0:0:0:0:0:ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[::127.0.0.1]", "[::7f00:1]"),
    *("[::ffff:0:127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]"),
    *("[2002:7f00:1::1]", "[2001:0:7f00:1::1]", "[2606:4700:0:0:0:5efe:10.0.0.1]"),
    *("[fe80::1]", "[fe80::1%lo]", "[fe80::1%251]", "[fc00::1]", "[fd12:3456::1]", "[ff02::1]"),
    # The metadata of clouds.
    *("169.254.169.254", "169.254.43518", "2852039166", "0xa9fea9fe", "0xa9.0xfe.0xa9.0xfe"),
    *("0251.0376.0251.0376", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]"),
    *("[64:ff9b::169.254.169.254]", "[2002:a9fe:a9fe::1]", "[fd00:ec2::254]"),
    *("100.100.100.200", "168.63.129.16"),
]


@pytest.fixture(name="hook")
async def _hook() -> AsyncIterator[Hook]:
    async with Hook().run() as hook:
        yield hook


async def failures(client: OutboundClient, urls: Sequence[str]) -> dict[str, Failure | None]:
    """Why each request got no answer; None if it got one."""
    found: dict[str, Failure | None] = {}
    for url in urls:
        try:
            await client.post(url, body=b"{}", headers={}, seconds=30)
            found[url] = None
        except OutboundFailed as failed:
            found[url] = failed.failure
    await client.close()
    return found


async def failure(client: OutboundClient, url: str, *, seconds: float = 30.0) -> Failure:
    with pytest.raises(OutboundFailed) as caught:
        await client.post(url, body=b"{}", headers={}, seconds=seconds)
    await client.close()
    return caught.value.failure


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_forms_of_forbidden_addresses(hook: Hook, scheme: str) -> None:
    """However a forbidden address is written, no connection is made to it."""
    client = OutboundClient(listed=())
    urls = [f"{scheme}://{host}:{hook.port}/" for host in FORBIDDEN_HOSTS]
    assert await failures(client, urls) == dict.fromkeys(urls, Failure.ADDRESS_REFUSED)
    assert hook.connections == 0


async def test_urls_that_lead_nowhere(hook: Hook) -> None:
    """A port that is none, a zone or a host that is no name is refused as other addresses are."""
    client = OutboundClient(listed=EVERYTHING)
    hosts = (
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "localhost:99999",
        "[fe80::1%25\u00e9]",
        ".localhost",
    )
    urls = [f"{scheme}://{host}/" for host in hosts for scheme in ("http", "https")]
    assert await failures(client, urls) == dict.fromkeys(urls, Failure.ADDRESS_REFUSED)


async def test_names_that_a_resolver_may_not_know(hook: Hook) -> None:
    """Whether the resolver of the machine knows them or not, no connection is made."""
    client = OutboundClient(listed=())
    hosts = ("localhost.", "127.0.0.1.", "[::1%25lo]", "0x100000000")
    found = await failures(client, [f"https://{host}:{hook.port}/" for host in hosts])
    assert set(found.values()) <= {Failure.ADDRESS_REFUSED, Failure.NOT_CONNECTED}
    assert hook.connections == 0


async def test_names_that_resolve_to_forbidden_addresses(hook: Hook) -> None:
    client = OutboundClient(listed=(), resolve=Names(*([address] for address in FORBIDDEN)))
    urls = [f"https://{number}.example:{hook.port}/" for number in range(len(FORBIDDEN))]
    assert await failures(client, urls) == dict.fromkeys(urls, Failure.ADDRESS_REFUSED)
    assert hook.connections == 0


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_metadata_is_never_reached(scheme: str) -> None:
    """Networks that contain it may be listed, even all networks."""
    client = OutboundClient(listed=EVERYTHING, resolve=Names(*([address] for address in METADATA)))
    urls = [f"{scheme}://{number}.example/" for number in range(len(METADATA))]
    assert await failures(client, urls) == dict.fromkeys(urls, Failure.ADDRESS_REFUSED)


async def test_a_name_with_a_forbidden_address_beside_another(hook: Hook) -> None:
    """Only the permitted address is tried."""
    names = Names(["10.0.0.1", "169.254.169.254", "127.0.0.1"])
    client = OutboundClient(listed=LOOPBACK, resolve=names)
    url = f"http://app.example:{hook.port}/"
    assert (await client.post(url, body=b"{}", headers={}, seconds=30)).good
    await client.close()


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


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
async def test_a_proxy_of_the_environment_is_not_used(
    hook: Hook, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """It would connect to any address, and read what is sent."""
    monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}/")
    client = OutboundClient(listed=LOOPBACK)
    assert (await client.post(hook.url, body=b"{}", headers={}, seconds=30)).good
    await client.close()


async def test_plain_http_stays_in_listed_networks() -> None:
    client = OutboundClient(listed=LOOPBACK, resolve=Names(["93.184.215.14"]))
    assert await failure(client, "http://app.example/") is Failure.ADDRESS_REFUSED


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
