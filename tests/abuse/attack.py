"""What an attack is, and what its author has at hand."""

import asyncio
import importlib
import pkgutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum

from tests.abuse import line, socket
from tests.abuse.line import Answer, Gone, Line
from tests.abuse.socket import Socket
from tests.abuse.tally import Tally


class Standing(Enum):
    """Who can make an attack."""

    STRANGER = "stranger"
    """Somebody without a token."""
    ACCOUNT = "account"
    """Somebody with one; the same attack is made by twenty accounts too."""


@dataclass(slots=True, kw_only=True)
class Attacker:
    """One account, or a stranger, at an address of the loopback network of its own."""

    port: int
    address: str
    user_id: str | None = None
    token: str | None = None
    group: str = ""
    """A conversation of this account; empty for a stranger."""
    tally: Tally = field(default_factory=Tally)

    async def line(self, address: str | None = None) -> Line:
        """A new connection, from the attacker's address or from another one of the loopback
        network. Raises Gone."""
        return await Line.open(self.port, address or self.address)

    def socket(self, *, greeted: bool = True) -> AbstractAsyncContextManager[Socket]:
        """A new WebSocket with this account's token. Raises Gone."""
        return socket.opened(self.port, self.address, self.token, greeted=greeted)

    def request(self, method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
        """A request with this account's token, below `/api/v1` where `path` does not say else."""
        return line.request(method, path, token=self.token, body=body, **headers)

    async def ask(self, connection: Line, data: bytes) -> Answer:
        """Send a request, count its answer. Raises Gone where the connection ends with it."""
        self.tally.sent += 1
        answer = await connection.ask(data)
        self.tally.note(answer, sent=0)
        if answer.closes:
            raise Gone("closes")
        return answer

    async def repeat(self, data: bytes) -> None:
        """Send the same request again and again on one connection. Raises Gone."""
        async with await self.line() as connection:
            while True:
                await self.ask(connection, data)

    @asynccontextmanager
    async def listening(self, *, greeted: bool = True) -> AsyncIterator[Socket]:
        """A socket whose answers are counted as they come. Raises Gone once it is closed."""
        async with self.socket(greeted=greeted) as opened:
            attack = asyncio.current_task()
            assert attack is not None
            reading = asyncio.create_task(self._count(opened))
            reading.add_done_callback(lambda _: opened.line.writer.transport.abort())
            try:
                yield opened
                await reading
            finally:
                reading.cancel()

    async def flood(
        self, frames: bytes, count: int, *, first: bytes = b"", greeted: bool = True
    ) -> None:
        """Send these frames, `count` in number, over and over on one socket. Raises Gone."""
        async with self.listening(greeted=greeted) as opened:
            await opened.write(first)
            while True:
                self.tally.sent += count
                await opened.write(frames)
                await asyncio.sleep(0)

    async def _count(self, opened: Socket) -> None:
        while True:
            try:
                outcome = await opened.outcome()
            except Gone:
                self.tally.note("gone", sent=0)
                return
            self.tally.note(outcome, sent=0)
            if outcome.startswith("close"):
                return


Once = Callable[[Attacker], Awaitable[None]]

SERVED = "served"
"""Among `refusals`: anybody may make these requests, as long as nobody else suffers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    name: str
    once: Once
    """One attempt. It returns, or raises Gone once it is thrown out, and is made again at once."""
    standing: Standing
    refusals: frozenset[str]
    """At least one of these outcomes must come; see `Tally.outcomes`."""
    at_once: int
    """How many attempts each attacker makes side by side."""
    answer_bytes: int
    """The most that one answer may have."""
    patience: float
    """Seconds within which the first refusal must come."""
    lawful: int
    """How many requests or commands of one account may be answered before one is refused."""

    @property
    def kind(self) -> str:
        """The file that it stands in."""
        return self.once.__module__.rpartition(".")[2]

    def was_refused(self, tally: Tally) -> bool:
        """Whether a refusal came, or none has to."""
        return SERVED in self.refusals or bool(self.refusals & tally.outcomes.keys())


_attacks: dict[str, Attack] = {}


def attack(
    standing: Standing,
    *refusals: str,
    at_once: int = 1,
    answer_bytes: int = 64 * 1024,
    patience: float = 10.0,
    lawful: int = 0,
) -> Callable[[Once], Once]:
    """Register an attack under the name of its function."""

    def register(once: Once) -> Once:
        name = once.__name__.replace("_", " ")
        assert name not in _attacks, f"There are two attacks called {name!r}."
        _attacks[name] = Attack(
            name=name,
            once=once,
            standing=standing,
            refusals=frozenset(refusals),
            at_once=at_once,
            answer_bytes=answer_bytes,
            patience=patience,
            lawful=lawful,
        )
        return once

    return register


def all_attacks() -> Mapping[str, Attack]:
    """Every attack of the folder `attacks`, by name."""
    from tests.abuse import attacks  # noqa: PLC0415  (they import this module)

    for module in pkgutil.iter_modules(attacks.__path__):
        importlib.import_module(f"{attacks.__name__}.{module.name}")
    return dict(sorted(_attacks.items()))
