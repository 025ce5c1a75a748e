"""Bounds on client data before the application sees it, on daphne.

daphne has no options for them. It first reads a whole body into memory or a file, and a client that
sends a byte a minute keeps its connection for ever. `install` replaces daphne's and Twisted's
protocols by subclasses, under the names that daphne looks up when it starts.
"""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import daphne.http_protocol
import daphne.server
import daphne.ws_protocol
from daphne.http_protocol import HTTPFactory, WebRequest
from daphne.ws_protocol import WebSocketFactory
from twisted.internet import reactor, tcp
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from config.servers import connection_bounds as bounds
from config.servers.daphne_forwarded import parse_forwarded
from config.servers.daphne_socket import GuardedSocket
from config.servers.readable import readable
from config.servers.slow_readers import UNREAD, keep_little_unsent
from config.servers.transfers import most_body_bytes
from messaging.instruments.metrics import CONNECTIONS_REFUSED

_PROBES = bounds.PROBES.encode()
_ACCEPTED_AT_ONCE = 8
"""The most connections that are accepted before the event loop serves the open ones again. Twisted
has no such bound: it accepts more at once, the more connect."""
_ACCEPT_PAUSE_SECONDS = 1.0
"""When to accept again if the process has no file descriptor left, not even the one that Twisted
reserves to close connections with. Twisted would try again at once, for ever."""
_MAX_UPLOADS = 8
"""The most bodies of files that are in memory at once."""
_call_later: Any = reactor.callLater


def install() -> None:
    """Install the bounds for the server of this process, if it is daphne. Call it before the server
    starts."""
    daphne.http_protocol.WebRequest = BoundedRequest
    daphne.http_protocol.parse_x_forwarded_for = parse_forwarded
    daphne.ws_protocol.parse_x_forwarded_for = parse_forwarded
    daphne.server.HTTPFactory = BoundedFactory
    WebSocketFactory.protocol = GuardedSocket
    port: Any = tcp.Port
    port.numberAccepts = property(lambda _: _ACCEPTED_AT_ONCE, lambda _, scaled: None)
    port.doRead = _resting(port.doRead)


def _resting(accept: Callable[[Any], None]) -> Callable[[Any], None]:
    reserved: Any = tcp._reservedFD  # noqa: SLF001  Twisted has no public name for it

    def accept_or_rest(port: Any) -> None:
        accept(port)
        if not reserved.available():
            port.stopReading()
            _call_later(_ACCEPT_PAUSE_SECONDS, resume, port)

    def resume(port: Any) -> None:
        if port.connected:
            reserved.reserve()
            port.startReading()

    return accept_or_rest


class BoundedFactory(HTTPFactory):  # type: ignore[misc]
    """Bounds the number of connections, and the time until each has made a request."""

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        self._open = 0
        self.reserve = bounds.Reserve()
        self.uploading: set[_Connection] = set()
        """The connections that send a large body."""

    def buildProtocol(self, addr: IAddress) -> Protocol | None:  # noqa: N802
        only_probes = self._open >= bounds.max_connections()
        if only_probes:
            bounds.report_exhausted(self._open)
        return _Connection(self, super().buildProtocol(addr), only_probes=only_probes)

    def opened(self) -> None:
        self._open += 1

    def closed(self) -> None:
        self._open -= 1


class _Connection(Protocol):
    """One connection, until it is closed or daphne makes it a WebSocket."""

    def __init__(self, factory: BoundedFactory, channel: Any, *, only_probes: bool) -> None:
        self.only_probes = only_probes
        self._factory = factory
        self._channel = channel
        self._timer: Any = None
        self._request: BoundedRequest | None = None
        self._processing = False
        self._refused = False
        self._dropped = 0
        self._producer: Any = None
        self._transport: Any = None
        channel.requestFactory = self._make_request

    def _make_request(self, *arguments: Any, **options: Any) -> "BoundedRequest":
        self._request = request = BoundedRequest(*arguments, **options)
        request.connection = self
        return request

    def connectionMade(self) -> None:  # noqa: N802
        self._factory.opened()
        if self.only_probes:
            self._factory.reserve.enter(self, self._make_room)
        self._watch("head_too_slow", bounds.HEAD_SECONDS)
        keep_little_unsent(self.transport.getHandle())  # type: ignore[union-attr]
        self._channel.makeConnection(self.transport)
        self._watch_answers()

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        if self._refused:
            self._dropped += len(data)
            if self._dropped > bounds.LINGER_BYTES:
                self.transport.pauseProducing()  # type: ignore[union-attr]
            return
        if self._timer is None and not self._processing:
            self._watch("head_too_slow", bounds.HEAD_SECONDS)
        self._channel.dataReceived(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        self._factory.closed()
        self._factory.reserve.leave(self)
        self._factory.uploading.discard(self)
        UNREAD.leave(self)
        self._unwatch()
        self._channel.connectionLost(reason)

    def replaced_by(self, socket: GuardedSocket) -> None:
        """Hand the connection over to the WebSocket that it became. Only its end is counted here:
        it holds no place of a probe and no unread answer, and from now on
        `config.servers.backpressure` is the transport's producer."""
        self._transport.unregisterProducer()
        socket.on_lost = self._factory.closed

    def _watch_answers(self) -> None:
        """Act as the transport's producer in front of the channel. It is paused while an answer
        waits to be read."""
        transport: Any = self.transport
        self._transport, self._producer = transport, transport.producer
        transport.unregisterProducer()
        transport.registerProducer(self, True)

    def pauseProducing(self) -> None:  # noqa: N802
        request, transport = self._request, self._transport
        size = 0 if request is None else request.answer_bytes()
        address = getattr(transport.getPeer(), "host", "")
        UNREAD.enter(self, address=address, size=size, end=transport.abortConnection)
        self._producer.pauseProducing()

    def resumeProducing(self) -> None:  # noqa: N802
        UNREAD.leave(self)
        self._producer.resumeProducing()

    def stopProducing(self) -> None:  # noqa: N802
        self._producer.stopProducing()

    def takes_upload(self) -> bool:
        """Return whether this connection may send a large body now: daphne reads it into memory."""
        uploading = self._factory.uploading
        if len(uploading) < _MAX_UPLOADS:
            uploading.add(self)
        return self in uploading

    def expect_body(self) -> None:
        self._watch("body_too_slow", bounds.BODY_SECONDS)

    def received(self) -> None:
        """Handle a complete request. The application limits the time of its answer."""
        if self._refused:  # its end already has a timer
            return
        self._processing = True
        self._unwatch()

    def answered(self) -> None:
        self._processing = False
        self._factory.uploading.discard(self)

    def refuse(self, reason: str, answer: bytes) -> None:
        """Answer, read nothing more, and end the connection slightly later."""
        CONNECTIONS_REFUSED.labels(reason).inc()
        self._unwatch()
        self._refused = True
        transport: Any = self.transport
        transport.write(readable(answer, self._headers()))
        self._timer = _call_later(bounds.LINGER_SECONDS, self._abort)

    def _headers(self) -> list[tuple[bytes, bytes]]:
        if self._request is None:
            return []
        lines = self._request.requestHeaders.getAllRawHeaders()
        return [(name, value) for name, values in lines for value in values]

    def _make_room(self) -> None:
        CONNECTIONS_REFUSED.labels("too_many").inc()
        self._unwatch()
        self._abort()

    def _watch(self, reason: str, seconds: float) -> None:
        self._unwatch()
        self._timer = _call_later(seconds, self._too_slow, reason)

    def _unwatch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self, reason: str) -> None:
        self._timer = None
        if reason == "body_too_slow" and self._request is not None and self._request.keeps_pace():
            self.expect_body()
        else:
            self.refuse(reason, bounds.TOO_SLOW)

    def _abort(self) -> None:
        self._timer = None
        transport: Any = self.transport
        transport.abortConnection()


class BoundedRequest(WebRequest):  # type: ignore[misc]
    """Refuses a body that is too large before it is read, or as soon as it is."""

    connection: _Connection

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._bytes = 0
        self._bytes_before = 0
        self._most = bounds.MAX_BODY_BYTES
        self._refused = False

    def gotLength(self, length: int | None) -> None:  # noqa: N802
        """Handle a complete head; `length` is None for a chunked body."""
        # daphne would accept the application's root path from this header of any client.
        self.requestHeaders.removeHeader(b"Daphne-Root-Path")
        self.content = BytesIO()  # bounded, so it needs no file
        # The request line has no public name before the body has arrived.
        command, target = self.channel._command, self.channel._path  # noqa: SLF001
        self._most = most_body_bytes(command, target)
        upgrade = self.requestHeaders.hasHeader(b"Upgrade")  # its body would be parsed as frames
        most = 0 if upgrade else self._most
        if (upgrade and length is None) or (length or 0) > most:
            self._refuse()
        elif self._most > bounds.MAX_BODY_BYTES and not self.connection.takes_upload():
            self._refused = True
            self.connection.refuse("too_many", bounds.TOO_MANY)
        elif length != 0:
            self.connection.expect_body()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        self._bytes += len(data)
        if self._bytes > self._most:
            self._refuse()
        if not self._refused:
            super().handleContentChunk(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:  # noqa: N802
        self.connection.received()
        upgrade = self.requestHeaders.hasHeader(b"Upgrade")
        is_probe = path.startswith(_PROBES) and not upgrade
        if upgrade and UNREAD.end(self.connection):
            self._refused = True
        if self.connection.only_probes and not is_probe and not self._refused:
            self._refused = True
            self.connection.refuse("too_many", bounds.TOO_MANY)
        if not self._refused:
            super().requestReceived(command, path, version)

    def process(self) -> Any:
        transport = self.transport
        done = super().process()
        # daphne has replaced the channel by its own protocol, or that inside the TLS protocol.
        for protocol in (transport.protocol, getattr(transport, "wrappedProtocol", None)):
            if isinstance(protocol, GuardedSocket):
                self.connection.replaced_by(protocol)
        return done

    def finish(self) -> None:
        self.connection.answered()
        if b"close" in self.responseHeaders.getRawHeaders(b"Connection", ()):
            self.channel.persistent = 0  # Twisted checks only the request
        super().finish()

    def answer_bytes(self) -> int:
        """Return how many bytes the body of the answer has; of a chunked one, how many so far."""
        lengths = self.responseHeaders.getRawHeaders(b"Content-Length", ())
        return int(lengths[0]) if lengths else int(self.sentLength)

    def keeps_pace(self) -> bool:
        """Return whether enough of the body has arrived since the last call."""
        arrived = self._bytes - self._bytes_before
        self._bytes_before = self._bytes
        return arrived >= bounds.BODY_SECONDS * bounds.BODY_BYTES_PER_SECOND

    def _refuse(self) -> None:
        if not self._refused:
            self._refused = True
            self.connection.refuse("body_too_large", bounds.BODY_TOO_LARGE)
