"""Signed URLs of the local storage: the server itself takes uploads and serves downloads.

A signed URL names what it allows: the method, the key, the type, the size or the disposition, and
its end. All of it is signed with HMAC-SHA256 and a key that derives from `SECRET_KEY`.
"""

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from messaging.files.keys import is_key
from messaging.files.storage import Served

PATH = "/api/files/"
_MAX_QUERY = 8_000
_SALT = b"messaging.files.local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """What a signed URL allows."""

    method: str
    key: str
    content_type: str
    size: int = 0
    """Of an upload."""
    disposition: str = ""
    """Of a download."""
    expires: int
    """Seconds since the epoch."""

    @property
    def served(self) -> Served:
        return Served(content_type=self.content_type, disposition=self.disposition)


class LocalAddresses:
    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(), _SALT, "sha256")

    def sign(self, granted: Granted) -> str:
        """Return the path and the query of the signed URL."""
        query = {
            "m": granted.method,
            "t": granted.content_type,
            "n": granted.size,
            "d": granted.disposition,
            "e": granted.expires,
            "s": self._signature(granted),
        }
        return f"{PATH}{granted.key}?{urlencode({name: v for name, v in query.items() if v})}"

    def verify(self, method: str, path: str, query: str) -> Granted | None:
        """Return what the signed URL allows this method; None if it is forged or has expired.
        HEAD is allowed where GET is."""
        if not path.startswith(PATH) or len(query) > _MAX_QUERY:
            return None
        try:
            given = dict(parse_qsl(query, max_num_fields=8))
            granted = Granted(
                method=given["m"],
                key=path.removeprefix(PATH),
                content_type=given["t"],
                size=int(given.get("n", 0)),
                disposition=given.get("d", ""),
                expires=int(given["e"]),
            )
            signature = given["s"].encode("ascii")
        except (KeyError, ValueError):
            return None
        if not hmac.compare_digest(signature, self._signature(granted).encode()):
            return None
        if granted.expires <= time.time() or not is_key(granted.key):
            return None
        allowed = {"GET", "HEAD"} if granted.method == "GET" else {granted.method}
        return granted if method in allowed else None

    def _signature(self, granted: Granted) -> str:
        parts = (
            granted.method,
            granted.key,
            granted.content_type,
            str(granted.size),
            granted.disposition,
            str(granted.expires),
        )
        state = hmac.new(self._key, digestmod=hashlib.sha256)
        for part in parts:
            data = part.encode()
            state.update(len(data).to_bytes(4))
            state.update(data)
        return base64.urlsafe_b64encode(state.digest()).decode().rstrip("=")
