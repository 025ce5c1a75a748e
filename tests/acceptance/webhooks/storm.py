"""The storm: people chat while the endpoints are unreliable, and workers are killed."""

import asyncio
import signal
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from tests.acceptance.webhooks.gate import Gate, Mood
from tests.acceptance.webhooks.stage import TIMES, Stage
from tests.acceptance.webhooks.talk import Talk, proceed
from tests.clients.rest import Data
from tests.moments import lapse
from tests.notifications.workers import worker

_PROGRESS = 10
"""The events that a failing endpoint gets before the worker is killed."""
_PROGRESS_SECONDS = 120.0
_CALM_SECONDS = 300.0
_HUNG_SECONDS: float = 2.5 * TIMES["request"]


@dataclass(frozen=True, kw_only=True)
class Storm:
    stage: Stage
    gates: Sequence[Gate]
    talks: Sequence[Talk]
    moods: Sequence[Mood]
    """Of all endpoints. At the end of each mood, the worker is killed."""
    down_seconds: float

    async def rage(self) -> None:
        """Return when all is sent, and every endpoint has got everything."""
        begun = time.monotonic()
        share = -(-self.talks[0].messages // (len(self.moods) + 1))
        for mood in self.moods:
            with worker(self.stage.environment) as process:
                async with AsyncExitStack() as open_:
                    for gate in self.gates:
                        await open_.enter_async_context(gate.open(mood))
                    sending = asyncio.create_task(proceed(self.talks, share))
                    await self._suffer(mood)
                    await sending
                    process.send_signal(signal.SIGKILL)
                    process.wait(10)
        with worker(self.stage.environment):
            async with AsyncExitStack() as open_:
                for gate in self.gates:
                    await open_.enter_async_context(gate.open(Mood.GOOD))
                await proceed(self.talks, share)
                await self._calm()
        self._report(time.monotonic() - begun)

    async def _suffer(self, mood: Mood) -> None:
        match mood:
            case Mood.DOWN:
                await lapse(self.down_seconds)
            case Mood.HANGS:
                async with asyncio.timeout(_PROGRESS_SECONDS):
                    while not all(gate.spoiled[mood] for gate in self.gates):
                        await asyncio.sleep(0.05)
                await lapse(_HUNG_SECONDS)  # the requests end
            case _:
                before = [len(gate.handled) for gate in self.gates]
                async with asyncio.timeout(_PROGRESS_SECONDS):
                    while any(
                        len(gate.handled) < then + _PROGRESS
                        for gate, then in zip(self.gates, before, strict=True)
                    ):
                        await asyncio.sleep(0.05)

    async def _calm(self) -> None:
        """Wait until the bot has answered, and every endpoint has the latest event of each
        conversation. Then it must show each message as the store has it."""
        silent = list(self.talks)
        async with asyncio.timeout(_CALM_SECONDS):
            while silent := [talk for talk in silent if not await talk.answered()]:
                await asyncio.sleep(0.5)
        versions: dict[str, int] = {}
        stored: dict[str, Data] = {}
        for talk in self.talks:
            versions[talk.id] = await talk.version()
            stored |= await talk.shown()
        async with asyncio.timeout(_CALM_SECONDS):
            while any(gate.versions() != versions for gate in self.gates):
                await asyncio.sleep(0.5)
        assert all(gate.shown() == stored for gate in self.gates)

    def _report(self, seconds: float) -> None:
        for gate in self.gates:
            print(
                f"{len(gate.handled)} events in {len(gate.events)} conversations,"
                f" {gate.requests} requests, {gate.spoiled.total()} of them spoiled,"
                f" {gate.repeats} repeats; {len(self.moods)} workers killed, {seconds:.0f} s"
            )
