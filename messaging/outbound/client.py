"""The client for requests to the URLs of operators: guarded, and bounded in time and bytes.

It follows no redirect, uses no proxy of the environment, keeps no cookie, and decompresses
nothing.
"""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import certifi
import httpcore
import httpx

from messaging.outbound.addresses import Network
from messaging.outbound.connections import AddressRefused, GuardedBackend, Resolve, Resolver

MAX_ANSWER_BYTES = 64 * 1024
_MAX_CONNECTIONS = 64
_MAX_IDLE = 16
_IDLE_SECONDS = 15.0


class Failure(StrEnum):
    """Why a request got no answer. Logs, metrics and the admin show it."""

    ADDRESS_REFUSED = "address_refused"
    """The name has only private addresses, plain HTTP would leave the operator's networks, or the
    host is written in a form that is not a name."""
    NOT_CONNECTED = "not_connected"
    NO_ANSWER = "no_answer"
    """The answer did not arrive in time."""
    BROKEN_ANSWER = "broken_answer"
    """The connection ended before the answer, or the answer is no HTTP."""
    TOO_LARGE = "too_large"


class OutboundFailed(Exception):
    """The request got no answer."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.value)
        self.failure = failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    body: bytes

    @property
    def good(self) -> bool:
        """Return whether the status is 2xx. A redirect is not: it is not followed."""
        return 200 <= self.status < 300


class OutboundClient:
    """Makes requests. It opens nothing before the first one."""

    def __init__(self, *, listed: Sequence[Network], resolve: Resolve | None = None) -> None:
        """Create a client. `listed` are the networks that the operator admits. `resolve` replaces
        the system's resolver."""
        self._listed = listed
        self._resolver = Resolver() if resolve is None else None
        self._resolve: Resolve = resolve or self._resolver  # type: ignore[assignment]
        self._pools: dict[str, httpcore.AsyncConnectionPool] = {}
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
        OutboundFailed."""
        try:
            async with asyncio.timeout(seconds):
                return await self._post(url, body, headers)
        except (TimeoutError, httpcore.TimeoutException) as error:
            raise OutboundFailed(Failure.NO_ANSWER) from error
        except (AddressRefused, httpx.InvalidURL) as error:
            raise OutboundFailed(Failure.ADDRESS_REFUSED) from error
        except (httpcore.ConnectError, ssl.SSLError, OSError) as error:
            raise OutboundFailed(Failure.NOT_CONNECTED) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, ValueError) as error:
            raise OutboundFailed(Failure.BROKEN_ANSWER) from error

    async def close(self) -> None:
        """Close the connections. The client can be used again afterwards."""
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            await pool.aclose()
        if self._resolver is not None:
            self._resolver.close()
            self._resolve = self._resolver = Resolver()

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        target = httpx.URL(url)
        pool = await self._pool(target.scheme)
        request = {
            "Host": target.netloc.decode("ascii"),
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Accept-Encoding": "identity",
            "User-Agent": "chat-backend",
            **headers,
        }
        address = httpcore.URL(
            scheme=target.raw_scheme,
            host=target.raw_host,
            port=target.port,
            target=target.raw_path,
        )
        async with pool.stream(
            "POST", address, headers=list(request.items()), content=body
        ) as response:
            parts, size = [], 0
            async for part in response.aiter_stream():
                size += len(part)
                if size > MAX_ANSWER_BYTES:
                    raise OutboundFailed(Failure.TOO_LARGE)
                parts.append(part)
            return Answer(status=response.status, body=b"".join(parts))

    async def _pool(self, scheme: str) -> httpcore.AsyncConnectionPool:
        if scheme == "https":
            await self.prepare()
        pool = self._pools.get(scheme)
        if pool is None:
            pool = self._pools[scheme] = httpcore.AsyncConnectionPool(
                ssl_context=self._context,
                max_connections=_MAX_CONNECTIONS,
                max_keepalive_connections=_MAX_IDLE,
                keepalive_expiry=_IDLE_SECONDS,
                network_backend=GuardedBackend(
                    resolve=self._resolve,
                    listed=self._listed,
                    only_listed=scheme != "https",
                ),
            )
        return pool


def _make_context() -> ssl.SSLContext:
    """Return a context that trusts the machine's authorities, with those of `SSL_CERT_FILE`, and
    the public ones: a slim container image has no authorities of its own."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
