"""Requests whose changes are stored by one commit."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from messaging.changes.change import ConversationChange
from messaging.domain.conversation import Conversation
from messaging.runtime.instance import Instance
from messaging.stores.conversations import Commit


async def in_one_commit(
    instance: Instance,
    monkeypatch: pytest.MonkeyPatch,
    first: Coroutine[Any, Any, Any],
    *others: Coroutine[Any, Any, Any],
) -> list[Any]:
    """Make requests that change one conversation, and return the answers to all but the first. The
    commit of the first is held until the changes of the others wait, in their order."""
    submit, commit = instance.writer.submit, instance.store.commit
    submitted: asyncio.Queue[ConversationChange] = asyncio.Queue()
    all_wait = asyncio.Event()

    async def noted(conversation_id: str, change: ConversationChange) -> Any:
        submitted.put_nowait(change)
        return await submit(conversation_id, change)

    async def held(one: Commit) -> Conversation:
        await all_wait.wait()
        return await commit(one)

    with monkeypatch.context() as patch:
        patch.setattr(instance.writer, "submit", noted)
        patch.setattr(instance.store, "commit", held)
        requests = []
        for request in (first, *others):
            requests.append(asyncio.create_task(request))
            await asyncio.wait_for(submitted.get(), 10)
        all_wait.set()
        _, *answers = await asyncio.gather(*requests)
    return answers
