"""Amazon S3 on the loopback address: moto behind a server that verifies presigned addresses, which
moto does not (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html)."""

import hashlib
import hmac
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import boto3
import httpx
from moto.server import ThreadedMotoServer

BUCKET = "chat-files"
_SECRET = "secret-of-the-test"
_REGION = "eu-central-1"
_CORS = {"access-control-allow-origin": "*", "access-control-allow-methods": "GET, PUT"}
"""As docs/files.md tells to set it up."""


class S3Server:
    """A gate in front of moto. Requests with a presigned address are verified."""

    def __init__(self, target: str) -> None:
        self.requests: list[tuple[str, str, Mapping[str, str]]] = []
        """The method, the path with its query, and the headers of each."""
        self._target = target
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def environment(self) -> dict[str, str]:
        """The standard way to tell boto3 where S3 is."""
        return {
            "AWS_ENDPOINT_URL_S3": self.url,
            "AWS_DEFAULT_REGION": _REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": _SECRET,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @contextmanager
    def run(self) -> Iterator["S3Server"]:
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        target, requests = self._target, self.requests

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_OPTIONS(self) -> None:
                """Answer a browser that asks whether a page of another host may upload."""
                asked = self.headers.get("Access-Control-Request-Headers", "")
                self._answer(200, {**_CORS, "Access-Control-Allow-Headers": asked}, b"")

            def do_GET(self) -> None:
                size = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(size)
                headers = {name.lower(): value for name, value in self.headers.items()}
                requests.append((self.command, self.path, headers))
                refused = refusal(self.command, self.path, headers)
                if refused:
                    self._answer(403, {}, refused.encode())
                    return
                answer = httpx.request(
                    self.command, target + self.path, headers=headers, content=body or None
                )
                self._answer(answer.status_code, {**answer.headers, **_CORS}, answer.content)

            do_PUT = do_POST = do_DELETE = do_HEAD = do_GET  # noqa: N815

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

            def _answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    if name.lower() not in {"content-length", "connection", "transfer-encoding"}:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

        return Handler


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """Run one, with a bucket. All servers of a process have the same buckets."""
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    try:
        host, port = moto.get_host_and_port()
        target = f"http://{host}:{port}"
        client = boto3.client(
            "s3",
            endpoint_url=target,
            region_name=_REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        with suppress(client.exceptions.BucketAlreadyOwnedByYou):
            client.create_bucket(
                Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": _REGION}
            )
        with S3Server(target).run() as server:
            yield server
    finally:
        moto.stop()


def refusal(method: str, target: str, headers: Mapping[str, str]) -> str:
    """Why a presigned request is refused; empty if it is not, or if it has another signature."""
    parts = urlsplit(target)
    given = dict(parse_qsl(parts.query))
    if "X-Amz-Signature" not in given:
        return "" if headers.get("authorization", "").startswith("AWS4-") else "AccessDenied"
    at = datetime.strptime(given["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if datetime.now(UTC) > at + timedelta(seconds=int(given["X-Amz-Expires"])):
        return "Request has expired"
    signature = given.pop("X-Amz-Signature")
    names = given["X-Amz-SignedHeaders"].split(";")
    canonical = "\n".join(
        [
            method,
            parts.path,
            "&".join(f"{_quoted(n)}={_quoted(v)}" for n, v in sorted(given.items())),
            *(f"{name}:{headers.get(name, '').strip()}" for name in names),
            "",
            ";".join(names),
            "UNSIGNED-PAYLOAD",
        ]
    )
    _, *scope = given["X-Amz-Credential"].split("/")
    signed = "\n".join(
        [
            "AWS4-HMAC-SHA256",
            given["X-Amz-Date"],
            "/".join(scope),
            hashlib.sha256(canonical.encode()).hexdigest(),
        ]
    )
    key = f"AWS4{_SECRET}".encode()
    for part in (*scope, signed):
        key = hmac.digest(key, part.encode(), "sha256")
    return "" if hmac.compare_digest(key.hex(), signature) else "SignatureDoesNotMatch"


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")
