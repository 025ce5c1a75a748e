"""Blocks that change at the same moment: the person's own list and their direct conversation end
alike, whichever request comes last."""

import asyncio

import pytest

from messaging.runtime.instance import Instance
from tests.integration.chat import Api, ok, problem


async def may_send(by: Api, conversation: str) -> bool:
    answer = await by.post(f"/conversations/{conversation}/messages", text="hello")
    if answer.status_code == 201:
        return True
    assert problem(answer) == (403, "blocked")
    return False


class Held:
    """Lets the first write of a block into a conversation wait."""

    def __init__(self, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
        self._write = instance.store.set_blocked
        self._is_first = True
        self.waits = asyncio.Event()
        self.released = asyncio.Event()
        monkeypatch.setattr(instance.store, "set_blocked", self._held)

    async def _held(self, conversation_id: str, user_id: str, *, blocked: bool) -> None:
        if self._is_first:
            self._is_first = False
            self.waits.set()
            await self.released.wait()
        await self._write(conversation_id, user_id, blocked=blocked)


@pytest.mark.parametrize("methods", [("PUT", "DELETE"), ("DELETE", "PUT")])
async def test_a_block_and_its_end(
    instance: Instance,
    ann: Api,
    bob: Api,
    monkeypatch: pytest.MonkeyPatch,
    methods: tuple[str, str],
) -> None:
    """The first request writes into the conversation after the second one."""
    direct = await ann.direct(bob)
    first, second = methods
    if first == "DELETE":
        await ann.put("/blocks/bob")
    held = Held(instance, monkeypatch)

    slow = asyncio.create_task(ann.request(first, "/blocks/bob"))
    await held.waits.wait()
    assert (await ann.request(second, "/blocks/bob")).status_code == 204
    held.released.set()
    assert (await slow).status_code == 204

    blocked = bool(ok(await ann.get("/blocks"))["items"])
    assert blocked is (second == "PUT")
    assert await may_send(bob, direct) is not blocked


async def test_a_block_that_ends_while_the_conversation_is_created(
    instance: Instance, ann: Api, bob: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The creation finds the block, which is gone when it is written into the conversation."""
    held, create = Held(instance, monkeypatch), instance.store.create_conversation

    async def blocked_meanwhile(*wanted: object) -> object:
        await instance.people.set_block("ann", "bob", blocked=True)
        return await create(*wanted)  # type: ignore[arg-type]

    monkeypatch.setattr(instance.store, "create_conversation", blocked_meanwhile)
    creating = asyncio.create_task(bob.direct(ann))
    await held.waits.wait()
    assert (await ann.delete("/blocks/bob")).status_code == 204
    held.released.set()

    assert await may_send(bob, await creating)
