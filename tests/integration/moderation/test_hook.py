"""The moderation hook that is dead, hung or slow: a text waits for it for a second at most."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from messaging.domain.exceptions import InvalidRequest, RefusedByModeration
from messaging.domain.integrations.moderation import Fallback, HookSettings, Submission, TextKind
from messaging.domain.integrations.secrets import Secrets
from messaging.moderation.hook import Hook as ModerationHook
from messaging.moderation.hook import HookFailed
from messaging.outbound.client import OutboundClient
from tests.integration.moderation.rules import SECRET
from tests.integration.outbound.hooks import LOOPBACK, Hook, answer

ALLOW = answer(200, b'{"action": "allow"}')
NO_VERDICTS = {
    "nested": answer(200, b'{"action": "allow", "x": ' + b"[" * 60_000),
    "nested, whole": answer(
        200, b'{"action": "allow", "x": ' + b"[" * 30_000 + b"]" * 30_000 + b"}"
    ),
    "nested alone": answer(200, b"[" * 60_000),
    "no text": answer(200, b""),
    "no JSON": answer(200, b"allow"),
    "another type": answer(200, b'["allow"]'),
    "no action": answer(200, b"{}"),
    "another action": answer(200, b'{"action": "ALLOW"}'),
    "not UTF-8": answer(200, b'{"action": "allow", "reason": "\xff"}'),
    "half a character": answer(200, b'{"action": "replace", "text": "\\ud800"}'),
    "a number": answer(200, b"9" * 60_000),
    "a forbidden text": answer(200, b'{"action": "replace", "text": "long"}'),
    "no replacement": answer(200, b'{"action": "replace"}'),
    "compressed": answer(200, b"\x1f\x8b\x08", "Content-Encoding: gzip"),
    "a redirect": answer(302, b'{"action": "allow"}', "Location: http://127.0.0.1:1/"),
    "an error": answer(500, b'{"action": "allow"}'),
    "no body": b"HTTP/1.1 204 No Content\r\n\r\n",
}


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


@pytest.mark.parametrize("given", NO_VERDICTS.values(), ids=NO_VERDICTS)
async def test_an_answer_that_is_no_verdict(
    client: OutboundClient, receiver: Hook, given: bytes
) -> None:
    """The operator's choice applies, whatever a hook answers."""
    receiver.handle = lambda _: given
    allowing = ModerationHook(settings(receiver.url), client)
    refusing = ModerationHook(settings(receiver.url, Fallback.REFUSE), client)
    submission = replace(text(), require_text=require_short)

    assert (await allowing.judge(submission)).text == "hello"
    with pytest.raises(RefusedByModeration):
        await refusing.judge(submission)


def require_short(text: str) -> None:
    if not 0 < len(text) < 4:
        raise InvalidRequest.of("text", "The text is too short or too long.")
