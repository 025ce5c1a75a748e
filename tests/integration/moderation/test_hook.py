"""The moderation hook that is dead, hung or slow: a text waits for it for a second at most."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from messaging.domain.exceptions import RefusedByModeration
from messaging.domain.integrations.moderation import Fallback, HookSettings, Submission, TextKind
from messaging.domain.integrations.secrets import Secrets
from messaging.moderation.hook import Hook as ModerationHook
from messaging.moderation.hook import HookFailed
from messaging.outbound.client import OutboundClient
from tests.integration.moderation.rules import SECRET
from tests.integration.outbound.hooks import LOOPBACK, Hook, answer

ALLOW = answer(200, b'{"action": "allow"}')


@pytest.fixture(name="client")
async def _client() -> AsyncIterator[OutboundClient]:
    client = OutboundClient(listed=LOOPBACK)
    yield client
    await client.close()


@pytest.fixture(name="receiver")
async def _receiver() -> AsyncIterator[Hook]:
    async with Hook(lambda _: ALLOW).run() as receiver:
        yield receiver


def settings(url: str, fallback: Fallback = Fallback.ALLOW) -> HookSettings:
    return HookSettings(url=url, secrets=Secrets(present=SECRET), fallback=fallback)


def text(text: str = "hello") -> Submission:
    return Submission(kind=TextKind.MESSAGE, user_id="ann", text=text, require_text=len)


async def test_a_hung_hook(client: OutboundClient, receiver: Hook) -> None:
    """Whoever asks waits no longer than the limit. After five failures nobody waits, and one text
    at a time tries whether the hook answers again."""
    receiver.handle = lambda _: None
    hook = ModerationHook(settings(receiver.url), client, seconds=0.2, pauses=(30.0,))

    hung = await asyncio.gather(*(hook.ask(text()) for _ in range(10)), return_exceptions=True)
    assert all(isinstance(one, HookFailed) for one in hung)
    connections = receiver.connections
    with pytest.raises(HookFailed):
        await hook.ask(text())
    assert receiver.connections == connections


async def test_a_hook_that_answers_again(client: OutboundClient, receiver: Hook) -> None:
    receiver.handle = lambda _: answer(500)
    hook = ModerationHook(settings(receiver.url), client, seconds=30.0, pauses=(0.0,))
    for _ in range(6):
        with pytest.raises(HookFailed):
            await hook.ask(text())

    receiver.handle = lambda _: ALLOW
    await hook.ask(text())
    assert len(receiver.received) == 7


async def test_more_texts_than_places(client: OutboundClient, receiver: Hook) -> None:
    """A text that gets no place in time is not asked about."""
    receiver.handle = lambda _: None
    hook = ModerationHook(settings(receiver.url), client, seconds=0.5, at_once=2)
    found = await asyncio.gather(*(hook.ask(text()) for _ in range(8)), return_exceptions=True)

    assert all(isinstance(one, HookFailed) for one in found)
    assert receiver.connections <= 4


async def test_a_dead_hook(client: OutboundClient) -> None:
    """The operator's choice applies."""
    dead = "http://127.0.0.1:1/"
    allowing = ModerationHook(settings(dead), client)
    refusing = ModerationHook(settings(dead, Fallback.REFUSE), client)

    assert (await allowing.judge(text("as it is"))).text == "as it is"
    with pytest.raises(RefusedByModeration):
        await refusing.judge(text())
