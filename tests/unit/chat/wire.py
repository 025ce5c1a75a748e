"""The consumer from below: what an ASGI server gives to it and takes from it."""

import asyncio
import json
from typing import Any

from chat.authentication import issue_development_token
from chat.socket.consumers import ChatConsumer
from chat.state import ApplicationState, with_state
from messaging.runtime.instance import Instance
from tests.frames import read_frame

Frame = dict[str, Any]
PATIENCE = 30


class Wire:
    """The server's side of one socket: what it gives to the consumer and what it takes."""

    def __init__(
        self,
        instance: Instance,
        user_id: str = "ann",
        token: str | None = None,
        *,
        state: ApplicationState | None = None,
    ) -> None:
        """Without a state, the socket has one of its own."""
        self._own = None if state else ApplicationState(instance)
        self._incoming: asyncio.Queue[Frame] = asyncio.Queue()
        self._outgoing: asyncio.Queue[Frame] = asyncio.Queue()
        self.writable = asyncio.Event()
        self.writable.set()
        self.lost = False
        scope: Frame = {
            "type": "websocket",
            "path": "/ws/v1",
            "headers": [],
            "subprotocols": ["chat.v1", f"bearer.{token or issue_development_token(user_id)}"],
        }
        self.give("websocket.connect")
        state = state or self._own
        assert state is not None
        self.scope = with_state(scope, state)
        self.task = asyncio.create_task(self._serve(instance))

    async def _serve(self, instance: Instance) -> None:
        await instance.start()  # as the first request does
        application: Any = ChatConsumer.as_asgi()
        await application(self.scope, self._incoming.get, self._send)

    async def _send(self, message: Frame) -> None:
        await self.writable.wait()
        if self.lost and message["type"] == "websocket.send":
            raise ConnectionResetError  # as ASGI 2.4 has it
        await self._outgoing.put(message)

    def give(self, kind: str, **fields: Any) -> None:
        """A message of the server's; without a kind it is a fault of the server's."""
        self._incoming.put_nowait({"type": kind, **fields} if kind else {})

    def command(self, **fields: Any) -> None:
        self.give("websocket.receive", text=json.dumps(fields))

    async def ask(self, kind: str, **fields: Any) -> Frame:
        """The answer to a command; what comes before it is skipped."""
        self.command(id=kind, type=kind, **fields)
        while (frame := await self.frame()).get("id") != kind:
            pass
        return frame

    async def taken(self) -> None:
        """Return once the consumer has what it was given: a step or two after it was received."""
        while not self._incoming.empty():
            await asyncio.sleep(0)
        for _ in range(25):
            await asyncio.sleep(0)

    async def next(self) -> Frame:
        async with asyncio.timeout(PATIENCE):
            return await self._outgoing.get()

    async def frame(self) -> Frame:
        message = await self.next()
        assert message["type"] == "websocket.send", message
        return read_frame(message["text"])

    async def opened(self) -> Frame:
        """Accept and `hello`."""
        accepted = await self.next()
        ((name, _),) = accepted.pop("headers")
        assert name == b"x-request-id"
        assert accepted == {"type": "websocket.accept", "subprotocol": "chat.v1"}
        hello = await self.frame()
        assert hello["type"] == "hello"
        return hello

    async def close_code(self) -> int:
        """The code with which it is closed; frames before are skipped."""
        while (message := await self.next())["type"] != "websocket.close":
            pass
        code: int = message["code"]
        return code

    async def end(self) -> None:
        if not self.task.done():
            self.give("websocket.disconnect", code=1000)
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(self.task, return_exceptions=True)
        if self._own is not None:
            self._own.close()
