"""A client that comes back: after every close that allows it, anywhere, from where it was."""

import asyncio
import random
import time
from collections import Counter
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from tests.chaos.cluster import Balancer
from tests.clients.client import RETRY_SECONDS, Client
from tests.clients.known import Known, Wrong
from tests.clients.rest import Data

_HELLO_SECONDS = 15.0
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 3.0
_FROM_SERVERS_AND_PROXIES = frozenset({1001, 1006, 1011, 1012, 1013})


def may_reconnect(code: int) -> bool:
    """As the contract says."""
    return 4000 <= code < 4500 or code in _FROM_SERVERS_AND_PROXIES


class StubbornClient(Client):
    def __init__(self, user_id: str, balancer: Balancer, chance: random.Random) -> None:
        super().__init__(user_id, "", balancer)
        self.closes: Counter[int] = Counter()
        """How often its sockets ended, by close code."""
        self.handshakes: Counter[str] = Counter()
        """How many handshakes were refused, by release or proxy, and status."""
        self.returns: list[float] = []
        """Seconds from the time at which an instance that ended told it to return, until it was
        connected again."""
        self._due: float | None = None
        self._balancer = balancer
        self._chance = chance
        self.checks_frames = balancer.present

    @property
    def connected(self) -> bool:
        return bool(self.hello)

    @property
    def instance_id(self) -> str:
        """Where it is connected; empty where it is not."""
        return str(self.hello.get("instance_id", ""))

    async def __aexit__(self, *exc_info: Any) -> None:
        await super().__aexit__(None, None, None)
        self.hello = {}

    async def live(self) -> None:
        tries = 0
        while True:
            self.begin()
            code = await self._one_socket()
            if self.hello:
                tries = 0
            wait = self.retry_after
            if wait is not None and self._due is None:
                self._due = time.perf_counter() + wait
            self.hello = {}
            self.unanswered()
            if code is not None and not may_reconnect(code):
                self.violated(Wrong.BROKEN, f"closed with {code}")
                return
            if wait is None:
                wait = min(_FIRST_WAIT * 2**tries, _LONGEST_WAIT) * self._chance.uniform(0.5, 1)
            tries += 1
            await asyncio.sleep(wait)

    async def drop(self) -> None:
        """End the socket of one's own accord; another one follows."""
        if self.socket is not None:
            await self.socket.close(code=1001)

    async def _one_socket(self) -> int | None:
        """Its close code; None where there was no socket."""
        instance = self._balancer.pick()
        try:
            await self.open(instance.url, trust=instance.trust)
        except InvalidStatus as refused:
            who = instance.label(refused.response.headers)
            self.handshakes[f"{who}: {refused.response.status_code}"] += 1
            return None
        except (OSError, TimeoutError, InvalidHandshake, EOFError):
            return None
        assert self.socket is not None
        assert self.socket.response is not None
        self.release = f"{instance.label(self.socket.response.headers)}: "
        watching = asyncio.create_task(self._expect_hello())
        try:
            await self.read()
        except ConnectionClosed:
            pass
        except Exception as error:
            self.violated(Wrong.BROKEN, f"unreadable: {error!r}")
            await self.socket.close()
        finally:
            watching.cancel()
        code = self.socket.close_code or 1006
        self.closes[code] += 1
        return code

    async def _expect_hello(self) -> None:
        assert self.socket is not None
        try:
            await self.wait_until(lambda: bool(self.hello), "hello", seconds=_HELLO_SECONDS)
        except AssertionError:
            self.socket.transport.abort()
        else:
            if self._due is not None:
                self.returns.append(time.perf_counter() - self._due)
                self._due = None

    # What fails is asked for again

    def not_loaded(self, conversation_id: str, known: Known, error: Exception) -> None:
        self.load_again(conversation_id, known)

    def not_synced(self, conversation_id: str, known: Known, reply: Data) -> None:
        number = known.latest_sync
        if reply["status"] == 0:
            return  # with the next socket's `hello` it is asked for again
        if reply["status"] < 500:
            self.violated(Wrong.BROKEN, f"syncing {conversation_id}: {reply}")

        async def again() -> None:
            await asyncio.sleep(RETRY_SECONDS)
            if self.connected and known.latest_sync == number and known.cursor is not None:
                self.sync(conversation_id, known)

        self.background(again())

    def finished(self, task: asyncio.Task[Any]) -> None:
        """Work on a socket that ended is nobody's fault."""
        self.tasks.discard(task)
        if not task.cancelled() and isinstance(task.exception(), (AssertionError, KeyError)):
            self.violated(Wrong.BROKEN, f"failed: {task.exception()!r}")
