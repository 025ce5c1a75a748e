"""What a stranger may send before the application sees it: bounded in size and in time."""

import contextlib
import json
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from config.servers.connection_bounds import (
    BODY_SECONDS,
    HEAD_BYTES,
    HEAD_SECONDS,
    MAX_BODY_BYTES,
    UNREAD_SECONDS,
)
from tests.integration.config.servers.conftest import Serve
from tests.integration.config.servers.raw_peer import Peer, all_at_once, frame, upgrade
from tests.integration.config.servers.served import (
    Command,
    bare_daphne,
    bare_uvicorn,
    metric,
    resident_bytes,
    serve_with_daphne,
    served,
    servers,
    temporary_files,
)
from tests.servers.commands import serve_command

MEBIBYTE = 1024 * 1024
LINE = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n"


def is_live(port: int) -> bool:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=5) as answer:
        return bool(answer.status == 200)


def post(path: str, *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", *headers, "", ""]
    return "\r\n".join(lines).encode()


@servers
def test_a_head_is_bounded(command: Command, serve: Serve) -> None:
    """One long header, many headers, a long request line, endless trailers: little is read."""
    port, process = serve(command)
    before = resident_bytes(process)
    chunked = post("/api/v1/me", "Transfer-Encoding: chunked")
    endless = {
        LINE + b"X-Long: ": b"x" * 65_536,
        LINE: b"X-Many: 1\r\n" * 5_000,
        b"GET /": b"x" * 65_536,
        b"": b"x" * 65_536,
        chunked + b"0\r\nX-Trailer: ": b"x" * 65_536,
        chunked: b"1\r\na\r\n" * 10_000,
        chunked + b"1;": b"x" * 65_536,
    }

    def send(first: bytes, more: bytes) -> None:
        with Peer(port) as peer:
            peer.send(first)
            assert peer.pour(more, 300 * MEBIBYTE, seconds=20) < 32 * MEBIBYTE, first
            assert peer.seconds_until_closed() < 20

    all_at_once(send, endless.keys(), endless.values())
    assert resident_bytes(process) - before < 30 * MEBIBYTE
    assert is_live(port)


def test_the_refusal_of_a_head_says_why(serve: Serve) -> None:
    port, _ = serve(bare_uvicorn)
    refused = 'chat_connections_refused_total{reason="head_too_large"}'
    before = metric(port, refused)
    with Peer(port) as peer:
        peer.send(LINE + b"X-Long: " + b"x" * HEAD_BYTES)
        status, body = peer.answer()
    assert status == 431
    assert json.loads(body)["code"] == "payload_too_large"
    assert metric(port, refused) == before + 1


@servers
def test_a_head_within_the_bound_is_served(command: Command, serve: Serve) -> None:
    """Also when a body follows in the same packet, and requests follow each other."""
    port, _ = serve(command)
    with Peer(port) as peer:
        long = b"X-Long: " + b"x" * 12_000 + b"\r\n"
        peer.send((LINE + long + b"\r\n") * 3)
        for _ in range(3):
            assert peer.answer()[0] == 200
        peer.send(post("/api/v1/me", "Content-Length: 60000") + b"x" * 60_000)
        assert peer.answer()[0] == 401
        peer.send(LINE + b"\r\n")
        assert peer.answer()[0] == 200


PATHS = ("/", "/admin/login/", "/health/live", "/api/v1/me", "/metrics", "/nothing")


@servers
def test_bodies_of_60_mb_are_not_kept(command: Command, serve: Serve) -> None:
    """On no path, with a length or in chunks: answered, and no memory or file is filled."""
    port, process = serve(command)
    files = temporary_files(process)  # its output goes to one
    before = resident_bytes(process)
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"

    def send(path: str) -> None:
        for head, more in (
            (post(path, f"Content-Length: {60 * MEBIBYTE}"), b"x" * 65_536),
            (post(path, "Transfer-Encoding: chunked"), chunk),
        ):
            with Peer(port) as peer:
                peer.send(head)
                peer.pour(more, 60 * MEBIBYTE)
                status = peer.head()[9:12]
                assert status in {"200", "400", "401", "403", "404", "405", "413"}, path
                assert temporary_files(process) == files

    all_at_once(send, PATHS)
    assert resident_bytes(process) - before < 40 * MEBIBYTE
    assert is_live(port)


@servers
def test_a_body_above_the_bound_is_refused_at_once(command: Command, serve: Serve) -> None:
    """On any path: 413 and the end of the connection, before anything of it has come."""
    port, _ = serve(command)
    refused = 'chat_connections_refused_total{reason="body_too_large"}'
    before = metric(port, refused)

    def send(path: str) -> None:
        with Peer(port) as peer:
            peer.send(post(path, f"Content-Length: {MAX_BODY_BYTES + 1}"))
            status, body = peer.answer()
            assert (status, json.loads(body)["code"]) == (413, "payload_too_large"), path
            peer.seconds_until_closed()

    all_at_once(send, PATHS)
    assert metric(port, refused) == before + len(PATHS)


@servers
def test_a_page_of_an_allowed_origin_may_read_the_refusal(command: Command, tmp_path: Path) -> None:
    """Of a body, above the application; others may not."""
    allowed = "https://app.example"
    with served(command, tmp_path, ALLOWED_ORIGINS=allowed) as (port, _):
        for origin in (allowed, "https://other.example"):
            with Peer(port) as peer:
                length = f"Content-Length: {MAX_BODY_BYTES + 1}"
                peer.send(post("/api/v1/conversations", f"Origin: {origin}", length))
                head = peer.head().lower()
                assert head.startswith("http/1.1 413")
                header = f"access-control-allow-origin: {allowed}"
                assert (header in head) is (origin == allowed)


@servers
def test_slow_bodies_of_pages_hold_no_place(command: Command, serve: Serve) -> None:
    """A page refuses more than it needs, so slow clients leave others of their address alone."""
    port, _ = serve(command)
    with contextlib.ExitStack() as open_peers:
        large = post("/admin/login/", f"Content-Length: {MAX_BODY_BYTES}")
        slow = [open_peers.enter_context(Peer(port)) for _ in range(4)]
        for peer in slow:
            peer.send(large + b"x" * 100_000)
        with Peer(port) as other:
            other.send(b"GET /admin/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert other.answer()[0] == 200
        with Peer(port) as peer:
            peer.send(post("/admin/login/", "Content-Length: 70000") + b"x" * 70_000)
            assert peer.answer()[0] == 413


@servers
def test_a_body_above_the_bound_is_answered_once(command: Command, serve: Serve) -> None:
    """Also where the application has answered before the bound is reached."""
    port, _ = serve(command)
    chunk = b"20000\r\n" + b"x" * 131_072 + b"\r\n"

    def send(path: str) -> None:
        with Peer(port) as peer:
            peer.send(post(path, "Transfer-Encoding: chunked") + chunk)
            with contextlib.suppress(OSError):  # it need not read the rest
                peer.send(chunk * 8)
            assert peer.rest().count(b"HTTP/1.1 ") == 1, path

    all_at_once(send, PATHS)


def test_slow_requests_end(serve: Serve) -> None:
    """Silence, a byte of a head now and then, half a handshake, a body that stops or drips, on
    both servers at once: each connection ends, and those who answered are told why."""
    drips = {
        "silence": (b"", b""),
        "slow head": (LINE, b"X: 1\r\n"),
        "slow line": (b"", b"G"),
        "half a handshake": (upgrade()[:-2], b""),
        "slow body": (post("/admin/login/", "Content-Length: 50000"), b"x"),
        "slow chunks": (post("/api/v1/me", "Transfer-Encoding: chunked"), b"1\r\nx\r\n"),
        "slow second request": (LINE + b"\r\n", b"G"),
    }

    def seconds(port: int, first: bytes, drop: bytes) -> float:
        begun = time.monotonic()
        with Peer(port) as peer:
            try:
                peer.send(first)
                while time.monotonic() - begun < 60 and not peer.ended(1.0):
                    peer.send(drop)
            except OSError:
                pass
        return time.monotonic() - begun

    (uvicorn, _), (daphne, _) = serve(bare_uvicorn), serve(bare_daphne)
    with ThreadPoolExecutor(2 * len(drips)) as threads:
        waits = {
            (port, name): threads.submit(seconds, port, first, drop)
            for port in (uvicorn, daphne)
            for name, (first, drop) in drips.items()
        }
        longest = HEAD_SECONDS + BODY_SECONDS + 10
        assert {
            name: wait.result() for name, wait in waits.items() if wait.result() > longest
        } == {}
        for port in (uvicorn, daphne):
            assert metric(port, 'chat_connections_refused_total{reason="head_too_slow"}') >= 1
            assert metric(port, 'chat_connections_refused_total{reason="body_too_slow"}') >= 1


@servers
def test_pipelined_requests_are_bounded(command: Command, serve: Serve) -> None:
    """Thousands in one packet are not taken apart at once."""
    port, process = serve(command)
    before = resident_bytes(process)
    with Peer(port) as peer:
        peer.pour((LINE + b"\r\n") * 20_000, 20 * MEBIBYTE, seconds=5)
    assert resident_bytes(process) - before < 30 * MEBIBYTE
    assert is_live(port)


@servers
def test_a_handshake_has_no_body(command: Command, serve: Serve) -> None:
    """Its bytes would be taken for frames."""
    port, _ = serve(command)
    with Peer(port) as peer:
        body = frame(9) * 5_000
        peer.send(upgrade("/ws/v1", None, f"Content-Length: {len(body)}") + body)
        peer.pour(body, 20 * MEBIBYTE)
        peer.seconds_until_closed()
    assert is_live(port)


@servers
def test_a_handshake_that_the_server_cannot_read_is_refused(command: Command, serve: Serve) -> None:
    """Long headers, many of them, a long path, subprotocols of other bytes: none is left without an
    answer, or open for ever, and none is a fault of ours."""
    port, process = serve(command)
    seen = len(process.output())
    handshakes = [
        upgrade("/ws/v1", None, f"X: {'a' * 9_000}"),
        upgrade("/ws/v1", None, *(f"X-{number}: a" for number in range(140))),
        upgrade(f"/ws/v1?{'a' * 9_000}"),
        upgrade("/ws/v1", None, "Sec-WebSocket-Protocol: \xff").decode().encode("latin-1"),
    ]
    answers = []
    for handshake in handshakes:
        with Peer(port) as peer:
            peer.send(handshake)
            answers.append(peer.head()[9:12])
            assert peer.seconds_until_closed() < 2 * HEAD_SECONDS

    assert set(answers) <= {"101", "400", "431"}
    assert "Traceback" not in process.output()[seen:]


def test_a_client_names_no_root_path(serve: Serve) -> None:
    """daphne would take it from a header: any path passed as a probe, and each had its own page."""
    port, _ = serve(serve_with_daphne)
    with Peer(port) as peer:
        peer.send(
            b"GET /health/api/docs HTTP/1.1\r\nHost: localhost\r\nDaphne-Root-Path: /health\r\n\r\n"
        )
        status, _ = peer.answer()

    assert status == 404


def test_a_connection_goes_on_after_a_body_that_nobody_read(serve: Serve) -> None:
    """Once all of it has come, it is not ended as one that still owes something."""
    large = b"x" * 200_000
    port, _ = serve(serve_command)
    with Peer(port) as peer:
        peer.send(post("/api/v1/conversations", f"Content-Length: {len(large)}") + large)
        assert peer.answer()[0] in {401, 413}
        until = time.monotonic() + UNREAD_SECONDS + 1
        while time.monotonic() < until:
            peer.send(LINE + b"\r\n")
            assert peer.answer()[0] == 200
            time.sleep(0.1)


def test_a_path_that_does_not_exist_waits_for_no_second_place(serve: Serve) -> None:
    """Two at once, each with a token that nobody looks at, are all that an address may have."""
    port, _ = serve(serve_command)
    head = b"GET /api/nothing HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\n\r\n"
    with contextlib.ExitStack() as open_peers:
        peers = [open_peers.enter_context(Peer(port)) for _ in range(4)]
        for peer in peers:
            peer.send(head)
        assert [peer.answer()[0] for peer in peers] == [404] * 4
