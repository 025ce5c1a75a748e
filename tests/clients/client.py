"""A client that follows the contract to the letter and writes down what does not.

`Client` is one person's socket, on which nothing may fail; what fails is a violation.
"""

import asyncio
import ssl
import time
from collections import Counter
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import TracebackType
from typing import Any, Self

import httpx
import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.clients.known import Known, Wrong
from tests.clients.rest import Data, Http, Refused, Rest, token_of
from tests.clients.view import View
from tests.frames import check_frame, read_frame

RETRY_SECONDS = 0.5
_ANSWER_SECONDS = 15.0
_OUTSIDE = frozenset({"not_a_participant", "conversation_not_found"})


class Client(View):
    """One socket. Enter the context to connect; `violations` says what the server did wrong."""

    def __init__(self, user_id: str, url: str, http: Http) -> None:
        """`http` talks to the same instance."""
        super().__init__(user_id)
        self.rest = Rest(http, user_id)
        self._url = url
        self.socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self.checks_frames = True
        """Whether frames are held against docs/asyncapi.yaml: not those of a previous release."""
        self._answers: dict[int, tuple[str, Callable[[Data], None]]] = {}
        self._waiters: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self.tasks: set[asyncio.Task[None]] = set()
        self._next_id = 0
        self.failures: Counter[str] = Counter()
        """How many commands were answered with 500 or above, by release, status and code."""
        self.release = ""
        """What the server runs, as far as the tests of upgrades tell."""

    async def __aenter__(self) -> Self:
        self._reader = asyncio.create_task(self.live())
        try:
            await self.wait_until(lambda: bool(self.hello), "hello")
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        tasks = [*self.tasks, *([self._reader] if self._reader is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self.socket is not None:
            await self.socket.close()

    # What a person does

    async def send(self, conversation_id: str, text: str, client_id: str, **fields: Any) -> Data:
        reply = await self.command(
            "message.send",
            conversation_id=conversation_id,
            text=text,
            client_id=client_id,
            **fields,
        )
        message: Data = reply["message"]
        return message

    async def command(self, kind: str, **fields: Any) -> Data:
        """The reply's data. Raises Refused, TimeoutError, ConnectionClosed."""
        answer: asyncio.Future[Data] = asyncio.get_running_loop().create_future()
        frame = self._command(kind, fields, lambda reply: _settle(answer, reply))
        await self._write(frame)
        async with asyncio.timeout(_ANSWER_SECONDS):
            reply = await answer
        if reply["type"] == "error":
            raise Refused(reply["status"], reply["code"], reply["detail"])
        data: Data = reply["data"]
        return data

    async def wait_until_loaded(self, conversation_id: str) -> None:
        def loaded() -> bool:
            return self.inside(conversation_id) and self.has_reached(conversation_id, 0)

        await self.wait_until(loaded, "a conversation")

    async def wait_until(
        self, holds: Callable[[], bool], what: str, *, seconds: float = _ANSWER_SECONDS
    ) -> None:
        """Return once it holds, looked at after every frame. Raises AssertionError."""
        if holds():
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append((holds, future))
        try:
            async with asyncio.timeout(seconds):
                await future
        except (TimeoutError, ConnectionError):
            state = {
                key: (c.cursor, c.announced, c.on_wire) for key, c in self.conversations.items()
            }
            raise AssertionError(
                f"{self.user_id} waits in vain for {what}; cursor, announced, on the wire: {state};"
                f" violations: {[str(violation) for violation in self.violations]}"
            ) from None

    # The socket

    async def live(self) -> None:
        """One socket, to its end."""
        try:
            await self.open(self._url)
            await self.read()
        except ConnectionClosed as closed:
            self.violated(Wrong.BROKEN, f"closed: {closed}")
        except Exception as error:
            self.violated(Wrong.BROKEN, f"unreadable: {error!r}")
        for _, future in self._waiters:
            if not future.done():
                future.set_exception(ConnectionError())
        self.unanswered()

    async def open(
        self, url: str, token: str | None = None, *, trust: ssl.SSLContext | None = None
    ) -> None:
        """Raises OSError, TimeoutError, InvalidHandshake. `trust` is for a server with TLS."""
        self.socket = await connect(
            url.replace("http", "ws", 1) + "/ws/v1",
            additional_headers={"Authorization": f"Bearer {token or token_of(self.user_id)}"},
            ssl=trust,
            compression=None,
            proxy=None,
            ping_interval=None,
            max_size=None,
            open_timeout=_ANSWER_SECONDS,
            close_timeout=1,
        )

    async def read(self, *, patience: Callable[[], float | None] = lambda: None) -> None:
        """Take frames until the socket is closed, and keep it from being silent. `patience` says
        for how many seconds the server may be silent; None: for ever. Raises ConnectionClosed,
        TimeoutError."""
        assert self.socket is not None
        pinging = asyncio.create_task(self._ping())
        try:
            while True:
                async with asyncio.timeout(patience()):
                    raw = await self.socket.recv(decode=False)
                frame = _read_frame(raw) if self.checks_frames else _decode(raw)
                self._take(frame, time.perf_counter())
                self._look()
        finally:
            pinging.cancel()

    def unanswered(self) -> None:
        """There will be no answers on this socket any more."""
        answers, self._answers = self._answers, {}
        for _, answer in answers.values():
            answer({"type": "error", "status": 0, "code": "closed", "detail": "The socket ended."})

    async def _ping(self) -> None:
        """A silent client would be closed."""
        while True:
            await asyncio.sleep(self.hello["heartbeat_seconds"] if self.hello else 1)
            if self.hello:
                await self._write(self._command("ping", {}, lambda reply: None))

    def _look(self) -> None:
        if self._waiters:
            waiters, self._waiters = self._waiters, []
            for holds, future in waiters:
                if holds():
                    _settle(future, None)
                else:
                    self._waiters.append((holds, future))

    def _take(self, frame: Data, at: float) -> None:
        if frame["type"] not in {"reply", "error"}:
            self.take(frame, at)
            return
        if frame["type"] == "error" and frame["status"] >= 500:
            self.failures[f"{self.release}{frame['status']} {frame['code']}"] += 1
        kind, answer = self._answers.pop(frame["id"], ("", None))
        if answer is None:
            self.violated(Wrong.BROKEN, f"an answer to nothing: {frame}")
            return
        if self.checks_frames:
            check_frame(frame, command=kind)
        answer(frame)

    # What is asked for

    def load(self, conversation_id: str, known: Known) -> None:
        self.background(self.load_from_rest(conversation_id, known))

    async def load_from_rest(self, conversation_id: str, known: Known) -> None:
        """Load what was added or named by `hello`, and what was said since one joined."""
        try:
            loaded = await self.rest.get_conversation(conversation_id)
            joined = {p["user_id"]: p["joined_version"] for p in loaded["participants"]}
            messages = []
            if loaded["version"] > joined[self.user_id]:
                above = joined[self.user_id]
                messages = await self.rest.latest(conversation_id, above=above)
        except Refused as refused:
            if refused.code in _OUTSIDE:
                self.take_not_loaded(known)
            else:
                self.not_loaded(conversation_id, known, refused)
        except httpx.HTTPError as error:
            self.not_loaded(conversation_id, known, error)
        else:
            self.take_loaded(conversation_id, known, loaded, messages)
            self._look()

    def not_loaded(self, conversation_id: str, known: Known, error: Exception) -> None:
        self.violated(Wrong.BROKEN, f"loading {conversation_id}: {error!r}")

    def load_again(self, conversation_id: str, known: Known) -> None:
        """Load it once more in a while, if it is still what one knows of this conversation."""

        async def again() -> None:
            await asyncio.sleep(RETRY_SECONDS)
            if self.conversations.get(conversation_id) is known and known.inside:
                await self.load_from_rest(conversation_id, known)
            else:
                self.take_not_loaded(known)

        self.background(again())

    def sync(self, conversation_id: str, known: Known) -> None:
        def take(reply: Data) -> None:
            if known.latest_sync != command_id:
                return
            if reply["type"] == "error":
                self.not_synced(conversation_id, known, reply)
            else:
                self.take_changes(
                    conversation_id, known, reply["data"]["conversations"][conversation_id]
                )

        fields = {"conversations": {conversation_id: known.cursor}}
        frame = self._command("conversation.sync", fields, take)
        command_id = known.latest_sync = self._next_id
        self.background(self._write(frame))

    def not_synced(self, conversation_id: str, known: Known, reply: Data) -> None:
        self.violated(Wrong.BROKEN, f"syncing {conversation_id}: {reply}")

    def background(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.finished)

    async def _write(self, frame: str) -> None:
        assert self.socket is not None
        await self.socket.send(frame)

    def _command(self, kind: str, fields: Mapping[str, Any], answer: Callable[[Data], None]) -> str:
        self._next_id += 1
        self._answers[self._next_id] = kind, answer
        return orjson.dumps({"id": self._next_id, "type": kind, **fields}).decode()

    def finished(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if not isinstance(error, ConnectionClosed):  # the reader says so
            self.violated(Wrong.BROKEN, f"failed: {error!r}")


@lru_cache(maxsize=1_024)
def _decode(raw: bytes) -> Data:
    """An instance hands the same bytes to all its sockets; nobody changes what is decoded."""
    frame: Data = orjson.loads(raw)
    return frame


@lru_cache(maxsize=1_024)
def _read_frame(raw: bytes) -> Data:
    """Decode it too, and hold it against docs/asyncapi.yaml. Raises AssertionError."""
    return read_frame(raw)


def _settle(future: asyncio.Future[Any], value: Any) -> None:
    if not future.done():
        future.set_result(value)
