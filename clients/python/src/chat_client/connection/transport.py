"""One WebSocket: commands and their answers, events, and the end of a silent connection."""

import asyncio
import logging
import ssl
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.typing import Subprotocol

from chat_client.concurrency.tasks import Tasks
from chat_client.errors import ChatError, Unreachable, error_of

_ANSWER_SECONDS = 10.0
_OPEN_SECONDS = 20.0
_CLOSE_SECONDS = 2.0
_MAX_FRAME = 64 * 1024 * 1024
"""An answer to a sync has at most 1,000 messages of 32 KiB."""
BROKEN = 1006

# At DEBUG, `websockets` logs headers and frames: tokens and texts.
_quiet = logging.getLogger("chat_client.websocket")
_quiet.setLevel(logging.INFO)
_log = logging.getLogger("chat_client")


class Frame(msgspec.Struct, frozen=True):
    """A reply or an event."""

    type: str
    id: Any = None
    at: str = ""
    conversation_id: str | None = None
    version: int | None = None
    data: Any = None
    code: str | None = None
    detail: str | None = None
    status: int | None = None
    retry_after: float | None = None
    errors: list[dict[str, Any]] = []


_DECODER = msgspec.json.Decoder(Frame)


class Transport:
    """Opens one socket, and runs until it ends."""

    def __init__(
        self,
        *,
        heartbeat: float,
        tasks: Tasks,
        on_event: Callable[[Frame], None],
        on_late: Callable[[Any], None],
    ) -> None:
        """`heartbeat`: `heartbeat_seconds` of an earlier `hello`. `on_late` gets the data of a
        reply that nobody waits for any more."""
        self._heartbeat = heartbeat
        self._tasks = tasks
        self._on_event = on_event
        self._on_late = on_late
        self._socket: ClientConnection | None = None
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._last_id = 0
        self._ended = asyncio.get_running_loop().create_future()
        self._heard_at = 0.0
        self._silence: asyncio.TimerHandle | None = None
        self.reason = ""
        """What the server said when it closed the socket."""
        self.obstacle = ""
        """Why the socket could not be opened."""
        self.is_faulty = False
        """Whether a frame could not be applied."""

    @property
    def has_ended(self) -> bool:
        return self._ended.done()

    async def run(self, url: str, token: str, ssl_context: ssl.SSLContext | None) -> int:
        """Return the close code; 1006 if there was no connection."""
        reading = asyncio.ensure_future(self._read(url, token, ssl_context))
        self._watch()
        try:
            await asyncio.wait({reading, self._ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.end(BROKEN)
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
        code: int = self._ended.result()
        return code

    async def command(
        self, type_: str, fields: Mapping[str, Any], *, timeout: float = _ANSWER_SECONDS
    ) -> Any:
        """Send a command, and return the data of its reply. Raises a ChatError: an Unreachable if
        no answer arrived, and the command may have been run."""
        socket = self._socket
        if socket is None or self._ended.done():
            raise Unreachable("There is no connection.")
        id_ = self._next_id()
        answer = asyncio.get_running_loop().create_future()
        self._answers[id_] = answer
        try:
            async with asyncio.timeout(timeout):
                await socket.send(_encoded(id_, type_, fields))
                return await answer
        except TimeoutError:
            raise Unreachable("The server did not answer in time.") from None
        except ConnectionClosed:
            raise Unreachable("The connection was lost.") from None
        finally:
            self._answers.pop(id_, None)

    def end(self, code: int) -> None:
        """End the connection, without waiting for the server: it may be gone."""
        if self._ended.done():
            return
        self._ended.set_result(code)
        if self._silence is not None:
            self._silence.cancel()
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(Unreachable("The connection was lost."))
                answer.exception()  # nobody may wait for it any more

    async def _read(self, url: str, token: str, ssl_context: ssl.SSLContext | None) -> None:
        options: dict[str, Any] = {} if ssl_context is None else {"ssl": ssl_context}
        try:
            socket = await connect(
                url,
                subprotocols=[Subprotocol("chat.v1")],
                additional_headers={"Authorization": f"Bearer {token}"},
                ping_interval=None,  # frames of the chat show whether the server is there
                open_timeout=_OPEN_SECONDS,
                close_timeout=_CLOSE_SECONDS,
                max_size=_MAX_FRAME,
                logger=_quiet,
                **options,
            )
        except InvalidStatus as error:
            self.obstacle = f"the status is {error.response.status_code}"
            return self.end(BROKEN)
        except (OSError, TimeoutError, InvalidHandshake, InvalidURI, EOFError) as error:
            self.obstacle = str(error) or type(error).__name__
            return self.end(BROKEN)
        except Exception:  # noqa: BLE001 - such as a proxy that needs another package
            _log.exception("the socket cannot be opened")
            return self.end(BROKEN)
        self._socket = socket
        try:
            while True:
                self._received(await socket.recv())
        except ConnectionClosed as closed:
            if closed.rcvd is not None:
                self.reason = closed.rcvd.reason
            self.end(BROKEN if closed.rcvd is None else closed.rcvd.code)
        except Exception:  # noqa: BLE001 - a frame that breaks a rule, or a fault of the client
            _log.exception("a frame could not be applied")
            self.is_faulty = True
            self.end(BROKEN)
        finally:
            self._socket = None
            self._tasks.start(socket.close(), is_last=True)

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _received(self, text: str | bytes) -> None:
        if self._ended.done():
            return
        self._heard_at = asyncio.get_running_loop().time()
        frame = _DECODER.decode(text)
        if frame.type in {"reply", "error"}:
            self._answered(frame)
            return
        if frame.type == "hello":
            self._heartbeat = frame.data["heartbeat_seconds"]
            self._watch()
        elif frame.type == "heartbeat":
            self._tasks.start(self._ping())
        self._on_event(frame)

    async def _ping(self) -> None:
        if self._socket is not None:
            try:
                await self._socket.send(_encoded(self._next_id(), "ping", {}))
            except ConnectionClosed:
                return  # the reader sees it, too

    def _answered(self, frame: Frame) -> None:
        answer = self._answers.pop(frame.id, None) if isinstance(frame.id, int) else None
        if answer is None or answer.done():
            if frame.type == "reply":
                self._on_late(frame.data)
        elif frame.type == "reply":
            answer.set_result(frame.data)
        else:
            answer.set_exception(_error(frame))

    def _watch(self) -> None:
        """End the connection when nothing was heard for two heartbeats."""
        loop = asyncio.get_running_loop()
        self._heard_at = self._heard_at or loop.time()
        if self._silence is not None:
            self._silence.cancel()
        at = self._heard_at + 2 * self._heartbeat
        if at <= loop.time():
            _log.info("the server is silent")
            self.end(BROKEN)
        elif not self._ended.done():
            self._silence = loop.call_at(at, self._watch)


def _encoded(id_: int, type_: str, fields: Mapping[str, Any]) -> str:
    return msgspec.json.encode({"id": id_, "type": type_, **fields}).decode()


def _error(frame: Frame) -> ChatError:
    return error_of(
        {
            "code": frame.code,
            "detail": frame.detail,
            "status": frame.status,
            "retry_after": frame.retry_after,
            "errors": frame.errors,
        }
    )
