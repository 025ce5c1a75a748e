"""Google Cloud Storage on the loopback address: the JSON API as far as the product uses it, and
V4-signed addresses.

Google's own emulators do not verify signatures. This server verifies the signature, the expiry, the
signed headers and the range of the length, as
https://cloud.google.com/storage/docs/authentication/canonical-requests says.
"""

import hashlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ACCOUNT = "chat@example.iam.gserviceaccount.com"
BUCKET = "chat-files"


class GcsServer:
    """A bucket. `objects` are its contents by key: bytes and metadata."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, dict[str, Any]]] = {}
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Handler", (_Handler,), {"bucket": self})
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def environment(self, folder: Path) -> dict[str, str]:
        """The standard way to tell the client where the API is, and who it is."""
        credentials = folder / "credentials.json"
        private = self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        account = {
            "type": "service_account",
            "project_id": "example",
            "private_key_id": "1",
            "private_key": private.decode(),
            "client_email": ACCOUNT,
            "client_id": "1",
            "token_uri": f"{self.url}/token",
        }
        credentials.write_text(json.dumps(account))
        return {
            "API_ENDPOINT_OVERRIDE": self.url,
            "GOOGLE_APPLICATION_CREDENTIALS": str(credentials),
        }

    @contextmanager
    def run(self) -> Iterator["GcsServer"]:
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def refusal(self, method: str, target: str, headers: Mapping[str, str], size: int) -> str:
        """Why a signed request is refused; empty if it is not."""
        path, _, query = target.partition("?")
        given = dict(parse_qsl(query))
        if given.get("X-Goog-Algorithm") != "GOOG4-RSA-SHA256":
            return "AuthenticationRequired"
        at = datetime.strptime(given["X-Goog-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if datetime.now(UTC) > at + timedelta(seconds=int(given["X-Goog-Expires"])):
            return "ExpiredToken"
        signature = bytes.fromhex(given.pop("X-Goog-Signature"))
        names = given["X-Goog-SignedHeaders"].split(";")
        canonical = "\n".join(
            [
                method,
                path,
                "&".join(f"{_quoted(n)}={_quoted(v)}" for n, v in sorted(given.items())),
                *(f"{name}:{headers.get(name, '').strip()}" for name in names),
                "",
                ";".join(names),
                "UNSIGNED-PAYLOAD",
            ]
        )
        account, *scope = given["X-Goog-Credential"].split("/")
        signed = "\n".join(
            [
                "GOOG4-RSA-SHA256",
                given["X-Goog-Date"],
                "/".join(scope),
                hashlib.sha256(canonical.encode()).hexdigest(),
            ]
        )
        try:
            self._key.public_key().verify(
                signature, signed.encode(), padding.PKCS1v15(), hashes.SHA256()
            )
        except InvalidSignature:
            return "SignatureDoesNotMatch"
        if account != ACCOUNT or "host" not in names:
            return "SignatureDoesNotMatch"
        unsigned = {n for n in headers if n.startswith("x-goog-")} - set(names)
        if unsigned:
            return "SignatureDoesNotMatch"
        least, _, most = headers.get("x-goog-content-length-range", "").partition(",")
        if least and not int(least) <= size <= int(most):
            return "EntityTooLarge"
        return ""


class _Handler(BaseHTTPRequestHandler):
    bucket: GcsServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve()

    do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = urlsplit(self.path).path
        if path == "/token":
            self._answer(200, {"access_token": "token", "expires_in": 3600})
        elif path.startswith(("/storage/", "/upload/", "/download/")):
            if self.headers.get("Authorization") != "Bearer token":
                self._answer(401, {})
            else:
                self._api(path, body)
        else:
            self._signed(path, body)

    def _signed(self, path: str, body: bytes) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        refusal = self.bucket.refusal(self.command, self.path, headers, len(body))
        key = unquote(path.removeprefix(f"/{BUCKET}/"))
        if refusal:
            self._answer(400 if refusal == "EntityTooLarge" else 403, {"code": refusal})
        elif self.command == "PUT":
            self.bucket.objects[key] = body, {"contentType": self.headers["Content-Type"]}
            self._answer(200, {})
        elif key not in self.bucket.objects:
            self._answer(404, {})
        else:
            query = dict(parse_qsl(urlsplit(self.path).query))
            self._content(
                self.bucket.objects[key][0],
                {
                    "Content-Type": query["response-content-type"],
                    "Content-Disposition": query["response-content-disposition"],
                },
            )

    def _api(self, path: str, body: bytes) -> None:
        query = dict(parse_qsl(urlsplit(self.path).query))
        named = re.fullmatch(rf"/(?:download/)?storage/v1/b/{BUCKET}/o/(.+)", path)
        key = unquote(named[1]) if named else ""
        if path.startswith("/upload/"):
            head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
            parts: list[Any] = list(BytesParser().parsebytes(head + body).walk())[1:]
            described = json.loads(parts[0].get_payload(decode=True))
            data = parts[1].get_payload(decode=True)
            self.bucket.objects[described["name"]] = data, described
            self._answer(200, {"name": described["name"], "size": str(len(data))})
        elif self.command == "DELETE":
            found = self.bucket.objects.pop(key, None)
            self._answer(204 if found else 404, None if found else {})
        elif not key:
            prefix = query.get("prefix", "")
            names = [name for name in self.bucket.objects if name.startswith(prefix)]
            self._answer(200, {"items": [{"name": name} for name in names]})
        elif key not in self.bucket.objects:
            self._answer(404, {"error": {"code": 404}})
        else:
            data, asked = self.bucket.objects[key][0], self.headers.get("Range", "")
            end = int(asked.rpartition("-")[2] or len(data) - 1) + 1 if asked else None
            self._content(data[:end], {})

    def _answer(self, status: int, document: Any) -> None:
        body = b"" if document is None else json.dumps(document).encode()
        self._content(body, {"Content-Type": "application/json"}, status)

    def _content(self, body: bytes, headers: Mapping[str, str], status: int = 200) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")
