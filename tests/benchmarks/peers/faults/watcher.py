"""Watchers: clients that come back after each end, and note every message that they take."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from typing import Any

import httpx
import orjson

from tests.benchmarks.peers.dialects import Dialect, Product
from tests.benchmarks.peers.faults.line import BROKEN, MARK, Line, open_line
from tests.clients.rest import token_of

_RETRY_SECONDS = 0.25


class Watcher:
    """Takes every message as it comes: all that a peer without a history allows."""

    def __init__(self, port: int, dialect: Dialect, conversation: str, user: str) -> None:
        self.taken: list[tuple[int, float]] = []
        """The numbers of the messages, and when each was taken."""
        self.connected = asyncio.Event()
        self._port, self._dialect = port, dialect
        self._conversation, self._user = conversation, user
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._live())

    async def leave(self) -> None:
        """Disconnect, until `start`."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self.connected.clear()

    async def _live(self) -> None:
        while True:
            with contextlib.suppress(*BROKEN):
                async with open_line(
                    self._port, self._dialect, self._conversation, self._user
                ) as line:
                    self.connected.set()
                    await self._begin(line)
                    while True:
                        await self._read(line, await line.read())
            self.connected.clear()
            await asyncio.sleep(_RETRY_SECONDS)

    async def _begin(self, line: Line) -> None:
        """Handle the greeting."""

    async def _read(self, line: Line, text: str) -> None:
        self._take(text)

    def _take(self, text: str) -> None:
        now = time.monotonic()
        self.taken += [(int(number), now) for number in MARK.findall(text)]


class ProductWatcher(Watcher):
    """Follows docs/socket.md: a cursor, `conversation.sync` for what is missing, and REST after a
    `reset`."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._cursor = 0
        self._syncing = False

    async def _begin(self, line: Line) -> None:
        self._syncing = False
        named = orjson.loads(line.hello)["data"]["conversations"].get(self._conversation)
        if named is not None and named["version"] > self._cursor:
            await self._sync(line)

    async def _read(self, line: Line, text: str) -> None:
        frame = orjson.loads(text)
        if frame["type"] == "reply":
            await self._take_changes(line, frame["data"]["conversations"][self._conversation])
        elif frame["type"] == "error":
            self._syncing = False
            await self._sync(line)
        elif frame["type"] == "message.created" and frame["version"] > self._cursor:
            if frame["version"] == self._cursor + 1:
                self._accept(frame["version"], frame["data"]["message"])
            else:
                await self._sync(line)  # its answer contains this message too
        elif frame["type"] in {"resync", "conversation.changes"}:
            await self._sync(line)

    async def _sync(self, line: Line) -> None:
        if not self._syncing:
            self._syncing = True
            command = {
                "id": 1,
                "type": "conversation.sync",
                "conversations": {self._conversation: self._cursor},
            }
            await line.write(orjson.dumps(command).decode())

    async def _take_changes(self, line: Line, changes: dict[str, Any]) -> None:
        self._syncing = False
        if changes["status"] == "reset":
            await self._load()
            await self._sync(line)
            return
        for message in changes["messages"]:
            self._accept(message["version"], message)
        self._cursor = max(self._cursor, changes["version"])
        if changes["more"]:
            await self._sync(line)

    async def _load(self) -> None:
        """Load the conversation again, page by page, above the last message taken."""
        headers = {"Authorization": f"Bearer {token_of(self._user)}"}
        url = f"http://127.0.0.1:{self._port}/api/v1/conversations/{self._conversation}/messages"
        async with httpx.AsyncClient(headers=headers, trust_env=False, timeout=30) as http:
            more = True
            while more:
                # Only sends happen here, so a message's number is its version.
                answer = await http.get(url, params={"after": self._cursor, "limit": 100})
                page = answer.raise_for_status().json()
                for message in page["items"]:
                    self._accept(message["version"], message)
                more = page["has_more_after"]

    def _accept(self, version: int, message: dict[str, Any]) -> None:
        if version > self._cursor:
            self._cursor = version
            self._take(message["text"])


def watchers(
    count: int, port: int, dialect: Dialect, conversation: str, people: Sequence[str]
) -> list[Watcher]:
    kind = ProductWatcher if isinstance(dialect, Product) else Watcher
    return [kind(port, dialect, conversation, people[number]) for number in range(count)]
