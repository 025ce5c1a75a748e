"""Memory by weight: each bound holds, and the metrics show what is held."""

import asyncio

import pytest

from chat.socket import waiting_frames
from chat.socket.close_codes import CloseCode
from chat.socket.command_queue import CommandQueue
from chat.socket.outbox import Outbox
from messaging.commits.conversation_cache import ConversationCache
from tests.integration.stores import new_conversation
from tests.metrics import sample

Message = dict[str, object]


def shown(cache: str) -> float:
    return sample("chat_cache_bytes", cache=cache)


def bound(cache: str) -> float:
    return sample("chat_cache_limit_bytes", cache=cache)


def test_large_conversations_push_out_others() -> None:
    """The cache is bounded by weight: as many large groups as fit, the latest of them."""
    cache = ConversationCache()
    groups = [new_conversation(*(f"{number}-{one}" for one in range(990))) for number in range(250)]
    for group in groups:
        cache.put(group)

    assert cache.bytes <= bound("conversations")
    assert 0 < len(cache) < 250
    assert cache.get(groups[-1].id) is groups[-1]
    assert cache.get(groups[0].id) is None
    assert shown("conversations") == cache.bytes


def test_what_is_forgotten_weighs_nothing() -> None:
    """Put twice, outdated, dropped: nothing is left of it."""
    cache = ConversationCache()
    first, second = new_conversation("ann"), new_conversation("bob", "carl")
    for conversation in (first, first, second, second):
        cache.put(conversation)
    cache.drop(first.id)
    cache.drop(first.id)
    cache.outdate(second.id, second.version + 1)

    assert (len(cache), cache.bytes) == (0, 0)


async def test_commands_wait_with_their_sender() -> None:
    """By weight, and not only by number."""
    queue = CommandQueue()
    text = "x" * 65_000
    before = shown("commands")
    while not queue.full():
        queue.put_nowait(text)
    assert 2 <= queue.qsize() <= 5
    assert shown("commands") - before > 4 * 50_000

    waiting = asyncio.create_task(queue.put("next"))
    await asyncio.sleep(0)
    assert not waiting.done()
    queue.get_nowait()
    await waiting

    queue.forget()
    assert shown("commands") == before


async def test_all_sockets_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """While they hold too much, each may have one command waiting."""
    monkeypatch.setattr("chat.socket.command_queue._ALL.most", 200_000)
    queues = [CommandQueue() for _ in range(20)]
    for queue in queues:
        while not queue.full():
            queue.put_nowait("x" * 50_000)

    assert sum(queue.qsize() for queue in queues) <= 24
    assert all(queue.qsize() >= 1 for queue in queues)


async def test_the_slowest_sockets_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all outboxes together hold too much, those above the average are closed; what the
    others wait for stays, and in the end nothing is held."""
    monkeypatch.setattr("chat.socket.waiting_frames._ALL.most", 1_000_000)
    monkeypatch.setattr(waiting_frames, "_waiting_sockets", 0)

    async def never(message: Message) -> None:
        await asyncio.Event().wait()

    outboxes = [Outbox(never, on_close=lambda: None, on_end=lambda reason: None) for _ in range(10)]
    slow, others = outboxes[0], outboxes[1:]
    for one in outboxes:
        one.put("first")
        one.put("x" * 50_000)
    for _ in range(10):
        slow.put("x" * 50_000)

    assert slow.close_code is CloseCode.TOO_SLOW
    assert not any(one.closed for one in others)
    assert shown("outboxes") <= 1_000_000
    for one in outboxes:
        await one.stop()
    assert shown("outboxes") == 0
