"""Runs the commands of one socket, and answers them."""

import logging
import time
from collections.abc import Coroutine
from contextvars import copy_context
from typing import Any

import structlog

from chat.errors import problem_of
from chat.limits.throttling import (
    COMMANDS,
    count_violations_here,
    refuse,
    seconds_until_room_here,
    violation_bucket,
    violations_in,
)
from chat.socket import commands
from chat.socket.close_codes import CloseCode
from chat.socket.command import DEADLINE_SECONDS, Command, Data
from chat.socket.frames import (
    ReceivedCommand,
    Unreadable,
    encode_error,
    encode_reply,
    parse_command,
)
from chat.socket.outbox import Outbox
from chat.socket.token_expiry import TokenExpiry
from chat.state import ApplicationState
from messaging.concurrency.first_step import within
from messaging.delivery.hub.connections import Connection
from messaging.domain.exceptions import RateLimited
from messaging.instruments import tracing
from messaging.instruments.metrics import COMMAND_SECONDS
from messaging.instruments.tracing import Kind, Tracer

logger = structlog.get_logger(__name__)


class Runner:
    """Answers each command with one frame: a reply or an error."""

    __slots__ = ("_connection", "_context", "_expiry", "_outbox", "_rates", "_state", "_violations")

    def __init__(
        self,
        state: ApplicationState,
        connection: Connection,
        *,
        outbox: Outbox,
        expiry: TokenExpiry,
    ) -> None:
        self._state = state
        self._rates = state.instance.local_rates
        self._connection = connection
        self._outbox = outbox
        self._expiry = expiry
        self._violations = violation_bucket()
        self._context = copy_context()
        """The context of the task that made this, whose ids appear in the log lines."""

    async def run(self, text: str | None) -> None:
        """Run a command; None stands for a binary frame."""
        try:
            received = parse_command(text, commands.TYPED)
        except Unreadable as unreadable:
            self._outbox.put(encode_error(None, problem_of(unreadable.reason)))
            self._count_violations(violations_in(len(text or "")))
            return
        command = commands.command_of(received)
        begun = time.monotonic()
        try:
            wait = seconds_until_room_here(self._rates, COMMANDS, self._connection.user_id)
            if wait > 0:
                await refuse(wait)
            handling = commands.handle(self._state, received, self._connection)
            if tracing.tracer is not None:
                handling = _traced(tracing.tracer, handling, command)
            data = await within(handling, DEADLINE_SECONDS if command is None else command.deadline)
        except Exception as error:  # noqa: BLE001 - the one funnel from exceptions to frames
            self._refuse(received, command, error, begun, size=len(text or ""))
        else:
            self._reply(received, command, data, begun)

    def run_at_once(self, text: str) -> bool:
        """Run a command that never waits. Return False, having done nothing, if it may wait or is
        refused."""
        return commands.may_run_at_once(text) and self._context.run(self._run_at_once, text)

    def _run_at_once(self, text: str) -> bool:
        try:
            received = parse_command(text, commands.TYPED)
        except Unreadable:
            return False
        command = commands.command_of(received)
        if command is None or command.waits or not received.validated:
            return False
        if seconds_until_room_here(self._rates, COMMANDS, self._connection.user_id) > 0:
            return False
        begun = time.monotonic()
        try:
            data = commands.run_at_once(self._state, command, received, self._connection)
        except Exception as error:  # noqa: BLE001
            self._refuse(received, command, error, begun, size=len(text))
        else:
            self._reply(received, command, data, begun)
        return True

    def _reply(
        self, received: ReceivedCommand, command: Command | None, data: Data, begun: float
    ) -> None:
        self._outbox.put(encode_reply(received.id, data))
        expires_at = self._connection.expires_at
        if expires_at is not self._expiry.expires_at:
            self._expiry.set(expires_at)
        _note_handled(command, received, "ok", time.monotonic() - begun)

    def _refuse(
        self,
        received: ReceivedCommand,
        command: Command | None,
        error: Exception,
        begun: float,
        *,
        size: int,
    ) -> None:
        problem = problem_of(error)
        self._outbox.put(encode_error(received.id, problem))
        if commands.is_violation(command, problem.code):
            self._count_violations(violations_in(size))
        _note_handled(command, received, problem.code, time.monotonic() - begun)

    def _count_violations(self, count: int) -> None:
        """Count violations, and close the socket if it, or the person, has made too many."""
        too_many = count_violations_here(self._rates, self._connection.user_id, count)
        if self._violations.overflows(count) or too_many:
            logger.warning("session.protocol_violated")
            self._outbox.close(CloseCode.PROTOCOL_VIOLATED)


async def _traced(
    tracer: Tracer, handling: Coroutine[Any, Any, Data], command: Command | None
) -> Data:
    """Run a command. It begins a trace."""
    with tracer.span("other" if command is None else command.name, kind=Kind.SERVER):
        return await handling


def _note_handled(
    command: Command | None, received: ReceivedCommand, code: str, seconds: float
) -> None:
    """Measure and log a command that was answered."""
    level = logging.INFO if command is None else command.log_level
    refused = {}
    if command is not None and code == "ok":
        command.seconds.observe(seconds)
    else:
        COMMAND_SECONDS.labels("other" if command is None else command.name, code).observe(seconds)
        if code == RateLimited.code:
            level = logging.DEBUG
        refused = {"refused": True}
    if logging.root.isEnabledFor(level):  # structlog first makes a logger, then looks at the level
        described = commands.describe(command, received)
        logger.log(level, "command.handled", **described, code=code, **refused)
