"""Where a client is checked: servers, other people, and the wire between them and the client."""

import asyncio
import contextlib
import itertools
import signal
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any, Self

from config.development.instances import development_environment
from config.development.ports import free_port
from config.development.processes import Process
from tests.chaos.redis_servers import RedisServer
from tests.clients.checking.subject import Mistake, Subject
from tests.clients.checking.truth import differences, truth_of
from tests.clients.checking.wire import Line, Wire
from tests.clients.rest import Refused, Rest, http_client
from tests.databases import migrate
from tests.releases import PRESENT
from tests.servers.forked import forked_instance

Json = dict[str, Any]

ME = "ann"
"""Whose client is under test."""
PATIENCE_SECONDS = 90.0
"""How long it may take to come right: its delays grow to 30 seconds."""
_LOOK_SECONDS = 0.1


class Stage:
    """Enter the context to start the servers and the client, which is connected then."""

    def __init__(self, command: Sequence[str], *, instances: int) -> None:
        """With two instances there is a Redis between them."""
        self.command = command
        """What starts the client, from its next start on."""
        self.patience = PATIENCE_SECONDS
        self._count = instances
        self._groups: list[str] = []
        self._exit = AsyncExitStack()
        self._servers: list[tuple[int, ExitStack, Process]] = []
        self._numbers = itertools.count(1)
        self.token_seconds: int | None = None
        """How long the tokens live that the client gets; None: an hour."""

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chat-check-")))
            redis = ""
            if self._count > 1:
                self.redis = await stack.enter_async_context(RedisServer())
                redis = f"redis://127.0.0.1:{self.redis.port}/0"
            self._environment = development_environment(
                DJANGO_SETTINGS_MODULE="config.settings",
                DATABASE_URL=f"sqlite:///{folder / 'chat.sqlite3'}",
                CHAT_STORE="sql",
                REDIS_URL=redis,
                CHAT_RATE_LIMITS="off",
                CHAT_DEMO="0",
            )
            await asyncio.to_thread(migrate, self._environment)
            stack.callback(self._stop_servers)
            for _ in range(self._count):
                await self._start_server()
            self.http = await stack.enter_async_context(http_client(self.server_url))
            self.me, self.bob, self.cid = (Rest(self.http, one) for one in (ME, "bob", "cid"))
            self.wire = await stack.enter_async_context(
                Wire(self._servers[0][0], self._issue_token)
            )
            self._subjects = await stack.enter_async_context(AsyncExitStack())
            history = await self.group("Old times")
            for number in range(60):  # more than a page
                await self.say(history, f"Long ago {number}.")
            self._groups.clear()
            await self.restart_subject()
            self._exit = stack.pop_all()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._exit.aclose()

    @property
    def server_url(self) -> str:
        return f"http://127.0.0.1:{self._servers[0][0]}"

    # The servers

    async def _start_server(self) -> None:
        port, exit_ = free_port(), ExitStack()
        environment = {**self._environment, "INSTANCE_ID": f"instance-{len(self._servers) + 1}"}
        process = await asyncio.to_thread(
            exit_.enter_context, forked_instance(port, environment=environment)
        )
        self._servers.append((port, exit_, process))

    def _stop_servers(self) -> None:
        for _, exit_, _ in self._servers:
            exit_.close()

    def switch(self) -> None:
        """Lead new connections to the other instance."""
        ports = [port for port, _, _ in self._servers]
        other = ports[1] if self.wire.target_port == ports[0] else ports[0]
        self.wire.target_port = other

    async def move(self) -> None:
        """Cut the client's connection, and wait until it has another one, to the other instance.
        Raises Mistake."""
        before = len(self.wire.lines)
        self.switch()
        self.wire.lines[-1].cut()
        await self.live(after=before)

    async def drain_second(self) -> None:
        """Ask the second instance to end; it sends its sockets elsewhere before it does."""
        self._servers[1][2].send_signal(signal.SIGTERM)

    async def kill_second(self) -> None:
        self._servers[1][2].send_signal(signal.SIGKILL)

    async def replace_second(self) -> None:
        """Start another one in the place of the second instance, which has ended."""
        _, exit_, process = self._servers.pop()
        await asyncio.to_thread(process.wait, PATIENCE_SECONDS)
        await asyncio.to_thread(exit_.close)
        await self._start_server()

    async def new_epoch(self) -> None:
        """Do what belongs to the restore of a backup."""
        await asyncio.to_thread(PRESENT.manage, self._environment, "new_epoch")

    async def _issue_token(self, user_id: str) -> str:
        body: Json = {"user_id": user_id}
        if self.token_seconds is not None:
            body["expires_in"] = self.token_seconds
        answer = await self.http.post("/api/v1/dev/tokens", json=body)
        token: str = answer.raise_for_status().json()["token"]
        return token

    # What people do

    async def group(self, title: str, *others: str) -> str:
        """The id of a new group of Bob's, with the client's person in it."""
        body = {"kind": "group", "participant_ids": [ME, *others], "title": title}
        conversation = await self.bob.request("POST", "/conversations", body)
        id_: str = conversation["id"]
        self._groups.append(id_)
        return id_

    async def leave_groups(self) -> None:
        """Let Bob remove the client's person from what `group` made, so that looking at everything
        stays cheap."""
        groups, self._groups = self._groups, []
        for id_ in groups:
            with contextlib.suppress(Refused):  # not in it any more
                await self.bob.remove(id_, ME)

    async def say(self, conversation_id: str, text: str | None = None) -> Json:
        """Let Bob say something; the message."""
        text = text or f"Something {next(self._numbers)}."
        return await self.bob.send(conversation_id, text, f"bob-{next(self._numbers)}")

    async def say_all(self, conversation_id: str, count: int) -> None:
        for _ in range(count):
            await self.say(conversation_id)

    # The client

    async def restart_subject(self) -> None:
        """Start it anew, without what it knew, and connect it."""
        await self._subjects.aclose()
        self.wire.mend()
        self.token_seconds = None
        self.subject = await self._subjects.enter_async_context(Subject(self.command))
        await self.connect()
        await self.agree()

    async def connect(self) -> None:
        await self.subject.do(
            "connect",
            url=self.wire.url,
            token_url=f"{self.wire.url}/token?user={ME}",
            user_id=ME,
        )

    async def send(self, conversation_id: str, text: str) -> None:
        """Let the client send."""
        await self.subject.do("send", conversation_id=conversation_id, text=text)

    async def live(self, *, after: int = 0) -> Line:
        """The client's socket, once `hello` was passed on to it on its socket number `after` + 1
        or a later one. Raises Mistake."""
        await self.until(
            lambda: self.wire.line is not None and len(self.wire.lines) > after,
            "It does not connect",
        )
        line = self.wire.line
        assert line is not None
        return line

    async def agree(self) -> None:
        """Wait until the client shows exactly what the store has. Raises Mistake."""
        seen: list[str] = ["It shows nothing."]

        async def agrees() -> bool:
            state = await self.subject.state()
            seen.clear()
            if state["outbox"]:
                seen.append(f"These wait in its outbox: {state['outbox']}")
            if state["connection"] != "live":
                seen.append(f"It says that it is {state['connection']}.")
            if not seen:  # what is stored takes many requests
                seen[:] = differences(state, await truth_of(self.me), ME)
            return not seen

        await self.until_shown(agrees, lambda: "\n  ".join(seen[:6]))

    async def shows(self, holds: Callable[[Json], bool], what: str) -> None:
        """Wait until the state holds this. Raises Mistake."""

        async def looks() -> bool:
            return holds(await self.subject.state())

        await self.until_shown(looks, lambda: what)

    async def until(self, holds: Callable[[], bool], what: str) -> None:
        async def looks() -> bool:
            return holds()

        await self.until_shown(looks, lambda: what)

    async def until_shown(
        self, holds: Callable[[], Awaitable[bool]], what: Callable[[], str]
    ) -> None:
        end = time.monotonic() + self.patience
        while not await holds():
            if time.monotonic() > end:
                raise Mistake(f"After {self.patience:g} s: {what()}")
            await asyncio.sleep(_LOOK_SECONDS)

    async def sent_once(self, conversation_id: str, *texts: str) -> None:
        """Whether each of these texts is in the store once, in this order. Raises Mistake."""
        found = [one["text"] for one in await self.me.history(conversation_id)]
        for text in texts:
            if (count := found.count(text)) != 1:
                raise Mistake(f"{text!r} was stored {count} times.")
        kept = [text for text in found if text in texts]
        if kept != list(texts):
            raise Mistake(f"{list(texts)} were stored in the order {kept}.")
