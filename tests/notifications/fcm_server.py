"""A server that plays FCM's HTTP v1 API, and Google's token endpoint beside it.

firebase-admin offers no way to name another server than Google's (its asynchronous client does
not use proxies either), so `redirect` changes the one constant that names it, in this process;
`python -m tests.notifications.manage` and `tests.notifications.asgi` do so in others. All else is
real: credentials and their signature, HTTP, retries, the parsing of answers.
"""

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message as Headers
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import certifi
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from firebase_admin import messaging

URL_VARIABLE = "FCM_LOOPBACK_URL"
PROJECT = "demo-chat"
_END = "-----END CERTIFICATE-----"

Json = dict[str, Any]


def redirect(url: str) -> None:
    service = messaging._MessagingService  # noqa: SLF001 - the constant has no other home
    service.FCM_URL = f"{url}/v1/projects/{{0}}/messages:send"


def redirect_from_environment() -> None:
    redirect(os.environ[URL_VARIABLE])


@dataclass(frozen=True, slots=True)
class Answer:
    """What FCM says to a push."""

    status: int = 200
    body: Json = field(default_factory=lambda: {"name": f"projects/{PROJECT}/messages/1"})
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A push that FCM was asked for."""

    message: Json
    at: float
    status: int
    headers: Headers

    @property
    def target(self) -> str:
        """The token or the installation id."""
        target: str = self.message.get("token") or self.message["fid"]
        return target

    @property
    def data(self) -> Mapping[str, str]:
        data: Mapping[str, str] = self.message["data"]
        return data


def refusal(status: int, code: str, fcm_code: str | None = None, **headers: str) -> Answer:
    """An error as FCM describes it; `fcm_code` is FCM's own word for it.

    https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode
    """
    error: Json = {"code": status, "message": f"{code} for the test", "status": code}
    if fcm_code is not None:
        kind = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
        error["details"] = [{"@type": kind, "errorCode": fcm_code}]
    return Answer(
        status, {"error": error}, {key.replace("_", "-"): v for key, v in headers.items()}
    )


class FcmServer:
    """`answers` by token or installation id; everything else succeeds. A list is answered one
    after the other, its last for ever."""

    def __init__(self) -> None:
        self.arrived: list[Arrived] = []
        self.answers: dict[str, Answer | list[Answer]] = {}
        self.token_requests = 0
        self.token_status = 200
        self.seconds = 0.0
        """How long each answer takes."""
        self.open = threading.Event()
        """While it is not set, no push is answered."""
        self.open.set()
        self.asked = 0
        """How many pushes have come since the start, answered or not."""
        self.rehearsed = 0
        """How many were only to be looked at."""
        self._lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/token":
                    self._answer(server.issue_token())
                else:
                    self._answer(server.take(json.loads(body), self.headers))

            def _answer(self, answer: Answer) -> None:
                content = json.dumps(answer.body).encode()
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def run(self) -> Iterator["FcmServer"]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.open.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def issue_token(self) -> Answer:
        self.token_requests += 1
        if self.token_status != 200:
            return Answer(self.token_status, {"error": "invalid_grant"})
        return Answer(body={"access_token": "t", "expires_in": 3600, "token_type": "Bearer"})

    def take(self, request: Json, headers: Headers) -> Answer:
        self.asked += 1
        self.open.wait(30)
        time.sleep(self.seconds)
        message = request["message"]
        self.rehearsed += request.get("validate_only", False)
        with self._lock:
            answer = self.answers.get(message.get("token") or message["fid"], Answer())
            if isinstance(answer, list):
                answer = answer.pop(0) if len(answer) > 1 else answer[0]
            self.arrived.append(Arrived(message, time.monotonic(), answer.status, headers))
        return answer

    def rung(self, kind: str = "message") -> Counter[str]:
        """How often each target was pushed to with success."""
        return Counter(
            one.target for one in self.arrived if one.status == 200 and one.data["type"] == kind
        )

    def credentials(self, folder: Path) -> Path:
        """A service account of our own whose tokens come from here."""
        file = folder / "service-account.json"
        account = {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": "1",
            "private_key": _private_key(),
            "client_email": "tests@example.com",
            "client_id": "1",
            "token_uri": f"{self.url}/token",
        }
        file.write_text(json.dumps(account))
        return file

    def variables(self, folder: Path) -> dict[str, str]:
        """What the libraries in a process that is to push here read from its environment."""
        return {
            "GOOGLE_APPLICATION_CREDENTIALS": str(self.credentials(folder)),
            "SSL_CERT_FILE": str(_one_authority(folder)),
        }

    def environment(self, folder: Path) -> dict[str, str]:
        """For a process that is to push here."""
        return {
            "PUSH_BACKEND": "fcm",
            "GOOGLE_CLOUD_PROJECT": PROJECT,
            URL_VARIABLE: self.url,
            **self.variables(folder),
        }


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients are killed in these tests."""


@cache
def _private_key() -> str:
    # Each client checks it again, which takes six times as long with 2,048 bits.
    key = rsa.generate_private_key(public_exponent=65_537, key_size=1_024)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def _one_authority(folder: Path) -> Path:
    """A file with one of the public authorities: firebase-admin loads all of them three times for
    each client, and nothing here has TLS."""
    file = folder / "authority.pem"
    certificate, end, _ = Path(certifi.where()).read_text().partition(_END)
    file.write_text(certificate + end + "\n")
    return file
