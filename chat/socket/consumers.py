"""The consumer: one WebSocket connection of one person.

Incoming frames are commands, which run one after the other while events are delivered. Outgoing
frames go through the outbox. The consumer has no channel layer of its own: the hub receives for all
sockets of the process, so a new connection does not wait for Redis.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import structlog
from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer

from chat.authentication import Identity, require_unrevoked
from chat.authentication.handshakes import forget_headers, handshake_token
from chat.exceptions import NotAuthenticated, TokenExpired
from chat.limits.strangers import address_of
from chat.limits.throttling import require_few_violations, require_rate, turn
from chat.origins import socket_origin_allowed
from chat.request_ids import request_id_of
from chat.socket.close_codes import CODE_OF_ENDING, CloseCode
from chat.socket.command import DEADLINE_SECONDS
from chat.socket.command_queue import CommandQueue
from chat.socket.direct_transport import DIRECT_TRANSPORT
from chat.socket.heartbeat import Heartbeat
from chat.socket.outbox import Outbox
from chat.socket.runner import Runner
from chat.socket.token_expiry import TokenExpiry
from chat.state import state_of
from messaging.concurrency.first_step import within
from messaging.concurrency.tasks import stop_tasks
from messaging.delivery.hub.connections import Connection, Ending
from messaging.domain.exceptions import Banned, RateLimited, TokenRevoked, Unavailable
from messaging.instruments.origin import set_origin
from messaging.services import sessions

logger = structlog.get_logger(__name__)

SUBPROTOCOL = "chat.v1"
_GRACE_SECONDS = 5.0


class ChatConsumer(AsyncConsumer):  # type: ignore[misc]
    channel_layer_alias = "none"  # no layer has this name, so Channels creates no channel

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Run the connection, and clean up. Neither server runs `disconnect` after an error or when
        it exits."""
        self.state = state_of(scope)
        self.instance = self.state.instance
        self._connection: Connection | None = None
        self._direct = scope.get("extensions", {}).get(DIRECT_TRANSPORT)
        self._outbox = Outbox(send, direct=self._direct, on_close=self._part, on_end=self._end)
        self._main = asyncio.current_task()
        self._given_up = False
        self._left_with: int | None = None
        self._commands = CommandQueue()
        self._queueing = False
        """Whether a received command waits for room in the queue."""
        self._run_at_once: Callable[[str], bool] | None = None
        """Runs a command in the present step, while the worker waits for one."""
        self._worker: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._heartbeat = Heartbeat(
            sessions.heartbeats(self.instance),
            sessions.HEARTBEAT_SECONDS,
            on_beat=self._outbox.put_shared,
            on_idle=self._idle,
        )
        self._grace: asyncio.TimerHandle | None = None
        self._expiry = TokenExpiry(on_expiring=self._expiring, on_expired=self._expired)
        self.scope = scope
        self.base_send = send
        try:
            # Channels' own loop starts a task for every message, to receive from a layer as well.
            while True:
                await self.dispatch(await receive())
        except StopConsumer:
            pass
        except asyncio.CancelledError:
            if not self._given_up:
                raise
        except Exception:
            self._outbox.close(CloseCode.INTERNAL_ERROR)
            raise
        finally:
            try:
                await self._leave()
            finally:
                # Its parts form reference cycles. Only the garbage collector could free them, and
                # it stops the event loop. The remaining cycles are those of the server.
                self.__dict__.clear()

    async def dispatch(self, message: Mapping[str, Any]) -> None:
        """Handle a message. Channels' own method hops to a thread for every message to close old
        database connections, and none are used here."""
        match message["type"]:
            case "websocket.connect":
                await self._accept()
            case "websocket.receive":
                self._heartbeat.heard()
                if not self._outbox.closed and self._ending is None:
                    self._queueing = True
                    await self._commands.put(message.get("text"))
                    self._queueing = False
            case "websocket.disconnect":
                self._left_with = message.get("code")
                raise StopConsumer

    def _take(self, text: str) -> bool:
        """Take a command that the server has just read, past `receive`. Return False if it must
        wait behind an earlier one."""
        is_first = self._commands.empty()
        if self._queueing or (not is_first and self._commands.full()):
            return False
        self._heartbeat.heard()
        if self._outbox.closed or self._ending is not None:
            return True
        run = self._run_at_once
        if run is None or not (is_first and self._outbox.has_room and run(text)):
            self._commands.put_nowait(text)
        return True

    async def _accept(self) -> None:
        subprotocols = self.scope.get("subprotocols", [])
        subprotocol = SUBPROTOCOL if SUBPROTOCOL in subprotocols else None
        # Accept a bad token first, then close: a browser cannot see the reason of a refused
        # handshake.
        request_id = request_id_of(self.scope)
        await self.send(
            {
                "type": "websocket.accept",
                "subprotocol": subprotocol,
                "headers": [(b"x-request-id", request_id.encode())],
            }
        )
        if self._direct is not None:
            self._direct.read(self._take)
        # Run this beside receiving, so that a disconnect during the connect is noticed.
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            self._worker = asyncio.create_task(self._serve())

    async def _serve(self) -> None:
        try:
            if not socket_origin_allowed(self.scope):
                logger.info("session.origin_refused", refused=True)
                await self._refuse(CloseCode.ORIGIN_REFUSED)
                return
            if sessions.draining(self.instance):
                self._outbox.close(CloseCode.DRAINING)
                return
            identity, connection = await self._open(handshake_token(self.scope))
            if sessions.draining(self.instance):
                self._outbox.close(CloseCode.DRAINING)
            if self._outbox.closed:  # the `hello` may have failed to reach the client
                self._end_session()
                return
            # The commands are no part of the handshake.
            structlog.contextvars.unbind_contextvars("request_id")
            set_origin(None)
            structlog.contextvars.bind_contextvars(connection_id=connection.id)
            forget_headers(self.scope)
            self._heartbeat.start()
            connection.expires_at = identity.expires_at
            self._expiry.set(identity.expires_at)
            await self._work(connection)
        except TokenExpired:
            await self._refuse(CloseCode.TOKEN_EXPIRED)
        except NotAuthenticated:
            await self._refuse(CloseCode.NOT_AUTHENTICATED)
        except (TokenRevoked, Banned):
            self._outbox.close(CloseCode.BANNED_OR_LOGGED_OUT)
        except (Unavailable, RateLimited, TimeoutError):
            self._outbox.close(CloseCode.TRY_AGAIN_LATER)
        except Exception:
            logger.exception("session.failed")
            self._outbox.close(CloseCode.INTERNAL_ERROR)

    async def _refuse(self, code: CloseCode) -> None:
        """Close a socket without a right to connect, and count it for its address. The more sockets
        the address opens, the longer the close takes."""
        await self.state.strangers.count(self.scope)
        self._outbox.close(code)

    async def _open(self, token: str) -> tuple[Identity, Connection]:
        begun = time.monotonic()
        identity = await within(
            self.state.shown_tokens.identify(token, address_of(self.scope)), DEADLINE_SECONDS
        )
        if identity.service is not None:
            raise NotAuthenticated("A service account has no socket. Use REST.")
        # The time of the verification counts towards the deadline. Waiting for a turn does not.
        left = DEADLINE_SECONDS - (time.monotonic() - begun)
        structlog.contextvars.bind_contextvars(user_id=identity.user_id)
        async with turn(self.state.turns.connects, identity.user_id):
            await require_few_violations(self.instance.local_rates, identity.user_id)
            await require_rate(
                self.instance.rates, self.state.person_rates.requests, identity.user_id
            )
            async with sessions.turn(self.instance):
                connection = await within(self._connect(token, identity), left)
        return identity, connection

    async def _connect(self, token: str, identity: Identity) -> Connection:
        await require_unrevoked(self.state.tokens, self.instance, token, identity)
        self._connection = await sessions.open_session(
            self.instance,
            user_id=identity.user_id,
            signed_in_at=identity.signed_in_at,
            outlet=self._outbox,
        )
        return self._connection

    async def _work(self, connection: Connection) -> None:
        """Run the commands one after the other. While the client does not read its answers, its
        next commands wait."""
        runner = Runner(self.state, connection, outbox=self._outbox, expiry=self._expiry)
        while True:
            await self._outbox.room()
            self._run_at_once = runner.run_at_once
            text = await self._commands.get()
            self._run_at_once = None
            await runner.run(text)
            self._commands.task_done()

    def _idle(self) -> None:
        self._outbox.close(CloseCode.SILENT)

    def _expiring(self, expires_at: datetime) -> None:
        self._outbox.put(sessions.expiring_frame(self.instance, expires_at))

    def _expired(self) -> None:
        self._outbox.close(CloseCode.TOKEN_EXPIRED, drop=True)

    def _end(self, reason: Ending) -> None:
        """End the connection for a reason of the core.

        Pending commands are answered first. After a revocation or a restored backup there are no
        answers: the person may get nothing more, or the answers may be based on lost changes.
        """
        if reason in {Ending.ACCESS_REVOKED, Ending.RESTORED}:
            self._outbox.close(CODE_OF_ENDING[reason], drop=True)
        elif self._ending is None:
            self._ending = asyncio.create_task(self._finish(CODE_OF_ENDING[reason]))

    async def _finish(self, code: CloseCode) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DEADLINE_SECONDS):
                await self._commands.join()
        self._outbox.close(code)

    def _part(self) -> None:
        """End the session when the socket starts to close. A client that does not read may ignore
        the close, so wait only for a grace period."""
        self._end_session()
        self._expiry.stop()
        self._heartbeat.stop()
        if self._worker is not None:
            self._worker.cancel()
        if self._grace is None:
            loop = asyncio.get_running_loop()
            self._grace = loop.call_later(_GRACE_SECONDS, self._give_up)

    def _give_up(self) -> None:
        if self._main is not None and not self._main.done():
            self._given_up = True
            self._main.cancel()

    def _end_session(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            code = self._outbox.close_code or self._left_with
            sessions.close_session(
                self.instance, connection, code=None if code is None else int(code)
            )

    async def _leave(self) -> None:
        """End the session, and cancel everything that would call this consumer later."""
        self._end_session()
        if self._direct is not None:
            self._direct.read(None)
        self._outbox.forget_callbacks()
        try:
            await stop_tasks(*(task for task in (self._worker, self._ending) if task is not None))
        finally:
            self._end_session()  # the worker may have just opened one
            self._expiry.stop()
            self._heartbeat.stop()
            if self._grace is not None:
                self._grace.cancel()
            self._commands.forget()
            await self._outbox.stop()
