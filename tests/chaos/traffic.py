"""Traffic: what a crowd does all day, at a steady pace whatever the answers."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

from tests.chaos.crowd import Crowd, Room
from tests.chaos.memberships import Memberships
from tests.chaos.messages import Messages
from tests.chaos.trying import Tries

_MAX_UNDER_WAY = 400


class Traffic:
    """`start` it and `pause` it; meanwhile the ledger fills."""

    def __init__(self, crowd: Crowd, rate: float) -> None:
        """`rate`: how many acts a second."""
        self.rate = rate
        chance = random.Random(crowd.chance.random())
        tries = Tries(crowd.ledger, chance)
        self.messages = Messages(crowd, tries, chance)
        self.memberships = Memberships(crowd, tries, chance)
        self._crowd = crowd
        self._tries = tries
        self._chance = chance
        self._weights: dict[Callable[[Room], Awaitable[None]], int] = {
            self.messages.say: 70,
            self.messages.repeat: 3,
            self.messages.edit: 7,
            self.messages.delete: 3,
            self.messages.read: 5,
            self.messages.acknowledge: 3,
            self.messages.type: 4,
            self.memberships.remove: 2,
            self.memberships.leave: 1,
            self.memberships.bring_back: 3,
            self.memberships.rename: 2,
        }
        self._under_way: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def pause(self) -> None:
        """Begin nothing more, and wait for what is under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def _run(self) -> None:
        acts, weights = list(self._weights), list(self._weights.values())
        due = time.perf_counter()
        while True:
            due += 1 / self.rate
            await asyncio.sleep(max(due - time.perf_counter(), 0))
            if len(self._under_way) < _MAX_UNDER_WAY:
                (act,) = self._chance.choices(acts, weights)
                room = self._chance.choice(self._crowd.rooms)
                task = asyncio.create_task(self._carry_out(act, room))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)

    async def _carry_out(self, act: Callable[[Room], Awaitable[None]], room: Room) -> None:
        try:
            await act(room)
        except Exception as error:
            self._tries.wrong(f"{act.__qualname__} in {room.id}: {error!r}")
