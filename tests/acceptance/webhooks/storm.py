"""The storm: people chat while the endpoints are unreliable, and workers are killed."""

import asyncio
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from tests.acceptance.webhooks.gate import Gate, Mood
from tests.acceptance.webhooks.stage import TIMES, Stage
from tests.acceptance.webhooks.talk import Talk, answers_in, proceed
from tests.clients.rest import Data
from tests.moments import lapse
from tests.notifications.workers import worker

_PROGRESS = 10
"""The events that a failing endpoint gets before the worker is killed."""
_STILL_SECONDS = 180.0
"""An endpoint that gets nothing for so long gets nothing any more: the leases of a killed worker
end within a minute."""
_LOOK_SECONDS = 0.5
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
                await self._until(lambda gate, _: bool(gate.spoiled[mood]))
                await lapse(_HUNG_SECONDS)  # the requests end
            case _:
                before = {gate.port: len(gate.handled) + _PROGRESS for gate in self.gates}
                await self._until(lambda gate, _: len(gate.handled) >= before[gate.port])

    async def _calm(self) -> None:
        """Wait until every endpoint knows of all messages and of the bot's answers, and then of the
        latest version of each conversation. Then it must show each message as the store does."""
        answers = sum(talk.questions for talk in self.talks)
        sent = {id_ for talk in self.talks for id_ in talk.sent}
        await self._until(
            lambda _, shown: sent <= shown.keys() and len(answers_in(shown)) >= answers
        )
        versions: dict[str, int] = {}
        stored: dict[str, Data] = {}
        for talk in self.talks:
            versions[talk.id] = await talk.version()
            stored |= await talk.shown()
        await self._until(lambda gate, _: gate.versions() == versions)
        assert all(gate.shown() == stored for gate in self.gates)

    async def _until(self, holds: Callable[[Gate, Mapping[str, Data]], bool]) -> None:
        """Wait until something holds for all endpoints, as long as any of them gets something."""
        handled, since = -1, time.monotonic()
        while not all(holds(gate, gate.shown()) for gate in self.gates):
            now = sum(gate.requests for gate in self.gates)
            if now != handled:
                handled, since = now, time.monotonic()
            assert time.monotonic() - since < _STILL_SECONDS, self._state()
            await asyncio.sleep(_LOOK_SECONDS)

    def _state(self) -> str:
        """What the endpoints have got."""
        return "; ".join(
            f"{len(gate.handled)} events, {len(gate.shown())} messages in {len(gate.events)}"
            f" conversations, {gate.requests} requests"
            for gate in self.gates
        )

    def _report(self, seconds: float) -> None:
        for gate in self.gates:
            print(
                f"{len(gate.handled)} events in {len(gate.events)} conversations,"
                f" {gate.requests} requests, {gate.spoiled.total()} of them spoiled,"
                f" {gate.repeats} repeats; {len(self.moods)} workers killed, {seconds:.0f} s"
            )
