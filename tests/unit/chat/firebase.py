"""Firebase on the loopback: a key, its certificate, and what Google's servers answer."""

import base64
import datetime as dt
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import firebase_admin._token_gen
import firebase_admin._user_mgt
import firebase_admin.credentials
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from google.auth import credentials as google_credentials
from pytest_django.fixtures import Settings

from chat.authentication.firebase import FirebaseAuthenticator

PROJECT = "chat-test"
CERTIFICATES = "/certificates"
_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "securetoken")])


class Anonymous(firebase_admin.credentials.Base):  # type: ignore[misc]
    """Credentials of nobody, which the loopback accepts."""

    def get_credential(self) -> google_credentials.Credentials:
        return google_credentials.AnonymousCredentials()  # type: ignore[no-untyped-call]


class Key:
    """A key as Google signs with one, and its certificate as Google publishes it."""

    def __init__(self, kid: str) -> None:
        self.kid = kid
        self._private = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        now = dt.datetime.now(dt.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(_NAME)
            .issuer_name(_NAME)
            .public_key(self._private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .sign(self._private, hashes.SHA256())
        )
        self.certificate = certificate.public_bytes(serialization.Encoding.PEM).decode()

    def sign(self, *, kid: str | None = None, **claims: Any) -> str:
        """An ID token with these claims besides the standard ones; None leaves one out."""
        return jwt.encode(
            standard_claims(**claims),
            self._private,
            algorithm="RS256",
            headers={"kid": kid or self.kid},
        )


def standard_claims(**claims: Any) -> dict[str, Any]:
    now = int(time.time())
    standard = {
        "iss": f"https://securetoken.google.com/{PROJECT}",
        "aud": PROJECT,
        "sub": "ann",
        "iat": now - 10,
        "auth_time": now - 10,
        "exp": now + 3600,
    }
    return {name: value for name, value in (standard | claims).items() if value is not None}


def unsigned(*, kid: str | None = None, **claims: Any) -> str:
    """An ID token as the emulator issues it."""
    header = {"alg": "none", "typ": "JWT"} | ({} if kid is None else {"kid": kid})
    parts = (header, standard_claims(**claims))
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts)
    return ".".join([*(part.rstrip("=") for part in encoded), ""])


class Google:
    """The certificates, and what is known of users."""

    def __init__(self) -> None:
        self.certificates: dict[str, str] = {}
        self.users: dict[str, dict[str, Any]] = {}
        self.status: dict[str, int] = {}
        """Of the answers to these paths; 200 for others."""
        self.asked: list[str] = []
        self.released = threading.Event()
        self.released.set()
        """While it is not set, nothing is answered."""
        self.host = ""

    @property
    def certificate_url(self) -> str:
        return f"http://{self.host}{CERTIFICATES}"

    def answer(self, path: str, body: bytes) -> tuple[int, Any]:
        self.asked.append(path)
        self.released.wait(20)
        if path in self.status:
            return self.status[path], {"error": {"status": "X", "message": "x"}}
        if path == CERTIFICATES:
            return 200, self.certificates
        wanted = json.loads(body)["localId"]
        users = [{"localId": id_, **self.users[id_]} for id_ in wanted if id_ in self.users]
        return 200, {"users": users} if users else {}


@contextmanager
def google() -> Iterator[Google]:
    fake = Google()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            status, document = fake.answer(self.path, self.rfile.read(length))
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    fake.host = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        fake.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


def as_in_production(
    fake: Google, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> FirebaseAuthenticator:
    """Without credentials; the certificates come from the loopback."""
    set_as_in_production(fake, settings, monkeypatch)
    return FirebaseAuthenticator()


def set_as_in_production(fake: Google, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.GOOGLE_CLOUD_PROJECT = PROJECT
    settings.FIREBASE_AUTH_EMULATOR_HOST = ""
    monkeypatch.delenv("FIREBASE_AUTH_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    generator = firebase_admin._token_gen  # noqa: SLF001 - the constant has no other home
    monkeypatch.setattr(generator, "ID_TOKEN_CERT_URI", fake.certificate_url)


def with_credentials(fake: Google, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked with them goes to the loopback."""
    url = f"http://{fake.host}/v1"
    users = firebase_admin._user_mgt  # noqa: SLF001 - the constant has no other home
    monkeypatch.setattr(users.UserManager, "ID_TOOLKIT_URL", url)
    monkeypatch.setattr(firebase_admin.credentials, "ApplicationDefault", Anonymous)
