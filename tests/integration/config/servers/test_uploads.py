"""Large uploads to the local storage, on both servers: only with a signed address, and streamed."""

import asyncio
import contextlib
import os
import socket

import httpx

from tests.clients.rest import Data, Rest, http_client
from tests.integration.config.servers.conftest import Serve
from tests.integration.config.servers.served import Command, resident_bytes, servers
from tests.servers.commands import serve_command

MEBIBYTE = 1024 * 1024
LARGE = 20 * MEBIBYTE


async def announce(ann: Rest, conversation_id: str, size: int) -> Data:
    body = {
        "conversation_id": conversation_id,
        "filename": "tea.txt",
        "content_type": "text/plain",
        "size": size,
    }
    announced: Data = await ann.request("POST", "/attachments", body)
    return announced


@servers
async def test_a_large_file_goes_both_ways(command: Command, serve: Serve) -> None:
    port, process = await asyncio.to_thread(serve, command)
    url = f"http://127.0.0.1:{port}"
    content = (b"tea " * (LARGE // 4))[:-1] + b"!"
    async with http_client(url) as client, httpx.AsyncClient(timeout=60) as browser:
        ann = Rest(client, "ann")
        group = (await ann.create_group("bob", title="Tea"))["id"]
        announced = await announce(ann, group, LARGE)
        where = announced["upload"]
        before = resident_bytes(process)

        answer = await browser.put(where["url"], content=content, headers=where["headers"])

        assert answer.status_code == 200, answer.text
        id_ = announced["attachment"]["id"]
        await ann.complete(id_)
        await ann.request(
            "POST", f"/conversations/{group}/messages", {"text": "", "attachments": [id_]}
        )
        [file] = (await ann.request("GET", f"/conversations/{group}/attachments?ids={id_}"))[
            "items"
        ]
        downloaded = await browser.get(file["url"])
        assert downloaded.content == content
        daphne = "daphne" in " ".join(command(0))
        most = 100 if daphne else 15  # daphne has all of a request in memory
        assert resident_bytes(process) - before < most * MEBIBYTE


@servers
async def test_a_large_body_needs_a_signed_address(command: Command, serve: Serve) -> None:
    """Without one it is refused as soon as its head has arrived."""
    port, process = await asyncio.to_thread(serve, command)
    async with http_client(f"http://127.0.0.1:{port}") as client:
        ann = Rest(client, "ann")
        group = (await ann.create_group("bob", title="Tea"))["id"]
        announced = await announce(ann, group, LARGE)
    target = announced["upload"]["url"].removeprefix(f"http://127.0.0.1:{port}")
    before = resident_bytes(process)
    forged = target.replace(f"n={LARGE}", f"n={LARGE + 1}")
    assert forged != target
    for path, size in ((forged, LARGE + 1), (target, LARGE + 1), ("/api/files/x", LARGE)):
        head = (
            f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: text/plain\r\n"
            f"Content-Length: {size}\r\n\r\n"
        ).encode()

        answer = await asyncio.to_thread(answer_to, port, head + os.urandom(4 * MEBIBYTE))

        assert b" 413 " in answer.partition(b"\r\n")[0]
    assert resident_bytes(process) - before < 10 * MEBIBYTE


async def test_a_page_of_another_origin_uploads(serve: Serve) -> None:
    """The preflight allows the method and the header, and the answer may be read."""
    origin = {"Origin": "http://localhost:5173"}
    port, _ = await asyncio.to_thread(serve, serve_command)
    async with http_client(f"http://127.0.0.1:{port}") as client, httpx.AsyncClient() as browser:
        ann = Rest(client, "ann")
        group = (await ann.create_group("bob", title="Tea"))["id"]
        where = (await announce(ann, group, 3))["upload"]
        asked = {
            **origin,
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "content-type",
        }

        preflight = await browser.options(where["url"], headers=asked)
        answer = await browser.put(
            where["url"], content=b"tea", headers={**where["headers"], **origin}
        )

    assert preflight.status_code == 200
    assert "PUT" in preflight.headers["access-control-allow-methods"]
    assert "content-type" in preflight.headers["access-control-allow-headers"]
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == origin["Origin"]


def answer_to(port: int, request: bytes) -> bytes:
    """The beginning of the answer, even if the server reads no more."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(request)
        with contextlib.suppress(OSError):
            return connection.recv(4_096)
    return b""
