"""A WebSocket on daphne, with a gate in front of its parser."""

from collections.abc import Callable
from typing import Any

from autobahn.websocket.protocol import WebSocketProtocol as Autobahn
from autobahn.websocket.types import ConnectionDeny
from daphne.ws_protocol import WebSocketProtocol
from twisted.internet import reactor
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from config.servers.backpressure import CLOSE_OF, LINGER_SECONDS, REFUSED_SECONDS, Send
from config.servers.frame_gate import FrameGate, Refusal
from messaging.instruments.metrics import SOCKETS_REFUSED

_call_later: Any = reactor.callLater


class GuardedSocket(WebSocketProtocol):  # type: ignore[misc]
    """daphne's protocol with a gate in front of autobahn's parser.

    It sends long answers despite daphne's option, which limits both directions at once. The gate
    limits incoming messages. Close frames carry the application's reason, and may have codes below
    3000, which autobahn reserves.
    """

    maxMessagePayloadSize = 0  # noqa: N815
    maxFramePayloadSize = 0  # noqa: N815

    on_lost: Callable[[], None] | None = None
    """Called once the connection is closed."""

    def connectionMade(self) -> None:  # noqa: N802
        self.gate = FrameGate(deliver=super().dataReceived, refuse=self._refuse)
        self._handshake_given = False
        self._end: Any = None
        super().connectionMade()

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        if self._handshake_given:
            self.gate.feed(data)
        else:
            self._handshake_given = True
            super().dataReceived(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        if self._end is not None and self._end.active():
            self._end.cancel()
        if self.on_lost is not None:
            self.on_lost()
        super().connectionLost(reason)
        self.gate.end()

    def handle_reply(self, message: Any) -> None:
        if message["type"] == "websocket.close" and self.state != Autobahn.STATE_CONNECTING:
            self._send_close(message.get("code") or 1000, message.get("reason") or "")
        else:
            super().handle_reply(message)

    def bind(self, send: Send) -> None:
        """Do nothing: the socket can be closed directly here."""

    def onConnect(self, request: Any) -> Any:  # noqa: N802
        """Refuse subprotocols that daphne fails to decode, with 400 in the place of 500."""
        if not request.headers.get("sec-websocket-protocol", "").isascii():
            reason = "A subprotocol has ASCII characters only."
            raise ConnectionDeny(400, reason)  # type: ignore[no-untyped-call]
        return super().onConnect(request)

    def accepted(self) -> None:
        self.gate.open()

    def taken(self) -> None:
        self.gate.taken()

    def end_after(self, seconds: float) -> None:
        if self._end is not None and self._end.active():
            self._end.cancel()
        self._end = _call_later(seconds, self.transport.abortConnection)

    def _closeConnection(self, abort: bool = False) -> None:  # noqa: N802
        """Close the connection, also if its client does not read up to its end: Twisted first
        writes what waits, for as long as the client lives."""
        super()._closeConnection(abort)
        if not abort and (self._end is None or not self._end.active()):
            self.end_after(LINGER_SECONDS)

    def _refuse(self, refusal: Refusal) -> None:
        SOCKETS_REFUSED.labels(refusal.name.lower()).inc()
        self.transport.pauseProducing()
        self.end_after(REFUSED_SECONDS)
        if refusal in CLOSE_OF and self.state == Autobahn.STATE_OPEN:
            self._send_close(*CLOSE_OF[refusal])

    def _send_close(self, code: int, reason: str) -> None:
        self.sendCloseFrame(code=code, reasonUtf8=reason.encode()[:123])
