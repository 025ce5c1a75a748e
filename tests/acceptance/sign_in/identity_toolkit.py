"""Firebase Authentication on the loopback address, as the SDK of a page and the chat ask it.

It signs ID tokens with a key of its own, and publishes the certificate of this key. The SDK gets
here by `connectAuthEmulator`, which changes the address alone.

https://docs.cloud.google.com/identity-platform/docs/use-rest-api
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import jwt

from tests.unit.chat.firebase import CERTIFICATES, Key

HOUR = 3600

Json = dict[str, Any]


class Refusal(Exception):
    """A request that is answered with 400 and a word that the SDK knows."""


@dataclass(slots=True)
class Account:
    email: str
    password: str
    user_id: str = field(default_factory=lambda: uuid4().hex)


@dataclass(slots=True)
class SignIn:
    """Whose refresh token it is, and since when."""

    account: Account
    at: int


class IdentityToolkit:
    def __init__(self) -> None:
        self.host = ""
        self.key = Key("key-1")
        self.first_seconds = HOUR
        """How long the first token of a sign-in is valid. The SDK takes it for valid for an hour
        all the same, as on a device whose clock is wrong."""
        self.refreshed: list[str] = []
        """The ID tokens that were given for refresh tokens."""
        self._accounts: dict[str, Account] = {}
        self._sign_ins: dict[str, SignIn] = {}

    @property
    def certificates_url(self) -> str:
        return f"http://{self.host}{CERTIFICATES}"

    def answer(self, path: str, body: Json) -> Json:
        """Raises Refusal."""
        match path.rpartition("/")[2]:
            case "accounts:signUp":
                if body["email"] in self._accounts:
                    raise Refusal("EMAIL_EXISTS")
                account = Account(body["email"], body["password"])
                self._accounts[account.email] = account
                return self._sign_in(account)
            case "accounts:signInWithPassword":
                found = self._accounts.get(body["email"])
                if found is None or found.password != body["password"]:
                    raise Refusal("INVALID_LOGIN_CREDENTIALS")
                return self._sign_in(found)
            case "accounts:lookup":
                account = self._owner(body["idToken"])
                return {"users": [{"localId": account.user_id, "email": account.email}]}
            case "token":
                return self._refresh(body["refresh_token"])
        raise Refusal("OPERATION_NOT_ALLOWED")

    def _sign_in(self, account: Account) -> Json:
        refresh_token = uuid4().hex
        sign_in = self._sign_ins[refresh_token] = SignIn(account, int(time.time()))
        return {
            "localId": account.user_id,
            "email": account.email,
            "idToken": self._token(sign_in, self.first_seconds),
            "refreshToken": refresh_token,
            "expiresIn": str(HOUR),
        }

    def _refresh(self, refresh_token: str) -> Json:
        if refresh_token not in self._sign_ins:
            raise Refusal("INVALID_REFRESH_TOKEN")
        token = self._token(self._sign_ins[refresh_token], HOUR)
        self.refreshed.append(token)
        return {
            "access_token": token,
            "id_token": token,
            "refresh_token": refresh_token,
            "expires_in": str(HOUR),
        }

    def _token(self, sign_in: SignIn, seconds: int) -> str:
        """A token of its own each time, which nobody else has had."""
        now = int(time.time())
        account = sign_in.account
        return self.key.sign(
            sub=account.user_id,
            email=account.email,
            auth_time=sign_in.at,
            iat=now,
            exp=now + seconds,
            jti=uuid4().hex,
        )

    def _owner(self, token: str) -> Account:
        """Raises Refusal."""
        user_id = jwt.decode(token, options={"verify_signature": False})["sub"]
        for account in self._accounts.values():
            if account.user_id == user_id:
                return account
        raise Refusal("USER_NOT_FOUND")


@contextmanager
def identity_toolkit() -> Iterator[IdentityToolkit]:
    toolkit = IdentityToolkit()

    class Handler(BaseHTTPRequestHandler):
        def do_OPTIONS(self) -> None:
            self._answer(200, {})

        def do_GET(self) -> None:
            """The certificates."""
            self._answer(200, {toolkit.key.kid: toolkit.key.certificate})

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            is_json = self.headers["Content-Type"].startswith("application/json")
            body = json.loads(text) if is_json else dict(parse_qsl(text))
            try:
                self._answer(200, toolkit.answer(urlsplit(self.path).path, body))
            except Refusal as refusal:
                self._answer(400, {"error": {"code": 400, "message": str(refusal)}})

        def _answer(self, status: int, document: Json) -> None:
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Access-Control-Allow-Headers", "*")
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    toolkit.host = f"127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield toolkit
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
