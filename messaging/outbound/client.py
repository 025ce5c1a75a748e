"""The client for requests to the URLs of operators: guarded, and bounded in time and bytes.

It follows no redirect, uses no proxy of the environment, keeps no cookie, and decompresses
nothing. Its callers bound how many requests are open, each for its own URL: a URL that hangs takes
no place from another one.

httpx is not used, because its pool has one limit for all hosts, and because it would cost a
moderated message as much as everything else together.
"""

import asyncio
import ssl
from collections.abc import Mapping, Sequence

import certifi
from cachetools import LRUCache

from messaging.outbound.addresses import Network
from messaging.outbound.answers import Answer
from messaging.outbound.connecting import connect
from messaging.outbound.connection import Connection
from messaging.outbound.failures import Failure, NothingAnswered, OutboundFailed
from messaging.outbound.idle import IdleConnections
from messaging.outbound.resolving import Resolve, Resolver
from messaging.outbound.targets import Target, target_of

_MAX_TARGETS = 256


class OutboundClient:
    """Makes requests. It opens nothing before the first one."""

    def __init__(self, *, listed: Sequence[Network], resolve: Resolve | None = None) -> None:
        """Create a client. `listed` are the networks that the operator admits. `resolve` replaces
        the system's resolver."""
        self._listed = listed
        self._resolve: Resolve = resolve or Resolver()
        self._targets: LRUCache[str, Target] = LRUCache(_MAX_TARGETS)
        self._idle = IdleConnections()
        self._context: ssl.SSLContext | None = None
        self._opening = asyncio.Lock()

    async def prepare(self) -> None:
        """Load the certificates of the authorities, so that the first request does not wait for
        that. Idempotent."""
        async with self._opening:
            if self._context is None:
                self._context = await asyncio.to_thread(_make_context)

    async def post(
        self, url: str, *, body: bytes, headers: Mapping[str, str], seconds: float
    ) -> Answer:
        """Send a request and return its answer, all within so many seconds. Raises
        OutboundFailed.

        A kept connection may end at the moment of a request. The request is then sent again on a
        new connection, so it may arrive twice.
        """
        target = self._target(url)
        request = _request(target, body, headers)
        try:
            async with asyncio.timeout(seconds):
                return await self._post(target, request)
        except TimeoutError as error:
            raise OutboundFailed(Failure.NO_ANSWER) from error

    async def close(self) -> None:
        """Close the connections that no request uses. The client can be used again afterwards."""
        idle, self._idle = self._idle, IdleConnections()
        await idle.close()

    def _target(self, url: str) -> Target:
        """Parse a URL once: that takes as long as the rest of a request. Raises OutboundFailed."""
        target = self._targets.get(url)
        if target is None:
            target = self._targets[url] = target_of(url)
        return target

    async def _post(self, target: Target, request: bytes) -> Answer:
        kept = self._idle.take(target.origin)
        if kept is not None:
            try:
                return await self._exchange(kept, target, request)
            except NothingAnswered:
                pass
        return await self._exchange(await self._connect(target), target, request)

    async def _exchange(self, connection: Connection, target: Target, request: bytes) -> Answer:
        idle = self._idle
        answer = await connection.exchange(request)
        if connection.reusable:
            idle.put(target.origin, connection)
        return answer

    async def _connect(self, target: Target) -> Connection:
        secure = target.scheme == "https"
        if secure:
            await self.prepare()
        return await connect(
            target,
            resolve=self._resolve,
            listed=self._listed,
            context=self._context if secure else None,
        )


def _request(target: Target, body: bytes, headers: Mapping[str, str]) -> bytes:
    """Return the bytes of a request. Raises ValueError for a header with a control character."""
    fields = {
        "Host": target.netloc,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Accept-Encoding": "identity",
        "User-Agent": "chat-backend",
        **headers,
    }
    lines = [f"POST {target.path} HTTP/1.1", *(f"{name}: {text}" for name, text in fields.items())]
    if not all(map(str.isprintable, lines)):
        raise ValueError("A header has a control character.")
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


def _make_context() -> ssl.SSLContext:
    """Return a context that trusts the machine's authorities, with those of `SSL_CERT_FILE`, and
    the public ones: a slim container image has no authorities of its own."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    context.options |= ssl.OP_NO_RENEGOTIATION  # a server could ask for handshakes without end
    return context
