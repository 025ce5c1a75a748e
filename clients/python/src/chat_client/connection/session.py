"""The connection of a person: it signs in, breaks, and comes back.

docs/socket.md has the table of its states.
"""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

import msgspec

from chat_client.concurrency.delays import reconnect_delay, retry_delay
from chat_client.concurrency.tasks import Tasks
from chat_client.connection.clock import Clock
from chat_client.connection.rest import checked_url
from chat_client.connection.tokens import Tokens
from chat_client.connection.transport import Frame, Transport
from chat_client.errors import ChatError, NotAuthenticated, SessionEnded, Unreachable
from chat_client.events import ConnectionState

_EXPIRED = 4502
_REPLACED = 4506
_GOING_AWAY = 1001

_log = logging.getLogger("chat_client")


class Listener(Protocol):
    """Gets the events of the session."""

    def state_changed(self) -> None: ...

    def received(self, frame: Frame) -> None: ...

    def lost(self) -> None: ...

    def late(self, data: Any) -> None: ...


class Session:
    def __init__(
        self,
        url: str,
        tokens: Tokens,
        tasks: Tasks,
        listener: Listener,
        clock: Clock,
        *,
        ssl_context: ssl.SSLContext | None = None,
        only_user_id: str | None = None,
    ) -> None:
        """`only_user_id`: a token of anybody else ends the session."""
        self.state: ConnectionState = "signed_out"
        self.degraded = False
        self.code: int | None = None
        """The code of the latest close."""
        self.ended: ChatError | None = None
        """Why the session has ended by itself."""
        self._url = f"{checked_url(url).replace('http', 'ws', 1)}/ws/v1"
        self._tokens = tokens
        self._tasks = tasks
        self._listener = listener
        self._clock = clock
        self._ssl_context = ssl_context
        self._only_user_id = only_user_id
        self._transport: Transport | None = None
        self._running: asyncio.Task[None] | None = None
        self._hurried = asyncio.Event()
        self._changed = asyncio.Event()
        self._failures = 0
        """Attempts without a `hello`."""
        self._faults = 0
        """Sockets, one after the other, with a frame that could not be applied: without a longer
        delay each time, the next `hello` might bring it again at once."""
        self._heartbeat = 25.0
        self._come_back: float | None = None
        """When the client is to come back, in seconds: an instance that drains says it."""

    @property
    def is_live(self) -> bool:
        """Whether a command can be sent."""
        transport = self._transport
        return self.state == "live" and transport is not None and not transport.has_ended

    @property
    def is_over(self) -> bool:
        """Whether only `connect` begins another session."""
        return self.state in {"signed_out", "replaced"}

    def connect(self) -> None:
        """Sign in, or come back after `signed_out` and `replaced`."""
        if self.is_over:
            self._failures = 0
            self.ended = None
            self._become("connecting")
            self._running = asyncio.ensure_future(self._run())

    async def disconnect(self, reason: ChatError | None = None) -> None:
        """End the session: nothing reconnects."""
        self.ended = self.ended or reason
        self._become("signed_out")
        running, self._running = self._running, None
        if running is not None and running is not asyncio.current_task():
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    def hurry(self) -> None:
        """Reconnect at once if the client waits."""
        self._hurried.set()

    def reconnect(self) -> None:
        """End the connection, and come back at once."""
        self._come_back = 0
        if self._transport is not None:
            self._transport.end(_GOING_AWAY)

    async def command(self, type_: str, fields: Mapping[str, Any] | None = None) -> Any:
        """Send a command over the present socket."""
        if self._transport is None or not self.is_live:
            raise Unreachable("There is no connection.")
        return await self._transport.command(type_, fields or {})

    async def live(self) -> None:
        """Wait until there is a connection. Raises a ChatError if the session has ended."""
        while not self.is_live:
            if self.is_over:
                raise self._reason()
            self._changed.clear()
            await self._changed.wait()

    async def over(self) -> ChatError:
        """Wait until the session has ended, and return why."""
        while not self.is_over:
            self._changed.clear()
            await self._changed.wait()
        return self._reason()

    async def persist(self, type_: str, fields: Callable[[], Mapping[str, Any] | None]) -> Any:
        """Send a command again until there is a final answer. Returns None if the connection ended
        before it, or if `fields` returned None: there is nothing to send any more. Raises a
        refusal."""
        transport = self._transport
        attempt = 0
        while self.is_live and transport is self._transport:
            present = fields()
            if present is None:
                return None
            try:
                return await self.command(type_, present)
            except ChatError as error:
                if not error.is_retryable:
                    raise
                waits = error.status or (attempt and self.is_live)
                await asyncio.sleep(retry_delay(error, attempt) if waits else 0)
            attempt += 1
        return None

    async def _run(self) -> None:
        expired = False
        while True:
            self._become("connecting")
            code: int | None = None
            try:
                token = await self._tokens.fresh(expired=expired)
            except NotAuthenticated as error:
                return self._end(error, "signed_out")
            except ChatError:
                expired = False
            else:
                code = await self._connected(token)
                expired = code == _EXPIRED
            if self.ended is not None:
                return None
            delay = self._come_back
            if delay is None:
                delay = reconnect_delay(self._failures + self._faults)
            self._come_back = None
            self._failures += 1
            self._become("waiting")
            if code is not None:
                self._listener.lost()
            await self._pause(delay)

    async def _connected(self, token: str) -> int:
        """Use one socket. Return its close code."""
        transport = Transport(
            heartbeat=self._heartbeat,
            tasks=self._tasks,
            on_event=self._received,
            on_late=self._listener.late,
        )
        self._transport = transport
        try:
            code = await transport.run(self._url, token, self._ssl_context)
        finally:
            self._transport = None
            self.degraded = False
        self.code = code
        self._faults = self._faults + 1 if transport.is_faulty else 0
        if transport.obstacle:
            level = logging.INFO if self._failures else logging.WARNING  # once for each outage
            _log.log(level, "cannot connect to %s: %s; trying again", self._url, transport.obstacle)
        else:
            _log.info("the connection ended with the code %d", code)
        if code >= 4500 and not (code == _EXPIRED and self._tokens.can_refresh):
            text = transport.reason or f"The server closed the connection with the code {code}."
            error = SessionEnded(text, close_code=code)
            self._end(error, "replaced" if code == _REPLACED else "signed_out")
            self._listener.lost()
        return code

    def _reason(self) -> ChatError:
        return self.ended or SessionEnded("The client is not connected.")

    def _end(self, error: ChatError, state: ConnectionState) -> None:
        _log.warning("the session ended: %s", error.code)
        self.ended = error
        self._become(state)

    def _refuse(self, user_id: str) -> None:
        text = f"The token is of {user_id}, and the outbox of {self._only_user_id}."
        self._end(SessionEnded(text, code="another_person"), "signed_out")
        if self._transport is not None:
            self._transport.end(_GOING_AWAY)

    async def _pause(self, seconds: float) -> None:
        self._hurried.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hurried.wait(), seconds)

    def _received(self, frame: Frame) -> None:
        if frame.type in {"hello", "heartbeat"}:
            self._clock.hear(msgspec.convert(frame.at, datetime))
        if frame.type == "hello":
            if self._only_user_id not in {None, frame.data["user_id"]}:
                self._refuse(frame.data["user_id"])
                return
            self._failures = 0
            self._come_back = None
            self.degraded = bool(frame.data["degraded"])
            self._heartbeat = frame.data["heartbeat_seconds"]
            self._become("live")
        elif frame.type in {"degraded", "restored"}:
            self.degraded = frame.type == "degraded"
            self._listener.state_changed()
        elif frame.type == "auth.expiring" and self._transport is not None:
            self._tasks.start(self._refresh(self._transport))
        elif frame.type == "draining" and self._transport is not None:
            self._come_back = float((frame.data or {}).get("retry_after", 1))
            self._transport.end(_GOING_AWAY)
            return
        self._listener.received(frame)

    async def _refresh(self, transport: Transport) -> None:
        """Send a fresh token before the present one ends."""
        attempt = 0
        while transport is self._transport and self._tokens.can_refresh:
            try:
                token = await self._tokens.fresh(expired=True)
                await self.command("auth.refresh", {"token": token})
            except ChatError as error:
                _log.info("the token was not refreshed: %s", error.code)
                await asyncio.sleep(1 + reconnect_delay(min(attempt, 3)))
                attempt += 1
            else:
                return

    def _become(self, state: ConnectionState) -> None:
        if state != self.state:
            _log.info("%s", state)
        self.state = state
        if self.is_over:
            self._tokens.forget()
        self._changed.set()
        self._listener.state_changed()
