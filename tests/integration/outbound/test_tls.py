"""TLS: whose certificate is accepted, and what a server cannot ask for."""

import asyncio
import ssl
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from pathlib import Path
from shutil import which

import pytest

from config.development.ports import free_port
from messaging.outbound.client import OutboundClient
from messaging.outbound.failures import Failure, OutboundFailed
from tests.integration.outbound.hooks import LOOPBACK, Hook
from tests.integration.outbound.names import Names
from tests.integration.redis.certificates import write_certificate

Files = tuple[Path, Path]


@pytest.fixture(name="files")
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    """The certificate of app.example and 127.0.0.1, which the client trusts, and its key."""
    files = write_certificate(tmp_path, name="app.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
    return files


@pytest.fixture(name="hook")
async def _hook(files: Files) -> AsyncIterator[Hook]:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(*files)
    async with Hook(tls=tls).run() as hook:
        yield hook


@pytest.fixture(name="client")
async def _client(files: Files) -> AsyncIterator[OutboundClient]:
    client = OutboundClient(listed=LOOPBACK, resolve=Names(["127.0.0.1"]))
    yield client
    await client.close()


async def failure(client: OutboundClient, url: str, *, seconds: float = 30.0) -> Failure:
    with pytest.raises(OutboundFailed) as caught:
        await client.post(url, body=b"{}", headers={}, seconds=seconds)
    return caught.value.failure


@pytest.mark.parametrize("host", ["app.example", "APP.example", "app.example.", "127.0.0.1"])
async def test_the_name_is_verified_and_named(
    client: OutboundClient, hook: Hook, host: str
) -> None:
    """TLS verifies the name of the URL, not the address, and `Host` names it. A dot at the end is
    not part of the name in a certificate."""
    url = f"https://{host}:{hook.port}/a?b=c"
    assert (await client.post(url, body=b"{}", headers={}, seconds=30)).good
    assert hook.received[0].head == "POST /a?b=c HTTP/1.1"
    assert hook.received[0].headers["host"] == f"{host.lower()}:{hook.port}"


@pytest.mark.parametrize("host", ["other.example", "a.app.example", "127.0.0.2"])
async def test_the_certificate_of_another(client: OutboundClient, hook: Hook, host: str) -> None:
    assert await failure(client, f"https://{host}:{hook.port}/") is Failure.NOT_CONNECTED
    assert not hook.received


async def test_a_certificate_that_nobody_trusts(
    hook: Hook, client: OutboundClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    url = f"https://app.example:{hook.port}/"
    assert await failure(client, url) is Failure.NOT_CONNECTED


async def test_a_handshake_that_stalls(client: OutboundClient) -> None:
    """The limit holds for the handshake too, and the connection ends with it."""
    ended = asyncio.Event()

    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        ended.set()
        writer.close()

    server = await asyncio.start_server(stall, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        url = f"https://app.example:{port}/"
        assert await failure(client, url, seconds=0.5) is Failure.NO_ANSWER
        async with asyncio.timeout(30):
            await ended.wait()


@pytest.mark.skipif(which("openssl") is None, reason="There is no openssl.")
async def test_a_server_that_asks_for_another_handshake(
    client: OutboundClient, files: Files
) -> None:
    """Each handshake costs much more than a request, and a server could ask without end."""
    port = free_port()
    command = f"openssl s_server -tls1_2 -accept 127.0.0.1:{port} -cert {files[0]} -key {files[1]}"
    server = await asyncio.create_subprocess_exec(
        *command.split(), stdin=PIPE, stdout=PIPE, stderr=DEVNULL
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        await server.stdout.readuntil(b"ACCEPT")
        asking = asyncio.create_task(failure(client, f"https://127.0.0.1:{port}/"))
        await server.stdout.readuntil(b"{}")
        server.stdin.write(b"R\n")  # it asks for a handshake
        assert await asking is Failure.BROKEN_ANSWER
    finally:
        server.kill()
        await server.communicate()
