"""People without a socket, whose phones have to ring for every message, and once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from tests.chaos.scene import Scene
from tests.chaos.trying import Tries
from tests.clients.known import Wrong
from tests.clients.rest import Data

_PAUSE_SECONDS = 0.25
_RING_SECONDS = 120.0
_POLL_SECONDS = 0.25


class Phones:
    """`check` what came of `ringing`."""

    def __init__(self, scene: Scene, *, many: int = 4) -> None:
        assert scene.cluster.notifications is not None
        self._scene = scene
        self._notifications = scene.cluster.notifications
        self._tries = Tries(scene.crowd.ledger, scene.chance)
        self._sender = scene.rest_of("phones.sender")
        self._people = [f"phones.person-{number}" for number in range(many)]
        self._conversation_id = ""
        self._messages: list[str] = []
        self._over = False

    @asynccontextmanager
    async def ringing(self) -> AsyncIterator[None]:
        """Send one message after the other to them all, until the context is left."""
        await self._begin()
        self._over = False
        sending = asyncio.create_task(self._send())
        try:
            yield
        finally:
            self._over = True
            await sending

    async def _begin(self) -> None:
        for person in self._people:
            body = {"token": _token(person), "platform": "android"}
            rest = self._scene.rest_of(person)
            await self._tries.until_known(partial(rest.request, "PUT", "/devices/phone", body))
        founded: Data = await self._sender.create_group(*self._people, title="Phones")
        self._conversation_id = founded["id"]

    async def _send(self) -> None:
        while not self._over:
            number = len(self._messages)
            send = partial(
                self._sender.send, self._conversation_id, f"Ring {number}", f"ring-{number}"
            )
            answer = await self._tries.until_known(send)
            if answer.done:
                self._messages.append(answer.data["id"])
            else:
                self._tries.expect(answer)
            await asyncio.sleep(_PAUSE_SECONDS)

    async def check(self) -> None:
        """All that is queued is done, every phone rang for every message, and none twice."""
        end = asyncio.get_running_loop().time() + _RING_SECONDS
        while asyncio.get_running_loop().time() < end:
            if not self._silent() and not await self._notifications.waiting():
                break
            await asyncio.sleep(_POLL_SECONDS)
        require, rung = self._scene.require, self._notifications.rung()
        self._scene.figures["rung for"] = f"{len(self._messages)} messages"
        silent, waiting = self._silent(), await self._notifications.waiting()
        require(not silent, f"{len(silent)} pushes are missing, as {silent[:3]}", Wrong.LOST)
        require(not waiting, f"{waiting} jobs are still in the queue", Wrong.LOST)
        dead = await self._notifications.dead_letters()
        require(not dead, f"{dead} jobs are dead letters", Wrong.LOST)
        twice = [key for key, times in rung.items() if times > 1]
        require(not twice, f"{len(twice)} pushes came twice, as {twice[:3]}", Wrong.DOUBLED)

    def _silent(self) -> Sequence[tuple[str, str]]:
        """Which messages no push told of, and to whom."""
        rung = self._notifications.rung()
        wanted = [(id_, _token(person)) for id_ in self._messages for person in self._people]
        return [one for one in wanted if one not in rung]


def _token(person: str) -> str:
    return f"token-of-{person}"
