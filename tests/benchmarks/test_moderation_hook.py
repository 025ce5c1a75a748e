"""What a moderation hook that is dead, hung, slow or wrong costs those who send: the limit of the
hook once, and nothing after that. The short form counts; the long form also judges the times."""

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from pytest_django import Settings

from config.development.ports import free_port
from messaging.domain.conversation import ConversationKind
from messaging.domain.exceptions import RefusedByModeration
from messaging.domain.integrations.moderation import Fallback
from messaging.instruments.outbound_metrics import MODERATED, MODERATION_HOOK_OPEN
from messaging.moderation.hook import SECONDS
from messaging.runtime.instance import Instance
from messaging.services import conversations, history, messages, receipts
from tests.benchmarks.children import Child, Figures, children
from tests.instances import new_instance
from tests.integration.moderation.rules import set_hook
from tests.moments import lapse

_MARGIN_SECONDS = 0.1
_PAUSE_SECONDS = 1.1
"""After it, a breaker that has opened lets one text try the hook."""


FAULTS = ("dead", "hung", "late", "wrong")
"""Behaviours of `tests.benchmarks.distant_hook`; nobody listens at the URL of a dead one."""


class DistantHook:
    """The hook, in its own process."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self.url = ""

    async def listen(self) -> None:
        self.url = (await self._ask("listen"))["url"]

    async def behave(self, behaviour: str) -> None:
        await self._ask("behave", behaviour=behaviour)

    async def received(self) -> int:
        """Return how many questions it has got."""
        count: int = (await self._ask("received"))["received"]
        return count

    async def _ask(self, work: str, **arguments: str) -> Figures:
        self._child.ask(work, **arguments)
        return await asyncio.to_thread(self._child.answer)


@pytest_asyncio.fixture
async def hook() -> AsyncIterator[DistantHook]:
    with children(1, module="tests.benchmarks.distant_hook") as (child,):
        hook = DistantHook(child)
        await hook.listen()
        yield hook


@dataclass
class Wave:
    """Sends of many people at once, each in a conversation of their own."""

    stored: list[str] = field(default_factory=list)
    """The ids of the messages."""
    refused: int = 0
    seconds: list[float] = field(default_factory=list)


@dataclass
class Stage:
    instance: Instance
    hook: DistantHook
    groups: Sequence[str]
    sent: Counter[str] = field(default_factory=Counter)
    """How many messages each group must have."""
    number: int = 0
    """That of the latest wave, and the client id of its messages."""

    async def wave(self) -> Wave:
        self.number += 1
        wave = Wave()
        await asyncio.gather(*(self._send(wave, group, f"{self.number}") for group in self.groups))
        return wave

    async def repeated(self) -> set[str]:
        """Repeat the sends of the latest wave, and return the ids of the messages."""
        sends = [self._message(group, f"{self.number}") for group in self.groups]
        return {sent.message.id for sent in await asyncio.gather(*sends)}

    async def breaks(self, fault: str, fallback: Fallback) -> None:
        dead = fault == "dead"
        url = f"http://127.0.0.1:{free_port()}/" if dead else self.hook.url
        await set_hook(self.instance, url, fallback=fallback)
        await self.hook.behave("allows" if dead else fault)

    async def recovers(self) -> None:
        """Let the hook answer, until it is asked again."""
        await self.hook.behave("allows")
        await set_hook(self.instance, self.hook.url)
        while is_open():
            await lapse(_PAUSE_SECONDS)
            await self.wave()

    async def stored(self) -> Counter[str]:
        store = self.instance.store
        return Counter(
            {
                group: len(await store.list_latest_messages(group, limit=1_000))
                for group in self.groups
            }
        )

    async def _send(self, wave: Wave, group: str, client_id: str) -> None:
        begun = time.perf_counter()
        try:
            sent = await self._message(group, client_id)
        except RefusedByModeration:
            wave.refused += 1
        else:
            self.sent[group] += 1
            wave.stored.append(sent.message.id)
        wave.seconds.append(time.perf_counter() - begun)

    async def _message(self, group: str, client_id: str) -> messages.SentMessage:
        return await messages.send_message(
            self.instance, user_id="ann", conversation_id=group, text="hello", client_id=client_id
        )


def is_open() -> bool:
    (metric,) = MODERATION_HOOK_OPEN.collect()
    return metric.samples[0].value == 1


def unanswered() -> float:
    (metric,) = MODERATED.collect()
    return next(one.value for one in metric.samples if one.labels == {"verdict": "unanswered"})


@pytest_asyncio.fixture
async def instance(settings: Settings, transactional_db: None) -> AsyncIterator[Instance]:
    settings.CHAT_OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    settings.CHAT_RATE_LIMITS = False
    async with new_instance() as instance:
        await instance.start()
        yield instance


async def staged(instance: Instance, hook: DistantHook, groups: int) -> Stage:
    founded = [
        await conversations.create_conversation(
            instance, user_id="ann", kind=ConversationKind.GROUP, participant_ids=["bob"]
        )
        for _ in range(groups)
    ]
    return Stage(instance, hook, [one.own.conversation.id for one in founded])


async def endure(stage: Stage, fault: str, fallback: Fallback) -> list[float]:
    """Send while the hook fails. Return how long the sends took that have noticed it."""
    await stage.recovers()
    await stage.breaks(fault, fallback)
    count, before = len(stage.groups), unanswered()
    noticing = asyncio.create_task(stage.wave())
    await somebody_else(stage)
    assert fault in {"dead", "wrong"} or not noticing.done()
    first = await noticing
    assert is_open()
    asked = await stage.hook.received()
    second = await stage.wave()

    for wave in (first, second):
        allowed = fallback is Fallback.ALLOW
        assert (len(wave.stored), wave.refused) == ((count, 0) if allowed else (0, count))
    if fallback is Fallback.ALLOW:
        assert await stage.repeated() == set(second.stored)
    assert await stage.hook.received() <= asked + 1  # one text tries whether it answers again
    assert unanswered() - before == 2 * count
    assert await stage.stored() == stage.sent
    return first.seconds


async def somebody_else(stage: Stage) -> None:
    """Bob reads, in the same conversations. No text of his is judged."""
    for group in stage.groups[:3]:
        page = await history.list_messages(
            stage.instance, user_id="bob", conversation_id=group, limit=1
        )
        if page.messages:
            await receipts.mark_read(
                stage.instance, user_id="bob", conversation_id=group, seq=page.messages[-1].seq
            )


@pytest.mark.parametrize("fallback", Fallback)
async def test_a_failing_hook(instance: Instance, hook: DistantHook, fallback: Fallback) -> None:
    """The operator's choice applies, the breaker opens, nothing is stored twice, and nobody who
    sends nothing waits."""
    stage = await staged(instance, hook, 8)
    for fault in FAULTS:
        await endure(stage, fault, fallback)


async def test_a_slow_hook(instance: Instance, hook: DistantHook) -> None:
    """It is waited for, and its verdicts hold."""
    stage = await staged(instance, hook, 8)
    await hook.behave("slow")
    await set_hook(instance, hook.url, fallback=Fallback.REFUSE)
    before = unanswered()

    wave = await stage.wave()

    assert (len(wave.stored), await hook.received(), is_open()) == (8, 8, False)
    assert unanswered() == before


@pytest.mark.benchmark
@pytest.mark.parametrize("fallback", Fallback)
@pytest.mark.parametrize("fault", FAULTS)
async def test_the_times_with_a_failing_hook(
    instance: Instance, hook: DistantHook, fault: str, fallback: Fallback
) -> None:
    """99 of 100 sends that notice the failure take the limit of the hook and 100 ms at most."""
    taken: list[float] = []
    stage = await staged(instance, hook, 60)
    for _ in range(10):
        taken += await endure(stage, fault, fallback)
    p99 = statistics.quantiles(taken, n=100)[98]
    print(f"{fault}, {fallback.value}: {len(taken)} sends, p99 {p99:.3f} s, max {max(taken):.3f} s")
    assert p99 <= SECONDS + _MARGIN_SECONDS
