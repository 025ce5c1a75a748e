"""Bounds on client data before the application sees it, on uvicorn.

uvicorn limits neither headers nor the time until a request is complete, and parses any number of
pipelined requests ahead. `install` replaces its HTTP protocol by a subclass.
"""

import asyncio
import signal
from collections.abc import Sequence
from typing import Any

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidHandshake

from config.servers import connection_bounds as bounds
from config.servers.backpressure import SocketGuard
from config.servers.forwarded import Hosts, with_peer
from config.servers.frame_gate import MAX_MESSAGE_BYTES
from config.servers.readable import readable
from config.servers.slow_readers import UNREAD, keep_little_unsent
from config.servers.transfers import is_streamed, most_body_bytes
from config.servers.uvicorn_socket import DirectProtocol, handshake
from messaging.instruments.metrics import CONNECTIONS_REFUSED

_MAX_ROOM = 64 * 1024
_PIPELINED = 16
"""The requests that a client may send ahead of the answers."""
_PROBES = bounds.PROBES.encode()
_reserve = bounds.Reserve()


def install(config: Any) -> None:
    """Set the protocol and its options in the configuration of a server that is not listening yet.

    `config` is a `uvicorn.Config`. Lower values of its owner are kept.
    """
    config.http_protocol_class = BoundedHttpProtocol
    if issubclass(config.ws_protocol_class, WebSocketsSansIOProtocol):
        config.ws_protocol_class = DirectProtocol
    config.loaded_app = with_peer(config.loaded_app)
    config.ws_max_size = min(config.ws_max_size, MAX_MESSAGE_BYTES)
    # Each socket would keep 300 KB for it, and a few bytes may represent many.
    config.ws_per_message_deflate = False


def config_of(send: Any) -> Any:
    """Return the `uvicorn.Config` of the server that sent a lifespan event; None on another server.

    `send` is a method of an object that has it, unless a middleware has wrapped `send`. Then the
    handler of the server's signals leads to it.
    """
    for owner in _owners(send):
        config = getattr(owner, "config", None)
        if hasattr(config, "http_protocol_class"):
            return config
    return None


def serves(send: Any) -> bool:
    """Return whether uvicorn serves the request or socket that this `send` answers."""
    return any(type(owner).__module__.startswith("uvicorn.") for owner in _owners(send))


def _owners(send: Any) -> Sequence[Any]:
    methods = (send, signal.getsignal(signal.SIGTERM))
    return [getattr(method, "__self__", None) for method in methods]


def trusted_peers(config: Any) -> Hosts:
    """Return the hosts from whose headers uvicorn accepts the client's address, as it reads them:
    addresses and networks, or `*` for every peer."""
    if not config.proxy_headers:
        return ()
    return ProxyHeadersMiddleware(config.loaded_app, config.forwarded_allow_ips).trusted_hosts


class BoundedHttpProtocol(HttpToolsProtocol):
    """Passes the parser no more than a request may have besides its body, and ends slow clients."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._room = bounds.HEAD_BYTES
        """The bytes that may still arrive besides the body: the head, and the framing of chunks."""
        self._begun = self._complete = False
        self._in_head = True
        self._body_bytes = self._body_bytes_before = 0
        self._most_bytes = bounds.MAX_BODY_BYTES
        self._refused = False
        self._dropped = 0
        self._only_probes = False
        self._upgrades: bool | None = None
        """Whether the request asks for a WebSocket, once somebody wanted to know."""
        self._timer: asyncio.TimerHandle | None = None
        self._awaited = ""
        """The purpose of the timer: head, body or end."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > bounds.max_connections():
            bounds.report_exhausted(len(self.connections))
            self._only_probes = True
            _reserve.enter(self, self._make_room)
        keep_little_unsent(transport.get_extra_info("socket"))
        self._await("head")

    def connection_lost(self, exc: Exception | None) -> None:
        self._await("")
        _reserve.leave(self)
        UNREAD.leave(self)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        address = self.client[0] if self.client else ""
        size = self.transport.get_write_buffer_size()
        if self.cycle is not None and not is_streamed(self.cycle.scope):
            # The rest waits in the application.
            size += self.cycle.expected_content_length
        UNREAD.enter(self, address=address, size=size, end=self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        UNREAD.leave(self)

    def shutdown(self) -> None:
        """End the connection with its answer. An idle one that was used is closed a moment later: a
        proxy may just be sending its next request."""
        if self._is_answering() or not self._complete:
            super().shutdown()
        else:
            self.loop.call_later(bounds.LAST_REQUEST_SECONDS, super().shutdown)

    def _make_room(self) -> None:
        CONNECTIONS_REFUSED.labels("too_many").inc()
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            self._dropped += len(data)
            if self._dropped > bounds.LINGER_BYTES and not self.transport.is_closing():
                self.transport.pause_reading()
            return
        while data and not self._refused and not self.transport.is_closing():
            if not self._room:
                self._refuse("head_too_large", bounds.HEAD_TOO_LARGE)
                return
            portion, data = data[: self._room], data[self._room :]
            self._room -= len(portion)
            super().data_received(portion)
            if self.transport.get_protocol() is not self:
                # A WebSocket, whose client must wait for our answer. The parser refers to this
                # protocol, which nothing else needs any more.
                del self.parser
                return
        if self._awaited != "end":
            self._await(self._what_is_missing())

    def _what_is_missing(self) -> str:
        if self._complete:
            # Between requests there may be bytes that begin none.
            return "" if self.cycle and not self.cycle.response_complete else "head"
        return "head" if self._in_head else "body"

    def handle_websocket_upgrade(self) -> None:
        self._await("")
        if self._only_probes:
            self._refuse("too_many", bounds.TOO_MANY)
            return
        if self._handshake_is_too_large():
            self._refuse("head_too_large", bounds.HANDSHAKE_TOO_LARGE)
            return
        if UNREAD.end(self):
            return
        if self._is_answering():
            CONNECTIONS_REFUSED.labels("unread").inc()
            self._refused = True
            self._drop_answer()
            self.transport.abort()
            return
        self._become_socket()
        # At once: the client's first frames may arrive before the application's first step.
        SocketGuard.of(self.transport).end_after(bounds.HEAD_SECONDS)

    def _become_socket(self) -> None:
        """Pass the connection and its handshake on. uvicorn writes the request out again, for the
        slower parser of `websockets`, which reads less than the one here accepts."""
        if self.ws_protocol_class is not DirectProtocol:
            super().handle_websocket_upgrade()
            return
        try:
            request = handshake(self.scope["method"], self.url, self.headers)
        except (ValueError, InvalidHandshake):
            super().handle_websocket_upgrade()
            return
        self.connections.discard(self)
        protocol = DirectProtocol(self.config, self.server_state, self.app_state)
        protocol.take_over(self, request)
        self.transport.set_protocol(protocol)

    def _should_upgrade(self) -> bool:
        # uvicorn asks three times, and looks through the headers each time.
        if self._upgrades is None:
            self._upgrades = super()._should_upgrade()
        return self._upgrades

    def _handshake_is_too_large(self) -> bool:
        most = bounds.HANDSHAKE_HEADER_BYTES
        if len(self.headers) > bounds.HANDSHAKE_HEADERS or len(self.url) > most:
            return True
        for name, value in self.headers:  # noqa: SIM110 - a generator takes twice as long
            if len(name) + len(value) > most:
                return True
        return False

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._begun = self._in_head = True
        self._complete = False
        self._upgrades = None
        self._body_bytes = self._body_bytes_before = 0

    def on_headers_complete(self) -> None:
        self._in_head = False
        if len(self.pipeline) >= _PIPELINED:
            self._refused = True
            self._drop_answer()
            self.transport.abort()
        elif self._only_probes and not self.url.startswith(_PROBES):
            self._refuse("too_many", bounds.TOO_MANY)
        else:
            self._most_bytes = most_body_bytes(self.parser.get_method(), self.url)
            if self._announced() > self._most_bytes:
                self._refuse("body_too_large", bounds.BODY_TOO_LARGE)
            else:
                super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self._refused:
            return
        # Its own bytes, and as many for the framing of its chunks.
        self._room = min(self._room + 2 * len(body), _MAX_ROOM)
        self._body_bytes += len(body)
        if self._body_bytes > self._most_bytes:
            self._refuse("body_too_large", bounds.BODY_TOO_LARGE)
        else:
            super().on_body(body)

    def _announced(self) -> int:
        """Return the size of the body that the head announces; 0 if it is chunked."""
        # The parser has accepted the number, and refused a second one.
        return int(dict(self.headers).get(b"content-length", 0))

    def on_message_complete(self) -> None:
        if self._refused:
            return
        self._complete = True
        self._room = bounds.HEAD_BYTES
        if self._awaited == "end":
            self._await("")  # all of it has arrived, and the connection continues
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not (self._complete or self._in_head or self._refused):
            self._await("end", bounds.UNREAD_SECONDS)  # more of a refused body may arrive

    def _refuse(self, reason: str, answer: bytes) -> None:
        """Answer if nothing was answered yet, read on for a moment without parsing, and end."""
        CONNECTIONS_REFUSED.labels(reason).inc()
        self._refused = True
        answered = self._awaited == "end" or (self._is_answering() and self.cycle.response_started)
        if not answered and not self.pipeline:
            self.transport.write(readable(answer, self.headers or ()))
        self._drop_answer()  # it would be a second answer
        self._unset_keepalive_if_required()
        self.flow.resume_reading()
        self._await("end", bounds.LINGER_SECONDS)

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _drop_answer(self) -> None:
        """Drop any further answer of the application."""
        if self._is_answering():
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def _await(self, what: str, seconds: float = 0.0) -> None:
        """Run one timer for the next step; an unchanged one continues."""
        if what == self._awaited:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._awaited = what
        if what:
            seconds = seconds or (bounds.HEAD_SECONDS if what == "head" else bounds.BODY_SECONDS)
            self._timer = self.loop.call_later(seconds, self._time_is_up)

    def _time_is_up(self) -> None:
        awaited, self._awaited, self._timer = self._awaited, "", None
        if awaited == "head" and self._begun and not self._complete:
            self._refuse("head_too_slow", bounds.TOO_SLOW)
        elif awaited == "body":
            arrived = self._body_bytes - self._body_bytes_before
            self._body_bytes_before = self._body_bytes
            if arrived >= bounds.BODY_SECONDS * bounds.BODY_BYTES_PER_SECOND:
                self._await("body")
            else:
                self._refuse("body_too_slow", bounds.TOO_SLOW)
        else:
            self.transport.abort()  # nothing was requested, or everything was answered
